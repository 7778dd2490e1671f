/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A form, from any bytes: the first line is the Content-Type, the rest is the body. What must hold:
 * nothing crashes, texts are UTF-8 without NUL, a file is never larger than what came.
 */
#include "fuzz.h"

#include "http/http.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0 || bytes > 65536)
        return 0;
    const uint8_t *line = memchr(data, '\n', bytes);
    size_t type_bytes = line != NULL ? (size_t)(line - data) : bytes;
    g_autofree char *type = g_strndup((const char *)data, type_bytes);
    const char *body = line != NULL ? (const char *)line + 1 : "";
    size_t body_bytes = line != NULL ? bytes - type_bytes - 1 : 0;
    g_autoptr(HttpRequest) request = http_request_new("POST", "/", body, body_bytes);
    http_request_set_header(request, "Content-Type", type);
    g_autoptr(HttpForm) form = http_form_read(request, NULL);
    if (form == NULL)
        return 0;
    FUZZ_CHECK(http_form_n_texts(form) <= HTTP_FORM_FIELDS_MAX);
    for (size_t i = 0; i < http_form_n_texts(form); i++) {
        const char *name = http_form_name(form, i);
        FUZZ_CHECK(g_utf8_validate(name, -1, NULL));
        FUZZ_CHECK(g_utf8_validate(http_form_text(form, name), -1, NULL));
    }
    FUZZ_CHECK(http_form_n_files(form) <= HTTP_FORM_FILES_MAX);
    for (size_t i = 0; i < http_form_n_files(form); i++) {
        const HttpFormFile *file = http_form_file(form, i);
        FUZZ_CHECK(*file->file_name != '\0' && g_utf8_validate(file->file_name, -1, NULL));
        FUZZ_CHECK(g_bytes_get_size(file->content) <= body_bytes);
    }
    return 0;
}
