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
        assert.equal(mails.length, 20);
        const html = mails.map((mail) => mail.html);
        const light = await measure(html, look, { width: NARROW });
        const dark = await measure(html, look, { width: NARROW, dark: true });
        mails.forEach((mail, i) => Object.assign(mail, { light: light[i], dark: dark[i] }));
    });
    after(() => server.stop());

    test("nothing is wider than the narrowest phone", () => {
        for (const { name, light } of mails) {
            assert.equal(light.inner, NARROW);
            assert.ok(light.scroll <= NARROW, `${name}: ${light.scroll} pixels wide`);
        }
    });

    /* WCAG 2.1, 1.4.3: at least 4.5 to 1, for every text against what is behind it. */
    for (const scheme of ["light", "dark"])
        test(`every text stands out, ${scheme}`, () => {
            for (const { name, [scheme]: { canvas, lowest, words } } of mails) {
                assert.equal(canvas < 0.2, scheme === "dark", `${name}: the page has a luminance of ${canvas}`);
                assert.ok(lowest >= 4.5, `${name}: "${words}" has a contrast of ${lowest}`);
            }
        });

    test("the text part says the same", () => {
        for (const { name, subject, text, light } of mails) {
            const title = subject.replace(/^.*?: /, "");
            assert.ok(text.includes(title) && light.text.includes(title), name);
            assert.ok(text.length > 100, name);
        }
    });
});

/* Runs in the page. The canvas' own colour is not to be had from a style: the scheme says it. */
function look(window) {
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
    return { canvas: luminance(canvas), lowest, words, inner: window.innerWidth,
        scroll: document.documentElement.scrollWidth, text: document.body.innerText };
}
