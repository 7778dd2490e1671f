// SPDX-License-Identifier: Apache-2.0
/** How a server says that it is ready, stops (SIGTERM), and reads its options anew (SIGHUP). */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, test } from "node:test";

import { Program, SLOW, cleanUp, initDesk, scratchFolder, until } from "../support/api.mjs";
import { everything, smtpOn, stopWell, untilAllFinal } from "./common.mjs";
import { Silence, Sink } from "./sink.mjs";

after(cleanUp);

const STOP_MS = 5000 * SLOW;

async function deskWithSink(options) {
    const sink = await new Sink().open();
    after(() => sink.close());
    const desk = await initDesk();
    const server = await desk.serve();
    await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(sink.port, options));
    return { sink, desk, server };
}

async function openTickets(server, count) {
    for (let i = 0; i < count; i++)
        await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: `ticket ${i}` });
}

/** Every alert's mail is there, and there once unless its alert says that it may be there twice. */
function checkArrived(alerts, mails) {
    for (const alert of alerts) {
        assert.equal(alert.state, "accepted");
        const copies = mails.filter((mail) => mail.messageId === alert.message_id).length;
        assert.ok(copies === 1 || (copies > 1 && alert.uncertain), `${copies} of ${JSON.stringify(alert)}`);
    }
}

test("the ready line", async () => {
    const desk = await initDesk();
    const server = await desk.serve();
    const lines = server.program.stdout.split("\n");
    assert.match(lines[0], /^tidings: ready at http:\/\/127\.0\.0\.1:\d+, desk \/.*\/desk$/);
    assert.deepEqual(lines.slice(1), [""], "one line, and it ends");
    // Ready means ready: no waiting, the first call succeeds, on TCP and on the desk's socket.
    assert.equal((await server.call("GET", "/readyz")).status, 200);
    assert.equal(fs.statSync(desk.socket).mode & 0o777, 0o600);
    const second = await desk.run(["serve", "--listen", "127.0.0.1:0"]);
    assert.notEqual(second.code, 0);
    assert.match(second.stderr, /is being served already/);
    await stopWell(server, STOP_MS);
    assert.equal(fs.existsSync(desk.socket), false);
});

for (const signal of ["SIGTERM", "SIGINT"])
    test(`${signal} stops at once when there is nothing to do`, async () => {
        const desk = await initDesk();
        const server = await desk.serve();
        server.program.stopSignal = signal;
        await stopWell(server, STOP_MS);
    });

async function stopWhileWaiting(silence) {
    const { sink, desk, server } = await deskWithSink();
    sink.silence = silence;
    await openTickets(server, 25);
    const waiting = await everything(server, "/api/v1/alerts");
    assert.equal(waiting.length, 50);
    assert.ok(waiting.every((alert) => alert.state !== "accepted"));
    if (silence === Silence.AFTER_DOT) await until("a mail has no answer", () => sink.mails.length > 0);
    await stopWell(server, STOP_MS);

    sink.silence = Silence.NEVER;
    const later = await desk.serve();
    const limit = 90_000 * SLOW; // what was sent but not answered for is sent again after a minute
    const alerts = await untilAllFinal(later, { limit });
    assert.equal(alerts.length, 50);
    checkArrived(alerts, sink.mails);
    assert.equal(alerts.some((alert) => alert.uncertain), silence === Silence.AFTER_DOT);
    await stopWell(later, STOP_MS);
}

// At the same time, because they mostly wait.
test("SIGTERM while 50 alerts wait for a relay that is silent", { concurrency: true }, (t) =>
    Promise.all(
        [Silence.AT_CONNECT, Silence.AT_DATA, Silence.AFTER_DOT].map((silence) =>
            t.test(silence, () => stopWhileWaiting(silence)),
        ),
    ),
);

// Node.js has no datagram sockets of the local kind.
const MANAGER = `
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(manager.recv(4096).decode().replace("\\n", " "), flush=True)
`;

async function serviceManager() {
    const socket = path.join(scratchFolder(), "notify");
    const program = new Program("python3", ["-c", MANAGER, socket]);
    await program.waitForOutput(/^bound$/m);
    return { program, socket, heard: () => program.stdout.split("\n").filter((line) => line !== "WATCHDOG=1").slice(1, -1) };
}

test("a service manager is told of every step, and that the server lives", async () => {
    const manager = await serviceManager();
    const desk = await initDesk();
    const server = await desk.serve({ env: { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: "100000" } });
    await manager.program.waitForOutput(/(?:WATCHDOG=1\n[^]*){3}/);
    server.program.signal("SIGHUP");
    await until("it is ready again", () => manager.heard().length >= 4);
    await stopWell(server, STOP_MS);
    await until("its end is told", () => manager.heard().length >= 5);
    const serving = `READY=1 STATUS=Serving ${server.url}`;
    const [opening, ready, reloading, again, stopping, ...more] = manager.heard();
    assert.deepEqual([opening, ready, again, more], ["STATUS=Opening the database", serving, serving, []]);
    assert.match(reloading, /^RELOADING=1 MONOTONIC_USEC=\d+$/);
    assert.match(stopping, /^STOPPING=1 STATUS=/);
    assert.deepEqual(server.complaints, []);
    await manager.program.kill();
});

test("a service manager that does not listen is no reason to stop", async () => {
    const desk = await initDesk();
    const socket = path.join(scratchFolder(), "nobody");
    const server = await desk.serve({ env: { NOTIFY_SOCKET: socket } });
    assert.match(server.log, /The service manager cannot be told/);
    await server.stop();
});

test("SIGHUP reads the options anew and goes on serving", async () => {
    const { sink, server } = await deskWithSink({ concurrency: 2 });
    let over = false;
    let calls = 0;
    const working = (async () => {
        while (!over) {
            await openTickets(server, 1);
            calls += 1;
        }
    })();
    for (let i = 1; i <= 5; i++) {
        const before = calls;
        server.program.signal("SIGHUP");
        await until("calls are answered after SIGHUP", () => calls > before + 2);
        await until("the reload is logged", () => server.log.split(/reload/i).length > i);
    }
    over = true;
    await working;
    const alerts = await untilAllFinal(server);
    assert.equal(alerts.length, calls * 2);
    checkArrived(alerts, sink.mails);
    assert.equal(sink.mails.length, alerts.length, "nobody is told twice");
    assert.deepEqual(server.complaints, []);
    await stopWell(server, STOP_MS);
});
