// SPDX-License-Identifier: Apache-2.0
/**
 * Names and passwords for a Postfix, kept by Cyrus SASL in a file of its own (no daemon has to run), and settings that
 * take mail over TLS and from who signed in only.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const REALM = "mail.customer.example";

/** Sets the password of a name; a former one does not count any more. */
export function setPassword(database, name, password) {
    const flags = ["-p", "-c", "-u", REALM, "-f", database, name];
    execFileSync("saslpasswd2", flags, { input: password, stdio: ["pipe", "pipe", "pipe"] });
    execFileSync("chown", ["postfix", database]);
}

/** Settings of main.cf, with `users` {name: password} who may send. A listener may have `withMechanism()` besides. */
export function authenticated(folder, authority, users) {
    const certificate = path.join(folder, "server.pem");
    const services = path.join(folder, "etc/sasl");
    const database = path.join(folder, "sasldb2");
    authority.sign("IP:127.0.0.1", certificate);
    for (const [name, password] of Object.entries(users)) setPassword(database, name, password);
    fs.mkdirSync(services);
    for (const mechanism of ["PLAIN", "LOGIN"]) {
        const text = `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${database}\nmech_list: ${mechanism}\n`;
        fs.writeFileSync(path.join(services, `${mechanism}.conf`), text);
    }
    return {
        smtpd_tls_chain_files: certificate,
        smtpd_tls_security_level: "may",
        smtpd_tls_auth_only: "yes",
        smtpd_tls_received_header: "yes",
        cyrus_sasl_config_path: services,
        smtpd_sasl_auth_enable: "yes",
        smtpd_sasl_path: "PLAIN",
        smtpd_sasl_local_domain: REALM,
        smtpd_relay_restrictions: "permit_sasl_authenticated, reject",
        smtpd_recipient_restrictions: "permit_sasl_authenticated, reject",
    };
}

/** What a listener has that offers this mechanism alone. */
export function withMechanism(mechanism) {
    return { smtpd_sasl_path: mechanism };
}

/** Why a test that needs this cannot run here; false when it can. */
export function saslMissing() {
    return fs.existsSync("/usr/sbin/saslpasswd2") ? false : "saslpasswd2 is not installed";
}
