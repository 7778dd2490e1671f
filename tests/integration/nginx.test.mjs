// SPDX-License-Identifier: Apache-2.0
/** The example of a site for nginx, by a real nginx in front of a desk: TLS, cookies that are Secure, uploads, metrics. */
import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as path from "node:path";
import { after, test } from "node:test";

import { Program, cleanUp, initDesk, scratchFolder, until } from "../support/api.mjs";
import { Authority } from "./certificates.mjs";
import { freePort } from "./sink.mjs";

after(cleanUp);

const EXAMPLE = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../packaging/examples/nginx.conf");
const NGINX = "/usr/sbin/nginx";
const HOST = "desk.example.com";

/** The example with other ports, another certificate and this desk; nothing else of it is changed. */
function site({ plain, secure, certificate, desk }) {
    return fs.readFileSync(EXAMPLE, "utf8")
        .replace(/^ *listen \[::\].*\n/gm, "")
        .replace("listen 80;", `listen 127.0.0.1:${plain};`)
        .replace("listen 443 ", `listen 127.0.0.1:${secure} `)
        .replace(/(ssl_certificate(?:_key)? +)[^;]+;/g, `$1${certificate};`)
        .replaceAll("http://127.0.0.1:8080", desk);
}

async function startNginx(desk) {
    const folder = scratchFolder();
    const authority = new Authority("the test's own");
    const certificate = path.join(folder, "desk.pem");
    authority.sign(`DNS:${HOST}`, certificate);
    const ports = { plain: await freePort(), secure: await freePort() };
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`);
    const configuration = path.join(folder, "nginx.conf");
    fs.writeFileSync(configuration, `daemon off; master_process off; pid ${folder}/pid; events {}\n` +
        `http { access_log off; ${temporary.join(" ")}\n${site({ ...ports, certificate, desk })}}\n`);
    const args = ["-p", folder, "-e", path.join(folder, "error.log"), "-c", configuration];
    execFileSync(NGINX, ["-t", "-q", ...args], { stdio: "pipe" });
    const program = new Program(NGINX, args);
    const ask = async (secure, method, target, { headers = {}, body } = {}) => {
        const request = (secure ? https : http).request({ host: "127.0.0.1", port: secure ? ports.secure : ports.plain, path: target,
            method, servername: HOST, ca: fs.readFileSync(authority.file), headers: { Host: HOST, ...headers } });
        request.end(body);
        const [response] = await once(request, "response");
        return { status: response.statusCode, headers: response.headers, text: (await response.toArray()).join("") };
    };
    await until("nginx answers", () => ask(false, "GET", "/").catch(() => undefined));
    return { program, ask };
}

test("nginx as the example has it", { skip: !fs.existsSync(NGINX) && "nginx is not installed" }, async (t) => {
    const desk = await initDesk();
    const server = await desk.serve();
    const { program, ask } = await startNginx(server.url);
    const authorization = { Authorization: `Bearer ${desk.token}` };

    await t.test("without TLS there is the way to TLS", async () => {
        const { status, headers } = await ask(false, "GET", "/tickets?x=1");
        assert.deepEqual([status, headers.location], [301, `https://${HOST}/tickets?x=1`]);
    });

    await t.test("cookies are Secure", async () => {
        const { status, headers } = await ask(true, "GET", "/sign-in");
        assert.equal(status, 200);
        assert.match(headers["set-cookie"].join("\n"), /; *Secure/i);
    });

    await t.test("a form that says where it comes from is taken for the desk's own", async () => {
        const headers = { Origin: `https://${HOST}`, "Content-Type": "application/x-www-form-urlencoded" };
        const page = await ask(true, "GET", "/sign-in");
        const [, token] = /name="token" value="([^"]+)"/.exec(page.text);
        const cookie = page.headers["set-cookie"].map((line) => line.split(";")[0]).join("; ");
        const body = new URLSearchParams({ token, login: desk.admin.login, password: desk.admin.password }).toString();
        const { status, headers: answer } = await ask(true, "POST", "/sign-in", { headers: { ...headers, Cookie: cookie }, body });
        assert.equal(status, 303);
        assert.match(answer["set-cookie"].join("\n"), /; *Secure/i);
    });

    await t.test("the API, and a mail of 20 MiB", async () => {
        const opened = await ask(true, "POST", "/api/v1/tickets", { headers: { ...authorization, "Content-Type": "application/json" },
            body: JSON.stringify({ account: 1, title: "Through the proxy" }) });
        assert.equal(opened.status, 201);
        await server.ask("PUT", "/api/v1/options/email-connector", { enabled: true, address: "support@desk.example" });
        const mail = `From: a@b.example\r\nSubject: large\r\n\r\n${"x".repeat(70).concat("\r\n").repeat(300_000)}`;
        const filed = await ask(true, "POST", "/api/v1/inbox", { headers: { ...authorization, "Content-Type": "message/rfc822" }, body: mail });
        assert.ok(filed.status < 300, filed.text);
    });

    await t.test("metrics for this machine", async () => assert.equal((await ask(true, "GET", "/metrics")).status, 200));

    await program.stop();
    await server.stop();
});
