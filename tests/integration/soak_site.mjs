// SPDX-License-Identifier: Apache-2.0
/**
 * The desk of the soak: the crash harness's (crash_site.mjs), on a disk that can be filled up where the machine allows
 * it, with the Email Connector on, watched for what it holds of the machine, and with its tables read beside the API.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { call } from "../support/api.mjs";
import { SmallDisk, smallDiskMissing } from "../support/small_disk.mjs";
import { everything } from "./common.mjs";
import { Site } from "./crash_site.mjs";
import { SUPPORT } from "./soak_load.mjs";

const PAGE = 1500; // rows of one query
const SHOWN = 200; // alerts whose bytes are compared
const PATIENCE_MS = 300_000; // copies that were deferred are tried again by themselves

/* Prints an array of objects. */
const SQLITE_ROWS = `
import json, sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
db.row_factory = sqlite3.Row
print(json.dumps([dict(row) for row in db.execute(sys.argv[2])]))`;

const OUTGOING = "SELECT id, kind, ref, recipient, order_key, order_seq, state, state_reason, uncertain FROM outbox";
const COPIES = `SELECT c.id, c.ticket, c.message, c.recipient FROM message_copy c
    JOIN ticket_message m ON m.id = c.message WHERE m.incoming = 0 AND m.kind = 'answer' AND c.to_employee = 0`;
const INBOX = "SELECT id, message_id, ticket FROM inbound_mail";

export class SoakSite extends Site {
    constructor(dice, engine) {
        const why = engine === "sqlite" ? smallDiskMissing() : "only a desk on SQLite has its data in its folder";
        const disk = why === false ? new SmallDisk("4g") : undefined;
        super(dice, { place: disk?.folder });
        Object.assign(this, { disk, noDisk: why, samples: [] });
        this.standstillMs = PATIENCE_MS;
    }

    async setUp() {
        await super.setUp();
        const { server } = this.front;
        await server.ask("PUT", "/api/v1/options/email-connector", { enabled: true, address: SUPPORT });
        const [alert] = (await server.ask("GET", "/api/v1/alerts?limit=1")).items;
        this.deskId = /@(.*)\.tidings$/.exec(alert.message_id)[1];
    }

    // ---- what the processes hold ----

    /** Of each process that lives: {name, life, age: seconds, rss: KiB, fds, threads}. */
    sample(now) {
        for (const node of this.nodes) {
            const pid = node.server?.pid;
            if (pid === undefined) continue;
            try {
                const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
                const value = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)[1]);
                const fds = fs.readdirSync(`/proc/${pid}/fd`).length;
                const life = node.lives.length;
                this.samples.push({ at: now, name: node.name, life, rss: value("VmRSS"), fds, threads: value("Threads") });
            } catch {
                // It died in between.
            }
        }
    }

    // ---- its tables ----

    query(sql) {
        if (this.cluster !== undefined) {
            const text = `SELECT coalesce(json_agg(t), '[]') FROM (${sql}) t`;
            return JSON.parse(this.cluster.sql(text, "desk1"));
        }
        const file = path.join(this.desk.folder, "tidings.sqlite");
        const options = { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 };
        return JSON.parse(execFileSync("python3", ["-c", SQLITE_ROWS, file, sql], options));
    }

    /** All rows of a query that has the column `id`. */
    rows(sql) {
        const rows = [];
        for (let page, after = 0; page?.length !== 0; after = page.at(-1)?.id) {
            page = this.query(`SELECT * FROM (${sql}) q WHERE id > ${after} ORDER BY id LIMIT ${PAGE}`);
            rows.push(...page);
        }
        return rows;
    }

    messageId({ kind, ref }) {
        return `${kind === "auto_response" ? "message" : kind}.${ref}@${this.deskId}.tidings`;
    }

    outgoing() {
        return this.rows(OUTGOING).map((row) => ({
            id: row.id,
            kind: row.kind,
            ticket: row.order_key === "" ? undefined : row.order_key,
            event: row.order_seq,
            recipient: row.recipient,
            state: row.state,
            reason: row.state_reason,
            uncertain: row.uncertain !== 0,
            messageId: this.messageId(row),
        }));
    }

    // ---- the end ----

    /** Copies have no "retry all": what of them waits for its next try is sent at once, one by one. */
    async hurryCopies() {
        const waiting = `SELECT o.id, c.ticket, o.ref FROM outbox o JOIN message_copy c ON c.id = o.ref
            WHERE o.kind IN ('message', 'auto_response') AND o.state IN ('deferred', 'uncertain')`;
        for (const { ticket, ref } of this.rows(waiting))
            await this.call("POST", `/api/v1/tickets/${ticket}/copies/${ref}/retry`);
    }

    async allFinal() {
        await this.hurryCopies();
        if (!(await super.allFinal())) return false;
        const { messages } = await this.front.server.ask("GET", "/api/v1/alerts-server");
        return ["held", "queued", "sending", "deferred", "uncertain"].every((state) => messages[state] === 0);
    }

    /** What the desk shows of some accepted alerts, as the relay would have it: without the last line end. */
    async shown(alerts) {
        const accepted = this.dice.shuffle(alerts.filter((alert) => alert.state === "accepted")).slice(0, SHOWN);
        const shown = [];
        for (const { id, messageId } of accepted) {
            const { text } = await call(this.url, "GET", `/api/v1/alerts/${id}/message`, undefined, { token: this.desk.token });
            const hash = createHash("sha256").update(text.replace(/\r\n$/, ""), "latin1").digest("hex");
            shown.push({ messageId, hash });
        }
        return shown;
    }

    async books() {
        const books = await super.books();
        const copies = this.rows(COPIES);
        const inbox = this.rows(INBOX).map((row) => ({ messageId: row.message_id, ticket: row.ticket }));
        return { ...books, outgoing: this.outgoing(), copies, inbox, shown: await this.shown(books.alerts) };
    }

    // ---- what happens to it ----

    /** The disk is full for so long. */
    async fillDisk(ms) {
        this.disk.fill();
        await sleep(ms);
        this.disk.makeRoom();
    }

    /** One of the database's processes dies, and takes all its connections with it. */
    async killBackend() {
        const pids = this.query("SELECT pid AS id FROM pg_stat_activity WHERE datname = 'desk1' AND pid <> pg_backend_pid()");
        if (pids.length === 0) return;
        process.kill(this.dice.pick(pids).id, "SIGKILL");
        await sleep(200);
        await this.cluster.waitUntilReady();
    }

    abandon() {
        super.abandon();
        this.disk?.close();
    }
}
