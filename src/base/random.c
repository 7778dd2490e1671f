/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <glib.h>
#include <sodium.h>
#include <string.h>

static void system_fill(Random *random, void *buffer, size_t bytes)
{
    randombytes_buf(buffer, bytes);
}

Random *random_system(void)
{
    static Random system = {system_fill};
    static gsize ready;
    if (g_once_init_enter(&ready)) {
        if (sodium_init() < 0)
            g_error("libsodium cannot find a source of randomness on this machine");
        g_once_init_leave(&ready, 1);
    }
    return &system;
}

uint64_t random_below(Random *random, uint64_t bound)
{
    if (bound == 0)
        return 0;
    /* Values from the incomplete last run of `bound` are thrown away, or small results would be
     * likelier. */
    uint64_t skip = (UINT64_MAX - bound + 1) % bound;
    for (;;) {
        uint64_t value;
        random_fill(random, &value, sizeof value);
        if (value >= skip)
            return value % bound;
    }
}

char *random_base32(Random *random, size_t letters)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    char *text = g_malloc(letters + 1);
    random_fill(random, text, letters);
    for (size_t i = 0; i < letters; i++)
        text[i] = alphabet[(unsigned char)text[i] & 31];
    text[letters] = '\0';
    return text;
}

/* splitmix64: enough to shuffle test cases, no more. */
static void seeded_fill(Random *random, void *buffer, size_t bytes)
{
    SeededRandom *seeded = (SeededRandom *)random;
    unsigned char *out = buffer;
    while (bytes > 0) {
        uint64_t mixed = seeded->state += UINT64_C(0x9e3779b97f4a7c15);
        mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
        mixed ^= mixed >> 31;
        size_t part = MIN(bytes, sizeof mixed);
        memcpy(out, &mixed, part);
        out += part;
        bytes -= part;
    }
}

void seeded_random_init(SeededRandom *random, uint64_t seed)
{
    random->random = (Random){seeded_fill};
    random->state = seed;
}
