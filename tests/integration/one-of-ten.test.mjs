// SPDX-License-Identifier: Apache-2.0
/**
 * A ticket with ten recipients of which a real Postfix refuses one: nine are told at the first try, the tenth's reason
 * stands at the ticket, and nobody gets a bounce. An address that does not exist is not tried a second time; one that
 * is refused for another reason is.
 */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import { cleanUp, initDesk } from "../support/api.mjs";
import { everything, isAccepted, smtpOn, stopWell, untilAlertsOf } from "./common.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";

after(cleanUp);

const ACCOUNT = "info@kunde.example"; // on each ticket's list by itself: it is the account's address
const others = Array.from({ length: 8 }, (_, i) => `person${i}@kunde.example`);
const UNKNOWN = "nobody@kunde.example";
const UNWANTED = "picky@kunde.example";
const ALL = 10;

function settings(folder) {
    const [users, access] = [path.join(folder, "users"), path.join(folder, "access")];
    fs.writeFileSync(users, [ACCOUNT, ...others, UNWANTED].map((user) => `${user} Maildir/\n`).join(""));
    fs.writeFileSync(access, `${UNWANTED} 550 5.7.1 We take nothing from you\n`);
    return {
        virtual_mailbox_domains: "kunde.example",
        virtual_mailbox_maps: `texthash:${users}`,
        smtpd_recipient_restrictions: `check_recipient_access texthash:${access}, permit_mynetworks, reject`,
    };
}

const CASES = [
    { name: "an unknown user", refused: UNKNOWN, reply: /550 5\.1\.1 .*User unknown/, listed: true },
    { name: "an access map", refused: UNWANTED, reply: /550 5\.7\.1 .*We take nothing from you/, listed: false },
];

/** Whom these mails were delivered to. */
const deliveredTo = (mails) => mails.map((mail) => mail.headers["delivered-to"][0]).sort();

for (const { name, refused, reply, listed } of CASES)
    test(`one of ten recipients is refused by ${name}`, { skip: postfixMissing() }, async (t) => {
        const postfix = await Postfix.start({ settings });
        const desk = await initDesk();
        const server = await desk.serve();
        await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(postfix.port));
        const account = await server.ask("POST", "/api/v1/accounts", { name: "Kunde", email: ACCOUNT });
        // In the middle, so that there are mails before and behind it.
        const recipients = [...others.slice(0, 4), refused, ...others.slice(4)].map((email) => ({ email }));
        const opening = { account: account.number, title: "ten recipients", recipients };
        const { number } = await server.ask("POST", "/api/v1/tickets", opening);
        const told = [ACCOUNT, ...others].sort();

        await t.test("nine are told at the first try", async () => {
            const alerts = await untilAlertsOf(server, number, "all are final", ({ state }) => ["accepted", "rejected"].includes(state));
            assert.equal(alerts.length, ALL);
            for (const alert of alerts) assert.equal(alert.attempts, 1, JSON.stringify(alert));
            assert.deepEqual(alerts.filter(isAccepted).map((alert) => alert.recipient).sort(), told);
            assert.deepEqual(deliveredTo(await postfix.untilDelivered(told.length)), told);
        });

        await t.test("the tenth's reason stands at the ticket", async () => {
            const [alert] = await everything(server, "/api/v1/alerts?state=rejected");
            assert.equal(alert.recipient, refused);
            assert.equal(alert.ticket, number);
            assert.match(alert.last_reply, reply);
            assert.match(alert.explanation, /^Not told: the mail was refused for good/);
            const { stdout } = await desk.run(["alerts", "explain", String(number)]);
            assert.match(stdout, reply);
        });

        await t.test(`the address is ${listed ? "" : "not "}on the suppression list`, async () => {
            const suppressed = await everything(server, "/api/v1/suppressions");
            assert.deepEqual(suppressed.map((entry) => entry.email), listed ? [refused] : []);
            if (listed) assert.match(suppressed[0].evidence.reply, reply);
        });

        await t.test("at the closing the nine are told again", async () => {
            await server.ask("PATCH", `/api/v1/tickets/${number}`, { status: "Completed" });
            const ends = ["accepted", "rejected", null];
            const alerts = await untilAlertsOf(server, number, "all are final", ({ state }) => ends.includes(state));
            const closed = alerts.filter((alert) => alert.kind === "ticket_closed");
            assert.equal(closed.length, ALL);
            assert.deepEqual(closed.filter(isAccepted).map((alert) => alert.recipient).sort(), told);
            const tenth = closed.find((alert) => alert.recipient === refused);
            if (listed) assert.deepEqual([tenth.decision, tenth.reason], ["suppress", "address_suppressed"]);
            else assert.equal(tenth.state, "rejected");
        });

        await t.test("nobody was delayed, and nobody got a bounce", async () => {
            const mails = await postfix.untilDelivered(2 * told.length);
            assert.deepEqual(deliveredTo(mails), [...told, ...told].sort());
            for (const mail of mails) assert.notEqual(mail.headers["return-path"][0], "<>");
            assert.equal(postfix.logged(/status=(bounced|deferred)/), 0, postfix.log);
            assert.equal(postfix.logged(new RegExp(`NOQUEUE: reject: .*<${refused}>`)), listed ? 1 : 2, postfix.log);
        });

        await stopWell(server);
        await postfix.stop();
    });
