/* SPDX-License-Identifier: Apache-2.0 */
/* What saving, reading and loading a desk have in common. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What a backup says of itself before its tables. */
typedef struct {
    int64_t schema; /* how many of the program's schema steps its tables have */
    char **steps;   /* their checksums */
    char *desk_id;
    char *engine;     /* "sqlite" or "postgresql", where it was made */
    char *program;    /* the version that made it */
    char *conf;       /* tidings.conf without the database */
    int64_t taken_at; /* microseconds */
} KeepHeader;

void keep_header_clear(KeepHeader *header);

/* How far it is, for another thread to show; and the wish that it stop. Fields are read and written
 * with __atomic built-ins. Zero is a valid beginning. */
typedef struct {
    const char *phase; /* a literal: "Reading", "Comparing" */
    int64_t rows;      /* in this phase */
    bool stop;
} KeepTally;

void keep_tally_begin(KeepTally *tally, const char *phase);

/* Counts a row. False with *error where it is to stop: the person at the terminal pressed Ctrl-C.
 */
bool keep_tally_row(KeepTally *tally, GError **error);
