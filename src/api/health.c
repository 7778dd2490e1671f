/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For those who watch over the server. /healthz says that the process answers, /readyz that it can
 * do its work, /metrics how much there is of it.
 *
 * The metrics name no customer, but they do tell how busy the desk is: from another machine they
 * need a token.
 */
#include "alerts/canary.h"
#include "alerts/policy.h"
#include "api/call.h"
#include "api/resources.h"
#include "base/error.h"
#include "base/text.h"
#include "outbox/outbox.h"
#include "records/identity.h"
#include "records/inbox.h"
#include "records/ticket.h"

#define READY_MS 1000

static HttpResponse *say(const char *status)
{
    json_t *value = json_object();
    json_set_text(value, "status", status);
    return http_response_json(200, value);
}

HttpResponse *health_alive(ApiCall *call, GError **error)
{
    return say("alive");
}

/* The one condition of readiness beside the database: mail leaves, and comes back. */
static bool look_for_canary(DbTx *tx, const ApiCall *call, GError **error)
{
    g_auto(CanaryCondition) canary = {0};
    if (!canary_condition(tx, desk_now_us(call->api->desk), &canary, error))
        return false;
    if (!canary.ok)
        error_set_problem(error, TD_ERROR_UNAVAILABLE, "canary-overdue", NULL, "%s", canary.text);
    return canary.ok;
}

static bool look_for_desk(DbTx *tx, void *data, GError **error)
{
    g_autofree char *desk_id = NULL;
    if (!identity_load(tx, &desk_id, error))
        return false;
    if (desk_id == NULL)
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "There is no desk in this database; make one with `tidings init`");
    return desk_id != NULL && look_for_canary(tx, data, error);
}

/* Who asks wants to know how things stand now, not in ten seconds. */
HttpResponse *health_ready(ApiCall *call, GError **error)
{
    Db *db = desk_db(call->api->desk);
    return db_read_within(db, READY_MS, look_for_desk, call, error) ? say("ready") : NULL;
}

/* Rebuilt at each run: db_read() may repeat it. */
typedef struct {
    int64_t counts[OUTBOX_N_STATES];
    int64_t not_told;
    int64_t held, held_since; /* for any reason; since 0: none */
    int64_t braked, braked_since;
    int64_t oldest_waiting;         /* 0: nothing waits */
    int64_t unmatched, quarantined; /* mails that came in */
} Metrics;

static bool count(DbTx *tx, void *data, GError **error)
{
    Metrics *metrics = data;
    return outbox_count(tx, metrics->counts, error) &&
           ticket_count_not_told(tx, &metrics->not_told, error) &&
           outbox_held(tx, NULL, &metrics->held, &metrics->held_since, error) &&
           outbox_held(tx, alert_reason_name(REASON_BRAKE), &metrics->braked,
                       &metrics->braked_since, error) &&
           outbox_oldest_waiting(tx, &metrics->oldest_waiting, error) &&
           inbox_count(tx, &metrics->unmatched, &metrics->quarantined, error);
}

static bool load_counts(ApiCall *call, Metrics *metrics, GError **error)
{
    return db_read(desk_db(call->api->desk), count, metrics, error);
}

static json_t *load_server(ApiCall *call, GError **error)
{
    if (call->api->alerts_server != NULL)
        return call->api->alerts_server(call->api->alerts_server_data, error);
    error_set(error, TD_ERROR_UNAVAILABLE, "The state of the Alerts Server is not known here");
    return NULL;
}

HttpResponse *health_alerts_server(ApiCall *call, GError **error)
{
    Metrics metrics = {0};
    json_auto_t *server = load_server(call, error);
    if (server == NULL || !load_counts(call, &metrics, error))
        return NULL;
    json_t *messages = json_object();
    for (int i = 0; i < OUTBOX_N_STATES; i++)
        json_set_int(messages, outbox_state_name((OutboxState)i), metrics.counts[i]);
    json_object_set_new(server, "messages", messages);
    json_set_time(server, "oldest_waiting", metrics.oldest_waiting);
    json_set_int(server, "customers_not_told", metrics.not_told);
    json_t *brake = json_object();
    json_set_int(brake, "held", metrics.braked);
    json_set_time(brake, "since", metrics.braked_since);
    json_object_set_new(server, "brake", brake);
    return http_response_json(200, g_steal_pointer(&server));
}

HttpResponse *health_resume(ApiCall *call, GError **error)
{
    int64_t resumed = 0;
    if (call->api->resume == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE, "The Alerts Server cannot be reached from here");
        return NULL;
    }
    if (!call->api->resume(&resumed, call->api->resume_data, error))
        return NULL;
    json_t *answer = json_object();
    json_set_int(answer, "resumed", resumed);
    return http_response_json(200, answer);
}

static void append_canary(const json_t *canary, GString *text)
{
    int64_t success_us = 0;
    if (!json_get_bool(canary, "enabled", false))
        return;
    g_string_append_printf(
        text,
        "# HELP tidings_canary_ok Whether the desk's last mail to itself came through.\n"
        "# TYPE tidings_canary_ok gauge\n"
        "tidings_canary_ok %d\n",
        json_get_bool(canary, "ok", false));
    if (!text_to_time(json_get_text(canary, "last_success"), "", &success_us, NULL))
        return;
    char seconds[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(seconds, sizeof(seconds), "%.3f",
                    json_number_value(json_object_get(canary, "round_trip_seconds")));
    g_string_append_printf(
        text,
        "# HELP tidings_canary_last_success_timestamp_seconds When the last one came through.\n"
        "# TYPE tidings_canary_last_success_timestamp_seconds gauge\n"
        "tidings_canary_last_success_timestamp_seconds %" G_GINT64_FORMAT "\n"
        "# HELP tidings_canary_round_trip_seconds How long the last one took.\n"
        "# TYPE tidings_canary_round_trip_seconds gauge\n"
        "tidings_canary_round_trip_seconds %s\n",
        success_us / US_PER_SECOND, seconds);
}

/* Nothing where the database does not tell: the counts before have failed then, too. */
static void append_server(ApiCall *call, GString *text)
{
    json_auto_t *server = load_server(call, NULL);
    if (server == NULL)
        return;
    const char *relay = json_get_text(json_object_get(server, "relay"), "state");
    int stopped = 0;
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(server, "relays"), i, one) stopped +=
        g_str_equal(json_get_text(one, "state"), "stopped");
    g_string_append_printf(
        text,
        "# HELP tidings_alerts_server_active Whether the Alerts Server is active.\n"
        "# TYPE tidings_alerts_server_active gauge\n"
        "tidings_alerts_server_active %d\n"
        "# HELP tidings_relay_up Whether the relay could be used at the last try.\n"
        "# TYPE tidings_relay_up gauge\n"
        "tidings_relay_up %d\n"
        "# HELP tidings_relays_stopped Relays that the breaker stopped, until a person resumes.\n"
        "# TYPE tidings_relays_stopped gauge\n"
        "tidings_relays_stopped %d\n"
        "# HELP tidings_senders Processes of this desk that send, by their leases.\n"
        "# TYPE tidings_senders gauge\n"
        "tidings_senders %zu\n",
        json_get_bool(server, "active", false), g_str_equal(relay, "up"), stopped,
        json_array_size(json_object_get(server, "senders")));
    append_canary(json_object_get(server, "canary"), text);
}

HttpResponse *health_metrics(ApiCall *call, GError **error)
{
    if (!api_is_near(call->request) &&
        (!api_authenticate(call, error) || !api_require_scope(call, "alerts", error)))
        return NULL;
    Metrics metrics = {0};
    if (!load_counts(call, &metrics, error))
        return NULL;
    GString *text = g_string_new("# HELP tidings_build_info The running program.\n"
                                 "# TYPE tidings_build_info gauge\n"
                                 "tidings_build_info{version=\"" TIDINGS_VERSION "\"} 1\n"
                                 "# HELP tidings_outbox_messages Messages by state.\n"
                                 "# TYPE tidings_outbox_messages gauge\n");
    for (int i = 0; i < OUTBOX_N_STATES; i++)
        g_string_append_printf(text, "tidings_outbox_messages{state=\"%s\"} %" G_GINT64_FORMAT "\n",
                               outbox_state_name((OutboxState)i), metrics.counts[i]);
    g_string_append_printf(text,
                           "# HELP tidings_tickets_customers_not_told Closed tickets whose closing"
                           " reached nobody.\n"
                           "# TYPE tidings_tickets_customers_not_told gauge\n"
                           "tidings_tickets_customers_not_told %" G_GINT64_FORMAT "\n",
                           metrics.not_told);
    g_string_append_printf(text,
                           "# HELP tidings_inbox_waiting Mails that wait for a person.\n"
                           "# TYPE tidings_inbox_waiting gauge\n"
                           "tidings_inbox_waiting{state=\"unmatched\"} %" G_GINT64_FORMAT "\n"
                           "tidings_inbox_waiting{state=\"quarantined\"} %" G_GINT64_FORMAT "\n",
                           metrics.unmatched, metrics.quarantined);
    int64_t age_us = desk_now_us(call->api->desk) - metrics.held_since;
    g_string_append_printf(text,
                           "# HELP tidings_held_oldest_seconds How long the oldest held message has"
                           " been held; 0 where none is.\n"
                           "# TYPE tidings_held_oldest_seconds gauge\n"
                           "tidings_held_oldest_seconds %" G_GINT64_FORMAT "\n",
                           metrics.held_since != 0 ? MAX(age_us, 0) / US_PER_SECOND : 0);
    append_server(call, text);
    if (call->api->metrics != NULL)
        call->api->metrics(text, call->api->metrics_data);
    gsize bytes = text->len;
    return http_response_new(200, "text/plain; version=0.0.4; charset=utf-8",
                             g_string_free(text, FALSE), bytes);
}
