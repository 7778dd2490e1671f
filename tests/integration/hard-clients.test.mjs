// SPDX-License-Identifier: Apache-2.0
/** Clients that take what they can hold, by intent or not: others are served all the same. */
import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { once } from "node:events";
import * as net from "node:net";
import { after, test } from "node:test";

import { cleanUp, initDesk, until } from "../support/api.mjs";
import { smtpOn, stopWell, untilAllFinal } from "./common.mjs";
import { Sink } from "./sink.mjs";

after(cleanUp);

const RECIPIENTS = 2; // of a ticket: the contact, and the account's contact on every ticket
const WHOLE = "GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n";

async function serve(t) {
    const sink = await new Sink().open();
    const desk = await initDesk();
    const server = await desk.serve();
    await server.ask("PUT", "/api/v1/options/alerts-to-customers", { brake: { enabled: false } });
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port));
    const sockets = [];
    t.after(async () => {
        for (const socket of sockets) socket.destroy();
        await sink.close();
        await stopWell(server);
    });
    return { server, sink, connect: () => connect(server, sockets) };
}

async function connect(server, sockets) {
    const socket = net.connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.on("error", () => {});
    sockets.push(socket);
    await once(socket, "connect");
    return socket;
}

/** One who comes anew: on a connection of its own. */
function openTicket(server, title) {
    return server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title }, { agent: null });
}

const descriptors = (server) => fs.readdirSync(`/proc/${server.pid}/fd`).length;

/** What clients do that hold a connection. */
const HOLD = [
    // It was answered, and stays.
    async (socket) => {
        socket.write(WHOLE);
        await once(socket, "data");
    },
    // It never ends its headers.
    (socket) => socket.write("GET /healthz HTTP/1.1\r\nHost: desk\r\nX-"),
    // It never ends its body.
    (socket) => socket.write("POST /api/v1/tickets HTTP/1.1\r\nHost: desk\r\nContent-Length: 1000\r\n\r\n{"),
];

test("1,000 connections that are held, and others are served", async (t) => {
    const { server, sink, connect } = await serve(t);
    const sockets = [];
    for (let i = 0; i < 1000; i++) sockets.push(await connect());
    await Promise.all(sockets.map((socket, i) => HOLD[i % HOLD.length](socket)));
    for (let i = 0; i < 5; i++) await openTicket(server, `ticket ${i}`);
    await untilAllFinal(server);
    assert.equal(sink.mails.length, 5 * RECIPIENTS);
    assert.ok(sockets.every((socket) => !socket.closed), "so many are no crowd yet");
});

/** Lets the server have so many descriptors more than it has. */
function limitDescriptors(server, more) {
    const limit = more === undefined ? 4096 : descriptors(server) + more;
    execFileSync("prlimit", ["--pid", String(server.pid), `--nofile=${limit}:4096`]);
}

test("out of descriptors: newcomers and mail wait, and it costs nothing", async (t) => {
    const { server, sink, connect } = await serve(t);
    await server.ask("GET", "/api/v1/tickets");
    limitDescriptors(server, 4);
    const sockets = [];
    for (let i = 0; i < 50; i++) sockets.push(await connect());
    const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "on a connection that is there" });
    const shown = await until("the relay is down, and all waits", async () => {
        const status = await server.ask("GET", "/api/v1/alerts-server");
        return status.relay.state === "down" && status.messages.queued === RECIPIENTS && status;
    });
    assert.match(shown.relay.reason, /Too many open files/);
    const before = processorMs(server);
    assert.equal((await server.ask("GET", `/api/v1/tickets/${number}`)).number, number);
    for (let i = 0; i < 20; i++) await server.ask("GET", "/healthz");
    t.diagnostic(`${processorMs(server) - before} ms of the processor for 21 requests`);
    for (const socket of sockets) socket.destroy();
    await openTicket(server, "on a new one");
    await untilAllFinal(server);
    assert.equal(sink.mails.length, 2 * RECIPIENTS);
});

function processorMs(server) {
    const [, , ...fields] = fs.readFileSync(`/proc/${server.pid}/stat`, "utf8").replace(/.*\)/, "x x").split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
}
