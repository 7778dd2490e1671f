// SPDX-License-Identifier: Apache-2.0
/**
 * TLS with a private authority, by STARTTLS and from the first byte, to a real Postfix that takes nothing without. What
 * is not trusted is the relay's failure and no recipient's: the alert waits, uncounted, until the options are right.
 */
import * as assert from "node:assert/strict";
import * as path from "node:path";
import { after, test } from "node:test";

import { cleanUp, initDesk } from "../support/api.mjs";
import { Authority } from "./certificates.mjs";
import { activate, alertsOf, isAccepted, smtpOn, stopWell, untilAlertsOf, untilRelayIs } from "./common.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";

after(cleanUp);

const RECIPIENT = "anna@kunde.example";
const TIMES = 3;

function startPostfix(authority) {
    const settings = (folder) => {
        const file = path.join(folder, "server.pem");
        authority.sign("IP:127.0.0.1,DNS:mail.customer.example", file);
        return {
            smtpd_tls_chain_files: file,
            smtpd_tls_security_level: "encrypt",
            smtpd_tls_received_header: "yes",
            smtpd_tls_loglevel: "2", // says whether a session is new
        };
    };
    return Postfix.start({ settings, listeners: { starttls: {}, tls: { smtpd_tls_wrappermode: "yes" } } });
}

async function openTicket(server, account, title) {
    const wanted = { account, title, recipients: [{ email: RECIPIENT }] };
    return (await server.ask("POST", "/api/v1/tickets", wanted)).number;
}

/** With these options the relay is down, in these words, and the alert has lost nothing by it. */
async function refuses(server, ticket, options, words) {
    await server.ask("PUT", "/api/v1/options/alerts-server", options);
    const { relay, messages } = await untilRelayIs(server, "down", (shown) => words.test(shown.relay.reason));
    assert.ok(Date.parse(relay.retry_at) > Date.parse(relay.since), JSON.stringify(relay));
    assert.equal(messages.accepted, 0);
    const alerts = await untilAlertsOf(server, ticket, "the alert is queued again", ({ state }) => state === "queued");
    assert.equal(alerts.length, 1);
    assert.equal(alerts[0].attempts, 0, "no attempt is counted");
    assert.equal(alerts[0].uncertain, false);
    assert.match(alerts[0].explanation, /^Not yet told: waiting to be sent/);
    assert.match(alerts[0].explanation, words);
}

for (const security of ["starttls", "tls"])
    test(`a private authority: security ${security}`, { skip: postfixMissing() }, async (t) => {
        const [authority, stranger] = [new Authority("The test's authority"), new Authority("Another authority")];
        const postfix = await startPostfix(authority);
        const desk = await initDesk({ sample: false });
        const server = await desk.serve();
        const options = smtpOn(postfix.ports[security], { security, from_address: "hilfe@hafen-it.example" });
        await activate(server, options);
        await server.ask("PUT", "/api/v1/options/alerts-to-customers", { new_ticket: { enabled: true } });
        const account = await server.ask("POST", "/api/v1/accounts", { name: "Kunde", email: RECIPIENT });
        const first = await openTicket(server, account.number, "before it is trusted");

        await t.test("not trusted without ca_file", () =>
            refuses(server, first, {}, /certificate of 127\.0\.0\.1 was not accepted: .* authority that is trusted here/));
        await t.test("not trusted with another authority's file", () =>
            refuses(server, first, { ca_file: stranger.file }, /not signed by an authority that is trusted here/));
        await t.test("not trusted by another name", () =>
            refuses(server, first, { ca_file: authority.file, host: "localhost" }, /it belongs to another host name/));
        await t.test("a file that is not there says so", () =>
            refuses(server, first, { ca_file: "/nowhere/ca.pem", host: "127.0.0.1" }, /\/nowhere\/ca\.pem cannot be used/));

        await t.test("it leaves when ca_file is set", async () => {
            assert.deepEqual(postfix.taken, [], "nothing was said without trust");
            await server.ask("PUT", "/api/v1/options/alerts-server", { ca_file: authority.file });
            const [alert] = await untilAlertsOf(server, first, "the alert is accepted", isAccepted);
            assert.equal(alert.attempts, 1);
            await untilRelayIs(server, "up");
        });
        await t.test("the next leaves at once, encrypted", async () => {
            const second = await openTicket(server, account.number, "after it is trusted");
            await untilAlertsOf(server, second, "the alert is accepted", isAccepted);
            const ids = [...(await alertsOf(server, first)), ...(await alertsOf(server, second))].map((alert) => alert.message_id);
            const mails = await postfix.untilDelivered(2);
            assert.deepEqual(postfix.taken, ids);
            for (const mail of mails) assert.match(mail.headers.received.at(-1), /using TLSv1\.[23] .* with ESMTPS /);
        });
        await t.test("what is not trusted any more is refused at once", async () => {
            for (let i = 0; i < TIMES; i++) {
                const ticket = await openTicket(server, account.number, `trusted ${i}`);
                await server.ask("PUT", "/api/v1/options/alerts-server", { ca_file: authority.file });
                await untilAlertsOf(server, ticket, "the alert is accepted", isAccepted);
                await server.ask("PUT", "/api/v1/options/alerts-server", { ca_file: stranger.file });
                const waiting = await openTicket(server, account.number, `not trusted ${i}`);
                await untilRelayIs(server, "down");
                await untilAlertsOf(server, waiting, "the alert waits", ({ state }) => state === "queued");
            }
            assert.ok(postfix.logged(/TLS connection established/) >= TIMES, postfix.log);
            assert.equal(postfix.logged(/Reusing old session/), 0, "a session that is resumed shows no certificate");
        });
        await stopWell(server);
        await postfix.stop();
    });
