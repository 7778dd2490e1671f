/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of accounts and of contacts share. */
#pragma once

#include "console/page.h"

/* The number in the path. Errors: NOT_FOUND. */
bool account_number(const Page *page, int64_t *number, GError **error);

/* The API's request out of the form, and the form's "form" out of what the API shows. New
 * references. */
json_t *account_read_form(Page *page);
json_t *account_form(const json_t *account);
json_t *contact_read_form(Page *page);
json_t *contact_form(const json_t *contact);

/* Adds "managers", "languages": what the form of an account offers. */
bool account_add_choices(Page *page, GError **error);

/* Adds "sees" (what a contact may see in the Web Interface) and "languages". */
void contact_add_choices(Page *page);

/* The languages that the desk's own templates have, to pick from. New reference. */
json_t *account_languages(void);
