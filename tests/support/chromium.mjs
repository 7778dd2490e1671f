// SPDX-License-Identifier: Apache-2.0
/** A headless Chromium, driven by its command line alone: what a page measures, and a picture of it. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { SLOW, scratchFolder } from "./api.mjs";

const run = promisify(execFile);
const PROGRAM = process.env.CHROMIUM ?? "chromium-headless-shell";
const LIMIT_MS = 60_000 * SLOW;

/* Pages come from files of ours; nothing is asked of any host, and no profile is kept. */
async function chromium(args) {
    const profile = scratchFolder();
    const fixed = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
        `--user-data-dir=${profile}`];
    const { stdout } = await run(PROGRAM, [...fixed, ...args], { timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
}

const scheme = (dark) => `--blink-settings=preferredColorScheme=${dark ? 0 : 1}`;

function written(html) {
    const file = path.join(scratchFolder(), "page.html");
    fs.writeFileSync(file, html);
    return `file://${file}`;
}

function attribute(text) {
    return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}

/**
 * Shows each document in a window `width` pixels wide (a frame; one Chromium for all of them) and evaluates `measure`,
 * the text of a function of its window, there. What it returns is JSON.
 */
export async function measure(documents, measure, { width, dark = false }) {
    const frames = documents.map((html) =>
        `<iframe width="${width}" height="5000" style="border:0" srcdoc="${attribute(html)}"></iframe>`);
    const page = `<!DOCTYPE html><meta charset="utf-8">${frames.join("")}<pre id="result"></pre><script>
        onload = () => {
            const results = [...document.querySelectorAll("iframe")].map((frame) => (${measure})(frame.contentWindow));
            document.getElementById("result").textContent = encodeURIComponent(JSON.stringify(results));
        };</script>`;
    const dom = await chromium([scheme(dark), "--dump-dom", written(page)]);
    const result = /<pre id="result">([^<]+)<\/pre>/.exec(dom);
    if (result === null) throw new Error(`Chromium measured nothing:\n${dom.slice(-2000)}`);
    return JSON.parse(decodeURIComponent(result[1]));
}

/** A PNG file of the whole document. */
export async function picture(html, file, { width, dark = false }) {
    const [height] = await measure([html], "(w) => w.document.documentElement.getBoundingClientRect().height", { width });
    await chromium([scheme(dark), `--window-size=${width},${Math.ceil(height)}`, `--screenshot=${file}`, written(html)]);
}
