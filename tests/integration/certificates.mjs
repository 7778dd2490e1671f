// SPDX-License-Identifier: Apache-2.0
/** A certification authority of the test's own, made with openssl: no program trusts it unless it is told to. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { scratchFolder } from "../support/api.mjs";

function openssl(folder, ...args) {
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export class Authority {
    /** `file` is its certificate, as a PEM file. */
    constructor(name) {
        this.folder = scratchFolder();
        this.file = path.join(this.folder, "ca.pem");
        const kind = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
        const made = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", `/CN=${name}`];
        openssl(this.folder, "req", "-x509", ...KEY, ...made, ...kind);
    }

    /**
     * Writes a key and a certificate for a server into one PEM file. `names` is a subjectAltName:
     * "DNS:mail.customer.example,IP:127.0.0.1".
     */
    sign(names, file) {
        const extensions = path.join(this.folder, "extensions");
        fs.writeFileSync(extensions, `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`);
        openssl(this.folder, "req", ...KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=a mail server");
        const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "1", "-days", "2", "-extfile", extensions];
        openssl(this.folder, "x509", "-req", "-in", "server.csr", "-out", "server.pem", ...signing);
        const both = ["server.key", "server.pem"].map((part) => fs.readFileSync(path.join(this.folder, part)));
        fs.writeFileSync(file, Buffer.concat(both), { mode: 0o600 });
    }
}
