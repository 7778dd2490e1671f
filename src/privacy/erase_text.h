/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a person that are replaced: their addresses, each by a pseudonym of its own (so that
 * two addresses on one ticket stay two), and their name. Pure.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* What all pseudonyms end with: nothing is ever delivered to it (RFC 2606). */
#define ERASED_DOMAIN "erased.invalid"

typedef struct ErasedWords ErasedWords;

/* `person`: {"addresses":[{"address","key","pseudonym"}],"names":[...],"name": what stands for
 * these}. Copies all. */
ErasedWords *erased_words_new(const json_t *person);
void erased_words_free(ErasedWords *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ErasedWords, erased_words_free)

/* The pseudonym where `text` as a whole is an address of theirs, in any letter case; NULL: it is
 * not. Borrowed. */
const char *erased_address(const ErasedWords *words, const char *text);

/* Whether `text` as a whole is their name. */
bool erased_is_name(const ErasedWords *words, const char *text);
const char *erased_name(const ErasedWords *words);

/* The text with every address of theirs replaced ("anna@x.example", "anna%40x.example"; not inside
 * of a longer address), and every name of two words or more; NULL where there was none. Free with
 * g_free(). */
char *erased_text(const ErasedWords *words, const char *text);

/* The same in each text of a JSON value, where a name of one word is replaced, too, if it is all
 * there is in the text. What cannot be read as JSON is taken for a text. */
char *erased_json(const ErasedWords *words, const char *text);

/* For LIKE ... ESCAPE '!' over lower(column): lets every text through that has the address in it,
 * in one of its forms; how many there are. Borrowed. */
guint erased_n_patterns(const ErasedWords *words);
const char *erased_pattern(const ErasedWords *words, guint index);
