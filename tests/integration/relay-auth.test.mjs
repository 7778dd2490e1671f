// SPDX-License-Identifier: Apache-2.0
/** AUTH PLAIN and AUTH LOGIN over TLS, to a real Postfix with Cyrus SASL that takes mail from who signed in only. */
import * as assert from "node:assert/strict";
import { after, test } from "node:test";

import { cleanUp, initDesk } from "../support/api.mjs";
import { Authority } from "./certificates.mjs";
import { isAccepted, smtpOn, stopWell, untilAlertsOf, untilRelayIs } from "./common.mjs";
import { Postfix, postfixMissing } from "./postfix.mjs";
import { authenticated, saslMissing, withMechanism } from "./sasl.mjs";

after(cleanUp);

const NAME = "hilfe";
// What base64 and UTF-8 make of it must come back as it was.
const PASSWORD = ' „Größe“ \\ "%s" ~?>= ';

test("AUTH over TLS", { skip: postfixMissing() || saslMissing() }, async (t) => {
    const authority = new Authority("The test's authority");
    const postfix = await Postfix.start({
        settings: (folder) => authenticated(folder, authority, { [NAME]: PASSWORD }),
        listeners: { PLAIN: withMechanism("PLAIN"), LOGIN: withMechanism("LOGIN") },
    });
    const desk = await initDesk();
    const server = await desk.serve();
    const credentials = { username: NAME, password: PASSWORD };
    let delivered = 0;

    for (const mechanism of ["PLAIN", "LOGIN"])
        await t.test(`AUTH ${mechanism}`, async () => {
            const more = { security: "starttls", ca_file: authority.file, ...credentials };
            await server.ask("PUT", "/api/v1/options/alerts-server", smtpOn(postfix.ports[mechanism], more));
            const ticket = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: mechanism });
            const alerts = await untilAlertsOf(server, ticket.number, "all are accepted", isAccepted)
                .catch((error) => assert.fail(`${error.message}\n${postfix.log}`));
            delivered += alerts.length;
            await postfix.untilDelivered(delivered);
            assert.ok(postfix.logged(new RegExp(`sasl_method=${mechanism}, sasl_username=${NAME}`)) > 0, postfix.log);
        });

    await t.test("every mail came encrypted, from who signed in", async () => {
        const mails = await postfix.untilDelivered(delivered);
        assert.equal(mails.length, delivered);
        for (const mail of mails) assert.match(mail.headers.received.at(-1), /using TLSv1\.[23] .* with ESMTPSA /);
    });

    await t.test("nobody signs in where the certificate is not trusted", async () => {
        const before = postfix.logged(/sasl_/);
        await server.ask("PUT", "/api/v1/options/alerts-server", { ca_file: "" });
        const ticket = await server.ask("POST", "/api/v1/tickets", { account: 1, contact: 1, title: "not trusted" });
        await untilRelayIs(server, "down");
        await untilAlertsOf(server, ticket.number, "all wait", ({ state, attempts }) => state === "queued" && attempts === 0);
        assert.equal(postfix.logged(/sasl_/), before, postfix.log);
    });

    await stopWell(server);
    await postfix.stop();
    assert.ok(!server.log.includes("Größe"), "a password is not logged");
});
