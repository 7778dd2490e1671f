/* SPDX-License-Identifier: Apache-2.0 */
/* Names for the ids that records carry, and what a form lets people choose from. */
#pragma once

#include "console/page.h"

/* Active employees, [{"id","name"}], a new reference. Every employee may see them, unlike the API's
 * list, which has logins and addresses. */
json_t *lookup_employees(Page *page, GError **error);

/* The name of an employee in a list of lookup_employees() or of all of them; "" for 0, and where
 * there is none of this id. Free with g_free(). */
char *lookup_employee_name(Page *page, int64_t id);

/* [{"value","label","selected"}] of the ten statuses by the desk's labels, and of priorities. */
json_t *lookup_statuses(Page *page, int64_t selected);
json_t *lookup_priorities(const char *selected);

/* An account as people pick it from a list: "Bluebird Dental Practice (#1)". */
char *lookup_account_words(const json_t *account);

/* The number in such words, in "1" or "#1"; 0: there is none. Of tickets, too. Pure. */
int64_t lookup_number(const char *words);

/* The accounts to pick from, such words: at most 500, by number. New reference. */
json_t *lookup_accounts(Page *page, GError **error);

/* "2026-11-30T18:00", as a browser's field for a time has it in the desk's zone, to RFC 3339 and
 * back. "" for "". Free with g_free(). */
char *lookup_time_from_field(Page *page, const char *text);
char *lookup_time_to_field(Page *page, const char *rfc3339);
