// SPDX-License-Identifier: Apache-2.0
/**
 * The load of the soak: what the crash harness's clients do (crash_load.mjs), at a moderate rate, and what else happens
 * at a desk: recipients join and leave tickets, employees answer, customers write mails that become tickets or land on
 * them. All of it is asked for again until it is answered, and promised.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { Load, tell } from "./crash_load.mjs";

const CUSTOMER = "anna.field@bluebird-dental.example";
export const SUPPORT = "support@desk.example";
const RFC822 = { "Content-Type": "message/rfc822" };

export class SoakLoad extends Load {
    /** As Load. `rate`: tickets a second, of all clients together. A promise has, besides, `answers` (recipients) and
     * `mails` (Message-IDs). */
    constructor(options) {
        super(options);
        this.rate = options.rate;
        this.againMs = 100;
        this.did = { edits: 0, answers: 0, mails: 0 };
    }

    start(clients) {
        this.pauseMs = (2000 * clients) / this.rate;
        return super.start(clients);
    }

    async rest() {
        for (let left = this.dice.between(0, this.pauseMs); left > 0 && !this.over; left -= 200)
            await sleep(Math.min(left, 200));
    }

    promise(...about) {
        return Object.assign(super.promise(...about), { answers: [], mails: [] });
    }

    ticket(agent, title) {
        return this.dice.chance(0.15) ? this.ticketByMail(agent, title) : super.ticket(agent, title);
    }

    async live(agent, promise) {
        const { always = [] } = this;
        for (let steps = this.dice.between(0, 4); steps > 0; steps--) {
            const closed = promise.status === 1000;
            const step = this.dice.pick(["status", "status", "recipients", "answer", "mail"]);
            if (step === "status") await this.change(agent, promise, closed ? "Pending" : "Completed");
            else if (step === "recipients") await this.editRecipients(agent, promise, always);
            else if (step === "answer") await this.answer(agent, promise);
            else if (!closed) await this.answerByMail(agent, promise); // which would open it again
        }
    }

    /** The whole list is put, so that it may be asked for again. */
    async editRecipients(agent, promise, always) {
        promise.recipients = this.someStrangers();
        const list = [...always, ...promise.recipients].map((email) => ({ email }));
        await this.ask(agent, "PUT", `/api/v1/tickets/${promise.number}/recipients`, list);
        this.did.edits += 1;
    }

    async answer(agent, promise) {
        const key = `answer ${promise.number}.${promise.answers.length}`;
        promise.answers.push(promise.recipients);
        await this.ask(agent, "POST", `/api/v1/tickets/${promise.number}/messages`, { text: key }, key);
        this.did.answers += 1;
    }

    /** Files one mail; the same mail is the same mail, however often it comes. */
    async bring(agent, id, subject, headers = []) {
        const lines = [`From: Anna Field <${CUSTOMER}>`, `To: ${SUPPORT}`, `Subject: ${subject}`, `Message-ID: <${id}>`, ...headers];
        const mail = `${lines.join("\r\n")}\r\n\r\nThis is ${subject}, ${id}.\r\n`;
        const filed = await this.ask(agent, "POST", "/api/v1/inbox", mail, undefined, RFC822);
        this.did.mails += 1;
        return filed;
    }

    async ticketByMail(agent, title) {
        const id = `mail.${this.did.mails}.${this.dice.seed()}@bluebird-dental.example`;
        const filed = await this.bring(agent, id, title);
        if (filed.state !== "filed") throw new Error(`The mail ${title} was ${JSON.stringify(filed)}`);
        const promise = this.promise(filed.ticket, title, "New", []);
        promise.mails.push(id);
        tell(promise, "new_ticket", { decision: "suppress" });
        await this.live(agent, promise);
    }

    async answerByMail(agent, promise) {
        const id = `answer.${this.did.mails}.${this.dice.seed()}@bluebird-dental.example`;
        const thread = [`In-Reply-To: <ticket.${promise.number}@${this.deskId}.tidings>`];
        const filed = await this.bring(agent, id, `Re: [#${promise.number}]`, thread);
        if (filed.ticket !== promise.number) throw new Error(`An answer to #${promise.number} was ${JSON.stringify(filed)}`);
        promise.mails.push(id);
    }
}
