/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "With these options, what would have been sent?" Nothing is kept between two pages: each goes
 * through all events again, because the brake makes every decision depend on those before it.
 */
#include "alerts/simulate.h"

#include "api/call.h"
#include "api/render.h"
#include "api/resources.h"
#include "api/simulated.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define DAYS_MAX      3660
#define RUNNING_MAX   2 /* at the same time: each keeps a worker and a processor busy */
#define CHANGED_QUERY "changed"

/* ---- the request ---- */

typedef struct {
    int64_t at_us, event, alert;
} Place;

typedef struct {
    SimulatedChanges changes;
    Simulation simulation;
    int limit;
    bool changed_only;
    Place after;
} Request;

static void request_clear(Request *request)
{
    simulated_changes_clear(&request->changes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

static bool refuse(GError **error, const char *field, const char *words)
{
    error_set_problem(error, TD_ERROR_INVALID, "invalid", field, "%s", words);
    return false;
}

static bool check_time(const Request *request, bool has_days, bool has_from, GError **error)
{
    if (!has_days && !has_from) {
        error_set_problem(error, TD_ERROR_INVALID, "missing-field", "/days",
                          "Say how far back: \"days\", or a time \"from\" which on");
        return false;
    }
    if (has_days && has_from)
        return refuse(error, "/from", "Give either \"days\" or \"from\", not both");
    if (request->simulation.from_us >= request->simulation.to_us)
        return refuse(error, "/from",
                      "\"from\" must be before \"to\", which is now where it is"
                      " not given");
    return true;
}

static bool read_body(ApiCall *call, Request *request, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    int64_t days = 0;
    int64_t now_us = desk_now_us(call->api->desk);
    Simulation *simulation = &request->simulation;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    bool has_days = json_read_int(&reader, "days", 1, DAYS_MAX, &days);
    json_read_time(&reader, "from", &simulation->from_us);
    json_read_time(&reader, "to", &simulation->to_us);
    json_read_object(&reader, "options", &request->changes.options);
    if (!json_reader_end(&reader, error))
        return false;
    bool has_from = simulation->from_us != 0;
    if (simulation->to_us == 0 || simulation->to_us > now_us)
        simulation->to_us = now_us + 1; /* what happens at this moment included */
    if (!has_from)
        simulation->from_us = simulation->to_us - days * US_PER_DAY;
    return check_time(request, has_days, has_from, error);
}

static bool read_cursor(const char *text, Place *place)
{
    g_auto(GStrv) parts = g_strsplit(text, "-", 4);
    return g_strv_length(parts) == 3 && text_to_int(parts[0], 0, INT64_MAX, &place->at_us) &&
           text_to_int(parts[1], 1, INT64_MAX, &place->event) &&
           text_to_int(parts[2], 1, INT64_MAX, &place->alert);
}

static bool read_query(const ApiCall *call, Request *request, GError **error)
{
    const char *cursor = http_request_query(call->request, "cursor");
    const char *limit = http_request_query(call->request, "limit");
    const char *changed = http_request_query(call->request, CHANGED_QUERY);
    int64_t items = API_PAGE_ITEMS;
    if (limit != NULL && !text_to_int(limit, 0, LIMIT_SIMULATED_ITEMS, &items)) {
        error_set_problem(error, TD_ERROR_INVALID, "out-of-range", NULL,
                          "The query parameter \"limit\" must be from 0 to %d",
                          LIMIT_SIMULATED_ITEMS);
        return false;
    }
    if (cursor != NULL && !read_cursor(cursor, &request->after)) {
        error_set_problem(error, TD_ERROR_INVALID, "bad-cursor", NULL,
                          "\"%s\" is no cursor: take it from \"next_cursor\" of the page before,"
                          " or leave it out for the first page",
                          cursor);
        return false;
    }
    if (changed != NULL && strcmp(changed, "true") != 0 && strcmp(changed, "false") != 0)
        return refuse(error, NULL, "The query parameter \"changed\" must be true or false");
    request->limit = (int)items;
    request->changed_only = g_strcmp0(changed, "true") == 0;
    return true;
}

/* ---- the answer ---- */

typedef struct {
    const Request *request;
    int64_t counts[ALERT_N_KINDS][REASON_N][REASON_N]; /* by what was, then what would be */
    int64_t decisions, changed;
    json_t *items;
    Place last;
    bool more;
} Answer;

static json_t *verdict(AlertReason reason)
{
    json_t *object = json_object();
    json_set_text(object, "decision", alert_decision_name(alert_decision_of(reason)));
    json_set_text(object, "reason", alert_reason_name(reason));
    return object;
}

static json_t *render_item(const SimulatedDecision *decision)
{
    json_t *item = verdict(decision->is.reason);
    json_set_int(item, "event", decision->event);
    json_set_int(item, "alert", decision->alert);
    json_set_int(item, "ticket", decision->ticket);
    json_set_time(item, "at", decision->at_us);
    json_set_text(item, "kind", alert_kind_name(decision->kind));
    json_set_text(item, "recipient", decision->recipient);
    json_set_bool(item, "changed", decision->is.reason != decision->was.reason);
    json_object_set_new(item, "was", verdict(decision->was.reason));
    return item;
}

static bool is_behind(const SimulatedDecision *decision, const Place *after)
{
    if (decision->at_us != after->at_us)
        return decision->at_us > after->at_us;
    if (decision->event != after->event)
        return decision->event > after->event;
    return decision->alert > after->alert;
}

static void take(const SimulatedDecision *decision, void *data)
{
    Answer *answer = data;
    const Request *request = answer->request;
    bool changed = decision->is.reason != decision->was.reason;
    answer->counts[decision->kind][decision->was.reason][decision->is.reason]++;
    answer->decisions++;
    answer->changed += changed;
    if ((request->changed_only && !changed) || !is_behind(decision, &request->after))
        return;
    if (json_array_size(answer->items) >= (size_t)request->limit) {
        answer->more = true;
        return;
    }
    json_array_append_new(answer->items, render_item(decision));
    answer->last = (Place){decision->at_us, decision->event, decision->alert};
}

/* One row for each alert and reason: how often it would be, how often it was. */
static json_t *render_summary(const Answer *answer)
{
    json_t *list = json_array();
    for (int kind = 0; kind < ALERT_N_KINDS; kind++)
        for (int reason = 0; reason < REASON_N; reason++) {
            int64_t is = 0;
            int64_t was = 0;
            for (int other = 0; other < REASON_N; other++) {
                is += answer->counts[kind][other][reason];
                was += answer->counts[kind][reason][other];
            }
            if (is == 0 && was == 0)
                continue;
            json_t *row = verdict((AlertReason)reason);
            json_set_text(row, "kind", alert_kind_name((AlertKind)kind));
            json_set_int(row, "count", is);
            json_set_int(row, "was", was);
            json_array_append_new(list, row);
        }
    return list;
}

static json_t *render_changes(const Answer *answer)
{
    json_t *list = json_array();
    for (int kind = 0; kind < ALERT_N_KINDS; kind++)
        for (int was = 0; was < REASON_N; was++)
            for (int is = 0; is < REASON_N; is++) {
                int64_t count = answer->counts[kind][was][is];
                if (was == is || count == 0)
                    continue;
                json_t *row = verdict((AlertReason)is);
                json_set_text(row, "kind", alert_kind_name((AlertKind)kind));
                json_object_set_new(row, "was", verdict((AlertReason)was));
                json_set_int(row, "count", count);
                json_array_append_new(list, row);
            }
    return list;
}

static json_t *render_answer(const Answer *answer, int64_t events)
{
    const Simulation *simulation = &answer->request->simulation;
    json_t *value = json_object();
    g_autofree char *cursor =
        answer->more && answer->last.event != 0
            ? g_strdup_printf("%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT,
                              answer->last.at_us, answer->last.event, answer->last.alert)
            : NULL;
    json_set_time(value, "from", simulation->from_us);
    json_set_time(value, "to", simulation->to_us);
    json_set_int(value, "events", events);
    json_set_int(value, "decisions", answer->decisions);
    json_set_int(value, "changed", answer->changed);
    json_object_set_new(value, "summary", render_summary(answer));
    json_object_set_new(value, "changes", render_changes(answer));
    json_object_set(value, "items", answer->items);
    json_set_text(value, "next_cursor", cursor);
    return value;
}

/* ---- running it ---- */

static HttpResponse *run(ApiCall *call, Request *request, GError **error)
{
    if (!db_read(desk_db(call->api->desk), simulated_changes_read, &request->changes, error))
        return NULL;
    request->simulation.options =
        (SimulatedOptions){request->changes.server, request->changes.alerts};
    request->simulation.stop = &call->api->stopping;
    g_autofree Answer *answer = g_new0(Answer, 1);
    json_auto_t *items = json_array();
    answer->request = request;
    answer->items = items;
    int64_t events;
    return alerts_simulate(desk_db(call->api->desk), &request->simulation, take, answer, &events,
                           error)
               ? http_response_json(200, render_answer(answer, events))
               : NULL;
}

HttpResponse *simulate_post(ApiCall *call, GError **error)
{
    g_auto(Request) request = {0};
    if (!read_body(call, &request, error) || !read_query(call, &request, error))
        return NULL;
    HttpResponse *response = NULL;
    if (g_atomic_int_add(&call->api->simulations, 1) < RUNNING_MAX)
        response = run(call, &request, error);
    else
        error_set(error, TD_ERROR_BUSY,
                  "%d simulations are running already; try again when they are done", RUNNING_MAX);
    g_atomic_int_add(&call->api->simulations, -1);
    return response;
}
