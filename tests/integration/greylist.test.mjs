// SPDX-License-Identifier: Apache-2.0
/**
 * Greylisting, by a policy service that a real Postfix asks: the first tries are put off, with a reply that the ticket's
 * alerts show; the mail leaves when a person says "retry" late enough, or by itself as time goes by.
 */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { cleanUp, initDesk } from "../support/api.mjs";
import { MINUTE, MovedClock } from "../support/clock.mjs";
import { alertsOf, isAccepted, smtpOn, stopWell, untilAlertsOf, untilRelayIs } from "./common.mjs";
import { Policy, greylist } from "./policy.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";

after(cleanUp);

const DELAY = 5 * MINUTE;
const REPLY = /450 4\.2\.0 .*Greylisted, come again in \d+ seconds/;

function openTicket(server, title) {
    return server.ask("POST", "/api/v1/tickets", { account: 1, title, recipients: [{ email: `${title}@kunde.example` }] });
}

const untilDeferred = (server, { number }, tries) =>
    untilAlertsOf(server, number, `put off ${tries} times`, ({ state, attempts }) => state === "deferred" && attempts >= tries);

test("greylisting delays a mail and nothing else", { skip: postfixMissing() }, async (t) => {
    const clock = new MovedClock();
    let ahead = 0; // of the service's clock to the desk's
    const policy = await Policy.open(greylist(DELAY, () => clock.now() + ahead));
    after(() => policy.close());
    const restrictions = `${policy.check}, permit_mynetworks, reject`;
    const postfix = await Postfix.start({ settings: () => ({ smtpd_recipient_restrictions: restrictions }) });
    const desk = await initDesk();
    const server = await desk.serve({ env: clock.env });
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(postfix.port));

    /** After this, all that the desk sent was asked for once a try, and arrived once. */
    const checkOnce = async (ticket, mailsBefore) => {
        const alerts = await alertsOf(server, ticket.number);
        for (const alert of alerts) assert.equal(policy.about(alert.recipient), alert.attempts, JSON.stringify(alert));
        const mails = await postfix.untilDelivered(mailsBefore + alerts.length);
        const ids = mails.map((mail) => mail.headers["message-id"][0]).slice(mailsBefore);
        assert.deepEqual(ids.sort(), alerts.map((alert) => `<${alert.message_id}>`).sort());
        return mails.length;
    };

    let ticket;
    await t.test("it is deferred, and the reply is shown", async () => {
        ticket = await openTicket(server, "retry");
        for (const alert of await untilDeferred(server, ticket, 1)) {
            assert.match(alert.last_reply, REPLY);
            assert.match(alert.explanation, REPLY);
            assert.match(alert.explanation, /^Not yet told: .*try again later.*; next try on /);
            assert.ok(Date.parse(alert.due_at) > Date.parse(alert.queued_at), "it is tried again later");
        }
        await untilRelayIs(server, "up");
        const explained = await desk.run(["alerts", "explain", String(ticket.number)]);
        assert.match(explained.stdout, REPLY);
        assert.deepEqual(postfix.taken, []);
    });

    let mails = 0;
    await t.test("a retry by hand is put off again as long as it is too early, then accepted", async () => {
        const retry = async () => {
            for (const { id } of await alertsOf(server, ticket.number)) await server.ask("POST", `/api/v1/alerts/${id}/retry`);
        };
        await retry();
        await untilDeferred(server, ticket, 2);
        ahead += DELAY;
        await retry();
        for (const alert of await untilAlertsOf(server, ticket.number, "it is accepted", isAccepted)) {
            assert.ok(alert.attempts >= 3, JSON.stringify(alert));
            assert.match(alert.explanation, /^Told: .* It took \d+ tries\.$/);
        }
        mails = await checkOnce(ticket, mails);
    });

    await t.test("it leaves by itself as time goes by", async () => {
        ticket = await server.ask("POST", "/api/v1/tickets", { account: 2, title: "time" });
        const opened = clock.now();
        let alerts = await untilDeferred(server, ticket, 1);
        assert.equal(alerts.length, 1);
        for (let tries = 1; alerts[0].state === "deferred"; tries++) {
            clock.moveTo(alerts[0].due_at);
            const went = ({ state, attempts }) => attempts === tries + 1 && ["deferred", "accepted"].includes(state);
            alerts = await untilAlertsOf(server, ticket.number, `try ${tries + 1}`, went);
        }
        assert.ok(isAccepted(alerts[0]), JSON.stringify(alerts));
        assert.ok(alerts[0].attempts > 2, "the first try again came too early");
        assert.ok(Date.parse(alerts[0].accepted_at) >= opened + DELAY, JSON.stringify(alerts));
        mails = await checkOnce(ticket, mails);
    });

    await stopWell(server);
    await postfix.stop();
});
