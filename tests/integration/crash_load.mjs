// SPDX-License-Identifier: Apache-2.0
/**
 * The load of the crash harness: API clients that open tickets with an Idempotency-Key, close and reopen them, and ask
 * again until they are answered, however often the server dies underneath. What was answered is written down as a
 * promise, which the books must keep in the end (crash_books.mjs).
 */
import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { call } from "../support/api.mjs";

const ADDRESSES = 40; // of strangers who are listed on tickets
const AGAIN_MS = 10;
export const STATUS = { New: 100, Pending: 200, Completed: 1000 };

/* What a client asks again after. Anything else the harness does not expect, and fails. */
const AWAY = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT"]);
const AGAIN = new Set([
    "/problems/still-running", // the same request, on a connection that has died
    "/problems/busy",
    "/problems/stopping",
    "/problems/unavailable", // the database is away
    "/problems/uncertain", // it went away during the commit
]);

/** The answer to a call, or undefined where the server died underneath. */
export async function orNothing(calling) {
    try {
        return await calling;
    } catch (error) {
        if (AWAY.has(error.code)) return undefined;
        throw error;
    }
}

/** An event of a promised ticket, at which those on its list now are told. */
export function tell(promise, kind, more = {}) {
    promise.told.push({ kind, recipients: promise.recipients, ...more });
}

export class Load {
    /**
     * `url()`: where the server is now, or undefined. `busy()`: whether enough is waiting already. `promises`: where
     * they are written down, each {number, title, status, told: for each event of which somebody is to be told, in their
     * order, {kind, recipients: besides those of every ticket, decision: "send" where it is not said}}. `token`, of the
     * API, may come later.
     */
    constructor({ dice, url, busy, promises, token }) {
        Object.assign(this, { dice, url, busy, promises, token });
        this.againMs = AGAIN_MS;
        this.begun = 0; // tickets
        this.repeated = 0; // requests that had to be made again
        this.replayed = 0; // of them, answered with what the server had done before it died
    }

    /** May be started again after stop(). */
    start(clients) {
        this.over = false;
        this.working = Promise.all(Array.from({ length: clients }, () => this.client()));
        this.working.catch((error) => (this.failure = error));
        return this;
    }

    /** Lets every client finish what it has begun. A server must be there, or come. */
    async stop() {
        this.over = true;
        await this.working;
    }

    async client() {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        while (!this.over) {
            while (!this.over && this.busy()) await sleep(5);
            await this.ticket(agent, `ticket ${(this.begun += 1)}`);
            await this.rest();
        }
        agent.destroy();
    }

    /** Between two tickets. */
    async rest() {
        if (this.dice.chance(0.5)) await sleep(this.dice.between(0, 8));
    }

    /** One ticket's life. */
    async ticket(agent, title) {
        const body = this.draft(title);
        const ticket = await this.ask(agent, "POST", "/api/v1/tickets", body, title);
        if (ticket.title !== title) throw new Error(`${title} was answered with ${JSON.stringify(ticket)}`);
        const promise = this.promise(ticket.number, title, body.status, body.recipients.map(({ email }) => email));
        tell(promise, "new_ticket");
        if (body.status === "Completed") tell(promise, "ticket_closed");
        await this.live(agent, promise);
    }

    /** Writes one down. */
    promise(number, title, status, recipients) {
        const promise = { number, title, status: STATUS[status], recipients, told: [] };
        this.promises.push(promise);
        return promise;
    }

    /** What becomes of a ticket after it was opened. */
    async live(agent, promise) {
        for (let changes = this.dice.pick([0, 1, 1, 1, 2, 3]); changes > 0; changes--)
            await this.change(agent, promise, promise.status === STATUS.Completed ? "Pending" : "Completed");
    }

    someStrangers() {
        const emails = new Set();
        for (let n = this.dice.between(0, 2); n > 0; n--)
            emails.add(`somebody${this.dice.between(1, ADDRESSES)}@other.example`);
        return [...emails];
    }

    draft(title) {
        return {
            account: 1,
            contact: 1,
            title,
            recipients: this.someStrangers().map((email) => ({ email })),
            status: this.dice.chance(0.05) ? "Completed" : "New",
        };
    }

    /** To change a ticket to the status that it has changes nothing: it may be asked for again. */
    async change(agent, promise, status) {
        await this.ask(agent, "PATCH", `/api/v1/tickets/${promise.number}`, { status });
        promise.status = STATUS[status];
        if (status === "Completed") tell(promise, "ticket_closed");
    }

    /** Asks until there is an answer, and returns it. */
    async ask(agent, method, target, body, key, headers) {
        for (;;) {
            const answer = await this.attempt(agent, method, target, body, key, headers);
            if (answer?.status === 200 || answer?.status === 201) {
                if (answer.headers["idempotency-replayed"] !== undefined) this.replayed += 1;
                return answer.body;
            }
            if (answer !== undefined && !AGAIN.has(answer.body?.type))
                throw new Error(`${method} ${target} (${key}): ${answer.status} ${answer.text}`);
            this.repeated += 1;
            await sleep(this.againMs);
        }
    }

    /** Undefined where nobody answered. */
    async attempt(agent, method, target, body, key, headers) {
        const url = this.url();
        return url && orNothing(call(url, method, target, body, { token: this.token, key, agent, headers }));
    }
}
