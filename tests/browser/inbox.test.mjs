// SPDX-License-Identifier: Apache-2.0
/** The inbox of the Email Connector: what became of each mail, and what a person makes of those that wait. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addEmployee, assertPagesAccessible, consoleDesk, done, shot, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
    await server.ask("PUT", "/api/v1/options/email-connector", { enabled: true, address: "support@harbour-it.example" });
});
after(done);

let mails = 0;

/** Files one mail; gives what the API says: {id, state, ticket}. */
async function file({ from = "Lena Licht <lena@lantern.example>", subject = "The till is silent", body = "It prints nothing.", head = "" } = {}) {
    const raw = `From: ${from}\r\nTo: support@harbour-it.example\r\nMessage-ID: <m${++mails}@lantern.example>\r\n` +
        `Subject: ${subject}\r\n${head}\r\n${body}\r\n`;
    return fileRaw(raw);
}

async function fileRaw(raw) {
    return server.ask("POST", "/api/v1/inbox", raw, { headers: { "Content-Type": "message/rfc822" } });
}

test("the tabs show what waits, what cannot be read, and the rest, each with its reason", async () => {
    await file({ subject: "Nobody knows me" });
    await fileRaw("nothing that could be a mail");
    const { ticket } = await file({ from: "Anna Field <anna.field@bluebird-dental.example>", subject: "The scanner jams" });
    const page = await signedIn(base, { login: "tess" });
    await page.goto("/inbox");
    const rows = page.locator("tr[data-row]");
    assert.match(await rows.first().innerText(), /Nobody knows me[\s\S]*lena@lantern\.example[\s\S]*nobody here knows the sender/);
    await page.getByRole("link", { name: /^Quarantined/ }).click();
    await page.getByText("it is no mail that can be read").waitFor();
    await page.getByRole("link", { name: "Processed" }).click();
    await page.getByRole("link", { name: "The scanner jams" }).waitFor();
    assert.match(await rows.first().innerText(), /a customer writes/);
    assert.equal(await page.getByText("Nobody knows me").count(), 0);
    await page.getByRole("link", { name: `#${ticket}`, exact: true }).click();
    await page.waitForURL(`**/tickets/${ticket}`);
});

test("a mail tells its way in words, and comes as text", async () => {
    const { id } = await file({
        subject: "Words", body: "--b\r\nContent-Type: text/plain\r\n\r\nPlease call.\r\n--b\r\nContent-Type: application/pdf\r\n" +
            "Content-Disposition: attachment; filename=\"plan.pdf\"\r\n\r\n%PDF\r\n--b--",
        head: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
    });
    const page = await signedIn(base, { login: "tess" });
    await page.goto(`/inbox/${id}`);
    assert.match(await page.locator("#mail").innerText(), /lena@lantern\.example[\s\S]*Please call\.[\s\S]*plan\.pdf/);
    const steps = await page.locator("#steps").innerText();
    for (const words of ["Does a rule fit?", "No rule for automated emails fits.", "Nobody here knows the sender."])
        assert.ok(steps.includes(words), words);
    const raw = await page.request.get(`/inbox/${id}/raw`);
    const headers = raw.headers();
    assert.match(headers["content-type"], /^text\/plain/);
    assert.match(headers["content-security-policy"], /sandbox/);
    assert.match(headers["content-disposition"], /attachment/);
    assert.match(await raw.text(), /^From: Lena Licht/);
});

for (const script of [true, false])
    test(`an unknown sender becomes account, contact and ticket ${script ? "with" : "without"} JavaScript`, async () => {
        const host = `new-${script}.example`;
        const { id } = await file({ from: `Nora New <nora@${host}>`, subject: `First mail ${script}` });
        const page = await signedIn(base, { login: "tess", script });
        await page.goto(`/inbox/${id}`);
        assert.equal(await page.getByLabel("Account's email").inputValue(), `nora@${host}`);
        await page.getByLabel("Account's name").fill(`New ${script} Ltd`);
        await page.getByLabel("Domains").fill(host);
        await page.getByRole("button", { name: "Add them and open a ticket" }).click();
        await page.getByText("The mail is a ticket now.").waitFor();
        const number = Number(/\/tickets\/(\d+)/.exec(page.url())[1]);
        const ticket = await server.ask("GET", `/api/v1/tickets/${number}`);
        const account = await server.ask("GET", `/api/v1/accounts/${ticket.account}`);
        const contact = await server.ask("GET", `/api/v1/contacts/${ticket.contact}`);
        assert.deepEqual([ticket.title, account.name, account.domains, contact.name, contact.email],
            [`First mail ${script}`, `New ${script} Ltd`, [host], "Nora New", `nora@${host}`]);
        assert.equal((await file({ from: `other@${host}`, subject: "Again" })).state, "filed");
    });

test("a ticket for a customer we have, with the sender as a new contact", async () => {
    const { id } = await file({ from: "Mia <mia@private.example>", subject: "From home" });
    const page = await signedIn(base, { login: "tess" });
    await page.goto(`/inbox/${id}`);
    await page.getByLabel("Account", { exact: true }).fill("Bluebird Dental Practice (#1)");
    await page.getByRole("button", { name: "Open a ticket", exact: true }).click();
    await page.getByText("The mail is a ticket now.").waitFor();
    const ticket = await server.ask("GET", `/api/v1/tickets/${/\/tickets\/(\d+)/.exec(page.url())[1]}`);
    const contact = await server.ask("GET", `/api/v1/contacts/${ticket.contact}`);
    assert.deepEqual([ticket.account, contact.account, contact.email], [1, 1, "mia@private.example"]);
});

test("a mail is put on a ticket, another is discarded", async () => {
    const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, title: "The old one", notify: false });
    const attached = await file({ subject: "More about it" });
    const discarded = await file({ subject: "Buy now" });
    const page = await signedIn(base, { login: "tess" });
    await page.goto(`/inbox/${attached.id}`);
    await page.getByLabel("Ticket's number").fill(`#${number}`);
    await page.getByRole("button", { name: "Put it on this ticket" }).click();
    await page.getByText("The mail is on this ticket now.").waitFor();
    assert.equal(new URL(page.url()).pathname, `/tickets/${number}`);
    await page.goto(`/inbox/${discarded.id}`);
    await page.getByRole("button", { name: "Discard it" }).click();
    await page.getByText("The mail was discarded.").waitFor();
    assert.equal((await server.ask("GET", `/api/v1/inbox/${discarded.id}`)).state, "discarded");
    await page.goto(`/inbox/${attached.id}`);
    assert.equal(await page.getByRole("button", { name: "Discard it" }).count(), 0);
});

test("what is wrong is said at its field, and nothing is made", async () => {
    const before = (await server.ask("GET", "/api/v1/accounts?limit=200")).items.length;
    const { id } = await file({ subject: "Not so easy" });
    const page = await signedIn(base, { login: "tess", expect: ["422", "404"] });
    const wrong = [
        ["Account's email", "nowhere", "Add them and open a ticket", "account_email"],
        ["Domains", "no domain!", "Add them and open a ticket", "domains"],
        ["Contact's email", "x@", "Add them and open a ticket", "contact_email"],
        ["Account", "4711", "Open a ticket", "account"],
        ["Ticket's number", "4711", "Put it on this ticket", "ticket"],
        ["Ticket's number", "many", "Put it on this ticket", "ticket"],
    ];
    for (const [label, value, button, field] of wrong) {
        await page.goto(`/inbox/${id}`);
        await page.getByLabel(label, { exact: true }).fill(value);
        await page.getByRole("button", { name: button, exact: true }).click();
        await page.locator(".is-invalid").waitFor();
        assert.equal(await page.locator(".is-invalid").getAttribute("id"), field);
        assert.equal(await page.locator(`#${field}`).inputValue(), value);
        assert.ok((await page.locator(".problem-mark").innerText()).length > 10);
    }
    assert.equal((await server.ask("GET", "/api/v1/accounts?limit=200")).items.length, before);
    assert.equal((await server.ask("GET", `/api/v1/inbox/${id}`)).state, "unmatched");
});

test("a mail that came to an end elsewhere meanwhile is not taken twice", async () => {
    const { id } = await file({ subject: "Two at once" });
    const page = await signedIn(base, { login: "tess", expect: ["409"] });
    await page.goto(`/inbox/${id}`);
    await server.ask("POST", `/api/v1/inbox/${id}/open`, { account: 1 });
    await page.getByLabel("Account", { exact: true }).fill("1");
    await page.getByRole("button", { name: "Open a ticket", exact: true }).click();
    assert.match(await page.getByRole("alert").innerText(), /on a ticket already/);
});

test("a hostile mail is text and nothing else", async () => {
    const evil = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";
    const { id } = await file({
        from: `"${evil.replaceAll("\"", "\\\"")}" <evil@evil.example>`, subject: evil,
        head: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
        body: `--b\r\nContent-Type: text/html\r\n\r\n<p onclick="x()">Hello</p>${evil}<a href="javascript:alert(1)">here</a>\r\n` +
            `--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename="${evil.replaceAll("\"", "'")}.html"\r\n\r\n${evil}\r\n--b--`,
    });
    const plain = await file({ subject: "{{title}} {{{assets}}}", body: evil });
    const page = await signedIn(base, { login: "tess", expect: ["422"] });
    const look = async (target) => {
        assert.doesNotMatch(await page.title(), /^taken/, target);
        assert.equal(await page.locator("main script, main img, main [onclick], main [onerror], main a[href^=javascript]").count(), 0, target);
    };
    for (const target of ["/inbox", "/inbox?state=all", `/inbox/${id}`, `/inbox/${plain.id}`]) {
        await page.goto(target);
        await look(target);
    }
    assert.ok((await page.locator("#mail .words").first().innerText()).includes("onerror"));
    assert.equal(await page.locator("h1").innerText(), "{{title}} {{{assets}}}");
    await page.goto(`/inbox/${id}`);
    await page.getByLabel("Account's email").fill(evil);
    await page.getByRole("button", { name: "Add them and open a ticket" }).click();
    await page.locator(".is-invalid").waitFor();
    await look("the form again");
    await page.getByLabel("Account's email").fill("evil@evil.example");
    await page.getByRole("button", { name: "Add them and open a ticket" }).click();
    await page.getByText("The mail is a ticket now.").waitFor();
    await look("its ticket");
});

test("a mailbox that cannot be read says so above the list", async () => {
    const mailbox = { host: "127.0.0.1", port: 1, security: "none", username: "support", password: "x" };
    await server.ask("PUT", "/api/v1/options/email-connector", { mailboxes: [mailbox] });
    const page = await signedIn(base, { login: "tess" });
    await page.goto("/inbox");
    await page.getByText("Mailboxes: 1").waitFor();
    assert.match(await page.locator("details.panel").innerText(), /Mailboxes: 1/);
    await server.ask("PUT", "/api/v1/options/email-connector", { mailboxes: [] });
});

test("nobody comes in without a session", async () => {
    for (const target of ["/inbox", "/inbox/1", "/inbox/1/raw"]) {
        const answer = await fetch(base + target, { redirect: "manual" });
        assert.equal(answer.status, 303, target);
    }
});

test("nothing keeps anybody out of these pages", async () => {
    const waits = await file({ subject: "Still waiting" });
    const { items } = await server.ask("GET", "/api/v1/inbox?state=quarantined");
    const pages = ["/inbox", "/inbox?state=all", `/inbox/${waits.id}`, `/inbox/${items[0].id}`];
    await assertPagesAccessible(base, pages, { login: "tess" });
    const page = await signedIn(base, { login: "tess" });
    for (const [i, target] of pages.entries()) {
        await page.goto(target);
        await shot(page, `inbox-${i}`);
    }
});
