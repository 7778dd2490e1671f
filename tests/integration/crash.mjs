// SPDX-License-Identifier: Apache-2.0
/**
 * The crash harness: kill -9 at random moments under load, again and again, and then the audit. One desk lives through
 * all of it, with API clients that never give up (crash_load.mjs) and a relay on a bad day (crash_sink.mjs); the books
 * are balanced at the end (crash_books.mjs). tools/crash is the long run, crash.test.mjs the short one.
 *
 *   KILLS=1000 SEED=7 TIDINGS_BIN=build/src/cmd/tidings node tests/integration/crash.mjs sqlite|postgresql
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { cleanUp, until } from "../support/api.mjs";
import { Dice, anySeed } from "../support/dice.mjs";
import { FAULTS, audit } from "./crash_books.mjs";
import { Load } from "./crash_load.mjs";
import { CONCURRENCY, LEASE_SECONDS, Site } from "./crash_site.mjs";
import { Day } from "./crash_sink.mjs";

/** At most so many mails does one crash repeat (docs/delivery.md). */
export const WINDOW = CONCURRENCY * 32;

const CLIENTS = 6;
const UP_MS = 400; // a process is killed up to so long after it was ready
const STARTING_MS = 60; // or, one time in ten, up to so long after it was started
const UNREAD_MS = 30; // one time in thirty the relay reads what was written so long before the kill
const READ_LATE_MS = 1300; // only so long after it
const DATABASE_AWAY_MS = 500;
const REPORT_EVERY = 25;

/** What happens, in an order of its own for each seed. */
function plan({ engine, kills, pauses, restarts }, dice) {
    const steps = [];
    for (let left = kills; left > 0; left -= steps.at(-1) === "kill, and kill the start" ? 2 : 1)
        if (left > 1 && dice.chance(0.1)) steps.push("kill, and kill the start");
        else steps.push(dice.chance(1 / 30) ? "kill unread" : "kill");
    if (engine !== "postgresql") return steps;
    steps.push(...Array(pauses).fill("pause"), ...Array(restarts).fill("restart"));
    return dice.shuffle(steps);
}

async function pause(node, ms) {
    node.stand();
    await sleep(ms);
    node.goOn();
}

/** As on a machine where the relay gets no time: it stands, and then reads what was written by one that is dead. */
async function killUnread(node, relay) {
    relay.stand();
    try {
        await sleep(UNREAD_MS);
        await node.kill();
        await sleep(READ_LATE_MS);
    } finally {
        relay.goOn();
    }
}

async function take(step, site, dice) {
    await sleep(dice.between(0, UP_MS));
    if (step === "restart") return site.restartDatabase(dice.between(0, DATABASE_AWAY_MS));
    if (step === "pause") return pause(dice.pick(site.senders), LEASE_SECONDS * 1000 + dice.between(100, 1500));
    const node = dice.pick(site.nodes);
    await (step === "kill unread" ? killUnread(node, site.relay) : node.kill());
    if (step === "kill, and kill the start") await node.startAndKill(dice.between(0, STARTING_MS));
    return node.start();
}

/** Runs `work(site, load)`, and whatever comes of it, nothing goes on afterwards. */
async function withSite(engine, dice, day, work) {
    const site = new Site(dice);
    const load = new Load({ dice, url: () => site.url, busy: () => site.busy, promises: site.promises });
    try {
        load.token = await site.open(engine, day);
        const result = await work(site, load);
        await site.close();
        return result;
    } finally {
        load.over = true;
        site.abandon();
    }
}

function checkHealth(site, load) {
    if (load.failure !== undefined) throw load.failure;
    if (site.failure !== undefined) throw site.failure;
}

/** `say(line)` hears of the progress, after some steps and at the end. */
async function takeAll(steps, site, load, dice, say) {
    const begun = performance.now();
    const tell = async () => {
        const { kept, repeated } = await site.relay.ask();
        const seconds = Math.round((performance.now() - begun) / 1000);
        const tickets = site.promises.length;
        say(`${seconds} s: ${site.killed} kills, ${tickets} tickets, ${kept} mails, ${repeated} of them repeats`);
    };
    for (const [i, step] of steps.entries()) {
        await take(step, site, dice);
        checkHealth(site, load);
        if ((i + 1) % REPORT_EVERY === 0) await tell();
    }
    await load.stop();
    await tell();
}

/**
 * One run. Returns the audit's counts and faults, with what was done. On PostgreSQL senders are also stopped past their
 * lease and continued (`pauses`), and the database restarts (`restarts`). `steps` are those of a plan made by hand.
 */
export async function crashRun({ engine, kills, pauses, restarts, steps, seed = anySeed(), say = () => {} }) {
    const begun = performance.now();
    const dice = new Dice(seed);
    const some = Math.ceil(kills / 20);
    const wanted = { engine, kills, pauses: pauses ?? some, restarts: restarts ?? some };
    say(`${engine}: ${kills} kills, seed ${seed}`);
    return withSite(engine, dice, Day.BAD, async (site, load) => {
        load.start(CLIENTS);
        await takeAll(steps ?? plan(wanted, dice), site, load, dice, say);
        await site.settle();
        const books = audit(await site.books());
        const relay = await site.relay.ask();
        const { killed, complaints } = site;
        const requests = { again: load.repeated, replayed: load.replayed };
        const seconds = Math.round((performance.now() - begun) / 1000);
        return { ...wanted, kills: killed, seed, seconds, requests, relay, complaints, ...books };
    });
}

/**
 * Both senders in turn are stopped under load, past their lease: the other one must bring every alert to its end while
 * the stopped one still stands. Then it goes on, with all it had in its hands. The relay is slow but well, so that
 * nothing else makes an alert uncertain. Returns the audit.
 */
export function stoppedSenders(seed = anySeed()) {
    return withSite("postgresql", new Dice(seed), Day.SLOW, async (site, load) => {
        for (const node of site.senders) {
            const { kept } = await site.relay.ask({ day: Day.SLOW });
            load.start(CLIENTS);
            await until("mails flow", async () => (await site.relay.ask()).kept > kept + 40);
            node.stand();
            await load.stop();
            await site.settle();
            node.goOn();
            load.start(CLIENTS);
            await sleep(UP_MS);
            await load.stop();
            await site.settle();
            checkHealth(site, load);
        }
        return { seed, ...audit(await site.books()) };
    });
}

// ---- for people ----

function number(value) {
    return value.toLocaleString("en");
}

/** The rows of the table in docs/delivery.md: a name and its numbers. */
function rows(result) {
    const { requests, relay } = result;
    const list = [
        ["`kill -9`", result.kills],
        ["tickets acknowledged", result.tickets],
        ["requests made again; of them done before the crash already", requests.again, requests.replayed],
        ["alerts", result.alerts],
        ["mails at the relay", result.mails],
        ["4xx from the relay", relay.deferred],
        ["connections that it dropped before the final dot; after it", relay.droppedBefore, relay.droppedAfter],
        ["alerts marked uncertain", result.uncertain],
        ["alerts whose mail arrived more than once", result.repeated],
        ["repeats caused by a crash; by so many of the crashes", result.byCrash, result.crashesThatRepeated],
        ["most repeats by one crash; promised at most", result.worstCrash, WINDOW],
        ["repeats caused by the relay, which took the mail and hung up", result.byRelay],
    ];
    if (result.engine === "postgresql") {
        list.splice(1, 0, ["senders stopped past their lease, and continued", result.pauses]);
        list.splice(2, 0, ["restarts of PostgreSQL (immediate)", result.restarts]);
        list.push(["repeats because a lease had ended", result.byLease]);
    }
    return [...list, ...Object.entries(FAULTS).map(([kind, name]) => [name, result.faults[kind]])];
}

/** Markdown, with what is wrong below it. */
export function describe(result) {
    const lines = rows(result).map(([name, ...values]) => `| ${name} | ${values.map(number).join("; ")} |`);
    return [`| | ${result.engine} |`, "|---|---|", ...lines, ...wrongs(result)].join("\n");
}

/** What must not be. */
export function wrongs(result) {
    const list = [...result.examples];
    if (result.worstCrash > WINDOW) list.push(`one crash repeated ${result.worstCrash} mails, more than ${WINDOW}`);
    if (result.engine === "sqlite") list.push(...result.complaints.slice(0, 5));
    if (result.engine === "sqlite" && result.byLease > 0)
        list.push(
            `${result.byLease} mails were repeated, and no crash explains it`,
            ...result.unexplained.map((repeat) => JSON.stringify(repeat)),
        );
    return list;
}

async function main([engine]) {
    if (engine !== "sqlite" && engine !== "postgresql") throw new Error("Say sqlite or postgresql");
    const kills = Number(process.env.KILLS ?? (engine === "sqlite" ? 1000 : 200));
    const seed = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
    const result = await crashRun({ engine, kills, seed, say: (line) => console.log(line) });
    console.log(`\n${result.seconds} s, seed ${result.seed}\n\n${describe(result)}`);
    if (wrongs(result).length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
    try {
        await main(process.argv.slice(2));
    } finally {
        await cleanUp();
    }
