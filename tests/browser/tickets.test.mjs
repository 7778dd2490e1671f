// SPDX-License-Identifier: Apache-2.0
/** Tickets in the console: opened, answered, closed, and the story of who was told. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertPagesAccessible, consoleDesk, done, shot, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
});
after(done);

const open = (more = {}) => server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "A ticket", ...more });
const alertsOf = async (number) => (await server.ask("GET", `/api/v1/tickets/${number}/alerts`)).items;

for (const script of [true, false])
    test(`a ticket is opened, answered and closed ${script ? "with" : "without"} JavaScript`, async () => {
        const page = await signedIn(base, { script });
        await page.goto("/tickets/new");
        await page.getByLabel("For which account?").fill("Bluebird Dental Practice (#1)");
        await page.getByRole("button", { name: "Go on" }).click();
        await page.getByLabel("Title").fill(`Scanner jams ${script}`);
        await page.getByLabel("Contact").selectOption({ label: "Anna Field" });
        await page.getByRole("button", { name: "Open the ticket" }).click();
        await page.getByText("The ticket is open.").waitFor();
        assert.match(await page.locator("#told").innerText(), /New ticket[\s\S]*anna\.field@bluebird-dental\.example/);

        await page.getByLabel("Text").fill("We are on our way.");
        await page.getByRole("button", { name: "Send", exact: true }).click();
        await page.getByText("Your answer is filed").waitFor();
        assert.equal(await page.locator(".message .words").first().innerText(), "We are on our way.");

        await page.locator("#status").selectOption({ label: "Completed" });
        await page.locator("#resolution").fill("A paper clip.");
        await page.getByRole("button", { name: "Save the status" }).click();
        await page.getByText("The ticket is closed.").waitFor();
        const number = /\/tickets\/(\d+)/.exec(page.url())[1];
        assert.deepEqual(new Set((await alertsOf(number)).map(({ kind, decision }) => `${kind} ${decision}`)),
            new Set(["new_ticket send", "ticket_closed send"]));
        const events = await server.ask("GET", `/api/v1/tickets/${number}/events`);
        assert.ok(events.items.every(({ channel, actor }) => channel === "console" && actor.kind === "employee"));
    });

test("the keyboard alone opens, answers and closes a ticket", async () => {
    const page = await signedIn(base);
    const keys = page.keyboard;
    await keys.press("n");
    await page.waitForURL("**/tickets/new");
    await keys.type("1");
    await keys.press("Enter");
    await page.getByLabel("Title").waitFor();
    await keys.type("By keyboard");
    await keys.press("Enter");
    await page.getByText("The ticket is open.").waitFor();
    await page.goto("/tickets");
    await keys.press("j");
    await keys.press("o");
    await page.getByRole("heading", { name: "By keyboard" }).waitFor();
    await keys.press("r");
    await keys.type("An answer.");
    await keys.press("Tab");
    await keys.press("Tab");
    await keys.press("Enter");
    await page.getByText("Your answer is filed").waitFor();
    for (let i = 0; i < 80 && (await page.evaluate(() => document.activeElement?.id)) !== "status"; i++) await keys.press("Tab");
    await keys.type("Completed");
    for (let i = 0; i < 6 && (await page.evaluate(() => document.activeElement?.textContent)) !== "Save the status"; i++)
        await keys.press("Tab");
    await keys.press("Enter");
    await page.getByText("The ticket is closed.").waitFor();
});

test("j and k move, and / searches", async () => {
    await open({ title: "Moved to" });
    const page = await signedIn(base);
    for (const key of ["j", "j", "k"]) await page.keyboard.press(key);
    assert.equal(await page.locator("[data-row]").evaluateAll((rows) => rows.findIndex((row) => row.classList.contains("is-current"))), 0);
    await page.keyboard.press("/");
    await page.keyboard.type("Moved to");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=Moved/);
    assert.equal(await page.locator("[data-row]").count(), 1);
});

test("who will be told is shown before anything is saved", async () => {
    const page = await signedIn(base);
    await page.goto("/tickets/new?account=1");
    const told = page.locator("#told");
    await told.getByText("manager@bluebird-dental.example").waitFor();
    await page.getByLabel("Contact").selectOption({ label: "Anna Field" });
    await told.getByText("anna.field@bluebird-dental.example").waitFor();
    await page.getByLabel("Also tell").fill("Other <other@elsewhere.example>");
    await told.getByText("other@elsewhere.example").waitFor();
    await page.getByLabel("Notify customers").uncheck();
    await told.getByText("Not told").first().waitFor();
    const before = (await server.ask("GET", "/api/v1/tickets")).items.length;
    await page.getByLabel("Title").fill("Silent");
    await page.getByRole("button", { name: "Open the ticket" }).click();
    await page.getByText("The ticket is open.").waitFor();
    assert.equal((await server.ask("GET", "/api/v1/tickets")).items.length, before + 1);
    const number = /\/tickets\/(\d+)/.exec(page.url())[1];
    assert.ok((await alertsOf(number)).every(({ reason }) => reason === "not_wanted"));
});

test("a form that is sent twice opens one ticket", async () => {
    const page = await signedIn(base);
    await page.goto("/tickets/new?account=1");
    const form = await page.locator("form[data-preview]").evaluate((element) => [...new FormData(element)]);
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const body = new URLSearchParams(form);
    body.set("title", "Twice");
    const send = () => fetch(`${base}/tickets/new`, { method: "POST", body, headers: { Cookie: cookie }, redirect: "manual" });
    const places = [];
    for (const answer of await Promise.all([send(), send(), send()])) {
        assert.equal(answer.status, 303);
        places.push(answer.headers.get("location"));
    }
    assert.equal(new Set(places).size, 1);
});

test("what is refused is said where it was typed, and nothing is lost", async () => {
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto("/tickets/new?account=1");
    await page.getByLabel("Title").fill("Kept");
    await page.getByLabel("Description").fill("All of this\nstays.");
    await page.getByLabel("Also tell").fill("no address");
    await page.getByRole("button", { name: "Open the ticket" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Title").inputValue(), "Kept");
    assert.equal(await page.getByLabel("Description").inputValue(), "All of this\nstays.");
    assert.ok(await page.getByLabel("Also tell").evaluate((field) => field.classList.contains("is-invalid")));
});

test("recipients are added, muted, told by hand and removed", async () => {
    const { number } = await open();
    const page = await signedIn(base);
    await page.goto(`/tickets/${number}`);
    await page.getByLabel("Address of a new recipient").fill("New One <new@elsewhere.example>");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText("The recipient was added.").waitFor();
    const chip = page.locator("#recipients li", { hasText: "new@elsewhere.example" });
    await chip.getByRole("button", { name: "Send latest alert" }).click();
    await page.getByText("The latest alert is on its way").waitFor();
    assert.match(await page.locator("#told").innerText(), /sent by hand[\s\S]*new@elsewhere\.example/);
    await chip.getByRole("button", { name: "Mute" }).click();
    await chip.getByText("muted").waitFor();
    await chip.getByRole("button", { name: "Remove" }).click();
    await page.getByText("The recipient was removed.").waitFor();
    assert.equal(await chip.count(), 0);
});

test("an attachment goes out and comes back byte for byte, as a download", async () => {
    const { number } = await open();
    const page = await signedIn(base);
    await page.goto(`/tickets/${number}`);
    const content = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
    await page.getByLabel("Text").fill("See the file.");
    await page.getByLabel("Attachments").setInputFiles({ name: "<b>.html", mimeType: "text/html", buffer: content });
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("Your answer is filed").waitFor();
    const link = page.locator(".files a");
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const answer = await fetch(base + (await link.getAttribute("href")), { headers: { Cookie: cookie } });
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), content);
    assert.match(answer.headers.get("content-disposition"), /^attachment/);
    assert.match(answer.headers.get("content-security-policy"), /sandbox/);
});

test("large files go out", async () => {
    const { number } = await open();
    const page = await signedIn(base);
    await page.goto(`/tickets/${number}`);
    await page.getByLabel("Text").fill("The whole log.");
    await page.getByLabel("Attachments").setInputFiles({ name: "log.txt", mimeType: "text/plain", buffer: Buffer.alloc(8 << 20, "x") });
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("Your answer is filed").waitFor();
    const { items } = await server.ask("GET", `/api/v1/tickets/${number}/messages`);
    assert.equal(items[0].attachments[0].bytes, 8 << 20);
});

test("an internal note is marked, and nobody outside gets it", async () => {
    const { number } = await open();
    const page = await signedIn(base);
    await page.goto(`/tickets/${number}`);
    await page.getByLabel("Internal note").check();
    await page.getByLabel("Text").fill("The customer is difficult.");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("Customers do not see it").waitFor();
    await page.locator(".message-internal", { hasText: "difficult" }).waitFor();
    const { items } = await server.ask("GET", `/api/v1/tickets/${number}/messages`);
    assert.ok(items[0].copies.every(({ employee }) => employee));
});

test("a duplicate is merged, and its correspondence is seen on the other", async () => {
    const stays = await open({ title: "The original" });
    const goes = await open({ title: "The same again" });
    await server.ask("POST", `/api/v1/tickets/${goes.number}/messages`, { text: "Said on the duplicate." });
    const page = await signedIn(base);
    await page.goto(`/tickets/${goes.number}`);
    await page.getByText("Merge it into another ticket").click();
    await page.getByLabel("Number of the ticket that stays").fill(String(stays.number));
    await page.getByRole("button", { name: "Merge", exact: true }).click();
    await page.getByText("The duplicate was merged into this ticket.").waitFor();
    await page.locator(".message", { hasText: "Said on the duplicate." }).waitFor();
    await page.goto(`/tickets/${goes.number}`);
    await page.getByRole("link", { name: `#${stays.number}` }).first().waitFor();
    assert.ok((await alertsOf(goes.number)).every(({ kind }) => kind !== "ticket_closed"));
});

test("many are closed at once, after one has seen whom that tells", async () => {
    const numbers = [];
    for (let i = 0; i < 3; i++) numbers.push((await open({ title: `Bulk ${i}` })).number);
    const page = await signedIn(base);
    await page.goto("/tickets?q=Bulk");
    for (const number of numbers) await page.getByLabel(`Choose #${number}`, { exact: true }).check();
    await page.getByText("Change the chosen ones").click();
    await page.locator("#bulk_status").selectOption({ label: "Completed" });
    await page.getByRole("button", { name: "Look at it first" }).click();
    await page.getByText("2 customers are told by mail.").waitFor();
    await page.getByRole("button", { name: "Change them" }).click();
    await page.getByText("All of them were changed.").waitFor();
    for (const number of numbers)
        assert.ok((await alertsOf(number)).some(({ kind, decision }) => kind === "ticket_closed" && decision === "send"));
});

test("what strangers write is text on every page", async () => {
    const evil = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>{{title}}`;
    const account = await server.ask("POST", "/api/v1/accounts", { name: evil, email: "evil@evil.example" });
    const contact = await server.ask("POST", "/api/v1/contacts", { account: account.number, name: evil, email: "who@evil.example" });
    const { number } = await server.ask("POST", "/api/v1/tickets", {
        account: account.number, contact: contact.id, title: evil, description: evil, type: evil.slice(0, 60), resolution: evil,
        recipients: [{ email: "more@evil.example", name: evil }],
    });
    await server.ask("POST", `/api/v1/tickets/${number}/messages`, {
        text: evil, html: "<p>hello</p>", attachments: [{ name: evil, content: "AAAA" }],
    });
    const page = await signedIn(base);
    const alert = (await alertsOf(number))[0].id;
    for (const target of [`/tickets/${number}`, "/tickets", `/tickets?q=${encodeURIComponent(evil)}`, `/alerts/${alert}`,
        `/tickets/new?account=${account.number}`, `/tickets/new?account=${encodeURIComponent(evil)}`]) {
        await page.goto(target);
        assert.doesNotMatch(await page.title(), /^owned/, target);
        assert.equal(await page.locator("main img, main script").count(), 0, target);
    }
});

test("the mail is shown as it left, and never as a page", async () => {
    const { number } = await open();
    const page = await signedIn(base);
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const answer = await fetch(`${base}/alerts/${(await alertsOf(number))[0].id}/mail`, { headers: { Cookie: cookie } });
    assert.match(answer.headers.get("content-type"), /^text\/plain/);
    assert.match(await answer.text(), /^(Date|From): /m);
});

test("nothing keeps anybody out", async () => {
    const { number } = await open({ priority: "urgent", description: "Words." });
    await server.ask("POST", `/api/v1/tickets/${number}/messages`, { text: "An answer.", attachments: [{ name: "a.txt", content: "AAAA" }] });
    await server.ask("POST", `/api/v1/tickets/${number}/messages`, { text: "A note.", visibility: "internal" });
    const alert = (await alertsOf(number))[0].id;
    await assertPagesAccessible(base, ["/tickets", `/tickets/${number}`, "/tickets/new", "/tickets/new?account=1", `/alerts/${alert}`]);
    const page = await signedIn(base);
    await page.goto(`/tickets/${number}`);
    await shot(page, "ticket");
});
