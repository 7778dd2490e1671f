/* SPDX-License-Identifier: Apache-2.0 */
/* What a check has seen: one line each. Used by one thread at a time. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum { DOCTOR_OK, DOCTOR_SKIP, DOCTOR_WARN, DOCTOR_FAIL } DoctorLevel;

const char *doctor_level_name(DoctorLevel level); /* "ok", "skip", "warn", "fail" */

typedef struct {
    const char *check; /* "dns" */
    json_t *list;
} Findings;

/* `part` (NULL: none) makes the name "dns.spf"; `advice` is what to do, NULL where nothing is. */
void finding_add(Findings *findings, DoctorLevel level, const char *part, const char *advice,
                 const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Of a list: part "1", "2", ... Free with g_free(). */
char *finding_number(guint i);

/* "3 minutes", "2 days". Free with g_free(). */
char *finding_age(int64_t us);
