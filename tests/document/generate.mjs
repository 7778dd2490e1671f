// SPDX-License-Identifier: Apache-2.0
/**
 * Requests that nobody would write, made from the OpenAPI document: what a schema allows, and that with something broken
 * in it. The same dice give the same requests.
 */

const TEXTS = ["", " ", "x", "New", "Completed", "\0", "a\r\nBcc: x@y.example", "\u202egnp.exe", "😀".repeat(50), "%00%ff", "\ud800", "{{ticket.title}}", "{{#a}}{{/b}}", "<script>1</script>", "' OR 1=1 --", "../../etc/passwd", "a".repeat(5000), "2026-02-30T25:00:00Z", "anna@", "@", '"a b"@c.example', "ä@ö.example", "-1", "1e999"];
const NUMBERS = [0, 1, 2, -1, 0.5, 100, 1000, 2 ** 31, 2 ** 53, -(2 ** 63), 1e300];
const ADDRESSES = ["anna.field@bluebird-dental.example", "new@larch.example", "robin.keeper@harbour-it.example"];
const PATHS = ["1", "2", "3", "0", "-1", "999999", "9223372036854775807", "9223372036854775808", "x", "%00", "%ff", "1%2F2", "desk", "a@b.example", "☃"];

/** Fields that would make the desk talk to other machines, or go on for long. */
const FIXED = { host: "127.0.0.1", port: 1, token_url: "http://127.0.0.1:1/", transport: "maildir", ca_file: "", days: 3, poll_seconds: 3600 };

export class Generator {
    constructor(judge, dice) {
        this.judge = judge;
        this.dice = dice;
    }

    pick(list) {
        return this.dice.pick(list);
    }

    chance(percent) {
        return this.dice.chance(percent / 100);
    }

    /** A value that the schema allows, as far as it says so. */
    valid(schema, name = "", depth = 0) {
        schema = this.judge.resolve(schema);
        if (name in FIXED) return FIXED[name];
        for (const kind of ["anyOf", "oneOf"]) if (kind in schema) return this.valid(this.pick(schema[kind]), name, depth);
        if ("const" in schema) return schema.const;
        if ("enum" in schema) return this.pick(schema.enum);
        switch (this.pick([schema.type ?? "object"].flat())) {
            case "object":
                return this.object(schema, depth);
            case "array":
                return Array.from({ length: this.dice.between(0, 2) }, () => this.valid(schema.items ?? {}, "", depth + 1));
            case "string":
                return this.text(schema, name);
            case "integer":
            case "number":
                return this.chance(70) ? this.dice.between(1, 4) : (schema.maximum ?? 50);
            case "boolean":
                return this.chance(50);
            default:
                return null;
        }
    }

    object(schema, depth) {
        const needed = schema.required ?? [];
        const fields = Object.entries(schema.properties ?? {}).filter(([name]) => needed.includes(name) || (depth < 4 && this.chance(40)));
        return Object.fromEntries(fields.map(([name, part]) => [name, this.valid(part, name, depth + 1)]));
    }

    text(schema, name) {
        if (/email|address|^to$|recipient/.test(`${schema.format} ${name}`)) return this.pick(ADDRESSES);
        if (schema.format === "date-time") return "2026-11-24T18:32:08Z";
        if (name === "language") return this.pick(["en", "de", "tlh"]);
        if (name === "time_zone") return this.pick(["Europe/London", "UTC"]);
        if (name === "content") return "aGVsbG8=";
        return `Text ${this.dice.between(0, 999)}`.slice(0, schema.maxLength ?? 100).padEnd(schema.minLength ?? 0, "x");
    }

    nonsense() {
        const deep = () => Array.from({ length: 80 }).reduce((inner) => [inner], 0);
        return this.pick([() => null, () => true, () => [], () => ({}), () => this.pick(TEXTS), () => this.pick(NUMBERS), deep])();
    }

    /** The value with one place in it broken: replaced, taken away, or with a field too many. */
    broken(value) {
        if (value === null || typeof value !== "object" || this.chance(15)) return this.nonsense();
        const keys = Object.keys(value);
        if (keys.length === 0 || this.chance(10)) return Array.isArray(value) ? [...value, this.nonsense()] : { ...value, [this.pick(["x", "id", "", "__proto__", "$ref"])]: 1 };
        const key = this.pick(keys);
        const copy = Array.isArray(value) ? [...value] : { ...value };
        if (this.chance(10)) delete copy[key];
        else if (!(key in FIXED)) copy[key] = this.broken(copy[key]);
        return copy;
    }

    body(operation) {
        const content = operation.requestBody?.content;
        if (content === undefined) return this.chance(10) ? "{}" : undefined;
        if (!("application/json" in content)) return `From: ${this.pick(TEXTS)}\r\nSubject: ${this.pick(TEXTS)}\r\n\r\n${this.pick(TEXTS)}`;
        const value = this.valid(content["application/json"].schema);
        const text = JSON.stringify(this.chance(40) ? value : this.broken(value)) ?? "";
        if (this.chance(5)) return text.slice(0, this.dice.between(0, text.length));
        return this.chance(3) ? text.replace("{", '{"x":1,"x":2,') : text;
    }

    query(operation) {
        const words = [];
        for (const parameter of (operation.parameters ?? []).map((one) => this.judge.resolve(one)))
            if (parameter.in === "query" && this.chance(40)) {
                const value = this.chance(60) ? this.valid(parameter.schema, parameter.name) : this.pick([...TEXTS, ...NUMBERS]);
                words.push(`${parameter.name}=${encodeURIComponent(String(value).toWellFormed?.() ?? String(value).replace(/[\ud800-\udfff]/g, ""))}`);
            }
        if (this.chance(3)) words.push(this.pick(["x=1", "limit=1&limit=2", "%zz", "=", "a=%00"]));
        return words.length === 0 ? "" : `?${words.join("&")}`;
    }

    /** {method, target, body, type, key} for an operation. */
    request({ method, path, operation }) {
        const segment = () => encodeURI(this.chance(60) ? this.pick(["1", "2", "3"]) : this.pick(PATHS)).replace(/%25/g, "%");
        const type = Object.keys(operation.requestBody?.content ?? { "application/json": 0 })[0];
        return {
            method,
            target: path.replace(/\{\w+\}/g, segment) + this.query(operation),
            body: this.body(operation),
            type: this.chance(2) ? "text/plain" : type,
            key: this.chance(5) ? this.pick(["k", "k2", "x".repeat(300)]) : undefined,
        };
    }
}
