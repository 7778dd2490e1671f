/* SPDX-License-Identifier: Apache-2.0 */
/* Ticket email templates as rows: a name and kind, and versions that never change. */
#pragma once

#include "db/db.h"
#include "records/actor.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t id;
    char *name;
    char *kind;      /* "ticket", "auto_response", "reply", "sign_in" */
    char *builtin;   /* "new_ticket", "ticket_closed"; NULL: made here */
    int64_t version; /* the version loaded */
    char *language;  /* BCP 47 */
    char *subject;
    char *text;
    char *html; /* NULL: none */
} TicketTemplate;

void ticket_template_free(TicketTemplate *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TicketTemplate, ticket_template_free)

/* `version` 0 is the newest. Errors: NOT_FOUND (problem "unknown-template"). */
TicketTemplate *ticket_template_load(DbTx *tx, int64_t id, int64_t version, GError **error);

/* The built-in one. Errors: NOT_FOUND. */
TicketTemplate *ticket_template_load_builtin(DbTx *tx, const char *builtin, GError **error);

/* Writes the template and its version 1; sets record->id. */
bool ticket_template_insert(DbTx *tx, TicketTemplate *record, const Actor *author, int64_t now_us,
                            GError **error);

/* The newest version of each, by id. */
GPtrArray *ticket_template_list(DbTx *tx, int64_t after, int limit, GError **error);
