/* SPDX-License-Identifier: Apache-2.0 */
/* What commands on records have in common: show a list, show one, say who was told. */
#pragma once

#include "cmd/job.h"
#include "cmd/print.h"

/* Collects `target` and prints it as JSON or as a table; `none` is said of an empty one ("There are
 * no accounts."). */
bool list_records(const Job *job, const char *target, const Shown *columns, const char *none,
                  GError **error);

/* Prints items that were collected already, and says when there are more. */
void print_items(const Job *job, const json_t *collection, const Shown *columns, const char *none);

/* Prints a record as JSON or as a page; may add fields to it. */
typedef void (*PrintRecord)(const Job *job, json_t *record);

/* GET and print the record that the first argument numbers. `collection` is "/api/v1/accounts". */
bool show_record(Job *job, const char *collection, PrintRecord print, GError **error);

/* POST what the options say; "Added account 3: Bluebird Dental", with the number in `id_field`. */
bool add_record(Job *job, const char *collection, const char *done, const char *id_field,
                GError **error);

/* PATCH what the options say, and print the record as it is now. */
bool change_record(Job *job, const char *collection, PrintRecord print, GError **error);

/* "3 Bluebird Dental Practice": adds to `object` the field `name_field` with the number in `field`
 * and the "name" of the record at `prefix` and that number. Where it cannot be asked, the number
 * alone. */
void add_name(const Job *job, json_t *object, const char *field, const char *name_field,
              const char *prefix);

/* The same for every object of `items`, asking once for each number. */
void add_names(const Job *job, json_t *items, const char *field, const char *name_field,
               const char *prefix);

/* A line for each alert: recipient and explanation. */
void print_alerts(const json_t *alerts);

/* Says so where nobody serves who could send what waits. */
void note_nobody_serves(const Job *job);

/* Says so where one of the alerts waits and nobody serves who could send it. */
void note_unserved(const Job *job, const json_t *alerts);
