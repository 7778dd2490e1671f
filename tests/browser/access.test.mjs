// SPDX-License-Identifier: Apache-2.0
/**
 * Who may do what: every route of the program, by the table that the program itself prints, for every role. A route that
 * somebody adds is here by itself.
 */
import * as assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addEmployee, consoleDesk, done, signedIn } from "./support.mjs";

let base, desk, routes;
const cookies = {};
before(async () => {
    let server;
    ({ base, desk, server } = await consoleDesk());
    await addEmployee(server, "tess", "technician");
    for (const login of ["admin", "tess"]) {
        const page = await signedIn(base, { login });
        cookies[login] = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    }
    routes = await desk.runJson(["routes"]);
});
after(done);

/** A path of the route with numbers that nothing has, so that what is allowed changes nothing. */
const target = ({ pattern }) => pattern.replace(/\{[^}]+\}/g, "999999");

function send(route, headers = {}) {
    const body = route.method === "GET" ? undefined : route.door === "api" ? "{}" : new URLSearchParams({ token: "none" });
    return fetch(base + target(route), { method: route.method, headers, body, redirect: "manual" });
}

test("the table has the doors and no route twice", () => {
    const names = routes.map(({ method, pattern }) => `${method} ${pattern}`);
    assert.equal(new Set(names).size, names.length);
    for (const door of ["api", "console", "portal"]) assert.ok(routes.filter((route) => route.door === door).length > 10, door);
});

test("nobody who has not signed in sees a page of employees", async () => {
    for (const route of routes.filter(({ door, who }) => door === "console" && who !== "anybody")) {
        const answer = await send(route);
        assert.equal(answer.status, 303, `${route.method} ${route.pattern}`);
        assert.match(answer.headers.get("location"), /^\/sign-in/, `${route.method} ${route.pattern}`);
    }
});

test("a technician sees no page of admins", async () => {
    for (const route of routes.filter(({ door, who }) => door === "console" && who === "admin")) {
        const answer = await send(route, { Cookie: cookies.tess });
        assert.equal(answer.status, 403, `${route.method} ${route.pattern}`);
    }
});

test("pages that are allowed are not refused", async () => {
    const allowed = {
        tess: ({ who }) => who !== "admin",
        admin: () => true,
    };
    for (const [login, may] of Object.entries(allowed))
        for (const route of routes.filter(({ door, method }) => door === "console" && method === "GET").filter(may)) {
            const { status } = await send(route, { Cookie: cookies[login] });
            assert.ok([200, 303, 404, 409, 422].includes(status), `${login} ${route.pattern}: ${status}`);
        }
});

test("no form is taken without its token", async () => {
    for (const route of routes.filter(({ door, method }) => door === "console" && method === "POST")) {
        const { status } = await send(route, { Cookie: cookies.admin });
        assert.equal(status, 403, route.pattern);
    }
});

test("the API asks for a token, and a token for its scope", async () => {
    for (const route of routes.filter(({ door, who }) => door === "api" && who !== "anybody")) {
        assert.equal((await send(route)).status, 401, `${route.method} ${route.pattern}`);
        assert.equal((await send(route, { Cookie: cookies.admin })).status, 401, `a session opens ${route.pattern}`);
    }
    const scopes = ["tickets:read", "tickets:write", "alerts", "options", "templates", "admin"];
    for (const scope of scopes) {
        const { token } = await desk.runJson(["token", "create", "--name", scope, "--scope", scope]);
        for (const route of routes.filter(({ door, who }) => door === "api" && who !== "anybody")) {
            const allowed = scope === "admin" || route.who === scope;
            if (allowed && route.method !== "GET") continue;
            const { status } = await send(route, { Authorization: `Bearer ${token}`, "Content-Type": "application/json" });
            if (allowed) assert.notEqual(status, 403, `${scope} ${route.pattern}`);
            else assert.equal(status, 403, `${scope} ${route.method} ${route.pattern}`);
        }
    }
});

test("nobody sees a customer's page without a session or a link, and employees' sessions are none", async () => {
    await desk.run(["options", "set", "web-interface", "enabled=true", `public_url=${base}`]);
    for (const route of routes.filter(({ door, who }) => door === "portal" && who !== "anybody"))
        for (const headers of [{}, { Cookie: cookies.admin }, { Cookie: cookies.admin.replace("tidings_session", "tidings_portal") }]) {
            const { status } = await send(route, headers);
            assert.ok([303, 403].includes(status), `${route.method} ${route.pattern}: ${status}`);
        }
});
