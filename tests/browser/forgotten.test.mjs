// SPDX-License-Identifier: Apache-2.0
/** A forgotten password: the mail, the link that works once, and what nobody learns by asking. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { readMaildir, untilMails } from "../support/api.mjs";
import { addEmployee, assertAccessible, browse, consoleDesk, done, PASSWORD, signedIn } from "./support.mjs";

let base, desk, server;
before(async () => {
    ({ base, desk, server } = await consoleDesk());
    for (const login of ["flora", "gone", "twice", "quick"]) await addEmployee(server, login, "technician");
    await server.ask("PUT", "/api/v1/options/web-interface", { public_url: base });
});
after(done);

const LINK = /\/password\/[a-z2-7]{52}/;
const maildir = () => `${desk.folder}/Maildir`;
const sentTo = (login) => ({ headers, text }) => headers.to?.[0].includes(`${login}@`) && LINK.test(plain(text));

/** Quoted-printable undone, as far as a link needs it. */
function plain(text) {
    return text.replace(/=\r?\n/g, "").replace(/=3D/g, "=");
}

async function askFor(page, who) {
    await page.goto("/forgotten");
    await page.getByLabel("Your login or email address").fill(who);
    await page.getByRole("button", { name: "Mail me a link" }).click();
    await page.getByRole("status").waitFor();
    return page.locator("main").innerText();
}

async function linkFor(login, count = 1) {
    const mails = await untilMails(maildir(), count, sentTo(login));
    return LINK.exec(plain(mails.at(-1).text))[0];
}

test("a known login, a known address and an unknown one get the same answer", async () => {
    const page = await browse(base);
    const said = [];
    for (const who of ["flora", "flora@harbour-it.example", "nobody", "nobody@harbour-it.example"]) said.push(await askFor(page, who));
    assert.equal(new Set(said).size, 1);
    assert.match(said[0], /If we know/);
    await untilMails(maildir(), 2, sentTo("flora"));
    assert.equal(readMaildir(maildir()).filter(sentTo("nobody")).length, 0);
});

test("the link changes nothing by being opened, works once, and ends every session", async () => {
    const elsewhere = await signedIn(base, { login: "quick" });
    const page = await browse(base, { script: false, expect: ["404", "422"] });
    await askFor(page, "quick");
    const link = await linkFor("quick");
    for (let i = 0; i < 2; i++) assert.equal((await page.goto(link)).status(), 200);
    await elsewhere.goto("/tickets");
    assert.equal(new URL(elsewhere.url()).pathname, "/tickets", "opened, and nothing has happened");

    await page.getByLabel("New password").fill("a newer password");
    await page.getByRole("button", { name: "Set this password" }).click();
    await page.getByText("Your new password is set.").waitFor();
    await elsewhere.goto("/tickets");
    assert.equal(new URL(elsewhere.url()).pathname, "/sign-in");
    await page.getByLabel("Login").fill("quick");
    await page.getByLabel("Password").fill("a newer password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/tickets");

    assert.equal((await page.goto(link)).status(), 404);
    await page.getByText("This link does not work any more").waitFor();
});

test("too short a password is refused and the link stays good", async () => {
    const page = await browse(base, { expect: ["422"] });
    await askFor(page, "twice");
    const link = await linkFor("twice");
    await page.goto(link);
    await page.getByLabel("New password").fill("short");
    await page.locator("main form").evaluate((form) => (form.noValidate = true));
    await page.getByRole("button", { name: "Set this password" }).click();
    assert.match(await page.getByRole("alert").innerText(), /8 characters/);
    await assertAccessible(page);
    await page.getByLabel("New password").fill("long enough now");
    await page.getByRole("button", { name: "Set this password" }).click();
    await page.getByText("Your new password is set.").waitFor();
});

test("who has been made inactive meanwhile gets no password", async () => {
    const page = await browse(base, { expect: ["404"] });
    await askFor(page, "gone");
    const link = await linkFor("gone");
    const { items } = await server.ask("GET", "/api/v1/employees");
    const { id } = items.find(({ login }) => login === "gone");
    await server.ask("PATCH", `/api/v1/employees/${id}`, { active: false });
    await page.goto(link);
    if (await page.getByLabel("New password").isVisible()) {
        await page.getByLabel("New password").fill("a newer password");
        await page.getByRole("button", { name: "Set this password" }).click();
    }
    await page.getByText("This link does not work any more").waitFor();
    await server.ask("PATCH", `/api/v1/employees/${id}`, { active: true });
    await signedIn(base, { login: "gone", password: PASSWORD });
});

test("failed attempts are forgiven by a new password", async () => {
    await addEmployee(server, "locked", "technician");
    const page = await browse(base);
    await page.goto("/sign-in");
    const token = await page.locator("input[name=token]").first().getAttribute("value");
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const attempt = (password) =>
        fetch(`${base}/sign-in`, {
            method: "POST", redirect: "manual", headers: { Cookie: cookie, "X-Forwarded-For": "192.0.2.7" },
            body: new URLSearchParams({ token, login: "locked", password }),
        }).then(({ status }) => status);
    for (let i = 0; i < 10; i++) await attempt("wrong");
    assert.equal(await attempt(PASSWORD), 429);
    await askFor(page, "locked");
    await page.goto(await linkFor("locked"));
    await page.getByLabel("New password").fill("remembered now");
    await page.getByRole("button", { name: "Set this password" }).click();
    await page.getByText("Your new password is set.").waitFor();
    assert.equal(await attempt("remembered now"), 303);
});

test("one who asks again and again is stopped, and a desk without an address says so", async () => {
    const page = await browse(base, { expect: ["409", "422", "429", "503"] });
    const ask = async (who) => {
        await page.goto("/forgotten");
        await page.getByLabel("Your login or email address").fill(who);
        await page.getByRole("button", { name: "Mail me a link" }).click();
        await page.waitForLoadState();
        return page.locator("main").innerText();
    };
    let said = "";
    for (let i = 0; i < 20 && !/were asked for already/.test(said); i++) said = await ask("nobody-at-all");
    assert.match(said, /were asked for already/);
    assert.match(await ask("no address@"), /address/);
    await server.ask("PUT", "/api/v1/options/web-interface", { public_url: "" });
    assert.match(await ask("flora"), /does not know its own address/);
    await server.ask("PUT", "/api/v1/options/web-interface", { public_url: base });
});

test("nothing keeps anybody out of these pages", async () => {
    for (const scheme of ["light", "dark"])
        for (const width of [1280, 360]) {
            const page = await browse(base, { scheme, width, expect: ["404"] });
            for (const target of ["/forgotten", "/forgotten?sent=1", "/password/nothing"]) {
                await page.goto(target);
                await assertAccessible(page, `${target} ${scheme} ${width}`);
            }
        }
});
