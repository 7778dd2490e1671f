// SPDX-License-Identifier: Apache-2.0
/** Retention, one person's data, and forgetting a person, in the console. */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import { after, before, test } from "node:test";

import { addEmployee, assertPagesAccessible, consoleDesk, done, shot, signedIn } from "./support.mjs";

let base, server, contact;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
    const account = await server.ask("POST", "/api/v1/accounts", { name: "Lantern Books", email: "shop@lantern.example" });
    contact = await server.ask("POST", "/api/v1/contacts", { account: account.number, name: "Lena Licht", email: "lena@lantern.example" });
    await server.ask("POST", "/api/v1/tickets", { account: account.number, contact: contact.id, title: "The till", description: "Lena Licht called." });
});
after(done);

test("retention: what would go, and what does not fit together", async () => {
    const page = await signedIn(base, { expect: ["422"] });
    await page.goto("/options/retention");
    await page.getByRole("heading", { name: "What goes" }).waitFor();
    await page.getByLabel("Who changed what").fill("10");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator("#audit.is-invalid").waitFor();
    await page.getByLabel("Who changed what").fill("90");
    await page.getByLabel("Who was told, and why not").fill("365");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator("#contents.is-invalid").waitFor();
    await page.getByLabel("What alerts were made from").fill("180");
    await page.getByLabel("Each try to send a mail").fill("180");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.", { exact: true }).waitFor();
    const { audit, contents, decisions } = await server.ask("GET", "/api/v1/options/retention");
    assert.deepEqual([audit, contents, decisions], [90, 180, 365]);
    await shot(page, "retention");
    await page.context().close();
});

test("a technician does not see a person's data, nor may have it", async () => {
    const page = await signedIn(base, { login: "tess", expect: ["403"] });
    await page.goto(`/contacts/${contact.id}`);
    assert.equal(await page.getByRole("button", { name: "Export" }).count(), 0);
    const answer = await page.goto(`/contacts/${contact.id}/erase`);
    assert.equal(answer.status(), 403);
    await page.context().close();
});

test("a person's data in a file, and then the person erased", async () => {
    await assertPagesAccessible(base, ["/options/retention", `/contacts/${contact.id}/erase`]);
    const page = await signedIn(base);
    await page.goto(`/contacts/${contact.id}`);
    await shot(page, "contact");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
    const { items } = JSON.parse(fs.readFileSync(await download.path(), "utf8"));
    assert.deepEqual(items.map((item) => item.type).slice(0, 4), ["person", "contact", "recipient", "decision"]);
    await page.getByRole("link", { name: "Erase…" }).click();
    await page.getByText("This cannot be taken back.").waitFor();
    assert.match(await page.locator("dl").innerText(), /lena@lantern\.example/);
    await shot(page, "erase");
    await page.getByRole("button", { name: "Erase this person" }).click();
    await page.getByText("erased-1@erased.invalid").first().waitFor();
    await shot(page, "erased");
    await page.getByRole("link", { name: "#1" }).click();
    await page.getByText("Erased person 1 called.").first().waitFor();
    await shot(page, "ticket_erased");
    assert.doesNotMatch(await page.content(), /Lena|lena@/);
    await page.goto(`/contacts/${contact.id}`);
    assert.equal(await page.getByRole("link", { name: "Erase…" }).count(), 0);
    await page.context().close();
});
