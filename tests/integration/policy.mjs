// SPDX-License-Identifier: Apache-2.0
/**
 * A policy service for Postfix (SMTPD_POLICY_README): it is asked about each recipient, one attribute a line and an
 * empty line at the end, and answers with an action. Here the test is the policy: `decide(request)` gives the action,
 * "DUNNO" where it has nothing against it. What was asked is kept in `asked`, in its order.
 */
import { once } from "node:events";
import * as net from "node:net";

function parse(text) {
    const pairs = text.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
    return Object.fromEntries(pairs);
}

export class Policy {
    static async open(decide) {
        const policy = new Policy();
        policy.asked = [];
        policy.sockets = new Set();
        policy.server = net.createServer((socket) => policy.serve(socket, decide)).listen(0, "127.0.0.1");
        await once(policy.server, "listening");
        policy.port = policy.server.address().port;
        return policy;
    }

    /** What Postfix's smtpd_recipient_restrictions name it. */
    get check() {
        return `check_policy_service inet:127.0.0.1:${this.port}`;
    }

    serve(socket, decide) {
        let pending = "";
        this.sockets.add(socket);
        socket.on("close", () => this.sockets.delete(socket));
        socket.on("error", () => {});
        socket.setEncoding("utf8").on("data", (text) => {
            pending += text;
            for (let end = pending.indexOf("\n\n"); end >= 0; end = pending.indexOf("\n\n")) {
                const request = parse(pending.slice(0, end));
                pending = pending.slice(end + 2);
                this.asked.push(request);
                socket.write(`action=${decide(request)}\n\n`);
            }
        });
    }

    /** How often it was asked about this recipient. */
    about(recipient) {
        return this.asked.filter((request) => request.recipient === recipient).length;
    }

    async close() {
        const closed = once(this.server, "close");
        this.server.close();
        for (const socket of this.sockets) socket.destroy();
        await closed;
    }
}

/**
 * Greylisting, as postgrey does it: a triplet of client, sender and recipient that was not seen before is deferred until
 * `delay` milliseconds have passed by the clock `now`.
 */
export function greylist(delay, now) {
    const seen = new Map();
    return ({ client_address, sender, recipient }) => {
        const triplet = [client_address, sender, recipient].join(" ");
        if (!seen.has(triplet)) seen.set(triplet, now());
        const left = Math.ceil((seen.get(triplet) + delay - now()) / 1000);
        return left > 0 ? `DEFER_IF_PERMIT 4.2.0 Greylisted, come again in ${left} seconds` : "DUNNO";
    };
}
