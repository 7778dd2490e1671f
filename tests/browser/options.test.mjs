// SPDX-License-Identifier: Apache-2.0
/** The options in the console: exactly the API's settings, secrets that are never shown, the live test, and in which situations customers are told. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addEmployee, assertAccessible, assertPagesAccessible, consoleDesk, done, shot, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
});
after(done);

const PAGES = ["/options", "/options/desk", "/options/alerts-server", "/options/alerts-server/deactivate", "/options/alerts-to-customers",
    "/options/email-connector", "/options/web-interface", "/options/tickets", "/options/tokens", "/options/audit"];

const options = (section) => server.ask("GET", `/api/v1/options/${section}`);
const changes = async (section) => (await server.ask("GET", `/api/v1/options/${section}/changes`)).items;
const save = (page) => page.getByRole("button", { name: "Save", exact: true }).last().click();

async function saved(page) {
    await save(page);
    await page.getByText("Saved.", { exact: true }).waitFor();
}

test("the desk's page saves what the API shows, without JavaScript, and keeps a history", async () => {
    const page = await signedIn(base, { script: false });
    await page.goto("/options/desk");
    await page.getByLabel("Name", { exact: true }).fill("Harbour <b>IT</b>");
    await page.getByLabel("Phone").fill("+44 20 1");
    await page.getByLabel("Time zone").fill("Europe/London");
    await page.getByLabel("Language").selectOption("de");
    await saved(page);
    const { name, phone, time_zone, language } = await options("desk");
    assert.deepEqual({ name, phone, time_zone, language },
        { name: "Harbour <b>IT</b>", phone: "+44 20 1", time_zone: "Europe/London", language: "de" });
    const newest = await page.locator("#history li").first().innerText();
    assert.match(newest, /Robin Keeper[\s\S]*in the console[\s\S]*"Harbour <b>IT<\/b>"/);
    await server.ask("PUT", "/api/v1/options/desk", { name: "Harbour IT", language: "en" });
});

test("what is refused is said at its field, keeps what was typed and changes nothing", async () => {
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto("/options/desk");
    const before = await options("desk");
    await page.getByLabel("Hours").fill("Always");
    await page.getByLabel("Time zone").fill("Mars/Olympus");
    await save(page);
    await page.getByRole("alert").waitFor();
    const field = page.getByLabel("Time zone");
    assert.equal(await field.inputValue(), "Mars/Olympus");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.match(await page.locator("#time_zone-problem").innerText(), /Mars\/Olympus|time zone/);
    assert.equal(await page.getByLabel("Hours").inputValue(), "Always");
    assert.deepEqual(await options("desk"), before);
    await assertAccessible(page);
});

test("the statuses get their desk's names, and none that is another's", async () => {
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto("/options/tickets");
    await page.getByLabel("Hold", { exact: true }).fill("Parked");
    await page.getByLabel("When a customer answers on a closed ticket").selectOption("always");
    await saved(page);
    assert.equal((await options("tickets")).status_labels["700"], "Parked");
    assert.equal((await options("tickets")).reopen_on_reply, "always");
    await page.getByLabel("Hold", { exact: true }).fill("Completed");
    await save(page);
    assert.match(await page.getByRole("alert").innerText(), /Completed/);
    assert.equal((await options("tickets")).status_labels["700"], "Parked");
});

test("the Web Interface's page refuses an address with a path", async () => {
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto("/options/web-interface");
    await page.getByLabel("Where this desk is reached").fill("https://support.harbour-it.example/desk");
    await save(page);
    assert.match(await page.locator("#public_url-problem").innerText(), /without a\s+path/);
    await page.getByLabel("Where this desk is reached").fill("https://support.harbour-it.example");
    await page.getByLabel("Customers see").selectOption("own");
    await page.getByLabel("Customers have pages of their own").check();
    await saved(page);
    const { enabled, public_url, see } = await options("web-interface");
    assert.deepEqual({ enabled, public_url, see }, { enabled: true, public_url: "https://support.harbour-it.example", see: "own" });
});

test("relays are added and removed by buttons, and nothing is saved before somebody saves", async () => {
    const page = await signedIn(base, { script: false, expect: ["422"] });
    await page.goto("/options/alerts-server");
    await page.getByRole("button", { name: "Add a server" }).click();
    await page.getByRole("button", { name: "Add a server" }).click();
    await page.getByText("nothing is saved yet").waitFor();
    await page.locator("#fallback_relays-0-host").fill("first.example");
    await page.locator("#fallback_relays-1-host").fill("second.example");
    await page.locator("#fallback_relays-1-port").fill("many");
    await page.getByRole("button", { name: "Remove Further server 1" }).click();
    assert.equal(await page.locator("#fallback_relays-0-host").inputValue(), "second.example");
    assert.deepEqual((await options("alerts-server")).fallback_relays, []);
    await save(page);
    await page.locator("#fallback_relays-0-port-problem").waitFor();
    assert.equal(await page.locator("#fallback_relays-0-port").inputValue(), "many");
    await page.locator("#fallback_relays-0-port").fill("465");
    await saved(page);
    const [relay, ...more] = (await options("alerts-server")).fallback_relays;
    assert.equal(more.length, 0);
    assert.equal(`${relay.host}:${relay.port}`, "second.example:465");
});

test("a secret is kept by an empty field, removed by its box, and never shown", async () => {
    const page = await signedIn(base, { script: false });
    const secret = "hush-hush-4711";
    const marks = async () => (await changes("alerts-server")).map(({ after }) => after.password_changed ?? "").filter(Boolean);
    await page.goto("/options/alerts-server");
    await page.locator("#password").fill(secret);
    await saved(page);
    const set = await marks();
    assert.equal(set.length, 1);
    assert.match(await page.locator("#history li").first().innerText(), /password: changed/);
    assert.ok(!(await page.content()).includes(secret));

    await page.locator("#from_name").fill("Another sender");
    await saved(page);
    assert.deepEqual(new Set(await marks()), new Set(set), "saving something else leaves it");

    await page.locator("#password-remove").check();
    await saved(page);
    assert.equal(new Set(await marks()).size, 2);
});

test("the Alerts Server: deactivated after asking back, tested live, activated again", async () => {
    const page = await signedIn(base, { expect: ["409", "422"] });
    await page.goto("/options/alerts-server");
    await page.getByRole("link", { name: "Deactivate" }).click();
    await page.getByText("customers are not told").first().waitFor();
    assert.equal((await options("alerts-server")).active, true, "looking changes nothing");
    await page.getByRole("button", { name: "Deactivate it" }).click();
    await page.getByText("not active any more").waitFor();
    assert.equal((await options("alerts-server")).active, false);
    assert.ok(await page.getByRole("button", { name: "Activate", exact: true }).isDisabled(), "not tested yet");

    await page.getByLabel("Send a test mail to").fill("nobody");
    await page.locator("#test form").evaluate((form) => (form.noValidate = true));
    await page.getByRole("button", { name: "Send it" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Send a test mail to").fill("robin@harbour-it.example");
    await page.getByRole("button", { name: "Send it" }).click();
    await page.getByText("The test mail was accepted.").waitFor();
    assert.ok((await page.locator(".steps li").count()) > 0);
    await shot(page, "options-alerts-server-tested");
    await assertAccessible(page);
    await page.getByRole("button", { name: "Activate", exact: true }).click();
    await page.getByText("The Alerts Server is active.", { exact: true }).waitFor();
    assert.equal((await options("alerts-server")).active, true);
});

test("a test that fails shows the step that it failed at", async () => {
    const page = await signedIn(base);
    const before = await options("alerts-server");
    await server.ask("PUT", "/api/v1/options/alerts-server", { transport: "smtp", host: "127.0.0.1", port: 1, security: "none" });
    await page.goto("/options/alerts-server");
    await page.getByRole("button", { name: "Send it" }).click();
    await page.getByText("The test mail was not accepted.").waitFor();
    assert.equal(await page.locator(".steps-failed").count(), 1);
    await server.ask("PUT", "/api/v1/options/alerts-server", { transport: before.transport });
});

/** {employee_console: ["told", "told"], ...} as the table on the page says it. */
async function situations(page) {
    const table = {};
    for (const row of await page.locator(".situations tbody tr").all())
        table[await row.locator("td").first().getAttribute("data-situation")] = await row.locator(".tag").allInnerTexts();
    return table;
}

/** Until the row says so: the table comes by a request of the page's script. */
async function untilSituation(page, name, ...tags) {
    await page.waitForFunction(([row, wanted]) => {
        const cell = document.querySelector(`[data-situation="${row}"]`);
        return [...cell.closest("tr").querySelectorAll(".tag")].map((tag) => tag.textContent).join() === wanted;
    }, [name, tags.join()]);
}

const ALL_ON = {
    employee_console: ["told", "told"], employee_cli: ["told", "told"], employee_email: ["told", "told"], api: ["told", "told"],
    employee_quietly: ["not told", "not told"], customer_email: ["not told", "told"], customer_web: ["not told", "told"],
    automated_email: ["not told", "told"], import: ["not told", "not told"],
};

test("the table of situations follows the boxes as they are ticked, and nothing is saved by it", async () => {
    const page = await signedIn(base);
    await page.goto("/options/alerts-to-customers");
    const before = await options("alerts-to-customers");
    assert.deepEqual(await situations(page), ALL_ON);
    await page.getByLabel("Tell customers when a ticket is opened").uncheck();
    await untilSituation(page, "employee_console", "not told", "told");
    assert.match(await page.locator(".situations tbody tr").first().innerText(), /switched off in the options/);
    await page.getByLabel("Tell customers when a ticket is closed").uncheck();
    await untilSituation(page, "customer_web", "not told", "not told");
    await page.getByLabel("Tell customers when a ticket is opened").check();
    await untilSituation(page, "api", "told", "not told");
    assert.deepEqual(await options("alerts-to-customers"), before);
    const { items } = await server.ask("POST", "/api/v1/options/alerts-to-customers/situations",
        { ticket_closed: { enabled: false } });
    const said = Object.fromEntries(items.map((one) => [one.situation,
        [one.new_ticket, one.ticket_closed].map(({ decision }) => (decision === "send" ? "told" : "not told"))]));
    assert.deepEqual(await situations(page), said);
});

test("without JavaScript a button shows it, and what would have been sent", async () => {
    const page = await signedIn(base, { script: false });
    await page.goto("/options/alerts-to-customers");
    await page.getByLabel("Tell customers when a ticket is closed").uncheck();
    await page.getByRole("button", { name: "Show it for these boxes" }).click();
    assert.deepEqual((await situations(page)).employee_console, ["told", "not told"]);
    assert.equal(await page.getByLabel("Tell customers when a ticket is closed").isChecked(), false, "as it was ticked");

    const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "Simulated" });
    await server.ask("PATCH", `/api/v1/tickets/${number}`, { status: "Completed" });
    await page.getByRole("button", { name: "What would have been sent" }).click();
    const words = await page.locator("#simulation").innerText();
    assert.match(words, /Closed\s+not told\s+alert disabled/);
    assert.match(words, /Opened\s+told/);
    assert.equal((await options("alerts-to-customers")).ticket_closed.enabled, true);
});

test("nothing keeps anybody out of what would have been sent", async () => {
    const page = await signedIn(base);
    await page.goto("/options/alerts-to-customers");
    await page.getByRole("button", { name: "What would have been sent" }).click();
    await page.locator("#simulation").waitFor();
    await shot(page, "options-alerts-simulated");
    await assertAccessible(page);
});

test("Alerts to Customers saves everything that it shows", async () => {
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto("/options/alerts-to-customers");
    await page.locator("#new_ticket-sender_name").fill("Harbour IT Tickets");
    await page.locator("#default_recipients-mail_copies").uncheck();
    await page.locator("#brake-customers").fill("0");
    await save(page);
    await page.locator("#brake-customers-problem").waitFor();
    await page.locator("#brake-customers").fill("42");
    await page.getByLabel("one mail instead of two").check();
    await saved(page);
    const stored = await options("alerts-to-customers");
    assert.equal(stored.new_ticket.sender_name, "Harbour IT Tickets");
    assert.equal(stored.new_ticket.template, null);
    assert.deepEqual(stored.default_recipients, { contact: true, on_every_ticket: true, mail_copies: false });
    assert.deepEqual(stored.brake, { enabled: true, customers: 42, minutes: 5 });
    assert.equal(stored.merge_open_and_close, true);
});

test("a mailbox is added to the Email Connector, its problem said where it is", async () => {
    const page = await signedIn(base, { expect: ["422", "409"] });
    await page.goto("/options/email-connector");
    await page.getByLabel("Mails become tickets and answers").check();
    await save(page);
    await page.locator("#address-problem").waitFor();
    await page.locator("#address").fill("support@harbour-it.example");
    await page.getByRole("button", { name: "Add a mailbox" }).click();
    await page.locator("#mailboxes-0-host").fill("127.0.0.1");
    await page.locator("#mailboxes-0-port").fill("9");
    await save(page);
    await page.locator("#mailboxes-0-username-problem").waitFor();
    await page.locator("#mailboxes-0-username").fill("desk");
    await page.locator("#mailboxes-0-after").selectOption("move");
    await page.locator("#mailboxes-0-move_to").fill("Done");
    await page.getByLabel("Mails become tickets and answers").uncheck();
    await saved(page);
    const { address, mailboxes } = await options("email-connector");
    assert.equal(address, "support@harbour-it.example");
    assert.equal(mailboxes[0].username, "desk");
    assert.equal(mailboxes[0].move_to, "Done");
    await page.getByRole("button", { name: "Remove Mailbox 1" }).click();
    await saved(page);
    assert.deepEqual((await options("email-connector")).mailboxes, []);
});

test("a token is shown once, opens what it may, and nothing after it was revoked", async () => {
    const page = await signedIn(base, { expect: ["422"] });
    page.on("dialog", (dialog) => dialog.accept());
    await page.goto("/options/tokens");
    await page.getByLabel("Name", { exact: true }).fill("Monitoring");
    await page.getByRole("button", { name: "Make it" }).click();
    assert.match(await page.getByRole("alert").innerText(), /scope/);
    await page.getByLabel("Read tickets").check();
    await page.getByRole("button", { name: "Make it" }).click();
    const token = await page.locator("#fresh").innerText();
    const ask = async (path) => (await server.call("GET", path, undefined, { token })).status;
    assert.equal(await ask("/api/v1/tickets"), 200);
    assert.equal(await ask("/api/v1/employees"), 403);
    await page.goto("/options/tokens");
    assert.ok(!(await page.content()).includes(token), "never again");
    await page.getByRole("button", { name: "Revoke Monitoring" }).click();
    await page.getByText("The token was revoked").waitFor();
    assert.equal(await ask("/api/v1/tickets"), 401);
});

test("a technician is refused on all of them, reading and writing", async () => {
    const page = await signedIn(base, { login: "tess", expect: ["403"] });
    for (const target of PAGES) assert.equal((await page.goto(target)).status(), 403, target);
    await page.goto("/me");
    const token = await page.locator("input[name=token]").first().getAttribute("value");
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const before = await options("alerts-server");
    for (const [target, body] of [["/options/alerts-server/activate", { active: "false" }], ["/options/desk", { name: "Mine" }],
        ["/options/tokens", { name: "Mine", scope: "admin" }], ["/options/alerts-to-customers/situations", {}]]) {
        const answer = await fetch(base + target, {
            method: "POST", redirect: "manual", headers: { Cookie: cookie }, body: new URLSearchParams({ token, ...body }),
        });
        assert.equal(answer.status, 403, target);
    }
    assert.deepEqual(await options("alerts-server"), before);
});

test("nothing keeps anybody out of these pages", async () => {
    await server.ask("PUT", "/api/v1/options/alerts-server", { transport: "smtp", host: "mail.example" });
    await assertPagesAccessible(base, PAGES);
});
