/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the desk can do its work: conditions, each with a name, whether it is met, and a sentence
 * that says what is wrong and what to do. One that is not met makes GET /readyz 503, and they are
 * gauges of their own in /metrics (tidings_ready).
 *
 * Who knows of another one adds it with api_add_condition().
 */
#pragma once

#include "api/call.h"

#define READY_MS 1000 /* about how long finding out takes at most */

struct ReadyList {
    GPtrArray *conditions; /* of ReadyCondition * */
};

typedef struct {
    const char *name; /* a word of the program: a label of the metric, too */
    bool ok;
    char *text;
} ReadyCondition;

/* Takes `text`. */
void ready_add(ReadyList *list, const char *name, bool ok, char *text);

/* Asks for all of them. */
void ready_find_out(Api *api, ReadyList *list);
void ready_list_clear(ReadyList *list);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReadyList, ready_list_clear)

bool ready_is_well(const ReadyList *list);
