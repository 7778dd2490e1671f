/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two texts, line by line. Pure. */
#pragma once

#include <glib.h>
#include <stddef.h>

/* Beyond this many pairs of lines (those at both ends that are the same not counted) all old lines
 * are shown as gone and all new ones as come: right, but not the shortest. */
#define DIFF_PAIRS_MAX (1000 * 1000)

typedef enum { DIFF_GONE, DIFF_COME } DiffKind;

typedef struct {
    DiffKind kind;
    size_t line; /* from 1: in the old text of what is gone, in the new one of what came */
    char *text;  /* without the line feed */
} DiffLine;

/* Of DiffLine *, in the order of the text; empty where both are the same. */
GPtrArray *diff_lines(const char *before, const char *after);
