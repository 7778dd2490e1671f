// SPDX-License-Identifier: Apache-2.0
/** The helpers of api.mjs, against a stand-in for the program: what they start ends, what they make goes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import * as api from "./api.mjs";

after(api.cleanUp);

/* Makes a desk, serves it (GET /slow never answers), prints its input, or fails. */
const STAND_IN = `#!${process.execPath}
const fs = require("node:fs"), http = require("node:http"), path = require("node:path");
const [command, ...args] = process.argv.slice(2);
const desk = args[args.indexOf("--desk") + 1];
if (command === "init") {
    fs.mkdirSync(desk);
    console.log(JSON.stringify({ admin: { login: "admin", password: "p" }, token: "td_secret", args }));
} else if (command === "serve") {
    if (args.includes("--broken")) { console.error("no port for you"); process.exit(7); }
    if (args.includes("--deaf")) process.on("SIGTERM", () => {});
    else process.on("SIGTERM", () => process.exit(0));
    const answer = (request, response) => {
        const parts = [];
        request.on("data", (part) => parts.push(part)).on("end", () => {
            if (request.url === "/slow") return;
            const text = JSON.stringify({ method: request.method, url: request.url, headers: request.headers,
                                          body: Buffer.concat(parts).toString() });
            response.writeHead(request.url === "/missing" ? 404 : 200, { "Content-Type": "application/problem+json" });
            response.end(request.method === "HEAD" ? "" : text);
        });
    };
    http.createServer(answer).listen(path.join(desk, "tidings.sock"), () => {
        const server = http.createServer(answer).listen(0, "127.0.0.1", () => {
            console.error("2026-11-23T10:00:00Z info    serving\\n2026-11-23T10:00:00Z warning careful");
            console.log("tidings: ready at http://127.0.0.1:" + server.address().port + ", desk " + desk);
        });
    });
} else if (command === "echo") {
    process.stdin.pipe(process.stdout);
} else {
    console.error("no such command");
    process.exit(3);
}
`;

const file = path.join(api.scratchFolder(), "tidings");
fs.writeFileSync(file, STAND_IN, { mode: 0o755 });
process.env.TIDINGS_BIN = file;

function isRunning(pid) {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}

test("a desk is made, served, called and stopped", async () => {
    const desk = await api.initDesk({ args: ["--more"] });
    assert.equal(desk.token, "td_secret");
    const server = await desk.serve();
    const { status, body } = await server.call("POST", "/x?a=1", { n: 1 }, { key: "k" });
    assert.equal(status, 200);
    assert.equal(body.body, '{"n":1}');
    assert.equal(body.url, "/x?a=1");
    assert.equal(body.headers.authorization, "Bearer td_secret");
    assert.equal(body.headers["idempotency-key"], "k");
    assert.equal(body.headers["content-type"], "application/json");
    assert.deepEqual(server.complaints, ["2026-11-23T10:00:00Z warning careful"]);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    assert.equal(isRunning(server.pid), false);
});

test("calls without a token, without a body, over the socket", async () => {
    const desk = await api.initDesk();
    const server = await desk.serve();
    const bare = await server.call("GET", "/x", undefined, { token: null });
    assert.equal(bare.body.headers.authorization, undefined);
    assert.equal(bare.body.headers["content-length"], undefined);
    const local = await api.call(desk.socket, "PUT", "/y", "raw");
    assert.equal(local.body.body, "raw");
    assert.equal((await server.call("HEAD", "/x")).body, undefined);
    assert.equal((await server.ask("GET", "/x")).url, "/x");
    await assert.rejects(server.ask("GET", "/missing"), (error) => error.answer.status === 404);
    await assert.rejects(server.call("GET", "/slow", undefined, { limit: 50 }), /no answer in 50 ms/);
    await server.stop();
    await assert.rejects(server.call("GET", "/x"));
});

test("a server that does not start says why", async () => {
    const desk = await api.initDesk();
    await assert.rejects(desk.serve({ args: ["--broken"] }), /no port for you/);
});

test("a server that does not stop is killed, and the test fails", async () => {
    const desk = await api.initDesk();
    const server = await desk.serve({ args: ["--deaf"] });
    await assert.rejects(server.stop(100), /did not stop within 100 ms/);
    assert.equal(isRunning(server.pid), false);
});

test("a crash", async () => {
    const server = await (await api.initDesk()).serve();
    assert.deepEqual(await server.kill(), { code: null, signal: "SIGKILL" });
});

test("commands", async () => {
    assert.deepEqual(await api.tidings(["echo"], { input: "mail\n" }), {
        code: 0,
        signal: null,
        stdout: "mail\n",
        stderr: "",
    });
    assert.equal((await api.tidings(["nonsense"])).code, 3);
    await assert.rejects(api.tidingsJson(["nonsense"]), /ended with 3/);
});

test("waiting", async () => {
    let calls = 0;
    const value = await api.until("third time", () => {
        calls += 1;
        if (calls === 1) throw new Error("not yet");
        return calls >= 3 && calls;
    });
    assert.equal(value, 3);
    const never = () => {
        throw new Error("because");
    };
    await assert.rejects(api.until("never", never, { limit: 30 }), (error) => {
        assert.match(error.message, /Not within 30 ms: never/);
        return error.cause.message === "because";
    });
});

test("a Maildir", async () => {
    const folder = path.join(api.scratchFolder(), "mail");
    assert.deepEqual(api.readMaildir(folder), []);
    for (const part of ["new", "cur", "tmp"]) fs.mkdirSync(path.join(folder, part), { recursive: true });
    fs.writeFileSync(path.join(folder, "cur", "1:2,S"), "Subject: one\r\nTo: a@example.com,\r\n\tb@example.com\r\n\r\nhi\r\n");
    fs.writeFileSync(path.join(folder, "new", "2"), "Received: x\nReceived: y\n\ntwo");
    fs.writeFileSync(path.join(folder, "tmp", "3"), "half");
    fs.utimesSync(path.join(folder, "cur", "1:2,S"), 1, 1);
    const mails = await api.untilMails(folder, 2);
    assert.deepEqual(mails.map((mail) => mail.text), ["hi\r\n", "two"]);
    assert.deepEqual(mails[0].headers.to, ["a@example.com,\tb@example.com"]);
    assert.deepEqual(mails[1].headers.received, ["x", "y"]);
});

test("PostgreSQL", { skip: api.findPostgres() === undefined && "PostgreSQL is not installed" }, async () => {
    const cluster = await api.Postgres.start();
    const url = cluster.createDatabase();
    assert.notEqual(cluster.createDatabase(), url);
    assert.match(url, /^postgresql:\/\/\/desk1\?host=%2F/);
    cluster.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (1)", "desk1");
    await cluster.kill();
    cluster.serve();
    await cluster.waitUntilReady();
    assert.equal(cluster.sql("SELECT n FROM t", "desk1"), "1\n");
    assert.equal((await cluster.stop()).code, 0);
});

/* A test process of its own that says what it has, and then dies in the given way. */
async function runAndDie(ending) {
    const script = `
        import * as api from ${JSON.stringify(new URL("./api.mjs", import.meta.url).href)};
        const desk = await api.initDesk();
        const server = await desk.serve();
        console.log(JSON.stringify([server.pid, desk.folder]));
        ${ending}`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    child.stdout.on("data", (text) => (output += text));
    await once(child, "close");
    return JSON.parse(output);
}

test("nothing is left by a test process that ends without cleaning up", async () => {
    for (const ending of ["process.exit(1);", "throw new Error('broken test');"]) {
        const [pid, folder] = await runAndDie(ending);
        await api.until("the server is gone", () => !isRunning(pid));
        assert.equal(fs.existsSync(folder), false);
    }
});

test("no process is left by one that is killed", { skip: !fs.existsSync("/usr/bin/setpriv") }, async () => {
    const [pid, folder] = await runAndDie("process.kill(process.pid, 'SIGKILL');");
    await api.until("the server is gone", () => !isRunning(pid));
    fs.rmSync(path.dirname(folder), { recursive: true });
});
