// SPDX-License-Identifier: Apache-2.0
/** The API as another program meets it: a built `tidings`, real sockets, a crash in between. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call, cleanUp, initDesk, until } from "../support/api.mjs";

after(cleanUp);

const TICKETS = "/api/v1/tickets";
const TICKET = { account: 1, title: "Printer offline", recipients: [{ email: "bob@example.com" }] };

let desk;
let server;

before(async () => {
    desk = await initDesk();
    server = await desk.serve();
});

test("a ticket tells its recipients, and each alert ends as accepted", async () => {
    const ticket = await server.ask("POST", TICKETS, TICKET);
    assert.equal(ticket.status_label, "New");
    const alerts = await until("every alert is accepted", async () => {
        const { items } = await server.ask("GET", `${TICKETS}/${ticket.number}/alerts`);
        return items.length > 0 && items.every((alert) => alert.state === "accepted") && items;
    });
    const bob = alerts.find((alert) => alert.recipient === "bob@example.com");
    assert.equal(bob.reason, "new_ticket");
    const mail = await server.call("GET", `/api/v1/alerts/${bob.id}/message`);
    assert.equal(mail.status, 200);
    assert.match(mail.headers["content-type"], /^message\/rfc822/);
    assert.equal(mail.headers["x-tidings-preview"], undefined);
    assert.ok(mail.text.includes(`<${bob.message_id}>`));
});

test("the desk's socket needs no token and acts as an employee; TCP does", async () => {
    const local = await call(desk.socket, "POST", TICKETS, TICKET);
    assert.equal(local.status, 201);
    assert.equal(local.body.channel, "cli");
    assert.equal(local.body.opened_by.kind, "employee");
    const remote = await call(server.url, "POST", TICKETS, TICKET);
    assert.equal(remote.status, 401);
    assert.equal(remote.body.type, "/problems/unauthenticated");
    const named = await call(server.url, "POST", TICKETS, TICKET, { headers: { "Tidings-Employee": "admin" } });
    assert.equal(named.status, 403);
});

test("an answered POST is answered the same after kill -9", async () => {
    const first = await server.call("POST", TICKETS, TICKET, { key: "before the crash" });
    assert.equal(first.status, 201);
    await server.kill();
    server = await desk.serve();
    const again = await server.call("POST", TICKETS, TICKET, { key: "before the crash" });
    assert.equal(again.status, 201);
    assert.equal(again.headers["idempotency-replayed"], "true");
    assert.deepEqual(again.body, first.body);
    const other = await server.call("POST", TICKETS, { ...TICKET, title: "Other" }, { key: "before the crash" });
    assert.equal(other.body.type, "/problems/idempotency-key-reused");
});

test("ten requests with one key at once make one ticket", async () => {
    const answers = await Promise.all(
        Array.from({ length: 10 }, () => server.call("POST", TICKETS, TICKET, { key: "at once" })),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
    assert.equal(new Set(answers.map(({ body }) => body.number)).size, 1);
    assert.equal(answers.filter(({ headers }) => headers["idempotency-replayed"] === undefined).length, 1);
});

test("a test mail is answered with the steps of its delivery", async () => {
    const result = await server.ask("POST", "/api/v1/options/alerts-server/test", { to: "erika@example.com" });
    assert.equal(result.ok, true);
    assert.ok(result.steps.length > 0);
    assert.ok(result.steps.every((step) => step.words.length > 0));
    assert.equal(result.tested, true);
});

test("the document is served without a token, and nothing was complained of", async () => {
    const document = await call(server.url, "GET", "/api/v1/openapi.json");
    assert.equal(document.body.openapi, "3.1.0");
    const metrics = await call(server.url, "GET", "/metrics");
    assert.match(metrics.text, /^tidings_outbox_messages\{state="queued"\} \d+$/m);
    // The one warning that a crash may leave: what was being sent at that moment.
    assert.deepEqual(
        server.complaints.filter((line) => !line.includes("marked uncertain")),
        [],
    );
});
