// SPDX-License-Identifier: Apache-2.0
/** The whole story on PostgreSQL, and a database server that is restarted underneath a serving desk. */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import { Postgres, SLOW, cleanUp, findPostgres, initDesk, until, untilMails } from "../support/api.mjs";
import { stopWell, untilAllFinal } from "./common.mjs";

after(cleanUp);

const skip = findPostgres() === undefined && "PostgreSQL is not installed";
const WORKERS = 32; // of the HTTP server
const maildirOf = (desk) => path.join(desk.folder, "Maildir");

/** Opens and closes a ticket with the command; its four mails (two recipients, two alerts) must come. */
async function openAndClose(desk, title) {
    const opening = ["ticket", "open", "--account", "1", "--contact", "1", "--title", title];
    const { number } = await desk.runJson(opening);
    const closed = await desk.run(["ticket", "close", String(number), "--resolution", "done"]);
    assert.equal(closed.code, 0, closed.stderr);
    const mails = await untilMails(maildirOf(desk), 4, (mail) => mail.headers.subject[0].includes(title));
    for (const mail of mails) assert.equal(mail.headers.to.length, 1);
    return number;
}

test("init, serve, open, close, mails", { skip }, async () => {
    const cluster = await Postgres.start();
    const desk = await initDesk({ database: cluster.createDatabase() });
    assert.match(fs.readFileSync(path.join(desk.folder, "tidings.conf"), "utf8"), /^database = postgresql:/m);
    const server = await desk.serve();
    const number = await openAndClose(desk, "printed on PostgreSQL");
    const ticket = await server.ask("GET", `/api/v1/tickets/${number}`);
    assert.equal(ticket.status, 1000);
    assert.equal((await untilAllFinal(server)).length, 4);
    assert.deepEqual(fs.readdirSync(desk.folder).filter((name) => name.includes("sqlite")), []);
    assert.deepEqual(server.complaints, []);
    await stopWell(server);
});

/** What must hold when the database is there again. */
async function goesOn(desk, server, told) {
    await openAndClose(desk, "afterwards");
    const alerts = await untilAllFinal(server);
    assert.equal(alerts.length, told + 4);
    for (const alert of alerts) assert.equal(alert.state, "accepted");
    await stopWell(server);
}

test("a call that meets a restart of PostgreSQL waits for it", { skip }, async () => {
    const cluster = await Postgres.start();
    const desk = await initDesk({ database: cluster.createDatabase() });
    const server = await desk.serve();
    await openAndClose(desk, "before");
    await cluster.stop();
    const calling = server.call("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "meanwhile" });
    cluster.serve();
    await cluster.waitUntilReady();
    const answer = await calling;
    assert.equal(answer.status, 201, answer.text);
    await goesOn(desk, server, 6);
});

/** Every process of the cluster: a server that hangs, and says nothing about it. */
function freeze(cluster) {
    const backends = cluster.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'").trim();
    const pids = [cluster.program.pid, ...backends.split("\n").map(Number)].filter((pid) => alive(pid));
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    return () => pids.forEach((pid) => alive(pid) && process.kill(pid, "SIGCONT"));
}

function alive(pid) {
    return fs.existsSync(`/proc/${pid}`);
}

/** What an answer of /readyz says of a condition that is not met. */
function redText(answer, name) {
    return answer.body.conditions.find((one) => one.name === name && !one.ok)?.text;
}

test("PostgreSQL hangs for a while", { skip }, async () => {
    const cluster = await Postgres.start();
    const desk = await initDesk({ database: cluster.createDatabase() });
    const server = await desk.serve();
    await openAndClose(desk, "before");
    const thaw = freeze(cluster);
    try {
        for (let i = 0; i < 2; i++) {
            const ready = await server.call("GET", "/readyz");
            assert.equal(ready.status, 503, ready.text);
            assert.match(redText(ready, "database"), /PostgreSQL server .*(did not answer|no answer) in time/);
        }
    } finally {
        thaw();
    }
    await until("the desk is ready again", async () => (await server.call("GET", "/readyz")).status === 200);
    await goesOn(desk, server, 4);
});

test("PostgreSQL crashes and stays away for a while", { skip }, async () => {
    const cluster = await Postgres.start();
    const desk = await initDesk({ database: cluster.createDatabase() });
    const server = await desk.serve();
    await openAndClose(desk, "before");
    await cluster.kill();
    const answered = [];
    const note = (name) => (answer) => (answered.push(name), answer);
    const opening = { account: 1, title: "while it is away" };
    const work = Array.from({ length: WORKERS + 8 }, () => server.call("POST", "/api/v1/tickets", opening).then(note("work")));
    const ready = await server.call("GET", "/readyz").then(note("readyz"));
    const healthy = await server.call("GET", "/healthz").then(note("healthz"));
    for (const refused of await Promise.all(work)) {
        assert.equal(refused.status, 503, refused.text);
        assert.match(refused.headers["content-type"], /^application\/problem\+json/);
    }
    assert.equal(ready.status, 503, ready.text);
    assert.match(redText(ready, "database"), /PostgreSQL server cannot be used: .*[Cc]onnection.*See whether the server runs/);
    assert.deepEqual(answered.slice(0, 2), ["readyz", "healthz"], "who asks is told at once; who works waits");
    assert.equal(healthy.status, 200, healthy.text);
    cluster.serve();
    await cluster.waitUntilReady();
    await until("the desk is ready again", async () => (await server.call("GET", "/readyz")).status === 200, {
        limit: 30_000 * SLOW,
    });
    assert.equal((await server.ask("GET", "/api/v1/tickets")).items.length, 1, "what was refused changed nothing");
    await goesOn(desk, server, 4);
});
