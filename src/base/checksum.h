/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b-256 of what comes piece by piece; `b2sum -l 256` computes the same. */
#pragma once

#include <glib.h>
#include <stddef.h>

#define CHECKSUM_BYTES 32

typedef struct Checksum Checksum;

Checksum *checksum_new(void);
void checksum_free(Checksum *checksum);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Checksum, checksum_free)

void checksum_add(Checksum *checksum, const void *data, size_t bytes);

/* Gives the sum of all that was added, and begins anew. */
void checksum_take(Checksum *checksum, unsigned char sum[CHECKSUM_BYTES]);
