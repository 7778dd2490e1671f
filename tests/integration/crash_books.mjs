// SPDX-License-Identifier: Apache-2.0
/**
 * The audit after the crashes: what the API answered (promises), what the desk's books say (tickets, alerts) and what
 * the relay has (mails, in the order of their arrival) must agree. Pure: facts in, counts and faults out.
 */
const EXAMPLES = 3;
const CLOSING_MS = 1000; // so soon after a process was killed, its connections are closed

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

class Findings {
    constructor() {
        this.counts = Object.fromEntries(Object.keys(FAULTS).map((kind) => [kind, 0]));
        this.examples = [];
    }

    add(kind, subject) {
        this.counts[kind] += 1;
        if (this.counts[kind] <= EXAMPLES) this.examples.push(`${FAULTS[kind]}: ${JSON.stringify(subject)}`);
    }
}

const FINAL = new Set(["accepted", "rejected", "expired", "bounced", "cancelled"]);

function groupBy(list, keyOf) {
    const groups = new Map();
    for (const item of list) {
        const key = keyOf(item);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [item]);
        else group.push(item);
    }
    return groups;
}

/** Every alert ended well, and what came of it says how. Returns the alerts that arrived more than once. */
function checkAlerts(alerts, arrived, findings) {
    const repeated = [];
    for (const alert of alerts) {
        const copies = arrived.get(alert.messageId) ?? [];
        if (!FINAL.has(alert.state)) findings.add("waiting", alert);
        else if (alert.state !== "accepted") findings.add("failed", alert);
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
    for (const list of groupBy(alerts, (alert) => `${alert.ticket} ${alert.recipient}`).values()) {
        list.sort((a, b) => a.event - b.event);
        let latest = -1;
        for (const alert of list) {
            const first = arrived.get(alert.messageId)?.[0].index ?? latest;
            if (first < latest) findings.add("order", alert);
            latest = Math.max(latest, first);
        }
    }
}

/** One decision for each event and each of those who were to be told. */
function decisionsAgree(promise, alerts, always) {
    const expected = new Set([...always, ...promise.recipients]);
    const events = groupBy(alerts, (alert) => alert.event);
    const kinds = { new_ticket: 0, ticket_closed: 0 };
    for (const decisions of events.values()) {
        kinds[decisions[0].kind] += 1;
        const told = new Set(decisions.map((alert) => alert.recipient));
        if (told.size !== decisions.length || told.size !== expected.size) return false;
        for (const recipient of told) if (!expected.has(recipient)) return false;
    }
    return kinds.new_ticket === promise.told.new_ticket && kinds.ticket_closed === promise.told.ticket_closed;
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

/**
 * Whose doing a repeat is: of the relay, which took the copy before it and hung up; of a crash; or else of a lease that
 * ended (a sender that was stopped, a database that was away). The crash is the one that ended the connection of the
 * copy before, which may have been read later; where it was not a crash that ended it, the first one after that copy.
 */
function causeOf(before, repeat, ends, crashes) {
    if (before.outcome === "dropped") return "relay";
    const end = ends.get(before.connection);
    const latest = Math.min(end?.at ?? Infinity, repeat.at);
    const ending = end?.by === "peer" ? crashes.findLast((at) => at <= latest) : undefined;
    const crash = end?.at - ending < CLOSING_MS ? ending : crashes.find((at) => at >= before.at);
    return crash <= repeat.at ? crash : "lease";
}

function countRepeats(repeated, ends, crashes) {
    const perCrash = new Map();
    const counts = { repeats: 0, byRelay: 0, byLease: 0 };
    for (const { copies } of repeated) {
        // What a dead process has written may be read after what its successor writes.
        const sentBy = (copy) => Math.min(copy.at, ends.get(copy.connection)?.at ?? Infinity);
        const sent = [...copies].sort((a, b) => sentBy(a) - sentBy(b) || a.index - b.index);
        for (let i = 1; i < sent.length; i++) {
            const cause = causeOf(sent[i - 1], sent[i], ends, crashes);
            counts.repeats += 1;
            if (cause === "relay") counts.byRelay += 1;
            else if (cause === "lease") counts.byLease += 1;
            else perCrash.set(cause, (perCrash.get(cause) ?? 0) + 1);
        }
    }
    const byCrash = [...perCrash.values()];
    return {
        ...counts,
        byCrash: byCrash.reduce((sum, n) => sum + n, 0),
        crashesThatRepeated: byCrash.length,
        worstCrash: Math.max(0, ...byCrash),
    };
}

/**
 * The facts:
 *   promises  see crash_load.mjs
 *   always    who is told of every ticket
 *   tickets   {number, title, status}
 *   alerts    {id, ticket, event, kind, recipient, state, uncertain, messageId}
 *   mails     {at, connection, outcome, recipient, messageId, hash}, in the order of their arrival
 *   ends      of the connections: {at, by}
 *   crashes   when processes that send were killed, ascending
 */
export function audit({ promises, tickets, alerts, mails, ends, crashes, always }) {
    const findings = new Findings();
    mails.forEach((mail, index) => (mail.index = index));
    const arrived = groupBy(mails, (mail) => mail.messageId);
    const repeated = checkAlerts(alerts, arrived, findings);
    checkMails(alerts, arrived, findings);
    checkOrder(alerts, arrived, findings);
    checkTickets({ promises, tickets, alerts, always }, findings);
    return {
        tickets: tickets.length,
        alerts: alerts.length,
        mails: mails.length,
        uncertain: alerts.filter((alert) => alert.uncertain).length,
        repeated: repeated.length,
        ...countRepeats(repeated, ends, crashes),
        faults: findings.counts,
        examples: findings.examples,
    };
}

/** What the sink wrote down (crash_sink.mjs). */
export function readMails(text) {
    const mails = [];
    const ends = new Map();
    for (const line of text.split("\n")) {
        const [what, at, connection, ...rest] = line.split("\t");
        if (what === "end") ends.set(Number(connection), { at: Number(at), by: rest[0] });
        if (what !== "mail") continue;
        const [outcome, recipient, messageId, hash] = rest;
        mails.push({ at: Number(at), connection: Number(connection), outcome, recipient, messageId, hash });
    }
    return { mails, ends };
}
