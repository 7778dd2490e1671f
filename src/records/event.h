/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to a ticket, with the facts of that moment. Written once, never changed. */
#pragma once

#include "db/db.h"
#include "records/actor.h"
#include "records/option.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    EVENT_OPENED,
    EVENT_CHANGED,
    EVENT_CLOSED,
    EVENT_REOPENED,
    EVENT_RECIPIENTS_CHANGED,
    EVENT_LATEST_ALERT_SENT, /* an employee pressed "send the latest alert" for one recipient */
    EVENT_MESSAGE_ADDED,     /* its row in table ticket_message names this event */
    EVENT_MERGED,            /* this duplicate became part of another ticket */
    EVENT_DUPLICATE_MERGED,  /* another ticket became part of this one */
    EVENT_N_KINDS,
} EventKind;

/* Why an event's facts are no more what its mails were made from. */
#define EVENT_REMOVED_RETENTION "retention" /* they were kept as long as the options say */
#define EVENT_REMOVED_ERASURE   "erasure"   /* a person was erased from them */

/* Those that tell somebody, as the partial indices on table event have it. */
#define EVENT_TELLS "(kind = 'opened' OR kind = 'closed' OR kind = 'latest_alert_sent')"

typedef struct {
    int64_t id;
    int64_t ticket;
    int64_t
        version; /* the ticket's version that this event made: its place in the ticket's story */
    EventKind kind;
    Actor actor;
    int64_t at;
    bool notify;            /* false: "do not notify" was said for this change */
    char *facts;            /* JSON: the ticket as it was (opened, closed), or what changed */
    int64_t removed_at;     /* since when what it told is gone from its facts; 0: it is there */
    char *removed_why;      /* EVENT_REMOVED_*; NULL: it is there */
    OptionVersions options; /* that its decisions were made under; -1: it has none, or they are
                               older than this note */
} Event;

void event_free(Event *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Event, event_free)

const char *event_kind_name(EventKind kind);
bool event_kind_from_name(const char *name, EventKind *kind);

/* Sets event->id. */
bool event_insert(DbTx *tx, Event *event, GError **error);

/* Errors: NOT_FOUND. */
Event *event_load(DbTx *tx, int64_t id, GError **error);

/* Whether no mail can be made of it any more; after an erasure others can than before. */
bool event_content_is_gone(const Event *event);

/* What is said where a mail was to be made from facts that are gone: CONFLICT, problem
 * "content-removed". `what` begins the sentence: "This mail". */
void event_content_refuse(const Event *event, const char *what, GError **error);

/* A ticket's events in their order, those with a version above `after`. */
GPtrArray *event_list(DbTx *tx, int64_t ticket, int64_t after, int limit, GError **error);
