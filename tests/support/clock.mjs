// SPDX-License-Identifier: Apache-2.0
/**
 * A clock that a test moves under a served desk: `desk.serve({ env: clock.env })`. What the server takes for the time
 * of day runs on by itself, and jumps when the test says so; how long threads and sockets wait stays real. The
 * environment variable TIDINGS_MOVED_CLOCK names the library that does it (moved_clock.c).
 *
 * A jump is to the server what the machine's sleep would be, so what it is just doing is interrupted by it: whoever
 * moves the clock waits first until nothing is being sent.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { scratchFolder } from "./api.mjs";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export class MovedClock {
    constructor() {
        this.file = path.join(scratchFolder(), "offset");
        this.offset = 0; // milliseconds
        fs.writeFileSync(this.file, Buffer.alloc(8));
    }

    /** The environment of a program that is to see this clock. */
    get env() {
        const library = process.env.TIDINGS_MOVED_CLOCK;
        if (library === undefined) throw new Error("TIDINGS_MOVED_CLOCK does not name the library that moves the clock");
        // AddressSanitizer wants to be the first library unless told that it need not be.
        const sanitizer = [process.env.ASAN_OPTIONS, "verify_asan_link_order=0"].filter(Boolean).join(":");
        return { LD_PRELOAD: library, MOVED_CLOCK_FILE: this.file, ASAN_OPTIONS: sanitizer };
    }

    /** What the server takes for the time of day; milliseconds since 1970. */
    now() {
        return Date.now() + this.offset;
    }

    advance(ms) {
        this.offset += Math.ceil(ms);
        const bytes = Buffer.alloc(8);
        const value = BigInt(this.offset) * 1000n;
        if (os.endianness() === "LE") bytes.writeBigInt64LE(value);
        else bytes.writeBigInt64BE(value);
        const fd = fs.openSync(this.file, "r+");
        fs.writeSync(fd, bytes, 0, 8, 0);
        fs.closeSync(fd);
    }

    /** Moves to this time (as now() or the API gives it) and a second more; not back where it has passed. */
    moveTo(time) {
        const ahead = new Date(time).getTime() + 1000 - this.now();
        if (ahead > 0) this.advance(ahead);
    }
}
