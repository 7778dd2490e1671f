/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: bearer tokens are 256 random bits kept as BLAKE2b; passwords are kept as argon2id. */
#pragma once

#include "base/random.h"

#include <glib.h>
#include <stdbool.h>

/* A new bearer token, "td_" and 52 base32 letters. Shown once; wipe with secret_free(). */
char *secret_new_token(Random *random);

/* 64 hexadecimal digits of BLAKE2b-256: what is stored and looked up for a token, or to compare
 * request bodies. */
char *secret_hash(const void *data, size_t bytes);

/* argon2id with libsodium's interactive limits (about 64 MiB and a tenth of a second). Errors:
 * UNAVAILABLE. */
char *secret_hash_password(const char *password, GError **error);
bool secret_check_password(const char *stored, const char *password);

/* Whether two secrets are the same, in a time that does not tell where they differ. NULL equals
 * nothing. */
bool secret_equal(const char *a, const char *b);

/* Wipes and frees. NULL is allowed. */
void secret_free(char *secret);
