// SPDX-License-Identifier: Apache-2.0
/** Signing in to the console, what a session is worth, and who may see what. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addEmployee, assertPagesAccessible, browse, consoleDesk, done, PASSWORD, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
});
after(done);

const COOKIE = "tidings_session";

async function sessionCookie(page) {
    return (await page.context().cookies()).find(({ name }) => name === COOKIE);
}

test("a page asks to sign in and is shown afterwards", async () => {
    const page = await browse(base);
    await page.goto("/tickets/new");
    assert.equal(new URL(page.url()).pathname, "/sign-in");
    await page.getByLabel("Login").fill("tess");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/tickets/new");
    const cookie = await sessionCookie(page);
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, "Lax");
});

test("it works without JavaScript", async () => {
    const page = await signedIn(base, { script: false });
    assert.equal(new URL(page.url()).pathname, "/tickets");
});

test("a wrong password and an unknown login look the same", async () => {
    const said = [];
    for (const login of ["tess", "nobody"]) {
        const page = await browse(base, { expect: ["422"] });
        await page.goto("/sign-in");
        await page.getByLabel("Login").fill(login);
        await page.getByLabel("Password").fill("not the password");
        await page.getByRole("button", { name: "Sign in" }).click();
        said.push(await page.getByRole("alert").innerText());
        assert.equal(await page.getByLabel("Login").inputValue(), login);
        assert.equal(await sessionCookie(page), undefined);
    }
    assert.equal(said[0], said[1]);
});

test("where to go on never leads to another site", async () => {
    for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example/"]) {
        const page = await browse(base);
        await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
        await page.getByLabel("Login").fill("tess");
        await page.getByLabel("Password").fill(PASSWORD);
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.waitForURL("**/tickets");
        assert.equal(new URL(page.url()).origin, base);
    }
});

test("a session that somebody planted is not taken over", async () => {
    const page = await browse(base);
    const planted = "td_" + "a".repeat(52);
    await page.context().addCookies([{ name: COOKIE, value: planted, url: base }]);
    await page.goto("/sign-in");
    await page.getByLabel("Login").fill("tess");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/tickets");
    assert.notEqual((await sessionCookie(page)).value, planted);
});

test("signing out ends the session, not only the cookie", async () => {
    const page = await signedIn(base, { login: "tess" });
    const { value } = await sessionCookie(page);
    await page.locator("summary", { hasText: "tess" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    const answer = await fetch(`${base}/tickets`, { headers: { Cookie: `${COOKIE}=${value}` }, redirect: "manual" });
    assert.equal(answer.status, 303);
    assert.match(answer.headers.get("location"), /^\/sign-in/);
});

test("a form of another page is refused", async () => {
    const page = await signedIn(base, { login: "tess" });
    const { value } = await sessionCookie(page);
    const send = (token, headers = {}) =>
        fetch(`${base}/me/end-sessions`, {
            method: "POST", redirect: "manual", body: new URLSearchParams({ token }),
            headers: { Cookie: `${COOKIE}=${value}`, ...headers },
        }).then(({ status }) => status);
    await page.goto("/me");
    const token = await page.locator("input[name=token]").first().getAttribute("value");
    assert.equal(await send(""), 403);
    assert.equal(await send("0".repeat(64)), 403);
    assert.equal(await send(token, { "Sec-Fetch-Site": "cross-site" }), 403);
    assert.equal(await send(token, { Origin: "https://evil.example" }), 403);
    assert.equal(await send(token, { Origin: base }), 303);
});

test("a new password ends the other sessions and keeps this one", async () => {
    await addEmployee(server, "paula", "technician");
    const here = await signedIn(base, { login: "paula", expect: ["422"] });
    const elsewhere = await signedIn(base, { login: "paula" });
    await here.goto("/me");
    await here.getByLabel("Present password").fill("not it");
    await here.getByLabel("New password").fill("another password");
    await here.getByRole("button", { name: "Change it" }).click();
    assert.match(await here.getByRole("alert").innerText(), /not right/);
    await here.getByLabel("Present password").fill(PASSWORD);
    await here.getByLabel("New password").fill("another password");
    await here.getByRole("button", { name: "Change it" }).click();
    await here.getByText("Your password was changed").waitFor();
    await elsewhere.goto("/tickets");
    assert.equal(new URL(elsewhere.url()).pathname, "/sign-in");
});

test("who is made inactive is signed out", async () => {
    const { id } = await addEmployee(server, "gone", "technician");
    const page = await signedIn(base, { login: "gone" });
    await server.ask("PATCH", `/api/v1/employees/${id}`, { active: false });
    await page.goto("/tickets");
    assert.equal(new URL(page.url()).pathname, "/sign-in");
});

test("too many failures are stopped, and only where they come from", async () => {
    await addEmployee(server, "locked", "technician");
    const page = await browse(base);
    await page.goto("/sign-in");
    const token = await page.locator("input[name=token]").first().getAttribute("value");
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const attempt = (from, password) =>
        fetch(`${base}/sign-in`, {
            method: "POST", redirect: "manual", headers: { Cookie: cookie, "X-Forwarded-For": from },
            body: new URLSearchParams({ token, login: "locked", password }),
        }).then(({ status }) => status);
    for (let i = 0; i < 10; i++) assert.equal(await attempt("192.0.2.1", "wrong"), 422);
    assert.equal(await attempt("192.0.2.1", PASSWORD), 429);
    assert.equal(await attempt("192.0.2.2", PASSWORD), 303);
});

test("every page has the headers that keep others out", async () => {
    for (const target of ["/sign-in", "/tickets"]) {
        const { headers } = await fetch(base + target, { redirect: "manual" });
        if (target === "/sign-in") {
            assert.match(headers.get("content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/);
            assert.doesNotMatch(headers.get("content-security-policy"), /unsafe/);
            assert.equal(headers.get("referrer-policy"), "same-origin");
        }
        assert.equal(headers.get("x-content-type-options"), "nosniff");
        assert.equal(headers.get("cache-control"), "no-store");
    }
});

test("style sheets come packed and are kept", async () => {
    const html = await (await fetch(`${base}/sign-in`)).text();
    const sheets = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((match) => match[1]);
    assert.ok(sheets.length >= 4);
    for (const sheet of sheets) {
        const { status, headers } = await fetch(base + sheet);
        assert.equal(status, 200, sheet);
        assert.match(headers.get("cache-control"), /immutable/);
    }
    assert.equal((await fetch(`${base}/assets/0000000000000000/tidings.css`)).status, 404);
});

test("nothing keeps anybody out of the pages of one's own", async () => {
    await assertPagesAccessible(base, ["/me"], { login: "tess" });
});
