// SPDX-License-Identifier: Apache-2.0
/** What those see who watch over a desk: its metrics, whether it is ready, and its log, in which no address stands. */
import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { after, test } from "node:test";

import { Postgres, cleanUp, findPostgres, initDesk, until } from "../support/api.mjs";
import { activate, smtpOn, stopWell, untilAllFinal } from "./common.mjs";

after(cleanUp);

const here = import.meta.dirname;
const rules = path.join(here, "../../packaging/prometheus/tidings.rules.yml");
const manual = path.join(here, "../../docs/watch.md");
const python = fs.existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
const OPEN = "application/openmetrics-text; version=1.0.0";

function hasParser() {
    try {
        execFileSync(python, ["-c", "import prometheus_client.openmetrics.parser"], { stdio: "ignore" });
        return true;
    } catch {
        return false;
    }
}
const noParser = !hasParser() && "python3-prometheus-client is not installed";

/** A scrape, read strictly; a function that gives the value of `name{...}` (undefined: there is none). */
async function scrape(server, ...files) {
    const { status, headers, text } = await server.call("GET", "/metrics", undefined, { headers: { Accept: OPEN } });
    assert.equal(status, 200, text);
    assert.match(headers["content-type"], /^application\/openmetrics-text; version=1\.0\.0/);
    const samples = JSON.parse(execFileSync(python, [path.join(here, "check_metrics.py"), ...files], { input: text }));
    const wanted = (labels) => JSON.stringify(Object.entries(labels).sort());
    const values = new Map(samples.map(([name, labels, value]) => [name + wanted(labels), value]));
    for (const [, labels] of samples)
        for (const value of Object.values(labels)) assert.doesNotMatch(value, /@|kunde/, "a label names somebody");
    return (name, labels = {}) => values.get(name + wanted(labels));
}

/** A relay that refuses, and defers, in words that name the recipient. */
async function startRelay() {
    const relay = net.createServer((socket) => {
        let data = false;
        let text = "";
        socket.on("error", () => {});
        socket.write("220 relay.example ESMTP\r\n");
        const answer = (line) => {
            if (data) {
                if (line !== ".") return;
                data = false;
                socket.write("250 2.0.0 queued for anna.secret@kunde.example\r\n");
            } else if (/^RCPT TO:<gone/i.test(line)) socket.write(`550 5.1.1 ${line.slice(8)} unknown here\r\n`);
            else if (/^RCPT TO:<later/i.test(line)) socket.write(`450 4.2.1 ${line.slice(8)} is greylisted\r\n`);
            else if (/^DATA/i.test(line)) socket.write((data = true) && "354 go on\r\n");
            else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
            else socket.write("250 fine\r\n");
        };
        socket.setEncoding("utf8").on("data", (part) => {
            const lines = (text + part).split("\r\n");
            text = lines.pop();
            lines.forEach(answer);
        });
    });
    await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
    after(() => relay.close());
    return relay.address().port;
}

const BAD_TOKEN = "td_aaaaaaaabbbbbbbbccccccccdddddddd";
const PASSWORD = "correct-horse-battery";

/** Refusals, failed sign-ins, mails that come in: all that brings a stranger's words near the log. */
async function stir(server) {
    const recipients = ["anna.secret", "gone.secret", "later.secret"].map((name) => ({ email: `${name}@kunde.example` }));
    const ticket = await server.ask("POST", "/api/v1/tickets", { account: 1, title: "for hidden@kunde.example", recipients });
    const list = `/api/v1/tickets/${ticket.number}/alerts`;
    const alerts = await until("all were tried", async () => {
        const { items } = await server.ask("GET", list);
        return items.every((alert) => ["accepted", "rejected", "deferred"].includes(alert.state)) && items;
    });
    const wrong = await server.call("GET", "/api/v1/tickets", undefined, { token: BAD_TOKEN });
    assert.equal(wrong.status, 401);
    await server.call("POST", "/sign-in", `login=admin%40kunde.example&password=${PASSWORD}`, {
        token: null,
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
    });
    const mail = "From: Mallory Secret <mallory.secret@kunde.example>\r\nTo: support@desk.example\r\nMessage-ID: <1@x>\r\n" +
        "Subject: call me at mallory.other@kunde.example\r\n\r\nmy password is correct-horse-battery\r\n";
    const filed = await server.call("POST", "/api/v1/inbox", mail, { headers: { "Content-Type": "message/rfc822" } });
    assert.equal(filed.status, 201, filed.text);
    await server.call("GET", "/api/v1/suppressions/gone.secret%40kunde.example");
    return alerts;
}

function assertNobodyNamed(log) {
    assert.doesNotMatch(log, /[A-Za-z0-9]@|[A-Za-z0-9]%40/, "an address");
    for (const word of ["secret", "hidden", "mallory", "admin", BAD_TOKEN, PASSWORD]) assert.ok(!log.includes(word), `${word}\n${log}`);
    assert.doesNotMatch(log, /td_[a-z0-9]/);
}

async function deskWithRelay(server) {
    await activate(server, smtpOn(await startRelay(), { from_address: "support@desk.example" }));
    await server.ask("PUT", "/api/v1/options/email-connector", { enabled: true, address: "support@desk.example" });
}

test("the log says what happened to which alert, in JSON, and names nobody", { skip: noParser }, async () => {
    const desk = await initDesk();
    const server = await desk.serve({ args: ["--log", "json"] });
    await deskWithRelay(server);
    const alerts = await stir(server);
    const lines = server.log.trim().split("\n").map((line) => JSON.parse(line));
    const about = (state) => lines.filter((line) => line.alert_id === String(alerts.find((one) => one.state === state).id));
    assert.match(about("rejected")[0].message, /is rejected: the relay said 550 5\.1\.1 at rcpt/);
    assert.match(about("rejected")[0].relay, /^127\.0\.0\.1:\d+$/);
    assert.match(about("deferred")[0].message, /is deferred: the relay said 450 4\.2\.1/);
    assert.deepEqual(about("accepted"), [], "what goes well is told at the level debug");
    const filed = lines.find((line) => line.mail_id !== undefined);
    assert.match(filed.message, /^A mail came in: /);
    assert.match(filed.request_id, /^[a-z2-7]{16}$/);
    assertNobodyNamed(server.log);

    const value = await scrape(server, rules, manual);
    assert.equal(value("tidings_attempts_total", { kind: "alert", outcome: "rejected" }), 1);
    assert.equal(value("tidings_accepted_after_seconds_count", { kind: "alert" }), alerts.length - 2);
    assert.equal(value("tidings_suppressions"), 1);
    assert.equal(value("tidings_http_requests_total", { method: "GET", route: "/api/v1/suppressions/{email}", status: "2xx" }), 1);
    const given = await server.call("GET", "/api/v1/tickets/999", undefined, { headers: { "X-Request-ID": "proxy-4711" } });
    assert.equal(given.headers["x-request-id"], "proxy-4711");
    assert.equal(given.body.request_id, "proxy-4711");
    const other = await server.call("GET", "/nowhere", undefined, { headers: { "X-Request-ID": "no good\tid" } });
    assert.match(other.headers["x-request-id"], /^[a-z2-7]{16}$/);
    await stopWell(server);

    const again = await desk.serve();
    const kept = await scrape(again);
    assert.equal(kept("tidings_attempts_total", { kind: "alert", outcome: "rejected" }), 1, "counts outlive a restart");
    await stopWell(again);
});

test("at the level debug every request and every accepted mail has a line, addresses included", async () => {
    const desk = await initDesk();
    fs.appendFileSync(path.join(desk.folder, "tidings.conf"), "log = text\nlog_level = debug\n");
    const server = await desk.serve();
    await deskWithRelay(server);
    const alerts = await stir(server);
    const accepted = alerts.find((one) => one.state === "accepted");
    await until("it is said", () => server.log.includes(`alert=${accepted.id} outbox=`));
    assert.match(server.log, /debug {3}GET \/api\/v1\/suppressions\/\{email\}: 200, \d+ bytes, [\d.]+ ms \[request=[a-z2-7]{16}\]/);
    assert.match(server.log, /debug {3}The relay's reply: .*gone\.secret@kunde\.example/);
    assert.ok(!server.log.includes(BAD_TOKEN) && !server.log.includes(PASSWORD));
    await stopWell(server);
    const strange = await desk.run(["serve", "--log", "xml"]);
    assert.notEqual(strange.code, 0);
    assert.match(strange.stderr, /There is no log format "xml"/);
});

test("two processes count as one desk, and say so when their database is away",
    { skip: noParser || (findPostgres() === undefined && "PostgreSQL is not installed") }, async () => {
        const cluster = await Postgres.start();
        const desk = await initDesk({ database: cluster.createDatabase() });
        const sends = await desk.node().serve({ roles: "alerts" });
        const web = await desk.serve({ roles: "web" });
        for (let i = 0; i < 3; i++) await web.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: `ticket ${i}` });
        const told = (await untilAllFinal(web)).length;
        const sent = { kind: "alert", outcome: "sent" };
        const decided = { kind: "new_ticket", decision: "send", reason: "new_ticket" };
        assert.equal((await scrape(web))("tidings_decisions_total", decided), told, "its own at once");
        await stopWell(sends);
        const value = await scrape(web);
        assert.equal(value("tidings_attempts_total", sent), told, "the other's, when it has ended or after seconds");
        assert.equal(value("tidings_accepted_after_seconds_bucket", { kind: "alert", le: "+Inf" }), told);
        assert.equal(value("tidings_ready", { condition: "senders" }), 0);
        assert.equal((await web.call("GET", "/readyz")).status, 503);
        await cluster.stop();
        const away = await scrape(web);
        assert.equal(away("tidings_database_up"), 0);
        assert.equal(away("tidings_ready", { condition: "database" }), 0);
        assert.equal(away("tidings_decisions_total", decided), undefined, "rather nothing than a number that goes back");
        await web.stop();
    });
