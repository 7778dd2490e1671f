// SPDX-License-Identifier: Apache-2.0
/**
 * What comes in may be garbage; what comes out never is a fault of the server's own, and is always what the document says.
 * GARBAGE_SEED and GARBAGE_REQUESTS choose others, and more, than usual.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { call, cleanUp, initDesk, Postgres } from "../support/api.mjs";
import { Dice } from "../support/dice.mjs";
import { Document } from "./document.mjs";
import { Generator } from "./generate.mjs";
import { loadDocument } from "./load.mjs";

const SEED = Number(process.env.GARBAGE_SEED ?? 7);
const EACH = Number(process.env.GARBAGE_REQUESTS ?? 4); // of an operation, and an engine
const judge = new Document(loadDocument());

after(cleanUp);

// It would talk to whatever is in the settings, and waits for it.
const operations = judge.operations.filter(({ id }) => id !== "testAlertsServer");

async function ask(desk, request) {
    const { method, target, body, type, key } = request;
    const headers = body === undefined ? {} : { "Content-Type": type };
    const answer = await call(desk.socket, method, target, body, { key, headers });
    const exchange = { test: "garbage", method, target, status: answer.status, type: answer.headers["content-type"] ?? "" };
    return { ...exchange, answer: answer.text, request_type: type, request: answer.status < 300 && typeof body === "string" ? body : undefined };
}

async function run(database) {
    const desk = await initDesk({ database });
    const server = await desk.serve();
    const generator = new Generator(judge, new Dice(SEED));
    const faults = new Set();
    let taken = 0;
    for (let i = 0; i < EACH; i++)
        for (const operation of operations) {
            const request = generator.request(operation);
            const exchange = await ask(desk, request);
            taken += exchange.status < 300 ? 1 : 0;
            const shown = `${JSON.stringify(request).slice(0, 400)} -> ${exchange.status} ${exchange.answer.slice(0, 200)}`;
            if (exchange.status >= 500 && exchange.status !== 503) faults.add(shown);
            for (const fault of judge.check(exchange)) faults.add(`${fault}\n    ${shown}`);
        }
    assert.deepEqual([...faults], [], `GARBAGE_SEED=${SEED}`);
    assert.ok(taken > operations.length / 2, `${taken} requests were taken: enough of them reach the records`);
    assert.equal((await call(desk.socket, "GET", "/readyz")).status, 200);
    assert.deepEqual(server.complaints.filter((line) => / error /.test(line)), []);
    await server.stop();
}

test("on SQLite", () => run());

test("on PostgreSQL", async () => {
    const cluster = await Postgres.start();
    await run(cluster.createDatabase());
});
