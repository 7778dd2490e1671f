// SPDX-License-Identifier: Apache-2.0
/** `tidings import` with files longer than one request: parts, lines, what was refused, going on after a stop. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, before, test } from "node:test";

import * as api from "../support/api.mjs";

after(api.cleanUp);

const ROWS = 1200;
let desk, server, folder;
before(async () => {
    folder = api.scratchFolder();
    desk = await api.initDesk();
    server = await desk.serve();
});

function write(name, text) {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text);
    return file;
}

/** Every hundredth row names a customer who is not there; every description has two lines. */
const row = (i, prefix) => `${prefix}-${i};${i % 100 === 0 ? "Nobody Ltd" : "Bluebird Dental Practice"};"Title ${i}";"one\ntwo";${i % 2 ? "solved" : "open"};2024-03-01 10:00`;
const rows = (prefix, from = 1, to = ROWS) => Array.from({ length: to - from + 1 }, (_, k) => row(from + k, prefix)).join("\r\n");
const HEAD = "\ufeffId;Customer;Subject;Body;State;Created\r\n";
const mapping = () => write("mapping.json", JSON.stringify({
    columns: { Id: "reference", Customer: "account", Subject: "title", Body: "description", State: "status", Created: "opened" },
    values: { status: { solved: "Completed", open: "New" } },
}));

const run = (...args) => desk.run(["import", "tickets", ...args, "--mapping", mapping()]);
const count = async () => (await desk.run(["ticket", "list", "--json", "--limit", "2000"])).stdout.match(/"number"/g)?.length ?? 0;

test("a long file comes in parts, and nobody is told", async () => {
    const file = write("tickets.csv", HEAD + rows("A"));
    const errors = path.join(folder, "refused.csv");
    const dry = await run(file, "--dry-run");
    assert.match(dry.stdout, /^Nothing was written\. It would be: 1188 made, 0 changed, 0 as they were, 12 refused\.$/m);
    assert.equal(await count(), 0);

    const done = await run(file, "--errors", errors);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^1188 made, 0 changed, 0 as they were, 12 refused\.$/m);
    assert.deepEqual(done.stdout.match(/^Line \d+/gm).slice(0, 2), ["Line 200", "Line 400"]);
    const { items } = await server.ask("GET", "/api/v1/tickets?reference=A-1199");
    assert.deepEqual([items[0].title, items[0].description, items[0].status], ["Title 1199", "one\ntwo", 1000]);
    assert.deepEqual((await server.ask("GET", "/api/v1/alerts-server")).messages.queued, 0);

    const refused = fs.readFileSync(errors, "utf8");
    assert.match(refused, /^"Id","Customer","Subject","Body","State","Created","import_error"\n"A-100","Nobody Ltd","Title 100","one\ntwo","open"/);
    const corrected = write("corrected.csv", refused.replaceAll('"Nobody Ltd"', '"Bluebird Dental Practice"'));
    assert.match((await run(corrected)).stdout, /^12 made, 0 changed, 0 as they were, 0 refused\.$/m);
    assert.match((await run(file)).stdout, /^0 made, 0 changed, 1200 as they were, 0 refused\.$/m);
});

test("what cannot be read stops the import at its line, and the same command goes on", async () => {
    const broken = write("broken.csv", HEAD + rows("B", 1, 1100) + '\r\nB-1101;x;y\r\n' + rows("B", 1102));
    const stopped = await run(broken);
    assert.equal(stopped.code, 3);
    assert.match(stopped.stderr, /rows above line 2002 are done; give the same file again to go on\. Line 2202 of the CSV cannot be read/);
    const mended = write("mended.csv", HEAD + rows("B"));
    assert.match((await run(mended)).stdout, /^198 made, 0 changed, 990 as they were, 12 refused\.$/m);
});

for (const [name, content, args, code, message] of [
    ["not UTF-8", Buffer.concat([Buffer.from("reference\n"), Buffer.from([0xff, 0x0a])]), [], 3, /not text in UTF-8 \(at line 2/],
    ["an open quote", `reference\n"x${"y".repeat(3 * 1024 * 1024)}`, [], 3, /row at line 2 is longer .* is a quote not closed/],
    ["empty", "", [], 3, /Line 1 of the CSV/],
    ["a value without a field", "reference\n", ["--value", "Solved=Completed"], 2, /--value needs FIELD:CELL=VALUE/],
    ["a map without an equals sign", "reference\n", ["--map", "Id"], 2, /--map needs an equals sign/],
    ["a file for what is refused that is there", "reference\n", ["--errors", "/dev/null"], 5, /cannot be made: File exists/],
    ["a mapping that is none", "reference\n", ["--mapping", "/dev/null"], 3, /this is no mapping/],
])
    test(`refused: ${name}`, async () => {
        const before = await count();
        const ended = await desk.run(["import", "tickets", write("bad.csv", content), ...args]);
        assert.equal(ended.code, code, ended.stderr);
        assert.match(ended.stderr, message);
        assert.equal(await count(), before);
    });

test("nobody serves: the same", async () => {
    const other = await api.initDesk();
    const file = write("few.csv", "reference,account,title\nx-1,1,One\nx-2,1,Two\n");
    const done = await other.run(["import", "tickets", file, "--json"]);
    const answer = JSON.parse(done.stdout);
    assert.deepEqual([answer.kind, answer.create, answer.error, answer.items.length], ["tickets", 2, 0, 2]);
});
