// SPDX-License-Identifier: Apache-2.0
/** Accounts and contacts in the console: found, added, changed; what is wrong is said where it was typed. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addEmployee, assertPagesAccessible, consoleDesk, done, shot, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
});
after(done);

/** What is said at the one field that is marked as wrong. */
async function complaint(page, field) {
    assert.equal(await page.locator(".is-invalid").count(), 1);
    assert.equal(await page.locator(".is-invalid").getAttribute("id"), field);
    return page.locator(".problem-mark").innerText();
}

async function newAccount(fields) {
    return server.ask("POST", "/api/v1/accounts", { name: "Seaside Hotel", email: "front@seaside.example", ...fields });
}

for (const script of [true, false])
    test(`a technician adds an account and a contact ${script ? "with" : "without"} JavaScript`, async () => {
        const name = `Lantern Books ${script}`;
        const page = await signedIn(base, { login: "tess", script });
        await page.goto("/accounts");
        await page.getByRole("link", { name: "New account" }).click();
        await page.getByLabel("Name").fill(name);
        await page.getByLabel("Email", { exact: true }).fill("shop@lantern.example");
        await page.getByLabel("Second email").fill("orders@lantern.example");
        await page.getByLabel("Domains").fill("lantern.example\nlantern.test");
        await page.getByLabel("Language").fill("de");
        await page.getByLabel("Time zone").fill("Europe/Berlin");
        await page.getByLabel("Manager").selectOption({ label: "tess" });
        await page.getByLabel("Reference").fill(`LB-${script}`);
        await page.getByRole("button", { name: "Add the account" }).click();
        await page.getByText("The account is there.").waitFor();
        const number = Number(/\/accounts\/(\d+)/.exec(page.url())[1]);
        const account = await server.ask("GET", `/api/v1/accounts/${number}`);
        const { email, email2, domains, language, time_zone: zone, reference, active } = account;
        assert.deepEqual({ name: account.name, email, email2, domains, language, zone, reference, active }, {
            name, email: "shop@lantern.example", email2: "orders@lantern.example",
            domains: ["lantern.example", "lantern.test"], language: "de", zone: "Europe/Berlin", active: true,
            reference: `LB-${script}`,
        });
        assert.notEqual(account.manager, null);

        await page.getByRole("link", { name: "New contact" }).click();
        await page.getByLabel("Name").fill("Lena Licht");
        await page.getByLabel("Email", { exact: true }).fill("lena@lantern.example");
        await page.getByLabel("Further addresses").fill("lena.licht@home.example, ll@lantern.example");
        await page.getByLabel("In the Web Interface sees").selectOption({ label: "Only their own tickets" });
        await page.getByLabel("On every ticket").check();
        await page.getByRole("button", { name: "Add the contact" }).click();
        await page.getByText("The contact is there.").waitFor();
        const { items } = await server.ask("GET", `/api/v1/contacts?account=${number}`);
        assert.equal(items.length, 1);
        const { name: who, email: primary, emails, on_every_ticket: every, sees } = items[0];
        assert.deepEqual({ who, primary, emails, every, sees }, {
            who: "Lena Licht", primary: "lena@lantern.example", every: true, sees: "own",
            emails: ["lena.licht@home.example", "ll@lantern.example"],
        });
        const shown = await page.locator("#contacts").innerText();
        for (const words of ["Lena Licht", "on every ticket", "sees only own tickets", "ll@lantern.example"])
            assert.ok(shown.includes(words), words);
    });

test("a contact is changed, and keeps what was not touched", async () => {
    const { number } = await newAccount();
    const { id } = await server.ask("POST", "/api/v1/contacts", {
        account: number, name: "Otto", email: "otto@seaside.example", emails: ["o@seaside.example"], language: "fr", sees: "account",
    });
    const page = await signedIn(base, { login: "tess", expect: ["422"] });
    await page.goto(`/contacts/${id}`);
    await page.getByLabel("Email", { exact: true }).fill("nowhere");
    await page.getByLabel("Active").uncheck();
    await page.getByRole("button", { name: "Save" }).click();
    assert.match(await complaint(page, "email"), /email/);
    assert.equal(await page.getByLabel("Email", { exact: true }).inputValue(), "nowhere");
    assert.equal(await page.getByLabel("Active").isChecked(), false);
    await page.getByLabel("Email", { exact: true }).fill("otto.oak@seaside.example");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    const { email, emails, language, sees, active } = await server.ask("GET", `/api/v1/contacts/${id}`);
    assert.deepEqual({ email, emails, language, sees, active }, {
        email: "otto.oak@seaside.example", emails: ["o@seaside.example"], language: "fr", sees: "account", active: false,
    });
});

test("an account is changed; every wrong field is named, and nothing is lost of what was typed", async () => {
    const { number } = await newAccount({ domains: ["seaside.example"] });
    const page = await signedIn(base, { login: "tess", expect: ["409", "422"] });
    await page.goto(`/accounts/${number}`);
    await page.getByText("Change them").click();
    await newAccount({ reference: "TAKEN-1" });
    for (const [label, field, wrong, right] of [
        ["Reference", "reference", "taken-1", "S-1"],
        ["Email", "email", "front(at)seaside", "front@seaside.example"],
        ["Second email", "email2", "x", ""],
        ["Domains", "domains", "no domain!", "seaside.example"],
        ["Time zone", "time_zone", "Moon/Tranquility", "Europe/Paris"],
    ]) {
        await page.getByLabel(label, { exact: true }).fill(wrong);
        await page.getByRole("button", { name: "Save" }).click();
        assert.ok((await complaint(page, field)).length > 10, field);
        await page.getByLabel(label, { exact: true }).fill(right);
    }
    await page.getByLabel("Active").uncheck();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    const { active, time_zone: zone, domains } = await server.ask("GET", `/api/v1/accounts/${number}`);
    assert.deepEqual({ active, zone, domains }, { active: false, zone: "Europe/Paris", domains: ["seaside.example"] });
});

test("a manager who has left stays the manager until somebody else is chosen", async () => {
    const { id } = await addEmployee(server, "gina", "technician");
    const { number } = await newAccount({ manager: id });
    await server.ask("PATCH", `/api/v1/employees/${id}`, { active: false });
    const page = await signedIn(base, { login: "tess" });
    await page.goto(`/accounts/${number}`);
    await page.getByText("Change them").click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    assert.equal((await server.ask("GET", `/api/v1/accounts/${number}`)).manager, id);
});

test("accounts are searched and come in pages", async () => {
    for (let i = 0; i < 55; i++) await newAccount({ name: `Row house ${String(i).padStart(2, "0")}` });
    const page = await signedIn(base, { login: "tess" });
    await page.goto("/accounts?q=row+house");
    assert.equal(await page.locator("tr[data-row]").count(), 50);
    await page.getByRole("link", { name: "Further accounts" }).click();
    await page.getByText("Row house 54").waitFor();
    assert.equal(await page.locator("tr[data-row]").count(), 5);
    await page.getByLabel("Search").fill("no such house");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("No account has a name like this.").waitFor();
});

test("from an account to its tickets, and to a new one for it", async () => {
    const { number } = await newAccount({ name: "Ticket House" });
    for (let i = 0; i < 11; i++)
        await server.ask("POST", "/api/v1/tickets", { account: number, title: `Lamp ${i}`, notify: false });
    const page = await signedIn(base, { login: "tess", script: false });
    await page.goto(`/accounts/${number}`);
    assert.equal(await page.locator("#tickets tr[data-row]").count(), 10);
    await page.getByRole("link", { name: "All tickets" }).click();
    await page.getByText("Lamp 0").waitFor();
    assert.equal(await page.locator("tr[data-row]").count(), 11);
    await page.goto(`/accounts/${number}`);
    await page.getByRole("link", { name: "New ticket" }).click();
    await page.getByText("New ticket for Ticket House").waitFor();
});

test("what customers are called is text and nothing else", async () => {
    const evil = "\"><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";
    const { number } = await newAccount({ name: evil, language: "en" });
    const { id } = await server.ask("POST", "/api/v1/contacts", { account: number, name: evil, email: "evil@seaside.example" });
    await server.ask("POST", "/api/v1/tickets", { account: number, title: evil, notify: false });
    const page = await signedIn(base, { login: "tess" });
    for (const target of ["/accounts?q=script", `/accounts/${number}`, `/contacts/${id}`, `/accounts/${number}/contacts/new`]) {
        await page.goto(target);
        assert.ok((await page.locator("main").innerText()).includes("onerror"), target);
        assert.doesNotMatch(await page.title(), /^taken/, target);
        assert.equal(await page.locator("main script, main img").count(), 0, target);
    }
});

test("what is not there says so", async () => {
    const page = await signedIn(base, { login: "tess", expect: ["404"] });
    for (const target of ["/accounts/4711", "/accounts/x", "/contacts/4711", "/accounts/4711/contacts/new"])
        assert.equal((await page.goto(target)).status(), 404, target);
});

test("nothing keeps anybody out of these pages", async () => {
    const pages = ["/accounts", "/accounts/new", "/accounts/1", "/accounts/1/contacts/new", "/contacts/1"];
    await assertPagesAccessible(base, pages, { login: "tess" });
    const page = await signedIn(base, { login: "tess", expect: ["422"] });
    for (const target of pages) {
        await page.goto(target);
        await shot(page, target.slice(1).replaceAll("/", "-"));
    }
});
