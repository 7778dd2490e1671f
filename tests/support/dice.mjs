// SPDX-License-Identifier: Apache-2.0
/**
 * Chance from a seed. The seed fixes what is chosen, not how processes meet: the same seed gives the same plan, not the
 * same run.
 */

/** A new seed. */
export function anySeed() {
    return Math.floor(Math.random() * 2 ** 31);
}

/** mulberry32: 32 bits of state are plenty for choosing moments. */
export class Dice {
    constructor(seed) {
        this.state = seed >>> 0;
    }

    /** At least 0, below 1. */
    roll() {
        this.state = (this.state + 0x6d2b79f5) >>> 0;
        let bits = this.state;
        bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
        bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
        return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
    }

    chance(probability) {
        return this.roll() < probability;
    }

    /** A whole number from `least` to `most`. */
    between(least, most) {
        return least + Math.floor(this.roll() * (most - least + 1));
    }

    pick(list) {
        return list[this.between(0, list.length - 1)];
    }

    /** In place. */
    shuffle(list) {
        for (let i = list.length - 1; i > 0; i--) {
            const j = this.between(0, i);
            [list[i], list[j]] = [list[j], list[i]];
        }
        return list;
    }

    /** A seed for somebody else, so that what they roll does not depend on what is rolled here. */
    seed() {
        return Math.floor(this.roll() * 2 ** 31);
    }
}
