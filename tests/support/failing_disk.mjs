// SPDX-License-Identifier: Apache-2.0
/**
 * A disk that a test breaks under a served desk, and mends: `desk.serve({ env: disk.env })`. The environment variable
 * TIDINGS_FAILING_DISK names the library that does it (failing_disk.c).
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { scratchFolder } from "./api.mjs";

export class FailingDisk {
    /** `folder`: below which files cannot be written when it is broken. */
    constructor(folder) {
        this.folder = fs.realpathSync(folder);
        this.file = path.join(scratchFolder(), "reason");
        fs.writeFileSync(this.file, Buffer.alloc(4));
    }

    get env() {
        const library = process.env.TIDINGS_FAILING_DISK;
        if (library === undefined) throw new Error("TIDINGS_FAILING_DISK does not name the library that breaks the disk");
        // AddressSanitizer wants to be the first library unless told that it need not be.
        const sanitizer = [process.env.ASAN_OPTIONS, "verify_asan_link_order=0"].filter(Boolean).join(":");
        return {
            LD_PRELOAD: library,
            FAILING_DISK_FILE: this.file,
            FAILING_DISK_FOLDER: this.folder,
            ASAN_OPTIONS: sanitizer,
        };
    }

    /** `name`: "ENOSPC", "EROFS", "EIO" */
    break(name) {
        this.set(os.constants.errno[name]);
    }

    mend() {
        this.set(0);
    }

    set(number) {
        const bytes = Buffer.from(new Int32Array([number]).buffer);
        const fd = fs.openSync(this.file, "r+");
        fs.writeSync(fd, bytes, 0, 4, 0);
        fs.closeSync(fd);
    }
}
