// SPDX-License-Identifier: Apache-2.0
/** The audit of the crash harness finds what it is there to find: good books, and these with one thing wrong. */
import * as assert from "node:assert/strict";
import { test } from "node:test";

import { audit, readMails } from "./crash_books.mjs";

const ALWAYS = "anna@one.example";
const OTHER = "other@two.example";

function alert(id, ticket, event, kind, recipient, uncertain = false) {
    return { id, ticket, event, kind, recipient, decision: "send", state: "accepted", uncertain, messageId: `alert.${id}` };
}

function mail(at, connection, id, recipient = ALWAYS, outcome = "answered") {
    return { at, connection, outcome, recipient, messageId: `alert.${id}`, hash: `bytes of ${id}` };
}

function told(kind, ...recipients) {
    return { kind, recipients };
}

function life(name, from, killed = Infinity, dead = killed + 5) {
    return { name, from, killed, dead };
}

/**
 * Two tickets, one of them closed. A crash at 1000 ended connection 1: alert 2 was repeated. The relay hung up after it
 * had taken alert 4. Alert 3 was repeated by the process that had sent it: a lease had ended.
 */
function goodBooks() {
    return {
        always: [ALWAYS],
        promises: [
            { number: 1, title: "one", status: 1000, told: [told("new_ticket"), told("ticket_closed")] },
            { number: 2, title: "two", status: 100, told: [told("new_ticket", OTHER)] },
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
        connections: new Map([
            [1, { begun: 600, end: { at: 1001, by: "peer" } }],
            [2, { begun: 1100 }],
            [3, { begun: 1150, end: { at: 1400, by: "sink" } }],
            [4, { begun: 1150 }],
        ]),
        lives: [life("server", 0, 500), life("server", 510, 1000), life("server", 1050)],
    };
}

test("good books, and whose doing each repeat was", () => {
    const result = audit(goodBooks());
    const { faults, examples, unexplained, ...counts } = result;
    assert.deepEqual(examples, []);
    assert.ok(Object.values(faults).every((count) => count === 0));
    assert.deepEqual(
        unexplained.map(({ alert, copies }) => [alert, copies.map(({ at, connection }) => [at, connection])]),
        [[3, [[1300, 2], [4300, 4]]]],
    );
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

/** What changes nothing of whose doing the repeats are, and why. */
const SAME = {
    "a mail was answered before the relay hung up, and not recorded before the crash": ({ connections }) =>
        (connections.get(1).end = { at: 995, by: "sink" }),
    "a slow relay reads a mail after its repeat": ({ mails }) => {
        mails.splice(2, 0, mails.splice(1, 1)[0]);
        mails[2].at = 1250;
    },
    "a relay that gets no time reads a mail, and the end of its connection, seconds after the crash": (books) => {
        const [late] = books.mails.splice(1, 1);
        books.mails.splice(2, 0, Object.assign(late, { at: 3150 }));
        books.connections.get(1).end.at = 3900;
        books.mails[1].at = 3100;
        books.mails[3].at = 3200;
        books.mails[4].at = 3300;
    },
    "a process takes seconds to die, and its mail is read meanwhile": ({ mails, lives, connections }) => {
        lives[1].killed = 980;
        lives[1].dead = 1040;
        mails[1].at = 1035;
        connections.get(1).end.at = 2500;
    },
    "another process was killed between": (books) => {
        books.lives.splice(2, 1, life("server", 1050, 1060), life("server", 1070));
    },
};

for (const [name, happen] of Object.entries(SAME))
    test(`whose doing a repeat is, when ${name}`, () => {
        const books = goodBooks();
        happen(books);
        const { byCrash, byRelay, byLease, worstCrash } = audit(books);
        assert.deepEqual({ byCrash, byRelay, byLease, worstCrash }, { byCrash: 1, byRelay: 1, byLease: 1, worstCrash: 1 });
    });

test("a process that sends a mail twice is not excused by the crash of another one", () => {
    const books = goodBooks();
    books.mails.splice(2, 0, mail(995, 1, 2));
    const { byCrash, byLease, unexplained } = audit(books);
    assert.deepEqual({ byCrash, byLease }, { byCrash: 1, byLease: 2 });
    assert.deepEqual(unexplained[0].copies.map(({ owners }) => owners.map(({ from }) => from)), [[510], [510], [1050]]);
});

test("nor by its own, when the relay reads the second copy after it", () => {
    const books = goodBooks();
    books.mails.splice(2, 1, mail(1020, 1, 2));
    const { byCrash, byLease } = audit(books);
    assert.deepEqual({ byCrash, byLease }, { byCrash: 0, byLease: 2 });
});

test("two processes send, and one of them is killed: its connection's end says that it was this one's mail", () => {
    const books = goodBooks();
    books.lives = [life("sender 1", 0, 1000), life("sender 2", 0, 1100), life("sender 1", 1050), life("sender 2", 1100)];
    books.connections.get(2).begun = 1150;
    const { byCrash, crashesThatRepeated } = audit(books);
    assert.deepEqual({ byCrash, crashesThatRepeated }, { byCrash: 1, crashesThatRepeated: 1 });
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
    "an alert that the relay refused, and nobody saw it": ["failed", ({ alerts }) => (alerts[0].state = "rejected")],
    "a mail that left after its recipient": [
        "failed",
        ({ alerts }) => Object.assign(alerts[0], { state: "cancelled", reason: "recipient_removed" }),
    ],
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
    "a decision not to tell somebody who was to be told": ["undecided", ({ alerts }) => (alerts[0].decision = "hold")],
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

/** What is as it should be, though nobody was told. */
const EXCUSED = {
    "the relay refused it": ({ alerts, mails, refused }) => {
        alerts[0].state = "rejected";
        refused.add(mails.shift().messageId);
    },
    "its recipient left the list": ({ alerts, mails }) => {
        Object.assign(alerts[0], { state: "cancelled", reason: "recipient_removed" });
        mails.shift();
    },
};

for (const [name, happen] of Object.entries(EXCUSED))
    test(`an alert that nobody got, because ${name}`, () => {
        const books = { ...goodBooks(), refused: new Set() };
        happen(books);
        assert.deepEqual(audit(books).examples, []);
    });

test("the sink's file", () => {
    const { mails, connections, refused } = readMails(
        "begin\t4.5\t1\nrefuse\t4.6\t1\talert.7@x\nmail\t5\t1\tanswered\ta@b.example\talert.1@x\tabc\nbegin\t5\t2\nend\t6\t1\tpeer\n",
    );
    assert.deepEqual(mails, [
        { at: 5, connection: 1, outcome: "answered", recipient: "a@b.example", messageId: "alert.1@x", hash: "abc" },
    ]);
    assert.deepEqual([...refused], ["alert.7@x"]);
    assert.deepEqual(
        [...connections],
        [
            [1, { begun: 4.5, end: { at: 6, by: "peer" } }],
            [2, { begun: 5 }],
        ],
    );
});
