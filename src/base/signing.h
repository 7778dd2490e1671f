/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short signatures by the desk's own keys: keyed BLAKE2b-80. What is signed stands in addresses and
 * header fields that come back by mail; a signature says that this desk made it, and nothing else.
 * Pure; any thread.
 */
#pragma once

#include "base/random.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNING_SECRET_BYTES 32
#define SIGNING_MAC_BYTES    10    /* 80 bits */
#define SIGNING_KEY_ID_MAX   65535 /* ids travel in two bytes */

typedef struct {
    int64_t id; /* 1 to SIGNING_KEY_ID_MAX */
    uint8_t secret[SIGNING_SECRET_BYTES];
    int64_t retired_at; /* 0: signs still; a retired key only checks what it has signed */
} SigningKey;

/* A new secret as it is stored: hexadecimal digits. Wipe with secret_free(). */
char *signing_secret_new(Random *random);

/* Reads it; false for what is none. */
bool signing_secret_read(const char *text, uint8_t secret[SIGNING_SECRET_BYTES]);

/* All keys of a desk, by id. Never changes; shared by reference count; wiped at the end. */
typedef struct SigningKeys SigningKeys;

/* Copies n keys, in ascending order of their ids; n may be 0. */
SigningKeys *signing_keys_new(const SigningKey *keys, size_t n);
SigningKeys *signing_keys_ref(SigningKeys *keys);
void signing_keys_unref(SigningKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SigningKeys, signing_keys_unref)

/* Borrowed; NULL where there is none of this id. */
const SigningKey *signing_keys_find(const SigningKeys *keys, int64_t id);

/* The newest that is not retired. Borrowed; NULL: none. */
const SigningKey *signing_keys_current(const SigningKeys *keys);

/* The MAC of `data` for one purpose: a text of ours ("reply address", ...), so that what was signed
 * for one is worth nothing for another. */
void signing_mac(const SigningKey *key, const char *purpose, const void *data, size_t bytes,
                 uint8_t mac[SIGNING_MAC_BYTES]);

/* In a time that does not depend on where they differ. */
bool signing_mac_equal(const uint8_t a[SIGNING_MAC_BYTES], const uint8_t b[SIGNING_MAC_BYTES]);
