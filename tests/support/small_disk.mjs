// SPDX-License-Identifier: Apache-2.0
/**
 * A disk of a test's own (tmpfs) that can be filled up, or made read-only, under a running program. Mounting needs
 * root, so whoever uses it asks smallDiskMissing() first.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";

import { scratchFolder } from "./api.mjs";

const mounted = new Set();

process.on("exit", () => {
    for (const disk of mounted) disk.close();
});

function mount(...args) {
    execFileSync("mount", args, { stdio: ["ignore", "pipe", "pipe"] });
}

/** Why there can be none here; false when there can. */
export function smallDiskMissing() {
    if (process.getuid() !== 0) return "only root can mount";
    try {
        new SmallDisk("1m").close();
        return false;
    } catch (error) {
        return `no tmpfs can be mounted here (${error.message.trim()})`;
    }
}

export class SmallDisk {
    /** `size` as mount(8) takes it: "64m". */
    constructor(size) {
        this.size = size;
        this.folder = scratchFolder();
        mount("-t", "tmpfs", "-o", `size=${size},mode=755`, "tmpfs", this.folder);
        mounted.add(this);
    }

    /** The bytes that are in use. */
    get used() {
        const { bsize, blocks, bfree } = fs.statfsSync(this.folder);
        return (blocks - bfree) * bsize;
    }

    /** Leaves no room but for so many bytes more, until makeRoom(). */
    fill(spare = 0) {
        for (let tries = 100; ; tries--)
            try {
                return mount("-o", `remount,size=${this.used + spare}`, this.folder);
            } catch (error) {
                // Who was quicker has written more in between.
                if (tries === 1) throw error;
            }
    }

    makeRoom() {
        mount("-o", `remount,size=${this.size}`, this.folder);
    }

    /** Refused by the kernel while a file is open for writing, as it is on every disk that somebody remounts. */
    setReadOnly(on) {
        mount("-o", `remount,${on ? "ro" : "rw"}`, this.folder);
    }

    close() {
        if (!mounted.delete(this)) return;
        // Lazily: a program that was killed may still be leaving it.
        execFileSync("umount", ["-l", this.folder], { stdio: ["ignore", "pipe", "pipe"] });
    }
}
