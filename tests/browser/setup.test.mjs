// SPDX-License-Identifier: Apache-2.0
/** The first start: from an empty desk to the first customer who is told, on four pages. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { initDesk, untilMails } from "../support/api.mjs";
import { addEmployee, assertPagesAccessible, done, PASSWORD, shot, signedIn } from "./support.mjs";

async function emptyDesk() {
    const desk = await initDesk({ sample: false });
    const server = await desk.serve();
    const { items } = await server.ask("GET", "/api/v1/employees");
    await server.ask("PATCH", `/api/v1/employees/${items[0].id}`, { password: PASSWORD });
    return { desk, server, base: server.url };
}

let base, desk, server;
before(async () => {
    ({ base, desk, server } = await emptyDesk());
});
after(done);

const STEPS = ["desk", "mail", "account", "alerts"].map((step) => `/setup?step=${step}`);

test("nothing keeps anybody out of the set-up", async () => {
    await assertPagesAccessible(base, STEPS);
});

test("a technician sees neither the set-up nor the way there", async () => {
    await addEmployee(server, "tess", "technician");
    const page = await signedIn(base, { login: "tess", expect: ["403"] });
    assert.equal(await page.getByText("Set up your desk").count(), 0);
    assert.equal((await page.goto("/setup")).status(), 403);
});

test("a step can be skipped", async () => {
    const page = await signedIn(base, { script: false });
    await page.goto("/setup");
    for (const title of ["Outgoing mail", "The first account", "The first alerts"]) {
        await page.getByRole("link", { name: "Skip this" }).click();
        await page.getByRole("heading", { name: title }).waitFor();
    }
    await page.getByRole("link", { name: "Skip this" }).click();
    await page.waitForURL("**/tickets");
});

test("from an empty desk to a customer who is told", async () => {
    const page = await signedIn(base, { expect: ["409", "422"] });
    const banner = page.locator(".note", { hasText: "Set up your desk" });
    assert.match(await banner.innerText(), /0 of 4 done/);
    await page.getByRole("link", { name: "Set up your desk" }).click();

    await page.getByLabel("Name of your desk").fill("Quay IT");
    await page.getByLabel("Time zone").fill("Europe/London");
    await page.getByRole("button", { name: "Save and go on" }).click();
    await page.getByRole("heading", { name: "Outgoing mail" }).waitFor();

    // Alerts cannot come before outgoing mail, and the page says so.
    await page.goto("/setup?step=alerts");
    await page.getByText("once the Alerts Server is active").waitFor();
    await page.getByRole("button", { name: "Save and finish" }).click();
    assert.match(await page.getByRole("alert").innerText(), /not active/);

    await page.goto("/setup");
    await page.getByLabel("Mails leave").selectOption("maildir");
    await page.getByLabel("Sender's name").fill("Quay IT");
    await page.getByLabel("Send a test mail to").fill("robin@quay.example");
    await page.getByLabel("Sender's address").fill("not an address");
    await page.getByRole("button", { name: "Save and send a test mail" }).click();
    await page.locator("#from_address-problem").waitFor();
    await page.getByLabel("Sender's address").fill("support@quay.example");
    await page.getByRole("button", { name: "Save and send a test mail" }).click();
    await page.getByText("The test mail was accepted.").waitFor();
    await shot(page, "setup-mail-tested");
    await page.getByRole("button", { name: "It has arrived: activate" }).click();
    await page.getByRole("heading", { name: "The first account" }).waitFor();

    await page.getByLabel("Name of the customer").fill("Bluebird Dental Practice");
    await page.getByLabel("Address of the customer").fill("office@bluebird.example");
    await page.locator("#contact-name").fill("Anna Field");
    await page.locator("#contact-email").fill("anna at bluebird");
    await page.locator("main form").evaluate((form) => (form.noValidate = true));
    await page.getByRole("button", { name: "Save and go on" }).click();
    await page.locator("#contact-email-problem").waitFor();
    await page.locator("#contact-email").fill("anna@bluebird.example");
    await page.getByRole("button", { name: "Save and go on" }).click();
    await page.getByRole("heading", { name: "The first alerts" }).waitFor();
    const { items } = await server.ask("GET", "/api/v1/accounts");
    assert.equal(items.length, 1, "a second try makes no second account");

    await page.getByRole("button", { name: "Save and finish" }).click();
    await page.getByText("Everything is set up").waitFor();
    await page.goto("/tickets");
    assert.equal(await banner.count(), 0);

    const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "Printer" });
    const [mail] = await untilMails(`${desk.folder}/Maildir`, 1, ({ headers }) => /Printer/.test(headers.subject));
    assert.match(mail.headers.to[0], /anna@bluebird\.example/);
    assert.equal(number, 1);
});
