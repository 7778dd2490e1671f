/* SPDX-License-Identifier: Apache-2.0 */
/* Options as rows: one JSON object a section, every change kept. What the fields mean is
 * desk/options.h's business. Secrets (the relay's password) stand in a table of their own, so that
 * no list or history of options can show them. */
#pragma once

#include "db/db.h"
#include "records/actor.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The versions of the sections that decide who is told. */
typedef struct {
    int64_t alerts_server, alerts_to_customers; /* 0: never set */
} OptionVersions;

/* What OptionVersions are where nobody noted them. */
#define OPTION_VERSIONS_UNKNOWN ((OptionVersions){-1, -1})

/* The section's stored object, or an empty one where it was never set; *version is 0 then. Caller
 * owns. */
json_t *option_load(DbTx *tx, const char *section, int64_t *version, GError **error);

/* Writes the section if it still has `version` and keeps the change: who, when, before, after.
 * Errors: CONFLICT (somebody else changed it meanwhile). */
bool option_store(DbTx *tx, const char *section, int64_t version, const json_t *before,
                  const json_t *after, const Actor *actor, int64_t now_us, GError **error);

typedef struct {
    int64_t id;
    char *section;
    int64_t version; /* of the section after it: 1, 2, 3, ... */
    int64_t at;
    Actor actor;
    char *before, *after; /* JSON */
} OptionChange;

void option_change_free(OptionChange *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OptionChange, option_change_free)

/* Newest first, ids below `before` (0: from the newest); `section` NULL: all. */
GPtrArray *option_change_list(DbTx *tx, const char *section, int64_t before, int limit,
                              GError **error);

/* The change that made this version of the section; NULL without an error where there is none
 * (version 0). Free with option_change_free(). */
OptionChange *option_change_load(DbTx *tx, const char *section, int64_t version, GError **error);

/* The section's stored object as it was in that version, or an empty one for version 0. Caller
 * owns. Errors: CORRUPT. */
json_t *option_load_then(DbTx *tx, const char *section, int64_t version, GError **error);

/* The section's version at that time, by its history; 0: it was not set yet. */
bool option_version_at(DbTx *tx, const char *section, int64_t at_us, int64_t *version,
                       GError **error);

/* The changes up to this version of a section, newest first. */
GPtrArray *option_change_list_until(DbTx *tx, const char *section, int64_t version, int limit,
                                    GError **error);

/* A secret's value, NULL where it was never set. Wipe with secret_free(). */
bool secret_load(DbTx *tx, const char *name, char **value, GError **error);
bool secret_store(DbTx *tx, const char *name, const char *value, GError **error);
bool secret_delete(DbTx *tx, const char *name, GError **error);

/* Puts `value` where `former` stands, in the secrets whose names are LIKE `names`; where it stands
 * no more, nothing happens. */
bool secret_replace(DbTx *tx, const char *names, const char *former, const char *value,
                    GError **error);
