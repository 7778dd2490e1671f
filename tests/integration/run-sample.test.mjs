// SPDX-License-Identifier: Apache-2.0
/**
 * What `make run` does, as a person at a terminal sees it: both mails are printed, the printed commands work when they
 * are copied into a shell, and Ctrl-C ends everything.
 */
import * as assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { SLOW, cleanUp, readMaildir, scratchFolder, until, untilMails } from "../support/api.mjs";

const run = promisify(execFile);
const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const shells = [];

after(async () => {
    for (const shell of shells) shell.endGroup("SIGKILL");
    await cleanUp();
});
process.on("exit", () => shells.forEach((shell) => shell.endGroup("SIGKILL")));

/** The script, in a process group of its own, as a shell at a terminal starts it. */
class Sample {
    constructor(desk, env = {}) {
        this.output = "";
        this.child = spawn(path.join(root, "tools/run-sample"), {
            cwd: root,
            detached: true,
            env: { ...process.env, DESK: desk, LISTEN: "127.0.0.1:0", ...env },
            stdio: ["ignore", "pipe", "pipe"],
        });
        for (const stream of [this.child.stdout, this.child.stderr])
            stream.setEncoding("utf8").on("data", (text) => (this.output += text));
        this.closed = once(this.child, "close");
        shells.push(this);
    }

    ready() {
        return until("Ctrl-C is offered", () => {
            assert.equal(this.child.exitCode, null, this.output);
            return this.output.includes("Press Ctrl-C");
        }).catch((error) => assert.fail(`${error.message}\n${this.output}`));
    }

    /** What the terminal does at Ctrl-C: everybody in the group gets the signal. */
    endGroup(signal) {
        try {
            process.kill(-this.child.pid, signal);
        } catch (error) {
            if (error.code !== "ESRCH") throw error;
        }
    }

    processes() {
        const all = execFileSync("ps", ["-eo", "pgid=,pid=,args="], { encoding: "utf8" }).split("\n");
        return all.filter((line) => Number(line.trim().split(/\s+/)[0]) === this.child.pid);
    }
}

/** One of the printed commands: indented by two, continued lines included. */
function printed(output, start) {
    const lines = output.split("\n");
    const first = lines.findIndex((line) => line.startsWith(`  ${start}`));
    assert.ok(first >= 0, output);
    let last = first;
    while (lines[last].endsWith("\\")) last += 1;
    return lines.slice(first, last + 1).join("\n");
}

/** Runs the printed curl line; returns the ticket that it opened. */
async function openNext(sample) {
    const { stdout } = await run("sh", ["-c", printed(sample.output, "curl")], { cwd: root });
    const opened = JSON.parse(stdout);
    assert.equal(opened.title, "The scanner is jammed");
    return opened;
}

test("the sample desk tells both mails, takes the printed commands and ends with Ctrl-C", async () => {
    const desk = path.join(scratchFolder(), "desk");
    const sample = new Sample(desk);
    await sample.ready();

    const mails = sample.output.match(/^Subject: \[.*$/gm) ?? [];
    assert.equal(mails.length, 2, sample.output);
    assert.match(mails[0], /opened/i);
    assert.match(mails[1], /closed/i);
    for (const mail of mails) assert.match(mail, /Reception printer prints blank pages/);
    assert.match(sample.output, /Replaced the toner cartridge/);
    assert.equal((sample.output.match(/^To: Anna Field <anna\.field@/gm) ?? []).length, 2, sample.output);
    assert.match(sample.output, /Sign in: +admin \/ \S+/);

    const before = readMaildir(path.join(desk, "Maildir")).length;
    assert.equal((await openNext(sample)).number, 2);
    await untilMails(path.join(desk, "Maildir"), before + 2);
    const explain = printed(sample.output, `${process.env.TIDINGS_BIN} alerts explain`);
    assert.match(explain, / 2 /);
    assert.match((await run("sh", ["-c", explain], { cwd: root })).stdout, /anna\.field@bluebird-dental\.example.*[Tt]old/s);

    sample.endGroup("SIGINT");
    await until("the script ends", () => sample.child.exitCode !== null || sample.child.signalCode !== null, {
        limit: 10_000 * SLOW,
    });
    await sample.closed;
    assert.equal(sample.child.exitCode, 0, sample.output);
    assert.deepEqual(sample.processes(), [], "nothing is left running");
    assert.equal(fs.existsSync(path.join(desk, "tidings.sock")), false);
});

test("a kept desk goes on where it was, and a new one replaces it", async () => {
    const desk = path.join(scratchFolder(), "desk");
    const numbers = [];
    for (const env of [{}, { KEEP: "1" }, {}]) {
        const sample = new Sample(desk, env);
        await sample.ready();
        numbers.push(/^Ticket #(\d+) was opened and closed/m.exec(sample.output)?.[1]);
        await openNext(sample);
        sample.endGroup("SIGINT");
        await sample.closed;
        assert.equal(sample.child.exitCode, 0, sample.output);
    }
    assert.deepEqual(numbers, ["1", "3", "1"]);
});

test("a folder that is no desk is not touched", async () => {
    const desk = path.join(scratchFolder(), "precious");
    fs.mkdirSync(desk);
    fs.writeFileSync(path.join(desk, "file"), "mine");
    const sample = new Sample(desk);
    await sample.closed;
    assert.equal(sample.child.exitCode, 1);
    assert.match(sample.output, /is no desk/);
    assert.equal(fs.readFileSync(path.join(desk, "file"), "utf8"), "mine");
});

test("a desk that somebody made, or that is being served, is not touched", async () => {
    const desk = path.join(scratchFolder(), "desk");
    const first = new Sample(desk);
    await first.ready();
    const second = new Sample(desk);
    await second.closed;
    assert.equal(second.child.exitCode, 1);
    assert.match(second.output, /is being served/);
    first.endGroup("SIGINT");
    await first.closed;
    fs.rmSync(path.join(desk, "made-by-make-run"));
    const third = new Sample(desk);
    await third.closed;
    assert.equal(third.child.exitCode, 1);
    assert.match(third.output, /is not a sample of ours/);
    assert.ok(fs.existsSync(path.join(desk, "tidings.sqlite")));
});
