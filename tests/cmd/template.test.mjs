// SPDX-License-Identifier: Apache-2.0
/** Templates from outside, on both engines: the command line, who is written to in which language, bytes that stay. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, before, describe, test } from "node:test";

import * as api from "../support/api.mjs";

after(api.cleanUp);

const postgres = api.findPostgres() === undefined ? "PostgreSQL is not installed" : undefined;
const API = "/api/v1";
let cluster;

async function newDesk(engine) {
    if (engine === "sqlite") return api.initDesk();
    cluster ??= await api.Postgres.start();
    return api.initDesk({ database: cluster.createDatabase() });
}

async function done(desk, args, options) {
    const { code, stdout, stderr } = await desk.run(["template", ...args], options);
    assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
}

async function refused(desk, code, args) {
    const ended = await desk.run(["template", ...args]);
    assert.equal(ended.code, code, `${args.join(" ")}: ${ended.stdout}${ended.stderr}`);
    return ended.stderr;
}

async function commands(desk) {
    const [, id] = /^Template (\d+) \(Ours\) is at version 1\.$/m.exec(await done(desk, ["copy", "1", "Ours"]));
    const file = path.join(desk.folder, "words");
    fs.writeFileSync(file, "Hello\n{{ticket.title}}\n");
    await done(desk, ["change", id, "--subject", "Ticket {{ticket.number}}", "--text-file", file]);
    await done(desk, ["change", id, "--translation", "it", "--subject", "Richiesta {{ticket.number}}", "--text", "Ciao"]);
    await done(desk, ["change", id, "--drop-translation", "de"]);
    const page = await done(desk, ["show", id, "--language", "it"]);
    assert.match(page, /^ {2}Translations +es, fr, it, ja$/m);
    assert.match(page, /Richiesta/);
    assert.match(await done(desk, ["versions", id]), /^4 .*\n3 .*\n2 .*\n1 /m);
    assert.match(await done(desk, ["diff", id, "1", "2"]), /^en, subject:\n- {4}1 .*\n\+ {4}1 {2}Ticket \{\{ticket\.number\}\}$/m);
    assert.match(await done(desk, ["diff", id]), /^de, subject:$/m);
    assert.match(await done(desk, ["restore", id, "--version", "1"]), /at version 5/);
    assert.match(await done(desk, ["show", id, "--version", "2"]), /\{\{ticket\.title\}\}/);
    assert.match(await done(desk, ["preview", id]), /\[#1042\]/);
    assert.match(await done(desk, ["fields"]), /^ticket\.title +line +.*Its title\.$/m);
    assert.match(await refused(desk, 3, ["change", id, "--text", "a\n{{ticket.titel}}"]), /"ticket\.title".*line 2, column 1/);
    assert.match(await refused(desk, 5, ["delete", "1"]), /built in/);
    await done(desk, ["delete", id]);
    await refused(desk, 4, ["show", id]);
    const made = await done(desk, ["create", "--name", "Text", "--subject", "s", "--text", "t", "--language", "fr"]);
    assert.match(made, new RegExp(`^Template ${Number(id) + 1} \\(Text\\)`));
}

/** Every mail is in the recipient's language, else the account's. */
async function languages(desk, server) {
    const contact = await server.ask("POST", `${API}/contacts`, {
        account: 2, name: "Aiko", email: "aiko@example.jp", language: "ja-JP", on_every_ticket: true });
    assert.equal(contact.language, "ja-JP");
    const { number } = await server.ask("POST", `${API}/tickets`, {
        account: 2, title: "Drucker", recipients: [{ email: "juergen@mueller-soehne.example" }] });
    const { items } = await server.ask("GET", `${API}/tickets/${number}/alerts`);
    const ids = Object.fromEntries(items.map((alert) => [alert.recipient, alert.id]));
    await api.until("both are accepted", async () => {
        const now = await server.ask("GET", `${API}/tickets/${number}/alerts`);
        return now.items.every((alert) => alert.state === "accepted");
    });
    const bytes = async (id) => (await server.call("GET", `${API}/alerts/${id}/message`)).text;
    assert.match(await bytes(ids["juergen@mueller-soehne.example"]), /^Content-Language: de\r$/m);
    assert.match(await bytes(ids["aiko@example.jp"]), /^Content-Language: ja\r$/m);
    return ids["juergen@mueller-soehne.example"];
}

async function bytesStay(desk, server, alert) {
    const message = async (from) => (await from.call("GET", `${API}/alerts/${alert}/message`)).text;
    const before = await message(server);
    assert.match(before, /^Subject: /m);
    for (let i = 0; i < 50; i++)
        await server.ask("PATCH", `${API}/templates/1`, {
            text: `Edit ${i}`, html: null, translations: { de: { subject: `Stand ${i}`, text: `Stand ${i}` } } });
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const again = await desk.serve();
    assert.equal(await message(again), before);
    return again;
}

async function testSend(desk, server) {
    const { items } = await server.ask("GET", `${API}/employees`);
    const other = await server.call("POST", `${API}/templates/1/test-send`, { to: "anna.field@bluebird-dental.example" });
    assert.equal(other.status, 422);
    assert.match(other.body.type, /no-employee/);
    const sent = await server.ask("POST", `${API}/templates/1/test-send`, { to: items[0].email, language: "de" });
    assert.equal(sent.ok, true, JSON.stringify(sent));
    assert.match(sent.subject, /^\[Test\] Stand 49$/);
    assert.match(await done(desk, ["test-send", "2", items[0].email]), /^Sent to /);
}

/** The message with its transfer encodings taken off, as far as a search needs it. */
function decoded(text) {
    const base64 = text.match(/^(?:[A-Za-z0-9+/]{4,76}={0,2}\r\n)+/gm) ?? [];
    const parts = base64.map((part) => Buffer.from(part, "base64").toString("utf8"));
    return [text, text.replace(/=\r\n/g, ""), ...parts].join("\n");
}

/** A secret in every field that is none of the customer's business. */
async function canary(desk, server) {
    const secret = "kanarie7x";
    const others = "kanarie8y"; // on what another customer's mails say, and nobody else's
    const employee = await server.ask("POST", `${API}/employees`, {
        name: "Robin", login: `${secret}login`, email: `${secret}@desk.example`, email2: `${secret}2@desk.example`,
        role: "technician" });
    const account = await server.ask("POST", `${API}/accounts`, {
        name: "Quay", email: "quay@quay.example", email2: `${secret}3@quay.example`, domains: [`${secret}.example`],
        manager: employee.id });
    await server.ask("POST", `${API}/contacts`, {
        account: account.number, name: "Jo", email: "jo@quay.example", emails: [`${secret}4@quay.example`],
        on_every_ticket: true });
    await server.ask("POST", `${API}/tokens`, { name: `${secret}token`, scopes: ["alerts"] });
    await server.ask("POST", `${API}/suppressions`, { email: "gone@quay.example", note: `${secret}note` });
    await server.ask("PUT", `${API}/options/alerts-server`, {
        username: `${secret}user`, password: `${secret}pass`, client_id: `${secret}id`, client_secret: `${secret}cs`,
        refresh_token: `${secret}rt` });
    await server.ask("POST", `${API}/templates/1/copy`, { name: `${secret}template` });
    await server.ask("PUT", `${API}/options/tickets`, { desk_recipient: `${secret}5@desk.example` });
    const elsewhere = await server.ask("POST", `${API}/accounts`, { name: `${others}name`, email: "boss@other.example" });
    const another = await server.ask("POST", `${API}/tickets`, {
        account: elsewhere.number, title: `${others}title`, description: `${others}text`, type: `${others}type` });
    await server.ask("PATCH", `${API}/tickets/${another.number}`, { status: "Completed", resolution: `${others}end` });
    const ticket = await server.ask("POST", `${API}/tickets`, { account: account.number, title: "Lamp", description: "d" });
    await server.ask("PATCH", `${API}/tickets/${ticket.number}`, { status: "Completed", resolution: "r" });
    const accepted = (number) => api.until("all are accepted", async () => {
        const { items } = await server.ask("GET", `${API}/tickets/${number}/alerts`);
        return items.every((alert) => alert.state === "accepted") ? items : undefined;
    });
    await accepted(another.number);
    const list = await accepted(ticket.number);
    assert.equal(list.length, 4);
    for (const alert of list) {
        const { text } = await server.call("GET", `${API}/alerts/${alert.id}/message`);
        assert.match(decoded(text), /Lamp/);
        assert.ok(!decoded(text).includes(secret) && !decoded(text).includes(others), text);
    }
    let told = 0;
    for (const mail of api.readMaildir(path.join(desk.folder, "Maildir"))) {
        const text = decoded(mail.raw.toString("latin1"));
        const theirs = mail.headers.to[0].includes("boss@other.example");
        assert.ok(!text.includes(secret), text);
        assert.equal(text.includes(others), theirs, text);
        told += theirs;
    }
    assert.equal(told, 2);
}

for (const engine of ["sqlite", "postgresql"]) {
    describe(engine, { skip: engine === "postgresql" && postgres }, () => {
        let desk, server, alert;
        before(async () => {
            desk = await newDesk(engine);
            server = await desk.serve();
        });
        after(() => server.stop());
        test("the commands", () => commands(desk));
        test("a canary", () => canary(desk, server));
        test("languages", async () => (alert = await languages(desk, server)));
        test("a mail, 50 edits and a restart", async () => (server = await bytesStay(desk, server, alert)));
        test("a test mail", () => testSend(desk, server));
    });
}
