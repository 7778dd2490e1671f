// SPDX-License-Identifier: Apache-2.0
/**
 * An SMTP server (RFC 5321, as much of it as a client that sends mail needs) that keeps what it is given, and that can
 * be told to fall silent at the moments at which a relay hurts most.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as net from "node:net";

/** Where a sink stops answering. Mail is kept in `mails` as soon as its final dot is there. */
export const Silence = {
    NEVER: "never",
    AT_CONNECT: "at connect", // no banner
    AT_MAIL: "at MAIL FROM",
    AT_DATA: "at DATA", // never asks for the message
    AFTER_DOT: "after the dot", // has the whole mail, but does not say so
};

/** A port that is free now. */
export async function freePort() {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

/** Whether an SMTP server greets on this port of the loopback interface. */
export async function greets(port) {
    const socket = net.connect(port, "127.0.0.1");
    try {
        const [data] = await once(socket, "data");
        return data.toString().startsWith("220");
    } finally {
        socket.destroy();
    }
}

/** One connection. `sink` is what it talks for: at least {silence, talks}. */
export class Session {
    constructor(sink, socket, port) {
        this.sink = sink;
        this.socket = socket;
        this.port = port; // what a kind of sink knows of it
        this.pending = "";
        this.paused = false; // what arrives waits for pump()
        this.body = undefined;
        this.unsaid = []; // what waits for Sink.speak()
        socket.setEncoding("latin1");
        socket.on("data", (text) => this.read(text));
        socket.on("error", () => {});
        this.greet();
    }

    greet() {
        this.reply(Silence.AT_CONNECT, "220 sink.example ESMTP");
    }

    /** Says it, unless this is the moment at which the sink is silent. */
    reply(moment, line) {
        const silence = this.sink.silenceOf?.(this.socket) ?? this.sink.silence;
        if (silence === moment) this.unsaid.push(line);
        else this.say(line);
    }

    say(...lines) {
        this.socket.write(lines.map((line) => `${line}\r\n`).join(""));
    }

    read(text) {
        this.pending += text;
        this.pump();
    }

    pump() {
        while (!this.paused) {
            const end = this.pending.indexOf(this.body === undefined ? "\r\n" : "\r\n.\r\n");
            if (end < 0) return;
            const part = this.pending.slice(0, end);
            if (this.body === undefined) {
                this.pending = this.pending.slice(end + 2);
                this.command(part);
            } else {
                this.pending = this.pending.slice(end + 5);
                this.end(part);
            }
        }
    }

    command(line) {
        const verb = line.split(/[ :]/)[0].toUpperCase();
        const address = /<(.*?)>/.exec(line)?.[1];
        switch (verb) {
            case "EHLO":
                return this.say("250-sink.example", "250-8BITMIME", "250 PIPELINING");
            case "MAIL":
                this.from = address;
                this.to = [];
                this.sink.talks += 1;
                return this.reply(Silence.AT_MAIL, "250 2.1.0 Ok");
            case "RCPT":
                this.to.push(address);
                return this.say("250 2.1.5 Ok");
            case "DATA":
                this.body = "";
                // So that an empty message's dot is found, too.
                this.pending = `\r\n${this.pending}`;
                return this.reply(Silence.AT_DATA, "354 Go on");
            case "QUIT":
                this.say("221 2.0.0 Bye");
                return this.socket.end();
            default:
                return this.say("250 2.0.0 Ok");
        }
    }

    /** The bytes of a mail from what arrived for it: without what SMTP added, and without its last line end. */
    take(part) {
        this.body = undefined;
        return part.slice(2).replace(/\r\n\.\./g, "\r\n.");
    }

    keep(message) {
        this.sink.keep(this.from, this.to, message, this.socket);
    }

    end(part) {
        this.keep(this.take(part));
        this.reply(Silence.AFTER_DOT, "250 2.0.0 Ok: kept");
    }
}

export class Sink {
    constructor() {
        this.mails = []; // {socket, from, to, messageId, hash}, in the order of their final dots
        this.silence = Silence.NEVER;
        this.talks = 0; // envelopes begun, ever
        this.sessions = new Map(); // by their sockets
        this.onConnect = () => {}; // is given each new socket
        this.speaksTo = () => false; // whatever the silence
    }

    silenceOf(socket) {
        return this.speaksTo(socket) ? Silence.NEVER : this.silence;
    }

    /** Says what it has not said so far, and is silent no more; on these connections alone, if some are chosen. */
    speak(chosen = () => true) {
        this.speaksTo = chosen;
        for (const [socket, session] of this.sessions)
            if (chosen(socket) && session.unsaid.length > 0) session.say(...session.unsaid.splice(0));
    }

    /** Listens, again after close(), on the same port. */
    async open() {
        this.server = net.createServer({ noDelay: true }, (socket) => {
            this.onConnect(socket);
            this.sessions.set(socket, new Session(this, socket));
            socket.on("close", () => this.sessions.delete(socket));
        });
        this.server.listen(this.port ?? 0, "127.0.0.1");
        await once(this.server, "listening");
        this.port = this.server.address().port;
        return this;
    }

    /** Nobody listens any more, and all connections break. */
    async close() {
        if (this.server === undefined) return;
        const closed = once(this.server, "close");
        this.server.close();
        this.hangUp();
        await closed;
        this.server = undefined;
    }

    /** Breaks the connections there are, and goes on listening. */
    hangUp() {
        for (const socket of this.sessions.keys()) socket.destroy();
    }

    keep(from, to, message, socket) {
        const head = message.split("\r\n\r\n")[0];
        this.mails.push({
            socket,
            from,
            to,
            messageId: /^message-id:\s*<(.*?)>/im.exec(head)?.[1],
            hash: createHash("sha256").update(message, "latin1").digest("hex"),
        });
    }
}
