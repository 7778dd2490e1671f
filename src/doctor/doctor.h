/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tidings doctor`: looks at everything that mail from this desk depends on, and says of each thing
 * what was seen and what to do. It sends no mail and changes nothing.
 *
 * The checks run side by side, each on a thread of its own, where the desk is served; each question
 * to another machine has DOCTOR_STEP_MS, and all together DOCTOR_TOTAL_MS.
 */
#pragma once

#include "base/config.h"
#include "delivery/delivery.h"
#include "desk/desk.h"

#include <jansson.h>
#include <stdbool.h>

#define DOCTOR_STEP_MS  5000
#define DOCTOR_TOTAL_MS 45000

typedef struct {
    Desk *desk;             /* NULL: the database cannot be opened; */
    const char *db_problem; /* then: why, in words */
    const Clock *clock;
    DeliveryTokens *tokens; /* NULL: each look gets access tokens of its own */
    const char *folder;
    const char *maildir;
    const char *sqlite_file; /* NULL: PostgreSQL */
    const Config *config;
    const gint *stop; /* ends soon once it is 1 (atomic); NULL: nothing stops it */
} DoctorSetup;

/* {"status", "checks":[{"check","name","status","text","advice"}], "ok", "skipped", "warnings",
 * "failures", "seconds"}, a new reference. `only` names one check; NULL: all of them. Blocks.
 * Errors: INVALID (problem "unknown-check"). */
json_t *doctor_run(const DoctorSetup *setup, const char *only, GError **error);

/* Where there is no desk to look at: its configuration cannot be read. */
json_t *doctor_unreadable(const char *why);

/* "configuration, database, ...". Free with g_free(). */
char *doctor_check_names(void);
