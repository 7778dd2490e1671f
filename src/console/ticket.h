/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of one ticket share. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "console/page.h"

/* The number in the path. Errors: NOT_FOUND. */
bool ticket_number(const Page *page, int64_t *number, GError **error);

/* Everything that the ticket's page shows, on page->data; *ticket is borrowed. */
bool ticket_load_page(Page *page, int64_t number, json_t **ticket, GError **error);

/* The ticket's page; after a form that was refused with its status. */
HttpResponse *ticket_render(Page *page, int64_t number, int status, GError **error);

/* Reads lines such as "Anna Field <anna@bluebird.example>" into [{"email","name"}]; commas and
 * semicolons separate, too. New reference. Pure; whether they are addresses the API says. */
json_t *ticket_read_recipients(const char *text);

/* What the forms say, as the API takes it: a new ticket; a ticket's status. New references. */
json_t *ticket_read_new(Page *page);
json_t *ticket_read_status(Page *page);

/* Adds "preview" to page->data: who would be told of this new ticket, whose form may not be filled
 * in yet. */
bool ticket_preview_new(Page *page, const json_t *account, GError **error);
