// SPDX-License-Identifier: Apache-2.0
/**
 * The built-in alerts as Chromium shows them: nothing has to be scrolled sideways on the narrowest phone, whatever a
 * ticket says; light and dark can be read; the text part says what the HTML says.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import * as api from "../support/api.mjs";
import { measure } from "../support/chromium.mjs";

const LANGUAGES = ["en", "de", "es", "fr", "ja"];
const NARROW = 320;
const API = "/api/v1";

/* One word without a place to break it at, a long address, a script without spaces. */
const AWKWARD = {
    title: "W".repeat(255),
    description: `https://example.com/${"path/".repeat(60)}?q=${"x".repeat(200)}\n${"長い".repeat(300)}\n\t\t\tindented`,
    resolution: `${"_".repeat(400)}\n${" ".repeat(200)}end`,
    type: "T".repeat(60),
};

after(api.cleanUp);

describe("the built-in alerts", () => {
    let mails, server;

    before(async () => {
        const desk = await api.initDesk();
        server = await desk.serve();
        const { number } = await server.ask("POST", `${API}/tickets`, {
            account: 1, title: AWKWARD.title, description: AWKWARD.description, type: AWKWARD.type,
            due: "2026-12-31T23:59:00Z", recipients: [{ email: "a@b.example", name: "N".repeat(255) }] });
        await server.ask("PATCH", `${API}/tickets/${number}`, { status: "Completed", resolution: AWKWARD.resolution });
        mails = [];
        for (const template of [1, 2])
            for (const language of LANGUAGES)
                for (const ticket of [undefined, number]) {
                    const mail = await server.ask("POST", `${API}/templates/${template}/preview`, { language, ticket });
                    mails.push({ ...mail, name: `template ${template}, ${language}, ${ticket ? "awkward" : "usual"}` });
                }
    });
    after(() => server.stop());

    test("nothing is wider than the narrowest phone", async () => {
        const widths = await measure(mails.map((mail) => mail.html),
            "(w) => [w.innerWidth, w.document.documentElement.scrollWidth]", { width: NARROW });
        assert.equal(widths.length, 20);
        for (const [i, [inner, scroll]] of widths.entries()) {
            assert.equal(inner, NARROW);
            assert.ok(scroll <= NARROW, `${mails[i].name}: ${scroll} pixels wide`);
        }
    });

    /* WCAG 2.1, 1.4.3: at least 4.5 to 1, for every text against what is behind it. */
    for (const dark of [false, true])
        test(`every text stands out, ${dark ? "dark" : "light"}`, async () => {
            const contrasts = await measure(mails.map((mail) => mail.html), lowestContrast, { width: 600, dark });
            for (const [i, { canvas, lowest, words }] of contrasts.entries()) {
                assert.equal(canvas < 0.2, dark, `${mails[i].name}: the page has a luminance of ${canvas}`);
                assert.ok(lowest >= 4.5, `${mails[i].name}: "${words}" has a contrast of ${lowest}`);
            }
        });

    test("the text part says the same", async () => {
        const shown = await measure(mails.map((mail) => mail.html), "(w) => w.document.body.innerText", { width: 600 });
        for (const [i, text] of shown.entries()) {
            const mail = mails[i];
            assert.ok(mail.text.length > 100, mail.name);
            assert.ok(mail.text.split("\n").every((line) => line.trimEnd() === line || line.length > 200), mail.name);
            /* The title of an awkward ticket is broken by the window, not in the text. */
            const title = mail.subject.replace(/^.*?: /, "");
            assert.ok(mail.text.includes(title) && text.includes(title), mail.name);
        }
    });
});

/* Runs in the page. The canvas' own colour is not to be had from a style: the scheme says it. */
function lowestContrast(window) {
    const { document } = window;
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const follows = document.querySelector("meta[name=color-scheme]")?.content === "light dark";
    const canvas = dark && follows ? [18, 18, 18] : [255, 255, 255];
    const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
    const mixed = (over, under, alpha) => over.map((value, i) => value * alpha + under[i] * (1 - alpha));
    const luminance = (rgb) => {
        const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (let at = element; at !== null; at = at.parentElement) {
            const [r, g, b, a = 1] = numbers(window.getComputedStyle(at).backgroundColor);
            if (a > 0) return [r, g, b];
        }
        return canvas;
    };
    const opacity = (element) =>
        element === null ? 1 : Number(window.getComputedStyle(element).opacity) * opacity(element.parentElement);
    let lowest = Infinity, words = "";
    const walker = document.createTreeWalker(document.body, window.NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        const element = walker.currentNode.parentElement;
        if (text === "") continue;
        const back = behind(element);
        const front = mixed(numbers(window.getComputedStyle(element).color).slice(0, 3), back, opacity(element));
        const [light, low] = [luminance(front), luminance(back)].sort((a, b) => b - a);
        const contrast = (light + 0.05) / (low + 0.05);
        if (contrast < lowest) [lowest, words] = [contrast, text];
    }
    return { canvas: luminance(canvas), lowest, words };
}
