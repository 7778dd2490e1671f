// SPDX-License-Identifier: Apache-2.0
/**
 * The machine's clock jumps under a serving desk: back a day, ahead a year. What waits leaves once and not before its
 * time has come by some clock, what was decided keeps its order, and who is signed in by a token stays so.
 */
import * as assert from "node:assert/strict";
import * as events from "node:events";
import * as net from "node:net";
import { after, test } from "node:test";

import { cleanUp, initDesk } from "../support/api.mjs";
import { HOUR, MINUTE, MovedClock } from "../support/clock.mjs";
import { alertsOf, isAccepted, smtpOn, stopWell, untilAlertsOf, untilAllFinal } from "./common.mjs";
import { Sink } from "./sink.mjs";

after(cleanUp);

const DAY = 24 * HOUR;

test("the clock jumps", async (t) => {
    const clock = new MovedClock();
    const sink = await new Sink().open();
    after(() => sink.close());
    const desk = await initDesk();
    const server = await desk.serve({ env: clock.env });
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port));
    const open = (title) => server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title });
    const sent = async (number) => untilAlertsOf(server, number, "all were sent", isAccepted);
    const once = () => assert.equal(new Set(sink.mails.map((mail) => mail.messageId)).size, sink.mails.length, "none twice");

    const before = await open("before");
    await sent(before.number);

    for (const [name, ms] of [["back a day", -DAY], ["ahead a year", 365 * DAY], ["back a year and an hour", -365 * DAY - HOUR], ["ahead an hour", HOUR]])
        await t.test(name, async () => {
            clock.advance(ms);
            const ticket = await open(name);
            await server.ask("PATCH", `/api/v1/tickets/${ticket.number}`, { status: "Completed" });
            const alerts = await sent(ticket.number);
            assert.equal(alerts.length, 4);
            const arrived = alerts.map((alert) => sink.mails.findIndex((mail) => mail.messageId === alert.message_id));
            assert.deepEqual(arrived.slice(0, 2).map((at, i) => at < arrived[i + 2]), [true, true], "opened before closed");
            assert.equal((await server.call("GET", "/readyz")).status, 200);
            once();
        });
    await untilAllFinal(server);
    await stopWell(server);
});

/** A relay that has no time for any recipient. */
async function deferring() {
    const answers = { EHLO: "250 away.example", RCPT: "451 4.3.2 Later", DATA: "554 5.5.1 No valid recipients" };
    const server = net.createServer((socket) => {
        socket.on("error", () => {});
        socket.write("220 away.example\r\n");
        socket.on("data", (data) => {
            for (const line of data.toString().split("\r\n").slice(0, -1)) socket.write(`${answers[line.slice(0, 4)] ?? "250 Ok"}\r\n`);
        });
    });
    server.listen(0, "127.0.0.1");
    await events.once(server, "listening");
    return server;
}

test("what was deferred waits for its time by the new clock, and leaves once", async (t) => {
    const clock = new MovedClock();
    const sink = await new Sink().open();
    const away = await deferring();
    after(() => Promise.all([sink.close(), new Promise((resolve) => away.close(resolve))]));
    const desk = await initDesk();
    const server = await desk.serve({ env: clock.env });
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(away.address().port));
    const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "deferred" });
    const isDeferred = ({ state }) => state === "deferred";
    await untilAlertsOf(server, number, "both are deferred", isDeferred);
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port));

    clock.advance(-DAY);
    const later = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "later" });
    await untilAlertsOf(server, later.number, "another ticket's were sent", isAccepted);
    assert.ok((await alertsOf(server, number)).every(isDeferred), "not before their time");

    clock.advance(DAY + 2 * MINUTE);
    await untilAlertsOf(server, number, "they were sent", isAccepted);
    assert.equal(sink.mails.length, 4);
    await stopWell(server);
});
