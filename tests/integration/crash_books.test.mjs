// SPDX-License-Identifier: Apache-2.0
/** The audit of the crash harness finds what it is there to find: good books, and these with one thing wrong. */
import * as assert from "node:assert/strict";
import { test } from "node:test";

import { audit, readMails } from "./crash_books.mjs";

const ALWAYS = "anna@one.example";
const OTHER = "other@two.example";

function alert(id, ticket, event, kind, recipient, uncertain = false) {
    return { id, ticket, event, kind, recipient, state: "accepted", uncertain, messageId: `alert.${id}` };
}

function mail(at, connection, id, recipient = ALWAYS, outcome = "answered") {
    return { at, connection, outcome, recipient, messageId: `alert.${id}`, hash: `bytes of ${id}` };
}

/**
 * Two tickets, one of them closed. A crash at 1000 ended connection 1: alert 2 was repeated. The relay hung up after it
 * had taken alert 4. A lease that ended repeated alert 3.
 */
function goodBooks() {
    return {
        always: [ALWAYS],
        promises: [
            { number: 1, title: "one", status: 1000, recipients: [], told: { new_ticket: 1, ticket_closed: 1 } },
            { number: 2, title: "two", status: 100, recipients: [OTHER], told: { new_ticket: 1, ticket_closed: 0 } },
        ],
        tickets: [
            { number: 1, title: "one", status: 1000 },
            { number: 2, title: "two", status: 100 },
        ],
        alerts: [
            alert(1, 1, 1, "new_ticket", ALWAYS),
            alert(2, 1, 3, "ticket_closed", ALWAYS, true),
            alert(3, 2, 2, "new_ticket", ALWAYS, true),
            alert(4, 2, 2, "new_ticket", OTHER, true),
        ],
        mails: [
            mail(100, 1, 1),
            mail(990, 1, 2),
            mail(1200, 2, 2),
            mail(1300, 2, 3),
            mail(1400, 3, 4, OTHER, "dropped"),
            mail(4300, 4, 3),
            mail(4400, 4, 4, OTHER),
        ],
        ends: new Map([
            [1, { at: 1001, by: "peer" }],
            [3, { at: 1400, by: "sink" }],
        ]),
        crashes: [500, 1000],
    };
}

test("good books, and whose doing each repeat was", () => {
    const result = audit(goodBooks());
    const { faults, examples, ...counts } = result;
    assert.deepEqual(examples, []);
    assert.ok(Object.values(faults).every((count) => count === 0));
    assert.deepEqual(counts, {
        tickets: 2,
        alerts: 4,
        mails: 7,
        uncertain: 3,
        repeated: 3,
        repeats: 3,
        byRelay: 1,
        byLease: 1,
        byCrash: 1,
        crashesThatRepeated: 1,
        worstCrash: 1,
    });
});

test("a mail that was answered before the relay hung up, and not recorded before the crash", () => {
    const books = goodBooks();
    books.ends.set(1, { at: 995, by: "sink" });
    const { byCrash, byLease } = audit(books);
    assert.deepEqual({ byCrash, byLease }, { byCrash: 1, byLease: 1 });
});

test("a mail that a slow relay reads after its repeat", () => {
    const books = goodBooks();
    books.mails.splice(2, 0, books.mails.splice(1, 1)[0]);
    books.mails[2].at = 1250;
    const { byCrash, byLease } = audit(books);
    assert.deepEqual({ byCrash, byLease }, { byCrash: 1, byLease: 1 });
});

test("a mail that the relay took and hung up, repeated at once on an older connection", () => {
    const books = goodBooks();
    books.mails.at(-1).connection = 2;
    const { byRelay, byLease } = audit(books);
    assert.deepEqual({ byRelay, byLease }, { byRelay: 1, byLease: 1 });
});

/** What is wrong, and what the audit must call it. */
const WRONG = {
    "a mail that never came": ["lost", ({ mails }) => mails.splice(0, 1)],
    "an alert that waits": ["waiting", ({ alerts }) => (alerts[0].state = "sending")],
    "an alert that was given up, though its mail arrived": ["failed", ({ alerts }) => (alerts[0].state = "expired")],
    "a repeat that does not say so": ["silent", ({ alerts }) => (alerts[1].uncertain = false)],
    "a repeat with other bytes": ["changed", ({ mails }) => (mails[2].hash = "other bytes")],
    "a mail that no alert knows": ["unknown", ({ mails }) => mails.push(mail(5000, 4, 5))],
    "a mail to somebody else": ["astray", ({ mails }) => (mails[0].recipient = OTHER)],
    "told of the closing first": ["order", ({ mails }) => mails.push(mails.shift())],
    "a ticket that is gone": ["missing", ({ tickets }) => tickets.splice(1, 1)],
    "a closing that is gone": ["missing", ({ tickets }) => (tickets[0].status = 100)],
    "a ticket opened twice": ["unasked", ({ tickets }) => tickets.push({ number: 3, title: "two", status: 100 })],
    "a recipient without a decision": [
        "undecided",
        ({ alerts, mails }) => (alerts.splice(2, 1), mails.splice(5, 1), mails.splice(3, 1)),
    ],
    "two decisions for one recipient": [
        "undecided",
        ({ alerts, mails }) => (alerts.push(alert(5, 2, 2, "new_ticket", OTHER)), mails.push(mail(5000, 4, 5, OTHER))),
    ],
    "an event that nobody caused": [
        "undecided",
        ({ alerts, mails }) => (alerts.push(alert(5, 1, 4, "ticket_closed", ALWAYS)), mails.push(mail(5000, 4, 5))),
    ],
};

for (const [name, [fault, spoil]] of Object.entries(WRONG))
    test(name, () => {
        const books = goodBooks();
        spoil(books);
        const { faults, examples } = audit(books);
        const found = Object.keys(faults).filter((kind) => faults[kind] > 0);
        assert.deepEqual(found, [fault]);
        assert.equal(examples.length, 1);
    });

test("the sink's file", () => {
    const { mails, ends } = readMails("mail\t5\t1\tanswered\ta@b.example\talert.1@x\tabc\nend\t6\t1\tpeer\n");
    assert.deepEqual(mails, [
        { at: 5, connection: 1, outcome: "answered", recipient: "a@b.example", messageId: "alert.1@x", hash: "abc" },
    ]);
    assert.deepEqual([...ends], [[1, { at: 6, by: "peer" }]]);
});
