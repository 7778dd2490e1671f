// SPDX-License-Identifier: Apache-2.0
/**
 * kill -9 at random moments, the short run; `tools/crash` is the long one. Each run must have hit the crash window, or
 * it shows nothing.
 */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { cleanUp, findPostgres } from "../support/api.mjs";
import { crashRun, describe, stoppedSenders, wrongs } from "./crash.mjs";

after(cleanUp);

const missing = findPostgres() === undefined && "PostgreSQL is not installed";

function report(t, result) {
    t.diagnostic(`seed ${result.seed}`);
    for (const line of describe(result).split("\n")) t.diagnostic(line);
}

test("50 times kill -9 on SQLite", async (t) => {
    const result = await crashRun({ engine: "sqlite", kills: 50 });
    report(t, result);
    assert.deepEqual(wrongs(result), []);
    assert.ok(result.byCrash > 0, "no crash hit the window");
});

test("kill -9 beside a relay that gets no time, and reads afterwards", async (t) => {
    const result = await crashRun({ engine: "sqlite", kills: 4, steps: Array(4).fill("kill unread") });
    report(t, result);
    assert.deepEqual(wrongs(result), []);
    assert.ok(result.byCrash > 0, "nothing was read after its sender's death");
});

test("10 times kill -9 on PostgreSQL, of three processes", { skip: missing }, async (t) => {
    const result = await crashRun({ engine: "postgresql", kills: 10, pauses: 1, restarts: 1 });
    report(t, result);
    assert.deepEqual(wrongs(result), []);
    assert.ok(result.uncertain > 0, "nothing became uncertain");
});

test("a sender that is stopped past its lease, and continued", { skip: missing }, async (t) => {
    const result = await stoppedSenders();
    const { seed, alerts, uncertain, repeats } = result;
    t.diagnostic(`seed ${seed}: ${uncertain} of ${alerts} alerts uncertain, ${repeats} mails repeated`);
    assert.deepEqual(result.examples, []);
    assert.ok(result.uncertain > 0, "what the stopped one held was not taken over");
});
