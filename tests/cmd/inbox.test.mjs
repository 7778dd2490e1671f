// SPDX-License-Identifier: Apache-2.0
/** `tidings ingest` as a mail server's pipe uses it, and `tidings inbox`; served or not, with every exit code. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import { cleanUp, initDesk, tidings, until, untilMails } from "../support/api.mjs";

after(cleanUp);

const SUPPORT = "support@desk.example";
const LARGEST = 25 * 1024 * 1024;

const mail = (from, subject, text = "Hello\n") => `From: ${from}\nTo: ${SUPPORT}\nSubject: ${subject}\n\n${text}`;

async function done(desk, args, options) {
    const { code, stdout, stderr } = await desk.run(args, options);
    assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
}

const ingest = (desk, input) => desk.run(["ingest"], { input });

async function forwarding(desk, server) {
    const office = "office@desk.example";
    await done(desk, ["options", "set", "email-connector", `forward_unmatched_to=${office}`]);
    const raw = mail("z@stranger.example", "Forwarded", "Who reads this?\n");
    const { id } = await desk.runJson(["ingest"], { input: raw });
    const maildir = path.join(desk.folder, "Maildir");
    const [forward] = await untilMails(maildir, 1, ({ raw: bytes }) => bytes.includes(`To: ${office}`));
    const text = forward.raw.toString();
    assert.match(text, /^Auto-Submitted: auto-generated\r?$/m);
    assert.match(text, /^X-Tidings-Hop: 1\./m);
    assert.match(text, /^Subject: Mail \d+ waits: Forwarded\r?$/m);
    assert.match(text, /Who reads this\?/);
    assert.ok(text.replace(/\s/g, "").includes(Buffer.from(raw).toString("base64")), "the mail as it came");
    await until("the forward is accepted", async () => /is accepted \(250 /.test(await done(desk, ["inbox", "explain", String(id)])));
    assert.match(await done(desk, ["inbox", "explain", String(id)]), /forward +yes +It is sent on to office@desk\.example\./);
    const shown = await server.call("GET", `/api/v1/inbox/${id}/forward/message`);
    const lines = (bytes) => bytes.replace(/\r\n/g, "\n").trimEnd();
    assert.equal(shown.status, 200);
    assert.ok(lines(text).endsWith(lines(shown.text)), "shown again as it left");
    assert.equal((await desk.run(["inbox", "forward-cancel", String(id)])).code, 5);
    assert.equal((await desk.run(["inbox", "forward-release", String(id)])).code, 5);
    assert.equal((await desk.run(["inbox", "forward-retry", String(id)])).code, 5);
    await done(desk, ["options", "set", "email-connector", "forward_unmatched_to="]);
}

async function commands(desk) {
    assert.match((await ingest(desk, mail("x@new.example", "First"))).stdout, /^Mail \d+: unmatched \(unknown_sender\)$/m);
    const again = await ingest(desk, mail("x@new.example", "First"));
    assert.equal(again.code, 0);
    assert.match(again.stdout, /was here already/);
    assert.equal((await ingest(desk, "")).code, 0);
    assert.match(await done(desk, ["inbox", "list"]), /quarantined/);
    const [waiting] = (await desk.runJson(["inbox", "list", "--state", "unmatched"])).items;
    const id = String(waiting.id);
    assert.match(await done(desk, ["inbox", "explain", id]), /unmatched +yes +Nobody here knows the sender\./);
    assert.equal(await done(desk, ["inbox", "message", id]), mail("x@new.example", "First"));
    assert.match(await done(desk, ["inbox", "open", id, "--new-account", "New Ltd"]), /is filed on ticket #\d+/);
    assert.equal((await desk.run(["inbox", "discard", id])).code, 5);
    assert.equal((await desk.run(["inbox", "attach", id])).code, 2);
    const { id: second } = await desk.runJson(["ingest"], { input: mail("y@strange.example", "Second") });
    assert.match(await done(desk, ["inbox", "attach", String(second), "--ticket", "1"]), /on ticket #1/);
    const file = path.join(desk.folder, "mail.eml");
    fs.writeFileSync(file, mail("bot@rmm.example", "Disk full"));
    await done(desk, ["options", "set", "email-connector",
        'rules=[{"name":"RMM","from":"@rmm.example","account":{"by":"fixed","account":1}}]']);
    const tried = await done(desk, ["inbox", "try", file]);
    assert.match(tried, /^It would be: open_by_rule \(rule_opens\)$/m);
    assert.match(tried, /^RMM +fits$/m);
}

test("a mail server's exit codes", async () => {
    const desk = await initDesk({ sample: false });
    assert.equal((await ingest(desk, mail("a@b.example", "Off"))).code, 75);
    assert.equal((await desk.run(["ingest", "what"])).code, 75);
    await done(desk, ["options", "set", "email-connector", "enabled=true", `address=${SUPPORT}`]);
    const large = mail("a@b.example", "Large", "");
    const { code, stderr } = await ingest(desk, large + "x\n".repeat((LARGEST - large.length) / 2 + 1));
    assert.equal(code, 65, stderr);
    assert.deepEqual((await desk.runJson(["inbox", "list"])).items, []);
    assert.equal((await ingest(desk, `${large}${"x\n".repeat((LARGEST - large.length) / 2 - 1)}`)).code, 0);
    assert.equal((await tidings(["ingest", "--desk", "/nonexistent"])).code, 75);
});

test("nobody serves", async () => {
    const desk = await initDesk();
    await done(desk, ["options", "set", "email-connector", "enabled=true", `address=${SUPPORT}`]);
    await commands(desk);
});

test("over the socket", async () => {
    const desk = await initDesk();
    const server = await desk.serve();
    await done(desk, ["options", "set", "email-connector", "enabled=true", `address=${SUPPORT}`]);
    await commands(desk);
    await forwarding(desk, server);
    const large = mail("a@b.example", "Large", "");
    assert.equal((await ingest(desk, large + "x\n".repeat((LARGEST - large.length) / 2 - 1))).code, 0);
    await server.stop();
});
