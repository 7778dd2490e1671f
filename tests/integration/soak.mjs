// SPDX-License-Identifier: Apache-2.0
/**
 * The soak: a desk under a mixed load for as long as one likes, while everything around it fails at random, and then the
 * reconciliation of its ledger with what the relay has. Two things go on beside the clients: the weather, which is how
 * the relay is, and the blows, which hit processes, the database and the disk. In the last third no process is ended, so
 * that what it holds can be seen over a long life.
 *
 *   SECONDS=3600 SEED=7 RATE=5 TIDINGS_BIN=build/src/cmd/tidings node tests/integration/soak.mjs sqlite|postgresql
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { cleanUp } from "../support/api.mjs";
import { Dice, anySeed } from "../support/dice.mjs";
import { FAULTS } from "./crash_books.mjs";
import { LEASE_SECONDS } from "./crash_site.mjs";
import { Day } from "./crash_sink.mjs";
import { SOAK_FAULTS, soakAudit } from "./soak_books.mjs";
import { SoakLoad } from "./soak_load.mjs";
import { SoakSite } from "./soak_site.mjs";

const CLIENTS = 6;
const TELL_MS = 10_000;
const STEADY_FROM = 2 / 3; // of the time; from then on no process is ended
const GROWTH_KIB = 16 * 1024; // more, over the steady part, is called growing
const GROWTH_FDS = 16;
const FDS_MAX = 200;

/* Milliseconds of each; half of the time the weather is good. */
const WEATHER = {
    [Day.SLOW]: [2000, 10_000],
    [Day.HEAVY]: [2000, 10_000],
    [Day.BAD]: [5000, 20_000],
    [Day.AWAY]: [1000, 15_000],
    [Day.REFUSING]: [2000, 10_000],
    [Day.GREY]: [5000, 15_000],
};
const GOOD_MS = [2000, 15_000];
const STILL_MS = [500, 4000]; // the relay gets no time

class Soak {
    constructor({ engine, seconds, rate, seed, say }) {
        Object.assign(this, { engine, seconds, rate, seed, say });
        this.dice = new Dice(seed);
        this.happened = {};
        this.site = new SoakSite(this.dice, engine);
        const { site, dice } = this;
        this.load = new SoakLoad({ dice, rate, url: () => site.url, busy: () => site.busy, promises: site.promises });
    }

    get elapsed() {
        return (performance.now() - this.begun) / 1000;
    }

    get over() {
        return this.elapsed > this.seconds || this.failure !== undefined;
    }

    note(what) {
        this.happened[what] = (this.happened[what] ?? 0) + 1;
    }

    /** Sleeps, but not beyond the end. */
    async wait([least, most]) {
        for (let left = this.dice.between(least, most); left > 0 && !this.over; left -= 100) await sleep(Math.min(left, 100));
    }

    // ---- the weather ----

    async weather() {
        const days = Object.keys(WEATHER);
        while (!this.over) {
            const day = this.dice.pick([...days, "still"]);
            this.note(`relay: ${day}`);
            await (day === "still" ? this.stillRelay() : this.day(day));
            await this.site.relay.ask({ day: Day.GOOD });
            this.site.patient = false;
            await this.wait(GOOD_MS);
        }
    }

    async day(day) {
        this.site.patient = day === Day.AWAY;
        await this.site.relay.ask({ day });
        await this.wait(WEATHER[day]);
    }

    async stillRelay() {
        this.site.relay.stand();
        await this.wait(STILL_MS);
        this.site.relay.goOn();
    }

    // ---- the blows ----

    /** What may happen now, more likely the more often it is named. */
    get blows() {
        const postgresql = this.engine === "postgresql";
        const list = ["nothing"];
        if (this.elapsed < this.seconds * STEADY_FROM) list.push("kill", "kill", "kill", "kill twice", "stop", "stop");
        if (postgresql) list.push("restart", "backend", "pause");
        if (this.site.disk !== undefined) list.push("disk");
        return list;
    }

    async strike(blow) {
        const { site, dice } = this;
        this.note(BLOWS[blow]);
        const node = dice.pick(site.nodes);
        switch (blow) {
            case "restart":
                return site.restartDatabase(dice.between(0, 3000));
            case "backend":
                return site.killBackend();
            case "pause":
                return pause(dice.pick(site.senders), LEASE_SECONDS * 1000 + dice.between(100, 1500));
            case "disk":
                return site.fillDisk(dice.between(1000, 6000));
            case "stop":
                await node.stop();
                break;
            default:
                await node.kill();
                if (blow === "kill twice") await node.startAndKill(dice.between(0, 60));
        }
        return node.start();
    }

    async strikes() {
        const pause = Math.min(15_000, this.seconds * 100);
        while (!this.over) {
            await this.wait([pause / 10, pause]);
            const blow = this.dice.pick(this.blows);
            if (!this.over && blow !== "nothing") await this.strike(blow);
        }
    }

    // ---- the watch ----

    async watch() {
        while (!this.over) {
            await this.wait([TELL_MS, TELL_MS]);
            this.site.sample(this.elapsed);
            await this.tell();
            if (this.load.failure !== undefined) throw this.load.failure;
            if (this.site.failure !== undefined) throw this.site.failure;
        }
    }

    async tell() {
        const { kept, repeated } = this.site.relay.standing ? {} : await this.site.relay.ask();
        const queued = this.site.status?.messages.queued ?? "?";
        const last = this.site.samples.at(-1);
        const holds = last === undefined ? "" : `, ${last.name} ${Math.round(last.rss / 1024)} MiB, ${last.fds} descriptors`;
        this.say(
            `${Math.round(this.elapsed)} s: ${this.site.promises.length} tickets, ${kept ?? "?"} mails` +
                ` (${repeated ?? "?"} repeats), ${queued} queued, ${this.site.killed} processes ended${holds}`,
        );
    }

    // ---- the run ----

    async during(work) {
        try {
            await work.call(this);
        } catch (error) {
            this.failure ??= error;
        }
    }

    async run() {
        const { site, load } = this;
        try {
            load.token = await site.open(this.engine, Day.GOOD);
            Object.assign(load, { deskId: site.deskId, always: site.always });
            this.begun = performance.now();
            load.start(CLIENTS);
            await Promise.all([this.weather, this.strikes, this.watch].map((work) => this.during(work)));
            if (this.failure !== undefined) throw this.failure;
            return await this.settle();
        } finally {
            load.over = true;
            site.abandon();
        }
    }

    async settle() {
        const { site, load } = this;
        const seconds = Math.round(this.elapsed);
        this.say("the load ends; the desk comes to rest");
        await load.stop();
        await site.settle();
        site.sample(this.elapsed);
        const books = soakAudit(await site.books());
        const relay = await site.relay.ask();
        await site.close();
        const { happened, engine, seed } = this;
        const requests = { again: load.repeated, replayed: load.replayed };
        const { samples, complaints, noDisk } = site;
        return { engine, seed, seconds, happened, did: load.did, requests, relay, samples, complaints, noDisk, ...books };
    }
}

const BLOWS = {
    kill: "`kill -9`",
    "kill twice": "`kill -9`, and of what just starts",
    stop: "stopped (SIGTERM) and started",
    restart: "PostgreSQL shut down at once, and started",
    backend: "`kill -9` of one of PostgreSQL's processes",
    pause: "a sender stopped past its lease",
    disk: "disk full",
};

async function pause(node, ms) {
    node.stand();
    await sleep(ms);
    node.goOn();
}

export function soak({ engine, seconds, rate = 5, seed = anySeed(), say = () => {} }) {
    say(`${engine}: ${seconds} s, seed ${seed}`);
    return new Soak({ engine, seconds, rate, seed, say }).run();
}

// ---- what it held ----

/** Of each process's last life in which no process was ended: the first and the last sample. */
export function holdings({ samples }) {
    const last = new Map(samples.map((sample) => [sample.name, sample.life]));
    return [...last].map(([name, life]) => {
        const own = samples.filter((sample) => sample.name === name && sample.life === life);
        const all = samples.filter((sample) => sample.name === name);
        // The first minute is when caches and heaps fill.
        const settled = own.find((sample) => sample.at >= own[0].at + 60) ?? own[0];
        return { name, first: settled, last: own.at(-1), fdsMost: Math.max(...all.map((sample) => sample.fds)) };
    });
}

/** What must not be. */
export function wrongs(result) {
    const list = [...result.examples];
    for (const { name, first, last, fdsMost } of holdings(result)) {
        if (last.rss > first.rss + GROWTH_KIB) list.push(`${name} grew from ${first.rss} to ${last.rss} KiB`);
        if (last.fds > first.fds + GROWTH_FDS) list.push(`${name} went from ${first.fds} to ${last.fds} descriptors`);
        if (fdsMost > FDS_MAX) list.push(`${name} had ${fdsMost} descriptors open`);
    }
    if (result.engine === "sqlite" && result.byLease > 0)
        list.push(
            `${result.byLease} mails were repeated, and neither a crash nor the relay explains it`,
            ...result.unexplained.map((repeat) => JSON.stringify(repeat)),
        );
    list.push(...result.complaints.filter((line) => /critical|assert/i.test(line)).slice(0, 5));
    return list;
}

function number(value) {
    return value.toLocaleString("en");
}

function rows(result) {
    const { did, requests, relay, happened } = result;
    return [
        ["seconds under load", result.seconds],
        ...Object.entries(happened).sort(([a], [b]) => (a < b ? -1 : 1)),
        ["tickets", result.tickets],
        ["lists of recipients replaced; answers; mails brought", did.edits, did.answers, did.mails],
        ["requests made again; of them done before already", requests.again, requests.replayed],
        ["alerts; all that was to leave", result.alerts, result.outgoing],
        ["mails at the relay", result.mails],
        ["4xx and 5xx from the relay", relay.deferred, relay.refused],
        ["connections that it dropped before the final dot; after it", relay.droppedBefore, relay.droppedAfter],
        ["rejected; cancelled because the recipient was removed", result.rejected, result.cancelled],
        ["marked uncertain; arrived more than once", result.uncertain, result.repeated],
        ["repeats by a process's end; by the relay; by a lease", result.byCrash, result.byRelay, result.byLease],
        ["alerts shown again, and compared", result.shown],
        ["errors in the log", result.complaints.length],
        ...holdings(result).flatMap(({ name, first, last, fdsMost }) => [
            [`${name}: KiB resident a minute into its last life; at the end`, first.rss, last.rss],
            [`${name}: descriptors likewise; most ever`, first.fds, last.fds, fdsMost],
        ]),
        ...Object.entries({ ...FAULTS, ...SOAK_FAULTS }).map(([kind, name]) => [`**${name}**`, result.faults[kind]]),
    ];
}

/** Markdown, with what is wrong below it. */
export function describe(result) {
    const lines = rows(result).map(([name, ...values]) => `| ${name} | ${values.map(number).join("; ")} |`);
    return [`| | ${result.engine} |`, "|---|---|", ...lines, ...wrongs(result)].join("\n");
}

/** The errors of the log, the same ones together. */
function errors({ complaints }) {
    const counts = new Map();
    for (const line of complaints) {
        const text = line.replace(/^\S+ error /, "").replace(/\d+/g, "N");
        counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return [...counts].sort(([, a], [, b]) => b - a).slice(0, 10).map(([text, n]) => `${n} x ${text}`);
}

async function main([engine]) {
    if (engine !== "sqlite" && engine !== "postgresql") throw new Error("Say sqlite or postgresql");
    const { SECONDS: seconds = 3600, RATE: rate = 5, SEED: seed } = process.env;
    const options = { engine, seconds: Number(seconds), rate: Number(rate), seed: seed && Number(seed) };
    const result = await soak({ ...options, say: (line) => console.log(line) });
    console.log(`\nseed ${result.seed}\n\n${describe(result)}`);
    for (const line of errors(result)) console.log(line);
    if (result.noDisk !== false) console.log(`The disk was never full: ${result.noDisk}.`);
    if (wrongs(result).length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
    try {
        await main(process.argv.slice(2));
    } finally {
        await cleanUp();
    }
