// SPDX-License-Identifier: Apache-2.0
/**
 * A disk that is full, read-only or broken: reads go on, changes are refused in words, readiness says so, nothing is
 * half there, and all goes on by itself when the disk is well again.
 */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import { cleanUp, initDesk, readMaildir, until } from "../support/api.mjs";
import { FailingDisk } from "../support/failing_disk.mjs";
import { SmallDisk, smallDiskMissing } from "../support/small_disk.mjs";
import { everything, smtpOn, stopWell, untilAllFinal } from "./common.mjs";
import { Sink } from "./sink.mjs";

const disks = [];

after(async () => {
    for (const disk of disks) disk.close();
    await cleanUp();
});

const RECIPIENTS = 2; // of a ticket: the contact, and the account's contact on every ticket

function open(server, title, more = {}) {
    return server.call("POST", "/api/v1/tickets", { account: 1, contact: 1, title, ...more }, { key: title });
}

/** A desk whose mail goes to `sink`. */
async function serve(desk, options) {
    const sink = await new Sink().open();
    after(() => sink.close());
    const server = await desk.serve(options);
    await server.ask("PUT", "/api/v1/options/alerts-to-customers", { brake: { enabled: false } });
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port));
    return { server, sink };
}

function isRefused({ status, headers, body }, words) {
    assert.equal(status, 503, JSON.stringify(body));
    assert.equal(headers["content-type"], "application/problem+json");
    assert.equal(body.type, "/problems/unavailable");
    assert.match(body.detail, words);
    assert.match(body.detail, /nothing was changed/i);
}

async function isUnwell(server, words) {
    const { status, body } = await server.call("GET", "/readyz");
    assert.equal(status, 503);
    assert.match(body.conditions.find(({ ok }) => !ok).text, words);
    assert.equal((await server.call("GET", "/healthz")).status, 200);
    assert.equal((await server.call("GET", "/api/v1/tickets/1")).status, 200);
    assert.equal((await server.call("GET", "/api/v1/alerts")).status, 200);
}

const untilReady = (server) =>
    until("the desk is ready again", async () => (await server.call("GET", "/readyz")).status === 200, { limit: 60_000, every: 50 });

/** Each ticket is there once, whole, and each of its alerts was sent once. */
async function checkAll(server, sink, titles) {
    const alerts = await untilAllFinal(server);
    const tickets = await everything(server, "/api/v1/tickets?limit=200");
    assert.deepEqual(tickets.map((ticket) => ticket.title).sort(), [...titles].sort());
    assert.equal(alerts.length, titles.length * RECIPIENTS);
    const known = alerts.filter((alert) => alert.state === "accepted").map((alert) => alert.message_id);
    assert.deepEqual(new Set(sink.mails.map((mail) => mail.messageId)), new Set(known));
    const repeated = sink.mails.length - known.length;
    assert.ok(repeated <= alerts.filter((alert) => alert.uncertain).length, `${repeated} mails arrived twice`);
}

test("a full disk (tmpfs), and room again", { skip: smallDiskMissing() }, async (t) => {
    const disk = new SmallDisk("160m");
    disks.push(disk);
    const desk = await initDesk({ place: disk.folder });
    const { server, sink } = await serve(desk);
    const titles = [];
    const description = "x".repeat(200_000);
    const openNext = async () => {
        const title = `ticket ${titles.length}`;
        const answer = await open(server, title, { description });
        if (answer.status === 201) titles.push(title);
        return answer;
    };
    await openNext();
    disk.fill(512 * 1024);
    // What fits into the room that the log has already is still taken.
    let refused = 0;
    await until("changes are refused", async () => {
        const answer = await openNext();
        if (answer.status !== 201) isRefused(answer, /^The disk with the database is full/);
        refused += answer.status === 503 ? 1 : 0;
        return refused === 5;
    });
    assert.equal((await server.call("GET", "/api/v1/tickets/1")).status, 200);
    assert.equal((await server.call("GET", "/api/v1/alerts")).status, 200);
    t.diagnostic(`${titles.length} tickets fitted`);
    disk.makeRoom();
    assert.equal((await openNext()).status, 201);
    await untilReady(server);
    await checkAll(server, sink, titles);
    await stopWell(server);
});

const BROKEN = { ENOSPC: /is full/, EROFS: /cannot be read or written/, EIO: /cannot be read or written/ };

test("a disk that refuses to be written", async (t) => {
    const desk = await initDesk();
    const disk = new FailingDisk(desk.folder);
    const { server, sink } = await serve(desk, { env: disk.env });
    const titles = ["before"];
    assert.equal((await open(server, "before")).status, 201);
    for (const [name, words] of Object.entries(BROKEN))
        await t.test(name, async () => {
            disk.break(name);
            isRefused(await open(server, name), words);
            isRefused(await server.call("PATCH", "/api/v1/tickets/1", { status: "Completed" }), words);
            await isUnwell(server, words);
            disk.mend();
            assert.equal((await open(server, name)).status, 201);
            titles.push(name);
            assert.equal((await server.call("GET", "/readyz")).status, 200);
            assert.equal((await server.ask("GET", "/api/v1/tickets/1")).status, 100);
        });
    await checkAll(server, sink, titles);
    await stopWell(server);
});

test("nobody writes, and the desk is ready again all the same", async () => {
    const desk = await initDesk();
    const disk = new FailingDisk(desk.folder);
    fs.appendFileSync(path.join(desk.folder, "tidings.conf"), "lease_seconds = 2\n");
    const { server } = await serve(desk, { env: disk.env });
    disk.break("EROFS");
    await until("the Alerts Server notices", async () => (await server.call("GET", "/readyz")).status === 503);
    disk.mend();
    await untilReady(server);
    await stopWell(server);
});

test("a Maildir on a full disk: mail waits, and leaves when there is room", async () => {
    const desk = await initDesk();
    const maildir = path.join(desk.folder, "Maildir");
    fs.mkdirSync(maildir, { recursive: true });
    const disk = new FailingDisk(maildir);
    const server = await desk.serve({ env: disk.env });
    disk.break("ENOSPC");
    assert.equal((await open(server, "one")).status, 201);
    const shown = await until("the relay is down, and all waits", async () => {
        const status = await server.ask("GET", "/api/v1/alerts-server");
        return status.relay.state === "down" && status.messages.queued === RECIPIENTS && status;
    });
    assert.match(shown.relay.reason, /No space left on device/);
    assert.equal(readMaildir(maildir).length, 0);
    assert.deepEqual(fs.readdirSync(path.join(maildir, "tmp")), []);
    disk.mend();
    await untilAllFinal(server);
    assert.equal(readMaildir(maildir).length, RECIPIENTS);
    await stopWell(server);
});
