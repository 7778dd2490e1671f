/* SPDX-License-Identifier: Apache-2.0 */
/* What form.c and multipart.c share. */
#pragma once

#include "http/form.h"

#include <stdbool.h>

/* Both take copies. Errors: MALFORMED. */
bool form_add_text(HttpForm *form, const char *name, const char *text, size_t bytes,
                   GError **error);
bool form_add_file(HttpForm *form, const char *name, const char *file_name,
                   const char *content_type, const char *content, size_t bytes, GError **error);

bool form_refuse(GError **error, const char *what);

/* multipart.c: reads a body of multipart/form-data. */
bool multipart_read(HttpForm *form, const char *content_type, const char *body, size_t bytes,
                    GError **error);
