/* SPDX-License-Identifier: Apache-2.0 */
/* What the options pages share: the frame, the history, and a section that is one form. */
#pragma once

#include "console/form.h"

/* The page `view` of a section ("alerts-server"; "tokens" is none of the API's and has no history):
 * with the tabs, and below it who changed what. */
HttpResponse *options_page(Page *page, int status, const char *section, const char *view,
                           const char *title, GError **error);

/* Adds "history", the last changes of a section, newest first. */
bool history_add(Page *page, const char *section, GError **error);

/* The templates of a kind, [{"id","name"}], for form_offer(). New reference. */
json_t *options_templates(Page *page, const char *kind, GError **error);
