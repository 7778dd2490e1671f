/* SPDX-License-Identifier: Apache-2.0 */
/* One label of a domain name in Punycode (RFC 3492): what GLib does only behind the mapping of IDNA
 * 2003. Pure. */
#pragma once

/* "xn--" and the label's ASCII form; `label` is UTF-8, lower-case and composed, at most 63
 * characters. NULL where the result would be longer than 63 characters. Free with g_free(). */
char *punycode_label(const char *label);
