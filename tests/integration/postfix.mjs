// SPDX-License-Identifier: Apache-2.0
/**
 * A Postfix of the test's own: configuration, queue and data in one temporary folder, on a free port of the loopback
 * interface. Every mail, whoever it is for, is delivered into one Maildir; nothing can leave the machine, because there
 * is no service that could carry it. The system's own mail server is not touched. Postfix's master must be root.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { Program, scratchFolder, until } from "../support/api.mjs";
import { freePort, greets } from "./sink.mjs";

const NOBODY = 65534;

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

export class Postfix {
    static async start() {
        const postfix = new Postfix();
        const folder = scratchFolder();
        postfix.maildir = path.join(folder, "Maildir");
        for (const part of ["etc", "queue", "data", "Maildir"]) fs.mkdirSync(path.join(folder, part));
        fs.chmodSync(folder, 0o755);
        execFileSync("chown", ["postfix", path.join(folder, "data")]);
        fs.chownSync(postfix.maildir, NOBODY, NOBODY);
        const lines = Object.entries(settings(folder)).map(([name, value]) => `${name} = ${value}\n`);
        fs.writeFileSync(path.join(folder, "etc/main.cf"), lines.join(""));
        postfix.folder = folder;
        await postfix.serve(path.join(folder, "etc"));
        return postfix;
    }

    async serve(etc) {
        this.port = await freePort();
        fs.writeFileSync(path.join(etc, "master.cf"), `127.0.0.1:${this.port} inet n - n - - smtpd${SERVICES}`);
        execFileSync("postfix", ["-c", etc, "check"], { stdio: ["ignore", "pipe", "pipe"] });
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

    stop() {
        return this.program.stop();
    }
}
