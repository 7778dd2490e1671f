// SPDX-License-Identifier: Apache-2.0
/**
 * An answer leaves as one mail for each recipient, behind the alert of its ticket and in its thread, with addresses that
 * say what comes back to them; who is muted, or was written to while nothing may leave, gets none, with the reason.
 */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { Postgres, cleanUp, findPostgres, initDesk, until } from "../support/api.mjs";
import { smtpOn, stopWell } from "./common.mjs";
import { Sink } from "./sink.mjs";

after(cleanUp);

const FROM = "support@harbour-it.example";
const ANNA = "anna.field@bluebird-dental.example";
const MANAGER = "manager@bluebird-dental.example"; // on every ticket of the account
const MUTED = "muted@bluebird-dental.example";
const SETTINGS = "/api/v1/options/alerts-server";

/** Keeps the whole of each mail. */
class KeepingSink extends Sink {
    all = [];

    keep(from, to, message, socket) {
        super.keep(from, to, message, socket);
        this.all.push({ from, to: to[0], message, field: (name) => field(message, name) });
    }

    to(address) {
        return this.all.filter((mail) => mail.to === address);
    }
}

/** A header field's value, unfolded; null where there is none. */
function field(message, name) {
    const head = message.split("\r\n\r\n")[0].replace(/\r\n[ \t]+/g, " ");
    return new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1] ?? null;
}

const mails = (sink, count) => until(`${count} mails`, () => sink.all.length >= count && sink.all);

async function answers(t, database) {
    const sink = await new KeepingSink().open();
    after(() => sink.close());
    const desk = await initDesk({ database });
    const server = await desk.serve();
    await server.ask("PUT", SETTINGS, smtpOn(sink.port, { signed_reply: true, signed_bounce: true }));
    const recipients = [{ email: MUTED }];
    const { number } = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "Printer", recipients });
    await mails(sink, 3);
    const messages = `/api/v1/tickets/${number}/messages`;
    const list = await server.ask("GET", `/api/v1/tickets/${number}/recipients`);
    const muted = list.items.find(({ email }) => email === MUTED);
    await server.ask("PATCH", `/api/v1/tickets/${number}/recipients/${muted.id}`, { muted: true });

    await t.test("one mail for each recipient", async () => {
        const made = await server.ask("POST", messages, {
            text: "The part is ordered.\n\nRobin",
            attachments: [{ name: "Größe.txt", content_type: "text/plain", content: "WA==" }],
        });
        assert.deepEqual(
            made.copies.map(({ recipient, decision, reason }) => [recipient, decision, reason]).sort(),
            [[ANNA, "send", "answered"], [MANAGER, "send", "answered"], [MUTED, "suppress", "muted"]].sort(),
        );
        await mails(sink, 5);
        assert.equal(sink.to(MUTED).length, 1, "the alert alone");
        const [alert, answer] = sink.to(ANNA);
        assert.equal(answer.field("In-Reply-To"), alert.field("Message-ID"));
        assert.equal(answer.field("Subject"), `[#${number}] Printer`);
        assert.equal(answer.field("To"), `Anna Field <${ANNA}>`);
        assert.equal(answer.field("From"), `Harbour IT Support <${FROM}>`);
        assert.equal(answer.field("Auto-Submitted"), null);
        assert.match(answer.message, /The part is ordered\.\r\n\r\nRobin/);
        assert.ok(!answer.message.includes(MANAGER) && !answer.message.includes(MUTED), "nobody sees the others");
    });

    await t.test("each has addresses of its own", () => {
        const [alert, answer] = sink.to(ANNA);
        const [, other] = sink.to(MANAGER);
        assert.match(answer.field("Reply-To"), /^support\+r[a-z2-7]{37}@harbour-it\.example$/);
        assert.equal(answer.field("Reply-To"), alert.field("Reply-To"), "one for the ticket and the recipient");
        assert.notEqual(answer.field("Reply-To"), other.field("Reply-To"));
        for (const { from } of sink.all) assert.match(from, /^support\+b[a-z2-7]{29}@harbour-it\.example$/);
        assert.equal(new Set(sink.all.map(({ from }) => from)).size, sink.all.length, "one for each mail");
    });

    await t.test("shown again, byte for byte", async () => {
        await server.ask("PUT", SETTINGS, { signed_reply: false, address_separator: "-" });
        const [{ copies }] = (await server.ask("GET", messages)).items;
        const copy = copies.find(({ recipient }) => recipient === ANNA);
        const { status, text } = await until("it is accepted", async () => {
            const shown = await server.call("GET", `/api/v1/tickets/${number}/copies/${copy.id}/message`);
            return shown.headers["x-tidings-preview"] === undefined && shown;
        });
        assert.equal(status, 200);
        assert.equal(text.replace(/\r\n$/, ""), sink.to(ANNA)[1].message);
        await server.ask("PUT", SETTINGS, { signed_reply: true, address_separator: "+" });
    });

    await t.test("in the order of what happened", async () => {
        for (let i = 1; i <= 3; i += 1) await server.ask("POST", messages, { text: `note ${i}` });
        await server.ask("PATCH", `/api/v1/tickets/${number}`, { status: "Completed" });
        await server.ask("POST", messages, { text: "note 4" });
        await mails(sink, 5 + 3 * 2 + 2 + 2); // the closing leaves out who is muted, too
        const words = sink.to(ANNA).map(({ message }) => /note \d|Ticket opened|Ticket closed|The part/.exec(message)?.[0]);
        assert.deepEqual(words, ["Ticket opened", "The part", "note 1", "note 2", "note 3", "Ticket closed", "note 4"]);
        const ids = sink.to(ANNA).map((mail) => mail.field("Message-ID"));
        const thread = sink.to(ANNA).at(-1).field("References").split(" ");
        assert.deepEqual(thread.slice(1), ids.slice(0, -1), "all of it before, oldest first");
        assert.match(thread[0], new RegExp(`^<ticket\\.${number}@`));
    });

    await t.test("nothing leaves while the Alerts Server is deactivated", async () => {
        const before = sink.all.length;
        await server.ask("PUT", SETTINGS, { active: false });
        const { copies } = await server.ask("POST", messages, { text: "unheard" });
        assert.deepEqual(new Set(copies.map(({ reason }) => reason)), new Set(["alerts_server_inactive"]));
        await server.ask("POST", `${SETTINGS}/test`, { to: "robin@harbour-it.example" });
        await server.ask("PUT", SETTINGS, { active: true });
        await server.ask("POST", messages, { text: "heard" });
        const all = await mails(sink, before + 1 + 2);
        const [proof] = sink.to("robin@harbour-it.example");
        assert.match(proof.field("Reply-To"), /^support\+r[a-z2-7]{37}@/, "the test has the addresses that answers have");
        assert.ok(!all.some(({ message }) => message.includes("unheard")));
    });

    await t.test("on the command line", async () => {
        const { stdout } = await desk.run(["ticket", "messages", String(number)]);
        assert.match(stdout, /The part is ordered\.\n\nRobin\n/);
        assert.match(stdout, new RegExp(`copy \\d+, ${ANNA}: accepted`));
        assert.match(stdout, new RegExp(`${MUTED}: not sent \\(muted\\)`));
        assert.match(stdout, /attachment 1, Größe\.txt \(1 bytes\)/);
        const made = await desk.runJson(["ticket", "answer", String(number), "--text", "by hand", "--internal"]);
        assert.equal(made.visibility, "internal");
    });

    await stopWell(server);
    assert.deepEqual(server.complaints, []);
}

test("answers, on SQLite", (t) => answers(t));

const missing = findPostgres() === undefined && "PostgreSQL is not installed";
test("answers, on PostgreSQL", { skip: missing }, async (t) => {
    const cluster = await Postgres.start();
    await answers(t, cluster.createDatabase());
});
