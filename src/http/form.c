/* SPDX-License-Identifier: Apache-2.0 */
#include "http/form.h"

#include "base/error.h"
#include "http/fields.h"
#include "http/form-private.h"
#include "http/target.h"

#include <string.h>

struct HttpForm {
    GArray *fields; /* of HttpField */
    GArray *files;  /* of HttpFormFile */
};

static void file_clear(void *item)
{
    HttpFormFile *file = item;
    g_free((char *)file->name);
    g_free((char *)file->file_name);
    g_free((char *)file->content_type);
    g_bytes_unref(file->content);
}

static HttpForm *form_new(void)
{
    HttpForm *form = g_new0(HttpForm, 1);
    form->fields = http_fields_new();
    form->files = g_array_new(FALSE, FALSE, sizeof(HttpFormFile));
    g_array_set_clear_func(form->files, file_clear);
    return form;
}

void http_form_free(HttpForm *form)
{
    if (form == NULL)
        return;
    g_array_unref(form->fields);
    g_array_unref(form->files);
    g_free(form);
}

bool form_refuse(GError **error, const char *what)
{
    error_set_problem(error, TD_ERROR_MALFORMED, "bad-form", NULL, "%s. Nothing was changed.",
                      what);
    return false;
}

bool form_add_text(HttpForm *form, const char *name, const char *text, size_t bytes, GError **error)
{
    if (form->fields->len >= HTTP_FORM_FIELDS_MAX)
        return form_refuse(error, "The form has too many fields");
    if (memchr(text, '\0', bytes) != NULL || !g_utf8_validate(text, (gssize)bytes, NULL) ||
        !g_utf8_validate(name, -1, NULL))
        return form_refuse(error, "The form holds text that is not UTF-8");
    g_autofree char *copy = g_strndup(text, bytes);
    http_fields_add(form->fields, name, copy);
    return true;
}

bool form_add_file(HttpForm *form, const char *name, const char *file_name,
                   const char *content_type, const char *content, size_t bytes, GError **error)
{
    if (*file_name == '\0' && bytes == 0)
        return true;
    if (form->files->len >= HTTP_FORM_FILES_MAX)
        return form_refuse(error, "The form has too many files");
    HttpFormFile file = {
        .name = g_utf8_make_valid(name, -1),
        .file_name = g_utf8_make_valid(*file_name != '\0' ? file_name : "file", -1),
        .content_type = g_utf8_make_valid(content_type, -1),
        .content = g_bytes_new(content, bytes),
    };
    g_array_append_val(form->files, file);
    return true;
}

static bool read_pair(HttpForm *form, const char *pair, size_t bytes, GError **error)
{
    const char *equals = memchr(pair, '=', bytes);
    size_t name_bytes = equals != NULL ? (size_t)(equals - pair) : bytes;
    size_t value_bytes = equals != NULL ? bytes - name_bytes - 1 : 0;
    g_autofree char *name = http_percent_decode(pair, name_bytes, true, error);
    g_autofree char *value = name != NULL ? http_percent_decode(equals != NULL ? equals + 1 : "",
                                                                value_bytes, true, error)
                                          : NULL;
    return value != NULL && form_add_text(form, name, value, strlen(value), error);
}

static bool read_urlencoded(HttpForm *form, const char *body, size_t bytes, GError **error)
{
    const char *end = body + bytes;
    while (body < end) {
        const char *amp = memchr(body, '&', (size_t)(end - body));
        size_t pair = amp != NULL ? (size_t)(amp - body) : (size_t)(end - body);
        if (pair > 0 && !read_pair(form, body, pair, error))
            return false;
        body += pair + 1;
    }
    return true;
}

static bool is_type(const char *header, const char *type)
{
    size_t bytes = strlen(type);
    return header != NULL && g_ascii_strncasecmp(header, type, bytes) == 0 &&
           (header[bytes] == '\0' || strchr("; \t", header[bytes]) != NULL);
}

HttpForm *http_form_read(const HttpRequest *request, GError **error)
{
    g_autoptr(HttpForm) form = form_new();
    size_t bytes;
    const char *body = http_request_body(request, &bytes);
    const char *type = http_request_header(request, "Content-Type");
    bool read;
    if (bytes == 0)
        read = true;
    else if (is_type(type, "application/x-www-form-urlencoded"))
        read = read_urlencoded(form, body, bytes, error);
    else if (is_type(type, "multipart/form-data"))
        read = multipart_read(form, type, body, bytes, error);
    else
        read = form_refuse(error, "This page takes what its own form sends, and nothing else");
    return read ? g_steal_pointer(&form) : NULL;
}

const char *http_form_text(const HttpForm *form, const char *name)
{
    return http_fields_exact(form->fields, name);
}

GPtrArray *http_form_all(const HttpForm *form, const char *name)
{
    GPtrArray *values = g_ptr_array_new();
    for (guint i = 0; i < form->fields->len; i++) {
        const HttpField *field = &g_array_index(form->fields, HttpField, i);
        if (strcmp(field->name, name) == 0)
            g_ptr_array_add(values, (char *)field->value);
    }
    return values;
}

size_t http_form_n_texts(const HttpForm *form)
{
    return form->fields->len;
}

const char *http_form_name(const HttpForm *form, size_t index)
{
    return g_array_index(form->fields, HttpField, index).name;
}

size_t http_form_n_files(const HttpForm *form)
{
    return form->files->len;
}

const HttpFormFile *http_form_file(const HttpForm *form, size_t index)
{
    return &g_array_index(form->files, HttpFormFile, index);
}
