// SPDX-License-Identifier: Apache-2.0
/** The editor of rules for automated emails: made, changed, put in order, tried; for admins alone. */
import * as assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { addEmployee, assertPagesAccessible, consoleDesk, done, shot, signedIn } from "./support.mjs";

const OPTIONS = "/api/v1/options/email-connector";
const RULES = "/options/email-connector/rules";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
    await server.ask("PUT", OPTIONS, { enabled: true, address: "support@harbour-it.example" });
});
beforeEach(() => setRules([]));
after(done);

const setRules = (rules) => server.ask("PUT", OPTIONS, { rules });
const getRules = async () => (await server.ask("GET", OPTIONS)).rules;
const names = async () => (await getRules()).map(({ name }) => name);
const simple = (...list) => list.map((name) => ({ name, subject: name }));

for (const script of [true, false])
    test(`a rule with everything is made, and changed, ${script ? "with" : "without"} JavaScript`, async () => {
        const page = await signedIn(base, { script });
        await page.goto(RULES);
        await page.getByRole("link", { name: "New rule" }).click();
        await page.getByLabel("Name", { exact: true }).fill("Monitoring");
        await page.getByLabel("Sender").fill("@Monitor.example");
        await page.getByLabel("Phrase in the subject").fill("PROBLEM");
        await page.getByLabel("No ticket for").fill("test only\n  heartbeat  \n");
        await page.getByLabel("How the account is found").selectOption({ label: "A number in the subject" });
        await page.getByLabel("Account", { exact: true }).fill("Bluebird Dental Practice (#1)");
        await page.getByLabel("It stands behind").fill("[");
        await page.getByLabel("and in front of").fill("]");
        await page.getByLabel("Priority").selectOption({ label: "Urgent" });
        await page.getByLabel("Status").selectOption({ label: "Pending" });
        await page.getByLabel("Manager").selectOption({ label: "tess" });
        await page.getByLabel("Type").fill("Incident");
        await page.getByLabel("A text in the subject names the incident").check();
        await page.getByLabel("The text behind").fill("host ");
        await page.getByLabel("up to").fill(":");
        await page.getByLabel("The incident is over with").fill("RECOVERY");
        await page.getByRole("button", { name: "Add the rule" }).click();
        await page.getByText("The rule is the last of the list.").waitFor();
        const [made] = await getRules();
        assert.notEqual(made.ticket.manager, null);
        assert.deepEqual(made, {
            name: "Monitoring", enabled: true, from: "@monitor.example", subject: "PROBLEM", skip: ["test only", "heartbeat"],
            account: { by: "number", after: "[", before: "]", account: 1 },
            ticket: { type: "Incident", priority: "urgent", status: 200, manager: made.ticket.manager },
            key: { after: "host ", before: ":" }, recovery: ["RECOVERY"],
        });
        const shown = await page.locator("#rules").innerText();
        for (const words of ["From @monitor.example", "“PROBLEM” in the subject", "its number between “[” and “]”, otherwise Bluebird",
            "Closes the ticket on “RECOVERY”"]) assert.ok(shown.includes(words), words);

        await page.getByRole("link", { name: "Monitoring" }).click();
        await page.getByLabel("In use").uncheck();
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("Saved.").waitFor();
        assert.deepEqual(await getRules(), [{ ...made, enabled: false }]);
    });

test("rules are put in order and deleted", async () => {
    await setRules(simple("one", "two", "three"));
    const page = await signedIn(base);
    page.on("dialog", (dialog) => dialog.accept());
    await page.goto(RULES);
    await page.getByRole("button", { name: "Up: three" }).click();
    await page.getByText("The order was changed.").waitFor();
    assert.deepEqual(await names(), ["one", "three", "two"]);
    await page.getByRole("button", { name: "Down: one" }).click();
    await page.locator("li", { hasText: "one" }).getByText("2.", { exact: true }).waitFor();
    assert.deepEqual(await names(), ["three", "one", "two"]);
    assert.equal(await page.getByRole("button", { name: "Up: three" }).count(), 0);
    assert.equal(await page.getByRole("button", { name: "Down: two" }).count(), 0);
    await page.getByRole("button", { name: "Delete: one" }).click();
    await page.getByText("The rule was deleted.").waitFor();
    assert.deepEqual(await names(), ["three", "two"]);
});

test("what somebody else has changed meanwhile is not overwritten", async () => {
    await setRules(simple("one", "two"));
    const page = await signedIn(base, { expect: ["409"] });
    await page.goto(`${RULES}/2`);
    const list = await signedIn(base, { expect: ["409"] });
    await list.goto(RULES);
    await setRules(simple("zero", "one", "two"));
    await page.getByLabel("Name", { exact: true }).fill("changed");
    await page.getByRole("button", { name: "Save" }).click();
    assert.match(await page.getByRole("alert").innerText(), /have been changed since/);
    await list.getByRole("button", { name: "Up: two" }).click();
    assert.match(await list.getByRole("alert").innerText(), /have been changed since/);
    assert.deepEqual(await names(), ["zero", "one", "two"]);
});

test("what is wrong is said at its field, and what was typed stays", async () => {
    await setRules(simple("one"));
    const page = await signedIn(base, { expect: ["422"] });
    const always = "Always the same";
    const wrong = [
        ["Sender", "nobody", "from", {}],
        ["Phrase in the subject", "", "from", {}],
        ["Account", "4711", "account", {}],
        ["Account", "Nobody Ltd", "account", {}],
        ["Account", "", "account", { way: always }],
        ["The incident is over with", "OK", "key_after", {}],
    ];
    for (const [label, value, field, { way }] of wrong) {
        await page.goto(`${RULES}/new`);
        await page.getByLabel("Name", { exact: true }).fill("new");
        await page.getByLabel("Phrase in the subject").fill("phrase");
        if (way) await page.getByLabel("How the account is found").selectOption({ label: way });
        await page.getByLabel(label, { exact: true }).fill(value);
        await page.getByRole("button", { name: "Add the rule" }).click();
        await page.locator(".is-invalid").waitFor();
        assert.equal(await page.locator(".is-invalid").getAttribute("id"), field, label);
        assert.ok((await page.locator(".problem-mark").innerText()).length > 10, label);
        assert.equal(await page.getByLabel(label, { exact: true }).inputValue(), value);
        assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "new");
        assert.equal(await page.locator("#by option:checked").innerText(), way ?? "The sender's");
    }
    assert.deepEqual(await names(), ["one"]);
});

const MAIL = "From: watch@monitor.example\nTo: support@harbour-it.example\nSubject: PROBLEM on host srv1: disk full [2]\n\nFull.\n";
const WATCH = {
    name: "Watch", from: "@monitor.example", account: { by: "number", after: "[", before: "]" }, key: { after: "host ", before: ":" },
};

test("a mail is tried: which rule fires, why the others do not, and nothing is kept", async () => {
    await setRules([{ name: "Off", enabled: false, subject: "problem" }, { name: "Backup", from: "@backup.example" },
        { name: "Green", subject: "recovery" }, WATCH, { name: "Late", subject: "problem" }]);
    const page = await signedIn(base);
    await page.goto(RULES);
    await page.getByLabel("The mail, as it came").fill(MAIL);
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText("A ticket would be opened").waitFor();
    const shown = await page.locator("#try").innerText();
    for (const words of ["account #2", "Off: is off", "Backup: the sender is another", "Green: its phrase is not in the subject",
        "Watch: fits, and decides", "Late: another has decided before it", "srv1", "read as “2”"]) assert.ok(shown.includes(words), words);
    assert.equal(await page.getByLabel("The mail, as it came").inputValue(), MAIL);
    assert.deepEqual((await server.ask("GET", "/api/v1/inbox")).items, []);
    assert.deepEqual((await server.ask("GET", "/api/v1/tickets")).items, []);
});

test("a mail is tried from a file, without JavaScript, up to what a mail may have", async () => {
    await setRules([WATCH]);
    const page = await signedIn(base, { script: false });
    const upload = async (buffer) => {
        await page.goto(RULES);
        await page.getByLabel("or a file of it").setInputFiles({ name: "mail.eml", mimeType: "message/rfc822", buffer });
        await page.getByRole("button", { name: "Try it" }).click();
    };
    await upload(Buffer.from(MAIL + "x".repeat(70).concat("\n").repeat(60_000)));
    await page.getByText("A ticket would be opened").waitFor();
    await upload(Buffer.from("no mail"));
    await page.getByText("It cannot be read: it would be quarantined").waitFor();
});

test("a hostile mail and a hostile rule are text and nothing else", async () => {
    const evil = "\"><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";
    await setRules([{ name: evil, from: "@monitor.example", subject: evil, skip: [evil], account: { after: evil, before: evil } }]);
    const page = await signedIn(base);
    const look = async (target) => {
        assert.doesNotMatch(await page.title(), /^taken/, target);
        assert.equal(await page.locator("main script, main img").count(), 0, target);
    };
    for (const target of [RULES, `${RULES}/1`]) {
        await page.goto(target);
        await look(target);
    }
    await page.goto(RULES);
    await page.getByLabel("The mail, as it came").fill(`From: "${evil.replaceAll("\"", "\\\"")}" <watch@monitor.example>\nSubject: ${evil}\n\n</textarea>${evil}\n`);
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText("It would be skipped: no ticket").waitFor();
    await look("the result");
});

test("a rule that is not there says so", async () => {
    const page = await signedIn(base, { expect: ["404"] });
    for (const list of [[], simple("one")]) {
        await setRules(list);
        for (const place of ["0", "2", "-1", "x"])
            assert.equal((await page.goto(`${RULES}/${place}`)).status(), 404, place);
    }
});

test("a technician does not come in, by page or by form", async () => {
    await setRules(simple("one"));
    const page = await signedIn(base, { login: "tess", expect: ["403"] });
    for (const target of [RULES, `${RULES}/new`, `${RULES}/1`, `${RULES}/dry-run`])
        assert.equal((await page.goto(target)).status(), 403, target);
    await page.goto("/me");
    const token = await page.locator("input[name=token]").first().getAttribute("value");
    for (const [target, form] of [[RULES, { verb: "delete", position: "1" }], [`${RULES}/1`, { name: "x" }], [`${RULES}/dry-run`, { mail: MAIL }]])
        assert.equal((await page.request.post(target, { form: { token, ...form }, maxRedirects: 0 })).status(), 403, target);
    assert.deepEqual(await names(), ["one"]);
});

test("nothing keeps anybody out of these pages", async () => {
    await setRules([WATCH, ...simple("one", "two")]);
    const pages = [RULES, `${RULES}/new`, `${RULES}/1`];
    await assertPagesAccessible(base, pages);
    const page = await signedIn(base);
    for (const [i, target] of pages.entries()) {
        await page.goto(target);
        await shot(page, `rules-${i}`);
    }
});
