/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a mail's language means for its values: how a time is written, and the names of priorities
 * and statuses. Tables of our own for English, German, French, Spanish and Japanese; times of other
 * languages are written as ISO 8601 does. The process's locale is always "C" and plays no part.
 * Pure. What is written here is part of the bytes that were sent: see COMPOSER_VERSION.
 */
#pragma once

/* A language tag (BCP 47) of "" or NULL counts as English. All free with g_free(). */

/* RFC 3339 for people, in the zone (an IANA name; an unknown one is UTC): "23 November 2026, 18:32
 * GMT". "" for what is no time. */
char *locale_time(const char *rfc3339, const char *zone_name, const char *language);

/* "High" and "In-House Service" in the language; what is none of the English names (a status that
 * the desk has renamed) as it is. */
char *locale_priority(const char *english, const char *language);
char *locale_status(const char *label, const char *language);

/* What marks a mail's subject as a test: "[Test]". Not freed. */
const char *locale_test_mark(const char *language);
