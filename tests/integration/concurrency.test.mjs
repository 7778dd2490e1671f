// SPDX-License-Identifier: Apache-2.0
/**
 * Thirty-two API clients and a command in a process of its own write one desk at the same time, on both engines: every
 * one of them succeeds, and the desk's books hold exactly what they wrote.
 */
import * as assert from "node:assert/strict";
import * as http from "node:http";
import { after, test } from "node:test";

import { Postgres, cleanUp, findPostgres, initDesk } from "../support/api.mjs";
import { everything, smtpOn, stopWell, untilAllFinal } from "./common.mjs";
import { Sink } from "./sink.mjs";

after(cleanUp);

const CLIENTS = 32;
const TICKETS = 20;
const COMMANDS = 8;
const RECIPIENTS = 2; // the contact, and the account's contact on every ticket

/** One API client with one connection that it keeps. */
async function client(server, name) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const numbers = [];
    for (let i = 0; i < TICKETS; i++) {
        const title = `${name} ${i}`;
        const answer = await server.call("POST", "/api/v1/tickets", { account: 1, contact: 1, title }, { agent });
        assert.equal(answer.status, 201, answer.text);
        assert.equal(answer.body.title, title);
        numbers.push(answer.body.number);
    }
    agent.destroy();
    return numbers;
}

/** `tidings ticket close`, again and again, each a process of its own. */
async function closeByCommand(desk, numbers) {
    for (const number of numbers) {
        const { code, stdout, stderr } = await desk.run(["ticket", "close", String(number), "--resolution", "done"]);
        assert.equal(code, 0, stdout + stderr);
    }
}

async function openSome(server, count) {
    const numbers = [];
    for (let i = 0; i < count; i++)
        numbers.push((await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: `first ${i}` })).number);
    return numbers;
}

async function allAtOnce(database) {
    const desk = await initDesk({ database });
    const server = await desk.serve();
    const sink = await new Sink().open();
    after(() => sink.close());
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port));
    const first = await openSome(server, COMMANDS);
    const clients = Array.from({ length: CLIENTS }, (_, i) => client(server, `client ${i}`));
    const [opened] = await Promise.all([Promise.all(clients), closeByCommand(desk, first)]);
    const numbers = opened.flat();
    assert.equal(new Set([...first, ...numbers]).size, CLIENTS * TICKETS + COMMANDS, "every ticket has its own number");

    const tickets = await everything(server, "/api/v1/tickets");
    assert.equal(tickets.length, CLIENTS * TICKETS + COMMANDS);
    for (const ticket of tickets) assert.equal(ticket.status, first.includes(ticket.number) ? 1000 : 100);
    const alerts = await untilAllFinal(server);
    assert.equal(alerts.length, (tickets.length + COMMANDS) * RECIPIENTS);
    for (const alert of alerts) assert.equal(alert.state, "accepted", JSON.stringify(alert));
    const told = sink.mails.map((mail) => mail.messageId);
    assert.deepEqual(new Set(told), new Set(alerts.map((alert) => alert.message_id)));
    assert.equal(told.length, alerts.length, "nobody is told twice");
    assert.deepEqual(server.complaints, []);
    await stopWell(server);
}

test("32 clients and a command write one desk on SQLite", async () => {
    await allAtOnce(undefined);
});

const missing = findPostgres() === undefined && "PostgreSQL is not installed";
test("32 clients and a command write one desk on PostgreSQL", { skip: missing }, async () => {
    const cluster = await Postgres.start();
    await allAtOnce(cluster.createDatabase());
});

test("commands that write an unserved desk at the same time take their turns", async () => {
    const desk = await initDesk();
    const opening = ["ticket", "open", "--account", "1", "--contact", "1", "--title", "at once"];
    const opened = await Promise.all(Array.from({ length: 6 }, () => desk.runJson(opening)));
    assert.deepEqual(opened.map((ticket) => ticket.number).sort(), [1, 2, 3, 4, 5, 6]);
    const server = await desk.serve();
    await untilAllFinal(server);
    await stopWell(server);
});
