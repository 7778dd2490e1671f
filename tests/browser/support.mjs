// SPDX-License-Identifier: Apache-2.0
/**
 * The console in a real browser: Debian's Chromium, driven by playwright-core; axe-core looks for what keeps people out.
 *
 * A test file makes its desk with consoleDesk(), opens pages with browse() or signedIn(), and hands `after(done)` to its
 * runner. Every page that is opened here fails the test when its console says something or a script throws.
 */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";

import { SLOW, cleanUp, initDesk } from "../support/api.mjs";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const EXECUTABLES = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];
export const PASSWORD = "a password for tests";
const LIMIT_MS = 15_000 * SLOW;

// What playwright's own script says in a frame that has no origin, where it looks for service workers to block.
const OF_THE_DRIVER = ["Service worker is disabled because the context is sandboxed"];

let browser;
const problems = [];

async function chromiumRuns() {
    browser ??= await chromium.launch({
        executablePath: EXECUTABLES.find((file) => fs.existsSync(file)),
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
    });
    return browser;
}

/** Ends the browser and everything else that was started; fails when a page complained. */
export async function done() {
    await browser?.close();
    browser = undefined;
    await cleanUp();
    assert.deepEqual(problems, []);
}

/** A served desk with sample data, its admin's password known: {desk, server, base}. `database` as in initDesk(). */
export async function consoleDesk({ database } = {}) {
    const desk = await initDesk({ database });
    const server = await desk.serve();
    const { items } = await server.ask("GET", "/api/v1/employees");
    await server.ask("PATCH", `/api/v1/employees/${items[0].id}`, { password: PASSWORD });
    return { desk, server, base: server.url };
}

/** Another employee who can sign in with PASSWORD. */
export async function addEmployee(server, login, role) {
    return server.ask("POST", "/api/v1/employees", {
        name: login, login, email: `${login}@harbour-it.example`, role, password: PASSWORD,
    });
}

/**
 * A page of a browser of its own. `scheme`: "light" or "dark"; `width` 390 is a phone; `script: false` switches JavaScript
 * off. `expect`: texts of console messages that the test means to cause (a 403 that it asks for).
 */
export async function browse(base, { scheme = "light", width = 1280, script = true, expect = [] } = {}) {
    const context = await (await chromiumRuns()).newContext({
        baseURL: base, viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: script, serviceWorkers: "block",
        reducedMotion: "reduce",
    });
    context.setDefaultTimeout(LIMIT_MS);
    const page = await context.newPage();
    const complain = (text) => {
        if (![...expect, ...OF_THE_DRIVER].some((known) => text.includes(known))) problems.push(`${page.url()}: ${text}`);
    };
    page.on("pageerror", (error) => complain(error.message));
    page.on("console", (message) => message.type() === "error" && complain(message.text()));
    return page;
}

/** As browse(), signed in. */
export async function signedIn(base, { login = "admin", password = PASSWORD, ...options } = {}) {
    const page = await browse(base, options);
    await page.goto("/sign-in");
    await page.getByLabel("Login").fill(login);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => url.pathname !== "/sign-in");
    return page;
}

/** Fails on what axe-core finds on the page, on sideways scrolling, and where a page weighs too much. */
export async function assertAccessible(page, name = page.url()) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
    assert.deepEqual(found, [], name);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${name} is ${over} pixels too wide`);
}

/** Wide by day, and on a phone by night: colours do not depend on the width, nor places on the colours. ALL=1: every pair. */
export const LOOKS = process.env.ALL
    ? [["light", 1280], ["light", 360], ["dark", 1280], ["dark", 360]]
    : [["light", 1280], ["dark", 360]];

/** Opens each path in each of the LOOKS, and looks with assertAccessible(). */
export async function assertPagesAccessible(base, paths, options = {}) {
    for (const [scheme, width] of LOOKS) {
        const page = await signedIn(base, { ...options, scheme, width });
        for (const target of paths) {
            const answer = await page.goto(target);
            assert.equal(answer.status(), 200, target);
            await assertAccessible(page, `${target} ${scheme} ${width}`);
        }
        await page.context().close();
    }
}

/** Where pictures go when somebody asks for them: SHOTS=folder; otherwise nothing happens. */
export async function shot(page, name) {
    if (process.env.SHOTS)
        await page.screenshot({ path: path.join(process.env.SHOTS, `${name}.png`), fullPage: true });
}
