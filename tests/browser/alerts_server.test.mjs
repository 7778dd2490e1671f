// SPDX-License-Identifier: Apache-2.0
/**
 * The Alerts Server's page: what waits, what the brake holds, what a mail server refused and what can be done about it,
 * and the suppression list.
 */
import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { after, afterEach, before, test } from "node:test";

import { Session, Sink } from "../integration/sink.mjs";
import { smtpOn, untilAlertsOf } from "../integration/common.mjs";
import { until } from "../support/api.mjs";
import { addEmployee, assertAccessible, assertPagesAccessible, consoleDesk, done, shot, signedIn } from "./support.mjs";

const EVIL = "<img src=x onerror=document.title='owned'>";

/** Refuses some recipients in words that would be markup. */
class Refusing extends Session {
    command(line) {
        const address = /^RCPT TO:<(.*?)>/i.exec(line)?.[1];
        if (address !== undefined && this.sink.refuses(address)) return this.say(`550 5.7.1 ${EVIL} not wanted here`);
        if (address?.includes("@nobody")) return this.say("550 5.1.1 no such mailbox");
        return super.command(line);
    }
}

class RefusingSink extends Sink {
    refuses = (address) => address.includes("@gone");

    async open() {
        await super.open();
        this.server.removeAllListeners("connection");
        this.server.on("connection", (socket) => {
            this.sessions.set(socket, new Refusing(this, socket));
            socket.on("close", () => this.sessions.delete(socket));
        });
        return this;
    }
}

let base, server, desk, sink;
before(async () => {
    ({ base, server, desk } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
    sink = await new RefusingSink().open();
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port));
});
after(async () => {
    try {
        await done();
    } finally {
        await sink?.close();
    }
});

// A page that is left open goes on asking its server.
const pages = [];
afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
});
async function visit(options) {
    const page = await signedIn(server.url, options);
    page.on("dialog", (dialog) => dialog.accept());
    pages.push(page);
    return page;
}

const open = (title, ...emails) =>
    server.ask("POST", "/api/v1/tickets", { account: 1, title, recipients: emails.map((email) => ({ email })) });
const setBrake = (customers) =>
    server.ask("PUT", "/api/v1/options/alerts-to-customers", { brake: { enabled: customers > 0, customers: customers || 100, minutes: 5 } });
const stateOf = async () => (await server.ask("GET", "/api/v1/alerts-server")).messages;

test("what a mail server refuses is grouped by its words, and sent again from there", async () => {
    await setBrake(0);
    for (let i = 1; i <= 3; i++) {
        const { number } = await open(`Refused ${i}`, `someone${i}@gone${i}.example`);
        await untilAlertsOf(server, number, "settled", ({ state }) => ["accepted", "rejected"].includes(state));
    }
    const page = await visit({ login: "tess" });
    await page.goto("/alerts-server");
    const group = page.locator("#failures li", { hasText: "not wanted here" });
    assert.match(await group.innerText(), /Refused[\s\S]*3/);
    await shot(page, "alerts_server");
    await page.goto("/alerts?state=rejected");
    await page.getByText(EVIL).first().waitFor();
    assert.equal(await page.locator("img[onerror]").count(), 0);
    await page.goto("/alerts-server");
    sink.refuses = () => false;
    await group.getByRole("button", { name: "Send these again" }).click();
    await page.getByText("They are being sent again.").waitFor();
    await until("nothing is refused any more", async () => (await stateOf()).rejected === 0);
});

test("the past is a table, and a plot where there is JavaScript", async () => {
    const plain = await visit({ script: false });
    await plain.goto("/alerts-server?span=day");
    assert.equal(await plain.locator(".plots").isVisible(), false);
    await plain.getByText("The numbers").click();
    assert.equal(await plain.locator("[data-history] tbody tr").count(), 96);
    const page = await visit();
    for (const [span, rows] of [["hour", 60], ["day", 96], ["month", 30]]) {
        await page.goto(`/alerts-server?span=${span}`);
        await page.locator(".plots canvas").first().waitFor();
        assert.equal(await page.locator("[data-history] tbody tr").count(), rows);
        const drawn = await page.evaluate(() => {
            const canvas = document.querySelector("[data-plot=counts]");
            return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
        });
        assert.ok(drawn, span);
    }
});

test("the state part follows what happens", async () => {
    const page = await visit();
    await page.goto("/alerts-server");
    await page.getByText("Mail is leaving.").waitFor();
    const told = page.locator("a.count[href='/alerts?state=accepted'] strong");
    const earlier = Number(await told.innerText());
    await open("Told", "anna@told.example");
    await until("the page shows one more", async () => Number(await told.innerText()) > earlier);
});

test("the brake's mails are released and cancelled, one and all", async () => {
    await setBrake(1);
    await open("Held one", "x1@held.example", "y1@held.example");
    await open("Held two", "x2@held.example", "y2@held.example");
    const held = (await stateOf()).held;
    assert.ok(held >= 4);
    const page = await visit({ login: "tess" });
    await page.goto("/alerts-server");
    const panel = page.locator("#held");
    assert.match(await panel.innerText(), new RegExp(`${held} are held by the brake`));
    await assertAccessible(page);
    await panel.locator("li").last().getByRole("button", { name: "Release" }).click();
    await page.getByText("It was released").waitFor();
    assert.equal((await stateOf()).held, held - 1);
    await panel.locator("li").first().getByRole("button", { name: "Cancel" }).click();
    await page.getByText("It was cancelled").waitFor();
    assert.equal((await stateOf()).held, held - 2);
    await panel.getByRole("button", { name: "Release all" }).click();
    await page.getByText("All of it was released").waitFor();
    assert.equal((await stateOf()).held, 0);

    await open("Held three", "x3@held.example", "y3@held.example");
    await page.goto("/alerts-server");
    await panel.getByRole("button", { name: "Cancel all" }).click();
    await page.getByText("All of it was cancelled").waitFor();
    assert.equal((await stateOf()).held, 0);
});

test("an address that is gone is listed with the evidence, and taken off", async () => {
    await setBrake(0);
    const { number } = await open("No mailbox", "old@nobody.example");
    await untilAlertsOf(server, number, "settled", ({ state }) => ["accepted", "rejected"].includes(state));
    const page = await visit({ login: "tess" });
    await page.goto("/suppressions");
    const entry = page.getByRole("listitem").filter({ hasText: "old@nobody.example" });
    assert.match(await entry.innerText(), /There is no such mailbox[\s\S]*550 5\.1\.1 no such mailbox/);
    await page.getByRole("searchbox").fill("OLD@nobody.example");
    await page.getByRole("button", { name: "Search" }).click();
    await entry.getByRole("button", { name: "Take it off" }).click();
    await page.getByText("The address was taken off").waitFor();
    await page.goto("/suppressions?q=old@nobody.example");
    await page.getByText("old@nobody.example is not on the list.").waitFor();
});

test("an address is put on the list by hand, and a bad one is refused", async () => {
    const page = await visit({ script: false, expect: ["422"] });
    await page.goto("/suppressions");
    await page.getByLabel("Address", { exact: true }).last().fill("nobody@by-hand.example");
    await page.getByLabel("Why").fill(EVIL);
    await page.getByRole("button", { name: "Tell it nothing" }).click();
    await page.getByText("The address is on the list").waitFor();
    assert.ok((await page.getByRole("listitem").filter({ hasText: "nobody@by-hand.example" }).innerText()).includes(EVIL));
    assert.equal(await page.locator("img[onerror]").count(), 0);
    const { number } = await open("Suppressed", "nobody@by-hand.example");
    const { items } = await server.ask("GET", `/api/v1/tickets/${number}/alerts`);
    assert.equal(items.find(({ recipient }) => recipient === "nobody@by-hand.example").reason, "address_suppressed");
});

test("all alerts are listed by state", async () => {
    const page = await visit({ login: "tess" });
    await page.goto("/alerts");
    await page.getByLabel("State").selectOption({ label: "Not sent" });
    await page.waitForURL(/state=none/);
    await page.getByRole("link", { name: "nobody@by-hand.example" }).first().waitFor();
    assert.equal(await page.locator("tbody tr").filter({ hasNotText: "Not sent" }).count(), 0);
});

test("what is done about the Alerts Server's options is for admins", async () => {
    const page = await visit({ login: "tess" });
    await page.goto("/alerts-server");
    assert.equal(await page.getByRole("link", { name: "Options" }).count(), 0);
    const admin = await visit();
    await admin.goto("/alerts-server");
    assert.equal(await admin.getByRole("link", { name: "Options" }).count(), 2);
});

test("a relay that the breaker stopped goes on when somebody says so", async () => {
    await setBrake(0);
    sink.refuses = () => true;
    for (let i = 0; i < 8; i++) {
        const addresses = Array.from({ length: 6 }, (_, k) => `p${i}-${k}@gone-${k}.example`);
        await open(`Breaker ${i}`, ...addresses);
    }
    await until("the relay is stopped", async () => (await server.ask("GET", "/api/v1/alerts-server")).relay.state === "stopped");
    const page = await visit({ login: "tess" });
    await page.goto("/alerts-server");
    await page.getByText("stopped by the breaker").waitFor();
    assert.equal(await page.locator("img[onerror]").count(), 0);
    await assertAccessible(page);
    sink.refuses = () => false;
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("are used again").waitFor();
    await until("the relay is up", async () => (await server.ask("GET", "/api/v1/alerts-server")).relay.state === "up");
});

test("everybody can use the pages", async () => {
    await assertPagesAccessible(base, ["/alerts-server", "/alerts-server?span=month", "/alerts", "/alerts?state=accepted", "/suppressions"]);
});

test("what is held for a quarter of an hour is said on every page, and mailed to the admins", async () => {
    await setBrake(1);
    await open("Held for long", "x9@held.example", "y9@held.example");
    const page = await visit({ login: "tess" });
    await page.goto("/tickets");
    assert.equal(await page.getByText("held for more than 15 minutes").count(), 0);
    await page.context().close();
    await server.stop();
    execFileSync("python3", ["-c", `
import sqlite3, sys
desk = sqlite3.connect(sys.argv[1])
desk.execute("UPDATE outbox SET updated_at = updated_at - 16 * 60 * 1000000 WHERE state = 'held'")
desk.commit()
`, path.join(desk.folder, "tidings.sqlite")]);
    const mails = sink.mails.length;
    server = await desk.serve();
    const again = await visit({ login: "tess" });
    for (const target of ["/tickets", "/me", "/alerts-server"]) {
        await again.goto(target);
        await again.getByText(/held for more than 15 minutes/).waitFor();
    }
    await assertAccessible(again);
    await again.getByRole("link", { name: "Look at them" }).click();
    await again.locator("#held").waitFor();
    const admins = (await server.ask("GET", "/api/v1/employees")).items.filter(({ role, active }) => role === "admin" && active);
    await until("the admins are told", () =>
        admins.every(({ email }) => sink.mails.slice(mails).some(({ to }) => to.includes(email))));
});
