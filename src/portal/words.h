/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the customers' pages, a table for each of the five languages (words/NAME.json):
 * every table has the same keys, which the test of the pages sees to. Thread-safe once loaded.
 */
#pragma once

#include <gio/gio.h>
#include <jansson.h>

#define WORDS_N_LANGUAGES 5

/* "en" first. */
extern const char *const words_languages[WORDS_N_LANGUAGES];

typedef struct PortalWords PortalWords;

/* Errors: INTERNAL (a table that cannot be read). */
PortalWords *portal_words_load(GResource *resource, GError **error);
void portal_words_free(PortalWords *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PortalWords, portal_words_free)

/* The table of a language that there is: an object of texts. Borrowed. */
json_t *portal_words_of(const PortalWords *words, const char *language);

/* The one of words_languages that suits a language tag ("de-AT"); NULL where none does. */
const char *words_language_find(const char *tag);

/* The same for an Accept-Language header (RFC 9110 §12.5.4; NULL: none was sent): of those that
 * suit, the one that the browser would rather have. */
const char *words_language_accepted(const char *header);

/* The text `key` with its {name}s replaced: names and values follow in pairs, then NULL. What a
 * value has in braces stays. Free with g_free(). */
char *words_format(const json_t *table, const char *key, ...) G_GNUC_NULL_TERMINATED;
