// SPDX-License-Identifier: Apache-2.0
/** The OpenAPI document as the program serves it. */
import { execFileSync } from "node:child_process";
import * as path from "node:path";

export const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");

export function loadDocument() {
    return JSON.parse(execFileSync(path.join(root, "tools/make-openapi"), { encoding: "utf8", maxBuffer: 1 << 26 }));
}
