// SPDX-License-Identifier: Apache-2.0
/**
 * What the soak's audit looks at besides that of the crashes (crash_books.mjs): that the ledger as the API shows it and
 * the tables are one, that answers have a copy for each of their recipients, that mails which came in are there once,
 * and that what the desk shows as sent is what the relay has. Pure.
 */
import { FAULTS, Findings, audit, groupBy } from "./crash_books.mjs";

export const SOAK_FAULTS = {
    differs: "alerts that the API and the outbox do not tell alike",
    copies: "answers whose copies are not one for each recipient",
    inbox: "mails brought that are not filed once, on their ticket",
    bytes: "alerts that are shown with other bytes than the relay has",
};

function checkLedger(alerts, outgoing, findings) {
    const rows = new Map(outgoing.map((row) => [row.messageId, row]));
    for (const alert of alerts) {
        const row = rows.get(alert.messageId);
        const same = alert.decision === "send" ? row?.state === alert.state && row.uncertain === alert.uncertain : !row;
        if (!same) findings.add("differs", { alert, row });
    }
    const known = new Set(alerts.map((alert) => alert.messageId));
    for (const row of outgoing) if (row.kind === "alert" && !known.has(row.messageId)) findings.add("differs", { row });
}

function checkCopies(promises, copies, always, findings) {
    const byTicket = groupBy(copies, (copy) => copy.ticket);
    for (const { number, answers = [] } of promises) {
        const found = [...groupBy(byTicket.get(number) ?? [], (copy) => copy.message)].sort(([a], [b]) => a - b);
        const told = found.map(([, list]) => list.map((copy) => copy.recipient).sort());
        const expected = answers.map((recipients) => [...new Set([...always, ...recipients])].sort());
        if (JSON.stringify(told) !== JSON.stringify(expected)) findings.add("copies", { number, told, expected });
    }
}

function checkInbox(promises, inbox, findings) {
    const rows = groupBy(inbox, (row) => row.messageId);
    for (const { number, mails = [] } of promises)
        for (const id of mails) {
            const found = rows.get(id) ?? [];
            if (found.length !== 1 || found[0].ticket !== number) findings.add("inbox", { id, number, found });
        }
}

function checkShown(shown, mails, findings) {
    const hashes = new Map(mails.map((mail) => [mail.messageId, mail.hash]));
    for (const { messageId, hash } of shown)
        if (hashes.get(messageId) !== hash) findings.add("bytes", { messageId, shown: hash, sent: hashes.get(messageId) });
}

/**
 * As audit(), with the facts
 *   outgoing  with `kind`
 *   copies    of answers, {ticket, message, recipient}
 *   inbox     {messageId, ticket}
 *   shown     a sample of accepted alerts: {messageId, hash of what the desk shows}
 */
export function soakAudit(books) {
    const result = audit(books);
    const findings = new Findings({ ...FAULTS, ...SOAK_FAULTS });
    checkLedger(books.alerts, books.outgoing, findings);
    checkCopies(books.promises, books.copies, books.always, findings);
    checkInbox(books.promises, books.inbox, findings);
    checkShown(books.shown, books.mails, findings);
    return {
        ...result,
        outgoing: books.outgoing.length,
        rejected: books.outgoing.filter((row) => row.state === "rejected").length,
        cancelled: books.outgoing.filter((row) => row.state === "cancelled").length,
        shown: books.shown.length,
        faults: { ...findings.counts, ...result.faults },
        examples: [...result.examples, ...findings.examples],
    };
}
