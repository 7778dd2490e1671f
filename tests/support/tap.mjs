// SPDX-License-Identifier: Apache-2.0
/**
 * A reporter for node:test (`node --test --test-reporter=.../tap.mjs`) that prints flat TAP, so that Meson counts every
 * test: Node's own TAP nests subtests, which Meson does not read. A test that has subtests is shown by these; by itself
 * only where it failed for a reason of its own.
 */
import { inspect } from "node:util";

function comment(text) {
    return String(text)
        .trimEnd()
        .split("\n")
        .map((line) => `# ${line}\n`)
        .join("");
}

/* What TAP would read as a directive, or as another line, must not come from a name. */
function escape(name) {
    return String(name).replace(/[\r\n]+/g, " ").replaceAll("#", "");
}

function directive({ skip, todo }) {
    if (skip !== undefined) return ` # SKIP ${skip === true ? "" : skip}`;
    if (todo !== undefined) return ` # TODO ${todo === true ? "" : todo}`;
    return "";
}

export default async function* report(events) {
    let count = 0;
    const parents = []; // names of the tests that have begun, by nesting
    let deepest = 0; // the nesting of the result before
    yield "TAP version 14\n";
    for await (const { type, data } of events) {
        if (type === "test:start") {
            parents[data.nesting] = data.name;
        } else if (type === "test:pass" || type === "test:fail") {
            const hasSubtests = deepest > data.nesting;
            const error = data.details?.error;
            deepest = data.nesting;
            if (hasSubtests && (type === "test:pass" || error?.failureType === "subtestsFailed")) continue;
            count += 1;
            const name = [...parents.slice(0, data.nesting), data.name].map(escape).join(": ");
            yield `${type === "test:pass" ? "ok" : "not ok"} ${count} - ${name}${directive(data)}\n`;
            if (type === "test:fail") yield comment(inspect(error?.cause ?? error));
        } else if (type === "test:diagnostic") {
            yield comment(data.message);
        } else if (type === "test:stdout" || type === "test:stderr") {
            yield comment(data.message);
        }
    }
    yield `1..${count}\n`;
}
