/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/alert.h"

#include "alerts/failure.h"
#include "base/error.h"
#include "outbox/outbox.h"

#define COLUMNS                                                                                    \
    "a.id, a.ticket, a.event, a.kind, a.recipient, a.recipient_key, a.recipient_name, a.contact, " \
    "a.decision, a.reason, a.template, a.template_version, a.language, a.decided_at"
#define N_COLUMNS 14

void alert_free(Alert *alert)
{
    if (alert == NULL)
        return;
    g_free(alert->recipient);
    g_free(alert->recipient_key);
    g_free(alert->recipient_name);
    g_free(alert->language);
    g_free(alert);
}

static Alert *from_row(const DbRows *rows)
{
    Alert *alert = g_new0(Alert, 1);
    alert->id = db_rows_int(rows, 0);
    alert->ticket = db_rows_int(rows, 1);
    alert->event = db_rows_int(rows, 2);
    alert_kind_from_name(db_rows_text(rows, 3), &alert->kind);
    alert->recipient = db_rows_dup(rows, 4);
    alert->recipient_key = db_rows_dup(rows, 5);
    alert->recipient_name = db_rows_dup(rows, 6);
    alert->contact = db_rows_int(rows, 7);
    alert_decision_from_name(db_rows_text(rows, 8), &alert->decision);
    alert_reason_from_name(db_rows_text(rows, 9), &alert->reason);
    alert->template_id = db_rows_int(rows, 10);
    alert->template_version = db_rows_int(rows, 11);
    alert->language = db_rows_dup(rows, 12);
    alert->decided_at = db_rows_int(rows, 13);
    return alert;
}

bool alert_insert(DbTx *tx, Alert *alert, GError **error)
{
    return db_insert(tx, &alert->id, error,
                     "INSERT INTO alert (ticket, event, kind, recipient, recipient_key,"
                     " recipient_name, contact, decision, reason, template, template_version,"
                     " language, decided_at, actor_kind, actor_id, recipient_facts)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
                     " $16) RETURNING id",
                     "iissssnssnnsisii", alert->ticket, alert->event, alert_kind_name(alert->kind),
                     alert->recipient, alert->recipient_key, alert->recipient_name, alert->contact,
                     alert_decision_name(alert->decision), alert_reason_name(alert->reason),
                     alert->template_id, alert->template_version, alert->language,
                     alert->decided_at, actor_kind_name(alert->actor->kind), alert->actor->id,
                     alert->recipient_facts);
}

Alert *alert_load(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT " COLUMNS " FROM alert a WHERE a.id = $1", "i", id);
    if (rows == NULL)
        return NULL;
    g_autoptr(Alert) alert = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (alert == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-alert", NULL,
                          "There is no alert %" G_GINT64_FORMAT, id);
    return g_steal_pointer(&alert);
}

Alert *alert_of_recipient(DbTx *tx, int64_t event, const char *recipient_key, GError **error)
{
    DbRows *rows = db_query(
        tx, error, "SELECT " COLUMNS " FROM alert a WHERE a.event = $1 AND a.recipient_key = $2",
        "is", event, recipient_key);
    if (rows == NULL)
        return NULL;
    g_autoptr(Alert) alert = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (alert == NULL)
        error_set_problem(
            error, TD_ERROR_NOT_FOUND, "unknown-alert", NULL,
            "%s was not on the list of external recipients at event %" G_GINT64_FORMAT,
            recipient_key, event);
    return g_steal_pointer(&alert);
}

void alert_with_facts_free(AlertWithFacts *row)
{
    alert_free(row->alert);
    g_free(row->facts);
    g_free(row);
}

#define WITH_FACTS                                                                                 \
    "SELECT " COLUMNS ", e.version, e.facts FROM alert a JOIN event e ON e.id = a.event WHERE "    \
    "a.id"

/* The text for ALERT_LIST_MAX ids; what there are less of is filled with an id that no alert has.
 */
static const char *with_facts_text(void)
{
    static gsize made;
    static char *text;
    if (g_once_init_enter(&made)) {
        GString *sql = g_string_new(WITH_FACTS " IN (");
        for (int i = 1; i <= ALERT_LIST_MAX; i++)
            g_string_append_printf(sql, "%s$%d", i > 1 ? "," : "", i);
        g_string_append_c(sql, ')');
        text = g_string_free(sql, FALSE);
        g_once_init_leave(&made, 1);
    }
    return text;
}

/* Takes `rows`, which may be NULL with an error. */
static bool take_with_facts(DbRows *rows, GPtrArray *list, GError **error)
{
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        AlertWithFacts *row = g_new0(AlertWithFacts, 1);
        row->alert = from_row(rows);
        row->event_version = db_rows_int(rows, N_COLUMNS);
        row->facts = db_rows_dup(rows, N_COLUMNS + 1);
        g_ptr_array_add(list, row);
    }
    return db_rows_end(rows, error);
}

static bool list_together(DbTx *tx, const int64_t *alerts, size_t n, GPtrArray *list,
                          GError **error)
{
    DbParam params[ALERT_LIST_MAX];
    for (size_t i = 0; i < ALERT_LIST_MAX; i++)
        params[i] = DB_PARAM_INT(i < n ? alerts[i] : -1);
    return take_with_facts(db_query_list(tx, error, with_facts_text(), params, ALERT_LIST_MAX),
                           list, error);
}

/* SQLite asks nobody over a wire: a statement for each costs less than a list. */
static bool list_each(DbTx *tx, const int64_t *alerts, size_t n, GPtrArray *list, GError **error)
{
    for (size_t i = 0; i < n; i++)
        if (!take_with_facts(db_query(tx, error, WITH_FACTS " = $1", "i", alerts[i]), list, error))
            return false;
    return true;
}

GPtrArray *alert_list_with_facts(DbTx *tx, const int64_t *alerts, size_t n, GError **error)
{
    g_return_val_if_fail(n <= ALERT_LIST_MAX, NULL);
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)alert_with_facts_free);
    bool listed = db_tx_engine(tx) == DB_SQLITE ? list_each(tx, alerts, n, list, error)
                                                : list_together(tx, alerts, n, list, error);
    return listed ? g_steal_pointer(&list) : NULL;
}

static GPtrArray *take_list(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)alert_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *alert_list_of_ticket(DbTx *tx, int64_t ticket, GError **error)
{
    return take_list(db_query(tx, error,
                              "SELECT " COLUMNS " FROM alert a JOIN event e ON e.id = a.event"
                              " WHERE a.ticket = $1 ORDER BY e.version, a.recipient_key",
                              "i", ticket),
                     error);
}

GPtrArray *alert_list_of_event(DbTx *tx, int64_t event, GError **error)
{
    return take_list(db_query(tx, error,
                              "SELECT " COLUMNS " FROM alert a WHERE a.event = $1"
                              " ORDER BY a.recipient_key",
                              "i", event),
                     error);
}

GPtrArray *alert_list(DbTx *tx, const char *state, int64_t before, int limit, GError **error)
{
    int64_t below = before != 0 ? before : INT64_MAX;
    if (state == NULL)
        return take_list(db_query(tx, error,
                                  "SELECT " COLUMNS " FROM alert a WHERE a.id < $1"
                                  " ORDER BY a.id DESC LIMIT $2",
                                  "ii", below, (int64_t)limit),
                         error);
    if (g_strcmp0(state, "accepted") == 0)
        /* Nearly all are: the newest alerts have them soon. */
        return take_list(db_query(tx, error,
                                  "SELECT " COLUMNS " FROM alert a JOIN outbox o"
                                  " ON o.kind = '" OUTBOX_KIND_ALERT "' AND o.ref = a.id"
                                  " WHERE o.state = 'accepted' AND a.id < $1"
                                  " ORDER BY a.id DESC LIMIT $2",
                                  "ii", below, (int64_t)limit),
                         error);
    if (g_strcmp0(state, "sending") == 0)
        return take_list(db_query(tx, error,
                                  "SELECT " COLUMNS " FROM outbox o JOIN alert a ON a.id = o.ref"
                                  " WHERE o.kind = '" OUTBOX_KIND_ALERT "' AND o.state = 'sending'"
                                  " AND a.id < $1 ORDER BY a.id DESC LIMIT $2",
                                  "ii", below, (int64_t)limit),
                         error);
    if (g_strcmp0(state, "none") == 0)
        return take_list(db_query(tx, error,
                                  "SELECT " COLUMNS " FROM alert a WHERE a.id < $1"
                                  " AND a.decision = 'suppress' ORDER BY a.id DESC LIMIT $2",
                                  "ii", below, (int64_t)limit),
                         error);
    return take_list(db_query(tx, error,
                              "SELECT " COLUMNS " FROM outbox o JOIN alert a ON a.id = o.ref"
                              " WHERE o.kind = '" OUTBOX_KIND_ALERT "' AND o.state " OUTBOX_LISTED
                              " AND o.state = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3",
                              "sii", state, below, (int64_t)limit),
                     error);
}

GArray *alert_earlier(DbTx *tx, const Alert *alert, GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 "SELECT id FROM (SELECT a.id, e.version FROM alert a"
                 " JOIN event e ON e.id = a.event"
                 " WHERE a.ticket = $1 AND a.recipient_key = $2 AND a.decision <> 'suppress'"
                 " AND e.version < (SELECT version FROM event WHERE id = $3)"
                 " ORDER BY e.version DESC LIMIT 20) AS latest ORDER BY version",
                 "isi", alert->ticket, alert->recipient_key, alert->event);
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&ids) : NULL;
}

static bool has_other_cause(const AlertFilter *filter, const char *reply)
{
    if (filter->cause == NULL)
        return false;
    g_autofree char *cause = failure_cause(filter->state, reply);
    return strcmp(cause, filter->cause) != 0;
}

GArray *alert_find(DbTx *tx, const AlertFilter *filter, int64_t after, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT o.id, o.ref, COALESCE(o.last_reply, o.state_reason)"
                            " FROM outbox o JOIN alert a ON a.id = o.ref"
                            " WHERE o.kind = '" OUTBOX_KIND_ALERT "' AND o.state " OUTBOX_LISTED
                            " AND o.state = $1 AND o.id > $2 AND ($3 = 0 OR o.lane = $3)"
                            " AND ($4 = 0 OR a.ticket = $4) AND ($5 = '' OR o.state_reason = $5)"
                            " ORDER BY o.id LIMIT $6",
                            "siiisi", filter->state, after, filter->account, filter->ticket,
                            filter->reason != NULL ? filter->reason : "", (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(AlertMessage));
    while (db_rows_next(rows)) {
        AlertMessage one = {.message = db_rows_int(rows, 0),
                            .alert = db_rows_int(rows, 1),
                            .other = has_other_cause(filter, db_rows_text(rows, 2))};
        g_array_append_val(found, one);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&found) : NULL;
}

bool alert_latest_event(DbTx *tx, int64_t ticket, bool closed, int64_t *event, GError **error)
{
    bool found;
    int64_t id = 0;
    if (!db_query_int(tx, &found, &id, error,
                      "SELECT id FROM event WHERE ticket = $1 AND kind = $2"
                      " ORDER BY version DESC LIMIT 1",
                      "is", ticket, closed ? "closed" : "opened"))
        return false;
    *event = found ? id : 0;
    return true;
}

char *alert_order_key(int64_t ticket, const char *recipient_key)
{
    return g_strdup_printf("%" G_GINT64_FORMAT ":%s", ticket, recipient_key);
}
