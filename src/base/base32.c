/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base32.h"

#include <glib.h>

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

void base32_encode(const void *data, size_t bytes, char *out)
{
    const uint8_t *in = data;
    size_t letters = BASE32_LETTERS(bytes);
    for (size_t i = 0; i < letters; i++) {
        size_t byte = i * 5 / 8;
        size_t shift = i * 5 % 8;
        unsigned two = (unsigned)in[byte] << 8 | (byte + 1 < bytes ? in[byte + 1] : 0);
        out[i] = alphabet[two >> (11 - shift) & 31];
    }
    out[letters] = '\0';
}

/* -1: none of the alphabet. */
static int value_of(char letter)
{
    char lower = g_ascii_tolower(letter);
    if (lower >= 'a' && lower <= 'z')
        return lower - 'a';
    return lower >= '2' && lower <= '7' ? lower - '2' + 26 : -1;
}

bool base32_decode(const char *letters, void *data, size_t bytes)
{
    uint8_t *out = data;
    unsigned held = 0;
    int n_held = 0;
    size_t done = 0;
    for (size_t i = 0; i < BASE32_LETTERS(bytes); i++) {
        int value = value_of(letters[i]);
        if (value < 0)
            return false;
        held = (held << 5 | (unsigned)value) & 0xfff;
        n_held += 5;
        if (n_held >= 8) {
            n_held -= 8;
            out[done++] = (uint8_t)(held >> n_held);
        }
    }
    return (held & ((1U << n_held) - 1)) == 0;
}
