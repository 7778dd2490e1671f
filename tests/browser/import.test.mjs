// SPDX-License-Identifier: Apache-2.0
/** Accounts and contacts from CSV in the console: what it would do, row by row, then the doing. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addEmployee, assertAccessible, assertPagesAccessible, consoleDesk, done, shot, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
});
after(done);

const accounts = async () => (await server.ask("GET", "/api/v1/accounts?limit=200")).items;
const byName = async (name) => (await accounts()).find((account) => account.name === name);

async function begin(page, csv, kind = "Accounts") {
    await page.goto("/accounts/import");
    await page.getByLabel(kind, { exact: true }).check();
    await page.getByLabel("or what is in it").fill(csv);
    await page.getByRole("button", { name: "Look what it would do" }).click();
}

const rows = (page) => page.locator("#rows tbody tr").allInnerTexts().then((list) => list.map((row) => row.replace(/\s+/g, " ").trim()));

for (const script of [true, false])
    test(`columns are guessed, looked at, and imported ${script ? "with" : "without"} JavaScript`, async () => {
        const name = (what) => `${what} ${script}`;
        const csv = `Customer;E-Mail;Fax;Mail domain\n${name("Lantern Books")};shop@lantern.example;1;lantern.example\n` +
            `Bluebird Dental Practice;new-office@bluebird-dental.example;2;\n"Quoted; ""Ltd"" ${script}";q@quoted.example;3;\n` +
            `${name("Nowhere")};no address;4;\n`;
        const before = (await accounts()).length;
        const page = await signedIn(base, { login: "tess", script });
        await page.goto("/accounts/import");
        await page.getByLabel("CSV file").setInputFiles({ name: "customers.csv", mimeType: "text/csv", buffer: Buffer.from(`\ufeff${csv}`) });
        await page.getByRole("button", { name: "Look what it would do" }).click();
        await page.getByRole("heading", { name: "What it would do" }).waitFor();
        const chosen = (column) => page.getByLabel(column, { exact: true }).locator("option:checked").innerText();
        assert.deepEqual([await chosen("Customer"), await chosen("E-Mail"), await chosen("Fax"), await chosen("Mail domain")],
            ["Name", "Email", "Leave it out", "Domains"]);
        const shown = await rows(page);
        assert.match(shown[0], /^5 refused Nowhere .*email/);
        assert.match(shown[1], /^2 new Lantern Books/);
        assert.match(shown[2], script ? /^3 changed Bluebird/ : /^3 as it is Bluebird/);
        assert.match(shown[3], /^4 new Quoted; "Ltd"/);
        assert.equal((await accounts()).length, before);

        await page.getByRole("button", { name: script ? "Import 3 rows" : "Import 2 rows" }).click();
        await page.getByText(script ? "Imported: 2 new, 1 changed, 0 as they were, 1 refused." : "Imported: 2 new, 0 changed, 1 as they were, 1 refused.").waitFor();
        assert.equal((await accounts()).length, before + 2);
        const { email, domains } = await byName(name("Lantern Books"));
        assert.deepEqual([email, domains], ["shop@lantern.example", ["lantern.example"]]);
        assert.equal((await byName("Bluebird Dental Practice")).email, "new-office@bluebird-dental.example");
    });

test("other columns are looked at before they are imported", async () => {
    const page = await signedIn(base, { login: "tess" });
    await begin(page, "Customer,Mail,Second\nTwo Mails,first@two.example,second@two.example\n");
    await page.getByLabel("Second", { exact: true }).selectOption({ label: "Second email" });
    await page.getByRole("button", { name: "Import 1 row" }).click();
    await page.getByText("nothing was written yet").waitFor();
    assert.equal(await byName("Two Mails"), undefined);
    await page.getByRole("button", { name: "Import 1 row" }).click();
    await page.getByText("Imported: 1 new").waitFor();
    assert.equal((await byName("Two Mails")).email2, "second@two.example");
});

test("contacts find their account by its name; nobody is told anything", async () => {
    const page = await signedIn(base, { login: "tess" });
    await begin(page, "Company\tFull name\tEmail\tEvery ticket\nBluebird Dental Practice\tZoe Zander\tzoe@bluebird-dental.example\tyes\n" +
        "Nobody Ltd\tNo One\tno@one.example\tno\n", "Contacts of accounts that are here already");
    assert.match((await rows(page))[0], /^3 refused No One Nobody Ltd: no account is called so/);
    await page.getByRole("button", { name: "Import 1 row" }).click();
    await page.getByText("Imported: 1 new").waitFor();
    const { items } = await server.ask("GET", "/api/v1/contacts?account=1&limit=200");
    const zoe = items.find(({ name }) => name === "Zoe Zander");
    assert.deepEqual([zoe.email, zoe.on_every_ticket], ["zoe@bluebird-dental.example", true]);
    assert.deepEqual((await server.ask("GET", "/api/v1/alerts")).items, []);
});

test("what cannot be read says why, and is still there", async () => {
    const page = await signedIn(base, { login: "tess", expect: ["400", "422"] });
    await begin(page, "");
    assert.match(await page.locator(".problem-mark").innerText(), /Choose a file/);
    await begin(page, "name;email\n\"open;x\n");
    assert.match(await page.getByRole("alert").innerText(), /2|quote/);
    assert.equal(await page.getByLabel("or what is in it").inputValue(), "name;email\n\"open;x\n");
    await page.goto("/accounts/import");
    await page.getByLabel("CSV file").setInputFiles({ name: "x.csv", mimeType: "text/csv", buffer: Buffer.from("name;email\nM\xfcller;m@x.example\n", "latin1") });
    await page.getByRole("button", { name: "Look what it would do" }).click();
    assert.match(await page.locator(".problem-mark").innerText(), /not in UTF-8/);
    await page.getByLabel("CSV file").setInputFiles({ name: "x.csv", mimeType: "text/csv", buffer: Buffer.alloc(1024 * 1024 + 1, "x") });
    await page.getByRole("button", { name: "Look what it would do" }).click();
    assert.match(await page.locator(".problem-mark").innerText(), /at most 1 MiB/);
    await begin(page, "a;b\nx;y\n");
    for (const column of ["a", "b"]) await page.getByLabel(column, { exact: true }).selectOption({ label: "Name" });
    await page.getByRole("button", { name: "Look again" }).click();
    assert.match(await page.getByRole("alert").innerText(), /another column fills/);
    assert.equal(await page.getByLabel("a", { exact: true }).inputValue(), "name");
});

test("a long file shows what was refused first, and does all of it", async () => {
    const lines = Array.from({ length: 400 }, (_, i) => `Long ${i},long${i}@long.example`);
    lines[399] = "Long last,no address";
    const page = await signedIn(base, { login: "tess" });
    await begin(page, `name,email\n${lines.join("\n")}\n`);
    assert.match((await rows(page))[0], /^401 refused Long last/);
    await page.getByText("and 100 rows more").waitFor();
    await page.getByRole("button", { name: "Import 399 rows" }).click();
    await page.getByText("Imported: 399 new").waitFor();
    const { items } = await server.ask("GET", "/api/v1/accounts?q=long%20398");
    assert.equal(items.length, 1);
});

test("what a file says is text and nothing else", async () => {
    const evil = "<script>document.title='taken'</script><img src=x onerror=document.title='taken'></textarea>";
    const page = await signedIn(base, { login: "tess" });
    await begin(page, `name,email,${evil}\n${evil},x,${evil}\n${evil},e@evil.example,y\n`);
    await page.getByRole("heading", { name: "What it would do" }).waitFor();
    assert.doesNotMatch(await page.title(), /^taken/);
    assert.equal(await page.locator("main script, main img").count(), 0);
    assert.ok((await page.locator("#rows").innerText()).includes("onerror"));
});

test("nothing keeps anybody out of these pages", async () => {
    await assertPagesAccessible(base, ["/accounts/import"], { login: "tess" });
    for (const scheme of ["light", "dark"])
        for (const width of [1280, 360]) {
            const page = await signedIn(base, { login: "tess", scheme, width });
            await begin(page, "Customer;E-Mail;Fax\nAn account with a rather long name that does not end soon;a@b.example;1\nWrong;x;2\n");
            await assertAccessible(page, `preview ${scheme} ${width}`);
            await shot(page, `import-${scheme}-${width}`);
            await page.context().close();
        }
});

test("tickets of another desk, found again by what it called them", async () => {
    const page = await signedIn(base, { login: "tess" });
    await begin(page, "Id,Company,Requester,Subject,Status,Created at\n" +
        "Z-4711,Bluebird Dental Practice,zoe@bluebird-dental.example,Old scanner,Completed,2024-03-01 10:00\n" +
        "Z-4712,Bluebird Dental Practice,,Odd one,Solved,2024-03-01\n", "Tickets of another desk");
    assert.match((await rows(page))[0], /^3 refused Odd one "Solved" is no ticket status/);
    await page.getByRole("button", { name: "Import 1 row" }).click();
    await page.getByText("Imported: 1 new").waitFor();
    await page.goto("/tickets?q=Z-4711");
    await page.getByRole("link", { name: "Old scanner" }).click();
    await page.getByText("Z-4711", { exact: true }).waitFor();
    assert.deepEqual((await server.ask("GET", "/api/v1/alerts")).items.filter(({ decision }) => decision !== "suppress"), []);
});
