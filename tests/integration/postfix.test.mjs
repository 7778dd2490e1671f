// SPDX-License-Identifier: Apache-2.0
/**
 * Both alerts through a real Postfix into a Maildir, read by two strangers: Python's email package reads every part of
 * them, and neomutt threads them.
 */
import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { cleanUp, initDesk, scratchFolder, untilMails } from "../support/api.mjs";
import { activate, smtpOn, stopWell, untilAllFinal } from "./common.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";

after(cleanUp);

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));

const DESK = { name: "Hafen-IT Größe ⚓", phone: "+49 40 5550123", hours: "Mo–Fr 8–18 Uhr" };
const SENDER = { from_name: "Hafen-IT „Störungsdienst“ ⚓", from_address: "hilfe@hafen-it.example" };

const STORIES = [
    {
        title: "Drucker druckt überall weiße Flächen – „Größe“ prüfen",
        description: "Grüße aus Köln:\nder Drucker im Büro <Süd> & Flur ist müde.",
        resolution: "Tonerkartusche getauscht; läuft wieder schön.",
        contact: { name: "Jürgen Müßig-Öztürk", email: "juergen@kunde.example", language: "de" },
    },
    {
        title: "会議室のプリンターから白紙しか出てきません",
        description: "今朝からずっと白紙が印刷されます。\n急ぎでお願いします。",
        resolution: "トナーを交換し、ドラムを清掃しました。",
        contact: { name: "山田 太郎", email: "taro@kunde.example", language: "ja" },
    },
    {
        title: "Scanner is on fire 🔥🚒 not a drill",
        description: "It smells 🙈 and the light is 🔴.\n.\n..a line that begins with two dots\n" + "long ".repeat(300),
        resolution: "Put out 🧯, replaced 👍",
        contact: { name: "Zoë 😀 O'Hara, \"Boss\"", email: "zoe@kunde.example", language: "en" },
    },
];
const COPY = "leitung@büro-süd.example";
const COPY_ASCII = "leitung@xn--bro-sd-3yae.example";
const ALSO = "Mixed.Case@Kunde.example";

async function helper(name, ...args) {
    const { stdout } = await run("python3", [path.join(here, name), ...args], { maxBuffer: 1 << 26 });
    return stdout;
}

const squeeze = (text) => text.replace(/\s+/g, "");

function one(mail, header) {
    assert.equal(mail.headers[header]?.length, 1, `${header}: ${JSON.stringify(mail.headers[header])}`);
    return mail.headers[header][0];
}

/** Opens and closes every story's ticket; returns [{number, story, recipients}]. */
async function tellStories(server) {
    const account = await server.ask("POST", "/api/v1/accounts", { name: "Müller & 息子 GmbH", email: "info@kunde.example" });
    const tickets = [];
    for (const story of STORIES) {
        const contact = await server.ask("POST", "/api/v1/contacts", { account: account.number, ...story.contact });
        const { number } = await server.ask("POST", "/api/v1/tickets", {
            account: account.number,
            contact: contact.id,
            title: story.title,
            description: story.description,
            recipients: [{ email: COPY, name: "Leitung Süd" }, { email: ALSO }, { email: ` ${ALSO.toLowerCase()} ` }],
        });
        tickets.push({ number, story, recipients: [story.contact.email, COPY_ASCII, ALSO] });
    }
    for (const { number, story } of tickets)
        await server.ask("PATCH", `/api/v1/tickets/${number}`, { status: "Completed", resolution: story.resolution });
    return tickets;
}

function checkHeaders(mail, alert) {
    assert.deepEqual(mail.defects, [], mail.file);
    assert.deepEqual(mail.to.map((to) => to.toLowerCase()), [alert.recipient.toLowerCase()]);
    assert.equal(one(mail, "return-path"), `<${SENDER.from_address}>`);
    assert.ok(one(mail, "from").includes(SENDER.from_address));
    assert.equal(one(mail, "auto-submitted"), "auto-generated");
    assert.equal(one(mail, "x-auto-response-suppress"), "All");
    assert.equal(one(mail, "message-id"), `<${alert.message_id}>`);
    assert.ok(!Number.isNaN(Date.parse(one(mail, "date"))));
    for (const hidden of ["cc", "bcc"]) assert.equal(mail.headers[hidden], undefined);
}

function checkWords(mail, ticket, kind) {
    const { story, number } = ticket;
    const subject = one(mail, "subject");
    assert.ok(subject.includes(story.title), subject);
    assert.ok(subject.includes(`#${number}`), subject);
    assert.equal(mail.content_type, "multipart/alternative");
    assert.deepEqual(mail.parts, ["text/plain", "text/html"]);
    const wanted = [story.title, DESK.name, DESK.phone, kind === "new_ticket" ? story.description : story.resolution];
    for (const part of ["text", "html_text"])
        for (const words of wanted) assert.ok(squeeze(mail[part]).includes(squeeze(words)), `${part}: ${words}\n${mail[part]}`);
}

/** A Maildir with one recipient's mails alone, as in their own mail program. */
function mailboxOf(recipient, mails) {
    const folder = scratchFolder();
    for (const part of ["new", "cur", "tmp"]) fs.mkdirSync(path.join(folder, part));
    for (const mail of mails)
        if (mail.headers["delivered-to"][0].toLowerCase() === recipient.toLowerCase())
            fs.copyFileSync(mail.file, path.join(folder, "new", path.basename(mail.file)));
    return folder;
}

/** What neomutt shows: a title with "opened", and its own "closed" below it as its child. */
async function checkThreads(recipient, tickets, mails) {
    const shown = await helper("thread_view.py", mailboxOf(recipient, mails));
    const subjects = new Map();
    for (const mail of mails) if (mail.to[0].toLowerCase() === recipient.toLowerCase()) subjects.set(one(mail, "subject"), mail);
    assert.equal(subjects.size, tickets.length * 2);
    const lines = shown.trimEnd().split("\n");
    assert.equal(lines.length, tickets.length * 2, shown);
    for (const { number, story } of tickets) {
        const at = lines.findIndex((line) => line.startsWith(`[#${number}] `));
        assert.ok(at >= 0, shown);
        assert.ok(lines[at].endsWith(story.title), `${lines[at]} | ${story.title}`);
        const child = /^`->(\[#(\d+)\] .*)$/.exec(lines[at + 1] ?? "");
        assert.ok(child !== null, shown);
        assert.equal(Number(child[2]), number, shown);
        assert.ok(child[1].endsWith(story.title), shown);
        assert.notEqual(child[1], lines[at]);
        assert.ok(subjects.has(child[1]) && subjects.has(lines[at]), shown);
    }
}

test("both alerts arrive through Postfix, are read and are threaded", { skip: postfixMissing() }, async (t) => {
    const postfix = await Postfix.start();
    const desk = await initDesk({ sample: false });
    const server = await desk.serve();
    await server.ask("PUT", "/api/v1/options/desk", { ...DESK, language: "de", time_zone: "Europe/Berlin" });
    await activate(server, smtpOn(postfix.port, SENDER));
    await server.ask("PUT", "/api/v1/options/alerts-to-customers", {
        new_ticket: { enabled: true },
        ticket_closed: { enabled: true },
    });
    const tickets = await tellStories(server);
    const alerts = await untilAllFinal(server).catch((error) => assert.fail(`${error.message}\n${server.log}\n${postfix.log}`));
    assert.deepEqual(new Set(alerts.map((alert) => alert.state)), new Set(["accepted"]));
    const wanted = tickets.length * 3 * 2; // tickets, recipients, alerts
    assert.equal(alerts.length, wanted);
    await untilMails(postfix.maildir, wanted).catch((error) => assert.fail(`${error.message}\n${postfix.log}`));
    const mails = JSON.parse(await helper("read_maildir.py", postfix.maildir));
    assert.equal(mails.length, wanted, "nobody is told twice");

    await t.test("each recipient has a mail of their own", () => {
        for (const alert of alerts) {
            const own = mails.filter((mail) => mail.headers["message-id"][0] === `<${alert.message_id}>`);
            assert.equal(own.length, 1, alert.message_id);
            checkHeaders(own[0], alert);
            assert.equal(own[0].headers["delivered-to"][0].toLowerCase(), alert.recipient.toLowerCase());
        }
        for (const { number, recipients } of tickets)
            assert.deepEqual(
                new Set(alerts.filter((alert) => alert.ticket === number).map((alert) => alert.recipient.toLowerCase())),
                new Set(recipients.map((recipient) => recipient.toLowerCase())),
            );
    });

    await t.test("both parts say what happened", () => {
        for (const alert of alerts) {
            const mail = mails.find((candidate) => candidate.headers["message-id"][0] === `<${alert.message_id}>`);
            checkWords(mail, tickets.find(({ number }) => number === alert.ticket), alert.kind);
        }
    });

    await t.test("the closed alert refers to the opened one", () => {
        for (const closed of alerts.filter((alert) => alert.kind === "ticket_closed")) {
            const same = (alert) => alert.ticket === closed.ticket && alert.recipient === closed.recipient;
            const opened = alerts.find((alert) => same(alert) && alert.kind === "new_ticket");
            const mail = mails.find((candidate) => candidate.headers["message-id"][0] === `<${closed.message_id}>`);
            assert.ok(one(mail, "references").endsWith(` <${opened.message_id}>`));
            assert.equal(one(mail, "in-reply-to"), `<${opened.message_id}>`);
        }
    });

    await t.test("neomutt threads them", async () => {
        for (const { number, story } of tickets)
            await checkThreads(story.contact.email, tickets.filter((ticket) => ticket.number === number), mails);
        for (const recipient of [COPY_ASCII, ALSO]) await checkThreads(recipient, tickets, mails);
    });

    await t.test("what is shown again is what Postfix was given", async () => {
        for (const alert of alerts) {
            const mail = mails.find((candidate) => candidate.headers["message-id"][0] === `<${alert.message_id}>`);
            const { text, status } = await server.call("GET", `/api/v1/alerts/${alert.id}/message`);
            assert.equal(status, 200, text);
            // Postfix writes LF and puts its own headers in front; all of ours must follow unchanged.
            const delivered = fs.readFileSync(mail.file, "utf8");
            assert.ok(delivered.endsWith(text.replaceAll("\r\n", "\n")), mail.file);
        }
    });

    assert.deepEqual(server.complaints, []);
    await stopWell(server);
    await postfix.stop();
});
