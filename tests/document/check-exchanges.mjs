// SPDX-License-Identifier: Apache-2.0
/**
 * Compares what the tests have asked and been answered (see tests/support/recorder.mjs) with the OpenAPI document:
 *
 *   node tests/document/check-exchanges.mjs FOLDER [--coverage]
 *
 * Prints each fault once, with the test, the operation, the status and the place in the body, and ends with 1 when there
 * is one. With --coverage, what the document names and no test has seen is a fault, too, unless tests/document/unseen.json
 * says why.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Document } from "./document.mjs";
import { loadDocument } from "./load.mjs";

const here = path.dirname(new URL(import.meta.url).pathname);
const [folder, ...options] = process.argv.slice(2);
const judge = new Document(loadDocument());
const faults = new Map();
let exchanges = 0;

function note(fault) {
    const kind = fault.replace(/^\S+: /, "").replace(/\/\d+/g, "/#");
    if (!faults.has(kind)) faults.set(kind, { fault, count: 0 });
    faults.get(kind).count += 1;
}

for (const name of fs.readdirSync(folder).filter((file) => file.endsWith(".jsonl"))) {
    const lines = fs.readFileSync(path.join(folder, name), "utf8").split("\n");
    lines.pop(); // behind the last line; or a line that a killed test did not end
    for (const line of lines) {
        exchanges += 1;
        judge.check(JSON.parse(line)).forEach(note);
    }
}

/** What nobody has seen, and what is said to be out of reach and is not. */
function checkCoverage() {
    const reasons = JSON.parse(fs.readFileSync(path.join(here, "unseen.json"), "utf8"));
    for (const { id, operation } of judge.operations)
        for (const status of Object.keys(operation.responses))
            if (!judge.seen.has(`${id} ${status}`) && !(`${id} ${status}` in reasons) && !(`* ${status}` in reasons))
                note(`tests: no test has seen ${id} ${status}`);
    for (const known of Object.keys(reasons))
        if (judge.seen.has(known)) note(`tests: ${known} is seen by a test; take it out of unseen.json`);
}

if (options.includes("--coverage")) checkCoverage();
for (const { fault, count } of faults.values()) console.log(count > 1 ? `${fault} (${count} times)` : fault);
console.log(`${exchanges} exchanges, ${judge.seen.size} operations with a status, ${faults.size} faults`);
if (process.env.LIST_PROBLEMS) console.log([...judge.problems].sort().join("\n"));
process.exit(faults.size > 0 || exchanges === 0 ? 1 : 0);
