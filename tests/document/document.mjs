// SPDX-License-Identifier: Apache-2.0
/**
 * The OpenAPI document as a judge: is what was asked and answered what it says? A validator is compiled when it is first
 * needed, once a process.
 *
 * Answers are judged more strictly than a client should: a field that the document does not name is a fault. So every
 * object with `properties` is closed before it is compiled, unless it says itself what else may be there.
 */
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const METHODS = ["get", "put", "post", "delete", "patch"];

/** A copy where objects are closed; `open`: but for its outermost, which is part of an allOf. */
function closed(schema, open = false) {
    if (Array.isArray(schema)) return schema.map((part) => closed(part));
    if (schema === null || typeof schema !== "object") return schema;
    const copy = {};
    for (const [name, value] of Object.entries(schema)) {
        if (["example", "examples", "enum", "const", "default"].includes(name)) continue;
        if (name === "properties")
            copy.properties = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, closed(part)]));
        else if (name === "allOf") copy.allOf = value.map(openPart);
        else copy[name] = closed(value);
    }
    for (const name of ["enum", "const"]) if (name in schema) copy[name] = schema[name];
    const more = "additionalProperties" in schema || "unevaluatedProperties" in schema;
    if (!open && !more && ("properties" in schema || "allOf" in schema)) copy.unevaluatedProperties = false;
    return copy;
}

function openPart(schema) {
    return "$ref" in schema ? { $ref: schema.$ref.replace("/schemas/", "/open/") } : closed(schema, true);
}

/** The tree that is compiled: components.schemas closed, components.open the same for allOf. */
function strictTree(document) {
    const schemas = document.components.schemas;
    const map = (change) => Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, change(schema)]));
    return { components: { schemas: map((schema) => closed(schema)), open: map((schema) => closed(schema, true)) } };
}

/** "/api/v1/tickets/{number}" -> a pattern, and how many of its parts are fixed: the more, the better it fits. */
function routeOf(template) {
    const parts = template.split("/");
    const pattern = parts.map((part) => (part.startsWith("{") ? "[^/]+" : part.replace(/\./g, "\\."))).join("/");
    return { template, pattern: new RegExp(`^${pattern}$`), fixed: parts.filter((part) => !part.startsWith("{")).length };
}

export class Document {
    constructor(document) {
        this.document = document;
        this.routes = Object.keys(document.paths)
            .map(routeOf)
            .sort((a, b) => b.fixed - a.fixed);
        this.ajv = new Ajv2020({ strict: false, allErrors: false, verbose: true });
        addFormats(this.ajv);
        // What mail/address.h takes; what the document calls an address is typed by people, and may have spaces around it.
        for (const name of ["email", "idn-email"]) this.ajv.addFormat(name, /^\s*[^\s@][^@]*@[^\s@]+\s*$/);
        this.ajv.addFormat("int64", { type: "number", validate: Number.isInteger });
        this.ajv.addSchema({ $id: "strict", ...strictTree(document) });
        this.ajv.addSchema({ $id: "plain", components: document.components });
        this.validators = new Map();
        this.seen = new Set(); // "openTicket 201"
        this.problems = new Set(); // "openTicket 422 too-long"
    }

    /** [{id, method, path, operation}] */
    get operations() {
        return Object.entries(this.document.paths).flatMap(([path, item]) =>
            METHODS.filter((method) => method in item).map((method) => ({
                id: item[method].operationId,
                method: method.toUpperCase(),
                path,
                operation: item[method],
            })),
        );
    }

    resolve(value) {
        while (value !== undefined && "$ref" in value)
            value = value.$ref
                .slice(2)
                .split("/")
                .reduce((at, name) => at[name], this.document);
        return value;
    }

    validator(kind, schema) {
        const key = kind + JSON.stringify(schema);
        // A named one shares what was compiled for the others.
        if (Object.keys(schema).join() === "$ref") return this.ajv.getSchema(kind + schema.$ref);
        if (!this.validators.has(key)) {
            const own = kind === "strict" ? closed(schema) : schema;
            const text = JSON.stringify(own).replaceAll('"#/components/', `"${kind}#/components/`);
            this.validators.set(key, this.ajv.compile(JSON.parse(text)));
        }
        return this.validators.get(key);
    }

    /** What is wrong with a value, in words; undefined: nothing. */
    fault(kind, schema, value) {
        const validate = this.validator(kind, schema);
        if (validate(value)) return undefined;
        // Of alternatives, the deepest place says most.
        const deepest = validate.errors.reduce((a, b) => (b.instancePath.length > a.instancePath.length ? b : a));
        const more = Object.values(deepest.params)
            .filter((param) => typeof param !== "object" || Array.isArray(param))
            .join(", ");
        return `"${deepest.instancePath}" ${deepest.message} (${more})`;
    }

    routeFor(target) {
        const path = target.split("?", 1)[0];
        return this.routes.find((route) => route.pattern.test(path))?.template;
    }

    /** The faults of one exchange, a text each. */
    check(exchange) {
        const { method, target, status } = exchange;
        if (!target.startsWith("/api/") && this.routeFor(target) === undefined) return []; // a page
        const template = this.routeFor(target);
        const operation = this.document.paths[template]?.[method === "HEAD" ? "get" : method.toLowerCase()];
        if (operation === undefined) return this.checkUnknown(exchange, template);
        const response = this.resolve(operation.responses[status]);
        const say = (words) => `${exchange.test}: ${method} ${template} ${status}: ${words}`;
        if (response === undefined) return [say("the document has no such status")];
        this.seen.add(`${operation.operationId} ${status}`);
        return [
            ...this.checkAnswer(exchange, operation, response).map(say),
            ...this.checkRequest(exchange, operation).map(say),
        ];
    }

    /** Nothing is served there: the answer says so, as a problem. */
    checkUnknown({ test, method, target, status, type, answer }, template) {
        const expected = template === undefined ? [400, 404, 414, 503] : [400, 404, 405, 413, 501, 503];
        const faults = expected.includes(status) ? [] : ["an operation that the document does not have"];
        if (type.startsWith("application/problem+json") && answer !== undefined) {
            const fault = this.fault("strict", { $ref: "#/components/schemas/Problem" }, JSON.parse(answer));
            if (fault !== undefined) faults.push(fault);
        }
        return faults.map((words) => `${test}: ${method} ${target} ${status}: ${words}`);
    }

    checkAnswer({ method, type, answer }, operation, { content }) {
        const media = type.split(";", 1)[0];
        if (content === undefined) return media === "" ? [] : [`a body of type ${media} where the document has none`];
        if (method === "HEAD") return [];
        const found = content[media] ?? content["*/*"];
        if (found === undefined) return [`the document has no answer of type "${media}"`];
        if (found.schema === undefined || answer === undefined || !media.includes("json")) return [];
        const value = JSON.parse(answer);
        const fault = this.fault("strict", found.schema, value);
        const faults = fault === undefined ? [] : [`answer: ${fault}`];
        if (media === "application/problem+json") faults.push(...this.checkProblem(value, operation));
        return faults;
    }

    checkProblem(value, operation) {
        const name = String(value.type).replace(/^\/problems\//, "");
        this.problems.add(`${operation.operationId} ${value.status} ${name}`);
        if (!(name in this.document["x-problems"])) return [`the problem "${name}" is not in x-problems`];
        const names = operation["x-problems"][value.status] ?? [];
        return names.includes(name) ? [] : [`the operation's problems do not name "${name}"`];
    }

    checkRequest({ status, request, request_type: type }, operation) {
        if (status >= 300 || request === undefined || request === "") return [];
        const body = this.resolve(operation.requestBody);
        if (body === undefined) return request.trim() === "{}" ? [] : ["a request body that the document does not have"];
        const media = (type || "application/json").split(";", 1)[0].toLowerCase();
        const found = body.content[media];
        if (found === undefined) return [`the document has no request of type "${media}"`];
        if (media !== "application/json" || found.schema === undefined) return [];
        const fault = this.fault("plain", found.schema, JSON.parse(request));
        return fault === undefined ? [] : [`a request that was taken: ${fault}`];
    }
}
