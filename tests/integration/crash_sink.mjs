// SPDX-License-Identifier: Apache-2.0
/**
 * The relay of the crash harness: a process of its own, so that it keeps what it took whatever happens to the desk. It
 * listens on several ports (a desk that is told to use another one tries at once, however the last one behaved), writes
 * down each mail before it answers for it, and behaves like a relay on a bad day: slow replies, 4xx at every stage, and
 * connections that it drops before or after the final dot, with the mail kept or not. At some ports it greets late, has
 * no time, or is not there. On other days it is away, refuses some mails for good, or defers whom it does not know yet.
 *
 *   crash_sink.mjs FILE SEED    with an IPC channel to its parent, and ends with it
 *
 * The file has a line for each mail that it keeps and for the begin (before it greets) and the end of each connection,
 * fields separated by tabs, times as uptimeMs() has them:
 *
 *   begin  milliseconds  connection
 *   mail   milliseconds  connection  what came of it  recipient  Message-ID  hash of the bytes
 *   refuse milliseconds  connection  Message-ID, of what is answered with 5xx
 *   end    milliseconds  connection  who: sink | peer
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { Dice } from "../support/dice.mjs";
import { uptimeMs } from "../support/uptime.mjs";
import { Session, Silence, freePort } from "./sink.mjs";

/**
 * How the relay is: every mail taken at once; every mail taken, but slowly, or very slowly; all that MOODS and PORTS
 * have; no connection is kept; one mail of twenty is answered with 554; the first mail to each recipient with 451.
 */
export const Day = {
    GOOD: "good",
    SLOW: "slow",
    HEAVY: "heavy",
    BAD: "bad",
    AWAY: "away",
    REFUSING: "refusing",
    GREY: "grey",
};

/** What each port is like; the desk goes round. */
const PORTS = ["open", "open", "open", "late", "open", "open", "open", "busy", "open", "open", "open", "absent"];
const LATE_MS = [50, 400];

/** How many of 1,000 mails fare how; all others are answered with 250 at once. */
const MOODS = [
    { of1000: 150, slow: [1, 30] }, // milliseconds from the final dot to its answer
    { of1000: 10, slow: [100, 400] },
    { of1000: 4, defer: "RCPT" },
    { of1000: 4, defer: "DATA" },
    { of1000: 4, defer: "dot" },
    { of1000: 1, drop: "before the dot" },
    { of1000: 4, drop: "after the dot", kept: true },
    { of1000: 4, drop: "after the dot", kept: false },
];
const WELL = {};
const BY_DAY = { [Day.SLOW]: { slow: [20, 60] }, [Day.HEAVY]: { slow: [1000, 3000] } };
const REFUSE_OF = 20;

class MoodySession extends Session {
    constructor(sink, socket, port) {
        const number = ++sink.connections;
        sink.write("begin", number);
        super(sink, socket, port);
        this.number = number;
        socket.on("close", () => {
            sink.write("end", this.number, this.dropped ? "sink" : "peer");
        });
    }

    greet() {
        if (this.sink.day === Day.AWAY) return this.hangUp("droppedBefore");
        if (this.sink.day !== Day.BAD || this.port === "open") return super.greet();
        if (this.port === "late") return setTimeout(() => super.greet(), this.sink.dice.between(...LATE_MS));
        this.say("421 4.3.2 No time now");
        return this.hangUp("droppedBefore");
    }

    command(line) {
        const verb = line.slice(0, 4).toUpperCase();
        if (this.sink.day === Day.AWAY) return this.hangUp("droppedBefore");
        if (verb === "RCPT" && this.sink.defersStranger(line)) return this.defer();
        if (verb === "MAIL") this.mood = this.sink.mood();
        if (verb === "RCPT" && this.mood.defer === "RCPT") return this.defer();
        if (verb === "DATA") {
            if (this.to.length === 0) return this.say("554 5.5.1 No valid recipients");
            if (this.mood.defer === "DATA") return this.defer();
            if (this.mood.drop === "before the dot") return this.hangUp("droppedBefore");
        }
        return super.command(line);
    }

    end(part) {
        if (this.mood.slow === undefined) return this.answer(part);
        this.paused = true;
        setTimeout(() => {
            this.paused = false;
            this.answer(part);
            this.pump();
        }, this.sink.dice.between(...this.mood.slow));
    }

    answer(part) {
        if (this.sink.day === Day.AWAY) return this.hangUp("droppedAfter");
        if (this.sink.day === Day.REFUSING && this.sink.dice.chance(1 / REFUSE_OF)) return this.refuse(this.take(part));
        if (this.mood.drop === undefined && this.mood.defer !== "dot") return super.end(part);
        const message = this.take(part);
        if (this.mood.drop === undefined) return this.defer();
        if (this.mood.kept) this.sink.keep(this, message, "dropped");
        return this.hangUp("droppedAfter");
    }

    keep(message) {
        this.sink.keep(this, message, "answered");
    }

    defer() {
        this.sink.did.deferred += 1;
        this.say("451 4.3.0 Come back later");
    }

    refuse(message) {
        this.sink.did.refused += 1;
        this.sink.write("refuse", this.number, idOf(message));
        this.say("554 5.7.1 Not from you");
    }

    /** What was answered before still arrives; what comes after is not read. `what` it counts as. */
    hangUp(what) {
        this.sink.did[what] += 1;
        this.dropped = true;
        this.paused = true;
        this.socket.end();
        this.socket.removeAllListeners("data").resume();
    }
}

function idOf(message) {
    return /^message-id:\s*<(.*?)>/im.exec(message.slice(0, message.indexOf("\r\n\r\n")))?.[1] ?? "";
}

class MoodySink {
    constructor(file, seed) {
        this.file = fs.openSync(file, "a");
        this.dice = new Dice(seed);
        this.silence = Silence.NEVER;
        this.talks = 0;
        this.day = Day.GOOD;
        this.connections = 0; // ever
        this.kept = 0;
        this.seen = new Set();
        this.known = new Set(); // recipients, on this grey day
        this.did = { deferred: 0, refused: 0, droppedBefore: 0, droppedAfter: 0 };
    }

    mood() {
        if (this.day !== Day.BAD) return BY_DAY[this.day] ?? WELL;
        let left = this.dice.between(0, 999);
        return MOODS.find((mood) => (left -= mood.of1000) < 0) ?? WELL;
    }

    defersStranger(line) {
        const known = this.known.has(line);
        this.known.add(line);
        return this.day === Day.GREY && !known;
    }

    write(...fields) {
        fs.writeSync(this.file, `${[fields[0], uptimeMs(), ...fields.slice(1)].join("\t")}\n`);
    }

    keep(session, message, outcome) {
        const id = idOf(message);
        const hash = createHash("sha256").update(message, "latin1").digest("hex");
        this.kept += 1;
        this.seen.add(id);
        this.write("mail", session.number, outcome, session.to.join(","), id, hash);
    }

    async listen(port) {
        if (port === "absent") return freePort();
        const server = net.createServer({ noDelay: true }, (socket) => {
            new MoodySession(this, socket, port);
        });
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        return server.address().port;
    }

    get counts() {
        return { kept: this.kept, repeated: this.kept - this.seen.size, ...this.did };
    }
}

async function main([file, seed]) {
    const sink = new MoodySink(file, Number(seed));
    const ports = [];
    for (const port of PORTS) ports.push(await sink.listen(port));
    process.on("message", ({ day }) => {
        if (day !== undefined) sink.known.clear();
        sink.day = day ?? sink.day;
        process.send(sink.counts);
    });
    process.on("disconnect", () => process.exit(0));
    process.send({ ports });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
