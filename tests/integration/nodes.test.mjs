// SPDX-License-Identifier: Apache-2.0
/** One desk on PostgreSQL, served by several processes: who commits wakes the others, and who sends shares the work. */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import { after, test } from "node:test";

import { Postgres, SLOW, cleanUp, findPostgres, initDesk, until } from "../support/api.mjs";
import { everything, smtpOn, stopWell, untilAllFinal } from "./common.mjs";
import { Silence, Sink } from "./sink.mjs";

after(cleanUp);

const skip = findPostgres() === undefined && "PostgreSQL is not installed";
const RECIPIENTS = 2; // of a ticket: the contact, and the account's contact on every ticket

/** A desk whose mail goes to `sink`, its database, and nobody who serves it. */
async function deskWithSink(options) {
    const cluster = await Postgres.start();
    const desk = await initDesk({ database: cluster.createDatabase() });
    const sink = await new Sink().open();
    after(() => sink.close());
    const settings = smtpOn(sink.port, options);
    const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    const { code, stderr } = await desk.run(["options", "set", "alerts-server", ...words]);
    assert.equal(code, 0, stderr);
    return { cluster, desk, sink };
}

function untilListening(cluster, count) {
    const asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%LISTEN tidings_outbox'";
    return until(`${count} processes listen`, () => Number(cluster.sql(asked)) === count);
}

async function metric(server, name) {
    const { text } = await server.call("GET", "/metrics");
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
}

/** How often a process without /metrics was woken: it says so when it stops. */
async function stopAndCount(server) {
    await stopWell(server);
    return Number(/Woken (\d+) times by the desk's other processes/.exec(server.log)?.[1] ?? 0);
}

function openTicket(server, title, more = {}) {
    return server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title, ...more });
}

/** Every alert was accepted, and its mail arrived: once, unless its alert says that it may be there twice. */
function checkAllSent(alerts, sink) {
    const copies = new Map();
    for (const mail of sink.mails) copies.set(mail.messageId, [...(copies.get(mail.messageId) ?? []), mail]);
    for (const alert of alerts) {
        assert.equal(alert.state, "accepted", JSON.stringify(alert));
        const mails = copies.get(alert.message_id) ?? [];
        assert.ok(mails.length === 1 || (mails.length > 1 && alert.uncertain), `${mails.length} of ${JSON.stringify(alert)}`);
        assert.equal(new Set(mails.map((mail) => mail.hash)).size, 1, "a repeat is the same mail");
        copies.delete(alert.message_id);
    }
    assert.deepEqual([...copies.keys()], [], "mails that no alert knows");
}

test("a web process wakes two alerts processes, and one of them sends", { skip }, async () => {
    const { cluster, desk, sink } = await deskWithSink();
    const nodes = await Promise.all([desk.node(), desk.node()].map((node) => node.serve({ roles: "alerts" })));
    const web = await desk.serve({ roles: "web" });
    assert.ok(nodes.every((node) => node.url === undefined));
    await untilListening(cluster, 2);
    for (let i = 1; i <= 10; i++) {
        await openTicket(web, `ticket ${i}`);
        await until("its mails are there", () => sink.mails.length >= RECIPIENTS * i);
    }
    const alerts = await untilAllFinal(web);
    assert.equal(alerts.length, RECIPIENTS * 10);
    checkAllSent(alerts, sink);
    assert.equal(sink.mails.length, alerts.length, "nobody is told twice");
    const sent = await until("what was sent is confirmed", () => metric(web, "tidings_wakeups_sent_total"));
    assert.ok(sent > 1, `${sent} wake-ups`);
    await until("all are heard", async () => sent === (await metric(web, "tidings_wakeups_sent_total")));
    for (const server of [...nodes, web]) assert.deepEqual(server.complaints, []);
    const counts = [];
    for (const node of nodes) counts.push(await stopAndCount(node));
    assert.deepEqual(counts, [sent, sent], "each of them heard each");
    await stopWell(web);
});

test("two processes that do everything wake each other and not themselves", { skip }, async () => {
    const { cluster, desk, sink } = await deskWithSink();
    const [one, two] = [await desk.serve(), await desk.node().serve()];
    await untilListening(cluster, 2);
    for (let i = 1; i <= 3; i++) {
        await openTicket(one, `at one, ${i}`);
        await until("one wakes two", async () => (await metric(two, "tidings_wakeups_heard_total")) === i);
        assert.equal(await metric(one, "tidings_wakeups_heard_total"), 0);
        await until("its mails are there", () => sink.mails.length >= RECIPIENTS * i);
    }
    await openTicket(two, "at two");
    await until("two wakes one", async () => (await metric(one, "tidings_wakeups_heard_total")) === 1);
    assert.equal(await metric(two, "tidings_wakeups_heard_total"), 3);
    const alerts = await untilAllFinal(one);
    assert.equal(alerts.length, RECIPIENTS * 4);
    checkAllSent(alerts, sink);
    for (const server of [one, two]) await stopWell(server);
});

test("a command on a folder that nobody serves wakes the process that sends", { skip }, async () => {
    const { cluster, desk, sink } = await deskWithSink();
    const node = await desk.node().serve({ roles: "alerts" });
    await untilListening(cluster, 1);
    for (let i = 1; i <= 3; i++) {
        await desk.runJson(["ticket", "open", "--account", "1", "--contact", "1", "--title", `by command ${i}`]);
        await until("its mails are there", () => sink.mails.length >= RECIPIENTS * i);
    }
    assert.equal(await stopAndCount(node), 3);
});

test("wake-ups come back after a restart of PostgreSQL", { skip }, async () => {
    const { cluster, desk, sink } = await deskWithSink();
    const node = await desk.node().serve({ roles: "alerts" });
    const web = await desk.serve({ roles: "web" });
    await untilListening(cluster, 1);
    await openTicket(web, "before");
    await until("its mails are there", () => sink.mails.length >= RECIPIENTS);
    const sent = await until("it is confirmed", () => metric(web, "tidings_wakeups_sent_total"));
    await cluster.stop();
    cluster.serve();
    await cluster.waitUntilReady();
    await untilListening(cluster, 1);
    await until("the desk is ready again", async () => (await web.call("GET", "/readyz")).status === 200);
    await openTicket(web, "after");
    await until("the sender is back", async () => (await metric(web, "tidings_wakeups_sent_total")) > sent);
    checkAllSent(await untilAllFinal(web), sink);
    assert.equal(await stopAndCount(node), await metric(web, "tidings_wakeups_sent_total"));
    await stopWell(web);
});

/** Which of these processes holds the other end of a connection from this machine. */
function ownerOf(socket, pids) {
    const port = socket.remotePort.toString(16).toUpperCase().padStart(4, "0");
    const line = fs.readFileSync("/proc/net/tcp", "utf8").split("\n").find((row) => row.includes(` 0100007F:${port} 0100007F:`));
    const inode = line?.trim().split(/\s+/)[9];
    const holds = (pid) =>
        fs.readdirSync(`/proc/${pid}/fd`).some((fd) => {
            try {
                return fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
            } catch {
                return false; // closed in the meantime
            }
        });
    return pids.find(holds);
}

test("three processes share 600 alerts: each is sent once, and each process sends some", { skip }, async (t) => {
    const TICKETS = 300;
    const { desk, sink } = await deskWithSink();
    const web = await desk.serve({ roles: "web" });
    for (let i = 0; i < TICKETS; i += 20)
        await Promise.all(Array.from({ length: 20 }, (_, j) => openTicket(web, `ticket ${i + j}`)));
    const owners = new Map();
    const pids = [];
    sink.silence = Silence.AT_CONNECT; // until all three have claimed some and are connected
    sink.onConnect = (socket) => owners.set(socket, ownerOf(socket, pids));
    const nodes = await Promise.all(
        Array.from({ length: 3 }, async () => {
            const node = await desk.node().serve({ roles: "alerts" });
            pids.push(node.pid);
            return node;
        }),
    );
    await until("all three are connected", () => {
        for (const [socket, pid] of owners) if (pid === undefined) owners.set(socket, ownerOf(socket, pids));
        return new Set(owners.values()).size >= 3;
    });
    sink.speak();
    const alerts = await untilAllFinal(web, { limit: 60_000 * SLOW });
    assert.equal(alerts.length, TICKETS * RECIPIENTS);
    checkAllSent(alerts, sink);
    assert.equal(sink.mails.length, alerts.length, "nobody is told twice");
    const shares = pids.map((pid) => sink.mails.filter((mail) => owners.get(mail.socket) === pid).length);
    t.diagnostic(`shares: ${shares}`);
    assert.ok(shares.every((share) => share > 0), `${shares}`);
    assert.equal(shares.reduce((a, b) => a + b), alerts.length);
    for (const server of [...nodes, web]) assert.deepEqual(server.complaints, []);
    for (const server of [...nodes, web]) await stopWell(server);
});
