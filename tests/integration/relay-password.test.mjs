// SPDX-License-Identifier: Apache-2.0
/**
 * A wrong relay password with a thousand alerts queued: a real Postfix refuses it again and again, which says nothing
 * about any recipient. Nothing is rejected, nothing counts as an attempt, the status says why; after the correction all
 * of them leave, each once, counted where Postfix delivers.
 */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { SLOW, cleanUp, initDesk, until } from "../support/api.mjs";
import { Authority } from "./certificates.mjs";
import { everything, smtpOn, stopWell, untilAllFinal, untilRelayIs } from "./common.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";
import { authenticated, saslMissing } from "./sasl.mjs";

after(cleanUp);

const TICKETS = 50;
const RECIPIENTS = 20; // with the account's own address
const ALERTS = TICKETS * RECIPIENTS;
const REFUSED = /535 5\.7\.8 .*authentication failed/;
const LIMIT_MS = 60_000 * SLOW;

/** Opens the tickets, each with recipients of its own. */
async function queueAll(server) {
    await server.ask("PUT", "/api/v1/options/alerts-to-customers", { brake: { enabled: false } });
    const account = await server.ask("POST", "/api/v1/accounts", { name: "Kunde", email: "info@kunde.example" });
    for (let i = 0; i < TICKETS; i++) {
        const recipients = Array.from({ length: RECIPIENTS - 1 }, (_, k) => ({ email: `person${k}.of${i}@kunde.example` }));
        await server.ask("POST", "/api/v1/tickets", { account: account.number, title: `ticket ${i}`, recipients });
    }
}

async function checkAllWait(server) {
    const alerts = await everything(server, "/api/v1/alerts");
    assert.equal(alerts.length, ALERTS);
    for (const alert of alerts) {
        // One of them may just be trying whether the relay is back.
        assert.ok(["queued", "sending"].includes(alert.state), JSON.stringify(alert));
        assert.equal(alert.attempts, 0, JSON.stringify(alert));
        assert.equal(alert.uncertain, false);
    }
}

test("a wrong relay password costs nobody their mail", { skip: postfixMissing() || saslMissing() }, async (t) => {
    const authority = new Authority("The test's authority");
    const postfix = await Postfix.start({
        settings: (folder) => ({ ...authenticated(folder, authority, { hilfe: "right" }), smtpd_error_sleep_time: "0" }),
    });
    const desk = await initDesk();
    const server = await desk.serve();
    const wrong = { security: "starttls", ca_file: authority.file, username: "hilfe", password: "wrong" };
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(postfix.port, wrong));
    await queueAll(server);

    await t.test("the status says why", async () => {
        const { relay, messages } = await untilRelayIs(server, "down");
        assert.match(relay.reason, REFUSED);
        assert.equal(messages.queued + messages.sending, ALERTS);
        const status = await desk.run(["alerts", "status"]);
        assert.equal(status.code, 0, status.stderr);
        assert.match(status.stdout, REFUSED);
        assert.match((await server.call("GET", "/metrics")).text, /^tidings_relay_up.* 0$/m);
    });

    await t.test("none is rejected and none counts an attempt, however often it is refused", async () => {
        for (const password of ["wrong again", "", "Right", "right "]) {
            const before = postfix.logged(/SASL PLAIN authentication failed/);
            await server.ask("PUT", "/api/v1/options/alerts-server", { password });
            await until("Postfix has refused it", () => postfix.logged(/SASL PLAIN authentication failed/) > before);
            await untilRelayIs(server, "down");
            await checkAllWait(server);
        }
        assert.deepEqual(postfix.taken, []);
    });

    await t.test("after the correction each leaves once", async () => {
        const corrected = await desk.run(["options", "set", "alerts-server", "--password-stdin"], { input: "right\n" });
        assert.equal(corrected.code, 0, corrected.stderr);
        const alerts = await untilAllFinal(server, { limit: LIMIT_MS });
        for (const alert of alerts) {
            assert.equal(alert.state, "accepted", JSON.stringify(alert));
            assert.equal(alert.attempts, 1, JSON.stringify(alert));
            assert.equal(alert.uncertain, false);
        }
        const mails = await postfix.untilDelivered(ALERTS, { limit: LIMIT_MS });
        assert.equal(mails.length, ALERTS);
        const arrived = mails.map((mail) => `${mail.headers["message-id"]} ${mail.headers["delivered-to"]}`).sort();
        assert.deepEqual(arrived, alerts.map((alert) => `<${alert.message_id}> ${alert.recipient}`).sort());
        await untilRelayIs(server, "up");
    });

    await stopWell(server);
    await postfix.stop();
});
