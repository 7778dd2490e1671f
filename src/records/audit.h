/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has changed what, where no story of its own tells: accounts, contacts, employees, tokens, the
 * suppression list, mail that was let go. Tickets have their events, options and templates their
 * versions. Written once, never changed. All functions here run inside the caller's transaction.
 */
#pragma once

#include "db/db.h"
#include "records/actor.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a request, as it came. A longer one is not kept. */
#define AUDIT_REQUEST_BYTES 4096

typedef struct {
    int64_t id;
    int64_t at;
    Actor actor;
    char *action;  /* "PATCH", "POST", "DELETE" */
    char *target;  /* "/api/v1/accounts/12" */
    char *request; /* JSON without secrets; NULL: none, or too long */
} Audit;

void audit_free(Audit *audit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Audit, audit_free)

/* `request` may be NULL. */
bool audit_insert(DbTx *tx, const Actor *actor, int64_t now_us, const char *action,
                  const char *target, const char *request, GError **error);

/* Up to `limit` with an id below `before` (0: from the newest), newest first. */
GPtrArray *audit_list(DbTx *tx, int64_t before, int limit, GError **error);
