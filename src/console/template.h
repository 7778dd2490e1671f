/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of one email template share. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "console/page.h"

/* The number in the path. Errors: NOT_FOUND. */
bool template_number(const Page *page, int64_t *id, GError **error);

/* The editor in the language that the form or the query names (otherwise the template's own), with
 * what was typed where a form was sent, and what the desk has saved otherwise. */
HttpResponse *template_editor(Page *page, int64_t id, int status, GError **error);

/* After a form that was refused: the editor that says why, and where; or the error as it is. Takes
 * `failure`. */
HttpResponse *template_refuse(Page *page, int64_t id, GError *failure, GError **error);

/* Adds "preview" of the mail that is made of this request of the API's (taken), or
 * "preview_problem" and "preview_mark". False where the desk is at fault. */
bool template_add_preview(Page *page, int64_t id, json_t *body, GError **error);

/* The words in the form, as a request for a preview or a test. New reference. */
json_t *template_typed(Page *page);

/* {"line","column","before","at","after"}: the place in the typed text that an error is about; NULL
 * where it says none. New reference. */
json_t *template_mark(const Page *page, const GError *error);

/* "German (de)"; the code alone where it has no name here. Free with g_free(). Pure. */
char *template_language_words(const char *code);
