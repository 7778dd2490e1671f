// SPDX-License-Identifier: Apache-2.0
/**
 * What the crashes happen to: a desk with its serving processes (one on SQLite; on PostgreSQL one for the web and two
 * that send), the relay, and a keeper who does what an administrator would do meanwhile: ask for another port when the
 * relay is down, and send at once what was deferred.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Postgres, SLOW, initDesk, scratchFolder } from "../support/api.mjs";
import { uptimeMs } from "../support/uptime.mjs";
import { everything, smtpOn } from "./common.mjs";
import { readMails } from "./crash_books.mjs";
import { orNothing } from "./crash_load.mjs";
import { Day } from "./crash_sink.mjs";

export const CONCURRENCY = 4;
export const LEASE_SECONDS = 2;
const BACKLOG = 300; // messages; while more wait, the clients pause
const LOOK_MS = 100;
const STANDSTILL_MS = 40_000 * SLOW; // so long without any progress is a failure, however busy the machine is
const WAITING = ["held", "queued", "sending", "deferred", "uncertain"];

/** The sink's process (crash_sink.mjs). */
class Relay {
    static async open(seed) {
        const relay = new Relay();
        relay.file = path.join(scratchFolder(), "mails");
        const program = fileURLToPath(new URL("crash_sink.mjs", import.meta.url));
        relay.child = fork(program, [relay.file, String(seed)]);
        const [{ ports }] = await once(relay.child, "message");
        relay.ports = ports;
        return relay;
    }

    /** Gives it another day, or not; returns what it did: {kept, repeated, deferred, droppedBefore, droppedAfter}. */
    async ask(change = {}) {
        const answered = once(this.child, "message");
        this.child.send(change);
        return (await answered)[0];
    }

    /** What it was given until now; see readMails(). */
    read() {
        return readMails(fs.readFileSync(this.file, "utf8"));
    }

    /** Gets no time, until goOn(). */
    stand() {
        this.child.kill("SIGSTOP");
    }

    goOn() {
        this.child.kill("SIGCONT");
    }

    close() {
        if (this.child.connected) this.child.disconnect();
    }
}

/** One serving process, which dies and is started again. */
export class Node {
    constructor(desk, name, args) {
        Object.assign(this, { desk, name, args });
        this.lives = []; // see crash_books.mjs
        this.complaints = []; // the errors in its logs
    }

    get sends() {
        return this.name !== "web";
    }

    get url() {
        return this.server?.url;
    }

    beginLife() {
        this.lives.push({ name: this.name, from: uptimeMs(), killed: Infinity, dead: Infinity });
    }

    async start() {
        this.beginLife();
        this.server = await this.desk.serve({ args: this.args });
    }

    /** Kills it, or what is just starting. That it is alive until then is part of what is tested. */
    async kill(program = this.server.program) {
        this.server = undefined;
        if (program.exited) throw new Error(`${this.name} ended by itself:\n${program.stderr}`);
        const life = this.lives.at(-1);
        life.killed = uptimeMs();
        await program.kill();
        this.bury(program);
    }

    bury(program) {
        this.lives.at(-1).dead = uptimeMs();
        this.complaints.push(...program.stderr.split("\n").filter((line) => /^\S+ error /.test(line)));
    }

    /** Asks it to stop (SIGTERM), which must end well. */
    async stop() {
        const { program } = this.server;
        if (program.exited) throw new Error(`${this.name} ended by itself:\n${program.stderr}`);
        this.lives.at(-1).killed = uptimeMs();
        const ended = await this.server.stop();
        this.server = undefined;
        if (ended.code !== 0) throw new Error(`${this.name} did not stop well:\n${program.stderr}`);
        this.bury(program);
    }

    /** What starts may die before it is ready. */
    async startAndKill(afterMs) {
        this.beginLife();
        const program = this.desk.launch({ args: this.args });
        await sleep(afterMs);
        await this.kill(program);
    }

    get kills() {
        return this.lives.filter((life) => life.killed < Infinity).length;
    }

    /** Stands still, as on a machine that is moved or swaps; until goOn(). */
    stand() {
        this.server.program.signal("SIGSTOP");
    }

    goOn() {
        this.server.program.signal("SIGCONT");
    }
}

export class Site {
    /** `place`: where the desk's folder is made, if not in a scratch folder. */
    constructor(dice, { place } = {}) {
        this.dice = dice;
        this.place = place;
        this.promises = []; // see crash_load.mjs
        this.standstillMs = STANDSTILL_MS;
        this.patient = false; // the keeper leaves a relay that is down alone
    }

    /** Returns a token of the API. */
    async open(engine, day) {
        this.relay = await Relay.open(this.dice.seed());
        if (engine === "postgresql") this.cluster = await Postgres.start();
        this.desk = await initDesk({ database: this.cluster?.createDatabase(), place: this.place });
        if (this.cluster === undefined) this.nodes = [new Node(this.desk, "server", [])];
        else this.split();
        [this.front] = this.nodes;
        for (const node of this.nodes) await node.start();
        await this.setUp();
        await this.relay.ask({ day });
        this.keeping = this.keep();
        this.keeping.catch((error) => (this.failure = error));
        return this.desk.token;
    }

    split() {
        fs.appendFileSync(path.join(this.desk.folder, "tidings.conf"), `lease_seconds = ${LEASE_SECONDS}\n`);
        this.nodes = [
            new Node(this.desk, "web", ["--roles", "web"]),
            new Node(this.desk, "sender 1", ["--roles", "alerts"]),
            new Node(this.desk, "sender 2", ["--roles", "alerts"]),
        ];
    }

    get url() {
        return this.front?.url;
    }

    get killed() {
        return this.nodes.reduce((sum, node) => sum + node.kills, 0);
    }

    get complaints() {
        return this.nodes.flatMap((node) => node.complaints);
    }

    get senders() {
        return this.nodes.filter((node) => node.sends);
    }

    /** While all is well. The first ticket shows who is told of every ticket. */
    async setUp() {
        const { server } = this.front;
        // So many customers in so short a time: that is what the brake is for.
        await server.ask("PUT", "/api/v1/options/alerts-to-customers", { brake: { enabled: false } });
        const options = smtpOn(this.relay.ports[0], { concurrency: CONCURRENCY });
        await server.ask("PUT", "/api/v1/options/alerts-server", options);
        const { number, title, status } = await server.ask("POST", "/api/v1/tickets", {
            account: 1,
            contact: 1,
            title: "Who is told?",
        });
        this.promises.push({ number, title, status, told: [{ kind: "new_ticket", recipients: [] }] });
        const alerts = await everything(server, `/api/v1/tickets/${number}/alerts`);
        this.always = alerts.map((alert) => alert.recipient);
    }

    // ---- what happens to it ----

    async restartDatabase(pauseMs) {
        await this.cluster.crash();
        await sleep(pauseMs);
        this.cluster.serve();
        await this.cluster.waitUntilReady();
    }

    // ---- the keeper ----

    async keep() {
        let port = 0;
        for (; !this.closed; await sleep(LOOK_MS)) {
            const status = await this.call("GET", "/api/v1/alerts-server");
            if (status === undefined) continue;
            this.status = status;
            if (status.relay.state !== "up" && !this.patient) {
                port = (port + 1) % this.relay.ports.length;
                await this.call("PUT", "/api/v1/options/alerts-server", { port: this.relay.ports[port] });
            }
            if (status.messages.deferred > 0 && (this.calm || this.dice.chance(0.1)))
                await this.call("POST", "/api/v1/alerts/retry", { state: "deferred" });
        }
    }

    /** What is answered well, or undefined. */
    async call(method, target, body) {
        const { server } = this.front;
        if (server === undefined) return undefined;
        const answer = await orNothing(server.call(method, target, body));
        return answer !== undefined && answer.status < 300 ? answer.body : undefined;
    }

    /** Whether so much waits that the clients should pause. */
    get busy() {
        return (this.status?.messages.queued ?? 0) > BACKLOG;
    }

    // ---- the end ----

    /** The relay behaves; until every alert is final. */
    async settle() {
        await this.relay.ask({ day: Day.GOOD });
        this.calm = true;
        let least = Infinity;
        let since = performance.now();
        this.patient = false;
        for (; !(await this.allFinal()); await sleep(200)) {
            if (this.failure !== undefined) throw this.failure;
            const left = WAITING.reduce((sum, state) => sum + this.status.messages[state], 0);
            if (left < least) [least, since] = [left, performance.now()];
            else if (performance.now() - since > this.standstillMs) throw new Error(`Nothing moves:\n${this.activity()}`);
        }
        this.calm = false;
    }

    /** For whoever has to find out why. */
    activity() {
        const status = JSON.stringify(this.status);
        const sql = "SELECT pid, state, wait_event_type, pg_blocking_pids(pid), left(query, 120) FROM pg_stat_activity";
        return `${status}\n${this.cluster?.sql(`${sql} WHERE datname IS NOT NULL AND state <> 'idle'`) ?? ""}`;
    }

    async allFinal() {
        const { server } = this.front;
        // What the relay left in doubt would be sent again after a minute.
        await server.ask("POST", "/api/v1/alerts/retry", { state: "uncertain" });
        for (const state of WAITING)
            if ((await server.ask("GET", `/api/v1/alerts?state=${state}&limit=1`)).items.length > 0) return false;
        return true;
    }

    /** What the audit needs of it. */
    async books() {
        const { server } = this.front;
        const tickets = await everything(server, "/api/v1/tickets?limit=200", ({ number, title, status }) => ({
            number,
            title,
            status,
        }));
        const alerts = await everything(server, "/api/v1/alerts?limit=200", (alert) => ({
            id: alert.id,
            ticket: alert.ticket,
            event: alert.event,
            kind: alert.kind,
            recipient: alert.recipient,
            decision: alert.decision,
            state: alert.state,
            uncertain: alert.uncertain,
            messageId: alert.message_id,
        }));
        const lives = this.senders.flatMap((node) => node.lives).sort((a, b) => a.dead - b.dead);
        const { promises, always } = this;
        return { promises, always, tickets, alerts, ...this.relay.read(), lives };
    }

    async close() {
        this.closed = true;
        await this.keeping;
        for (const node of [...this.nodes].reverse()) {
            await node.stop();
        }
        await this.cluster?.stop();
    }

    /** After close(), and after a failure: nothing of it goes on. What was started with api.mjs ends with cleanUp(). */
    abandon() {
        this.closed = true;
        this.relay?.close();
    }
}
