// SPDX-License-Identifier: Apache-2.0
/** One desk on PostgreSQL, served by several processes: who commits wakes the others, and who sends shares the work. */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
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
    const table = fs.readFileSync("/proc/net/tcp", "utf8").split("\n");
    const inode = table.find((row) => row.includes(` 0100007F:${port} 0100007F:`))?.trim().split(/\s+/)[9];
    const isThis = (file) => {
        try {
            return fs.readlinkSync(file) === `socket:[${inode}]`;
        } catch {
            return false; // closed in the meantime
        }
    };
    const files = (pid) => (fs.existsSync(`/proc/${pid}/fd`) ? fs.readdirSync(`/proc/${pid}/fd`) : []);
    return pids.find((pid) => files(pid).some((fd) => isThis(`/proc/${pid}/fd/${fd}`)));
}

/** Knows from which process each connection to the sink comes. */
class Owners {
    constructor(sink) {
        this.pids = [];
        this.known = new Map();
        sink.onConnect = (socket) => this.of(socket);
    }

    of(socket) {
        if (this.known.get(socket) === undefined) this.known.set(socket, ownerOf(socket, this.pids));
        return this.known.get(socket);
    }

    async serve(desk) {
        const node = await desk.node().serve({ roles: "alerts" });
        this.pids.push(node.pid);
        return node;
    }
}

async function openTickets(web, count) {
    for (let i = 0; i < count; i += 20)
        await Promise.all(Array.from({ length: 20 }, (_, j) => openTicket(web, `ticket ${i + j}`)));
}

/** For the processes that are started from now on. */
function shortenLease(desk) {
    fs.appendFileSync(path.join(desk.folder, "tidings.conf"), `lease_seconds = ${2 * SLOW}\n`);
}

/** Three processes, each of which has claimed some of the alerts and waits for the sink, silent at this moment. */
async function threeAtWork(silence, tickets) {
    const { cluster, desk, sink } = await deskWithSink();
    shortenLease(desk);
    const web = await desk.serve({ roles: "web" });
    await openTickets(web, tickets);
    sink.silence = silence;
    const owners = new Owners(sink);
    const nodes = await Promise.all(Array.from({ length: 3 }, () => owners.serve(desk)));
    await until("all three wait for the sink", () => {
        const waiting = [...sink.sessions].filter(([, session]) => session.unsaid.length > 0);
        return new Set(waiting.map(([socket]) => owners.of(socket)).filter((pid) => pid !== undefined)).size === 3;
    });
    return { cluster, desk, sink, web, nodes, owners };
}

test("three processes share 600 alerts: each is sent once, and each process sends some", { skip }, async (t) => {
    const { sink, web, nodes, owners } = await threeAtWork(Silence.AT_CONNECT, 300);
    sink.speak();
    const alerts = await untilAllFinal(web, { limit: 60_000 * SLOW });
    assert.equal(alerts.length, 300 * RECIPIENTS);
    checkAllSent(alerts, sink);
    assert.equal(sink.mails.length, alerts.length, "nobody is told twice");
    const shares = nodes.map((node) => sink.mails.filter((mail) => owners.of(mail.socket) === node.pid).length);
    t.diagnostic(`shares: ${shares}`);
    assert.ok(shares.every((share) => share > 0), `${shares}`);
    for (const server of [...nodes, web]) assert.deepEqual(server.complaints, []);
    for (const server of [...nodes, web]) await stopWell(server);
});

/** The ids of the alerts that a process has claimed. */
function heldBy(cluster, node) {
    const lease = `SELECT token FROM sender WHERE name LIKE '%process ${node.pid}'`;
    const asked = `SELECT ref FROM outbox WHERE state = 'sending' AND lease IN (${lease}) ORDER BY ref`;
    return cluster.sql(asked, "desk1").trim().split("\n").filter(Boolean).map(Number);
}

/** Two of three processes go on; waits until only what the third has claimed is left, and returns those alerts' ids. */
async function othersGoOn({ cluster, sink, web, owners }, third) {
    sink.speak((socket) => owners.of(socket) !== third.pid);
    return until(
        "the others have sent all but what the third holds",
        async () => {
            const held = heldBy(cluster, third);
            const alerts = await everything(web, "/api/v1/alerts");
            const left = alerts.filter((alert) => alert.state !== "accepted").map((alert) => alert.id);
            return held.length > 0 && left.length === held.length && held;
        },
        { limit: 60_000 * SLOW, every: 200 },
    );
}

function checkTakenOver(alerts, held) {
    for (const id of held) {
        const alert = alerts.find((one) => one.id === id);
        assert.ok(alert.uncertain, `what nobody answered for says so: ${JSON.stringify(alert)}`);
    }
}

async function oneDies(t) {
    const desk = await threeAtWork(Silence.AFTER_DOT, 100);
    const { sink, web, nodes } = desk;
    const [victim, ...others] = nodes;
    const held = await othersGoOn(desk, victim);
    await victim.kill();
    const alerts = await untilAllFinal(web, { limit: 90_000 * SLOW });
    assert.equal(alerts.length, 100 * RECIPIENTS);
    checkAllSent(alerts, sink);
    checkTakenOver(alerts, held);
    t.diagnostic(`${held.length} were taken over, ${sink.mails.length - alerts.length} arrived twice`);
    for (const server of [...others, web]) await stopWell(server);
}

async function oneSleeps(t) {
    const desk = await threeAtWork(Silence.AT_DATA, 100);
    const { sink, web, nodes, owners } = desk;
    const [sleeper] = nodes;
    const held = await othersGoOn(desk, sleeper);
    sleeper.program.signal("SIGSTOP");
    after(() => sleeper.program.signal("SIGCONT"));
    await untilAllFinal(web, { limit: 90_000 * SLOW });
    sink.speak(); // now its relay would take the mails
    sleeper.program.signal("SIGCONT");
    await until("it notices", () => /longer than its lease/.test(sleeper.log));
    await openTicket(web, "afterwards");
    const alerts = await untilAllFinal(web);
    assert.equal(alerts.length, 101 * RECIPIENTS);
    for (const server of [...nodes, web]) await stopWell(server);
    checkAllSent(alerts, sink);
    checkTakenOver(alerts, held);
    const taken = new Set(alerts.filter((alert) => held.includes(alert.id)).map((alert) => alert.message_id));
    const late = sink.mails.filter((mail) => taken.has(mail.messageId) && owners.of(mail.socket) === sleeper.pid);
    assert.deepEqual(late, [], "what others have taken over is theirs");
    t.diagnostic(`${held.length} were taken over`);
}

// At the same time, because they mostly wait: what was taken over is sent again half a minute later.
test("the others take over", { skip, concurrency: true }, (t) =>
    Promise.all([
        t.test("what a process held that was killed (kill -9)", oneDies),
        t.test("what a process held that was stopped, which sends none of it when it goes on", oneSleeps),
    ]),
);

/** Opens tickets one after the other, each until it is answered with 201, whatever becomes of the server meanwhile. */
async function insist(web, name, state) {
    for (let i = 0; !state.over; i++) {
        const opening = { account: 1, contact: 1, title: `${name}, ${i}` };
        await until(
            "a ticket is opened",
            async () => {
                const answer = await web.call("POST", "/api/v1/tickets", opening, { key: `${name}-${i}` });
                assert.ok(answer.status === 201 || answer.status >= 500, answer.text);
                return answer.status === 201;
            },
            { limit: 60_000 * SLOW, every: 50 },
        );
        state.opened += 1;
    }
}

test("PostgreSQL is restarted at once under load, and nothing is lost", { skip }, async (t) => {
    const { cluster, desk, sink } = await deskWithSink();
    shortenLease(desk);
    const web = await desk.serve({ roles: "web" });
    const nodes = await Promise.all(Array.from({ length: 3 }, () => desk.node().serve({ roles: "alerts" })));
    const state = { over: false, opened: 0 };
    const working = Promise.all(Array.from({ length: 4 }, (_, i) => insist(web, `client ${i}`, state)));
    for (let round = 1; round <= 2; round++) {
        const before = sink.mails.length;
        await Promise.race([until("mail flows", () => sink.mails.length > before + 40, { every: 1 }), working]);
        cluster.program.stopSignal = "SIGQUIT"; // "immediate": as a crash
        await cluster.stop();
        cluster.serve();
        await cluster.waitUntilReady();
    }
    state.over = true;
    await working;
    const alerts = await untilAllFinal(web, { limit: 90_000 * SLOW });
    checkAllSent(alerts, sink);
    const tickets = await everything(web, "/api/v1/tickets");
    assert.equal(tickets.length, state.opened, "each was opened, and once");
    assert.equal(alerts.length, tickets.length * RECIPIENTS);
    t.diagnostic(`${tickets.length} tickets, ${sink.mails.length - alerts.length} mails sent twice`);
    await untilListening(cluster, 3);
    for (const server of [...nodes, web]) await stopWell(server);
});
