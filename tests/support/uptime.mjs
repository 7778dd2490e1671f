// SPDX-License-Identifier: Apache-2.0

/** Milliseconds of the one clock that all processes of this machine share, and that nobody sets. */
export function uptimeMs() {
    return Number(process.hrtime.bigint() / 1000n) / 1000;
}
