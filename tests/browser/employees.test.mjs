// SPDX-License-Identifier: Apache-2.0
/** Employees in the console: added, changed, made inactive, and the last admin who stays. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addEmployee, assertPagesAccessible, browse, consoleDesk, done, PASSWORD, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
});
after(done);

const find = async (login) => (await server.ask("GET", "/api/v1/employees")).items.find((one) => one.login === login);

test("an employee is added without JavaScript and can sign in", async () => {
    const page = await signedIn(base, { script: false, expect: ["409", "422"] });
    await page.goto("/employees");
    await page.getByRole("link", { name: "New employee" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Nora Ny");
    await page.getByLabel("Login").fill("tess");
    await page.getByLabel("Email address").fill("nora@harbour-it.example");
    await page.getByLabel("Role").selectOption("admin");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Add the employee" }).click();
    assert.match(await page.getByRole("alert").innerText(), /8 characters/);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Add the employee" }).click();
    assert.match(await page.getByRole("alert").innerText(), /tess/, "the login is taken");
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Nora Ny");
    await page.getByLabel("Login").fill("nora");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Add the employee" }).click();
    await page.getByText("The employee was added.").waitFor();
    assert.equal((await find("nora")).role, "admin");
    const hers = await signedIn(base, { login: "nora" });
    assert.equal((await hers.goto("/employees")).status(), 200);
});

test("an employee is changed, and signed out by being made inactive", async () => {
    const { id } = await addEmployee(server, "gus", "technician");
    const his = await signedIn(base, { login: "gus" });
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto(`/employees/${id}`);
    await page.getByLabel("Second address").fill("gus@home.example");
    await page.getByLabel("Language").selectOption("ja");
    await page.getByLabel("Active").uncheck();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    const { email2, language, active } = await find("gus");
    assert.deepEqual({ email2, language, active }, { email2: "gus@home.example", language: "ja", active: false });
    await his.goto("/tickets");
    assert.equal(new URL(his.url()).pathname, "/sign-in");
    await page.goto(`/employees/${id}`);
    await page.getByLabel("Second address").fill("");
    await page.getByLabel("Language").selectOption("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    assert.deepEqual([(await find("gus")).email2, (await find("gus")).language], [null, null]);
});

test("a password is set and taken away", async () => {
    const { id } = await addEmployee(server, "pim", "technician");
    const page = await signedIn(base);
    await page.goto(`/employees/${id}`);
    await page.getByLabel("New password").fill("another password");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    await signedIn(base, { login: "pim", password: "another password" });
    await page.goto(`/employees/${id}`);
    await page.getByLabel("Take the password away").check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    const theirs = await browse(base, { expect: ["422"] });
    await theirs.goto("/sign-in");
    await theirs.getByLabel("Login").fill("pim");
    await theirs.getByLabel("Password").fill("another password");
    await theirs.getByRole("button", { name: "Sign in" }).click();
    await theirs.getByRole("alert").waitFor();
});

test("the last admin stays one, and the page says why", async () => {
    const { items } = await server.ask("GET", "/api/v1/employees");
    for (const { id, role, login } of items)
        if (role === "admin" && login !== "admin") await server.ask("PATCH", `/api/v1/employees/${id}`, { active: false });
    const page = await signedIn(base, { expect: ["409"] });
    const { id } = await find("admin");
    for (const change of [() => page.getByLabel("Active").uncheck(), () => page.getByLabel("Role").selectOption("technician")]) {
        await page.goto(`/employees/${id}`);
        await change();
        await page.getByRole("button", { name: "Save" }).click();
        assert.match(await page.getByRole("alert").innerText(), /last/i);
    }
    const { active, role } = await find("admin");
    assert.deepEqual({ active, role }, { active: true, role: "admin" });
});

test("a technician is refused, reading and writing", async () => {
    const page = await signedIn(base, { login: "tess", expect: ["403"] });
    const { id } = await find("tess");
    for (const target of ["/employees", "/employees/new", `/employees/${id}`])
        assert.equal((await page.goto(target)).status(), 403, target);
    await page.goto("/me");
    const token = await page.locator("input[name=token]").first().getAttribute("value");
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    for (const target of ["/employees/new", `/employees/${id}`]) {
        const answer = await fetch(base + target, {
            method: "POST", redirect: "manual", headers: { Cookie: cookie },
            body: new URLSearchParams({ token, name: "Tess", email: "tess@harbour-it.example", role: "admin", active: "1" }),
        });
        assert.equal(answer.status, 403, target);
    }
    assert.equal((await find("tess")).role, "technician");
});

test("nothing keeps anybody out of these pages", async () => {
    const { id } = await find("tess");
    await assertPagesAccessible(base, ["/employees", "/employees/new", `/employees/${id}`]);
});
