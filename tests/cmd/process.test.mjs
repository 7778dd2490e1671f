// SPDX-License-Identifier: Apache-2.0
/** The program as a process: signals, locks, pipes, two at once, a wrong command line. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import * as api from "../support/api.mjs";

after(api.cleanUp);

const EXIT = { ok: 0, internal: 1, usage: 2, refused: 3, missing: 4, conflict: 5, denied: 6 };
const OPEN = ["ticket", "open", "--account", "1", "--title"];
const noScript = !fs.existsSync("/usr/bin/script") && "script is not installed";
const postgres = api.findPostgres() === undefined && "PostgreSQL is not installed";

async function accepted(desk) {
    const { items } = await desk.runJson(["alerts", "list", "--state", "accepted", "--limit", "1000"]);
    return items.length;
}

/** Runs a shell line with $T for the program; returns {code, stderr}. */
async function shell(line, desk) {
    const child = spawn("sh", ["-c", line], {
        env: { ...process.env, T: process.env.TIDINGS_BIN, TIDINGS_DESK: desk.folder },
        stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    const [code] = await once(child, "close");
    return { code, stderr };
}

test("a wrong command line ends with 2 and says what is wrong", async () => {
    const cases = [
        [[], /Usage: tidings COMMAND/],
        [["nonsense"], /no command "nonsense"/],
        [["ticket"], /Usage: tidings ticket COMMAND/],
        [["ticket", "nonsense"], /no command "ticket nonsense"/],
        [["ticket", "show"], /Something is missing; it is called with NUMBER/],
        [["ticket", "show", "1", "2"], /"2" is one argument too many/],
        [["ticket", "list", "--nonsense"], /--nonsense/],
        [["ticket", "open", "--title", "x"], /--account is missing/],
        [["ticket", "list"], /Which desk\?/],
        [["serve"], /Which desk\?/],
        [["init"], /--desk DIR/],
    ];
    for (const [args, words] of cases) {
        const { code, stdout, stderr } = await api.tidings(args, { env: { TIDINGS_DESK: "" } });
        assert.equal(code, EXIT.usage, args.join(" "));
        assert.equal(stdout, "");
        assert.match(stderr, words);
    }
});

test("a folder without a desk, a desk that is there already", async () => {
    const folder = api.scratchFolder();
    assert.equal((await api.tidings(["ticket", "list", "--desk", folder])).code, EXIT.missing);
    const desk = await api.initDesk();
    const again = await api.tidings(["init", "--desk", desk.folder]);
    assert.equal(again.code, EXIT.conflict);
    assert.match(again.stderr, /already; nothing was changed/);
});

test("root leaves nothing in the folder of another user", { skip: process.getuid() !== 0 && "only root can" }, async () => {
    const NOBODY = 65534;
    const folder = api.scratchFolder();
    fs.chownSync(folder, NOBODY, NOBODY);
    const init = await api.tidings(["init", "--desk", folder]);
    assert.equal(init.code, EXIT.denied);
    assert.match(init.stderr, /belongs to the user nobody.*runuser -u nobody -- tidings/);
    assert.deepEqual(fs.readdirSync(folder), []);
    const desk = await api.initDesk();
    fs.chownSync(desk.folder, NOBODY, NOBODY);
    const before = fs.readdirSync(desk.folder);
    for (const args of [[...OPEN, "x"], ["serve", "--listen", "127.0.0.1:0"]])
        assert.equal((await desk.run(args)).code, EXIT.denied, args[0]);
    assert.deepEqual(fs.readdirSync(desk.folder), before);
});

test("commands at once, while nobody serves, wait for each other", async () => {
    const desk = await api.initDesk();
    const numbers = await Promise.all(
        Array.from({ length: 6 }, async (_, i) => (await desk.runJson([...OPEN, `t${i}`])).number),
    );
    assert.deepEqual(numbers.sort(), [1, 2, 3, 4, 5, 6]);
});

test("commands while a server starts and stops are served or do it themselves", async () => {
    const desk = await api.initDesk();
    const codes = [];
    let serving = true;
    const opening = (async () => {
        while (serving) codes.push((await desk.run([...OPEN, "x"])).code);
    })();
    for (let i = 0; i < 3; i += 1) {
        const server = await desk.serve();
        const seen = codes.length;
        await api.until("a command while it serves", () => codes.length > seen);
        await server.stop();
    }
    serving = false;
    await opening;
    // 8: the server went away between the request and its answer, and the command says so.
    assert.deepEqual(codes.filter((code) => code !== EXIT.ok && code !== 8), []);
    const { items } = await desk.runJson(["ticket", "list", "--limit", "1000"]);
    assert.ok(items.length >= codes.filter((code) => code === EXIT.ok).length);
});

test("the ready line is one line, and the socket is the user's own", async () => {
    const desk = await api.initDesk();
    const server = await desk.serve();
    assert.match(server.program.stdout, /^tidings: ready at http:\/\/127\.0\.0\.1:\d+, desk .*\n$/);
    assert.ok(server.program.stdout.includes(desk.folder));
    assert.equal(fs.statSync(desk.socket).mode & 0o777, 0o600);
    assert.equal(fs.statSync(desk.folder).mode & 0o777, 0o700);
    await server.stop();
});

test("a second server on an SQLite desk is refused, and the first goes on", async () => {
    const desk = await api.initDesk();
    const server = await desk.serve();
    const { code, stderr } = await desk.run(["serve", "--listen", "127.0.0.1:0"]);
    assert.equal(code, EXIT.conflict);
    assert.match(stderr, /is being served already; stop that server first/);
    assert.equal((await desk.run([...OPEN, "x"])).code, EXIT.ok);
    await server.stop();
});

test("roles", async (t) => {
    const desk = await api.initDesk();
    const split = await desk.run(["serve", "--roles", "web"]);
    assert.equal(split.code, EXIT.refused);
    assert.match(split.stderr, /only on PostgreSQL/);
    const unknown = await desk.run(["serve", "--roles", "web,nonsense"]);
    assert.equal(unknown.code, EXIT.refused);
    assert.match(unknown.stderr, /no role "nonsense"; the roles are: web, alerts, connector/);
    await t.test("split on PostgreSQL: one serves, another sends", { skip: postgres }, async () => {
        const cluster = await api.Postgres.start();
        const shared = await api.initDesk({ database: cluster.createDatabase() });
        const web = await shared.serve({ args: ["--roles", "web"] });
        assert.equal((await shared.run([...OPEN, "x"])).code, EXIT.ok);
        assert.equal(await accepted(shared), 0);
        const sender = spawn(process.env.TIDINGS_BIN, ["serve", "--desk", shared.folder, "--roles", "alerts"], {
            stdio: ["ignore", "pipe", "ignore"],
        });
        const closed = once(sender, "close");
        const [ready] = await once(sender.stdout.setEncoding("utf8"), "data");
        assert.match(ready, /^tidings: ready, desk .*\n$/);
        await api.untilMails(path.join(shared.folder, "Maildir"), 2);
        await api.until("both are accepted", async () => (await accepted(shared)) === 2);
        sender.kill("SIGTERM");
        assert.deepEqual(await closed, [0, null]);
        await web.stop();
    });
});

test("SIGTERM in the middle of the work loses nothing and repeats nothing", async () => {
    const desk = await api.initDesk();
    const server = await desk.serve();
    const tickets = 60;
    const opened = Array.from({ length: tickets }, (_, i) =>
        server.ask("POST", "/api/v1/tickets", { account: 1, title: `t${i}` }),
    );
    await Promise.all(opened);
    assert.deepEqual(await server.stop(5000), { code: 0, signal: null });
    assert.match(server.log, /Stopped; what was not sent yet waits in the outbox/);
    const next = await desk.serve();
    const mails = await api.untilMails(path.join(desk.folder, "Maildir"), 2 * tickets);
    await api.until("all are accepted", async () => (await accepted(desk)) === 2 * tickets);
    assert.equal(new Set(mails.map((mail) => mail.headers["message-id"][0])).size, 2 * tickets);
    assert.equal(api.readMaildir(path.join(desk.folder, "Maildir")).length, 2 * tickets);
    await next.stop();
});

test("SIGHUP starts the Alerts Server anew and goes on serving", async () => {
    const desk = await api.initDesk();
    const server = await desk.serve();
    process.kill(server.pid, "SIGHUP");
    await api.until("it says so", () => /info +Reloaded/.test(server.log));
    assert.equal((await desk.run([...OPEN, "after"])).code, EXIT.ok);
    await api.untilMails(path.join(desk.folder, "Maildir"), 2);
    assert.deepEqual(server.complaints, []);
    await server.stop();
});

test("SIGINT stops it too", async () => {
    const desk = await api.initDesk();
    const server = await desk.serve();
    server.program.stopSignal = "SIGINT";
    assert.deepEqual(await server.stop(5000), { code: 0, signal: null });
});

test("a server that was killed leaves nothing behind that hinders a command", async () => {
    const desk = await api.initDesk();
    const server = await desk.serve();
    await server.kill();
    assert.ok(fs.existsSync(desk.socket));
    const { code, stdout } = await desk.run([...OPEN, "x"]);
    assert.equal(code, EXIT.ok);
    assert.match(stdout, /Nobody serves this desk now/);
});

test("a reader who has seen enough is no error, a full disk is", { skip: !fs.existsSync("/dev/full") }, async () => {
    const desk = await api.initDesk();
    // The reader closes its end before the program may begin.
    const closed = await shell(
        'cd "$TIDINGS_DESK" && mkfifo go && { read go <go; "$T" options get; echo "status $?" >&2; } |' +
            " { exec <&-; echo go >go; }",
        desk,
    );
    assert.match(closed.stderr, /^status 0$/m);
    const full = await shell('"$T" options get > /dev/full', desk);
    assert.equal(full.code, EXIT.internal);
    assert.match(full.stderr, /^tidings: the output cannot be written: No space left on device$/m);
});

test("texts are UTF-8 whatever the locale says", async () => {
    const desk = await api.initDesk();
    const env = { LC_ALL: "C", LANG: "C" };
    const { stdout } = await desk.run([...OPEN, "Grüße 日本"], { env });
    assert.match(stdout, /^Opened ticket #1: Grüße 日本$/m);
});

test("columns are aligned by what a terminal shows, and cut there only", { skip: noScript }, async () => {
    const desk = await api.initDesk();
    await desk.runJson(["ticket", "open", "--account", "2", "--title", `日本${"x".repeat(100)}end`]);
    await desk.runJson(["ticket", "open", "--account", "1", "--title", "short"]);
    const piped = await desk.run(["ticket", "list"]);
    assert.match(piped.stdout, /xend$/m);
    const file = path.join(desk.folder, "typescript");
    const line = `stty cols 70; "$T" ticket list`;
    assert.equal((await shell(`script -qec '${line}' '${file}'`, desk)).code, EXIT.ok);
    const rows = fs.readFileSync(file, "utf8").split(/\r?\n/).filter((row) => /^\d|^NUMBER/.test(row));
    assert.equal(rows.length, 3);
    const width = (row) => [...row].reduce((sum, c) => sum + (/[\u3000-\u9fff]/.test(c) ? 2 : 1), 0);
    for (const row of rows) assert.ok(width(row) <= 70, row);
    const titles = rows.map((row) => width(row.slice(0, row.search(/TITLE|short|日本/))));
    assert.equal(new Set(titles).size, 1, rows.join("\n"));
});

/** Types the answers at a terminal, each when its question is seen; returns all that the terminal showed. */
async function atTerminal(desk, command, answers) {
    const file = path.join(desk.folder, "typescript");
    const child = spawn("script", ["-qefc", command, file], {
        env: { ...process.env, T: process.env.TIDINGS_BIN, TIDINGS_DESK: desk.folder },
        stdio: ["pipe", "ignore", "ignore"],
    });
    const closed = once(child, "close");
    const seen = () => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");
    try {
        for (const [question, answer] of answers) {
            await api.until(question, () => seen().includes(question));
            child.stdin.write(answer);
        }
        await api.until("the end", () => child.exitCode !== null);
    } finally {
        child.kill("SIGKILL");
        await closed;
    }
    return seen();
}

test("a password asked for at a terminal is not shown", { skip: noScript }, async () => {
    const desk = await api.initDesk();
    const shown = await atTerminal(desk, '"$T" employee password admin; stty -a', [
        ["Password: ", "correct horse\r"],
        ["Once more: ", "correct horse\r"],
    ]);
    assert.match(shown, /A new password was set for admin/);
    assert.ok(!shown.includes("horse"));
    assert.match(shown, / echo /);
});

test("Ctrl-C at the password prompt changes nothing and leaves the terminal as it was", { skip: noScript }, async () => {
    const desk = await api.initDesk();
    const shown = await atTerminal(desk, '"$T" employee password admin; stty -a', [["Password: ", "half\x03"]]);
    assert.match(shown, /it was broken off\. Nothing was changed/);
    assert.match(shown, /(?<!-)\bisig\b/);
    assert.doesNotMatch(shown, /-echo /);
});

test("two passwords that differ", { skip: noScript }, async () => {
    const desk = await api.initDesk();
    const shown = await atTerminal(desk, '"$T" options set alerts-server --ask-password', [
        ["Password: ", "correct horse\r"],
        ["Once more: ", "another horse\r"],
    ]);
    assert.match(shown, /The two passwords differ; nothing was changed/);
});
