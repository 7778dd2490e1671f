/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"

#include <sodium.h>

/* libsodium wants its state on a boundary that malloc() does not promise. */
struct Checksum {
    crypto_generichash_state state;
};

static void begin(Checksum *checksum)
{
    crypto_generichash_init(&checksum->state, NULL, 0, CHECKSUM_BYTES);
}

Checksum *checksum_new(void)
{
    Checksum *checksum = g_aligned_alloc0(1, sizeof *checksum, 64);
    begin(checksum);
    return checksum;
}

void checksum_free(Checksum *checksum)
{
    g_aligned_free(checksum);
}

void checksum_add(Checksum *checksum, const void *data, size_t bytes)
{
    crypto_generichash_update(&checksum->state, data, bytes);
}

void checksum_take(Checksum *checksum, unsigned char sum[CHECKSUM_BYTES])
{
    crypto_generichash_final(&checksum->state, sum, CHECKSUM_BYTES);
    begin(checksum);
}
