/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML to text, from any bytes. What must hold: the text is valid UTF-8 without control characters,
 * no longer than asked for, without blank lines at its ends.
 */
#include "fuzz.h"

#include "mail/html_to_text.h"

#include <glib.h>
#include <string.h>

static void check(const char *html, size_t size, size_t max)
{
    bool cut = false;
    g_autofree char *text = html_to_text(html, size, max, &cut);
    FUZZ_CHECK(text != NULL && g_utf8_validate(text, -1, NULL));
    size_t n = strlen(text);
    FUZZ_CHECK(n <= max);
    FUZZ_CHECK(n == 0 || (text[0] != '\n' && strchr(" \t\n", text[n - 1]) == NULL));
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        FUZZ_CHECK(c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f) || c >= 0xa0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *html = data != NULL ? (const char *)data : "";
    check(html, size, 10 * 1024 * 1024);
    check(html, size, 10);
    return 0;
}
