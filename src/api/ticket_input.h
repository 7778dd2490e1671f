/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ticket's opening or change as it comes in.
 *
 * A status may come as a code, an English name or the desk's own label. Labels are options, so a
 * text that is no English name is looked up inside the transaction that uses it.
 */
#pragma once

#include "base/json.h"
#include "desk/ticket.h"

typedef struct {
    TicketDraft draft;
    json_t *status; /* borrowed; NULL: New */
} TicketOpening;

void ticket_opening_clear(TicketOpening *opening);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TicketOpening, ticket_opening_clear)

/* Reads a body into *opening, which is all zero. Errors: INVALID, with the field. */
bool ticket_opening_read(json_t *body, TicketOpening *opening, GError **error);

/* Finds out what the status is; inside the transaction, before ticket_open(). */
bool ticket_opening_settle(DbTx *tx, TicketOpening *opening, GError **error);

typedef struct {
    TicketChange change;
    json_t *status; /* borrowed; NULL: stays */
    char *path;     /* the JSON Pointer of the object that it came from */
} TicketChanging;

void ticket_changing_clear(TicketChanging *changing);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TicketChanging, ticket_changing_clear)

/* The same for a change; `path` is the JSON Pointer of `body`, "" for the root. */
bool ticket_changing_read(json_t *body, const char *path, TicketChanging *changing, GError **error);
bool ticket_changing_settle(DbTx *tx, TicketChanging *changing, GError **error);

/* A code, an English name or this desk's label. `path` may be NULL. Errors: INVALID (problem
 * "unknown-status", which lists what is known). */
bool ticket_status_read(DbTx *tx, const json_t *value, const char *path, int *code, GError **error);

/* The desk's labels; new reference. */
json_t *ticket_labels(DbTx *tx, GError **error);
