/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is HTML of any kind (a mail's HTML part, which is valid UTF-8 when it gets here; NUL
 * ends it); its text is derived.
 *
 * Invariants: the text is valid UTF-8, hardly longer than the HTML, the same the second time, has
 * no spaces at its start, and ends with exactly one line feed where it is not empty.
 */
#include "fuzz.h"

#include "alerts/html_text.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *html = g_strndup(size > 0 ? (const char *)data : "", size);
    if (!g_utf8_validate(html, -1, NULL))
        return 0;
    g_autofree char *text = html_as_text(html);
    g_autofree char *again = html_as_text(html);
    size_t bytes = strlen(text);
    FUZZ_CHECK(strcmp(text, again) == 0);
    FUZZ_CHECK(g_utf8_validate(text, -1, NULL));
    FUZZ_CHECK(bytes <= 2 * strlen(html) + 16);
    FUZZ_CHECK(bytes == 0 || (bytes > 1 && text[bytes - 1] == '\n' && text[bytes - 2] != '\n'));
    return 0;
}
