/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "retention" as the program uses it: for how many days what is kept. As with the
 * others of settings.h, what is stored is valid, so reading cannot fail on content. */
#pragma once

#include "db/db.h"

#include <jansson.h>
#include <stdint.h>

#define OPTIONS_RETENTION "retention"

typedef enum {
    RETAIN_RAW_MAILS,     /* mails that came in, as they came */
    RETAIN_INBOX,         /* their rows in the inbox with their steps */
    RETAIN_CONTENTS,      /* what alerts were made from: the facts of their events */
    RETAIN_ATTEMPTS,      /* each try to send a mail */
    RETAIN_SERVICE_MAILS, /* the outbox's rows of sign-in links and notices to admins */
    RETAIN_DECISIONS,     /* who was told, of what, and why not */
    RETAIN_AUDIT,         /* who has changed what */
    RETAIN_N,
} Retain;

/* What a rule is called in the options, and what it may be: 0 days is for ever. */
extern const struct RetainField {
    const char *name;
    int64_t min_days;
} retain_fields[RETAIN_N];

#define RETAIN_MAX_DAYS 36500

typedef struct {
    int64_t days[RETAIN_N]; /* 0: for ever */
} RetentionSettings;

void retention_settings_read(const json_t *stored, RetentionSettings *settings);

/* As the API shows it. New reference. */
json_t *retention_settings_json(const RetentionSettings *settings);

/* As they stand in the caller's transaction. */
bool retention_settings_load(DbTx *tx, RetentionSettings *settings, GError **error);
