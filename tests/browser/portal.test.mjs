// SPDX-License-Identifier: Apache-2.0
/** The customers' pages: signing in by mail, tickets, mails, links, and what nobody may. */
import * as assert from "node:assert/strict";
import * as path from "node:path";
import { after, before, test } from "node:test";

import { readMaildir, until, untilMails } from "../support/api.mjs";
import { LOOKS, assertAccessible, browse, consoleDesk, done, shot } from "./support.mjs";

const ANNA = "anna.field@bluebird-dental.example"; // contact 1 of account 1
const MANAGER = "manager@bluebird-dental.example"; // contact 2, on every ticket
const JUERGEN = "juergen@mueller-soehne.example"; // contact 3 of account 2, German
const COOKIE = "tidings_portal";

let base, desk, server;
before(async () => {
    ({ base, desk, server } = await consoleDesk());
    await server.ask("PUT", "/api/v1/options/web-interface", { enabled: true, public_url: base });
    await server.ask("PUT", "/api/v1/options/alerts-to-customers", { web_link: true });
});
after(done);

const maildir = () => path.join(desk.folder, "Maildir");
const plain = ({ text }) => text.replace(/=\r?\n/g, "").replaceAll("=3D", "=");
const isTo = (email) => ({ headers }) => headers.to[0].includes(email);
const signInLink = (mail) => /\/portal\/sign-in\/[a-z2-7]{52}/.exec(plain(mail))?.[0];

async function ask(page, email) {
    await page.goto("/portal/sign-in");
    await page.locator("#email").fill(email);
    await page.locator("main button").click();
}

/** The link of a mail to `email` that came since there were `known` of them. */
async function mailedLink(email, known) {
    const mails = await untilMails(maildir(), known + 1, (mail) => isTo(email)(mail) && signInLink(mail) !== undefined);
    return signInLink(mails.at(-1));
}

const linksTo = (email) => readMaildir(maildir()).filter((mail) => isTo(email)(mail) && signInLink(mail)).length;

const cookies = new Map();

/** A page of a browser of its own, in which this customer has signed in; one sign-in for each customer. */
async function signedInAs(email, options) {
    const page = await browse(base, options);
    if (!cookies.has(email)) {
        const known = linksTo(email);
        const first = await browse(base);
        await ask(first, email);
        await first.goto(await mailedLink(email, known));
        await first.locator("main button").click();
        await first.waitForURL("**/portal/tickets");
        cookies.set(email, (await first.context().cookies()).find(({ name }) => name === COOKIE).value);
    }
    await page.context().addCookies([{ name: COOKIE, value: cookies.get(email), url: base }]);
    return page;
}

const asCookie = (email) => ({ Cookie: `${COOKIE}=${cookies.get(email)}` });

/** A ticket that the desk opens. */
const openTicket = (fields) =>
    server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "Printer", ...fields });

/** The web link in the newest alert of a ticket to `email`. */
async function webLink(number, email) {
    const wanted = (mail) => isTo(email)(mail) && mail.headers.subject[0].includes(`[#${number}]`);
    const mails = await untilMails(maildir(), 1, wanted);
    return /\/portal\/t\/[a-z2-7]{37}/.exec(plain(mails.at(-1)))[0];
}

test("a customer signs in by a link that works once, without JavaScript", async () => {
    const page = await browse(base, { script: false, width: 360, expect: ["403"] });
    await page.goto("/portal/tickets");
    assert.equal(new URL(page.url()).pathname, "/portal/sign-in");
    await shot(page, "portal-sign-in");
    await ask(page, MANAGER);
    await page.getByText("Look into your mailbox").waitFor();
    await shot(page, "portal-sent");
    const link = await mailedLink(MANAGER, 0);

    // A program that looks through mail opens it and changes nothing.
    assert.equal((await fetch(base + link)).status, 200);
    assert.equal((await fetch(base + link, { method: "HEAD" })).status, 200);
    await page.goto(link);
    await shot(page, "portal-link");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/portal/tickets");
    const cookie = (await page.context().cookies()).find(({ name }) => name === COOKIE);
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, "Lax");

    const other = await browse(base, { expect: ["403"] });
    await other.goto(link);
    await other.getByText("This link does not work").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    const answer = await fetch(`${base}/portal/tickets`, { headers: { Cookie: `${COOKIE}=${cookie.value}` }, redirect: "manual" });
    assert.equal(answer.status, 303);
});

test("a known address and an unknown one look the same", async () => {
    const seen = [];
    for (const email of [ANNA, "somebody.nobody@knows.example"]) {
        const page = await browse(base);
        await ask(page, email);
        const body = (await page.content()).replaceAll(email, "EMAIL").replace(/value="[0-9a-f]{64}"/g, "TOKEN");
        seen.push(body);
        assert.deepEqual((await page.context().cookies()).map(({ name }) => name), ["tidings_form"]);
    }
    assert.equal(seen[0], seen[1]);
    await untilMails(maildir(), 1, isTo(ANNA));
    assert.equal(readMaildir(maildir()).filter(isTo("somebody.nobody@knows.example")).length, 0);
});

test("whoever asks too often is told so, known or not", async () => {
    const said = [];
    await server.ask("POST", "/api/v1/contacts", { account: 1, name: "Often", email: "often@bluebird-dental.example" });
    for (const email of ["often@bluebird-dental.example", "often@knows.example"]) {
        const page = await browse(base, { expect: ["429"] });
        for (let i = 0; i < 6; i++) await ask(page, email);
        said.push(await page.getByRole("alert").innerText());
    }
    assert.equal(said[0], said[1]);
    assert.match(said[0], /15 minutes/);
});

test("a session that somebody planted is not taken over", async () => {
    await server.ask("POST", "/api/v1/contacts", { account: 1, name: "Fixed", email: "fixed@bluebird-dental.example" });
    const page = await browse(base);
    const planted = "td_" + "a".repeat(52);
    await page.context().addCookies([{ name: COOKIE, value: planted, url: base }]);
    await ask(page, "fixed@bluebird-dental.example");
    await page.goto(await mailedLink("fixed@bluebird-dental.example", 0));
    await page.locator("main button").click();
    await page.waitForURL("**/portal/tickets");
    assert.notEqual((await page.context().cookies()).find(({ name }) => name === COOKIE).value, planted);
});

test("a ticket is opened, written to and closed; the story says why nobody was told of its opening", async () => {
    const page = await signedInAs(ANNA, { script: false, width: 360 });
    await page.goto("/portal/tickets/new");
    await page.getByLabel("Title").fill("The scanner is jammed");
    await page.getByLabel("What is it about?").fill("Since this morning.\nPaper is stuck.");
    await page.locator("#files").setInputFiles([{ name: "photo.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg onload='alert(1)'/>") }]);
    await shot(page, "portal-new");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("We have your ticket.").waitFor();
    const number = /\/tickets\/(\d+)/.exec(page.url())[1];
    const ticket = await server.ask("GET", `/api/v1/tickets/${number}`);
    assert.equal(ticket.channel, "web");
    const { items } = await server.ask("GET", `/api/v1/tickets/${number}/alerts`);
    assert.deepEqual(new Set(items.map(({ decision, reason }) => `${decision} ${reason}`)), new Set(["suppress created_by_customer_web"]));
    const story = await server.ask("GET", `/api/v1/tickets/${number}/explain`);
    assert.match(story.text, /in the Web Interface/);

    await page.locator("#text").fill("I have tried another cable.");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("We have your message.").waitFor();
    await server.ask("POST", `/api/v1/tickets/${number}/messages`, { text: "We come at ten.", visibility: "public" });
    await server.ask("POST", `/api/v1/tickets/${number}/messages`, { text: "SECRET NOTE", visibility: "internal" });
    await server.ask("PATCH", `/api/v1/tickets/${number}`, { status: "Completed", resolution: "Removed the paper." });
    await untilMails(maildir(), 1, (mail) => isTo(ANNA)(mail) && mail.headers.subject[0].includes("closed"));
    await page.reload();
    const shown = await page.locator("main").innerText();
    for (const text of ["Paper is stuck.", "another cable", "We come at ten.", "Removed the paper.", "This ticket is closed."])
        assert.ok(shown.includes(text), text);
    for (const text of ["SECRET NOTE", MANAGER, "harbour-it.example"]) assert.ok(!shown.includes(text), text);
    await shot(page, "portal-ticket");
    const wide = await signedInAs(ANNA, { scheme: "dark" });
    await wide.goto(`/portal/tickets/${number}`);
    await shot(wide, "portal-ticket-wide-dark");

    const file = await page.locator(".files a").first().getAttribute("href");
    const answer = await fetch(base + file, { headers: asCookie(ANNA) });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-disposition"), /^attachment;/);
    assert.match(answer.headers.get("content-security-policy"), /sandbox/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
});

test("mails to them, leaving a list and coming back", async () => {
    const { number } = await openTicket({ title: "Leaving" });
    await webLink(number, ANNA);
    const page = await signedInAs(ANNA);
    await page.goto("/portal/mails");
    const item = page.locator("main li", { hasText: "Leaving" });
    await until("the mail to be delivered", async () => {
        await page.reload();
        return (await item.innerText()).includes("delivered to your mail server");
    });
    assert.ok(!(await page.locator("main").innerText()).includes(MANAGER));
    await shot(page, "portal-mails");
    await page.goto(`/portal/tickets/${number}`);
    await page.getByRole("button", { name: "Stop these mails" }).click();
    await page.getByRole("status").waitFor();
    const left = (await server.ask("GET", `/api/v1/tickets/${number}/recipients`)).items.find(({ email }) => email === ANNA);
    assert.ok(left.left !== null && left.left !== false, JSON.stringify(left));
    await page.getByRole("button", { name: "Get mail again" }).click();
    await page.getByText("You get mail about this ticket again.").waitFor();
});

test("another account's ticket, attachment and link are refused", async () => {
    const { number } = await openTicket({ title: "Not yours", description: "Nobody else's business" });
    const anna = await signedInAs(ANNA);
    await anna.goto(`/portal/tickets/${number}`);
    await anna.locator("#text").fill("a file");
    await anna.locator("#files").setInputFiles([{ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("content") }]);
    await anna.getByRole("button", { name: "Send" }).click();
    const file = await anna.locator(".files a").first().getAttribute("href");
    const link = await webLink(number, ANNA);

    const page = await signedInAs(JUERGEN, { expect: ["404", "403"] });
    await page.goto("/portal/tickets?show=all");
    assert.ok(!(await page.locator("main").innerText()).includes("Not yours"));
    const token = await page.locator("input[name=token]").first().getAttribute("value");
    const missing = await page.goto("/portal/tickets/999999");
    const words = await page.getByRole("alert").innerText();
    assert.equal(missing.status(), 404);
    assert.equal((await page.goto(`/portal/tickets/${number}`)).status(), 404);
    assert.equal(await page.getByRole("alert").innerText(), words);
    assert.equal((await fetch(base + file, { headers: asCookie(JUERGEN) })).status, 404);
    const mine = await server.ask("POST", "/api/v1/tickets", { account: 2, contact: 3, title: "Mine" });
    const id = file.split("/").at(-1);
    assert.equal((await fetch(`${base}/portal/tickets/${mine.number}/attachments/${id}`, { headers: asCookie(JUERGEN) })).status, 404);
    const send = (target, fields) =>
        fetch(base + target, { method: "POST", redirect: "manual", headers: asCookie(JUERGEN), body: new URLSearchParams({ token, ...fields }) });
    assert.equal((await send("/portal/comment", { ticket: number, text: "x" })).status, 404);
    assert.equal((await send(`/portal/tickets/${number}/leave`, { leave: "yes" })).status, 404);
    assert.equal((await send("/portal/tickets/new", { account: 1, title: "x", text: "x" })).status, 403);
    // A link with other letters, and one of another ticket's attachment.
    const forged = link.slice(0, -1) + (link.endsWith("a") ? "b" : "a");
    assert.equal((await fetch(base + forged)).status, 403);
    const { number: second } = await openTicket({ title: "Second" });
    const elsewhere = await webLink(second, ANNA);
    assert.equal((await fetch(`${base}${elsewhere}/attachments/${id}`)).status, 404);
    assert.equal((await fetch(`${base}${link}/attachments/${id}`)).status, 200);
    // Nobody at all.
    for (const target of [`/portal/tickets/${number}`, file, "/portal/mails"]) {
        const answer = await fetch(base + target, { redirect: "manual" });
        assert.equal(answer.status, 303, target);
        assert.match(answer.headers.get("location"), /^\/portal\/sign-in/);
    }
});

test("a link opens its ticket, takes a comment, and asks to sign in where the option says so", async () => {
    const { number } = await openTicket({ title: "By link", recipients: [{ email: "stranger@else.example", name: "Sam Stranger" }] });
    const link = await webLink(number, "stranger@else.example");
    const page = await browse(base, { script: false, width: 360, expect: ["403"] });
    await page.goto(link);
    await page.getByText("You see this ticket by the link in your mail.").waitFor();
    await shot(page, "portal-by-link");
    await page.locator("#text").fill("It concerns me too.");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("We have your message.").waitFor();
    assert.equal(new URL(page.url()).pathname, link);
    const { items } = await server.ask("GET", `/api/v1/tickets/${number}/messages`);
    assert.equal(items.at(-1).author.name, "Sam Stranger");
    await page.goto("/portal/tickets");
    assert.equal(new URL(page.url()).pathname, "/portal/sign-in");
    const { items: recipients } = await server.ask("GET", `/api/v1/tickets/${number}/recipients`);
    const own = recipients.find(({ email }) => email === "stranger@else.example");

    const annas = await webLink(number, ANNA);
    await server.ask("PUT", "/api/v1/options/web-interface", { require_sign_in: true });
    await page.goto(annas);
    assert.equal(new URL(page.url()).pathname, "/portal/sign-in");
    const anna = await signedInAs(ANNA);
    await anna.goto(annas);
    assert.equal(new URL(anna.url()).pathname, `/portal/tickets/${number}`);
    await server.ask("PUT", "/api/v1/options/web-interface", { require_sign_in: false });

    await server.ask("DELETE", `/api/v1/tickets/${number}/recipients/${own.id}`);
    assert.equal((await page.goto(link)).status(), 403);
});

test("a customer's session opens nothing of the employees'", async () => {
    await signedInAs(ANNA);
    const headers = { Cookie: `tidings_session=${cookies.get(ANNA)}; ${COOKIE}=${cookies.get(ANNA)}` };
    for (const target of ["/", "/tickets", "/tickets/new", "/me"]) {
        const answer = await fetch(base + target, { headers, redirect: "manual" });
        assert.equal(answer.status, 303, target);
        assert.match(answer.headers.get("location"), /^\/sign-in/, target);
    }
    assert.equal((await fetch(`${base}/api/v1/tickets`, { headers })).status, 401);
});

test("a form of another page is refused", async () => {
    const page = await signedInAs(ANNA);
    await page.goto("/portal/tickets/new");
    const token = await page.locator("input[name=token]").first().getAttribute("value");
    const send = (fields, headers = {}) =>
        fetch(`${base}/portal/tickets/new`, {
            method: "POST", redirect: "manual", headers: { ...asCookie(ANNA), ...headers },
            body: new URLSearchParams({ title: "Forged", text: "x", ...fields }),
        }).then(({ status }) => status);
    assert.equal(await send({}), 403);
    assert.equal(await send({ token: "0".repeat(64) }), 403);
    assert.equal(await send({ token }, { "Sec-Fetch-Site": "cross-site" }), 403);
    assert.equal(await send({ token }, { Origin: "https://evil.example" }), 403);
    const { items } = await server.ask("GET", "/api/v1/tickets?q=Forged");
    assert.equal(items.length, 0);
});

test("a form that is sent twice is done once", async () => {
    const page = await signedInAs(ANNA);
    await page.goto("/portal/tickets/new");
    const value = (name) => page.locator(`main input[name=${name}]`).first().getAttribute("value");
    const fields = { token: await value("token"), once: await value("once"), title: "Only once", text: "x" };
    const targets = [];
    for (let i = 0; i < 2; i++) {
        const answer = await fetch(`${base}/portal/tickets/new`, { method: "POST", redirect: "manual", headers: asCookie(ANNA), body: new URLSearchParams(fields) });
        targets.push(answer.headers.get("location"));
    }
    assert.equal(targets[0], targets[1]);
    const { items } = await server.ask("GET", "/api/v1/tickets?q=Only%20once");
    assert.equal(items.length, 1);
});

test("markup in what anybody wrote stays text", async () => {
    const evil = `"><script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;
    await server.ask("PATCH", "/api/v1/contacts/3", { name: `J ${evil}`.slice(0, 255) });
    await server.ask("PATCH", "/api/v1/accounts/2", { name: `M ${evil}` });
    await server.ask("PUT", "/api/v1/options/desk", { name: `D ${evil}`, phone: "<b>1</b>", hours: "<b>2</b>" });
    await server.ask("PUT", "/api/v1/options/tickets", { status_labels: { 200: "<i>wait</i>" } });
    const { number } = await server.ask("POST", "/api/v1/tickets", {
        account: 2, contact: 3, title: `T ${evil}`, description: `B ${evil}`, status: 200, resolution: evil,
    });
    const page = await signedInAs(JUERGEN, { expect: ["422"] });
    await page.goto(`/portal/tickets/${number}`);
    await page.locator("#text").fill(`C ${evil}`);
    await page.locator("#files").setInputFiles([{ name: `x<img src=x>'".html`, mimeType: "text/html", buffer: Buffer.from(evil) }]);
    await page.locator("form[action='/portal/comment'] button").click();
    await page.getByRole("status").waitFor();
    await page.goto(`/portal/tickets/new`);
    await page.locator("#title").fill(evil);
    await page.locator("#text").fill("   ");
    await page.locator("main button").click();
    assert.equal(await page.locator("#title").inputValue(), evil);
    const targets = ["/portal/tickets?show=all", `/portal/tickets/${number}`, "/portal/tickets/new", "/portal/mails",
        `/portal/tickets?q=${encodeURIComponent(evil)}`, `/portal/tickets?done=${encodeURIComponent(evil)}`,
        `/portal/tickets?show=${encodeURIComponent(evil)}&before=${encodeURIComponent(evil)}`];
    for (const target of targets) {
        await page.goto(target);
        assert.ok(!(await page.title()).startsWith("owned"), target);
        assert.equal(await page.locator("main script, main img, main b, main i, footer b").count(), 0, target);
    }
    const anonymous = await browse(base, { expect: ["422"] });
    await ask(anonymous, "anna@bluebird.example");
    for (const target of [`/portal/sign-in?next=${encodeURIComponent(evil)}`, `/portal/sign-in/${encodeURIComponent("<script>")}`]) {
        const answer = await fetch(base + target);
        assert.ok(!(await answer.text()).includes("<script>"), target);
    }
    await server.ask("PUT", "/api/v1/options/desk", { name: "Harbour IT", phone: "+44 20 7946 0123", hours: "Monday to Friday, 8:00 to 18:00" });
    await server.ask("PATCH", "/api/v1/contacts/3", { name: "Jürgen Müller" });
    await server.ask("PATCH", "/api/v1/accounts/2", { name: "Müller & Söhne GmbH" });
});

test("pages follow the customer's language, and the customer's choice", async () => {
    const page = await signedInAs(JUERGEN);
    await page.goto("/portal/tickets");
    assert.equal(await page.locator("html").getAttribute("lang"), "de");
    await page.locator("#language").selectOption("fr");
    await page.locator(".foot-language button").click();
    await page.getByText("La langue a été changée.").waitFor();
    assert.equal((await server.ask("GET", "/api/v1/contacts/3")).language, "fr");
    const anonymous = await browse(base);
    await anonymous.goto("/portal/sign-in");
    await anonymous.locator("#language").selectOption("ja");
    await anonymous.locator(".foot-language button").click();
    assert.equal(await anonymous.locator("html").getAttribute("lang"), "ja");
    const answer = await fetch(`${base}/portal/sign-in`, { headers: { "Accept-Language": "xx, es;q=0.5, de;q=0.4" } });
    assert.match(await answer.text(), /<html lang="es">/);
    await server.ask("PATCH", "/api/v1/contacts/3", { language: "de" });
});

test("only their own tickets, where the option or the contact says so", async () => {
    await server.ask("POST", "/api/v1/tickets", { account: 1, title: "The office's" });
    await openTicket({ title: "Hers" });
    const page = await signedInAs(ANNA, { expect: ["404"] });
    const titles = async () => {
        await page.goto("/portal/tickets?show=all");
        return page.locator("main").innerText();
    };
    assert.match(await titles(), /The office's/);
    await server.ask("PATCH", "/api/v1/contacts/1", { sees: "own" });
    assert.doesNotMatch(await titles(), /The office's/);
    assert.match(await titles(), /Hers/);
    await server.ask("PATCH", "/api/v1/contacts/1", { sees: null });
});

test("who is made inactive is signed out, and an address that nothing is at has a page", async () => {
    const { id } = await server.ask("POST", "/api/v1/contacts", { account: 1, name: "Gone", email: "gone@bluebird-dental.example" });
    const page = await signedInAs("gone@bluebird-dental.example", { expect: ["404"] });
    await page.goto("/portal/tickets");
    assert.equal((await page.goto("/portal/nothing")).status(), 404);
    await page.getByText("There is no page at this address.").waitFor();
    await server.ask("PATCH", `/api/v1/contacts/${id}`, { active: false });
    await page.goto("/portal/tickets");
    assert.equal(new URL(page.url()).pathname, "/portal/sign-in");
});

test("large files are taken", async () => {
    const { number } = await openTicket({ title: "Large" });
    const page = await signedInAs(ANNA);
    await page.goto(`/portal/tickets/${number}`);
    await page.locator("#files").setInputFiles([{ name: "large.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(6_000_000, 1) }]);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("We have your message.").waitFor();
    await page.getByText("large.bin").waitFor();
});

test("every page is fit for all, wide and on a phone, light and dark", async () => {
    const { number } = await openTicket({ title: "A title that is long ".repeat(8), description: "words ".repeat(80) });
    const link = await webLink(number, ANNA);
    const pages = ["/portal/tickets", "/portal/tickets?show=all", "/portal/tickets/new", `/portal/tickets/${number}`, "/portal/mails"];
    for (const [scheme, width] of LOOKS) {
        const page = await signedInAs(ANNA, { scheme, width });
        for (const target of pages) {
            assert.equal((await page.goto(target)).status(), 200, target);
            await assertAccessible(page, `${target} ${scheme} ${width}`);
            await shot(page, `portal${target.replaceAll(/[^a-z]+/g, "-")}-${scheme}-${width}`);
        }
        const anonymous = await browse(base, { scheme, width, expect: ["404", "403"] });
        for (const target of ["/portal/sign-in", link, "/portal/nothing", "/portal/sign-in/" + "a".repeat(52)]) {
            await anonymous.goto(target);
            await assertAccessible(anonymous, `${target} ${scheme} ${width}`);
        }
        await shot(anonymous, `portal-bad-link-${scheme}-${width}`);
    }
});
