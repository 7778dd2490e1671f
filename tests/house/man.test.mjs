// SPDX-License-Identifier: Apache-2.0
/** The manual against the program: every command has its page, every option and every exit code stands in it, and it is well formed. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const folder = path.join(root, "man");
const pages = fs.readdirSync(folder).filter((name) => /\.[15]$/.test(name));

const COMMON = ["desk", "as", "json", "help"];

function page(name) {
    return fs.readFileSync(path.join(folder, name), "utf8");
}

const helps = new Map();

function help(...words) {
    const call = words.join(" ");
    if (!helps.has(call)) helps.set(call, execFileSync(process.env.TIDINGS_BIN, [...words, "--help"], { encoding: "utf8" }));
    return helps.get(call);
}

/** The first words of the indented lines of a list of commands. */
function listed(text) {
    return [...text.matchAll(/^ {2}([a-z][a-z-]*)(?= )/gm)].map((match) => match[1]);
}

function optionsOf(...words) {
    return [...help(...words).matchAll(/^ {2}(?:-h, )?--([a-z0-9-]+)/gm)].map((match) => match[1]);
}

/** The lines of a page from a heading to the next one. */
function section(text, name) {
    const start = text.indexOf(`\n.Sh ${name}\n`);
    assert.notEqual(start, -1, `there is no section ${name}`);
    const rest = text.slice(start + 1);
    const end = rest.slice(1).search(/^\.Sh /m);
    return end < 0 ? rest : rest.slice(0, end + 1);
}

function hasOption(text, option) {
    return new RegExp(`(Fl|,) -${option}(\\s|$)`, "m").test(text);
}

const overview = page("tidings.1");
const commands = listed(help());

test("the program lists its commands", () => assert.ok(commands.includes("ticket") && commands.includes("serve")));

test("every command has its page, and every page its command", () => {
    const expected = ["tidings.1", "tidings.conf.5", ...commands.map((name) => `tidings-${name}.1`)];
    assert.deepEqual(new Set(pages), new Set(expected));
});

test("every page is installed", () => {
    const build = fs.readFileSync(path.join(folder, "meson.build"), "utf8");
    for (const name of commands) assert.match(build, new RegExp(`'${name}'`), name);
});

test("the overview lists every command as the program does", () => {
    const summaries = new Map([...help().matchAll(/^ {2}([a-z-]+) +(.+)$/gm)].map(([, name, words]) => [name, words]));
    const written = [...section(overview, "COMMANDS").matchAll(/^\.It Xr tidings-([a-z-]+) 1\n(.*)\.$/gm)];
    assert.deepEqual(new Map(written.map(([, name, words]) => [name, words])), summaries);
});

for (const command of commands) {
    test(`the manual has everything of ${command}`, () => {
        const text = page(`tidings-${command}.1`);
        assert.match(text, new RegExp(`^\\.Dt TIDINGS-${command.toUpperCase()} 1$`, "m"));
        assert.match(text, new RegExp(`^\\.Nm tidings-${command}\\n\\.Nd ..`, "m"));
        assert.match(section(text, "SYNOPSIS"), new RegExp(`^\\.Nm tidings ${command}$`, "m"));
        assert.match(section(text, "SEE ALSO"), /^\.Xr tidings 1/m);
        const alone = /^ {2}tidings [a-z]+ \[OPTION/m.test(help(command));
        const subcommands = alone ? [] : listed(help(command));
        assert.ok(alone || subcommands.length > 0, "neither a command of its own nor one with others");
        const calls = alone ? [[command]] : subcommands.map((name) => [command, name]);
        for (const call of calls) {
            if (!alone) assert.match(text, new RegExp(`^\\.It Cm ${call.join(" ")}( |$)`, "m"), call.join(" "));
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

test("every page that a page names is there", () => {
    for (const name of pages)
        for (const [, other, number] of page(name).matchAll(/Xr (tidings[a-z.-]*) (\d)/g))
            assert.ok(pages.includes(`${other}.${number}`), `${name} names ${other}(${number})`);
});

test("the common options", () => {
    for (const option of COMMON) assert.ok(hasOption(section(overview, "OPTIONS"), option), option);
});

test("every setting of tidings.conf", () => {
    const source = fs.readFileSync(path.join(root, "src/base/config.c"), "utf8");
    const table = source.slice(source.indexOf("keys[] = {"));
    const keys = [...table.slice(0, table.indexOf("};")).matchAll(/\{"([a-z_]+)",/g)].map((match) => match[1]);
    assert.ok(keys.length >= 3);
    const documented = [...page("tidings.conf.5").matchAll(/^\.It Cm ([a-z_]+) No = /gm)].map((match) => match[1]);
    assert.deepEqual(new Set(documented), new Set(keys));
});

test("every exit code", () => {
    const table = fs.readFileSync(path.join(root, "src/base/error.c"), "utf8");
    const used = [...table.matchAll(/\[TD_ERROR_\w+\] = \{"[^"]*", "[^"]*", \d+, (\d+),/g)].map((match) => match[1]);
    assert.ok(used.length >= 13);
    const documented = [...section(overview, "EXIT STATUS").matchAll(/^\.It (\d+)$/gm)].map((match) => match[1]);
    assert.deepEqual(new Set(documented), new Set(["0", "2", ...used]));
});

test("every state of an alert", () => {
    const source = fs.readFileSync(path.join(root, "src/outbox/state.c"), "utf8");
    const states = [...source.matchAll(/\[OUTBOX_[A-Z]+\] = "([a-z]+)"/g)].map((match) => match[1]);
    assert.ok(states.length >= 10);
    for (const state of [...states, "none"]) assert.match(page("tidings-alerts.1"), new RegExp(`^\\.It ${state}$`, "m"));
});

function installed(program) {
    return spawnSync(program, ["--version"]).error === undefined;
}

test("man has no warning", { skip: !installed("man") && "man is not installed" }, () => {
    const { stderr, status } = spawnSync("man", ["--warnings", "-l", ...pages.map((name) => path.join(folder, name))], {
        env: { ...process.env, LC_ALL: "C.UTF-8", MANPAGER: "cat" },
        encoding: "utf8",
    });
    assert.deepEqual([status, stderr], [0, ""]);
});

test("mandoc has no complaint", { skip: !installed("mandoc") && "mandoc is not installed" }, () => {
    const files = pages.map((name) => path.join(folder, name));
    const { stdout } = spawnSync("mandoc", ["-Tlint", "-W", "warning", ...files], { encoding: "utf8" });
    assert.equal(stdout, "");
});
