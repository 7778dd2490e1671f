// SPDX-License-Identifier: Apache-2.0
/** The OpenAPI document by itself: well formed, complete, with examples that are what it says. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Document } from "./document.mjs";
import { loadDocument, root } from "./load.mjs";

const document = loadDocument();
const judge = new Document(document);
const limits = limitsOf(fs.readFileSync(path.join(root, "src/base/limits.h"), "utf8"));

function limitsOf(header) {
    const found = header.matchAll(/#define (LIMIT_\w+)\s+(\([\d *]+\)|\d+)/g);
    const product = (text) => text.replace(/[() ]/g, "").split("*").map(Number).reduce((a, b) => a * b);
    return Object.fromEntries([...found].map(([, name, value]) => [name, product(value)]));
}

test("it is OpenAPI 3.1, by its meta-schema", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    assert.ok(valid, JSON.stringify(errors, null, 2));
});

test("operationIds are unique", () => {
    const ids = judge.operations.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
});

test("src/api/operations.json names no operation that is not there", () => {
    const ids = new Set(judge.operations.map(({ id }) => id));
    const more = JSON.parse(fs.readFileSync(path.join(root, "src/api/operations.json"), "utf8"));
    for (const id of Object.keys(more.operations)) assert.ok(ids.has(id), id);
});

/** [place, schema, example] of every body in JSON. */
function* examplesOf({ id, operation }) {
    const bodies = Object.entries(operation.responses).map(([status, body]) => [`${id} ${status}`, body]);
    for (const [place, body] of [[`${id} request`, operation.requestBody], ...bodies])
        for (const [media, { schema, example }] of Object.entries(judge.resolve(body)?.content ?? {}))
            if (/^application\/.*json$/.test(media)) yield [place, schema, example];
}

/** Without an example may be a body that need not be there, and the second of two statuses of success. */
function needsExample(place, { operation }) {
    if (place.endsWith("request")) return operation.requestBody.required;
    const [first] = Object.keys(operation.responses).filter((status) => status < 300).reverse();
    return Number(place.slice(-3)) >= 300 || place.endsWith(first);
}

for (const one of judge.operations)
    test(`${one.method} ${one.path} is described`, () => {
        const { operation, id } = one;
        assert.ok(id && operation.summary && operation.tags.length === 1, "operationId, summary and one tag");
        assert.ok(document.tags.some(({ name }) => name === operation.tags[0]), `the tag ${operation.tags[0]}`);
        if (operation["x-scope"] !== undefined) assert.ok(operation["x-scope"] in document["x-scopes"]);
        for (const [place, schema, example] of examplesOf(one)) {
            if (example === undefined) {
                assert.ok(!needsExample(place, one), `${place}: src/api/operations.json has no example`);
                continue;
            }
            const kind = place.endsWith("request") ? "plain" : "strict";
            assert.equal(judge.fault(kind, schema, example), undefined, place);
        }
    });

test("a problem stands at a status that its operation has, and every problem at some operation", () => {
    const used = new Set(["no-such-page", "method-not-allowed"]); // of no operation
    for (const { id, operation } of judge.operations)
        for (const [status, names] of Object.entries(operation["x-problems"])) {
            if (names.length > 0) assert.ok(status in operation.responses, `${id} ${status}: ${names}`);
            for (const name of names) {
                used.add(name);
                assert.ok(name in document["x-problems"], `${id}: ${name}`);
            }
        }
    const unused = Object.entries(document["x-problems"]).filter(
        ([name, { meaning }]) => !used.has(name) && !/Only pages meet it/.test(meaning),
    );
    assert.deepEqual(unused.map(([name]) => name), []);
});

test("examples of schemas are what their schemas say", () => {
    for (const [name, schema] of Object.entries(document.components.schemas))
        for (const example of schema.examples ?? [])
            assert.equal(judge.fault("plain", { $ref: `#/components/schemas/${name}` }, example), undefined, name);
});

// [schema, property, of the schema or its items, limit]
const LIMITS = [
    ["TicketNew", "title", "maxLength", "LIMIT_TITLE_CHARS"],
    ["TicketNew", "description", "maxLength", "LIMIT_DESCRIPTION_BYTES"],
    ["TicketNew", "resolution", "maxLength", "LIMIT_RESOLUTION_BYTES"],
    ["TicketNew", "recipients", "maxItems", "LIMIT_RECIPIENTS_PER_TICKET"],
    ["RecipientNew", "email", "maxLength", "LIMIT_ADDRESS_BYTES"],
    ["AccountNew", "name", "maxLength", "LIMIT_NAME_CHARS"],
    ["AccountNew", "reference", "maxLength", "LIMIT_REFERENCE_CHARS"],
    ["AccountNew", "domains", "maxItems", "LIMIT_ACCOUNT_DOMAINS"],
    ["ContactNew", "emails", "maxItems", "LIMIT_CONTACT_ADDRESSES"],
    ["MessageNew", "text", "maxLength", "LIMIT_MESSAGE_BYTES"],
    ["MessageNew", "html", "maxLength", "LIMIT_MESSAGE_BYTES"],
    ["MessageNew", "attachments", "maxItems", "LIMIT_ATTACHMENTS"],
    ["TemplateNew", "text", "maxLength", "LIMIT_TEMPLATE_BYTES"],
    ["TemplateNew", "html", "maxLength", "LIMIT_TEMPLATE_BYTES"],
    ["TicketsChange", "tickets", "maxItems", "LIMIT_BULK_TICKETS"],
];

test("limits are those of src/base/limits.h", () => {
    for (const [schema, property, keyword, limit] of LIMITS)
        assert.equal(document.components.schemas[schema].properties[property][keyword], limits[limit], `${schema}.${property}`);
    assert.equal(document.components.parameters.limit.schema.maximum, limits.LIMIT_PAGE_ITEMS);
    assert.equal(document.components.parameters.key.schema.maxLength, limits.LIMIT_IDEMPOTENCY_KEY_CHARS);
});

/** Every schema inside of a request: {where, schema}. */
function* requestSchemas(schema, where, seen) {
    if ("$ref" in schema) {
        if (seen.has(schema.$ref)) return;
        seen.add(schema.$ref);
        yield* requestSchemas(judge.resolve(schema), schema.$ref.split("/").at(-1), seen);
        return;
    }
    yield { where, schema };
    const inner = [...Object.entries(schema.properties ?? {}), ...["anyOf", "oneOf", "allOf"].flatMap((name) => Object.entries(schema[name] ?? []))];
    for (const [name, part] of inner) yield* requestSchemas(part, `${where}.${name}`, seen);
    for (const part of [schema.items, schema.additionalProperties])
        if (typeof part === "object") yield* requestSchemas(part, `${where}[]`, seen);
}

test("a request takes no field but those it names, and every list and text has its maximum", () => {
    const faults = [];
    const seen = new Set();
    for (const { id, operation } of judge.operations) {
        const body = operation.requestBody?.content["application/json"]?.schema;
        for (const { where, schema } of body === undefined ? [] : requestSchemas(body, id, seen)) {
            const types = [schema.type].flat();
            if ("properties" in schema && schema.additionalProperties !== false) faults.push(`${where}: takes any field`);
            const bounded = ["maxLength", "enum", "const"].some((name) => name in schema) || schema.format === "date-time";
            if (types.includes("string") && !bounded) faults.push(`${where}: no maxLength`);
            if (types.includes("array") && !("maxItems" in schema)) faults.push(`${where}: no maxItems`);
        }
    }
    assert.deepEqual(faults, []);
});
