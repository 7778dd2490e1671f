// SPDX-License-Identifier: Apache-2.0
/** What the system tests ask of a desk, whatever they are about. */
import * as assert from "node:assert/strict";

import { SLOW, until } from "../support/api.mjs";

const FINAL = new Set(["accepted", "rejected", "expired", "bounced", "cancelled", null]);

/** Options that send to an SMTP server on this machine. */
export function smtpOn(port, more = {}) {
    return { active: true, transport: "smtp", host: "127.0.0.1", port, security: "none", ...more };
}

/** On a new desk: activates the Alerts Server, with a test mail into the desk's own Maildir, and then sets these options. */
export async function activate(server, options) {
    const settings = "/api/v1/options/alerts-server";
    await server.ask("PUT", settings, { transport: "maildir", from_address: options.from_address });
    const { tested } = await server.ask("POST", `${settings}/test`, { to: "erika@example.com" });
    assert.equal(tested, true);
    await server.ask("PUT", settings, { active: true });
    await server.ask("PUT", settings, options);
}

/** All items of a collection, page after page; of each what `wanted` takes of it. */
export async function everything(server, target, wanted = (item) => item) {
    const items = [];
    let cursor = null;
    do {
        const mark = target.includes("?") ? "&" : "?";
        const page = await server.ask("GET", cursor === null ? target : `${target}${mark}cursor=${cursor}`);
        items.push(...page.items.map(wanted));
        cursor = page.next_cursor;
    } while (cursor !== null);
    return items;
}

/** Waits until every alert of the desk has come to its end, and returns them. */
export function untilAllFinal(server, { limit = 30_000 * SLOW } = {}) {
    let alerts = [];
    return until(
        "every alert is final",
        async () => {
            alerts = await everything(server, "/api/v1/alerts");
            return alerts.every((alert) => FINAL.has(alert.state)) && alerts;
        },
        { limit, every: 100 },
    ).catch((error) => {
        const waiting = alerts.filter((alert) => !FINAL.has(alert.state));
        error.message += `; ${waiting.length} of ${alerts.length} are not:\n${JSON.stringify(waiting.slice(0, 3), null, 1)}`;
        throw error;
    });
}

/** Waits until the relay is in this state, as /api/v1/alerts-server shows it, and returns all that this shows. */
export function untilRelayIs(server, state, also = () => true) {
    return until(`the relay is ${state}`, async () => {
        const shown = await server.ask("GET", "/api/v1/alerts-server");
        return shown.relay.state === state && also(shown) && shown;
    }, { every: 50 });
}

/** The alerts of a ticket, in the order of events, then recipients. */
export async function alertsOf(server, ticket) {
    return (await server.ask("GET", `/api/v1/tickets/${ticket}/alerts`)).items;
}

/** Waits until all alerts of a ticket are as wanted, and returns them. */
export async function untilAlertsOf(server, ticket, what, wanted) {
    let alerts = [];
    return until(
        `${what} (ticket #${ticket})`,
        async () => {
            alerts = await alertsOf(server, ticket);
            return alerts.every(wanted) && alerts;
        },
        { every: 50 },
    ).catch((error) => {
        error.message += `\n${JSON.stringify(alerts, null, 1)}\n${server.log}`;
        throw error;
    });
}

export const isAccepted = (alert) => alert.state === "accepted";

/** Stops a server, which must end well. */
export async function stopWell(server, limit) {
    const ended = await server.stop(limit);
    assert.deepEqual(ended, { code: 0, signal: null }, server.log);
}
