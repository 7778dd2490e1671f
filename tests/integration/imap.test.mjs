// SPDX-License-Identifier: Apache-2.0
/** Mail in by IMAP, from a real Dovecot: each mail is filed once, whatever breaks in between. */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { Postgres, cleanUp, findPostgres, initDesk, until, untilMails } from "../support/api.mjs";
import { Authority } from "./certificates.mjs";
import { Between, Dovecot, dovecotMissing } from "./dovecot.mjs";
import { activate, everything, smtpOn, stopWell } from "./common.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";

after(cleanUp);

const OPTIONS = "/api/v1/options/email-connector";
const SUPPORT = "support@desk.example";
const CUSTOMER = "anna@customer.example";
const DAY = 86_400;
const LARGE = 25 * 1024 * 1024;

let written = 0;

function mail(subject, { body = "It does not work.\r\n", from = CUSTOMER } = {}) {
    written += 1;
    const headers = [`From: Anna <${from}>`, `To: ${SUPPORT}`, `Subject: ${subject}`,
        `Message-ID: <mail-${written}@customer.example>`, `Date: ${new Date().toUTCString()}`,
        "Content-Type: text/plain; charset=utf-8"];
    return `${headers.join("\r\n")}\r\n\r\n${body}`;
}

/** Options of a mailbox; `more` goes over them. */
function mailbox(port, more = {}) {
    return { host: "127.0.0.1", port, security: "none", username: "support", password: "secret", poll_seconds: 1, ...more };
}

async function newDesk() {
    const desk = await initDesk();
    const server = await desk.serve();
    await server.ask("POST", "/api/v1/accounts", { name: "Customer", email: CUSTOMER });
    return { desk, server };
}

const connect = (server, ...mailboxes) => server.ask("PUT", OPTIONS, { enabled: true, address: SUPPORT, mailboxes });

const inbox = (server) => everything(server, "/api/v1/inbox");

const ticketTitles = async (server) => (await everything(server, "/api/v1/tickets", (ticket) => ticket.title)).sort();

async function untilMailbox(server, what, check) {
    let shown;
    return until(`the mailbox is ${what}`, async () => {
        [shown] = (await server.ask("GET", "/api/v1/mailboxes")).items;
        return check(shown) && shown;
    }, { every: 50 }).catch((error) => {
        error.message += `\n${JSON.stringify(shown)}\n${server.log}`;
        throw error;
    });
}

/** Waits until there are so many tickets; what they are called. */
function untilTickets(server, count) {
    return until(`there are ${count} tickets`, async () => {
        const titles = await ticketTitles(server);
        return titles.length >= count && titles;
    }, { every: 50 }).catch((error) => {
        error.message += `\n${server.log}`;
        throw error;
    });
}

const untilFlags = (dovecot, user, flags, folder) => until(`the flags are ${flags}`,
    () => dovecot.mails(user, folder).map((one) => one.flags).sort().join() === flags);

/** Two more looks at the mailbox have ended. */
async function untilPolledAgain(server) {
    const { polled_at: before } = await untilMailbox(server, "up", (shown) => shown.state === "up");
    await untilMailbox(server, "read again", (shown) => shown.polled_at > before);
}

const skip = dovecotMissing();
const noPostgres = findPostgres() === undefined && "PostgreSQL is not installed";

test("mail in by IMAP", { skip }, async (t) => {
    const authority = new Authority("An authority");
    const dovecot = await Dovecot.start({ authority });
    const { server } = await newDesk();

    await t.test("over STARTTLS: a ticket, flagged, not seen; what is old is left alone", async () => {
        dovecot.deliver("support", mail("Last month's"), { age: 30 * DAY });
        dovecot.deliver("support", mail("Printer is jammed"));
        const box = mailbox(dovecot.port, { security: "starttls", host: "localhost", ca_file: authority.file });
        const shown = await connect(server, box);
        assert.equal(shown.mailboxes[0].password, undefined);
        assert.deepEqual(await untilTickets(server, 1), ["Printer is jammed"]);
        await untilFlags(dovecot, "support", ",F");
        dovecot.deliver("support", mail("And the scanner"));
        assert.deepEqual(await untilTickets(server, 2), ["And the scanner", "Printer is jammed"]);
        const [status] = (await server.ask("GET", "/api/v1/mailboxes")).items;
        assert.equal(status.filed, 2);
        assert.equal((await inbox(server))[0].source, `support@localhost:${dovecot.port}/INBOX`);
    });

    await t.test("an authority that is not trusted, a wrong password: said in words, and mended", async () => {
        await connect(server, mailbox(dovecot.port, { security: "starttls", host: "localhost", username: "other" }));
        const distrusted = await untilMailbox(server, "down", (shown) => shown.state === "down");
        assert.match(distrusted.reason, /certificate was not accepted/);
        await connect(server, mailbox(dovecot.port, { username: "other", password: "wrong" }));
        const refused = await untilMailbox(server, "refused", (shown) => shown.reason?.includes("refused the sign-in"));
        assert.ok(refused.retry_at > new Date().toISOString());
        assert.ok(!server.log.includes("wrong"));
        dovecot.deliver("other", mail("After the password"));
        await connect(server, mailbox(dovecot.port, { username: "other" }));
        await untilTickets(server, 3);
        await untilMailbox(server, "up", (shown) => shown.state === "up" && shown.reason === null);
    });

    await t.test("two mailboxes; filed mail is moved into a folder that is made", async () => {
        const move = { after: "move", move_to: "Erledigte Vorgänge" };
        dovecot.deliver("one", mail("One"));
        dovecot.deliver("two", mail("Two"));
        await connect(server, mailbox(dovecot.port, { username: "one", ...move }), mailbox(dovecot.port, { username: "two", ...move }));
        await untilTickets(server, 5);
        for (const user of ["one", "two"]) {
            await until("it is moved", () => dovecot.mails(user, ".Erledigte Vorg&AOQ-nge").length === 1);
            assert.equal(dovecot.mails(user).length, 0);
        }
    });

    await t.test("a list that is put back keeps its passwords", async () => {
        const { mailboxes } = await server.ask("GET", OPTIONS);
        await server.ask("PUT", OPTIONS, { mailboxes });
        dovecot.deliver("two", mail("Three"));
        await untilTickets(server, 6);
    });

    await t.test("one byte too many: quarantined with its headers, and the next one is filed", async () => {
        await connect(server, mailbox(dovecot.port, { username: "large" }));
        const start = mail("Large");
        dovecot.deliver("large", start + "x".repeat(LARGE + 1 - start.length));
        dovecot.deliver("large", mail("Behind it"));
        await untilTickets(server, 7);
        const [behind, large] = await inbox(server);
        assert.equal(behind.subject, "Behind it");
        assert.equal(large.state, "quarantined");
        const { text } = await server.call("GET", `/api/v1/inbox/${large.id}/message`);
        assert.match(text, /^Subject: Large/m);
        assert.ok(text.length < 1000);
        await untilFlags(dovecot, "large", "F,F");
    });
    await stopWell(server);
    await dovecot.stop();
});

test("the server is restarted, and its UIDs are other ones", { skip }, async () => {
    const dovecot = await Dovecot.start();
    const { server } = await newDesk();
    dovecot.deliver("support", mail("First"));
    await connect(server, mailbox(dovecot.port));
    await untilTickets(server, 1);
    const former = dovecot.uidvalidity("support");
    await dovecot.stop();
    await untilMailbox(server, "down", (shown) => shown.state === "down");
    dovecot.forgetUids("support");
    dovecot.deliver("support", mail("Second"));
    await until("a second has passed", () => Math.floor(Date.now() / 1000) > former);
    await dovecot.serve();
    await untilTickets(server, 2);
    await untilPolledAgain(server);
    assert.notEqual(dovecot.uidvalidity("support"), former);
    assert.deepEqual(await ticketTitles(server), ["First", "Second"]);
    assert.equal((await inbox(server)).length, 2);
    await untilFlags(dovecot, "support", "F,F");
    await stopWell(server);
});

test("the connection drops in the middle of a mail", { skip }, async () => {
    const dovecot = await Dovecot.start();
    const { server } = await newDesk();
    let cuts = 0;
    const between = await Between.start(dovecot.port, {
        toClient: (piece, connection) => {
            if (cuts >= 2 || !piece.includes("the middle of it")) return true;
            cuts += 1;
            connection.cut();
            return false;
        },
    });
    const body = `${"a line of it\r\n".repeat(20_000)}the middle of it\r\n${"a line of it\r\n".repeat(20_000)}`;
    dovecot.deliver("support", mail("Before"));
    dovecot.deliver("support", mail("Long", { body }));
    dovecot.deliver("support", mail("Behind"));
    await connect(server, mailbox(between.port));
    await untilTickets(server, 3);
    await untilFlags(dovecot, "support", "F,F,F");
    assert.equal(cuts, 2);
    assert.equal((await inbox(server)).length, 3);
    await stopWell(server);
    between.stop();
});

test("kill -9 after filing and before flagging", { skip }, async () => {
    const dovecot = await Dovecot.start();
    const { desk, server } = await newDesk();
    let held = 0;
    const between = await Between.start(dovecot.port, {
        toServer: (piece) => {
            const stop = held === 0 && piece.includes("STORE");
            held += stop ? 1 : 0;
            return !stop;
        },
    });
    dovecot.deliver("support", mail("Once"));
    dovecot.deliver("support", mail("And once"));
    await connect(server, mailbox(between.port));
    await until("it is about to flag", () => held === 1);
    assert.deepEqual(dovecot.mails("support").map((one) => one.flags).join(), ",");
    await server.kill();
    const again = await desk.serve();
    await untilFlags(dovecot, "support", "F,F");
    await untilPolledAgain(again);
    assert.equal((await inbox(again)).length, 2);
    assert.equal((await ticketTitles(again)).length, 2);
    await stopWell(again);
    between.stop();
});

test("in from Dovecot, and the automatic response out to Postfix", { skip: skip || postfixMissing() }, async () => {
    const dovecot = await Dovecot.start();
    const postfix = await Postfix.start();
    const { server } = await newDesk();
    await activate(server, smtpOn(postfix.port, { from_address: SUPPORT }));
    dovecot.deliver("support", mail("Out of paper"));
    await server.ask("PUT", OPTIONS, { auto_response: { enabled: true } });
    await connect(server, mailbox(dovecot.port));
    const [title] = await untilTickets(server, 1);
    assert.equal(title, "Out of paper");
    const [response] = await untilMails(postfix.maildir, 1, (one) => one.headers.to[0].includes(CUSTOMER));
    assert.match(response.headers.subject[0], /\[#\d+\]/);
    assert.equal(response.headers["return-path"][0], "<>");
    assert.match(response.headers["auto-submitted"][0], /^auto-replied/);
    assert.match(response.headers["in-reply-to"][0], /@customer\.example>$/);
    await stopWell(server);
    await postfix.stop();
});

test("two processes on PostgreSQL read one mailbox: once each mail, and one connection", { skip: skip || noPostgres }, async () => {
    const dovecot = await Dovecot.start();
    const cluster = await Postgres.start();
    const desk = await initDesk({ database: cluster.createDatabase() }); // "desk1"
    const between = await Between.start(dovecot.port);
    const one = await desk.serve();
    const two = await desk.node().serve({ roles: "connector" });
    await one.ask("POST", "/api/v1/accounts", { name: "Customer", email: CUSTOMER });
    dovecot.deliver("support", mail("Number 0"));
    await connect(one, mailbox(between.port));
    for (let n = 1; n < 20; n++) {
        dovecot.deliver("support", mail(`Number ${n}`));
        if (n % 5 === 4) await untilTickets(one, n + 1);
    }
    await untilFlags(dovecot, "support", Array(20).fill("F").join());
    assert.equal((await inbox(one)).length, 20);
    assert.equal(new Set(await ticketTitles(one)).size, 20);
    assert.equal(between.connections, 1, "one process at a time is signed in");
    assert.equal(cluster.sql("SELECT count(DISTINCT holder) FROM mailbox", "desk1").trim(), "1");
    // Whichever has it ends; the other goes on.
    await stopWell(two);
    dovecot.deliver("support", mail("Number 20"));
    await untilTickets(one, 21);
    assert.ok(between.connections <= 2, `${between.connections} connections`);
    await stopWell(one);
    between.stop();
});
