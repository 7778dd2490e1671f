// SPDX-License-Identifier: Apache-2.0
/** The judge finds what is wrong, and says where. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Document } from "./document.mjs";
import { loadDocument } from "./load.mjs";

const document = loadDocument();
const judge = new Document(document);
const account = document.paths["/api/v1/accounts"].post;
const good = {
    test: "x",
    method: "POST",
    target: "/api/v1/accounts",
    status: 201,
    type: "application/json",
    request_type: "application/json",
    request: JSON.stringify(account.requestBody.content["application/json"].example),
    answer: JSON.stringify(account.responses[201].content["application/json"].example),
};
const shown = JSON.parse(good.answer);
const problem = { type: "/problems/bad-address", title: "t", status: 422, detail: "d" };
const refused = { ...good, status: 422, type: "application/problem+json", answer: JSON.stringify(problem) };

const CASES = [
    ["what the document says", good, null],
    ["a field that it does not name", { ...good, answer: JSON.stringify({ ...shown, colour: "red" }) }, /unevaluated.*colour/],
    ["a field that is missing", { ...good, answer: JSON.stringify({ ...shown, name: undefined }) }, /required property 'name'/],
    ["a field of another type", { ...good, answer: JSON.stringify({ ...shown, active: "yes" }) }, /"\/active" must be boolean/],
    ["a status that it does not have", { ...good, status: 418 }, /no such status/],
    ["an answer of another type", { ...good, type: "text/html" }, /no answer of type "text\/html"/],
    ["a request that it would refuse", { ...good, request: '{"name":"A","email":"a@b.example","x":1}' }, /a request that was taken: .*\(x\)/],
    ["a refusal", refused, null],
    ["a problem that the operation does not have", { ...refused, answer: JSON.stringify({ ...problem, type: "/problems/bad-csv" }) }, /do not name "bad-csv"/],
    ["a problem that nobody knows", { ...refused, answer: JSON.stringify({ ...problem, type: "/problems/bad-hair" }) }, /"bad-hair" is not in x-problems/],
    ["an operation that it does not have", { ...good, target: "/api/v1/elsewhere" }, /does not have/],
    ["an address where nothing is served", { ...refused, target: "/api/v1/elsewhere", status: 404 }, null],
    ["a method that is not allowed", { ...refused, method: "DELETE", status: 405 }, null],
    ["a field inside of an allOf", { ...good, target: "/api/v1/tokens", request: undefined, answer: '{"id":1,"hash":"x"}' }, /required|unevaluated/],
    ["a page", { ...good, target: "/tickets/1", type: "text/html" }, null],
];

for (const [name, exchange, expected] of CASES)
    test(name, () => {
        const faults = judge.check(exchange);
        if (expected === null) assert.deepEqual(faults, []);
        else assert.match(faults.join("\n"), expected);
    });

test("the route with the most fixed parts is the one", () => {
    assert.equal(judge.routeFor("/api/v1/tickets/counts"), "/api/v1/tickets/counts");
    assert.equal(judge.routeFor("/api/v1/tickets/12?x=1"), "/api/v1/tickets/{number}");
    assert.equal(judge.routeFor("/tickets/12"), undefined);
});
