/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hop marks, from anybody. What must hold: a mark counts from 1 to its limit or not at all, only
 * what this desk has made for this very Message-ID is its own, and a mark can stand in a header.
 *
 * Input, three lines: a field's value; a Message-ID; another Message-ID.
 */
#include "fuzz_signed.h"

#include "mail/hop.h"

static void check_line(const char *mark)
{
    for (const char *p = mark; *p != '\0'; p++)
        FUZZ_CHECK(*p > 0x20 && *p < 0x7f);
    FUZZ_CHECK(strlen(mark) <= 24);
}

/* Own is only what signing gives. */
static void check_came(const SigningKeys *keys, const char *value, const char *id)
{
    Hop hop = hop_read(keys, value, id);
    FUZZ_CHECK(hop.count >= 0 && hop.count <= HOP_COUNT_MAX && !(hop.own && hop.count == 0));
    FUZZ_CHECK(!hop_read(keys, value, NULL).own);
    if (!hop.own)
        return;
    bool made = false;
    for (int64_t key = 1; key <= 258; key += 257) {
        g_autofree char *mark = hop_mark(signing_keys_find(keys, key), hop.count, id);
        g_autofree char *lower = g_ascii_strdown(value, -1);
        made = made || strstr(lower, strchr(mark, '.')) != NULL;
    }
    FUZZ_CHECK(made);
}

static void check_made(const SigningKeys *keys, int count, const char *id, const char *other)
{
    g_autofree char *mark = hop_mark(signing_keys_current(keys), count, id);
    check_line(mark);
    Hop hop = hop_read(keys, mark, id);
    FUZZ_CHECK(hop.own && hop.count == CLAMP(count, 1, HOP_COUNT_MAX));
    FUZZ_CHECK(hop_read(keys, mark, other).own == (strcmp(id, other) == 0));
    /* The same letters under another count. */
    g_autofree char *raised =
        g_strdup_printf("%d%s", hop.count % HOP_COUNT_MAX + 1, strchr(mark, '.'));
    FUZZ_CHECK(!hop_read(keys, raised, id).own);
    for (char *letter = strchr(mark, '.') + 1; *letter != '\0'; letter++) {
        char kept = *letter;
        *letter = kept == 'a' ? 'b' : 'a';
        FUZZ_CHECK(!hop_read(keys, mark, id).own && hop_read(keys, mark, id).count == hop.count);
        *letter = kept;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(SigningKeys) keys = fuzz_keys();
    g_auto(GStrv) lines = fuzz_lines(data, size, 3);
    check_came(keys, lines[0], lines[1]);
    FUZZ_CHECK(hop_read(keys, NULL, lines[1]).count == 0);
    check_made(keys, (int)(size % 1100), lines[1], lines[2]);
    return 0;
}
