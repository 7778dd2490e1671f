// SPDX-License-Identifier: Apache-2.0
/** Tickets in the console: opened, answered, closed, and the story of who was told. */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { consoleDesk, done, signedIn } from "./support.mjs";

let base, server;
before(async () => {
    ({ base, server } = await consoleDesk());
});
after(done);

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
        const { items } = await server.ask("GET", `/api/v1/tickets/${number}/alerts`);
        assert.deepEqual(new Set(items.map(({ kind, decision }) => `${kind} ${decision}`)),
            new Set(["new_ticket send", "ticket_closed send"]));
        const events = await server.ask("GET", `/api/v1/tickets/${number}/events`);
        assert.ok(events.items.every(({ channel, actor }) => channel === "console" && actor.kind === "employee"));
    });
