/* SPDX-License-Identifier: Apache-2.0 */
/* Times as a page shows them. Pure. */
#pragma once

#include <glib.h>
#include <stdint.h>

/* RFC 3339 in the zone (an IANA name; an unknown one is UTC), as short as it may be to somebody who
 * reads it at `now_us`: "18:32" today, "23 Nov 18:32" this year, "23 Nov 2025" before. "" for what
 * is no time. Free with g_free(). */
char *web_when(const char *rfc3339, const char *zone, int64_t now_us);

/* In full: "23 November 2026, 18:32 CET". */
char *web_when_full(const char *rfc3339, const char *zone);
