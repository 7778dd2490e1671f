// SPDX-License-Identifier: Apache-2.0
/** Backup, restore and move by the command line: under load, killed, on a full disk. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as crypto from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import * as api from "../support/api.mjs";

const EXIT = { ok: 0, usage: 2, missing: 4, conflict: 5, unavailable: 7 };
const needsPostgres = { skip: api.findPostgres() === undefined && "PostgreSQL is not installed" };
let cluster;

after(api.cleanUp);

async function database() {
    cluster ??= await api.Postgres.start();
    return cluster.createDatabase();
}

/** Opens and closes tickets until told to stop; returns how many were acknowledged. */
function load(server, clients = 4) {
    const state = { running: true, opened: 0 };
    const client = async () => {
        while (state.running) {
            const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "load" });
            state.opened += 1;
            if (number % 2 === 0) await server.ask("PATCH", `/api/v1/tickets/${number}`, { status: "Completed" });
        }
    };
    state.done = Promise.all(Array.from({ length: clients }, client));
    state.stop = async () => {
        state.running = false;
        await state.done;
    };
    return state;
}

function backup(desk, file, args = []) {
    return desk.runJson(["backup", file, ...args]);
}

function restore(folder, file, args = []) {
    return api.tidingsJson(["restore", "--desk", folder, file, ...args]);
}

function newFolder() {
    return path.join(api.scratchFolder(), "restored");
}

async function deskIn(folder, original) {
    return new api.Desk(folder, original);
}

/** Every ticket has its events, every event of an alert its decisions, every decision to send its message. */
async function assertOneMoment(desk) {
    const tickets = (await desk.runJson(["ticket", "list", "--limit", "100000"])).items;
    const alerts = (await desk.runJson(["alerts", "list", "--limit", "100000"])).items;
    const byTicket = new Map();
    for (const alert of alerts) {
        const key = `${alert.ticket} ${alert.kind}`;
        byTicket.set(key, (byTicket.get(key) ?? 0) + 1);
    }
    for (const ticket of tickets) {
        assert.equal(byTicket.get(`${ticket.number} new_ticket`), 2, `ticket ${ticket.number}`);
        const closed = ticket.closed !== undefined && ticket.closed !== null;
        assert.equal(byTicket.get(`${ticket.number} ticket_closed`), closed ? 2 : undefined, `ticket ${ticket.number}`);
    }
    return tickets.length;
}

async function backupUnderLoad(desk, restoreArgs) {
    const server = await desk.serve();
    const work = load(server);
    await api.until("some tickets", () => work.opened >= 20);
    const before = work.opened;
    const file = path.join(api.scratchFolder(), "desk.backup");
    const made = await backup(desk, file);
    const later = work.opened;
    await api.until("the desk went on", () => work.opened > later);
    await work.stop();
    assert.deepEqual(server.complaints, []);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(fs.existsSync(`${file}.part`), false);
    const folder = newFolder();
    const restored = await restore(folder, file, restoreArgs);
    assert.equal(restored.checksum, made.checksum);
    assert.equal(restored.rows, made.rows);
    const count = await assertOneMoment(await deskIn(folder, desk));
    assert.ok(count >= before && count <= later + 8, `${before} <= ${count} <= ${later}`);
    await server.stop();
    return { file, folder };
}

test("a backup under load is one moment of an SQLite desk", async () => {
    const desk = await api.initDesk();
    const { file, folder } = await backupUnderLoad(desk, []);
    const seen = await api.tidingsJson(["backup", "--verify", file]);
    assert.equal(seen.engine, "sqlite");
    const last = JSON.parse(fs.readFileSync(path.join(desk.folder, "last-backup.json"), "utf8"));
    assert.equal(last.checksum, seen.checksum);
    // It can be checked without Tidings.
    const all = fs.readFileSync(file);
    const { stdout } = spawnSync("b2sum", ["-l", "256"], { input: all.subarray(0, -32), encoding: "utf8" });
    assert.equal(stdout.split(" ")[0], seen.checksum);
    assert.equal(fs.statSync(path.join(folder, "tidings.sqlite")).mode & 0o777, 0o600);
    assert.deepEqual(fs.readdirSync(folder).filter((name) => name.includes("restor")), []);
});

test("the same from PostgreSQL, onto PostgreSQL and back to SQLite", needsPostgres, async () => {
    const desk = await api.initDesk({ database: await database() });
    const { file } = await backupUnderLoad(desk, ["--database", await database()]);
    await restore(newFolder(), file, ["--as-it-was"]);
});

test("a restored desk is quiet until it is told to go on", async () => {
    const desk = await api.initDesk();
    await desk.runJson(["ticket", "open", "--account", "1", "--contact", "1", "--title", "waits"]);
    await desk.runJson(["options", "set", "alerts-server", "uncertain=repeat"]);
    const file = path.join(api.scratchFolder(), "b");
    await backup(desk, file);
    const folder = newFolder();
    const restored = await restore(folder, file);
    assert.equal(restored.held, 2);
    const copy = await deskIn(folder, desk);
    const server = await copy.serve();
    const options = await server.ask("GET", "/api/v1/options/alerts-server");
    assert.equal(options.active, false);
    assert.equal(options.uncertain, "ask");
    const held = (await copy.runJson(["alerts", "list", "--state", "held"])).items;
    assert.equal(held.length, 2);
    const audit = await server.ask("GET", "/api/v1/audit");
    assert.deepEqual([audit.items[0].action, audit.items[0].target], ["RESTORE", `/backup/${restored.checksum}`]);
    assert.deepEqual(api.readMaildir(path.join(folder, "Maildir")), []);
    await copy.runJson(["options", "test", "--to", "you@example.com"]);
    await copy.runJson(["options", "set", "alerts-server", "active=true"]);
    await copy.run(["alerts", "release", "--held"]);
    await api.until("released mail leaves", async () => {
        const { items } = await copy.runJson(["alerts", "list", "--state", "accepted"]);
        return items.length === 2;
    });
    await server.stop();
});

test("as it was: what waits leaves by itself", async () => {
    const desk = await api.initDesk();
    await desk.runJson(["ticket", "open", "--account", "1", "--contact", "1", "--title", "waits"]);
    const file = path.join(api.scratchFolder(), "b");
    await backup(desk, file);
    const folder = newFolder();
    await restore(folder, file, ["--as-it-was"]);
    const copy = await deskIn(folder, desk);
    const server = await copy.serve();
    await api.untilMails(path.join(folder, "Maildir"), 2);
    await server.stop();
});

test("what is there is not written over, and nothing half is left", async () => {
    const desk = await api.initDesk();
    const folder = api.scratchFolder();
    const file = path.join(folder, "b");
    await backup(desk, file);
    const again = await desk.run(["backup", file]);
    assert.equal(again.code, EXIT.conflict);
    assert.match(again.stderr, /there already.*--force/);
    await backup(desk, file, ["--force"]);
    assert.deepEqual(fs.readdirSync(folder), ["b"]);
    const onto = await api.tidings(["restore", "--desk", desk.folder, file]);
    assert.equal(onto.code, EXIT.conflict);
    const missing = await api.tidings(["restore", "--desk", newFolder(), path.join(folder, "none")]);
    assert.equal(missing.code, EXIT.missing);
    const where = await api.tidings(["restore", file], { env: { TIDINGS_DESK: desk.folder } });
    assert.equal(where.code, EXIT.usage);
    const bytes = fs.readFileSync(file);
    bytes[bytes.length >> 1] ^= 1;
    fs.writeFileSync(file, bytes);
    const target = newFolder();
    const damaged = await api.tidings(["restore", "--desk", target, file]);
    assert.notEqual(damaged.code, EXIT.ok);
    assert.match(damaged.stderr, /damaged/);
    assert.equal(fs.existsSync(target), false);
});

test("through a pipe, and a full disk", async () => {
    const desk = await api.initDesk();
    const folder = api.scratchFolder();
    const file = path.join(folder, "b");
    const shell = (line) =>
        spawnSync("bash", ["-c", line], {
            env: { ...process.env, T: process.env.TIDINGS_BIN, TIDINGS_DESK: desk.folder, F: file },
            encoding: "utf8",
        });
    const pipe = shell('"$T" backup - | cat > "$F" && "$T" backup --verify "$F" && rm "$F"');
    assert.equal(pipe.status, 0, pipe.stderr);
    assert.match(pipe.stderr, /Standard output: \d+ records/);
    const description = crypto.randomBytes(300_000).toString("base64");
    const server = await desk.serve();
    await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "large", description });
    await server.stop();
    const full = shell('ulimit -f 200; "$T" backup "$F"');
    assert.equal(full.status, EXIT.unavailable, full.stderr);
    assert.match(full.stderr, /cannot be written: .*there is no backup/);
    const closed = shell('"$T" backup - 2>"$F" | true; echo ${PIPESTATUS[0]}');
    assert.match(closed.stdout, /^[07]\n$/); // small enough to be gone before anybody looks
    assert.deepEqual(fs.readdirSync(folder), ["b"]);
});

/** Starts a command and kills it after a while; true when it had not ended yet. */
async function killed(args, ms) {
    const child = spawn(process.env.TIDINGS_BIN, args, { stdio: "ignore" });
    const closed = once(child, "close");
    const timer = setTimeout(() => child.kill("SIGKILL"), ms);
    const [, signal] = await closed;
    clearTimeout(timer);
    return signal === "SIGKILL";
}

/** Kills the command at growing times until it is no more in time; calls `check` after each. */
async function killAtGrowingTimes(args, check) {
    let kills = 0;
    for (let ms = 4; kills < 8; ms *= 1.9) {
        if (!(await killed(args, ms))) break;
        kills += 1;
        await check();
    }
    return kills;
}

test("killed in the middle, and run again: restore", async () => {
    const desk = await api.initDesk();
    const file = path.join(api.scratchFolder(), "b");
    const made = await backup(desk, file);
    const target = newFolder();
    const kills = await killAtGrowingTimes(["restore", "--desk", target, file], async () => {
        const { code } = await api.tidings(["ticket", "list", "--desk", target]);
        // No desk yet, or one that is there whole.
        assert.ok([EXIT.missing, EXIT.conflict, EXIT.ok].includes(code), `code ${code}`);
    });
    const again = await api.tidings(["restore", "--desk", target, file, "--json"]);
    assert.ok(again.code === EXIT.ok || again.code === EXIT.conflict, again.stderr);
    assert.ok(kills > 0);
    const copy = await deskIn(target, desk);
    assert.equal((await copy.runJson(["ticket", "list"])).items.length, 0);
    assert.ok(made.rows > 0);
});

test("killed in the middle: backup", async () => {
    const desk = await api.initDesk();
    const folder = api.scratchFolder();
    const file = path.join(folder, "b");
    await killAtGrowingTimes(["backup", "--desk", desk.folder, "--force", file], async () => {
        // There is none, or a whole one.
        if (fs.existsSync(file)) assert.equal((await api.tidings(["backup", "--verify", file])).code, EXIT.ok);
    });
    await backup(desk, file, ["--force"]);
    assert.deepEqual(fs.readdirSync(folder), ["b"]);
});

test("a move to PostgreSQL goes on where it was, also after being killed", needsPostgres, async () => {
    const desk = await api.initDesk();
    for (let i = 0; i < 5; i += 1)
        await desk.runJson(["ticket", "open", "--account", "1", "--contact", "1", "--title", `t${i}`]);
    const url = await database();
    const args = ["move", "--desk", desk.folder, "--database", url];
    const server = await desk.serve({ roles: "web" }).catch(() => desk.serve());
    const busy = await api.tidings(args);
    assert.notEqual(busy.code, EXIT.ok);
    assert.match(busy.stderr, /Stop `tidings serve` first/);
    await server.stop();
    const file = path.join(desk.folder, "tidings.sqlite");
    await killAtGrowingTimes(args, async () => {
        // Either the desk is where it was, or it says what to do.
        const { code, stderr } = await desk.run(["ticket", "list"]);
        assert.ok(code === EXIT.ok || /unfinished|run the same command again/.test(stderr), stderr);
    });
    if (fs.existsSync(file)) await api.tidingsJson(args);
    else assert.ok([EXIT.ok, EXIT.conflict].includes((await api.tidings(args)).code));
    assert.match(fs.readFileSync(path.join(desk.folder, "tidings.conf"), "utf8"), /^database = postgresql:/m);
    assert.equal(fs.existsSync(file), false);
    assert.ok(fs.existsSync(`${file}.moved-to-postgresql`));
    assert.equal((await desk.runJson(["ticket", "list"])).items.length, 5);
    const again = await api.tidings(args);
    assert.equal(again.code, EXIT.conflict);
    const next = await desk.serve();
    await api.until("everything has left", async () => {
        const { items } = await desk.runJson(["alerts", "list", "--state", "accepted", "--limit", "1000"]);
        return items.length === 10;
    });
    assert.equal((await next.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "next" })).number, 6);
    await next.stop();
    const other = await api.initDesk();
    const taken = await api.tidings(["move", "--desk", other.folder, "--database", url]);
    assert.equal(taken.code, EXIT.conflict);
    assert.match(taken.stderr, /desk in this database already/);
    assert.equal((await other.run(["ticket", "list"])).code, EXIT.ok);
});
