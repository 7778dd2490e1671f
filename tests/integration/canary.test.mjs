// SPDX-License-Identifier: Apache-2.0
/**
 * The canary beside real peers: out by SMTP, into a real Dovecot, back by the Email Connector, which deletes it there.
 * /readyz, /metrics, the console and the options tell of it. (What is said where it stops, with a moved clock:
 * tests/connector/test_canary.c.)
 */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import { cleanUp, initDesk, until } from "../support/api.mjs";
import { MINUTE, MovedClock } from "../support/clock.mjs";
import { activate, everything, smtpOn } from "./common.mjs";
import { Sink, freePort } from "./sink.mjs";
import { Dovecot, dovecotMissing } from "./dovecot.mjs";

after(cleanUp);

const SUPPORT = "support@desk.example";
const SERVER = "/api/v1/options/alerts-server";

test("refused where it would go to somebody else", async (t) => {
    const desk = await initDesk();
    const server = await desk.serve();
    await server.ask("PUT", SERVER, { from_address: SUPPORT });
    for (const [canary, status, problem] of [
        [{ enabled: true }, 409, "canary-missing"],
        [{ enabled: true, to: "anna@customer.example" }, 422, "not-own-mailbox"],
        [{ enabled: true, to: "support@desk.example.evil.example" }, 422, "not-own-mailbox"],
        [{ enabled: true, to: "nonsense" }, 422, "bad-address"],
        [{ every_seconds: 1 }, 422, "out-of-range"],
        [{ every: 60 }, 422, "unknown-field"],
    ])
        await t.test(JSON.stringify(canary), async () => {
            const answer = await server.call("PUT", SERVER, { canary });
            assert.equal(answer.status, status, answer.text);
            assert.match(answer.body.type, new RegExp(`/${problem}$`));
            assert.deepEqual((await server.ask("GET", SERVER)).canary, { enabled: false, to: "", every_seconds: 60 });
        });
    const metrics = (await server.call("GET", "/metrics")).text;
    assert.doesNotMatch(metrics, /tidings_canary/);
    await server.stop();
});

test("out and back in", { skip: dovecotMissing() }, async () => {
    const dovecot = await Dovecot.start();
    const desk = await initDesk({ sample: false });
    const server = await desk.serve();
    await activate(server, { transport: "maildir", from_address: SUPPORT });
    await server.ask("PUT", "/api/v1/options/email-connector", { enabled: true, address: SUPPORT, mailboxes: [{
        host: "127.0.0.1", port: dovecot.port, security: "none", username: "support", password: "secret", poll_seconds: 1 }] });
    dovecot.deliver("support", `From: a@b.example\r\nTo: ${SUPPORT}\r\nSubject: a person's\r\n\r\nText.\r\n`);
    const out = path.join(desk.folder, "Maildir/new");
    const before = new Set(fs.readdirSync(out));
    await server.ask("PUT", SERVER, { canary: { enabled: true, to: SUPPORT } });
    const [name] = await until("the canary leaves", () => {
        const left = fs.readdirSync(out).filter((file) => !before.has(file));
        return left.length > 0 && left;
    });
    assert.equal((await server.call("GET", "/readyz", undefined, { token: null })).status, 200);
    dovecot.deliver("support", fs.readFileSync(path.join(out, name)));

    const shown = await until("it is back", async () => {
        const { canary } = await server.ask("GET", "/api/v1/alerts-server");
        return canary.last_success !== null && canary;
    });
    assert.ok(shown.enabled && shown.ok && shown.came_back && shown.round_trip_seconds >= 0, JSON.stringify(shown));
    await until("it is deleted in the mailbox, and the other one is not", () => dovecot.mails("support").length === 1);
    assert.match(dovecot.mails("support")[0].flags, /F/);
    const inbox = await everything(server, "/api/v1/inbox");
    assert.deepEqual(inbox.map((mail) => mail.subject), ["a person's"]);
    assert.deepEqual(await everything(server, "/api/v1/alerts"), []);

    const metrics = (await server.call("GET", "/metrics")).text;
    assert.match(metrics, /^tidings_canary_ok 1$/m);
    assert.match(metrics, /^tidings_canary_last_success_timestamp_seconds 1\d{9}(\.\d+)?$/m);
    assert.match(metrics, /^tidings_canary_round_trip_seconds \d+(\.\d+)?$/m);
    await server.stop();
    await dovecot.stop();
});

test("a relay that goes away turns readiness red within two minutes, and green when it is back", async () => {
    const sink = await new Sink().open();
    after(() => sink.close());
    const desk = await initDesk({ sample: false });
    const clock = new MovedClock();
    const server = await desk.serve({ env: clock.env });
    const ready = async () => (await server.call("GET", "/readyz", undefined, { token: null }));
    const until_ = (what, status) => until(what, async () => (await ready()).status === status);
    await activate(server, smtpOn(sink.port, { from_address: SUPPORT }));
    await server.ask("PUT", SERVER, { canary: { enabled: true, to: SUPPORT } });
    const accepted = async () => (await server.ask("GET", "/api/v1/alerts-server")).canary.last_success !== null;
    await until("one is accepted", accepted);
    assert.equal((await ready()).status, 200);

    await server.ask("PUT", SERVER, { port: await freePort() });
    clock.advance(MINUTE);
    const relay = async () => (await server.ask("GET", "/api/v1/alerts-server")).relay.state;
    await until("the relay is down", async () => (await relay()) === "down");
    clock.advance(MINUTE - 2_000);
    await until_("it is red", 503);
    const { body } = await ready();
    const canary = body.conditions.find(({ name }) => name === "canary");
    assert.equal(canary.ok, false);
    assert.match(canary.text, /was not accepted, the relay is down: .*Connection refused/);
    assert.match((await server.call("GET", "/metrics")).text, /^tidings_canary_ok 0$/m);

    await server.ask("PUT", SERVER, { port: sink.port });
    await until_("it is green", 200);
    await server.stop();
    await sink.close();
});
