/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness, injected. The system source is cryptographic and thread-safe; the seeded one repeats
 * itself, for tests. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Random Random;
struct Random {
    void (*fill)(Random *random, void *buffer, size_t bytes);
};

/* libsodium's generator. Never freed. */
Random *random_system(void);

static inline void random_fill(Random *random, void *buffer, size_t bytes)
{
    random->fill(random, buffer, bytes);
}

/* Uniform in [0, bound); 0 for a bound of 0. */
uint64_t random_below(Random *random, uint64_t bound);

/* 5 bits a letter, lower-case base32 (RFC 4648 alphabet). Free with g_free(). */
char *random_base32(Random *random, size_t letters);

typedef struct {
    Random random;
    uint64_t state;
} SeededRandom;

void seeded_random_init(SeededRandom *random, uint64_t seed);
