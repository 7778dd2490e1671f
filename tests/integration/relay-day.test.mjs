// SPDX-License-Identifier: Apache-2.0
/**
 * The relay, a real Postfix, is down for a day, which passes in a moment on the desk's clock. Each hour a ticket is
 * opened and the one before is closed. All that while the desk shows that mail does not leave, and since when and why;
 * nothing expires, nothing counts as an attempt. When Postfix is back, each alert leaves once, "opened" before "closed".
 */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { SLOW, cleanUp, initDesk } from "../support/api.mjs";
import { HOUR, MINUTE, MovedClock } from "../support/clock.mjs";
import { activate, everything, smtpOn, stopWell, untilAllFinal, untilRelayIs } from "./common.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";

after(cleanUp);

const HOURS = 24;
const RECIPIENTS = ["info@kunde.example", "one@kunde.example", "two@kunde.example"];
const LIMIT_MS = 60_000 * SLOW;

/** Until a try has failed and the next is not due for some minutes: then the clock may be moved. */
async function untilQuiet(server, clock) {
    const later = ({ relay, messages }) => messages.sending === 0 && Date.parse(relay.retry_at) > clock.now() + MINUTE;
    return untilRelayIs(server, "down", later);
}

/** The first failures are followed by tries after seconds: goes through these, so that the next is minutes away. */
async function failUntilMinutesApart(server, clock) {
    for (;;) {
        const { relay } = await untilRelayIs(server, "down", ({ messages }) => messages.sending === 0);
        const wait = Date.parse(relay.retry_at) - clock.now();
        if (wait > 2 * MINUTE) return;
        clock.moveTo(relay.retry_at);
        await untilRelayIs(server, "down", (shown) => shown.relay.retry_at !== relay.retry_at);
    }
}

async function anHour(server, account, hour) {
    const recipients = RECIPIENTS.slice(1).map((email) => ({ email }));
    const { number } = await server.ask("POST", "/api/v1/tickets", { account, title: `hour ${hour}`, recipients });
    if (number > 1) await server.ask("PATCH", `/api/v1/tickets/${number - 1}`, { status: "Completed" });
}

function checkOrder(alerts, taken) {
    const place = new Map(taken.map((messageId, index) => [messageId, index]));
    const of = (alert) => place.get(alert.message_id);
    for (const closed of alerts.filter((alert) => alert.kind === "ticket_closed")) {
        const same = (alert) => alert.ticket === closed.ticket && alert.recipient === closed.recipient;
        const opened = alerts.find((alert) => same(alert) && alert.kind === "new_ticket");
        assert.ok(of(opened) < of(closed), `${opened.message_id} and ${closed.message_id} came in the wrong order`);
    }
}

test("a day without the relay loses nothing", { skip: postfixMissing() }, async (t) => {
    const clock = new MovedClock();
    const postfix = await Postfix.start();
    const desk = await initDesk({ sample: false });
    const server = await desk.serve({ env: clock.env });
    const options = smtpOn(postfix.port, { from_address: "hilfe@hafen-it.example" });
    await activate(server, options);
    await server.ask("PUT", "/api/v1/options/alerts-to-customers", {
        new_ticket: { enabled: true },
        ticket_closed: { enabled: true },
    });
    const account = await server.ask("POST", "/api/v1/accounts", { name: "Kunde", email: RECIPIENTS[0] });
    await postfix.stop();
    const began = clock.now();
    const expected = RECIPIENTS.length * (2 * HOURS + 1);

    await t.test("while it is down everything waits", async () => {
        await anHour(server, account.number, 0);
        await failUntilMinutesApart(server, clock);
        const { since } = (await untilQuiet(server, clock)).relay;
        for (let hour = 1; hour <= HOURS; hour++) {
            const before = (await untilQuiet(server, clock)).relay;
            assert.equal(before.since, since, "it is down since the first failure");
            assert.match(before.reason, /^127\.0\.0\.1, port \d+, at connect: ./);
            clock.advance(HOUR);
            await anHour(server, account.number, hour);
            await untilRelayIs(server, "down", ({ relay }) => relay.retry_at !== before.retry_at);
        }
        assert.ok(clock.now() - began >= HOURS * HOUR);
    });

    await t.test("nothing has expired, and no attempt was counted", async () => {
        const { messages } = await untilQuiet(server, clock);
        assert.equal(messages.queued, expected, JSON.stringify(messages));
        const alerts = await everything(server, "/api/v1/alerts");
        assert.equal(alerts.length, expected);
        for (const alert of alerts) {
            assert.equal(alert.state, "queued", JSON.stringify(alert));
            assert.equal(alert.attempts, 0, JSON.stringify(alert));
            assert.match(alert.explanation, /^Not yet told: waiting to be sent/);
        }
    });

    await t.test("when it is back each leaves once, and in order", async () => {
        await postfix.serve();
        clock.moveTo((await untilQuiet(server, clock)).relay.retry_at);
        const alerts = await untilAllFinal(server, { limit: LIMIT_MS });
        assert.equal(alerts.length, expected);
        for (const alert of alerts) {
            assert.equal(alert.state, "accepted", JSON.stringify(alert));
            assert.equal(alert.attempts, 1, JSON.stringify(alert));
            assert.equal(alert.uncertain, false, JSON.stringify(alert));
        }
        const mails = await postfix.untilDelivered(expected, { limit: LIMIT_MS });
        const arrived = mails.map((mail) => `${mail.headers["message-id"]} ${mail.headers["delivered-to"]}`).sort();
        assert.deepEqual(arrived, alerts.map((alert) => `<${alert.message_id}> ${alert.recipient}`).sort());
        assert.equal(postfix.taken.length, expected);
        checkOrder(alerts, postfix.taken);
        assert.equal((await untilRelayIs(server, "up")).relay.reason, null);
    });

    await stopWell(server);
    await postfix.stop();
});
