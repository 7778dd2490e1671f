// SPDX-License-Identifier: Apache-2.0
/** The pictures of docs/: a sample desk with a day's work on it, photographed. `tools/page-pictures` runs it. */
import * as fs from "node:fs";
import * as path from "node:path";

import { until } from "../support/api.mjs";
import { consoleDesk, done, signedIn } from "./support.mjs";

const folder = process.argv[2];
const { base, server } = await consoleDesk();
const ask = (method, target, body) => server.ask(method, `/api/v1${target}`, body);

async function fill() {
    const nord = await ask("POST", "/accounts", { name: "Nordlicht Kaffee", email: "buero@nordlicht-kaffee.example", language: "de" });
    const lena = await ask("POST", "/contacts", { account: nord.number, name: "Lena Brandt", email: "lena@nordlicht-kaffee.example" });
    const titles = [
        [1, 1, "Reception printer prints blank pages", "normal"], [1, 1, "New laptop for Dr. Osei", "low"],
        [nord.number, lena.id, "Kasse 2 startet nicht", "urgent"], [1, 1, "Backup of the X-ray server failed", "high"],
        [nord.number, lena.id, "WLAN im Lager zu schwach", "normal"], [1, 1, "Phone rings once and stops", "normal"],
    ];
    const numbers = [];
    for (const [account, contact, title, priority] of titles)
        numbers.push((await ask("POST", "/tickets", { account, contact, title, priority,
            description: "It has been so since this morning. A restart did not help." })).number);
    await ask("POST", `/tickets/${numbers[0]}/messages`, { text: "We are on our way and will be with you at eleven." });
    await ask("POST", `/tickets/${numbers[0]}/messages`, { text: "Bring the large screwdriver.", visibility: "internal" });
    await ask("PATCH", `/tickets/${numbers[0]}`, { status: "Completed", resolution: "Replaced the toner cartridge and cleaned the drum." });
    await until("all mail has left", async () =>
        (await ask("GET", `/tickets/${numbers[0]}/alerts`)).items.every(({ state }) => state === "accepted"));
    return numbers;
}

const numbers = await fill();
fs.mkdirSync(folder, { recursive: true });

async function picture(name, target, options = {}, prepare = () => {}) {
    const page = await signedIn(base, options);
    await page.goto(target);
    await prepare(page);
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
    await page.context().close();
    console.log(`${folder}/${name}.png`);
}

await picture("tickets", "/tickets");
await picture("ticket", `/tickets/${numbers[0]}`);
await picture("ticket-dark", `/tickets/${numbers[0]}`, { scheme: "dark" });
await picture("ticket-phone", `/tickets/${numbers[0]}`, { width: 390 });
await picture("new-ticket", "/tickets/new?account=1");
await picture("alerts-to-customers", "/options/alerts-to-customers");
await picture("template", "/templates/1");
await picture("alerts-server", "/alerts-server");
await done();
