/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/simulate-private.h"

#include "base/error.h"
#include "base/json.h"
#include "records/option.h"

/* ---- options ---- */

void options_then_free(OptionsThen *then)
{
    if (then == NULL)
        return;
    alerts_to_customers_settings_clear(&then->was);
    alerts_to_customers_settings_clear(&then->is);
    g_free(then);
}

static void lay_over(json_t *stored, const json_t *changes)
{
    if (changes != NULL)
        json_object_update_recursive(stored, (json_t *)changes);
}

OptionsThen *options_then_load(DbTx *tx, const OptionVersions *versions,
                               const SimulatedOptions *laid_over, GError **error)
{
    json_auto_t *server =
        option_load_then(tx, OPTIONS_ALERTS_SERVER, versions->alerts_server, error);
    json_auto_t *alerts = server != NULL ? option_load_then(tx, OPTIONS_ALERTS_TO_CUSTOMERS,
                                                            versions->alerts_to_customers, error)
                                         : NULL;
    if (alerts == NULL)
        return NULL;
    OptionsThen *then = g_new0(OptionsThen, 1);
    then->was_active = json_get_bool(server, "active", false);
    alerts_to_customers_settings_read(alerts, &then->was);
    lay_over(server, laid_over->alerts_server);
    lay_over(alerts, laid_over->alerts_to_customers);
    then->is_active = json_get_bool(server, "active", false);
    alerts_to_customers_settings_read(alerts, &then->is);
    return then;
}

/* ---- decisions ---- */

/* What the reason alone tells of a recipient. */
static AlertRecipientFacts facts_of_reason(AlertReason reason)
{
    return (AlertRecipientFacts){
        .own_address = reason == REASON_OWN_ADDRESS,
        .muted = reason == REASON_MUTED,
        .left_ticket = reason == REASON_LEFT_TICKET,
        .suppressed = reason == REASON_ADDRESS_SUPPRESSED,
    };
}

static int64_t int_or_unknown(const DbRows *rows, int column)
{
    return db_rows_is_null(rows, column) ? -1 : db_rows_int(rows, column);
}

static void row_clear(SimulatedRow *row)
{
    g_free(row->recipient);
    g_free(row->recipient_key);
}

static void row_read(const DbRows *rows, SimulatedRow *row)
{
    row->event = db_rows_int(rows, 0);
    row->at_us = db_rows_int(rows, 1);
    row->ticket = db_rows_int(rows, 2);
    event_kind_from_name(db_rows_text(rows, 3), &row->event_kind);
    actor_kind_from_name(db_rows_text(rows, 4), &row->actor);
    row->actor_id = db_rows_int(rows, 5);
    channel_from_name(db_rows_text(rows, 6), &row->channel);
    row->notify = db_rows_int(rows, 7) != 0;
    row->options.alerts_server = int_or_unknown(rows, 8);
    row->options.alerts_to_customers = int_or_unknown(rows, 9);
    row->alert = db_rows_int(rows, 10);
    alert_kind_from_name(db_rows_text(rows, 11), &row->kind);
    row->recipient = db_rows_dup(rows, 12);
    row->recipient_key = db_rows_dup(rows, 13);
    alert_reason_from_name(db_rows_text(rows, 14), &row->was);
    row->facts = db_rows_is_null(rows, 15) ? facts_of_reason(row->was)
                                           : alert_facts_unpack(db_rows_int(rows, 15));
}

static const char chunk_sql[] =
    "SELECT e.id, e.at, e.ticket, e.kind, e.actor_kind, e.actor_id, e.channel, e.notify,"
    " e.server_options, e.alerts_options, a.id, a.kind, a.recipient, a.recipient_key, a.reason,"
    " a.recipient_facts"
    " FROM (SELECT id, at, ticket, kind, actor_kind, actor_id, channel, notify, server_options,"
    " alerts_options FROM event WHERE " EVENT_TELLS " AND (at, id) > ($1, $2) AND at < $3"
    " ORDER BY at, id LIMIT $4) AS e LEFT JOIN alert a ON a.event = e.id ORDER BY e.at, e.id, a.id";

GArray *simulate_read(DbTx *tx, const SimulatedPlace *after, int64_t to_us, GError **error)
{
    DbRows *rows = db_query(tx, error, chunk_sql, "iiii", after->at_us, after->event, to_us,
                            (int64_t)SIMULATE_CHUNK);
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(SimulatedRow));
    g_array_set_clear_func(list, (GDestroyNotify)row_clear);
    while (db_rows_next(rows)) {
        g_array_set_size(list, list->len + 1);
        row_read(rows, &g_array_index(list, SimulatedRow, list->len - 1));
    }
    if (!db_rows_end(rows, error))
        return NULL;
    for (guint i = 0; i < list->len; i++) {
        SimulatedRow *row = &g_array_index(list, SimulatedRow, i);
        if (!options_find_versions(tx, row->at_us, &row->options, error))
            return NULL;
    }
    return g_steal_pointer(&list);
}
