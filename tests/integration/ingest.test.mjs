// SPDX-License-Identifier: Apache-2.0
/**
 * The way round through a real Postfix: it brings the desk's mail by a pipe into `tidings ingest`, and takes what the
 * desk sends. A customer's mail, its automatic response, the answer to that, a bounce, and a desk that is away.
 */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { after, test } from "node:test";

import { cleanUp, initDesk, readMaildir, until, untilMails } from "../support/api.mjs";
import { activate, smtpOn, stopWell, untilAlertsOf } from "./common.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";

after(cleanUp);

const NOBODY = 65534;
const SUPPORT = "support@desk.example";
const ANNA = "anna@kunde.example";

/** One mail over SMTP; every reply must be good. */
function sendMail(port, from, to, mail) {
    const lines = ["EHLO test.example", `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA",
        `${mail.replace(/\n/g, "\r\n")}\r\n.`, "QUIT"];
    return new Promise((resolve, reject) => {
        const socket = net.connect(port, "127.0.0.1");
        let text = "";
        socket.on("error", reject);
        socket.on("data", (data) => {
            text += data;
            if (!/^\d{3} .*\r\n$/m.test(text.slice(text.lastIndexOf("\n", text.length - 2) + 1))) return;
            if (/^[45]/m.test(text)) reject(new Error(text));
            text = "";
            const line = lines.shift();
            if (line === undefined) resolve(socket.end());
            else socket.write(`${line}\r\n`);
        });
    });
}

/** Pipes of Postfix never run as root, so the desk's socket and what leads to it are given to another user. */
async function serveFor(desk) {
    const server = await desk.serve();
    for (const folder of [desk.folder, path.dirname(desk.folder)]) fs.chmodSync(folder, 0o755);
    fs.chmodSync(path.join(desk.folder, "tidings.conf"), 0o644);
    fs.chownSync(desk.socket, NOBODY, NOBODY);
    return server;
}

function startPostfix(desk) {
    return Postfix.start({
        settings(folder) {
            const transport = path.join(folder, "transport");
            fs.writeFileSync(transport, "/^support([+].*)?@desk\\.example$/ tidings:\n/^gone@/ gone:\n");
            return { transport_maps: `regexp:${transport}`, minimal_backoff_time: "1s",
                maximal_backoff_time: "2s", queue_run_delay: "1s" };
        },
        services: "tidings  unix  -  n  n  -  4  pipe\n" +
            `  flags=DORhu user=nobody argv=${process.env.TIDINGS_BIN} ingest --desk ${desk.folder}\n` +
            // What a mailbox server says of a user it does not have (sysexits.h, EX_NOUSER): after the mail was accepted.
            "gone  unix  -  n  n  -  1  pipe\n  user=nobody argv=/bin/sh -c {exit 67}\n",
    });
}

const inbox = async (server) => (await server.ask("GET", "/api/v1/inbox")).items;

const untilFiled = (server, postfix, wanted) =>
    until("the mail is filed", async () => (await inbox(server)).find(wanted), { every: 100 }).catch((error) => {
        error.message += `\n${postfix.log.slice(-4000)}`;
        throw error;
    });

test("mail in by a pipe, out by SMTP, and back", { skip: postfixMissing() }, async (t) => {
    const desk = await initDesk({ sample: false });
    let server = await serveFor(desk);
    const postfix = await startPostfix(desk);
    await activate(server, smtpOn(postfix.port, { from_address: SUPPORT, signed_reply: true, signed_bounce: true }));
    await server.ask("PUT", "/api/v1/options/email-connector",
        { enabled: true, address: SUPPORT, auto_response: { enabled: true } });
    await server.ask("PUT", "/api/v1/options/alerts-to-customers", { new_ticket: { enabled: true } });
    const { number: account } = await server.ask("POST", "/api/v1/accounts", { name: "Kunde", email: "info@kunde.example" });
    await server.ask("POST", "/api/v1/contacts", { account, name: "Anna", email: ANNA });
    const mail = `From: Anna <${ANNA}>\nTo: ${SUPPORT}\nSubject: Drucker\nMessage-ID: <1@kunde.example>\n\nEr brennt.\n`;
    let response;

    await t.test("a customer's mail becomes a ticket, and is answered", async () => {
        await sendMail(postfix.port, ANNA, SUPPORT, mail);
        const filed = await untilFiled(server, postfix, (row) => row.reason === "customer");
        assert.equal(filed.ticket, 1);
        [response] = await untilMails(postfix.maildir, 1);
        assert.match(response.headers.subject[0], /#1/);
        assert.equal(response.headers["return-path"][0], "<>");
        assert.match(response.headers["auto-submitted"][0], /^auto-/);
        assert.equal(response.headers["in-reply-to"][0], "<1@kunde.example>");
        const [alert] = (await server.ask("GET", "/api/v1/tickets/1/alerts")).items;
        assert.deepEqual([alert.decision, alert.reason], ["suppress", "created_by_customer_email"]);
    });

    await t.test("the same mail again is the same mail", async () => {
        await sendMail(postfix.port, ANNA, SUPPORT, mail);
        await until("Postfix has handed it over", () => postfix.logged(/relay=tidings.*status=sent/) === 2, { every: 100 });
        assert.equal((await inbox(server)).length, 1);
        assert.equal(readMaildir(postfix.maildir).length, 1);
    });

    await t.test("the answer to the response lands on its ticket", async () => {
        const [to] = response.headers["reply-to"][0].match(/[^<>\s]+@[^<>\s]+/);
        assert.match(to, /^support\+r/);
        await sendMail(postfix.port, ANNA, to, `From: ${ANNA}\nTo: ${to}\nSubject: Re\n\nImmer noch.\n`);
        const filed = await untilFiled(server, postfix, (row) => row.reason === "signed_reply_address");
        assert.equal(filed.ticket, 1);
        const { items } = await server.ask("GET", "/api/v1/tickets/1/messages");
        assert.ok(items.some((message) => message.text === "Immer noch."));
    });

    await t.test("a bounce settles its alert and suppresses the address", async () => {
        const gone = "gone@kunde.example";
        const { number } = await server.ask("POST", "/api/v1/tickets",
            { account, title: "Hello", recipients: [{ email: gone }] });
        const alerts = await untilAlertsOf(server, number, "the bounce has come",
            (alert) => alert.recipient !== gone || alert.state === "bounced");
        assert.match(alerts.find((alert) => alert.recipient === gone).last_reply, /user unknown/i);
        const { items } = await server.ask("GET", "/api/v1/suppressions");
        assert.deepEqual(items.map((item) => [item.email, item.reason]), [[gone, "no_such_mailbox"]]);
        const [settled] = (await server.ask("GET", "/api/v1/inbox?state=settled")).items;
        assert.equal(settled.reason, "no_mailbox");
    });

    await t.test("the answer to an alert lands on its ticket, in any client's way", async () => {
        const { number } = await server.ask("POST", "/api/v1/tickets", { account, contact: 1, title: "Alerted" });
        const alert = await until("the alert is there", () =>
            readMaildir(postfix.maildir).find((mail) => mail.headers.subject[0].includes(`#${number}`)), { every: 100 });
        const [to] = alert.headers["reply-to"][0].match(/[^<>\s]+@[^<>\s]+/);
        await sendMail(postfix.port, ANNA, to, `From: ${ANNA}\nTo: ${to}\nSubject: AW: Alerted\n\nDanke.\n`);
        const signed = await untilFiled(server, postfix, (row) => row.subject === "AW: Alerted");
        assert.deepEqual([signed.reason, signed.ticket], ["signed_reply_address", number]);
        const id = alert.headers["message-id"][0];
        await sendMail(postfix.port, ANNA, SUPPORT, `From: ${ANNA}\nTo: ${SUPPORT}\nSubject: Noch etwas\nIn-Reply-To: ${id}\n\nUnd.\n`);
        const answered = await untilFiled(server, postfix, (row) => row.subject === "Noch etwas");
        assert.deepEqual([answered.reason, answered.ticket], ["answers_our_mail", number]);
    });

    await t.test("while the desk is away the mail server keeps the mail", async () => {
        await stopWell(server);
        await sendMail(postfix.port, ANNA, SUPPORT, `From: ${ANNA}\nTo: ${SUPPORT}\nSubject: Later\n\nSpäter.\n`);
        await until("Postfix has tried", () => postfix.logged(/relay=tidings.*status=deferred/) > 0, { every: 100 });
        server = await serveFor(desk);
        const filed = await untilFiled(server, postfix, (row) => row.subject === "Later");
        assert.equal(filed.reason, "customer");
    });

    await stopWell(server);
    await postfix.stop();
});
