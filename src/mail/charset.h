/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in any charset that mail is written in, to UTF-8. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Never fails: bytes that are not what `charset` says (NULL: nothing is said; any case, aliases are
 * known) are read as UTF-8 where they are that, else as windows-1252, or, where only a few are bad,
 * have U+FFFD in their place. Then *wrong is set to true (else it is left alone; it may be NULL).
 * Without NUL; other control characters stay. One pass or three; at most 6 bytes for one. Free with
 * g_free(). */
char *charset_to_utf8(const char *data, size_t bytes, const char *charset, bool *wrong);
