// SPDX-License-Identifier: Apache-2.0
/**
 * A Postfix of the test's own: configuration, queue and data in one temporary folder, on a free port of the loopback
 * interface. Every mail, whoever it is for, is delivered into one Maildir; nothing can leave the machine, because there
 * is no service that could carry it. The system's own mail server is not touched. Postfix's master must be root.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { Program, SLOW, readMaildir, scratchFolder, until } from "../support/api.mjs";
import { freePort, greets } from "./sink.mjs";

const NOBODY = 65534;
const DELIVERY_LIMIT_MS = 30_000 * SLOW;
const LOG_SHOWN = 4000;
const QUEUES = ["maildrop", "incoming", "active", "deferred", "hold", "corrupt"];

const SERVICES = `
cleanup  unix       n  -  n  -    0  cleanup
qmgr     unix       n  -  n  300  1  qmgr
rewrite  unix       -  -  n  -    -  trivial-rewrite
bounce   unix       -  -  n  -    0  bounce
defer    unix       -  -  n  -    0  bounce
trace    unix       -  -  n  -    0  bounce
error    unix       -  -  n  -    -  error
retry    unix       -  -  n  -    -  error
virtual  unix       -  n  n  -    -  virtual
tlsmgr   unix       -  -  n  1000 1  tlsmgr
anvil    unix       -  -  n  -    1  anvil
postlog  unix-dgram n  -  n  -    1  postlogd
`;

/** Why a test with Postfix cannot run here; false when it can. */
export function postfixMissing() {
    if (process.getuid() !== 0) return "Postfix starts as root only";
    return fs.existsSync("/usr/sbin/postfix") ? false : "Postfix is not installed";
}

function settings(folder) {
    return {
        compatibility_level: "3.6",
        queue_directory: path.join(folder, "queue"),
        data_directory: path.join(folder, "data"),
        config_directory: path.join(folder, "etc"),
        maillog_file_prefixes: folder,
        maillog_file: path.join(folder, "mail.log"),
        notify_classes: "", // its own notes to the postmaster would be mail, too
        inet_interfaces: "127.0.0.1",
        inet_protocols: "ipv4",
        myhostname: "mail.customer.example",
        mydestination: "",
        alias_maps: "",
        local_recipient_maps: "",
        mynetworks: "127.0.0.0/8",
        smtpd_relay_restrictions: "permit_mynetworks, reject",
        virtual_mailbox_domains: "static:every",
        virtual_mailbox_base: folder,
        virtual_mailbox_maps: "static:Maildir/",
        virtual_uid_maps: `static:${NOBODY}`,
        virtual_gid_maps: `static:${NOBODY}`,
        default_transport: "error:nothing leaves this machine",
        relay_transport: "error:nothing leaves this machine",
    };
}

/** Whether there is no file in this folder, at any depth. */
function isBare(folder) {
    return fs.readdirSync(folder, { withFileTypes: true }).every(
        (entry) => entry.isDirectory() && isBare(path.join(folder, entry.name)),
    );
}

function deliveredTo(maildir) {
    const place = path.join(maildir, "new");
    return fs.existsSync(place) ? fs.readdirSync(place) : [];
}

/** A line of master.cf for each listener: {name: {parameter: value}}, where no value has a space. */
function listenerLines(listeners, ports) {
    return Object.entries(listeners).map(([name, parameters]) => {
        const options = Object.entries(parameters).map(([key, value]) => ` -o ${key}=${value}`);
        return `127.0.0.1:${ports[name]} inet n - n - - smtpd${options.join("")}\n`;
    });
}

export class Postfix {
    /**
     * `settings(folder)` may write files into the folder, which Postfix's processes can read, and returns what
     * main.cf has beside the usual. Each listener has a port of its own, in `ports` by its name, and what it has
     * beside main.cf; `port` is the first one's, which must greet without TLS. `services` are more lines of master.cf.
     */
    static async start({ settings: more = () => ({}), listeners = { smtp: {} }, services = "" } = {}) {
        const postfix = new Postfix();
        const folder = scratchFolder();
        postfix.folder = folder;
        postfix.etc = path.join(folder, "etc");
        postfix.maildir = path.join(folder, "Maildir");
        for (const part of ["etc", "queue", "data", "Maildir"]) fs.mkdirSync(path.join(folder, part));
        fs.chmodSync(folder, 0o755);
        execFileSync("chown", ["postfix", path.join(folder, "data")]);
        fs.chownSync(postfix.maildir, NOBODY, NOBODY);
        const lines = Object.entries({ ...settings(folder), ...more(folder) }).map(([name, value]) => `${name} = ${value}\n`);
        fs.writeFileSync(path.join(postfix.etc, "main.cf"), lines.join(""));
        postfix.ports = {};
        for (const name of Object.keys(listeners)) postfix.ports[name] = await freePort();
        [postfix.port] = Object.values(postfix.ports);
        const master = [...listenerLines(listeners, postfix.ports), SERVICES, services];
        fs.writeFileSync(path.join(postfix.etc, "master.cf"), master.join(""));
        execFileSync("postfix", ["-c", postfix.etc, "check"], { stdio: ["ignore", "pipe", "pipe"] });
        await postfix.serve();
        return postfix;
    }

    /** Starts it, again after a stop(), on the same ports. */
    async serve() {
        const { etc } = this;
        const daemons = execFileSync("postconf", ["-c", etc, "-h", "daemon_directory"], { encoding: "utf8" }).trim();
        // What `postfix start-fg` runs, without the shell in between: so it is stopped by its own process id.
        this.program = new Program(path.join(daemons, "master"), ["-s", "-c", etc], { env: { MAIL_CONFIG: etc } });
        await until("Postfix greets", () => {
            if (this.program.exited) throw new Error(this.log);
            return greets(this.port);
        });
    }

    /** What it has logged. */
    get log() {
        const file = path.join(this.folder, "mail.log");
        return this.program.stderr + (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");
    }

    /** The Message-IDs of the mails that it took, in this order. */
    get taken() {
        return [...this.log.matchAll(/ message-id=<([^>]*)>/g)].map(([, messageId]) => messageId);
    }

    /** How many lines of the log match. */
    logged(pattern) {
        return this.log.split("\n").filter((line) => pattern.test(line)).length;
    }

    /** Whether it still has mail to deliver. */
    get queueIsEmpty() {
        return QUEUES.every((name) => isBare(path.join(this.folder, "queue", name)));
    }

    /** Waits until all mail that it took is delivered; returns the mails. */
    async untilDelivered(count, { limit = DELIVERY_LIMIT_MS } = {}) {
        await until(`${count} mails are delivered and the queue is empty`,
            () => deliveredTo(this.maildir).length >= count && this.queueIsEmpty, { limit, every: 100 },
        ).catch((error) => {
            error.message += `; there are ${deliveredTo(this.maildir).length}\n${this.log.slice(-LOG_SHOWN)}`;
            throw error;
        });
        return readMaildir(this.maildir);
    }

    stop() {
        return this.program.stop();
    }
}
