/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics: what the desk has counted (records/metric.h), how it is at this moment by cheap
 * queries, and how this process is. docs/watch.md lists every metric.
 *
 * The metrics name no customer and no address, but they do tell how busy the desk is: from another
 * machine they need a token. Where the database is away they still say so, and how the process is.
 */
#include "alerts/policy.h"
#include "api/call.h"
#include "api/ready.h"
#include "api/resources.h"
#include "base/error.h"
#include "base/text.h"
#include "connector/mailboxes.h"
#include "records/inbox.h"
#include "records/metric.h"
#include "records/suppression.h"
#include "records/ticket.h"

#include <string.h>

#define WITHIN_MS 2000

#define GAUGE(words, ...)                                                                          \
    {                                                                                              \
        .type = METRIC_GAUGE, .help = words, __VA_ARGS__                                           \
    }
#define SECONDS(words, ...) GAUGE(words, .unit = "seconds", __VA_ARGS__)

static const MetricFamily build = {.name = "tidings_build",
                                   .type = METRIC_INFO,
                                   .help = "The running program.",
                                   .labels = {"version"}};
static const MetricFamily ready = GAUGE("Whether a condition of /readyz is met.",
                                        .name = "tidings_ready", .labels = {"condition"});
static const MetricFamily database_up =
    GAUGE("Whether the database answered this scrape.", .name = "tidings_database_up");
static const MetricFamily messages =
    GAUGE("Messages by state.", .name = "tidings_outbox_messages", .labels = {"state"});
static const MetricFamily oldest =
    SECONDS("How long the oldest message has been waiting to leave; 0 where none is.",
            .name = "tidings_outbox_oldest_waiting_seconds");
static const MetricFamily held_oldest =
    SECONDS("How long the oldest held message has been held; 0 where none is.",
            .name = "tidings_held_oldest_seconds");
static const MetricFamily brake_held =
    GAUGE("Messages that the brake holds.", .name = "tidings_brake_held");
static const MetricFamily brake_oldest =
    SECONDS("How long the brake has held its oldest message; 0 where none is.",
            .name = "tidings_brake_held_oldest_seconds");
static const MetricFamily suppressions =
    GAUGE("Addresses on the suppression list.", .name = "tidings_suppressions");
static const MetricFamily not_told = GAUGE("Closed tickets whose closing reached nobody.",
                                           .name = "tidings_tickets_customers_not_told");
static const MetricFamily inbox_waiting =
    GAUGE("Mails that wait for a person.", .name = "tidings_inbox_waiting", .labels = {"state"});
static const MetricFamily active =
    GAUGE("Whether the Alerts Server is active.", .name = "tidings_alerts_server_active");
static const MetricFamily relay_up = GAUGE("Whether the relay could be used at the last try.",
                                           .name = "tidings_relay_up", .labels = {"relay"});
static const MetricFamily relay_state =
    GAUGE("1 for the state that a relay is in.", .name = "tidings_relay_state",
          .labels = {"relay", "state"});
static const MetricFamily stopped = GAUGE(
    "Relays that the breaker stopped, until a person resumes.", .name = "tidings_relays_stopped");
static const MetricFamily senders =
    GAUGE("Processes of this desk that send, by their leases.", .name = "tidings_senders");
static const MetricFamily canary_ok =
    GAUGE("Whether the desk's last mail to itself came through.", .name = "tidings_canary_ok");
static const MetricFamily canary_success =
    SECONDS("When the desk's last mail to itself that came through did so.",
            .name = "tidings_canary_last_success_timestamp_seconds");
static const MetricFamily canary_trip =
    SECONDS("How long the desk's last mail to itself that came through took.",
            .name = "tidings_canary_round_trip_seconds");
static const MetricFamily mailbox_up =
    GAUGE("Whether a mailbox could be read at the last try; numbered as in the options.",
          .name = "tidings_mailbox_up", .labels = {"mailbox", "host"});
static const MetricFamily mailbox_age =
    SECONDS("Since when a mailbox has not been read without an error; -1: never was.",
            .name = "tidings_mailbox_read_age_seconds", .labels = {"mailbox", "host"});
static const MetricFamily mailbox_waiting =
    GAUGE("Mails in a mailbox that were not filed yet at the last try.",
          .name = "tidings_mailbox_waiting", .labels = {"mailbox", "host"});

/* Rebuilt at each run: db_read_within() may repeat it. */
typedef struct {
    OutboxCensus *census;
    int64_t counts[OUTBOX_N_STATES];
    int64_t not_told;
    int64_t held, held_since; /* for any reason; since 0: none */
    int64_t braked, braked_since;
    int64_t oldest_waiting;         /* 0: nothing waits */
    int64_t unmatched, quarantined; /* mails that came in */
    int64_t suppressions;
    json_t *mailboxes;
} Gauges;

static bool look(DbTx *tx, void *data, GError **error)
{
    Gauges *gauges = data;
    g_clear_pointer(&gauges->mailboxes, json_decref);
    gauges->mailboxes = mailboxes_status(tx, error);
    return gauges->mailboxes != NULL && outbox_count(tx, gauges->census, gauges->counts, error) &&
           ticket_count_not_told(tx, &gauges->not_told, error) &&
           outbox_held(tx, NULL, &gauges->held, &gauges->held_since, error) &&
           outbox_held(tx, alert_reason_name(REASON_BRAKE), &gauges->braked, &gauges->braked_since,
                       error) &&
           outbox_oldest_waiting(tx, &gauges->oldest_waiting, error) &&
           inbox_count(tx, &gauges->unmatched, &gauges->quarantined, error) &&
           suppression_count(tx, &gauges->suppressions, error);
}

static void sample(MetricText *text, const MetricFamily *family, const char *const *values,
                   int64_t value)
{
    g_autofree char *labels = metric_labels(family, values);
    metric_text_sample(text, labels, value);
}

static void one_age(MetricText *text, const MetricFamily *family, int64_t since, int64_t now_us)
{
    metric_text_begin(text, family);
    metric_text_seconds(text, NULL, since != 0 ? MAX(now_us - since, 0) : 0);
}

static void append_messages(MetricText *text, const Gauges *gauges, int64_t now_us)
{
    metric_text_begin(text, &messages);
    for (int i = 0; i < OUTBOX_N_STATES; i++)
        sample(text, &messages, (const char *[]){outbox_state_name((OutboxState)i)},
               gauges->counts[i]);
    one_age(text, &oldest, gauges->oldest_waiting, now_us);
    one_age(text, &held_oldest, gauges->held_since, now_us);
    metric_text_one(text, &brake_held, gauges->braked);
    one_age(text, &brake_oldest, gauges->braked_since, now_us);
    metric_text_one(text, &suppressions, gauges->suppressions);
    metric_text_one(text, &not_told, gauges->not_told);
    metric_text_begin(text, &inbox_waiting);
    sample(text, &inbox_waiting, (const char *[]){"unmatched"}, gauges->unmatched);
    sample(text, &inbox_waiting, (const char *[]){"quarantined"}, gauges->quarantined);
}

/* A mailbox is named by its place in the options: its own name is an address. */
static void append_mailboxes(MetricText *text, const json_t *list, int64_t now_us)
{
    const MetricFamily *families[] = {&mailbox_up, &mailbox_age, &mailbox_waiting};
    for (size_t k = 0; k < G_N_ELEMENTS(families); k++) {
        size_t i;
        json_t *one;
        metric_text_begin(text, families[k]);
        json_array_foreach(list, i, one)
        {
            g_autofree char *number = g_strdup_printf("%zu", i + 1);
            g_autofree char *labels =
                metric_labels(families[k], (const char *[]){number, json_get_text(one, "host")});
            int64_t polled_at = 0;
            if (k == 0)
                metric_text_sample(text, labels, strcmp(json_get_text(one, "state"), "down") != 0);
            else if (k == 2)
                metric_text_sample(text, labels, json_get_int(one, "waiting"));
            else if (json_get_text(one, "polled_at") != NULL &&
                     text_to_time(json_get_text(one, "polled_at"), "", &polled_at, NULL))
                metric_text_seconds(text, labels, MAX(now_us - polled_at, 0));
            else
                metric_text_sample(text, labels, -1);
        }
    }
}

static bool is_relay(const json_t *relay, const char *state)
{
    return g_strcmp0(json_get_text(relay, "state"), state) == 0;
}

static void append_relays(MetricText *text, const json_t *relays)
{
    static const char *const states[] = {"up", "down", "misconfigured", "stopped"};
    size_t i;
    json_t *relay;
    int64_t n = 0;
    metric_text_begin(text, &relay_up);
    json_array_foreach(relays, i, relay)
    {
        sample(text, &relay_up, (const char *[]){json_get_text(relay, "name")},
               is_relay(relay, "up"));
        n += is_relay(relay, "stopped");
    }
    metric_text_begin(text, &relay_state);
    json_array_foreach(relays, i, relay)
    {
        for (size_t k = 0; k < G_N_ELEMENTS(states); k++)
            sample(text, &relay_state, (const char *[]){json_get_text(relay, "name"), states[k]},
                   is_relay(relay, states[k]));
    }
    metric_text_one(text, &stopped, n);
}

/* Nothing where it is off, and no times before the first one has come through. */
static void append_canary(MetricText *text, const json_t *canary)
{
    int64_t success_us = 0;
    if (!json_get_bool(canary, "enabled", false))
        return;
    metric_text_one(text, &canary_ok, json_get_bool(canary, "ok", false));
    if (!text_to_time(json_get_text(canary, "last_success"), "", &success_us, NULL))
        return;
    double seconds = json_number_value(json_object_get(canary, "round_trip_seconds"));
    metric_text_begin(text, &canary_success);
    metric_text_seconds(text, NULL, success_us);
    metric_text_begin(text, &canary_trip);
    metric_text_seconds(text, NULL, (int64_t)(seconds * US_PER_SECOND));
}

/* Nothing where the database does not tell: the counts before have failed then, too. */
static void append_server(ApiCall *call, MetricText *text)
{
    const Api *api = call->api;
    if (api->alerts_server == NULL)
        return;
    json_auto_t *server = api->alerts_server(WITHIN_MS, api->alerts_server_data, NULL);
    if (server == NULL)
        return;
    metric_text_one(text, &active, json_get_bool(server, "active", false));
    append_relays(text, json_object_get(server, "relays"));
    metric_text_one(text, &senders, (int64_t)json_array_size(json_object_get(server, "senders")));
    append_canary(text, json_object_get(server, "canary"));
}

static void append_ready(ApiCall *call, MetricText *text)
{
    g_auto(ReadyList) list = {0};
    ready_find_out(call->api, &list);
    metric_text_begin(text, &ready);
    for (guint i = 0; i < list.conditions->len; i++) {
        const ReadyCondition *condition = list.conditions->pdata[i];
        sample(text, &ready, (const char *[]){condition->name}, condition->ok);
    }
}

static void append_counts(ApiCall *call, MetricText *text)
{
    g_autoptr(GStringChunk) texts = g_string_chunk_new(4096);
    g_autoptr(GPtrArray) families = metrics_families(call->api->metrics);
    g_autoptr(GArray) points =
        metric_load_all(call->api->metrics, desk_db(call->api->desk), WITHIN_MS, texts, NULL);
    for (guint i = 0; points != NULL && i < families->len; i++)
        metric_text_counts(text, families->pdata[i], points);
}

static void append_desk(ApiCall *call, MetricText *text)
{
    Gauges gauges = {.census = &call->api->census};
    Db *db = desk_db(call->api->desk);
    bool up = db_read_within(db, WITHIN_MS, look, &gauges, NULL);
    int64_t now_us = desk_now_us(call->api->desk);
    metric_text_one(text, &database_up, up);
    if (up) {
        append_messages(text, &gauges, now_us);
        append_mailboxes(text, gauges.mailboxes, now_us);
        append_server(call, text);
        append_counts(call, text);
    }
    json_decref(gauges.mailboxes);
}

HttpResponse *health_metrics(ApiCall *call, GError **error)
{
    if (!api_is_near(call->request) &&
        (!api_authenticate(call, error) || !api_require_scope(call, "alerts", error)))
        return NULL;
    const char *accept = http_request_header(call->request, "Accept");
    g_autoptr(MetricText) text = metric_text_new(metric_text_is_wanted(accept));
    metric_text_begin(text, &build);
    sample(text, &build, (const char *[]){TIDINGS_VERSION}, 1);
    append_ready(call, text);
    append_desk(call, text);
    if (call->api->gauges != NULL)
        call->api->gauges(text, call->api->gauges_data);
    size_t bytes;
    char *body = metric_text_end(text, &bytes);
    HttpResponse *response = http_response_new(200, metric_text_type(text), body, bytes);
    http_response_set_header(response, "Vary", "Accept");
    return response;
}
