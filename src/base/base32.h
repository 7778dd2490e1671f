/* SPDX-License-Identifier: Apache-2.0 */
/* Lower-case base32 without padding (RFC 4648 §6), for what stands in mail addresses. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many letters so many bytes make. */
#define BASE32_LETTERS(bytes) (((bytes)*8 + 4) / 5)

/* Writes BASE32_LETTERS(bytes) letters and a NUL. */
void base32_encode(const void *data, size_t bytes, char *out);

/* Reads BASE32_LETTERS(bytes) letters of either case. False for another character, and where the
 * bits that are left over are not 0. Does not look behind those letters. */
bool base32_decode(const char *letters, void *data, size_t bytes);
