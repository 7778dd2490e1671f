/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules for automated emails, as the pages of the Email Connector's options show and change them.
 * The list is one option, and is written whole: so every form carries the version of the list that
 * it was made from, and is refused when somebody else has changed the list since.
 */
#pragma once

#include "console/page.h"

#define RULES_PAGE "/options/email-connector/rules"

/* The list, a new reference; its version is put on page->data ("version") for the forms. */
json_t *rules_load(Page *page, GError **error);

/* As rules_load(), for a form that was sent. Errors: CONFLICT (problem "rules-changed"). */
json_t *rules_load_again(Page *page, GError **error);

/* Writes the list (taken). */
bool rules_save(Page *page, json_t *rules, GError **error);

/* The place of a rule, from 1, as a form or a path names it. False: there is no such rule. */
bool rules_find(const json_t *rules, const char *text, int64_t *position);

/* Adds to a rule what the list shows of it: "fits" and "does", sentences in a list each. */
void rule_describe(Page *page, json_t *rule);

/* What a dry run has found, in words: adds "fits_words" to each of its rules, "action_words",
 * "rule_words". */
void rule_describe_trial(json_t *trial);
