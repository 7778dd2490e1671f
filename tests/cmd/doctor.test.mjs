// SPDX-License-Identifier: Apache-2.0
/**
 * `tidings doctor` beside real peers: a DNS server (dnsmasq) with good and bad zones, an SMTP server, a TLS server with
 * a certificate that ends soon, Dovecot, PostgreSQL that goes away. And that it changes nothing and sends nothing.
 */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { after, test } from "node:test";
import * as tls from "node:tls";

import { Authority } from "../integration/certificates.mjs";
import { smtpOn } from "../integration/common.mjs";
import { Dovecot, dovecotMissing } from "../integration/dovecot.mjs";
import { Sink, freePort } from "../integration/sink.mjs";
import { Postgres, Program, cleanUp, findPostgres, initDesk, scratchFolder, until } from "../support/api.mjs";

after(cleanUp);

const DNSMASQ = "/usr/sbin/dnsmasq";
const noDnsmasq = fs.existsSync(DNSMASQ) ? false : "dnsmasq is not installed";
const SERVER = "/api/v1/options/alerts-server";

const long = `v=spf1 ${"ip4:192.0.2.1 ".repeat(20)}`;
const ZONES = `
mx-host=good.example,mail.good.example,10
host-record=mail.good.example,203.0.113.7
txt-record=good.example,"${long}","ip4:203.0.113.0/24 include:_spf.good.example -all"
txt-record=_spf.good.example,"v=spf1 ip4:198.51.100.1 ?all"
txt-record=_dmarc.good.example,"v=DMARC1; p=reject; rua=mailto:d@good.example"
mx-host=bounces.good.example,mail.good.example,10
txt-record=bounces.good.example,"v=spf1 include:good.example ~all"
mx-host=two.example,mail.good.example,10
txt-record=two.example,"v=spf1 mx ~all"
txt-record=two.example,"v=spf1 -all"
txt-record=_dmarc.two.example,"v=DMARC1; p=quarantine"
mx-host=typo.example,mail.good.example,10
txt-record=typo.example,"v=spf1 ipv4:192.0.2.1 -all"
txt-record=_dmarc.typo.example,"v=DMARC1; policy=none"
mx-host=gone.example,mail.good.example,10
txt-record=gone.example,"v=spf1 include:nowhere.example -all"
mx-host=open.example,mail.good.example,10
txt-record=open.example,"v=spf1 +all"
mx-host=many.example,mail.good.example,10
txt-record=many.example,"v=spf1 ${"a:mail.good.example ".repeat(11)}-all"
dns-rr=null.example,15,000000
txt-record=null.example,"v=spf1 -all"
host-record=bare.example,203.0.113.7
txt-record=bare.example,"v=spf1 a"
`;

async function startDns() {
    const folder = scratchFolder();
    const port = await freePort();
    const file = path.join(folder, "dnsmasq.conf");
    const general = ["no-resolv", "no-hosts", "no-daemon", `port=${port}`, "listen-address=127.0.0.1", "bind-interfaces",
        "local=/#/", `user=${process.getuid() === 0 ? "root" : ""}`, "pid-file"];
    fs.writeFileSync(file, general.join("\n") + ZONES);
    const program = new Program(DNSMASQ, ["-C", file, "--keep-in-foreground"]);
    await until("dnsmasq is ready", () => {
        if (program.exited) throw new Error(program.stderr);
        return /started/.test(program.stderr);
    });
    return { port, program };
}

/** Runs it and returns {code, report, byName}. */
async function doctor(desk, ...args) {
    const { code, stdout, stderr } = await desk.run(["doctor", ...args, "--json"]);
    assert.ok(stdout !== "", stderr);
    const report = JSON.parse(stdout);
    const byName = Object.fromEntries(report.checks.map((one) => [one.name, one]));
    for (const one of report.checks) {
        assert.ok(["ok", "skip", "warn", "fail"].includes(one.status) && one.text !== "", JSON.stringify(one));
        if (["warn", "fail"].includes(one.status)) assert.ok(one.advice, `${one.name} does not say what to do`);
    }
    assert.equal(code, { ok: 0, warn: 10, fail: 11 }[report.status]);
    return { code, report, byName };
}

function is(byName, name, status, words) {
    assert.ok(byName[name], `${name}: ${Object.keys(byName)}`);
    assert.equal(byName[name].status, status, JSON.stringify(byName[name]));
    if (words !== undefined) assert.match(byName[name].text, words);
}

test("a desk that nobody serves", async (t) => {
    const desk = await initDesk();
    const database = path.join(desk.folder, "tidings.sqlite");

    await t.test("all checks, and nothing is changed", async () => {
        const before = fs.readFileSync(database);
        const { byName, report } = await doctor(desk);
        for (const name of ["folder", "file", "database-file", "public-url"]) is(byName, `configuration.${name}`, "ok");
        is(byName, "configuration.options", "warn", /Maildir/);
        is(byName, "database.reachable", "ok", /SQLite/);
        is(byName, "database.schema", "ok");
        is(byName, "database.integrity", "ok");
        is(byName, "clock.time", "ok");
        is(byName, "relay", "ok", /Maildir/);
        for (const name of ["waiting", "held", "uncertain", "not-told", "inbox"]) is(byName, `queue.${name}`, "ok");
        assert.ok(byName["disk.folder"]);
        const counted = report.ok + report.skipped + report.warnings + report.failures;
        assert.equal(counted, report.checks.length);
        assert.ok(fs.readFileSync(database).equals(before), "the database is another one");
    });
    await t.test("lines for people", async () => {
        const { code, stdout } = await desk.run(["doctor", "--only", "configuration"]);
        assert.equal(code, 10);
        assert.match(stdout, /^ok {3}configuration\.folder +\S/m);
        assert.match(stdout, /^warn configuration\.options +\S.*\n {5}tidings options set/m);
        assert.match(stdout, /\n\n1 warning, 4 ok\. /);
    });
    await t.test("an open folder", async () => {
        fs.chmodSync(desk.folder, 0o755);
        is((await doctor(desk, "--only", "configuration")).byName, "configuration.folder", "warn", /open to other users/);
        fs.chmodSync(desk.folder, 0o700);
    });
    await t.test("an unknown check", async () => {
        const { code, stderr } = await desk.run(["doctor", "--only", "weather"]);
        assert.equal(code, 3);
        assert.match(stderr, /the checks are configuration, database/);
    });
    await t.test("a configuration that cannot be read", async () => {
        const file = path.join(desk.folder, "tidings.conf");
        const good = fs.readFileSync(file);
        for (const line of ["nonsense = 1", "dns_server = ns.example", "dns_server = 192.0.2.1:99999"]) {
            fs.writeFileSync(file, `${good}${line}\n`);
            const { byName, report } = await doctor(desk);
            is(byName, "configuration.file", "fail", /tidings\.conf: /);
            assert.equal(report.checks.length, 1);
        }
        fs.writeFileSync(file, good);
    });
    await t.test("a database that is damaged, or not there", async () => {
        const good = fs.readFileSync(database);
        const bad = Buffer.from(good);
        bad.fill(0xff, 3 * 4096, 9 * 4096);
        fs.writeFileSync(database, bad);
        assert.equal((await doctor(desk, "--only", "database")).report.status, "fail");
        fs.rmSync(database);
        const { byName } = await doctor(desk);
        is(byName, "database.reachable", "fail", /is not there/);
        is(byName, "queue", "skip", /options cannot be read/);
        assert.ok(!fs.existsSync(database), "it was made");
    });
});

const DOMAINS = [
    { domain: "good.example", names: { mx: ["ok", /goes to mail\.good\.example/], spf: ["ok", /198|1 of 10/],
        dmarc: ["ok", /policy reject/], alignment: ["ok"], verdict: ["ok"] } },
    { domain: "good.example", bounce: "bounces.good.example", names: { "bounce-mx": ["ok"], spf: ["ok", /2 of 10/],
        alignment: ["ok", /bounces\.good\.example/], verdict: ["ok"] } },
    { domain: "good.example", bounce: "many.example", names: { spf: ["fail", /11 look-ups/], alignment: ["warn"],
        verdict: ["fail", /refused/] } },
    { domain: "two.example", names: { spf: ["fail", /more than one/], verdict: ["fail", /put with the spam/] } },
    { domain: "typo.example", names: { spf: ["fail", /ipv4:192\.0\.2\.1/], dmarc: ["fail", /no policy/] } },
    { domain: "gone.example", names: { spf: ["fail", /includes nowhere\.example/], dmarc: ["warn", /no DMARC/] } },
    { domain: "open.example", names: { spf: ["fail", /\+all/] } },
    { domain: "null.example", names: { mx: ["fail", /takes no mail \(null MX/] } },
    { domain: "bare.example", names: { mx: ["warn", /no MX record/], spf: ["warn", /what becomes of others/] } },
    { domain: "unknown.example", names: { mx: ["fail", /neither an MX/], spf: ["fail", /no SPF/], verdict: ["warn"] } },
    { domain: "good.example", reply: "null.example", names: { "reply-mx": ["fail", /null MX/] } },
];

/** A desk on PostgreSQL, before and after that goes away. */
async function checkPostgres() {
    const postgres = await Postgres.start();
    const desk = await initDesk({ database: postgres.createDatabase() });
    const { byName } = await doctor(desk);
    is(byName, "database.server", "ok", /PostgreSQL \d+, UTF8/);
    is(byName, "clock.database", "ok", /0\.\d seconds/);
    is(byName, "queue.waiting", "ok");
    await postgres.stop();
    const away = (await doctor(desk)).byName;
    is(away, "database.reachable", "fail");
    is(away, "relay", "skip");
}

test("a served desk and its peers", async (t) => {
    // Meanwhile: most of it is waiting for what does not answer.
    const postgres = findPostgres() === undefined ? Promise.resolve() : checkPostgres();
    postgres.catch(() => {});
    const desk = await initDesk();
    const dns = noDnsmasq ? undefined : await startDns();
    const file = path.join(desk.folder, "tidings.conf");
    if (dns) fs.appendFileSync(file, `dns_server = 127.0.0.1:${dns.port}\n`);
    const server = await desk.serve();
    const set = (options) => server.ask("PUT", SERVER, options);

    for (const { domain, bounce, reply, names } of DOMAINS)
        await t.test(`DNS of ${domain} ${bounce ?? ""}${reply ?? ""}`, { skip: noDnsmasq }, async () => {
            await set({ from_address: `support@${domain}`, bounce_address: bounce ? `b@${bounce}` : null,
                reply_to: reply ? `r@${reply}` : null });
            const { byName } = await doctor(desk, "--only", "dns");
            for (const [name, [status, words]] of Object.entries(names)) is(byName, `dns.${name}`, status, words);
        });

    await t.test("SPF and the relay's addresses", { skip: noDnsmasq }, async () => {
        const from = { from_address: "support@good.example", bounce_address: null, reply_to: null };
        for (const [host, status] of [["203.0.113.9", "ok"], ["192.0.2.2", "warn"], ["127.0.0.1", "skip"],
            ["mail.good.example", "ok"], ["unheard.example", "skip"]]) {
            await set({ ...from, transport: "smtp", host, port: 25, security: "none" });
            is((await doctor(desk, "--only", "dns")).byName, "dns.spf-relay-1", status);
        }
    });

    await t.test("a relay is asked, and gets no mail", async () => {
        const sink = await new Sink().open();
        t.after(() => sink.close());
        await set(smtpOn(sink.port, { active: false, from_address: "support@good.example" }));
        is((await doctor(desk, "--only", "relay")).byName, "relay.1", "ok", /connect, banner, ehlo/);
        assert.equal(sink.talks, 0, "an envelope was begun");
        await set({ security: "starttls" });
        is((await doctor(desk, "--only", "relay")).byName, "relay.1", "fail", /does not offer STARTTLS/);
        is((await doctor(desk, "--only", "certificates")).byName, "certificates.relay-1", "fail", /offers no TLS/);
        await sink.close();
        is((await doctor(desk, "--only", "relay")).byName, "relay.1", "fail", /at connect/);
        await set({ security: "none" });
    });

    await t.test("certificates", async () => {
        const authority = new Authority("The test's authority");
        const pem = path.join(authority.folder, "both.pem");
        authority.sign("DNS:localhost,IP:127.0.0.1", pem);
        const both = fs.readFileSync(pem);
        const web = tls.createServer({ key: both, cert: both }, (socket) => socket.on("error", () => {}));
        web.on("tlsClientError", () => {});
        t.after(() => web.close());
        await new Promise((resolve) => web.listen(0, "127.0.0.1", resolve));
        const { port } = web.address();
        await set({ host: "localhost", port, security: "tls", ca_file: authority.file });
        await server.ask("PUT", "/api/v1/options/web-interface", { public_url: `https://localhost:${port}` });
        const { byName } = await doctor(desk, "--only", "certificates");
        is(byName, "certificates.relay-1", "warn", /good for 1 more day, by The test's authority/);
        is(byName, "certificates.public-url", "fail", /no authority that is trusted here/);
        await set({ host: "127.0.0.1", port: 25, security: "none", ca_file: null });
    });

    await t.test("a mailbox", { skip: dovecotMissing() }, async () => {
        const dovecot = await Dovecot.start();
        dovecot.deliver("support", "From: a@b.example\r\nSubject: x\r\n\r\ny\r\n");
        const mailbox = { host: "127.0.0.1", port: dovecot.port, security: "none", username: "support", password: "secret" };
        const connect = (more) => server.ask("PUT", "/api/v1/options/email-connector", { enabled: true,
            address: "support@good.example", mailboxes: [{ ...mailbox, ...more }] });
        await connect({});
        await until("the desk has read it", async () => (await server.ask("GET", "/api/v1/mailboxes")).items[0].polled_at);
        is((await doctor(desk, "--only", "mailboxes")).byName, "mailboxes.1", "ok", /can be read \(1 mails\)/);
        await connect({ folder: "Nowhere" });
        is((await doctor(desk, "--only", "mailboxes")).byName, "mailboxes.1", "fail", /Nowhere/);
        await connect({ password: "wrong" });
        is((await doctor(desk, "--only", "mailboxes")).byName, "mailboxes.1", "fail", /refused the sign-in/);
        await server.ask("PUT", "/api/v1/options/email-connector", { mailboxes: [] });
        await dovecot.stop();
    });

    await t.test("a silent relay and a silent DNS are given up, and nobody else waits", async () => {
        if (dns) await dns.program.stop();
        const silent = net.createServer((socket) => socket.unref()).unref();
        await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
        await set({ port: silent.address().port });
        const looking = doctor(desk, "--only", "relay");
        await server.ask("GET", "/api/v1/tickets");
        is((await looking).byName, "relay.1", "fail", /at banner/);
        if (dns) is((await doctor(desk, "--only", "dns")).byName, "dns.spf", "warn", /cannot be looked up/);
    });

    await t.test("PostgreSQL, and after it went away", () => postgres);

    await t.test("the API has the same", async () => {
        const report = await server.ask("GET", "/api/v1/doctor?only=queue");
        assert.equal(report.status, "ok");
        const refused = await server.call("GET", "/api/v1/doctor?only=weather");
        assert.equal(refused.status, 422);
        assert.match(refused.body.type, /unknown-check$/);
    });
    assert.deepEqual(fs.existsSync(path.join(desk.folder, "Maildir/new"))
        ? fs.readdirSync(path.join(desk.folder, "Maildir/new")) : [], []);
    await server.stop();
});
