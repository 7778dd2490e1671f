// SPDX-License-Identifier: Apache-2.0
/**
 * kill -9 between "ticket committed" and "mail sent", at ten moments. One desk lives through all of them. After each
 * crash it is served again with a relay that works, and then the books must agree:
 *
 *   - every ticket that was answered with 201 is there, and every ticket that is there has its alerts;
 *   - every alert's mail arrived; what arrived twice has the same Message-ID, is the same mail byte for byte, and is
 *     marked `uncertain` in the ledger; and no crash repeats more mails than docs/delivery.md promises;
 *   - no mail arrived that the ledger does not know, and no "closed" arrived before its "opened".
 */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { cleanUp, initDesk, until } from "../support/api.mjs";
import { everything, smtpOn, stopWell, untilAllFinal } from "./common.mjs";
import { Silence, Sink } from "./sink.mjs";

after(cleanUp);

const CONCURRENCY = 3;
const WINDOW = CONCURRENCY * 4; // DELIVERY_IN_FLIGHT in src/delivery/delivery.h
const CLIENTS = 6;
const SOME = 8; // tickets of the rounds without load

/** What stands when the server is killed: how the relay behaves, and the moment. */
const ROUNDS = [
    { relay: Silence.AT_CONNECT, when: "one ticket is open", moment: ({ opened }) => opened >= 1 },
    { relay: Silence.AFTER_DOT, when: "the relay has a mail", moment: ({ arrived }) => arrived >= 1 },
    { relay: Silence.AFTER_DOT, when: "every connection waits", moment: ({ arrived }) => arrived >= CONCURRENCY },
    { relay: Silence.AT_MAIL, when: "an envelope was begun", moment: ({ talks }) => talks >= 1 },
    { relay: Silence.AT_DATA, when: "mails wait for DATA", moment: ({ talks }) => talks >= CONCURRENCY },
    { relay: "absent", when: "no relay is there", moment: ({ opened }) => opened >= SOME },
    { relay: Silence.NEVER, load: true, when: "the first mail arrived", moment: ({ arrived }) => arrived >= 1 },
    { relay: Silence.NEVER, load: true, when: "mails and tickets flow", moment: ({ arrived }) => arrived >= 25 },
    { relay: Silence.NEVER, load: true, when: "tickets are closed, too", moment: ({ closed }) => closed >= 10 },
    { relay: Silence.AFTER_DOT, load: true, when: "tickets flow, the relay is stuck", moment: ({ opened }) => opened >= 40 },
];

/** Opens tickets, and closes every other one, until `state.over` or the server is gone. */
async function client(server, state) {
    try {
        while (!state.over && state.begun < state.most) {
            state.begun += 1;
            const { status, body } = await server.call("POST", "/api/v1/tickets", {
                account: 1,
                contact: 1,
                title: `ticket ${state.begun}`,
                recipients: [{ email: `somebody${state.begun % 7}@other.example` }],
            });
            assert.equal(status, 201);
            state.numbers.push(body.number);
            state.opened += 1;
            if (body.number % 2 === 0) continue;
            const answer = await server.call("PATCH", `/api/v1/tickets/${body.number}`, { status: "Completed" });
            assert.equal(answer.status, 200);
            state.closings.push(body.number);
            state.closed += 1;
        }
    } catch (error) {
        // The server is gone in the middle of a call; anything else is a failure of the test.
        if (!state.over || error instanceof assert.AssertionError) throw error;
    }
}

async function crash(desk, sink, round) {
    const before = sink.mails.length;
    if (round.relay === "absent") await sink.close();
    else sink.silence = round.relay;
    const talksBefore = sink.talks;
    const server = await desk.serve();
    const state = { over: false, begun: 0, opened: 0, closed: 0, numbers: [], closings: [] };
    state.most = round.load ? Infinity : SOME;
    const clients = Array.from({ length: round.load ? CLIENTS : 1 }, () => client(server, state));
    const working = Promise.all(clients);
    const moment = () => round.moment({ ...state, arrived: sink.mails.length - before, talks: sink.talks - talksBefore });
    await Promise.race([until(round.when, moment, { every: 1 }), working.then(() => until(round.when, moment, { every: 1 }))]);
    state.over = true;
    await server.kill();
    await working;
    sink.silence = Silence.NEVER;
    if (round.relay === "absent") await sink.open();
    else sink.hangUp();
    return state;
}

/** How often each mail arrived: Message-ID to [mail]. */
function byMessageId(mails) {
    const found = new Map();
    for (const mail of mails) found.set(mail.messageId, [...(found.get(mail.messageId) ?? []), mail]);
    return found;
}

async function checkTickets(server, state) {
    for (const number of state.numbers) {
        const ticket = await server.ask("GET", `/api/v1/tickets/${number}`);
        if (state.closings.includes(number)) assert.equal(ticket.status, 1000);
    }
    for (const ticket of await everything(server, "/api/v1/tickets")) {
        const alerts = await server.ask("GET", `/api/v1/tickets/${ticket.number}/alerts`);
        const events = ticket.status === 1000 ? 2 : 1;
        assert.equal(alerts.items.length, 3 * events, `ticket #${ticket.number}: ${JSON.stringify(alerts.items)}`);
    }
}

function checkMails(alerts, mails) {
    const arrived = byMessageId(mails);
    let repeated = 0;
    for (const alert of alerts) {
        assert.equal(alert.state, "accepted", JSON.stringify(alert));
        const copies = arrived.get(alert.message_id) ?? [];
        assert.ok(copies.length >= 1, `lost: ${JSON.stringify(alert)}`);
        assert.ok(copies.length === 1 || alert.uncertain, `sent twice and does not say so: ${JSON.stringify(alert)}`);
        for (const copy of copies) {
            assert.deepEqual(copy.to, [alert.recipient]);
            assert.equal(copy.hash, copies[0].hash, `the repeat of ${alert.message_id} is another mail`);
        }
        repeated += copies.length - 1;
        arrived.delete(alert.message_id);
    }
    assert.deepEqual([...arrived.keys()], [], "mails that no alert knows");
    return repeated;
}

function checkOrder(alerts, mails) {
    const first = new Map();
    mails.forEach((mail, index) => first.has(mail.messageId) || first.set(mail.messageId, index));
    const opened = new Map();
    for (const alert of alerts)
        if (alert.kind === "new_ticket") opened.set(`${alert.ticket} ${alert.recipient}`, first.get(alert.message_id));
    for (const alert of alerts)
        if (alert.kind === "ticket_closed")
            assert.ok(opened.get(`${alert.ticket} ${alert.recipient}`) < first.get(alert.message_id), alert.message_id);
}

test("kill -9 loses nothing, and what is sent twice says so", async (t) => {
    const sink = await new Sink().open();
    after(() => sink.close());
    const desk = await initDesk();
    const server = await desk.serve();
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port, { concurrency: CONCURRENCY }));
    await stopWell(server);
    let repeatedBefore = 0;
    for (const round of ROUNDS)
        await t.test(`killed when ${round.when} (relay silent ${round.relay})`, async (t) => {
            const state = await crash(desk, sink, round);
            const server = await desk.serve();
            const alerts = await untilAllFinal(server);
            await checkTickets(server, state);
            const repeated = checkMails(alerts, sink.mails);
            checkOrder(alerts, sink.mails);
            assert.ok(repeated - repeatedBefore <= WINDOW, `${repeated - repeatedBefore} mails were repeated`);
            t.diagnostic(`${state.opened} tickets opened, ${state.closed} closed, ${repeated - repeatedBefore} mails sent twice`);
            repeatedBefore = repeated;
            await stopWell(server);
        });
    assert.ok(repeatedBefore > 0, "no crash hit the window: this test shows nothing");
    assert.equal(new Set(sink.mails.map((mail) => mail.from)).size, 1);
});
