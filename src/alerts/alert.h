/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: for each event and each external recipient exactly one decision with one reason,
 * written in the transaction of the change itself and never changed afterwards. All functions here
 * run inside the caller's transaction. */
#pragma once

#include "alerts/policy.h"
#include "db/db.h"

#include <stdint.h>

/* Kind of the outbox's rows whose `ref` is an alert's id. */
#define OUTBOX_KIND_ALERT "alert"

typedef struct {
    int64_t id;
    int64_t ticket;
    int64_t event;
    AlertKind kind;
    char *recipient; /* address; "" where the ticket had no recipients */
    char *recipient_key;
    char *recipient_name; /* NULL: none */
    int64_t contact;      /* 0: none */
    AlertDecision decision;
    AlertReason reason;
    int64_t template_id, template_version; /* 0 with suppress */
    char *language;
    int64_t decided_at;
    int64_t recipient_facts; /* alert_facts_pack(); written by alert_insert(), not loaded */
    const Actor
        *actor; /* the event's, borrowed; alert_insert() needs it, what is loaded has NULL */
} Alert;

void alert_free(Alert *alert);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Alert, alert_free)

/* Sets alert->id. */
bool alert_insert(DbTx *tx, Alert *alert, GError **error);

/* At most so many in one alert_list_with_facts(). */
#define ALERT_LIST_MAX 32

typedef struct {
    Alert *alert;
    int64_t event_version;
    char *facts; /* the event's, JSON */
} AlertWithFacts;

void alert_with_facts_free(AlertWithFacts *row);

/* Alerts with the facts of their events, in no order; one that is not there is left out. NULL on
 * error; free the array with g_ptr_array_unref(). */
GPtrArray *alert_list_with_facts(DbTx *tx, const int64_t *alerts, size_t n, GError **error);

/* Errors: NOT_FOUND (problem "unknown-alert"). */
Alert *alert_load(DbTx *tx, int64_t id, GError **error);

/* What one event decided for one recipient. Errors: NOT_FOUND (problem "unknown-alert"). */
Alert *alert_of_recipient(DbTx *tx, int64_t event, const char *recipient_key, GError **error);

/* Every decision of a ticket, by event, then recipient. */
GPtrArray *alert_list_of_ticket(DbTx *tx, int64_t ticket, GError **error);

/* Every decision of an event, by recipient. */
GPtrArray *alert_list_of_event(DbTx *tx, int64_t event, GError **error);

/* Newest first, ids below `before` (0: from the newest); `state` NULL: all; else the outbox state's
 * name, or "none" for those that were suppressed. */
GPtrArray *alert_list(DbTx *tx, const char *state, int64_t before, int limit, GError **error);

typedef struct {
    const char *state;  /* the outbox state's name */
    int64_t account;    /* that the ticket belonged to at the event; 0: any */
    int64_t ticket;     /* 0: any */
    const char *reason; /* why it is in this state: "brake", ...; NULL: any */
    const char *cause;  /* failure_cause() of its last reply; NULL: any */
} AlertFilter;

typedef struct {
    int64_t message; /* the outbox row */
    int64_t alert;
    bool other; /* it has another cause: it is only here so that a list goes on behind it */
} AlertMessage;

/* What the filter lets through, in the order of the outbox's ids, those above `after`: an array of
 * AlertMessage. */
GArray *alert_find(DbTx *tx, const AlertFilter *filter, int64_t after, int limit, GError **error);

/* The recipient's alerts on this ticket that were decided before this one and not suppressed,
 * oldest first, at most the last 20: what its References name. An array of int64_t. */
GArray *alert_earlier(DbTx *tx, const Alert *alert, GError **error);

/* The event that "send the latest alert" tells of: the newest closing of a closed ticket, else its
 * opening; *event is 0 where there is none. */
bool alert_latest_event(DbTx *tx, int64_t ticket, bool closed, int64_t *event, GError **error);

/* What keeps one ticket's alerts to one recipient in order. Free with g_free(). */
char *alert_order_key(int64_t ticket, const char *recipient_key);
