// SPDX-License-Identifier: Apache-2.0
/**
 * What a system test needs to drive a built `tidings` from outside: desks, servers, HTTP calls, a throwaway PostgreSQL
 * cluster, a Maildir. Node 18 and nothing else.
 *
 * The program is named by the environment variable TIDINGS_BIN. Everything that is started or made here is known to
 * cleanUp(), which a test file hands to its runner: `after(cleanUp)`. Processes are ended by their pid, in the reverse
 * order of their start, then the folders go; should the test process die itself, the kernel ends its children.
 * Nothing waits for luck: until() asks for a condition and has a limit.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keep } from "./recorder.mjs";

/** How much slower than usual everything is: a program built with sanitizers says TEST_SLOW=4. Limits grow with it. */
export const SLOW = Math.max(1, Number(process.env.TEST_SLOW ?? 1) || 1);

const START_LIMIT_MS = 20_000 * SLOW;
const STOP_LIMIT_MS = 20_000 * SLOW;
const WAIT_LIMIT_MS = 15_000 * SLOW;
const COMMAND_LIMIT_MS = 60_000 * SLOW;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

// ---- what has to go at the end ----

const running = []; // Program, oldest first
const folders = [];

/** Ends every process that was started here and removes every folder. */
export async function cleanUp() {
    while (running.length > 0) {
        const last = running[running.length - 1];
        await last.stop().catch(() => last.kill());
    }
    while (folders.length > 0) removeFolder(folders.pop());
}

function removeFolder(folder) {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

// The runner may end without after(): what cannot wait is done here.
process.on("exit", () => {
    for (const program of running) program.signal("SIGKILL");
    for (const folder of folders) removeFolder(folder);
});

// A runner that gives up asks first (SIGTERM), which by itself would end Node without "exit".
for (const [name, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }))
    process.on(name, () => process.exit(128 + number));

/** A new empty folder of the test's own. */
export function scratchFolder() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tidings-test-"));
    folders.push(folder);
    return folder;
}

// ---- waiting ----

/**
 * Calls `check` until it returns something true, and returns that. `what` names the condition in the error. An error
 * that `check` throws is shown with it, and counts as "not yet".
 */
export async function until(what, check, { limit = WAIT_LIMIT_MS, every = 20 } = {}) {
    const end = performance.now() + limit;
    let last;
    for (;;) {
        try {
            const result = await check();
            if (result) return result;
            last = undefined;
        } catch (error) {
            last = error;
        }
        if (performance.now() >= end)
            throw new Error(`Not within ${limit} ms: ${what}`, last === undefined ? {} : { cause: last });
        await sleep(every);
    }
}

// ---- processes ----

// With it a child does not outlive a test process that was killed.
const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((file) => fs.existsSync(file));

/** A process that runs in the background, its output kept. */
export class Program {
    constructor(command, args, { env = {}, stopSignal = "SIGTERM", ...options } = {}) {
        const guard = setpriv === undefined ? [] : [setpriv, "--pdeathsig", "KILL", "--"];
        const [file, ...rest] = [...guard, command, ...args];
        this.name = [path.basename(command), ...args].join(" ");
        this.stopSignal = stopSignal;
        this.stdout = "";
        this.stderr = "";
        this.child = spawn(file, rest, {
            ...options,
            env: { ...process.env, ...env },
            stdio: ["ignore", "pipe", "pipe"],
        });
        this.child.stdout.setEncoding("utf8").on("data", (text) => (this.stdout += text));
        this.child.stderr.setEncoding("utf8").on("data", (text) => (this.stderr += text));
        this.child.on("error", (error) => (this.failure = error));
        this.closed = once(this.child, "close").catch(() => {});
        running.push(this);
    }

    get pid() {
        return this.child.pid;
    }

    get exited() {
        return this.failure !== undefined || this.child.exitCode !== null || this.child.signalCode !== null;
    }

    signal(name) {
        if (!this.exited) process.kill(this.pid, name);
    }

    /** The first match of `pattern` in the standard output; an error when the program ends before it says so. */
    async waitForOutput(pattern, limit = START_LIMIT_MS) {
        await until(`${this.name} says ${pattern}`, () => this.exited || pattern.test(this.stdout), { limit });
        const match = pattern.exec(this.stdout);
        if (match === null)
            throw new Error(`${this.name} ended before it was ready:\n${this.stdout}${this.stderr}`, {
                cause: this.failure,
            });
        return match;
    }

    /** Asks it to end, waits, and returns {code, signal}. Fails, and kills it, when it does not end in time. */
    async stop(limit = STOP_LIMIT_MS) {
        this.signal(this.stopSignal);
        const late = Symbol("late");
        const timer = new AbortController();
        const ended = await Promise.race([
            this.closed,
            sleep(limit, late, { signal: timer.signal }).catch(() => {}),
        ]);
        timer.abort();
        if (ended === late) {
            await this.kill();
            throw new Error(`${this.name} did not stop within ${limit} ms:\n${this.stderr}`);
        }
        return this.forget();
    }

    /** kill -9, the crash of a test. */
    async kill() {
        this.signal("SIGKILL");
        await this.closed;
        return this.forget();
    }

    forget() {
        const at = running.indexOf(this);
        if (at >= 0) running.splice(at, 1);
        return { code: this.child.exitCode, signal: this.child.signalCode };
    }
}

function tidingsBin() {
    const bin = process.env.TIDINGS_BIN;
    if (bin === undefined) throw new Error("TIDINGS_BIN does not name the program to test");
    return bin;
}

/** Runs one command to its end: {code, signal, stdout, stderr}. `input` goes to its standard input. */
export async function tidings(args, { input = "", env = {}, limit = COMMAND_LIMIT_MS } = {}) {
    const child = spawn(tidingsBin(), args, {
        env: { ...process.env, ...env },
        stdio: ["pipe", "pipe", "pipe"],
        timeout: limit,
        killSignal: "SIGKILL",
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"])
        child[name].setEncoding("utf8").on("data", (text) => {
            output[name] += text;
            if (output[name].length > OUTPUT_BYTES_MAX) child.kill("SIGKILL");
        });
    child.stdin.on("error", () => {}); // a command that does not read its input is no failure of the test
    child.stdin.end(input);
    const [code, signal] = await once(child, "close");
    return { code, signal, ...output };
}

/** As tidings(), for a command that must succeed and print JSON: returns what it printed, parsed. */
export async function tidingsJson(args, options) {
    const { code, signal, stdout, stderr } = await tidings([...args, "--json"], options);
    if (code !== 0) throw new Error(`tidings ${args.join(" ")} ended with ${code ?? signal}:\n${stdout}${stderr}`);
    return JSON.parse(stdout);
}

// ---- HTTP ----

/**
 * One call. `base` is a URL, or the path of a desk's Unix socket. `body` is sent as JSON unless it is a string or a
 * Buffer. Returns {status, headers, text, body}, where body is the parsed answer if that is JSON. A connection that
 * breaks is an error.
 */
export function call(base, method, target, body, { token, key, headers = {}, agent, limit = COMMAND_LIMIT_MS } = {}) {
    const raw = typeof body === "string" || Buffer.isBuffer(body);
    const payload = body === undefined || raw ? body : JSON.stringify(body);
    const all = { Connection: agent === undefined ? "close" : "keep-alive" };
    if (payload !== undefined) {
        all["Content-Length"] = Buffer.byteLength(payload);
        if (!raw) all["Content-Type"] = "application/json";
    }
    if (token !== undefined) all.Authorization = `Bearer ${token}`;
    if (key !== undefined) all["Idempotency-Key"] = key;
    const place = base.startsWith("/") ? { socketPath: base, host: "localhost" } : placeOf(base);
    const type = headers["Content-Type"] ?? all["Content-Type"];
    const kept = (answer) => {
        keep({ method, target, type, body: payload }, answer);
        return answer;
    };
    return new Promise((resolve, reject) => {
        const request = http.request({ ...place, method, path: target, headers: { ...all, ...headers }, agent });
        request.setTimeout(limit, () => request.destroy(new Error(`${method} ${target}: no answer in ${limit} ms`)));
        request.on("error", reject);
        request.on("response", (response) => readAnswer(response).then(kept).then(resolve, reject));
        request.end(payload);
    });
}

function placeOf(url) {
    const { hostname, port } = new URL(url);
    return { host: hostname.replace(/^\[|\]$/g, ""), port };
}

async function readAnswer(response) {
    const parts = [];
    for await (const part of response) parts.push(part);
    const text = Buffer.concat(parts).toString("utf8");
    const json = /^application\/([a-z.]+\+)?json\b/.test(response.headers["content-type"] ?? "");
    return {
        status: response.statusCode,
        headers: response.headers,
        text,
        body: json && text !== "" ? JSON.parse(text) : undefined,
    };
}

// ---- desks and their servers ----

/** A serving desk. */
export class Server {
    constructor(desk, program, url) {
        this.desk = desk;
        this.program = program;
        this.url = url;
        this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    }

    get pid() {
        return this.program.pid;
    }

    /** What it has logged so far. */
    get log() {
        return this.program.stderr;
    }

    /** The warnings and errors among it, for a test that wants none. */
    get complaints() {
        return this.log.split("\n").filter((line) => /^\S+ (warning|error) /.test(line));
    }

    /** A call with the first admin's token, unless the options say another (null: none). */
    call(method, target, body, { token = this.desk.token, ...options } = {}) {
        return call(this.url, method, target, body, { agent: this.agent, token: token ?? undefined, ...options });
    }

    /** As call(), for what must succeed: returns the body, and fails with the problem otherwise. */
    async ask(method, target, body, options) {
        const answer = await this.call(method, target, body, options);
        if (answer.status >= 200 && answer.status < 300) return answer.body;
        throw Object.assign(new Error(`${method} ${target}: ${answer.status} ${answer.text}`), { answer });
    }

    async stop(limit) {
        this.agent.destroy();
        return this.program.stop(limit);
    }

    async kill() {
        this.agent.destroy();
        return this.program.kill();
    }
}

/** A desk's folder, its first admin and token. It may be served, crashed and served again. */
export class Desk {
    constructor(folder, { admin, token }) {
        this.folder = folder;
        this.admin = admin;
        this.token = token;
        this.socket = path.join(folder, "tidings.sock");
    }

    /** Starts to serve it on a free port, and does not wait. `args` are added to the command line. */
    launch({ roles, args = [], env = {}, listen = "127.0.0.1:0" } = {}) {
        const options = roles === undefined ? args : ["--roles", roles, ...args];
        return new Program(tidingsBin(), ["serve", "--desk", this.folder, "--listen", listen, ...options], { env });
    }

    /** Serves it. What has not the role "web" has no URL. */
    async serve(options) {
        const program = this.launch(options);
        const [, url] = await program.waitForOutput(/^tidings: ready(?: at (http:\/\/[^\s,]+))?, /m);
        return new Server(this, program, url);
    }

    /** The same desk on another machine: a folder of its own with the same configuration, on PostgreSQL. */
    node() {
        const folder = scratchFolder();
        fs.copyFileSync(path.join(this.folder, "tidings.conf"), path.join(folder, "tidings.conf"));
        return new Desk(folder, this);
    }

    /** A command on this desk, as tidings() and tidingsJson(). */
    run(args, options) {
        return tidings([...args, "--desk", this.folder], options);
    }

    runJson(args, options) {
        return tidingsJson([...args, "--desk", this.folder], options);
    }
}

/**
 * Makes a desk in a folder of its own, or in `place`. `database`: the URL of an empty PostgreSQL database; without:
 * SQLite.
 */
export async function initDesk({ database, sample = true, args = [], place = scratchFolder() } = {}) {
    const folder = path.join(place, "desk");
    const extra = [...(sample ? ["--sample"] : []), ...(database === undefined ? [] : ["--database", database])];
    return new Desk(folder, await tidingsJson(["init", "--desk", folder, ...extra, ...args]));
}

// ---- PostgreSQL ----

const POSTGRES_ROOT = "/usr/lib/postgresql";

function byVersionDescending(a, b) {
    return Number(b) - Number(a);
}

/** The folder with initdb and postgres, or undefined: a test that needs it skips itself. */
export function findPostgres() {
    const versions = fs.existsSync(POSTGRES_ROOT) ? fs.readdirSync(POSTGRES_ROOT).sort(byVersionDescending) : [];
    const places = versions.map((version) => path.join(POSTGRES_ROOT, version, "bin"));
    places.push(...(process.env.PATH ?? "").split(path.delimiter));
    return places.find((place) => fs.existsSync(path.join(place, "initdb")));
}

/** PostgreSQL refuses to run as root. */
function postgresUser() {
    if (process.getuid() !== 0) return {};
    const id = (flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
    return { uid: id("-u"), gid: id("-g") };
}

/** A throwaway cluster that listens on a Unix socket in its own folder only. */
export class Postgres {
    static async start() {
        const bin = findPostgres();
        if (bin === undefined) throw new Error("PostgreSQL is not installed");
        const cluster = new Postgres();
        cluster.bin = bin;
        cluster.folder = scratchFolder();
        cluster.user = postgresUser();
        cluster.databases = 0;
        if (cluster.user.uid !== undefined) fs.chownSync(cluster.folder, cluster.user.uid, cluster.user.gid);
        const data = path.join(cluster.folder, "data");
        const making = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
        cluster.execute("initdb", making);
        cluster.serve();
        return cluster.waitUntilReady();
    }

    /** Starts the server process, again after a kill(). What a crash of the machine would lose is not tested here. */
    serve() {
        const settings = {
            listen_addresses: "",
            unix_socket_directories: this.folder,
            fsync: "off",
            full_page_writes: "off",
            shared_buffers: "16MB",
            max_connections: "100",
        };
        const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
        // SIGINT: a fast shutdown, which does not wait for clients.
        this.program = new Program(path.join(this.bin, "postgres"), ["-D", path.join(this.folder, "data"), ...args], {
            ...this.user,
            cwd: this.folder,
            stopSignal: "SIGINT",
        });
    }

    async waitUntilReady() {
        await until("PostgreSQL accepts connections", () => {
            if (this.program.exited) throw new Error(this.program.stderr);
            return this.sql("SELECT 1").trim() === "1";
        });
        return this;
    }

    execute(program, args) {
        return execFileSync(path.join(this.bin, program), args, {
            ...this.user,
            cwd: this.folder,
            encoding: "utf8",
            stdio: ["ignore", "pipe", "pipe"],
        });
    }

    /** Runs SQL as the superuser; returns what psql prints, unaligned and without headers. */
    sql(text, database = "postgres") {
        const args = ["-h", this.folder, "-U", "postgres", "-d", database, "-X", "-A", "-t", "-q"];
        return this.execute("psql", [...args, "-v", "ON_ERROR_STOP=1", "-c", text]);
    }

    url(database) {
        return `postgresql:///${database}?host=${encodeURIComponent(this.folder)}&user=postgres`;
    }

    /** The URL of a fresh, empty database. */
    createDatabase() {
        this.databases += 1;
        const name = `desk${this.databases}`;
        this.sql(`CREATE DATABASE ${name}`);
        return this.url(name);
    }

    stop() {
        return this.program.stop();
    }

    kill() {
        return this.program.kill();
    }

    /** An immediate shutdown: every connection breaks at once, and the next start recovers. */
    async crash() {
        this.program.signal("SIGQUIT");
        await this.program.closed;
        return this.program.forget();
    }
}

// ---- mail ----

/**
 * One mail of a Maildir: {file, raw, headers, text}. `raw` is a Buffer with the exact bytes; `headers` are unfolded, by
 * lower-case name, each an array in order of appearance; `text` is everything below them, undecoded.
 */
function readMail(file) {
    const raw = fs.readFileSync(file);
    const all = raw.toString("latin1");
    const end = /\r?\n\r?\n/.exec(all);
    const head = end === null ? all : all.slice(0, end.index);
    const headers = {};
    for (const line of head.replace(/\r?\n(?=[ \t])/g, "").split(/\r?\n/)) {
        const colon = line.indexOf(":");
        if (colon <= 0) continue;
        const name = line.slice(0, colon).toLowerCase();
        (headers[name] ??= []).push(line.slice(colon + 1).trim());
    }
    return { file, raw, headers, text: end === null ? "" : all.slice(end.index + end[0].length) };
}

/** The mails of a Maildir, new and seen, in the order of their delivery; none if the folder is not there yet. */
export function readMaildir(folder) {
    const files = [];
    for (const part of ["new", "cur"]) {
        const place = path.join(folder, part);
        if (!fs.existsSync(place)) continue;
        for (const name of fs.readdirSync(place)) files.push(path.join(place, name));
    }
    const age = new Map(files.map((file) => [file, fs.statSync(file, { bigint: true }).mtimeNs]));
    files.sort((a, b) => Number(age.get(a) - age.get(b)) || (path.basename(a) < path.basename(b) ? -1 : 1));
    return files.map(readMail);
}

/** Waits until at least `count` mails are there that `wanted` accepts; returns these. */
export function untilMails(folder, count, wanted = () => true, options) {
    return until(
        `${count} mails in ${folder}`,
        () => {
            const mails = readMaildir(folder).filter(wanted);
            return mails.length >= count ? mails : undefined;
        },
        options,
    );
}
