/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside: checked once, at the door. Pure functions. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Checks and cleans a one-line field: UTF-8, at most max_chars characters after cleaning; CR, LF
 * and NUL are refused, other control characters (C0, DEL, C1, U+2028, U+2029) become a space,
 * spaces at both ends go. `bytes` is the length of `in`. `field` names the input in the error.
 * Errors: INVALID. */
bool text_one_line(const char *in, size_t bytes, size_t max_chars, const char *field, char **out,
                   GError **error);

/* Checks a password or a key: as text_one_line(), but it is taken exactly as it is; spaces at its
 * ends belong to it. Free with secret_free(). Errors: INVALID. */
bool text_secret(const char *in, size_t bytes, size_t max_chars, const char *field, char **out,
                 GError **error);

/* Checks and cleans a text of several lines: UTF-8, at most max_bytes; CRLF and CR become LF, NUL
 * is refused, other control characters but tab become a space. Errors: INVALID. */
bool text_block(const char *in, size_t bytes, size_t max_bytes, const char *field, char **out,
                GError **error);

/* RFC 3339, UTC, to the second where the microseconds are 0, else with six digits:
 * "2026-11-23T18:32:08Z". */
char *text_from_time(int64_t time_us);

/* Reads RFC 3339 with any offset, from year 1 to 9999. Errors: INVALID. */
bool text_to_time(const char *text, const char *field, int64_t *time_us, GError **error);

/* Decimal digits with an optional sign and nothing else. Nothing is in a range that ends before it
 * begins: the places of an empty list. */
bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *value);

/* Lower-case hexadecimal. */
char *text_hex(const void *data, size_t bytes);
