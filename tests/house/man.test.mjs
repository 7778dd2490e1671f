// SPDX-License-Identifier: Apache-2.0
/** The manual against the program: every command, every option and every exit code stands in it, and it is well formed. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const file = path.join(root, "man/tidings.1");
const manual = fs.readFileSync(file, "utf8");

const COMMON = ["desk", "as", "json", "help"];

function help(...words) {
    return execFileSync(process.env.TIDINGS_BIN, [...words, "--help"], { encoding: "utf8" });
}

/** The first words of the indented lines of a list of commands. */
function listed(text) {
    return [...text.matchAll(/^ {2}([a-z][a-z-]*)(?= )/gm)].map((match) => match[1]);
}

function optionsOf(...words) {
    return [...help(...words).matchAll(/^ {2}(?:-h, )?--([a-z0-9-]+)/gm)].map((match) => match[1]);
}

/** The lines of the manual from a heading to the next one of its kind. */
function section(macro, name) {
    const start = manual.indexOf(`\n.${macro} ${name}\n`);
    assert.notEqual(start, -1, `there is no section ${name}`);
    const rest = manual.slice(start + 1);
    const end = rest.slice(1).search(/^\.S[hs] /m);
    return end < 0 ? rest : rest.slice(0, end + 1);
}

function hasOption(text, option) {
    return new RegExp(`(Fl|,) -${option}(\\s|$)`, "m").test(text);
}

const commands = listed(help());

test("the program lists its commands", () => assert.ok(commands.includes("ticket") && commands.includes("serve")));

for (const command of commands) {
    test(`the manual has everything of ${command}`, () => {
        const text = section("Ss", command);
        const subcommands = ["init", "serve", "simulate", "import", "ingest", "backup", "restore", "move", "routes"].includes(command) ? [] : listed(help(command));
        const calls = subcommands.length === 0 ? [[command]] : subcommands.map((name) => [command, name]);
        for (const call of calls) {
            assert.match(text, new RegExp(`^\\.It Cm ${call.join(" ")}( |$)`, "m"), call.join(" "));
            for (const option of optionsOf(...call))
                if (!COMMON.includes(option)) assert.ok(hasOption(text, option), `${call.join(" ")} --${option}`);
        }
        // And nothing that the program does not have.
        const known = new Set([...COMMON, ...calls.flatMap((call) => optionsOf(...call))]);
        for (const [, option] of text.matchAll(/Fl -([a-z0-9-]+)/g)) assert.ok(known.has(option), `--${option} is no option`);
        for (const [, name] of text.matchAll(new RegExp(`^\\.It Cm ${command} ([a-z-]+)`, "gm")))
            assert.ok(subcommands.includes(name), `${command} ${name} is no command`);
    });
}

test("the common options", () => {
    for (const option of COMMON) assert.ok(hasOption(section("Sh", "OPTIONS"), option), option);
});

test("every exit code", () => {
    const table = fs.readFileSync(path.join(root, "src/base/error.c"), "utf8");
    const used = [...table.matchAll(/\[TD_ERROR_\w+\] = \{"[^"]*", "[^"]*", \d+, (\d+),/g)].map((match) => match[1]);
    assert.ok(used.length >= 13);
    const documented = [...section("Sh", "EXIT STATUS").matchAll(/^\.It (\d+)$/gm)].map((match) => match[1]);
    assert.deepEqual(new Set(documented), new Set(["0", "2", ...used]));
});

test("every state of an alert", () => {
    const source = fs.readFileSync(path.join(root, "src/outbox/state.c"), "utf8");
    const states = [...source.matchAll(/\[OUTBOX_[A-Z]+\] = "([a-z]+)"/g)].map((match) => match[1]);
    assert.ok(states.length >= 10);
    for (const state of [...states, "none"]) assert.match(section("Ss", "alerts"), new RegExp(`^\\.It ${state}$`, "m"));
});

function installed(program) {
    return spawnSync(program, ["--version"]).error === undefined;
}

test("man has no warning", { skip: !installed("man") && "man is not installed" }, () => {
    const { stderr, status } = spawnSync("man", ["--warnings", "-l", file], {
        env: { ...process.env, LC_ALL: "C.UTF-8", MANPAGER: "cat" },
        encoding: "utf8",
    });
    assert.deepEqual([status, stderr], [0, ""]);
});

test("mandoc has no complaint", { skip: !installed("mandoc") && "mandoc is not installed" }, () => {
    const { stdout } = spawnSync("mandoc", ["-Tlint", "-W", "warning", file], { encoding: "utf8" });
    assert.equal(stdout, "");
});
