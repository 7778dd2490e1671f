// SPDX-License-Identifier: Apache-2.0
/** Email templates: made, changed, translated, tried, restored; and that their words never become a page of ours. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../support/api.mjs";
import { PASSWORD, addEmployee, assertAccessible, assertPagesAccessible, browse, consoleDesk, done, shot, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
});
after(done);

const make = (name, more = {}) =>
    server.ask("POST", "/api/v1/templates", { name, subject: "About {{ticket.number}}", text: "Hello {{recipient.name}}", ...more });
const load = (id) => server.ask("GET", `/api/v1/templates/${id}`);

test("the list says what uses which", async () => {
    const page = await signedIn(base);
    await page.goto("/templates");
    const row = page.getByRole("row", { name: /New Ticket built in/ });
    assert.match(await row.innerText(), /New Ticket alert/);
    assert.match(await row.innerText(), /\bde\b/);
});

for (const script of [true, false])
    test(`a template is made, tried, saved and restored ${script ? "with" : "without"} JavaScript`, async () => {
        const page = await signedIn(base, { script });
        await page.goto("/templates/new");
        await page.getByLabel("Name").fill(`Mine ${script}`);
        await page.getByRole("button", { name: "Make it" }).click();
        await page.getByText("The template is there.").waitFor();
        const id = Number(/templates\/(\d+)/.exec(page.url())[1]);

        await page.getByLabel("Subject").fill("Number {{ticket.number}} it is");
        await page.getByLabel("HTML", { exact: true }).fill("<p style=\"color:#123456\">Dear {{recipient.name}}</p>");
        if (!script) await page.getByRole("button", { name: "Preview" }).last().click();
        await page.locator("#preview").getByText("Number 1042 it is").waitFor();
        if (!script) await page.getByRole("button", { name: "Show what I typed" }).click();
        const words = page.frameLocator("iframe").getByText("Dear Anna Field");
        await words.waitFor();
        if (script) {
            const colour = await until("the words are coloured", () =>
                words.evaluate((element) => globalThis.getComputedStyle(element).color));
            assert.equal(colour, "rgb(18, 52, 86)");
        }
        assert.equal((await load(id)).version, 1);

        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("Saved as a new version.").waitFor();
        const saved = await load(id);
        assert.equal(saved.subject, "Number {{ticket.number}} it is");
        assert.equal(saved.version, 2);

        await page.getByRole("link", { name: "Versions" }).click();
        await page.getByRole("link", { name: "What changed" }).click();
        assert.match(await page.locator("#difference").innerText(), /About|Number \{\{ticket.number\}\} it is/);
        page.on("dialog", (dialog) => dialog.accept());
        await page.getByRole("button", { name: "Restore" }).click();
        await page.getByText("Restored, as a new version.").waitFor();
        assert.match(await page.getByRole("row", { name: /Version 3/ }).innerText(), /restored from version 1/);
        assert.equal((await load(id)).html, null);
    });

test("what is wrong is shown at its line, and what was typed is kept", async () => {
    const { id } = await make("Wrong");
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto(`/templates/${id}`);
    await page.getByLabel("Text", { exact: true }).fill("one\ntwo {{ticket.titel}} three");
    await page.locator("#preview").getByText("nearest").waitFor();
    assert.match(await page.locator("#preview .problem-mark").innerText(), /Line 2, column 5: two \{\{ticket.titel\}\} three/);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").waitFor();
    const mark = page.locator("form .fields > div", { has: page.locator("#text") }).locator(".problem-mark");
    assert.match(await mark.innerText(), /Line 2, column 5/);
    assert.equal(await page.getByLabel("Text", { exact: true }).inputValue(), "one\ntwo {{ticket.titel}} three");
    assert.equal(await page.evaluate(() => document.activeElement.id), "text");
    assert.equal(await page.evaluate(() => document.activeElement.selectionStart), 8);
    await assertAccessible(page);
    assert.equal((await load(id)).version, 1);
});

test("somebody else's change is not written over", async () => {
    const { id } = await make("Shared");
    const page = await signedIn(base, { expect: ["409"] });
    await page.goto(`/templates/${id}`);
    await server.ask("PATCH", `/api/v1/templates/${id}`, { text: "Theirs" });
    await page.getByLabel("Text", { exact: true }).fill("Mine");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("somebody else has changed it").first().waitFor();
    assert.equal(await page.getByLabel("Text", { exact: true }).inputValue(), "Mine");
    assert.equal((await load(id)).text, "Theirs");
});

test("a field goes in by a click, where one was writing", async () => {
    const { id } = await make("Fields");
    const page = await signedIn(base);
    await page.goto(`/templates/${id}`);
    await page.getByLabel("Subject").fill("A  B");
    await page.getByLabel("Subject").evaluate((field) => field.setSelectionRange(2, 2));
    await page.getByRole("button", { name: "{{ticket.title}}", exact: true }).click();
    assert.equal(await page.getByLabel("Subject").inputValue(), "A {{ticket.title}} B");
});

test("a translation is added, shown and taken away", async () => {
    const { id } = await make("Languages");
    const page = await signedIn(base);
    await page.goto(`/templates/${id}`);
    await page.getByLabel("Add a translation").fill("de");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.getByText("There is no translation to German").waitFor();
    await page.getByLabel("Text", { exact: true }).fill("Guten Tag {{recipient.name}}");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved as a new version.").waitFor();
    assert.equal((await load(id)).translations.de.text, "Guten Tag {{recipient.name}}");
    assert.equal((await load(id)).text, "Hello {{recipient.name}}");
    page.on("dialog", (dialog) => dialog.accept());
    await page.getByRole("button", { name: "Remove German" }).click();
    await page.getByText("The translation was removed.").waitFor();
    assert.deepEqual((await load(id)).translations, {});
});

test("a real ticket is previewed, and a test is sent to an employee alone", async () => {
    const { id } = await make("Tried", { text: "Title: {{ticket.title}}" });
    const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, title: "A <b>bold</b> ticket", notify: false });
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto(`/templates/${id}`);
    await page.getByLabel("With ticket number").fill(String(number));
    await page.locator("#preview").getByText("A <b>bold</b> ticket").waitFor();
    await page.getByLabel("Text", { exact: true }).fill("Not saved: {{ticket.title}}");
    await page.getByLabel("To an employee's address").fill("tess@harbour-it.example");
    await page.getByRole("button", { name: "Send the test" }).click();
    await page.getByText("The test was sent to tess@harbour-it.example").waitFor();
    assert.equal(await page.getByLabel("Text", { exact: true }).inputValue(), "Not saved: {{ticket.title}}");
    await page.getByLabel("To an employee's address").fill("somebody@else.example");
    await page.getByRole("button", { name: "Send the test" }).click();
    await page.getByText("no active employee's address").first().waitFor();
});

test("copies are made, templates in use are not deleted, others are", async () => {
    const page = await signedIn(base);
    page.on("dialog", (dialog) => dialog.accept());
    await page.goto("/templates/1");
    await page.getByLabel("Copy it as").fill("A copy");
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText("The template is there.").waitFor();
    await page.getByRole("button", { name: "Delete it" }).click();
    await page.getByText("The template is deleted.").waitFor();
    assert.equal(await page.getByRole("link", { name: "A copy" }).count(), 0);
    await page.goto("/templates/1");
    assert.equal(await page.getByRole("button", { name: "Delete it" }).count(), 0);
});

test("markup in names, words and tickets runs nowhere", async () => {
    const evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    const { id } = await make(`"><script>document.title='owned'</script>`, { subject: `${evil} {{ticket.number}}`, text: `${evil}</textarea>${evil}` });
    const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, title: evil, notify: false });
    await server.ask("PATCH", `/api/v1/templates/${id}`, { html: "<p title=\"{{ticket.title}}\">{{ticket.title}}</p>" });
    const page = await signedIn(base);
    for (const target of ["/templates", `/templates/${id}?ticket=${number}`, `/templates/${id}/versions?from=1&to=2`]) {
        await page.goto(target);
        await page.waitForLoadState("networkidle");
        assert.doesNotMatch(await page.title(), /^owned/);
        assert.equal(await page.locator("img[onerror]").count(), 0);
    }
    await page.goto(`/templates/${id}?ticket=${number}`);
    const frame = page.frameLocator("iframe").locator("p");
    await frame.waitFor();
    assert.equal(await frame.innerText(), evil);
});

test("the frame's policy leaves a template's HTML no way to run", async () => {
    const { id } = await make("Framed", { html: "<p>Words</p>" });
    const page = await signedIn(base);
    const answer = await page.goto(`/templates/${id}/html`);
    const policy = answer.headers()["content-security-policy"];
    assert.match(policy, /^sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:/);
    assert.doesNotMatch(policy, /allow|script/);
    assert.equal(await page.evaluate(() => globalThis.origin), "null");
});

test("templates are for admins", async () => {
    const page = await signedIn(base, { login: "tess", password: PASSWORD, expect: ["403"] });
    assert.equal(await page.getByRole("link", { name: "Templates" }).count(), 0);
    assert.equal((await page.goto("/templates/1")).status(), 403);
    const nobody = await browse(base);
    await nobody.goto("/templates/1");
    assert.match(nobody.url(), /sign-in/);
});

test("everybody can use the pages", async () => {
    await assertPagesAccessible(base, ["/templates", "/templates/new", "/templates/1", "/templates/1?language=de",
        "/templates/1?language=nl", "/templates/1/versions", "/templates/1/versions?from=1&to=1"]);
    const page = await signedIn(base);
    await page.goto("/templates/1");
    await page.frameLocator("iframe").locator("p").first().waitFor();
    await shot(page, "template");
});
