/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are always the same, and an input that is lines. */
#pragma once

#include "fuzz.h"

#include "base/signing.h"

#include <string.h>

/* Keys 1 (retired) and 258: the ids differ in both of their bytes. */
static inline SigningKeys *fuzz_keys(void)
{
    SigningKey keys[] = {{.id = 1, .retired_at = 1}, {.id = 258}};
    memset(keys[0].secret, 0x11, sizeof keys[0].secret);
    memset(keys[1].secret, 0x22, sizeof keys[1].secret);
    return signing_keys_new(keys, G_N_ELEMENTS(keys));
}

/* Exactly n texts: what lies between the first n - 1 line ends, "" for those that are missing, up
 * to the first NUL each. Free with g_strfreev(). */
static inline char **fuzz_lines(const uint8_t *data, size_t size, size_t n)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char **lines = g_strsplit(text, "\n", (int)n);
    size_t found = g_strv_length(lines);
    lines = g_renew(char *, lines, n + 1);
    for (size_t i = found; i < n; i++)
        lines[i] = g_strdup("");
    lines[n] = NULL;
    return lines;
}
