/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of the inbox share. */
#pragma once

#include "console/page.h"

/* Adds to a mail of the API what a page shows: "state_words", "tone", "why", "sender", "title",
 * "received_at_short" and _full, "waits", "unreadable", "can_handle". */
void inbox_dress(Page *page, json_t *mail);

/* A mail's reason in a few words; the reason itself, readable, where it is new here. Free with
 * g_free(). */
char *inbox_reason_words(const char *reason);

/* The question that a step of a mail's way asks. Free with g_free(). */
char *inbox_step_words(const char *step);

/* Adds "question" and "yes" to each step. */
void inbox_dress_steps(json_t *steps);
