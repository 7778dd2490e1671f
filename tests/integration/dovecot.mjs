// SPDX-License-Identifier: Apache-2.0
/**
 * A Dovecot of the test's own: configuration, sockets and mail in one temporary folder, IMAP on a free port of the
 * loopback interface. Every user has the same password. Dovecot must be started by root; the mail is nobody's.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";

import { Program, scratchFolder, until } from "../support/api.mjs";
import { freePort } from "./sink.mjs";

const NOBODY = 65534;

/** Why a test with Dovecot cannot run here; false when it can. */
export function dovecotMissing() {
    if (process.getuid() !== 0) return "Dovecot starts as root only";
    return fs.existsSync("/usr/sbin/dovecot") ? false : "Dovecot is not installed";
}

/** Whether an IMAP server greets on this port. */
function greets(port) {
    return new Promise((resolve) => {
        const socket = net.connect(port, "127.0.0.1");
        socket.once("data", (piece) => {
            resolve(piece.toString("latin1").startsWith("* OK"));
            socket.destroy();
        });
        socket.once("error", () => resolve(false));
        socket.once("close", () => resolve(false));
    });
}

function configuration(folder, port, certificate) {
    const tls = certificate === undefined ? "ssl = no" : `ssl = yes\nssl_cert = <${certificate}\nssl_key = <${certificate}`;
    return `
protocols = imap
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
disable_plaintext_auth = no
auth_mechanisms = plain login
login_greeting = ready
mail_location = maildir:${folder}/mail/%u
first_valid_uid = ${NOBODY}
first_valid_gid = ${NOBODY}
mail_fsync = never
auth_failure_delay = 0
${tls}
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=${NOBODY} gid=${NOBODY} home=${folder}/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
`;
}

export class Dovecot {
    /** With `authority` (certificates.mjs) it offers STARTTLS, as localhost. */
    static async start({ authority } = {}) {
        const dovecot = new Dovecot();
        dovecot.folder = scratchFolder();
        dovecot.port = await freePort();
        dovecot.delivered = 0;
        fs.chmodSync(dovecot.folder, 0o755);
        const certificate = authority && path.join(dovecot.folder, "server.pem");
        if (authority) authority.sign("DNS:localhost,IP:127.0.0.1", certificate);
        for (const part of ["run", "state", "mail"]) fs.mkdirSync(path.join(dovecot.folder, part), { mode: 0o755 });
        fs.chownSync(path.join(dovecot.folder, "mail"), NOBODY, NOBODY);
        dovecot.config = path.join(dovecot.folder, "dovecot.conf");
        fs.writeFileSync(dovecot.config, configuration(dovecot.folder, dovecot.port, certificate));
        await dovecot.serve();
        return dovecot;
    }

    /** Starts it, again after a stop(), on the same port. */
    async serve() {
        this.program = new Program("/usr/sbin/dovecot", ["-F", "-c", this.config]);
        await until("Dovecot greets", () => {
            if (this.program.exited) throw new Error(this.log);
            return greets(this.port);
        });
    }

    /** Its master does not end the processes that a client is still connected to. */
    async stop() {
        const found = execFileSync("ps", ["--ppid", String(this.program.pid), "-o", "pid="], { encoding: "utf8" });
        this.program.signal("SIGTERM");
        await until("Dovecot's master ends", () => this.program.exited);
        for (const pid of found.trim().split(/\s+/).map(Number)) {
            try {
                process.kill(pid, "SIGKILL");
            } catch {
                // it has ended with its master
            }
        }
        return this.program.stop();
    }

    get log() {
        const file = path.join(this.folder, "dovecot.log");
        return this.program.stderr + (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");
    }

    maildir(user, folder = "") {
        return path.join(this.folder, "mail", user, folder);
    }

    /** Puts a mail into the user's INBOX, as a mail server does; it has arrived `age` seconds ago. */
    deliver(user, mail, { age = 0 } = {}) {
        const place = this.maildir(user);
        for (const part of ["", "new", "cur", "tmp"]) {
            fs.mkdirSync(path.join(place, part), { recursive: true });
            fs.chownSync(path.join(place, part), NOBODY, NOBODY);
        }
        this.delivered += 1;
        const name = `${Math.floor(Date.now() / 1000)}.M${String(this.delivered).padStart(6, "0")}.test`;
        const temporary = path.join(place, "tmp", name);
        fs.writeFileSync(temporary, mail);
        fs.chownSync(temporary, NOBODY, NOBODY);
        const arrived = Date.now() / 1000 - age;
        fs.utimesSync(temporary, arrived, arrived);
        fs.renameSync(temporary, path.join(place, "new", name));
    }

    /** The mails of a folder: [{name, flags}]; "F" is \Flagged, "S" is \Seen. */
    mails(user, folder = "") {
        const found = [];
        for (const part of ["new", "cur"]) {
            const place = path.join(this.maildir(user, folder), part);
            if (!fs.existsSync(place)) continue;
            for (const name of fs.readdirSync(place)) found.push({ name, flags: /:2,(.*)$/.exec(name)?.[1] ?? "" });
        }
        return found;
    }

    /** Forgets which UID a mail of INBOX has: the folder gets a new UIDVALIDITY. Only while it is stopped. */
    forgetUids(user) {
        const place = this.maildir(user);
        for (const name of fs.readdirSync(place))
            if (name.startsWith("dovecot")) fs.rmSync(path.join(place, name), { recursive: true });
    }

    /** The UIDVALIDITY of INBOX. */
    uidvalidity(user) {
        const [, value] = /^3 V(\d+)/.exec(fs.readFileSync(path.join(this.maildir(user), "dovecot-uidlist"), "utf8"));
        return Number(value);
    }

    doveadm(...args) {
        return execFileSync("/usr/bin/doveadm", ["-c", this.config, ...args], { encoding: "utf8" });
    }
}

/**
 * Stands between a client and a server on this machine, and sees every piece that passes: `toServer` and `toClient` are
 * called with a piece and the connection, {cut(), number}, and say whether it passes on.
 */
export class Between {
    static async start(port, { toServer = () => true, toClient = () => true } = {}) {
        const between = new Between();
        between.connections = 0;
        between.server = net.createServer((client) => {
            const server = net.connect(port, "127.0.0.1");
            between.connections += 1;
            const connection = { number: between.connections, cut: () => [client, server].forEach((end) => end.destroy()) };
            client.on("data", (piece) => toServer(piece, connection) && server.write(piece));
            server.on("data", (piece) => toClient(piece, connection) && client.write(piece));
            for (const [one, other] of [[client, server], [server, client]]) {
                one.on("error", () => other.destroy());
                one.on("close", () => other.destroy());
            }
        });
        await new Promise((resolve) => between.server.listen(0, "127.0.0.1", resolve));
        between.port = between.server.address().port;
        between.server.unref();
        return between;
    }

    stop() {
        this.server.close();
    }
}
