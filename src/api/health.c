/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz says that the process answers (ready.c: that it can do its work); and the Alerts Server,
 * for people and programs that look after it. */
#include "alerts/policy.h"
#include "api/call.h"
#include "api/resources.h"
#include "base/error.h"
#include "base/text.h"
#include "outbox/outbox.h"
#include "records/ticket.h"

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

/* Rebuilt at each run: db_read() may repeat it. */
typedef struct {
    OutboxCensus *census;
    int64_t counts[OUTBOX_N_STATES];
    int64_t not_told;
    int64_t braked, braked_since; /* since 0: none */
    int64_t oldest_waiting;       /* 0: nothing waits */
} Counts;

static bool count(DbTx *tx, void *data, GError **error)
{
    Counts *counts = data;
    return outbox_count(tx, counts->census, counts->counts, error) &&
           ticket_count_not_told(tx, &counts->not_told, error) &&
           outbox_held(tx, alert_reason_name(REASON_BRAKE), &counts->braked, &counts->braked_since,
                       error) &&
           outbox_oldest_waiting(tx, &counts->oldest_waiting, error);
}

static bool load_counts(ApiCall *call, Counts *counts, GError **error)
{
    counts->census = &call->api->census;
    return db_read(desk_db(call->api->desk), count, counts, error);
}

static json_t *load_server(ApiCall *call, GError **error)
{
    if (call->api->alerts_server != NULL)
        return call->api->alerts_server(0, call->api->alerts_server_data, error);
    error_set(error, TD_ERROR_UNAVAILABLE, "The state of the Alerts Server is not known here");
    return NULL;
}

HttpResponse *health_alerts_server(ApiCall *call, GError **error)
{
    Counts counts = {0};
    json_auto_t *server = load_server(call, error);
    if (server == NULL || !load_counts(call, &counts, error))
        return NULL;
    json_t *messages = json_object();
    for (int i = 0; i < OUTBOX_N_STATES; i++)
        json_set_int(messages, outbox_state_name((OutboxState)i), counts.counts[i]);
    json_object_set_new(server, "messages", messages);
    json_set_time(server, "oldest_waiting", counts.oldest_waiting);
    json_set_int(server, "customers_not_told", counts.not_told);
    json_t *brake = json_object();
    json_set_int(brake, "held", counts.braked);
    json_set_time(brake, "since", counts.braked_since);
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
