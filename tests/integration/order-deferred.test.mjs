// SPDX-License-Identifier: Apache-2.0
/**
 * Order: a real Postfix puts off one recipient's "opened" for an hour, which passes at once on the desk's clock. Their
 * "closed" is not even tried before the "opened" has left; the ticket's other recipients have both at once.
 */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { cleanUp, initDesk } from "../support/api.mjs";
import { HOUR, MINUTE, MovedClock } from "../support/clock.mjs";
import { alertsOf, isAccepted, smtpOn, stopWell, untilAlertsOf } from "./common.mjs";
import { Policy } from "./policy.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";

after(cleanUp);

const SLOW_ONE = "slow@kunde.example";
const OTHERS = ["info@kunde.example", "quick@kunde.example"];

const ofSlowOne = (alert) => alert.recipient === SLOW_ONE;
const byKind = (alerts) => Object.fromEntries(alerts.map((alert) => [alert.kind, alert]));

/** The "opened" was put off once more; returns it and the "closed" behind it. */
async function untilPutOff(server, number, tries) {
    const waits = ({ kind, state, attempts }) => kind === "ticket_closed" || (state === "deferred" && attempts >= tries);
    const alerts = await untilAlertsOf(server, number, `put off ${tries} times`, (alert) => !ofSlowOne(alert) || waits(alert));
    return byKind(alerts.filter(ofSlowOne));
}

test("an opened that waits holds its closed back, for its recipient alone", { skip: postfixMissing() }, async (t) => {
    const clock = new MovedClock();
    const began = clock.now();
    const isTooEarly = ({ recipient }) => recipient === SLOW_ONE && clock.now() < began + HOUR;
    const policy = await Policy.open((request) => (isTooEarly(request) ? "450 4.2.1 This mailbox is being moved" : "DUNNO"));
    after(() => policy.close());
    const restrictions = `${policy.check}, permit_mynetworks, reject`;
    const postfix = await Postfix.start({ settings: () => ({ smtpd_recipient_restrictions: restrictions }) });
    const desk = await initDesk();
    const server = await desk.serve({ env: clock.env });
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(postfix.port));
    const account = await server.ask("POST", "/api/v1/accounts", { name: "Kunde", email: OTHERS[0] });
    const recipients = [SLOW_ONE, OTHERS[1]].map((email) => ({ email }));
    const { number } = await server.ask("POST", "/api/v1/tickets", { account: account.number, title: "order", recipients });

    await t.test("the others of the ticket have both", async () => {
        await untilPutOff(server, number, 1);
        await server.ask("PATCH", `/api/v1/tickets/${number}`, { status: "Completed" });
        const have = (alert) => ofSlowOne(alert) || isAccepted(alert);
        const alerts = await untilAlertsOf(server, number, "the others are told twice", have);
        assert.equal(alerts.filter(isAccepted).length, 2 * OTHERS.length);
    });

    await t.test("for an hour the closed is not tried", async () => {
        let own = await untilPutOff(server, number, 1);
        for (;;) {
            const { new_ticket: opened, ticket_closed: closed } = own;
            assert.equal(closed.state, "queued", JSON.stringify(closed));
            assert.equal(closed.attempts, 0, JSON.stringify(closed));
            assert.match(opened.last_reply, /450 4\.2\.1 .*This mailbox is being moved/);
            assert.equal(policy.about(SLOW_ONE), opened.attempts, "Postfix was asked for the opened alone");
            if (Date.parse(opened.due_at) > began + HOUR - MINUTE) break;
            clock.moveTo(opened.due_at);
            own = await untilPutOff(server, number, opened.attempts + 1);
        }
        assert.ok(own.new_ticket.attempts >= 3, JSON.stringify(own));
        assert.equal((await postfix.untilDelivered(2 * OTHERS.length)).length, 2 * OTHERS.length);
    });

    await t.test("then both leave, the opened first", async () => {
        const { new_ticket: opened } = byKind((await alertsOf(server, number)).filter(ofSlowOne));
        clock.moveTo(Math.max(Date.parse(opened.due_at), began + HOUR));
        const alerts = await untilAlertsOf(server, number, "all are accepted", isAccepted);
        const own = byKind(alerts.filter(ofSlowOne));
        assert.equal(own.ticket_closed.attempts, 1);
        assert.equal(policy.about(SLOW_ONE), own.new_ticket.attempts + 1);
        const mails = await postfix.untilDelivered(alerts.length);
        assert.equal(mails.length, alerts.length);
        const ids = [own.new_ticket.message_id, own.ticket_closed.message_id];
        assert.deepEqual(postfix.taken.slice(-2), ids);
        assert.ok(Date.parse(own.new_ticket.accepted_at) >= began + HOUR);
    });

    await stopWell(server);
    await postfix.stop();
});
