/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a JSON object strictly and writing one easily, over Jansson.
 *
 * A JsonReader remembers its first error and then answers "absent" to everything, so that a door
 * reads all its fields in a row and asks once, with json_reader_end(), whether all of it was well:
 * unknown fields are refused there by name. Every getter returns true when the field is present and
 * valid; its out-parameter is untouched otherwise. JSON null in an optional field means "none":
 * present, with NULL (or 0) as its value.
 */
#pragma once

#include "base/limits.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* jansson.h has json_auto_t of its own: `json_auto_t *object = json_object();` */

/* Parses a request body. Errors: MALFORMED (problem "bad-json", with line and column; or
 * "not-utf8"). The nesting is limited to LIMIT_JSON_DEPTH, and a key that stands twice in an object
 * is refused. */
json_t *json_parse(const char *text, size_t bytes, GError **error);

/* Compact, keys in the order of their insertion. Free with g_free(). */
char *json_text(const json_t *value);

typedef struct {
    json_t *object;   /* borrowed */
    const char *path; /* JSON Pointer of the object, "" for the root; borrowed */
    const char *asked[LIMIT_JSON_FIELDS];
    size_t n_asked;
    GError *error; /* the first one; taken by json_reader_end() */
} JsonReader;

/* `value` that is no object is an error of the reader. */
void json_reader_init(JsonReader *reader, json_t *value, const char *path);

/* The JSON Pointer of a field of this object, or of an element of one of its arrays. Free with
 * g_free(). */
char *json_reader_path(const JsonReader *reader, const char *name);
char *json_reader_path_at(const JsonReader *reader, const char *name, size_t index);

/* A field that must be there: call before the getter. Errors: INVALID, problem "missing-field". */
void json_require(JsonReader *reader, const char *name);

/* Whether the field stands in the object at all (null included); counts as asked for. */
bool json_has(JsonReader *reader, const char *name);

/* One line of text (see text_one_line()); not nullable. An empty string is valid. */
bool json_read_line(JsonReader *reader, const char *name, size_t max_chars, char **out);

/* As json_read_line(), but null or "" give NULL. */
bool json_read_optional_line(JsonReader *reader, const char *name, size_t max_chars, char **out);

/* A password or a key (see text_secret()); null or "" give NULL. Free with secret_free(). */
bool json_read_secret(JsonReader *reader, const char *name, size_t max_chars, char **out);

/* Several lines (see text_block()); null gives "". */
bool json_read_block(JsonReader *reader, const char *name, size_t max_bytes, char **out);

bool json_read_bool(JsonReader *reader, const char *name, bool *out);
bool json_read_int(JsonReader *reader, const char *name, int64_t min, int64_t max, int64_t *out);

/* As json_read_int() with min 1, null gives 0: the id of another record, or none. */
bool json_read_id(JsonReader *reader, const char *name, int64_t *out);

/* RFC 3339; null gives 0. */
bool json_read_time(JsonReader *reader, const char *name, int64_t *out_us);

/* An array or object for the caller to read on; borrowed. */
bool json_read_array(JsonReader *reader, const char *name, size_t max_items, json_t **out);
bool json_read_object(JsonReader *reader, const char *name, json_t **out);

/* The raw value, whatever it is; borrowed. */
bool json_read_any(JsonReader *reader, const char *name, json_t **out);

/* Makes `error` (taken) the reader's error if it has none yet. */
void json_reader_fail(JsonReader *reader, GError *error);

/* True when all fields were well and none was unknown; else hands over the first error. Errors:
 * INVALID with problem "unknown-field", "missing-field", "wrong-type", "too-long", "bad-time",
 * "out-of-range" or "invalid", and the field. */
bool json_reader_end(JsonReader *reader, GError **error);

/* Writing: a NULL text or a time of 0 becomes null. */
void json_set_text(json_t *object, const char *name, const char *value);
void json_set_int(json_t *object, const char *name, int64_t value);
void json_set_id(json_t *object, const char *name, int64_t value); /* 0 becomes null */
void json_set_bool(json_t *object, const char *name, bool value);
void json_set_time(json_t *object, const char *name, int64_t time_us);

/* Reading our own stored JSON: "" and 0 where the field is missing. */
const char *json_get_text(const json_t *object, const char *name);
int64_t json_get_int(const json_t *object, const char *name);
bool json_get_bool(const json_t *object, const char *name, bool fallback);
