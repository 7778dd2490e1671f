/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an HTML form sends: application/x-www-form-urlencoded, or multipart/form-data (RFC 7578)
 * with files. Pure: reads the body that is in memory already.
 *
 * Names and texts are UTF-8 without NUL, or the form is refused. A file's name is what the browser
 * says and may be anything; its content is bytes.
 */
#pragma once

#include "http/request.h"

#define HTTP_FORM_FIELDS_MAX 2000
#define HTTP_FORM_FILES_MAX  100

typedef struct HttpForm HttpForm;

typedef struct {
    const char *name;         /* of the field */
    const char *file_name;    /* never NULL, never "" */
    const char *content_type; /* "" where the browser did not say */
    GBytes *content;
} HttpFormFile;

/* An empty body is an empty form. Errors: MALFORMED (problem "bad-form"): another Content-Type, a
 * text that is not UTF-8, parts that cannot be told apart, more than the maxima above. */
HttpForm *http_form_read(const HttpRequest *request, GError **error);
void http_form_free(HttpForm *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpForm, http_form_free)

/* The first field of this name; NULL: there is none. Borrowed. */
const char *http_form_text(const HttpForm *form, const char *name);

/* All values of this name, in order: borrowed texts. Free with g_ptr_array_unref(). */
GPtrArray *http_form_all(const HttpForm *form, const char *name);

/* All text fields in order, by index; borrowed. */
size_t http_form_n_texts(const HttpForm *form);
const char *http_form_name(const HttpForm *form, size_t index);

/* Files that were chosen (an empty file field is none); borrowed. */
size_t http_form_n_files(const HttpForm *form);
const HttpFormFile *http_form_file(const HttpForm *form, size_t index);
