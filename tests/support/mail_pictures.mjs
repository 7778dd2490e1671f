// SPDX-License-Identifier: Apache-2.0
/** What tools/mail-pictures runs: previews by the program itself, shown by Chromium. */
import * as fs from "node:fs";
import * as path from "node:path";

import { cleanUp, initDesk } from "./api.mjs";
import { picture } from "./chromium.mjs";

const [folder, ...named] = process.argv.slice(2);
const languages = named.length > 0 ? named : ["en", "de", "ja"];

try {
    const desk = await initDesk();
    for (const [id, kind] of [[1, "opened"], [2, "closed"]])
        for (const language of languages) {
            const ended = await desk.run(["template", "preview", String(id), "--language", language, "--json"]);
            if (ended.code !== 0) throw new Error(ended.stderr);
            const mail = JSON.parse(ended.stdout);
            const name = path.join(folder, `${kind}.${language}`);
            fs.writeFileSync(`${name}.html`, mail.html);
            fs.writeFileSync(`${name}.txt`, mail.text);
            for (const width of [1000, 360])
                for (const dark of [false, true]) {
                    const file = `${name}.${width}.${dark ? "dark" : "light"}.png`;
                    await picture(mail.html, path.resolve(file), { width, dark });
                    console.log(file);
                }
        }
} finally {
    await cleanUp();
}
