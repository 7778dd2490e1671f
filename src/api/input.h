/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that several resources have. As with the getters of base/json.h: true when the field is
 * present and valid, the reader keeps the first error, out-parameters are untouched otherwise.
 * Where an out-parameter held a text, that is freed. */
#pragma once

#include "base/json.h"
#include "desk/ticket.h"

/* One line that is not empty. Problem "empty" where it is. */
bool input_name(JsonReader *reader, const char *name, size_t max_chars, char **out);

/* One line, or null or "" for none. */
bool input_line(JsonReader *reader, const char *name, size_t max_chars, char **out);

/* An address (mail/address.h) and its compared form. */
bool input_address(JsonReader *reader, const char *name, char **address, char **key);

/* null or "" for none. */
bool input_optional_address(JsonReader *reader, const char *name, char **address, char **key);

/* Of a template's subject. */
#define INPUT_SUBJECT_BYTES 4096

/* As json_read_block(); an HTML part of "" is none, NULL. */
bool input_html(JsonReader *reader, const char *name, size_t max_bytes, char **html);

/* One of `choices`, NULL-terminated. */
bool input_choice(JsonReader *reader, const char *name, const char *const *choices, char **out);

bool input_is_language(const char *text);

/* A language tag (BCP 47), or null for none. */
bool input_language(JsonReader *reader, const char *name, char **out);

/* An IANA name, or null for none. */
bool input_time_zone(JsonReader *reader, const char *name, char **out);

/* A list of texts, as JSON text for a record's column; `check` makes the stored form of one (or
 * sets an error) and may be NULL. */
typedef bool (*InputCheck)(const char *text, const char *path, char **out, GError **error);
bool input_texts(JsonReader *reader, const char *name, size_t max_items, InputCheck check,
                 char **out);
bool input_check_address(const char *text, const char *path, char **out, GError **error);
bool input_check_domain(const char *text, const char *path, char **out, GError **error);

/* {"email","name"?}; NULL with an error. `path` is the JSON Pointer of the object, "" for the root;
 * `position` is its place in the list, from 1, or 0. */
RecipientDraft *input_recipient(json_t *value, const char *path, size_t position, GError **error);

/* A list of them: RecipientDraft *. `path` is the JSON Pointer of the list. Errors: INVALID
 * (problems "wrong-type", "too-many", "bad-address" with the entry's place). */
GPtrArray *input_recipients(json_t *list, const char *path, GError **error);

/* The list in a PUT's body: the body itself, or its field `name` or "items". *path gets the list's
 * JSON Pointer (a literal or `name`'s). Borrowed. */
json_t *input_whole_list(json_t *body, const char *name, char **path, GError **error);
