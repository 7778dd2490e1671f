// SPDX-License-Identifier: Apache-2.0
/** What the system tests ask of a desk, whatever they are about. */
import * as assert from "node:assert/strict";

import { SLOW, until } from "../support/api.mjs";

const FINAL = new Set(["accepted", "rejected", "expired", "bounced", "cancelled", null]);

/** Options that send to an SMTP server on this machine. */
export function smtpOn(port, more = {}) {
    return { active: true, transport: "smtp", host: "127.0.0.1", port, security: "none", ...more };
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

/** Stops a server, which must end well. */
export async function stopWell(server, limit) {
    const ended = await server.stop(limit);
    assert.deepEqual(ended, { code: 0, signal: null }, server.log);
}
