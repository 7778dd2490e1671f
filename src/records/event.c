/* SPDX-License-Identifier: Apache-2.0 */
#include "records/event.h"

#include "base/clock.h"
#include "base/error.h"

#define COLUMNS                                                                                    \
    "id, ticket, version, kind, actor_kind, actor_id, actor_name, channel, at, notify, facts, "    \
    "server_options, alerts_options, removed_at, removed_why"

static const char *const kind_names[EVENT_N_KINDS] = {
    [EVENT_OPENED] = "opened",
    [EVENT_CHANGED] = "changed",
    [EVENT_CLOSED] = "closed",
    [EVENT_REOPENED] = "reopened",
    [EVENT_RECIPIENTS_CHANGED] = "recipients_changed",
    [EVENT_LATEST_ALERT_SENT] = "latest_alert_sent",
    [EVENT_MESSAGE_ADDED] = "message_added",
    [EVENT_MERGED] = "merged",
    [EVENT_DUPLICATE_MERGED] = "duplicate_merged",
};

const char *event_kind_name(EventKind kind)
{
    return kind_names[kind];
}

bool event_kind_from_name(const char *name, EventKind *kind)
{
    for (int i = 0; i < EVENT_N_KINDS; i++)
        if (g_strcmp0(kind_names[i], name) == 0) {
            *kind = (EventKind)i;
            return true;
        }
    return false;
}

void event_free(Event *event)
{
    if (event == NULL)
        return;
    actor_clear(&event->actor);
    g_free(event->facts);
    g_free(event->removed_why);
    g_free(event);
}

static Event *from_row(const DbRows *rows)
{
    Event *event = g_new0(Event, 1);
    event->id = db_rows_int(rows, 0);
    event->ticket = db_rows_int(rows, 1);
    event->version = db_rows_int(rows, 2);
    event_kind_from_name(db_rows_text(rows, 3), &event->kind);
    actor_kind_from_name(db_rows_text(rows, 4), &event->actor.kind);
    event->actor.id = db_rows_int(rows, 5);
    event->actor.name = db_rows_dup(rows, 6);
    channel_from_name(db_rows_text(rows, 7), &event->actor.channel);
    event->at = db_rows_int(rows, 8);
    event->notify = db_rows_int(rows, 9) != 0;
    event->facts = db_rows_dup(rows, 10);
    event->options.alerts_server = db_rows_is_null(rows, 11) ? -1 : db_rows_int(rows, 11);
    event->options.alerts_to_customers = db_rows_is_null(rows, 12) ? -1 : db_rows_int(rows, 12);
    event->removed_at = db_rows_int(rows, 13);
    event->removed_why = db_rows_dup(rows, 14);
    return event;
}

bool event_content_is_gone(const Event *event)
{
    return g_strcmp0(event->removed_why, EVENT_REMOVED_RETENTION) == 0;
}

void event_content_refuse(const Event *event, const char *what, GError **error)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(event->removed_at / US_PER_SECOND);
    g_autofree char *day = at != NULL ? g_date_time_format(at, "%-d %B %Y") : g_strdup("some day");
    bool erased = g_strcmp0(event->removed_why, EVENT_REMOVED_ERASURE) == 0;
    error_set_problem(error, TD_ERROR_CONFLICT, "content-removed", NULL,
                      erased ? "%s cannot be made again: a person who stood in it was erased on %s,"
                               " and other bytes are not shown or sent in its place"
                             : "%s cannot be made again: what it was made from was removed on %s,"
                               " as the retention options say",
                      what, day);
}

bool event_insert(DbTx *tx, Event *event, GError **error)
{
    return db_insert(tx, &event->id, error,
                     "INSERT INTO event (ticket, version, kind, actor_kind, actor_id,"
                     " actor_name, channel, at, notify, facts, server_options, alerts_options)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULLIF($11, -1),"
                     " NULLIF($12, -1)) RETURNING id",
                     "iissnssiisii", event->ticket, event->version, kind_names[event->kind],
                     actor_kind_name(event->actor.kind), event->actor.id, event->actor.name,
                     channel_name(event->actor.channel), event->at, (int64_t)event->notify,
                     event->facts, event->options.alerts_server,
                     event->options.alerts_to_customers);
}

Event *event_load(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT " COLUMNS " FROM event WHERE id = $1", "i", id);
    if (rows == NULL)
        return NULL;
    g_autoptr(Event) event = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (event == NULL)
        error_set(error, TD_ERROR_NOT_FOUND, "There is no event %" G_GINT64_FORMAT, id);
    return g_steal_pointer(&event);
}

GPtrArray *event_list(DbTx *tx, int64_t ticket, int64_t after, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT " COLUMNS " FROM event WHERE ticket = $1 AND version > $2"
                            " ORDER BY version LIMIT $3",
                            "iii", ticket, after, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
