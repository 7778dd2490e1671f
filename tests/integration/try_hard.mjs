// SPDX-License-Identifier: Apache-2.0
/**
 * What tools/try-hard runs: trials that take minutes, or measure, and so are no tests. Each prints what it saw and ends
 * with an error where something was lost or nobody was served; docs/reliability.md has the figures.
 */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { cleanUp, initDesk, scratchFolder, until } from "../support/api.mjs";
import { smtpOn, untilAllFinal } from "./common.mjs";
import { Session, Sink } from "./sink.mjs";

const say = (text) => console.log(text);

function mustBe(condition, text) {
    if (condition) return;
    process.exitCode = 1;
    say(`WRONG: ${text}`);
}

function memoryMiB(server) {
    const status = fs.readFileSync(`/proc/${server.pid}/status`, "utf8");
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 102.4) / 10;
}

async function deskWith(sink) {
    const desk = await initDesk();
    const server = await desk.serve();
    await server.ask("PUT", "/api/v1/options/alerts-to-customers", { brake: { enabled: false } });
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port));
    return { desk, server };
}

const ANEW = { agent: null }; // on a connection of its own

const opening = (title, more) => ({ account: 1, contact: 1, title, ...more });

/** The middle one and the slowest but one of a hundred. */
function spread(times) {
    const sorted = [...times].sort((a, b) => a - b);
    const at = (share) => Math.round(sorted[Math.floor(sorted.length * share)] * 10) / 10;
    return { median: at(0.5), slow: at(0.99) };
}

// ---- garbage ----

const GARBAGE = [
    "GET / HTTP/1.1\r\n\r\n", // no host
    "\u0000\u0001\u0002\u0003\r\n\r\n",
    "GET /api/v1/tickets?%zz HTTP/1.1\r\nHost: desk\r\n\r\n",
    "POST /api/v1/tickets HTTP/1.1\r\nHost: desk\r\nContent-Length: 8\r\nAuthorization: Bearer td_x\r\n\r\n{\"a\": [[",
    "BREW /coffee HTCPCP/1.0\r\n\r\n",
    "POST /api/v1/tickets HTTP/1.1\r\nHost: desk\r\nContent-Length: -1\r\n\r\n",
    "GET /api/v1/tickets HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: zip\r\nContent-Length: 3\r\n\r\nabc",
    `GET /${"x".repeat(40_000)} HTTP/1.1\r\nHost: desk\r\n\r\n`,
];
const FLOOD_CONNECTIONS = 64;

/** Sends garbage as fast as it is answered, or the connection ends, on many connections. */
class Flood {
    constructor(server) {
        this.port = Number(new URL(server.url).port);
        this.sent = 0;
        this.next = 0;
        this.sockets = new Set();
        for (let i = 0; i < FLOOD_CONNECTIONS; i++) this.connect();
    }

    connect() {
        if (this.over) return;
        const socket = net.connect(this.port, "127.0.0.1");
        const send = () => {
            if (socket.destroyed) return;
            this.sent += 1;
            socket.write(GARBAGE[(this.next += 1) % GARBAGE.length]);
        };
        this.sockets.add(socket);
        socket.on("error", () => {});
        socket.on("connect", send);
        socket.on("data", send);
        socket.on("close", () => {
            this.sockets.delete(socket);
            this.connect();
        });
    }

    stop() {
        this.over = true;
        for (const socket of this.sockets) socket.destroy();
    }
}

/* What can be read as HTTP and is garbage all the same: it leaves the connection open, so many more of it come a second. */
const WRK_SCRIPT = `
local all
init = function() all = {
  wrk.format("GET", "/nothing/here"), wrk.format("DELETE", "/api/v1/tickets"), wrk.format("GET", "/api/v1/tickets?%zz"),
  wrk.format("GET", "/api/v1/tickets", { Authorization = "Bearer td_nobody" }),
  wrk.format("POST", "/api/v1/tickets", { ["Content-Type"] = "application/json" }, "{[[[["),
  wrk.format("GET", "/../../etc/passwd"), wrk.format("PUT", "/api/v1/options/alerts-server", {}, string.rep("x", 2000)),
} end
local n = 0
request = function() n = n + 1; return all[n % #all + 1] end`;

/** Starts wrk for so many seconds; a promise of its requests a second. */
function startWrk(server, seconds) {
    const script = path.join(scratchFolder(), "garbage.lua");
    fs.writeFileSync(script, WRK_SCRIPT);
    const child = spawn("wrk", ["-t1", "-c64", `-d${seconds}`, "-s", script, server.url], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    return once(child, "close").then(() => Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0));
}

/** Ordinary clients for so many seconds: their times, and how many were not served. */
async function ordinary(server, seconds) {
    const end = performance.now() + seconds * 1000;
    const result = { times: [], failed: 0 };
    const client = async (i) => {
        for (let n = 0; performance.now() < end; n++) {
            const begun = performance.now();
            const calling = n % 4 === 0
                ? server.call("POST", "/api/v1/tickets", opening(`client ${i}, ${n}`, { notify: false }), ANEW)
                : server.call("GET", "/api/v1/accounts", undefined, ANEW);
            const answer = await calling.catch(() => undefined);
            if (answer !== undefined && answer.status < 300) result.times.push(performance.now() - begun);
            else result.failed += 1;
            await sleep(20);
        }
    };
    await Promise.all(Array.from({ length: 4 }, (_, i) => client(i)));
    return result;
}

/** One round; with the flood, bytes that are no HTTP come from a process of their own, and the rest from wrk. */
async function garbageRound(server, seconds, flooding) {
    const flood = flooding ? fork(fileURLToPath(import.meta.url), ["flood", server.url]) : undefined;
    let sent = 0;
    flood?.on("message", (n) => (sent = n));
    const wrk = flooding ? startWrk(server, seconds) : 0;
    const { times, failed } = await ordinary(server, seconds);
    const rate = Math.round((await wrk) + sent / seconds);
    flood?.kill();
    return { ...spread(times), served: times.length, failed, rate, memory: memoryMiB(server) };
}

async function garbage() {
    const sink = await new Sink().open();
    const { server } = await deskWith(sink);
    const seconds = Number(process.env.SECONDS ?? 20);
    say("| | garbage/s | ordinary requests served | not served | median ms | 99 of 100 within ms | server MiB |");
    say("|---|---|---|---|---|---|---|");
    const rounds = [];
    for (let i = 0; i < 6; i++) {
        const round = await garbageRound(server, seconds, i % 2 === 1);
        const { rate, served, failed, median, slow, memory } = round;
        say(`| ${i % 2 === 1 ? "flood" : "calm"} | ${rate} | ${served} | ${failed} | ${median} | ${slow} | ${memory} |`);
        rounds.push(round);
    }
    const ratio = (key) => Math.round((rounds[1][key] + rounds[3][key] + rounds[5][key]) / (rounds[0][key] + rounds[2][key] + rounds[4][key]) * 10) / 10;
    say(`under the flood the median is ${ratio("median")} times, the slowest of 100 ${ratio("slow")} times as long as in the calm`);
    mustBe(rounds.every(({ failed }) => failed === 0), "ordinary clients were not served");
    mustBe(rounds[5].memory < rounds[1].memory + 16, "memory grows");
    await server.stop();
    await sink.close();
}

async function floodOf(url) {
    const flood = new Flood({ url });
    process.on("disconnect", () => process.exit(0));
    for (;;) {
        await sleep(100);
        process.send(flood.sent);
    }
}

// ---- a relay that takes one mail a minute ----

/** Answers for each mail a minute later. */
class Slow extends Session {
    end(part) {
        this.paused = true;
        setTimeout(() => {
            this.paused = false;
            super.end(part);
            this.pump();
        }, this.sink.everyMs);
    }
}

class SlowSink extends Sink {
    constructor(everyMs) {
        super();
        this.everyMs = everyMs;
    }

    async open() {
        await super.open();
        this.server.removeAllListeners("connection");
        this.server.on("connection", (socket) => {
            this.sessions.set(socket, new Slow(this, socket));
            socket.on("close", () => this.sessions.delete(socket));
        });
        return this;
    }
}

const BACKLOG = 500; // tickets of one account
const SUPPORT = "support@desk.example";
const MAIL = ["From: juergen@mueller-soehne.example", `To: ${SUPPORT}`, "Subject: Help", "Message-ID: <1@mueller-soehne.example>", "", "Please."];

/** At which place the first mail arrived that is as wanted; 0: none yet. */
function placeOf(sink, from, wanted) {
    return sink.mails.slice(from).findIndex(wanted) + 1;
}

/** With one connection, so that "one mail a minute" is what it is. */
async function slowRelay() {
    const minutes = Number(process.env.SECONDS ?? 600) / 60;
    const sink = await new SlowSink(60_000).open();
    const { server } = await deskWith(sink);
    await server.ask("PUT", "/api/v1/options/alerts-server", { concurrency: 1 });
    await server.ask("PUT", "/api/v1/options/email-connector", { enabled: true, address: SUPPORT, auto_response: { enabled: true } });
    for (let i = 0; i < BACKLOG; i++) await server.ask("POST", "/api/v1/tickets", opening(`ticket ${i}`));
    const first = memoryMiB(server);
    await until("the first mail was taken", () => sink.mails.length > 0, { limit: 120_000 });
    const from = sink.mails.length;
    await server.ask("POST", "/api/v1/tickets", { account: 2, title: "of another account", recipients: [{ email: "other@mueller-soehne.example" }] }, ANEW);
    await server.ask("POST", "/api/v1/inbox", MAIL.join("\r\n"), { ...ANEW, headers: { "Content-Type": "message/rfc822" } });
    for (let minute = 1; minute <= minutes; minute++) {
        await sleep(60_000);
        const { relay, messages, oldest_waiting: oldest } = await server.ask("GET", "/api/v1/alerts-server", undefined, ANEW);
        const ready = await server.call("GET", "/readyz", undefined, ANEW);
        const begun = performance.now();
        await server.ask("POST", "/api/v1/tickets", opening(`in minute ${minute}`), ANEW);
        const took = Math.round(performance.now() - begun);
        say(`${minute} min: relay ${relay.state}, ${messages.accepted} accepted, ${messages.queued} queued, ${messages.sending} sending, oldest` +
            ` ${oldest}, ready ${ready.status}, a ticket opened in ${took} ms, ${memoryMiB(server)} MiB`);
    }
    const urgent = placeOf(sink, from, ({ messageId }) => messageId.startsWith("message."));
    const other = placeOf(sink, from, ({ to }) => to[0] === "other@mueller-soehne.example");
    say(`behind ${BACKLOG * 2} mails of another account: the answer to a customer's mail left at place ${urgent}, the other account's alert at ${other}`);
    mustBe(urgent > 0 && other > 0, "what should go ahead waits");
    mustBe(memoryMiB(server) < first + 16, `memory grew from ${first} to ${memoryMiB(server)} MiB`);
    mustBe(new Set(sink.mails.map((mail) => mail.messageId)).size === sink.mails.length, "a mail came twice");
    await server.stop();
    await sink.close();
}

// ---- readers that do not read, and the log that is written ahead ----

async function slowReaders() {
    const sink = await new Sink().open();
    const { desk, server } = await deskWith(sink);
    const { number } = await server.ask("POST", "/api/v1/tickets", opening("large", { description: "x".repeat(1024 * 1024), notify: false }));
    const ask = `GET /api/v1/tickets/${number} HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer ${desk.token}\r\n\r\n`;
    const before = await ordinary(server, 5);
    const sockets = [];
    for (let i = 0; i < 400; i++) {
        const socket = net.connect(Number(new URL(server.url).port), "127.0.0.1").pause();
        socket.on("error", () => {});
        socket.write(ask);
        sockets.push(socket);
        // Making so much is work like any other, and done in turn: here it is over before what is measured begins.
        if (i % 50 === 49) await server.ask("GET", "/api/v1/accounts", undefined, { ...ANEW, limit: 300_000 });
    }
    const during = await ordinary(server, 20);
    say(`400 answers of 1 MiB that nobody reads: ordinary clients ${JSON.stringify({ before: spread(before.times), during: spread(during.times) })} ms,` +
        ` ${during.failed} not served, ${memoryMiB(server)} MiB`);
    mustBe(during.failed === 0, "ordinary clients were not served");
    for (const socket of sockets) socket.destroy();
    await sleep(1000);
    say(`afterwards ${memoryMiB(server)} MiB`);
    await server.stop();
    await sink.close();
}

async function log() {
    const sink = await new Sink().open();
    const { desk, server } = await deskWith(sink);
    const file = path.join(desk.folder, "tidings.sqlite-wal");
    let most = 0;
    for (let i = 0; i < 200; i++) {
        await server.ask("POST", "/api/v1/tickets", opening(`ticket ${i}`, { description: "x".repeat(1024 * 1024), notify: false }));
        most = Math.max(most, fs.statSync(file).size);
    }
    await untilAllFinal(server);
    say(`200 MiB written; the log was at most ${Math.round(most / 1024 / 1024)} MiB`);
    mustBe(most <= 64 * 1024 * 1024, "the log grew beyond 64 MiB");
    await server.stop();
    await sink.close();
}

const TRIALS = { garbage, "slow-relay": slowRelay, "slow-readers": slowReaders, log };

const [name, ...more] = process.argv.slice(2);
if (name === "flood") await floodOf(...more);
else if (TRIALS[name] === undefined) throw new Error(`Say one of: ${Object.keys(TRIALS).join(", ")}`);
else
    try {
        await TRIALS[name]();
    } finally {
        await cleanUp();
    }
