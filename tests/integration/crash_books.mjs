// SPDX-License-Identifier: Apache-2.0
/**
 * The audit after the crashes: what the API answered (promises), what the desk's books say (tickets, alerts) and what
 * the relay has (mails, in the order of their arrival) must agree. Pure: facts in, counts and faults out.
 */
const EXAMPLES = 3;
const LATE_MS = 1000; // so long after a process was killed, the relay may still read what it wrote

/** What may be wrong, and how the table calls it. */
export const FAULTS = {
    lost: "alerts lost (accepted, and no mail arrived)",
    waiting: "alerts that are not final",
    failed: "alerts that ended otherwise than accepted",
    silent: "repeated, and not marked uncertain",
    changed: "repeated with other bytes",
    unknown: "mails that no alert knows",
    astray: "mails to somebody else than their alert's recipient",
    order: "mails before an earlier event's",
    missing: "acknowledged tickets and changes that are not there",
    unasked: "tickets that nobody asked for, or opened twice",
    undecided: "tickets whose decisions are not one for each event and recipient",
};

export class Findings {
    constructor(names = FAULTS) {
        this.names = names;
        this.counts = Object.fromEntries(Object.keys(names).map((kind) => [kind, 0]));
        this.examples = [];
    }

    add(kind, subject) {
        this.counts[kind] += 1;
        if (this.counts[kind] <= EXAMPLES) this.examples.push(`${this.names[kind]}: ${JSON.stringify(subject)}`);
    }
}

const FINAL = new Set(["accepted", "rejected", "expired", "bounced", "cancelled"]);

export function groupBy(list, keyOf) {
    const groups = new Map();
    for (const item of list) {
        const key = keyOf(item);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [item]);
        else group.push(item);
    }
    return groups;
}

/** Whether it is right that nobody was told: the relay refused it, or its recipient left the list before it was sent. */
function isExcused(alert, copies, refused) {
    if (alert.state === "rejected") return refused.has(alert.messageId);
    return alert.state === "cancelled" && alert.reason === "recipient_removed" && (alert.uncertain || copies.length === 0);
}

/** Every alert ended well, and what came of it says how. Returns the alerts that arrived more than once. */
function checkAlerts(alerts, arrived, refused, findings) {
    const repeated = [];
    for (const alert of alerts) {
        const copies = arrived.get(alert.messageId) ?? [];
        if (!FINAL.has(alert.state)) findings.add("waiting", alert);
        else if (alert.state !== "accepted") isExcused(alert, copies, refused) || findings.add("failed", alert);
        else if (copies.length === 0) findings.add("lost", alert);
        if (copies.some((copy) => copy.recipient !== alert.recipient)) findings.add("astray", { alert, copies });
        if (copies.length < 2) continue;
        repeated.push({ alert, copies });
        if (!alert.uncertain) findings.add("silent", { alert, copies });
        if (copies.some((copy) => copy.hash !== copies[0].hash)) findings.add("changed", { alert, copies });
    }
    return repeated;
}

function checkMails(alerts, arrived, findings) {
    const known = new Set(alerts.map((alert) => alert.messageId));
    for (const [messageId, copies] of arrived) if (!known.has(messageId)) findings.add("unknown", copies);
}

/** For one ticket and one recipient, no mail arrives before an earlier event's has. */
function checkOrder(alerts, arrived, findings) {
    const ordered = alerts.filter((alert) => alert.ticket !== undefined);
    for (const list of groupBy(ordered, (alert) => `${alert.ticket} ${alert.recipient}`).values()) {
        list.sort((a, b) => a.event - b.event);
        let latest = -1;
        for (const alert of list) {
            const first = arrived.get(alert.messageId)?.[0].index ?? latest;
            if (first < latest) findings.add("order", alert);
            latest = Math.max(latest, first);
        }
    }
}

function isSame(set, list) {
    return set.size === list.length && list.every((item) => set.has(item));
}

/** One decision for each event and each of those who were to be told then. */
function decisionsAgree(promise, alerts, always) {
    const events = [...groupBy(alerts, (alert) => alert.event)].sort(([a], [b]) => a - b);
    return (
        events.length === promise.told.length &&
        promise.told.every(({ kind, recipients, decision = "send" }, i) => {
            const decisions = events[i][1];
            const expected = new Set([...always, ...recipients]);
            const agrees = (alert) => alert.kind === kind && alert.decision === decision;
            return decisions.every(agrees) && isSame(expected, decisions.map((alert) => alert.recipient));
        })
    );
}

function checkTickets({ promises, tickets, alerts, always }, findings) {
    const byTicket = groupBy(alerts, (alert) => alert.ticket);
    const found = new Map(tickets.map((ticket) => [ticket.number, ticket]));
    for (const promise of promises) {
        const ticket = found.get(promise.number);
        const decisions = byTicket.get(promise.number) ?? [];
        const kept = ticket?.title === promise.title && ticket.status === promise.status;
        if (!kept) findings.add("missing", { promise, ticket });
        else if (!decisionsAgree(promise, decisions, always)) findings.add("undecided", { promise, decisions });
        found.delete(promise.number);
    }
    for (const ticket of found.values()) findings.add("unasked", ticket);
}

/** Which process's doing a connection may be: of those that lived when it was begun, one. */
function ownersOf(connection, lives) {
    return lives.filter((life) => life.from <= connection.begun && connection.begun <= life.dead);
}

/**
 * Of several dead processes, of which any may have sent the copy `before`, the one whose death ended its connection, as
 * far as times can tell. It only matters for how many repeats each crash is charged with.
 */
function likeliest(dead, before, { end }) {
    const ending = dead.findLast(({ killed }) => end?.by === "peer" && killed <= end.at && before.at < killed + LATE_MS);
    return ending ?? dead.find(({ killed }) => killed >= before.at) ?? dead[0];
}

/**
 * Whose doing a repeat is: "relay", which took the copy before it and hung up; the life of the process that had sent
 * that copy, was killed, and left the repeat to another one; or neither, undefined. Nothing here depends on how soon the
 * relay reads what a process wrote, or sees its connections end: a mail comes on a connection that was greeted while its
 * process lived, and on SQLite the lives of the processes do not overlap, so there is no doubt whose it was.
 */
function causeOf(before, repeat, connections, lives) {
    if (before.outcome === "dropped") return "relay";
    const [first, second] = [before, repeat].map((copy) => connections.get(copy.connection));
    const heirs = ownersOf(second, lives);
    const dead = ownersOf(first, lives).filter(
        (life) => life.killed <= repeat.at && heirs.some((heir) => heir !== life),
    );
    return dead.length > 1 ? likeliest(dead, before, first) : dead[0];
}

/** The copies in the order in which they were sent: a slow relay may read later what was sent by one that is dead. */
function inSendingOrder(copies, connections, lives) {
    const sentBy = (copy) => {
        const connection = connections.get(copy.connection);
        const latest = Math.max(...ownersOf(connection, lives).map((life) => life.dead));
        return Math.min(copy.at, connection.end?.at ?? Infinity, latest);
    };
    return [...copies].sort((a, b) => sentBy(a) - sentBy(b) || a.index - b.index);
}

function countRepeats(repeated, connections, lives) {
    const perCrash = new Map();
    const counts = { repeats: 0, byRelay: 0, byLease: 0 };
    const unexplained = [];
    for (const { alert, copies } of repeated) {
        const sent = inSendingOrder(copies, connections, lives);
        for (let i = 1; i < sent.length; i++) {
            const cause = causeOf(sent[i - 1], sent[i], connections, lives);
            counts.repeats += 1;
            if (cause === "relay") counts.byRelay += 1;
            else if (cause !== undefined) perCrash.set(cause, (perCrash.get(cause) ?? 0) + 1);
            else {
                counts.byLease += 1;
                unexplained.push({ alert: alert.id, copies: sent.map((copy) => tell(copy, connections, lives)) });
            }
        }
    }
    const byCrash = [...perCrash.values()];
    return {
        ...counts,
        unexplained: unexplained.slice(0, EXAMPLES),
        byCrash: byCrash.reduce((sum, n) => sum + n, 0),
        crashesThatRepeated: byCrash.length,
        worstCrash: Math.max(0, ...byCrash),
    };
}

/** A copy with all that is known of its way, for whoever has to find out. */
function tell({ at, connection, outcome }, connections, lives) {
    return { at, outcome, connection, ...connections.get(connection), owners: ownersOf(connections.get(connection), lives) };
}

/**
 * The facts:
 *   promises  see crash_load.mjs
 *   always    who is told of every ticket
 *   tickets   {number, title, status}
 *   alerts    the decisions: {id, ticket, event, kind, recipient, decision, state, uncertain, messageId}
 *   outgoing  all that leaves, where that is more than the alerts: as these, with `reason` of the state; without
 *             `ticket` what leaves in no order
 *   refused   Message-IDs that the relay has answered with 5xx
 *   mails     {at, connection, outcome, recipient, messageId, hash}, in the order of their arrival
 *   connections  by their numbers: {begun, end: {at, by}}; no end while it is open
 *   lives     of the processes that send: {name, from, killed, dead}, by the time of death: before it was started,
 *             before it was killed, after it was gone; Infinity for what did not happen
 * All times are of one clock, in milliseconds.
 */
export function audit({ promises, tickets, alerts, mails, connections, lives, always, outgoing = alerts, refused = new Set() }) {
    const findings = new Findings();
    mails.forEach((mail, index) => (mail.index = index));
    const arrived = groupBy(mails, (mail) => mail.messageId);
    const repeated = checkAlerts(outgoing, arrived, refused, findings);
    checkMails(outgoing, arrived, findings);
    checkOrder(outgoing, arrived, findings);
    checkTickets({ promises, tickets, alerts, always }, findings);
    return {
        tickets: tickets.length,
        alerts: alerts.length,
        mails: mails.length,
        uncertain: outgoing.filter((alert) => alert.uncertain).length,
        repeated: repeated.length,
        ...countRepeats(repeated, connections, lives),
        faults: findings.counts,
        examples: findings.examples,
    };
}

/** What the sink wrote down (crash_sink.mjs). */
export function readMails(text) {
    const mails = [];
    const connections = new Map();
    const refused = new Set();
    for (const line of text.split("\n")) {
        const [what, time, number, ...rest] = line.split("\t");
        const [at, connection] = [Number(time), Number(number)];
        const [outcome, recipient, messageId, hash] = rest;
        if (what === "begin") connections.set(connection, { begun: at });
        if (what === "end") connections.get(connection).end = { at, by: rest[0] };
        if (what === "refuse") refused.add(rest[0]);
        if (what === "mail") mails.push({ at, connection, outcome, recipient, messageId, hash });
    }
    return { mails, connections, refused };
}
