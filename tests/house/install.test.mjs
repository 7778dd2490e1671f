// SPDX-License-Identifier: Apache-2.0
/** What an installation puts where, and that it is good: units, completion, examples, the package's description. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { after, test } from "node:test";

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "tidings-install-"));
after(() => fs.rmSync(scratch, { recursive: true }));

const UNITS = ["tidings", "tidings-web", "tidings-alerts", "tidings-connector"];
const EXPOSURE = "20"; // in tenths: at most 2.0

const read = (...parts) => fs.readFileSync(path.join(...parts), "utf8");
const run = (program, args, options) => execFileSync(program, args, { encoding: "utf8", stdio: "pipe", ...options });
const missing = (program) => spawnSync(program, ["--version"]).error !== undefined && `${program} is not installed`;

// As `make install DESTDIR=...` does.
run("meson", ["install", "-C", process.env.TIDINGS_BUILD, "--no-rebuild", "--quiet"],
    { env: { ...process.env, DESTDIR: scratch } });
const installed = fs.readdirSync(scratch, { recursive: true }).filter((name) => fs.statSync(path.join(scratch, name)).isFile());
const prefix = path.join(scratch, "usr/local");
const program = path.join(prefix, "bin/tidings");

const helps = new Map();

function help(...words) {
    const call = words.join(" ");
    if (!helps.has(call)) helps.set(call, run(program, [...words, "--help"]));
    return helps.get(call);
}

function commandsOf(...words) {
    return [...help(...words).matchAll(/^ {2}(?!tidings )([a-z][a-z-]*)(?= )/gm)].map((match) => match[1]);
}

function optionsOf(...words) {
    return [...help(...words).matchAll(/^ {2}(?:-h, )?(--[a-z0-9-]+)/gm)].map((match) => match[1]);
}

test("the program runs from where it was installed", () => assert.match(run(program, ["--version"]), /^tidings \d/));

test("every page, unit, completion and example is installed", () => {
    const manual = fs.readdirSync(path.join(root, "man")).filter((name) => /\.[15]$/.test(name));
    for (const name of manual) assert.ok(fs.existsSync(path.join(prefix, `share/man/man${name.at(-1)}`, name)), name);
    const units = [...UNITS.map((name) => `${name}.service`), ...fs.readdirSync(path.join(root, "packaging/systemd"))];
    for (const name of units) assert.ok(fs.existsSync(path.join(prefix, "lib/systemd/system", name)), name);
    for (const name of ["bash-completion/completions/tidings", "zsh/site-functions/_tidings"])
        assert.ok(fs.existsSync(path.join(prefix, "share", name)), name);
    const examples = fs.readdirSync(path.join(root, "packaging/examples"));
    assert.deepEqual(new Set(fs.readdirSync(path.join(prefix, "share/doc/tidings/examples"))), new Set(examples));
});

test("nothing is installed that is not listed here", () => {
    const known = /^usr\/local\/(bin\/tidings|share\/(man\/man[15]|doc\/tidings|bash-completion|zsh)\/.*|lib\/systemd\/system\/.*)$/;
    assert.deepEqual(installed.filter((name) => !known.test(name)), []);
});

/* The units as installed, but with the program where it is now, so that systemd finds it. */
const units = path.join(scratch, "units");
fs.mkdirSync(units);
for (const name of UNITS) {
    const text = read(prefix, `lib/systemd/system/${name}.service`);
    fs.writeFileSync(path.join(units, `${name}.service`), text.replace("ExecStart=/usr/local/bin/", `ExecStart=${prefix}/bin/`));
}

for (const name of UNITS) {
    const unit = path.join(units, `${name}.service`);
    test(`${name}.service is well formed`, { skip: missing("systemd-analyze") }, () => {
        const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", unit],
            { encoding: "utf8" });
        assert.deepEqual([status, stdout, stderr], [0, "", ""]);
        assert.doesNotMatch(read(unit), /@[a-z]+@/, "every blank is filled");
    });
    test(`${name}.service is closed up`, { skip: missing("systemd-analyze") }, () => {
        const { status, stdout } = spawnSync("systemd-analyze",
            ["security", "--offline=true", "--no-pager", `--threshold=${EXPOSURE}`, unit], { encoding: "utf8" });
        assert.equal(status, 0, stdout);
    });
}

test("a role and all in one are not served at once", () => {
    assert.match(read(units, "tidings.service"), /^Conflicts=tidings-web.service tidings-alerts.service tidings-connector.service$/m);
    for (const role of ["web", "alerts", "connector"]) {
        const text = read(units, `tidings-${role}.service`);
        assert.match(text, /^Conflicts=tidings.service$/m);
        assert.match(text, new RegExp(`^ExecStart=\\S+ serve --desk /var/lib/tidings --roles ${role}$`, "m"));
    }
});

test("no exit code that trying again does not mend is tried again", () => {
    const table = read(root, "src/base/error.c");
    const rows = [...table.matchAll(/\[TD_ERROR_(\w+)\] = \{"[^"]*", "[^"]*", \d+, (\d+), (true|false)/g)];
    const codes = (names) => rows.filter((row) => names.includes(row[1])).map((row) => row[2]);
    const final = new Set(["2", ...codes(["INVALID", "NOT_FOUND", "DENIED"])]);
    const listed = /^RestartPreventExitStatus=(.*)$/m.exec(read(units, "tidings.service"))[1].split(" ");
    assert.deepEqual(new Set(listed), final);
});

/* ---- completion ---- */

const COMPLETE_IN_BASH = `
source "$1"; shift
COMP_WORDS=(tidings "$@") COMP_CWORD=$#
_tidings
printf '%s\\n' "\${COMPREPLY[@]}"
`;

/* _describe and _arguments are zsh's own; what they are called with is what would be offered. */
const COMPLETE_IN_ZSH = `
file=$1; shift
_describe() { print -rl -- \${\${(P)2}%%:*} }
_arguments() { print -rl -- \${\${@%%\\[*}#\\*} | sed 's/=$//; /^:/d' }
words=(tidings "$@") CURRENT=$(( $# + 1 )) service=tidings
source $file
`;

const PATH = `${path.join(prefix, "bin")}:${process.env.PATH}`;

function lines(text) {
    return text.split("\n").filter((line) => line !== "");
}

const SHELLS = {
    bash: (...words) => lines(run("bash", ["--norc", "-c", COMPLETE_IN_BASH, "bash",
        path.join(prefix, "share/bash-completion/completions/tidings"), ...words], { env: { ...process.env, PATH } })),
    zsh: (...words) => lines(run("zsh", ["-f", "-c", COMPLETE_IN_ZSH, "zsh",
        path.join(prefix, "share/zsh/site-functions/_tidings"), ...words], { env: { ...process.env, PATH } })),
};

const alone = (command) => /^ {2}tidings [a-z]+ \[OPTION/m.test(help(command));

for (const [shell, complete] of Object.entries(SHELLS)) {
    const skip = missing(shell);
    test(`${shell} completes every command`, { skip }, () => {
        const commands = commandsOf();
        assert.ok(commands.length >= 17);
        assert.deepEqual(new Set(complete("")), new Set(commands));
        for (const command of commands.filter((name) => !alone(name)))
            assert.deepEqual(new Set(complete(command, "")), new Set(commandsOf(command)), command);
    });
    test(`${shell} completes options`, { skip }, () => {
        for (const call of [["serve"], ["ticket", "open"], ["alerts", "retry"], ["simulate"]])
            assert.deepEqual(new Set(complete(...call, "--")), new Set(optionsOf(...call)), call.join(" "));
        assert.deepEqual(new Set(complete("ticket", "close", "1", "--json", "--")), new Set(optionsOf("ticket", "close")));
    });
}

test("bash completes the beginning of a word, folders and files", () => {
    const { bash } = SHELLS;
    assert.deepEqual(bash("ticket", "me"), ["merge", "messages"]);
    assert.deepEqual(bash("ticket", "open", "--account", ""), [], "a number is nothing to offer");
    fs.mkdirSync(path.join(scratch, "some-folder"));
    fs.writeFileSync(path.join(scratch, "some-file"), "");
    const some = path.join(scratch, "some-");
    assert.deepEqual(bash("serve", "--desk", some), [`${some}folder`]);
    assert.deepEqual(bash("serve", "--desk", "=", some), [`${some}folder`]);
    assert.deepEqual(new Set(bash("ticket", "open", "--description-file", some)), new Set([`${some}file`, `${some}folder`]));
});

/* ---- examples and the package ---- */

test("Postfix reads its examples", { skip: !fs.existsSync("/usr/sbin/postconf") && "Postfix is not installed" }, () => {
    const etc = path.join(scratch, "postfix");
    fs.mkdirSync(etc);
    const pipe = read(prefix, "share/doc/tidings/examples/postfix-pipe.cf");
    const settings = [...pipe.matchAll(/^# {3}([a-z_]+ = .*)$/gm)].map((match) => match[1]);
    assert.ok(settings.length >= 5);
    fs.writeFileSync(path.join(etc, "master.cf"), pipe);
    for (const text of [settings.join("\n"), read(prefix, "share/doc/tidings/examples/postfix-relay.cf")]) {
        fs.writeFileSync(path.join(etc, "main.cf"), `compatibility_level = 3.6\n${text}\n`);
        for (const what of [["-n"], ["-M"]]) {
            const { status, stderr } = spawnSync("/usr/sbin/postconf", ["-c", etc, ...what], { encoding: "utf8" });
            assert.deepEqual([status, stderr], [0, ""]);
        }
    }
    assert.match(run("/usr/sbin/postconf", ["-c", etc, "-M", "tidings/unix"]), /pipe flags=DORXhu user=tidings argv=\/usr\/bin\/tidings/);
});

test("the package has the program's version", () => {
    const [, version] = /version: '([^']+)'/.exec(read(root, "meson.build"));
    assert.match(read(root, "debian/changelog"), new RegExp(`^tidings \\(${version.replaceAll(".", "\\.")}\\)`));
});

test("the package is built with every library that the program needs", () => {
    const [, list] = /^build="([^"]+)"/m.exec(read(root, "tools/install-packages"));
    const control = read(root, "debian/control");
    for (const name of list.split(/\s+/).filter((word) => /^lib(?!c6).*-dev|-dev$|^libjs-/.test(word) && word !== "libc6-dev"))
        assert.match(control, new RegExp(`^ *(?:Build-Depends: )?.*\\b${name}(,| |$)`, "m"), name);
});

test("the package's scripts are clean", () => {
    for (const name of ["tidings.postinst", "tidings.postrm"]) {
        assert.match(read(root, "debian", name), /^#!\/bin\/sh\n(?:#.*\n)?set -e\n/);
        run("sh", ["-n", path.join(root, "debian", name)]);
    }
});
