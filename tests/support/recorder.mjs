// SPDX-License-Identifier: Apache-2.0
/**
 * Keeps what was asked and answered, so that tests/document/ can compare it with the OpenAPI document: a line of JSON
 * each, in a file of this process, in the folder that the environment variable TIDINGS_EXCHANGES names. Without it,
 * nothing is kept. tests/api/recorder.c does the same for the tests without HTTP.
 */
import * as fs from "node:fs";
import * as path from "node:path";

const SAME_MAX = 100; // of one method, path and status: more would say nothing new
const TEXT_MAX = 256 * 1024; // a longer body is left out

const folder = process.env.TIDINGS_EXCHANGES || undefined;
const test = path.basename(process.argv[1] ?? "node");
const counts = new Map();
let file;

function isNew(method, target, status) {
    const kind = `${method} ${target.split("?", 1)[0].replace(/\d+/g, "#")} ${status}`;
    const n = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, n);
    return n <= SAME_MAX;
}

/** `request` is {method, target, type, body}, `answer` {status, headers, text}; a body is a string, a Buffer or undefined. */
export function keep({ method, target, type = "", body }, { status, headers, text }) {
    if (folder === undefined || !isNew(method, target, status)) return;
    file ??= fs.openSync(path.join(folder, `${test}-${process.pid}.jsonl`), "a");
    const line = { test, method, target, status, type: headers["content-type"] ?? "", request_type: type };
    if (status < 300 && typeof body === "string" && body.length <= TEXT_MAX) line.request = body;
    if (line.type.includes("json") && text.length <= TEXT_MAX) line.answer = text;
    fs.writeSync(file, JSON.stringify(line) + "\n");
}
