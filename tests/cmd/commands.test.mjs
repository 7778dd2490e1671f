// SPDX-License-Identifier: Apache-2.0
/** The commands on a desk, whether somebody serves it or not, on both engines: what they print, say and end with. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, before, describe, test } from "node:test";

import * as api from "../support/api.mjs";

after(api.cleanUp);

const EXIT = { ok: 0, internal: 1, usage: 2, refused: 3, missing: 4, conflict: 5, denied: 6, unavailable: 7 };
const UNSERVED = /^Nobody serves this desk now: mail leaves when `tidings serve` runs\.$/m;

const postgres = api.findPostgres() === undefined ? "PostgreSQL is not installed" : undefined;
let cluster;

async function newDesk(engine) {
    if (engine === "sqlite") return api.initDesk();
    cluster ??= await api.Postgres.start();
    return api.initDesk({ database: cluster.createDatabase() });
}

/** Runs a command that must succeed; returns its standard output. */
async function done(desk, args, options) {
    const { code, signal, stdout, stderr } = await desk.run(args, options);
    assert.deepEqual([code, signal], [EXIT.ok, null], `${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
}

/** Runs a command that must end with `code`; returns its standard error. */
async function refused(desk, code, args, options) {
    const ended = await desk.run(args, options);
    assert.equal(ended.code, code, `${args.join(" ")}: ${ended.stdout}${ended.stderr}`);
    assert.equal(ended.stdout, "");
    assert.match(ended.stderr, /^tidings /);
    return ended.stderr;
}

async function lifeOfATicket(desk, unserved) {
    const opened = await done(desk, [
        ..."ticket open --account 2 --contact 3 --priority high --type Incident".split(" "),
        ..."--title|Drucker brennt – 打印机|--description|eins\nzwei|--recipient|Erika <erika@example.com>".split("|"),
    ]);
    const [number] = /(?<=^Opened ticket #)\d+(?=: Drucker brennt – 打印机$)/m.exec(opened);
    assert.match(opened, /^ {2}erika@example\.com: (Not yet told|Being told|Told): /m);
    assert.match(opened, /^ {2}juergen@mueller-soehne\.example: /m);
    assert.equal(UNSERVED.test(opened), unserved);

    const page = await done(desk, ["ticket", "show", number]);
    for (const part of [/^ {2}Status +New$/m, /^ {2}Account +2 Müller & Söhne GmbH$/m, /^ {2}eins\n {2}zwei$/m, /Erika/])
        assert.match(page, part);
    assert.match(await done(desk, ["ticket", "list"]), new RegExp(`^${number} +New +high .* Drucker brennt – 打印机$`, "m"));
    assert.match(await done(desk, ["ticket", "list", "--search", "DRUCKER"]), /打印机/);
    assert.match(await done(desk, ["ticket", "list", "--status", "Hold"]), /^There are no such tickets\.$/m);

    assert.match(await done(desk, ["ticket", "change", number, "--status", "Hold"]), /^Changed ticket/);
    assert.match(await done(desk, ["ticket", "change", number, "--status", "700"]), /nothing was changed/);
    const closed = await done(desk, ["ticket", "close", number, "--resolution", "Gelöscht"]);
    assert.match(closed, /^Closed ticket #\d+: Drucker.*\n {2}erika@example\.com: .*\n {2}juergen@.*: .*$/m);
    assert.equal(UNSERVED.test(closed), unserved);
    assert.match(await done(desk, ["ticket", "close", number]), /was closed already; nobody is told again\.$/m);
    assert.equal((await desk.runJson(["alerts", "list", number])).items.length, 4);
    assert.match(await done(desk, ["ticket", "reopen", number]), /^Reopened ticket/);
    assert.match(await done(desk, ["ticket", "reopen", number]), /is not closed; nothing was changed/);
    assert.equal((await desk.runJson(["ticket", "show", number])).status, 200);
    const quiet = await done(desk, ["ticket", "close", number, "--no-notify"]);
    assert.match(quiet, /erika@example\.com: Not told, because whoever made this change chose not to notify anybody\./);
    assert.doesNotMatch(quiet, UNSERVED);
    return number;
}

async function explanations(desk, number) {
    const words = await done(desk, ["alerts", "explain", number]);
    assert.match(words, /^Ticket #\d+ was opened by Robin Keeper on .*, on the command line\.$/m);
    assert.match(words, /chose not to notify anybody/);
    const { items } = await desk.runJson(["alerts", "list", number]);
    const first = items.find((alert) => alert.recipient === "erika@example.com");
    assert.match(await done(desk, ["alerts", "show", String(first.id)]), /^ {2}Recipient +erika@example\.com$/m);
    const raw = await done(desk, ["alerts", "message", String(first.id)]);
    assert.match(raw, /^To: Erika <erika@example\.com>\r$/m);
    assert.match(raw, /^Message-ID: <.*>\r$/m);
    const readable = await done(desk, ["alerts", "message", String(first.id), "--readable"]);
    assert.match(readable, /Drucker brennt – 打印机/);
    assert.ok(!readable.includes("\r"));
    const suppressed = await desk.runJson(["alerts", "list", number, "--state", "none"]);
    assert.deepEqual(new Set(suppressed.items.map((alert) => alert.reason)), new Set(["not_wanted"]));
}

async function recipients(desk, number, unserved) {
    await done(desk, ["recipient", "add", number, "New One <new@Example.com>"]);
    await done(desk, ["recipient", "mute", number, "NEW@example.com"]);
    const { items } = await desk.runJson(["recipient", "list", number]);
    const added = items.find((recipient) => recipient.email === "new@example.com");
    assert.deepEqual([added.name, added.muted], ["New One", true]);
    await done(desk, ["recipient", "unmute", number, String(added.id)]);
    const sent = await done(desk, ["recipient", "send-latest", number, "new@example.com"]);
    assert.match(sent, /new@example\.com: /);
    assert.equal(UNSERVED.test(sent), unserved);
    const gone = await desk.runJson(["recipient", "remove", number, "new@example.com", "erika@example.com"]);
    assert.deepEqual(gone.items.map((recipient) => recipient.email), ["new@example.com", "erika@example.com"]);
    const error = await refused(desk, EXIT.missing, ["recipient", "remove", number, "juergen@mueller-soehne.example", "nobody@x.example"]);
    assert.match(error, /nobody@x\.example is not a recipient of ticket #\d+; nothing was changed/);
    assert.match(await done(desk, ["recipient", "list", number]), /juergen@mueller-soehne\.example/);
}

/** What goes in time; all of a person's data, in a file of its own; the person forgotten. */
async function privacy(desk) {
    assert.match(await done(desk, ["retention", "show"]), /^raw_mails +for ever +0 /m);
    assert.match(await done(desk, ["retention", "show", "audit=90"]), /^audit +90 /m);
    await refused(desk, EXIT.refused, ["retention", "show", "audit=1"]);
    assert.match(await done(desk, ["options", "set", "retention", "raw_mails=90"]), /^raw_mails=90$/m);
    assert.match(await done(desk, ["retention", "decisions"]), /^alert +new_ticket /m);

    const account = await desk.runJson(["account", "add", "--name", "Kyoto", "--email", "a@kyoto.example"]);
    const contact = await desk.runJson(["contact", "add", "--account", String(account.number), "--name", "Aoi Kyo", "--email", "aoi@kyoto.example"]);
    const file = path.join(desk.folder, `aoi-${contact.id}.json`);
    await done(desk, ["person", "export", "AOI@kyoto.example", "--output", file]);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    const { items } = JSON.parse(fs.readFileSync(file, "utf8"));
    assert.deepEqual([items[0].type, items[1].name], ["person", "Aoi Kyo"]);
    assert.match(await refused(desk, EXIT.conflict, ["person", "export", "aoi@kyoto.example", "--output", file]), /cannot be written/);
    assert.match(await done(desk, ["person", "erase", "aoi@kyoto.example", "--dry-run"]), /^contacts +1$/m);
    const asked = await desk.run(["person", "erase", "aoi@kyoto.example"]);
    assert.equal(asked.code, EXIT.usage);
    assert.match(asked.stderr, /Nothing was changed/);
    assert.match(await done(desk, ["person", "erase", "aoi@kyoto.example", "--yes"]), /Erased; .*erased-\d+@erased\.invalid/);
    assert.equal((await desk.runJson(["contact", "show", String(contact.id)])).active, false);
    assert.match(await refused(desk, EXIT.conflict, ["person", "erase", "a@kyoto.example", "--dry-run"]), /account \d+'s own/);
}

async function people(desk) {
    const account = await desk.runJson(["account", "add", "--name", "Ōsaka 株式会社", "--email", "a@osaka.example", "--domain", "osaka.example"]);
    const number = String(account.number);
    assert.deepEqual(account.domains, ["osaka.example"]);
    assert.match(await done(desk, ["account", "change", number, "--domain", "none", "--inactive"]), /^ {2}Active +no$/m);
    assert.deepEqual((await desk.runJson(["account", "show", number])).domains, []);
    assert.match(await done(desk, ["account", "list"]), /Ōsaka 株式会社/);
    const contact = await desk.runJson(["contact", "add", "--account", number, "--name", "Ken", "--email", "ken@osaka.example", "--on-every-ticket"]);
    assert.equal(contact.on_every_ticket, true);
    assert.match(await done(desk, ["contact", "change", String(contact.id), "--not-on-every-ticket"]), /^ {2}On every ticket +no$/m);
    assert.match(await done(desk, ["contact", "list", "--account", number]), /Ken/);

    const args = ["employee", "add", "--login", "Tess", "--name", "Tess T", "--email", "tess@harbour.example", "--password-stdin"];
    const employee = await desk.runJson(args, { input: "correct horse\nmore" });
    assert.deepEqual([employee.login, employee.role, employee.has_password], ["tess", "technician", true]);
    await refused(desk, EXIT.refused, ["employee", "password", "tess", "--password-stdin"], { input: "short\n" });
    await refused(desk, EXIT.refused, ["employee", "password", "tess", "--password-stdin"], { input: "\n" });
    assert.match(await done(desk, ["employee", "password", "tess", "--password-stdin"], { input: "another horse" }), /A new password/);
    await done(desk, ["employee", "change", "TESS", "--role", "admin"]);
    assert.match(await done(desk, ["employee", "list"]), /^\d+ +tess +Tess T .* admin +yes +yes$/m);

    const ticket = await desk.runJson(["ticket", "open", "--account", "1", "--title", "x", "--as", "tess"]);
    assert.deepEqual(ticket.opened_by, { kind: "employee", id: employee.id, name: "Tess T" });
    await done(desk, ["employee", "change", "tess", "--inactive"]);
    assert.match(await refused(desk, EXIT.denied, ["ticket", "list", "--as", "tess"]), /no longer active/);
    await refused(desk, EXIT.denied, ["ticket", "list", "--as", "nobody"]);
}

async function settings(desk) {
    const token = await desk.runJson("token create --name ci --scope tickets:read --scope alerts".split(" "));
    assert.deepEqual(token.scopes, ["tickets:read", "alerts"]);
    assert.match(token.token, /^td_/);
    assert.ok(!(await done(desk, ["token", "list"])).includes(token.token));
    await done(desk, ["token", "revoke", String(token.id)]);
    await refused(desk, EXIT.missing, ["token", "revoke", String(token.id)]);

    const set = await done(desk, ["options", "set", "desk", "phone=112", 'name="42"', "address=Straße 1", "hours=true"]);
    assert.match(set, /^phone="112"\nhours="true"$|^phone=112$/m);
    const page = await desk.runJson(["options", "get", "desk"]);
    assert.deepEqual([page.phone, page.name, page.address, page.hours], ["112", "42", "Straße 1", "true"]);
    await done(desk, ["options", "set", "alerts-to-customers", "new_ticket.enabled=false", "default_recipients.contact=false"]);
    const alerts = await desk.runJson(["options", "get", "alerts-to-customers"]);
    assert.deepEqual([alerts.new_ticket.enabled, alerts.ticket_closed.enabled, alerts.default_recipients.contact], [false, true, false]);
    const body = JSON.stringify({ new_ticket: { enabled: true }, default_recipients: { contact: true } });
    await done(desk, ["options", "set", "alerts-to-customers", "--json-body", "-"], { input: body });
    assert.match(await done(desk, ["options", "get"]), /^\[alerts-to-customers\]\nnew_ticket\.enabled=true$/m);

    await done(desk, ["options", "set", "alerts-server", "username=relay", "--password-stdin"], { input: "hunter22\n" });
    const changes = await done(desk, ["options", "changes", "alerts-server"]);
    assert.match(changes, /Robin Keeper \(cli\)\n {2}(.*\n {2})*username: .*"relay"$/m);
    assert.ok(!changes.includes("hunter22"));
    assert.match(await refused(desk, EXIT.usage, ["options", "set", "alerts-server", "password=x"]), /--password-stdin/);
    const fields = [
        "host=smtp.office365.com", "port=587", "security=starttls", "username=desk@example.com", "auth=xoauth2",
        "token_url=https://login.microsoftonline.com/t/oauth2/v2.0/token", "client_id=42", "scope=https://outlook.office365.com/.default",
        "ca_file=/etc/ssl/relay.pem", "from_name=Desk", "from_address=desk@example.com", "reply_to=help@example.com", "concurrency=3",
        "uncertain=repeat",
    ];
    const all = await desk.runJson(["options", "set", "alerts-server", ...fields, "--client-secret-file", "-"], { input: "hunter44\n" });
    for (const [name, value] of fields.map((field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)]))
        assert.equal(String(all[name]), value);
    await done(desk, ["options", "set", "alerts-server", "--refresh-token-file", "-"], { input: "hunter55\r\n" });
    const told = await desk.runJson(["options", "changes", "alerts-server"]);
    assert.ok(told.items[0].after.refresh_token_changed && told.items[0].after.client_secret_changed);
    assert.doesNotMatch(JSON.stringify(told) + JSON.stringify(all), /hunter/);
    assert.match(await refused(desk, EXIT.usage, ["options", "set", "alerts-server", "client_secret=x"]), /--client-secret-file/);
    assert.match(await refused(desk, EXIT.refused, ["options", "set", "alerts-server", "--client-secret-file", "-"], { input: "\n" }), /is empty/);
    assert.match(await refused(desk, EXIT.refused, ["options", "set", "alerts-server", "client_id="]), /xoauth2 needs/);
    await done(desk, ["options", "set", "alerts-server", "auth=password", "host=", "ca_file="]);

    const relay = { host: "b.example", username: "desk", password: "hunter33" };
    assert.match(await refused(desk, EXIT.usage, ["options", "set", "alerts-server", `fallback_relays=${JSON.stringify([relay])}`]), /--json-body -/);
    await done(desk, ["options", "set", "alerts-server", "--json-body", "-"], { input: JSON.stringify({ fallback_relays: [relay] }) });
    assert.match(await done(desk, ["options", "get", "alerts-server"]), /^fallback_relays=\[\{"host":"b\.example","port":25,.*"username":"desk"/m);
    assert.ok(!(await done(desk, ["options", "changes", "alerts-server"])).includes("hunter33"));
    await done(desk, ["options", "set", "alerts-server", 'fallback_relays=[]']);
    assert.match(await refused(desk, EXIT.refused, ["options", "test", "--to", "me@example.com", "--relay", "2"]), /no relay 2/);
    await refused(desk, EXIT.refused, ["options", "set", "desk", "colour=red"]);
    await refused(desk, EXIT.usage, ["options", "get", "nonsense"]);
    assert.match(await done(desk, ["options", "test"]), /^The present settings were not tested; /m);
    const tested = await done(desk, ["options", "test", "--to", "me@example.com"]);
    assert.match(tested, /^maildir +The mail was written into the Maildir\.\n +> .*Maildir\n +< 250 /m);
    assert.match(tested, /^The test mail was accepted\. The Alerts Server can be activated with these settings\.$/m);
    assert.match(await done(desk, ["options", "test"]), /, to me@example\.com, by Robin Keeper\.\nThe present settings were tested\.$/m);
    assert.match(await done(desk, ["template", "list"]), /New Ticket/);
    assert.match(await done(desk, ["template", "show", "1", "--html"]), /^Subject\n {2}.*\{\{ticket\.title\}\}/m);
}

async function suppression(desk) {
    assert.match(await done(desk, ["suppression", "list"]), /^No address is suppressed\.$/m);
    const added = await done(desk, ["suppression", "add", "Gone+1@Example.com", "--note", "Left\u202e the company"]);
    assert.match(added, /^Gone\+1@example\.com is not told anything from now on\.$/m);
    assert.match(await refused(desk, EXIT.conflict, ["suppression", "add", "gone+1@example.com"]), /already/);
    assert.match(await done(desk, ["suppression", "list"]), /^Gone\+1@example\.com +\d{4}-.* Robin Keeper: Left/m);
    const ticket = await desk.runJson(["ticket", "open", "--account", "1", "--title", "x", "--recipient", "gone+1@example.com"]);
    const number = String(ticket.number);
    assert.match(await done(desk, ["alerts", "explain", number]), /Not told, because this address was on the suppression list/);
    const { items } = await desk.runJson(["alerts", "list", number]);
    const alert = items.find(({ recipient }) => recipient === "gone+1@example.com");
    assert.match(await refused(desk, EXIT.conflict, ["alerts", "retry", String(alert.id), "--force"]), /was not told/);
    assert.match(await done(desk, ["suppression", "remove", "GONE+1@example.com"]), /is told again from the next event on/);
    assert.match(await refused(desk, EXIT.missing, ["suppression", "remove", "gone+1@example.com"]), /not on the suppression list/);
    await refused(desk, EXIT.missing, ["suppression", "remove", "no/address?"]);
    await refused(desk, EXIT.refused, ["suppression", "add", "no address"]);
}

async function refusals(desk) {
    assert.match(await refused(desk, EXIT.refused, ["ticket", "open", "--account", "99", "--title", "x"]), /99/);
    assert.match(await refused(desk, EXIT.refused, ["ticket", "open", "--account", "1", "--title", "two\nlines"]), /title contains a line break/);
    await refused(desk, EXIT.missing, ["ticket", "show", "4711"]);
    await refused(desk, EXIT.missing, ["alerts", "explain", "4711"]);
    await refused(desk, EXIT.missing, ["ticket", "open", "--account", "1", "--title", "x", "--description-file", "/no/such/file"]);
    await refused(desk, EXIT.usage, ["ticket", "show", "one"]);
    await refused(desk, EXIT.usage, ["ticket", "change", "1"]);
    const both = await desk.run(["alerts", "cancel", "4711", "4712"]);
    assert.equal(both.code, EXIT.missing);
    assert.match(both.stderr, /4712/);
}

async function hostileText(desk) {
    const title = "\x1b[2Jcleared\x07 \u202eright-to-left";
    const ticket = await desk.runJson(["ticket", "open", "--account", "1", "--title", title, "--description", "a\x1b[31mred\u2066"]);
    const number = String(ticket.number);
    for (const args of [["ticket", "list"], ["ticket", "show", number], ["ticket", "close", number], ["alerts", "explain", number]]) {
        const shown = await done(desk, args);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(shown, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/, args.join(" "));
    }
    assert.match(await refused(desk, EXIT.missing, ["recipient", "remove", number, "\x1b[2Jx@example.com"]), /\ufffd\[2Jx/);
}

for (const engine of ["sqlite", "postgresql"]) {
    for (const served of [false, true]) {
        const skip = engine === "postgresql" && postgres;
        describe(`${engine}, ${served ? "served" : "nobody serves"}`, { skip }, () => {
            let desk, server, number;
            // On PostgreSQL another machine may serve: nothing is said.
            const unserved = !served && engine === "sqlite";
            before(async () => {
                desk = await newDesk(engine);
                if (served) server = await desk.serve();
            });
            after(async () => {
                if (server === undefined) return;
                const { complaints } = server;
                assert.deepEqual(await server.stop(), { code: 0, signal: null });
                assert.deepEqual(complaints, []);
            });
            test("a ticket's life", async () => (number = await lifeOfATicket(desk, unserved)));
            test("explanations", () => explanations(desk, number));
            test("recipients", () => recipients(desk, number, unserved));
            test("accounts, contacts, employees", () => people(desk));
            test("tokens, options, templates", () => settings(desk));
            test("suppression", () => suppression(desk));
            test("retention, a person's data, a person erased", () => privacy(desk));
            test("refusals", () => refusals(desk));
            test("text that would move the cursor", () => hostileText(desk));
        });
    }
}

test("only settings that were tested can be activated", async () => {
    const desk = await api.initDesk({ sample: false });
    await done(desk, ["options", "set", "alerts-server", "from_address=support@example.com"]);
    const activate = ["options", "set", "alerts-server", "active=true"];
    assert.match(await refused(desk, EXIT.conflict, activate), /`tidings options test --to you@example\.com`/);
    await done(desk, ["options", "test", "--to", "me@example.com"]);
    await refused(desk, EXIT.conflict, [...activate, "from_name=Other"]);
    await done(desk, activate);
});

test("a simulation tells what other options would have sent", async () => {
    const desk = await api.initDesk();
    const open = async (...args) => done(desk, ["ticket", "open", "--account", "2", "--title", "x", ...args]);
    await open("--contact", "3");
    await done(desk, ["options", "set", "alerts-to-customers", "new_ticket.enabled=false"]);
    await open("--recipient", "Erika <erika@example.com>");
    const same = await done(desk, ["simulate"]);
    assert.match(same, /: 2 events, 3 decisions\.\n\nALERT +DECISION +REASON +WOULD BE +REALLY WERE\n/);
    assert.match(same, /^new ticket +suppress +alert disabled +2 +2$/m);
    assert.match(same, /^No decision would change\.$/m);
    const changed = await done(desk, ["simulate", "--days", "1", "new_ticket.enabled=true", "brake.customers=2"]);
    assert.match(changed, /^new ticket +hold +brake +2 +0$/m);
    assert.match(changed, /^2 decisions would change\.$/m);
    assert.match(changed, /^2 +20\d\d-.* 2 +new ticket +erika@example\.com +brake +alert disabled$/m);
    assert.doesNotMatch(changed, /^1 +20/m);
    assert.match(await done(desk, ["simulate", "--days", "1", "--all"]), /^1 +20.*juergen@mueller-soehne\.example +new ticket +new ticket$/m);
    const listed = await desk.runJson(["simulate", "--from", "2020-01-01 00:00", "--all", "--limit", "2"]);
    assert.deepEqual([listed.decisions, listed.items.length, typeof listed.next_cursor], [3, 2, "string"]);
    const inactive = ["options", "set", "alerts-server", "active=false"];
    await done(desk, inactive);
    await open("--contact", "3");
    const active = await desk.runJson(["simulate", "--days", "1", "--server-active", "new_ticket.enabled=true", "--limit", "0"]);
    assert.deepEqual([active.changed, active.items], [3, []]);

    const mail = await done(desk, ["simulate", "--event", "2", "--recipient", "ERIKA@example.com", "new_ticket.sender_name=Other"]);
    assert.match(mail, /^ {2}Sender +Other$/m);
    assert.match(mail, /^Guten Tag Erika,$/m);
    assert.equal((await desk.runJson(["simulate", "--event", "2", "--recipient", "erika@example.com"])).ticket, 2);
    for (const args of [["--days", "0"], ["--days", "-1"], ["--days", "99999"], ["--days", "x"], ["--days", "1", "--from", "2026-01-01 00:00"],
        ["--event", "1"], ["--days", "1", "--limit", "x"]])
        await refused(desk, EXIT.usage, ["simulate", ...args]);
    assert.match(await refused(desk, EXIT.refused, ["simulate", "--days", "1", "brakes.customers=1"]), /brakes is not a field/);
    await refused(desk, EXIT.refused, ["simulate", "--days", "1", "new_ticket.template=99"]);
    await refused(desk, EXIT.refused, ["simulate", "--days", "1", "merge_open_and_close=true"]);
    await refused(desk, EXIT.missing, ["simulate", "--event", "99", "--recipient", "erika@example.com"]);
});

test("an init that failed can be tried again", async () => {
    const folder = path.join(api.scratchFolder(), "desk");
    const init = (...args) => api.tidings(["init", "--desk", folder, ...args]);
    const failed = await init("--database", "postgresql://127.0.0.1:1/nowhere");
    assert.equal(failed.code, EXIT.unavailable, failed.stderr);
    assert.ok(!fs.existsSync(folder));
    assert.equal((await init("--email", "no address")).code, EXIT.refused);
    assert.equal((await init()).code, EXIT.ok);
    assert.equal((await init()).code, EXIT.conflict);
    assert.ok(fs.existsSync(path.join(folder, "tidings.conf")));
});

test("standard input and files as description", async () => {
    const desk = await api.initDesk();
    const from = ["ticket", "open", "--account", "1", "--title", "x", "--description-file"];
    assert.equal((await desk.runJson([...from, "-"], { input: "über\nzwei" })).description, "über\nzwei");
    const file = path.join(desk.folder, "text");
    fs.writeFileSync(file, Buffer.from([0x66, 0xfc, 0x72]));
    assert.match(await refused(desk, EXIT.refused, [...from, file]), /not text in UTF-8/);
    await refused(desk, EXIT.usage, [...from, file, "--description", "y"]);
});

test("times are read in the terminal's time zone", async () => {
    const desk = await api.initDesk();
    const env = { TZ: "Asia/Tokyo" };
    const open = ["ticket", "open", "--account", "1", "--title", "x", "--due"];
    assert.equal((await desk.runJson([...open, "2026-12-01 17:00"], { env })).due, "2026-12-01T08:00:00Z");
    assert.equal((await desk.runJson([...open, "2026-12-01T17:00:00+01:00"], { env })).due, "2026-12-01T16:00:00Z");
    assert.match(await done(desk, ["ticket", "show", "1"], { env }), /^ {2}Due +2026-12-01 17:00$/m);
    assert.equal((await desk.runJson(["ticket", "change", "1", "--due", "none"])).due, null);
    await refused(desk, EXIT.usage, [...open, "tomorrow"]);
});

test("status says whether mail is leaving, and why not", async () => {
    const desk = await newDesk("sqlite");
    assert.match(await done(desk, ["alerts", "status"]), /^The Alerts Server is active; mail leaves by maildir\.$/m);
    await done(desk, "options set alerts-server transport=smtp host=127.0.0.1 port=1 security=none".split(" "));
    await done(desk, "ticket open --account 2 --contact 3 --title x".split(" "));
    const server = await desk.serve();
    await api.until("the relay to be down", async () => /The relay is down/.test(await done(desk, ["alerts", "status"])));
    const down = await done(desk, ["alerts", "status"]);
    assert.match(down, /^ *Reason +127\.0\.0\.1, port 1.*refused/m);
    assert.match(down, /^ {2}queued +1$/m);
    const fallback = [{ host: "127.0.0.1", port: 2, security: "none" }];
    await done(desk, ["options", "set", "alerts-server", `fallback_relays=${JSON.stringify(fallback)}`]);
    assert.match(await done(desk, ["alerts", "status"]), /^1\. 127\.0\.0\.1:1 is down\.$(.|\n)*^2\. 127\.0\.0\.1:2 is /m);
    await server.stop();
    await done(desk, "options set alerts-server active=false".split(" "));
    assert.match(await done(desk, ["alerts", "status"]), /not active.*\nNobody is told until it is activated/);
});

test("a closing that reached nobody is said everywhere", async () => {
    const desk = await newDesk("sqlite");
    for (const title of ["x", "y"]) await done(desk, ["ticket", "open", "--account", "2", "--contact", "3", "--title", title]);
    const [recipient] = (await desk.runJson(["recipient", "list", "1"])).items;
    await done(desk, ["recipient", "remove", "1", recipient.email]);
    assert.doesNotMatch(await done(desk, ["alerts", "status"]), /not told/);
    assert.match(await done(desk, ["ticket", "close", "1"]), /^Customers not told: nobody was told/m);
    assert.doesNotMatch(await done(desk, ["ticket", "close", "2"]), /Customers not told/);
    const listed = await desk.runJson(["ticket", "list", "--customers-not-told"]);
    assert.deepEqual(listed.items.map((ticket) => ticket.number), [1]);
    assert.match(await done(desk, ["ticket", "show", "1"]), /^Customers not told: .*\(known since \d{4}-/m);
    assert.match(await done(desk, ["alerts", "explain", "1"]), /^Nobody was told that this ticket was closed\./m);
    assert.doesNotMatch(await done(desk, ["alerts", "explain", "2"]), /Nobody was told/);
    assert.match(await done(desk, ["alerts", "status"]), /^Customers not told: the closing of 1 ticket reached nobody\.$/m);
    assert.match(await done(desk, ["ticket", "reopen", "1"]), /^Reopened/m);
    assert.match(await done(desk, ["ticket", "list", "--customers-not-told"]), /^There are no such tickets\.$/m);
});

test("what the brake holds is shown, and released or cancelled at once", async () => {
    const desk = await newDesk("sqlite");
    await done(desk, ["options", "set", "alerts-to-customers", "brake.customers=1"]);
    for (const address of ["a@x.example", "b@x.example"])
        await done(desk, ["ticket", "open", "--account", "2", "--contact", "3", "--title", "x", "--recipient", address]);
    assert.match(
        await done(desk, ["alerts", "status"]),
        /^The brake holds 4 alerts, the oldest since 20.*\n.*tidings alerts release --held --reason brake$/m,
    );
    assert.equal((await desk.runJson(["alerts", "list", "--state", "held"])).items.length, 4);
    await refused(desk, EXIT.usage, ["alerts", "release"]);
    await refused(desk, EXIT.usage, ["alerts", "release", "--reason", "brake"]);
    await refused(desk, EXIT.usage, ["alerts", "release", "1", "--held"]);
    await refused(desk, EXIT.refused, ["alerts", "release", "--held", "--account", "none"]);
    await refused(desk, EXIT.refused, ["alerts", "retry", "--state", "accepted"]);
    await refused(desk, EXIT.usage, ["alerts", "retry", "--state", "cancelled", "--force"]);
    assert.match(await done(desk, ["alerts", "release", "--held", "--account", "1"]), /^There are no such alerts; nothing was/);
    const released = await done(desk, ["alerts", "release", "--held", "--reason", "brake", "--ticket", "1"]);
    assert.match(released, /^Released 2 alerts\.$/m);
    assert.match(released, UNSERVED);
    assert.deepEqual(await desk.runJson(["alerts", "cancel", "--held", "--account", "2"]), { changed: 2 });
    assert.match(await done(desk, ["alerts", "retry", "--state", "cancelled"]), /^To be sent now: 2 alerts\.$/m);
    await refused(desk, EXIT.usage, ["alerts", "retry", "--all", "--state", "deferred"]);
    await refused(desk, EXIT.usage, ["alerts", "retry", "1", "--all"]);
    assert.deepEqual(await desk.runJson(["alerts", "retry", "--all", "--ticket", "1"]), { changed: 2 });
    assert.match(await done(desk, ["alerts", "retry", "--all"]), /^To be sent now: 4 alerts\.$/m);
    assert.doesNotMatch(await done(desk, ["alerts", "status"]), /brake/);
});

test("a list that is longer than its limit says so", async () => {
    const desk = await api.initDesk();
    for (let i = 0; i < 3; i += 1) await done(desk, ["ticket", "open", "--account", "1", "--title", `t${i}`]);
    assert.match(await done(desk, ["ticket", "list", "--limit", "2"]), /There are more; --limit N shows more\.$/m);
    assert.equal((await desk.runJson(["ticket", "list", "--limit", "2"])).items.length, 2);
    assert.doesNotMatch(await done(desk, ["ticket", "list", "--limit", "3"]), /There are more/);
    await refused(desk, EXIT.usage, ["ticket", "list", "--limit", "0"]);
});

test("notes go to standard error when JSON is printed", async () => {
    const desk = await api.initDesk();
    const { stdout, stderr } = await desk.run(["ticket", "open", "--account", "1", "--title", "x", "--json"]);
    assert.equal(JSON.parse(stdout).number, 1);
    assert.match(stderr, UNSERVED);
});
