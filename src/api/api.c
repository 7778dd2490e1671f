/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes, and the way of every call through it: who calls, may they, are the query
 * parameters known, then the handler. What a handler returns as an error becomes problem+json here,
 * and is logged here, once, when it is the desk's fault and not the caller's.
 */
#include "api/api.h"

#include "api/call.h"
#include "api/resources.h"
#include "base/error.h"
#include "base/log.h"
#include "template/template.h"

#include <string.h>

static const char *const paged[] = {"cursor", "limit", NULL};
static const char *const of_tickets[] = {
    "status", "state",  "account", "manager", "q", "reference", "customers_not_told",
    "fields", "cursor", "limit",   NULL};
static const char *const of_failures[] = {"days", NULL};
static const char *const of_doctor[] = {"only", NULL};
static const char *const of_history[] = {"span", NULL};
static const char *const of_diff[] = {"from", "to", NULL};
static const char *const of_accounts[] = {"q", "cursor", "limit", NULL};
static const char *const of_contacts[] = {"account", "cursor", "limit", NULL};
static const char *const of_simulate[] = {"changed", "cursor", "limit", NULL};
static const char *const of_inbox[] = {"state", "ticket", "cursor", "limit", NULL};
static const char *const of_alerts[] = {"state", "cursor", "limit", NULL};

#define V1         API_PREFIX
#define TICKET     V1 "/tickets/{number}"
#define RECIPIENTS TICKET "/recipients"
#define EMPLOYEES  TICKET "/employee-recipients"
#define COPY       TICKET "/copies/{id}"
#define OPTIONS    V1 "/options"
#define READ       "tickets:read"
#define WRITE      "tickets:write"

static const ApiRoute routes[] = {
    {"POST", V1 "/tickets", WRITE, tickets_open, NULL},
    {"GET", V1 "/tickets", READ, tickets_list, of_tickets},
    {"GET", V1 "/tickets/counts", READ, tickets_counts, NULL},
    {"POST", V1 "/tickets/bulk", WRITE, tickets_change_all, NULL},
    {"POST", V1 "/tickets/bulk/preview", WRITE, tickets_preview_all, NULL},
    {"POST", V1 "/tickets/preview", WRITE, tickets_preview_opening, NULL},
    {"POST", TICKET "/merge", WRITE, tickets_merge, NULL},
    {"POST", TICKET "/preview", WRITE, tickets_preview_change, NULL},
    {"GET", TICKET, READ, tickets_get, NULL},
    {"PATCH", TICKET, WRITE, tickets_change, NULL},
    {"GET", TICKET "/events", READ, tickets_events, paged},
    {"GET", TICKET "/alerts", READ, tickets_alerts, NULL},
    {"GET", TICKET "/explain", READ, tickets_explain, NULL},
    {"GET", RECIPIENTS, READ, recipients_get_all, NULL},
    {"PUT", RECIPIENTS, WRITE, recipients_put, NULL},
    {"POST", RECIPIENTS, WRITE, recipients_post, NULL},
    {"PATCH", RECIPIENTS "/{id}", WRITE, recipients_patch, NULL},
    {"DELETE", RECIPIENTS "/{id}", WRITE, recipients_delete, NULL},
    {"POST", RECIPIENTS "/{id}/send-latest", WRITE, recipients_post_send_latest, NULL},
    {"GET", EMPLOYEES, READ, employee_recipients_get, NULL},
    {"PUT", EMPLOYEES, WRITE, employee_recipients_put, NULL},
    {"GET", TICKET "/messages", READ, messages_list, paged},
    {"POST", TICKET "/messages", WRITE, messages_post, NULL},
    {"GET", TICKET "/messages/{id}", READ, messages_get, NULL},
    {"GET", TICKET "/attachments/{id}", READ, messages_attachment, NULL},
    {"GET", COPY "/message", "alerts", copies_message, NULL},
    {"POST", COPY "/retry", "alerts", copies_retry, NULL},
    {"POST", COPY "/cancel", "alerts", copies_cancel, NULL},
    {"POST", COPY "/release", "alerts", copies_release, NULL},

    {"GET", V1 "/alerts", "alerts", alerts_list, of_alerts},
    {"GET", V1 "/alerts/{id}", "alerts", alerts_get, NULL},
    {"GET", V1 "/alerts/{id}/message", "alerts", alerts_message, NULL},
    {"GET", V1 "/alerts/failures", "alerts", alerts_failures, of_failures},
    {"POST", V1 "/alerts/retry", "alerts", alerts_retry_all, NULL},
    {"POST", V1 "/alerts/cancel", "alerts", alerts_cancel_all, NULL},
    {"POST", V1 "/alerts/release", "alerts", alerts_release_all, NULL},
    {"POST", V1 "/alerts/{id}/retry", "alerts", alerts_retry, NULL},
    {"POST", V1 "/alerts/{id}/cancel", "alerts", alerts_cancel, NULL},
    {"POST", V1 "/alerts/{id}/release", "alerts", alerts_release, NULL},

    {"GET", V1 "/suppressions", "alerts", suppressions_list, paged},
    {"POST", V1 "/suppressions", "alerts", suppressions_post, NULL},
    {"GET", V1 "/suppressions/{email}", "alerts", suppressions_get, NULL},
    {"DELETE", V1 "/suppressions/{email}", "alerts", suppressions_delete, NULL},

    {"POST", V1 "/inbox", "admin", inbox_post, NULL},
    {"GET", V1 "/inbox", READ, inbox_get_all, of_inbox},
    {"GET", V1 "/inbox/counts", READ, inbox_counts, NULL},
    {"GET", V1 "/inbox/{id}", READ, inbox_get, NULL},
    {"GET", V1 "/inbox/{id}/explain", READ, inbox_explain, NULL},
    {"GET", V1 "/inbox/{id}/message", READ, inbox_message, NULL},
    {"GET", V1 "/inbox/{id}/content", READ, inbox_content, NULL},
    {"GET", V1 "/mailboxes", READ, inbox_mailboxes, NULL},
    {"POST", V1 "/inbox/{id}/open", WRITE, inbox_post_open, NULL},
    {"POST", V1 "/inbox/{id}/attach", WRITE, inbox_post_attach, NULL},
    {"POST", V1 "/inbox/{id}/discard", WRITE, inbox_post_discard, NULL},
    {"GET", V1 "/inbox/{id}/forward/message", "alerts", inbox_forward_message, NULL},
    {"POST", V1 "/inbox/{id}/forward/retry", "alerts", inbox_forward_retry, NULL},
    {"POST", V1 "/inbox/{id}/forward/cancel", "alerts", inbox_forward_cancel, NULL},
    {"POST", V1 "/inbox/{id}/forward/release", "alerts", inbox_forward_release, NULL},

    {"GET", V1 "/alerts-server", "alerts", health_alerts_server, NULL},
    {"GET", V1 "/alerts-server/history", "alerts", alerts_server_history, of_history},
    {"POST", V1 "/alerts-server/resume", "alerts", health_resume, NULL},

    {"GET", V1 "/doctor", "admin", doctor_get, of_doctor},

    {"GET", V1 "/accounts", READ, accounts_list, of_accounts},
    {"POST", V1 "/accounts", WRITE, accounts_post, NULL},
    {"GET", V1 "/accounts/{number}", READ, accounts_get, NULL},
    {"PATCH", V1 "/accounts/{number}", WRITE, accounts_patch, NULL},
    {"GET", V1 "/contacts", READ, contacts_list, of_contacts},
    {"POST", V1 "/contacts", WRITE, contacts_post, NULL},
    {"GET", V1 "/contacts/{id}", READ, contacts_get, NULL},
    {"PATCH", V1 "/contacts/{id}", WRITE, contacts_patch, NULL},
    {"GET", V1 "/employees", "admin", employees_list, paged},
    {"POST", V1 "/employees", "admin", employees_post, NULL},
    {"GET", V1 "/employees/{id}", "admin", employees_get, NULL},
    {"PATCH", V1 "/employees/{id}", "admin", employees_patch, NULL},
    {"GET", V1 "/tokens", "admin", tokens_list, paged},
    {"POST", V1 "/tokens", "admin", tokens_post, NULL},
    {"DELETE", V1 "/tokens/{id}", "admin", tokens_delete, NULL},

    {"POST", V1 "/imports", WRITE, imports_post, NULL},
    {"POST", V1 "/imports/preview", WRITE, imports_preview, NULL},

    {"GET", OPTIONS "/desk", "options", options_show, NULL},
    {"PUT", OPTIONS "/desk", "options", options_change, NULL},
    {"GET", OPTIONS "/alerts-server", "options", options_show, NULL},
    {"PUT", OPTIONS "/alerts-server", "options", options_change, NULL},
    {"GET", OPTIONS "/alerts-server/test", "options", options_test_show, NULL},
    {"POST", OPTIONS "/alerts-server/test", "options", options_test_send, NULL},
    {"GET", OPTIONS "/alerts-to-customers", "options", options_show, NULL},
    {"PUT", OPTIONS "/alerts-to-customers", "options", options_change, NULL},
    {"POST", OPTIONS "/alerts-to-customers/situations", "options", options_situations, NULL},
    {"GET", OPTIONS "/tickets", "options", options_show, NULL},
    {"PUT", OPTIONS "/tickets", "options", options_change, NULL},
    {"GET", OPTIONS "/email-connector", "options", options_show, NULL},
    {"PUT", OPTIONS "/email-connector", "options", options_change, NULL},
    {"GET", OPTIONS "/web-interface", "options", options_show, NULL},
    {"PUT", OPTIONS "/web-interface", "options", options_change, NULL},
    {"POST", OPTIONS "/email-connector/dry-run", "options", inbox_dry_run, NULL},
    {"GET", OPTIONS "/{section}/changes", "options", options_changes, paged},

    {"POST", V1 "/simulate", "alerts", simulate_post, of_simulate},
    {"POST", V1 "/simulate/message", "alerts", simulate_message, NULL},

    {"GET", V1 "/templates", "templates", templates_list, paged},
    {"POST", V1 "/templates", "templates", templates_post, NULL},
    {"GET", V1 "/templates/{id}", "templates", templates_get, NULL},
    {"PATCH", V1 "/templates/{id}", "templates", templates_patch, NULL},
    {"DELETE", V1 "/templates/{id}", "templates", templates_delete, NULL},
    {"POST", V1 "/templates/{id}/copy", "templates", templates_copy, NULL},
    {"POST", V1 "/templates/{id}/restore", "templates", templates_restore, NULL},
    {"GET", V1 "/templates/{id}/versions", "templates", templates_versions, paged},
    {"GET", V1 "/templates/{id}/versions/{version}", "templates", templates_get_version, NULL},
    {"GET", V1 "/templates/{id}/diff", "templates", templates_diff, of_diff},
    {"POST", V1 "/templates/{id}/preview", "templates", templates_preview, NULL},
    {"POST", V1 "/templates/{id}/test-send", "templates", templates_test_send, NULL},
    {"GET", V1 "/audit", "admin", audit_show, paged},
    {"GET", V1 "/merge-fields", "templates", merge_fields_list, NULL},

    {"GET", V1 "/openapi.json", NULL, openapi_document, NULL},
    {"GET", "/healthz", NULL, health_alive, NULL},
    {"GET", "/readyz", NULL, health_ready, NULL},
    {"GET", "/metrics", NULL, health_metrics, NULL},
};

typedef struct ApiBound {
    Api *api;
    const ApiRoute *route;
} ApiBound;

Api *api_new(Desk *desk, Composer *composer)
{
    Api *api = g_new0(Api, 1);
    api->desk = desk;
    api->composer = composer;
    api->tokens = token_cache_new();
    api->bound = g_new0(ApiBound, G_N_ELEMENTS(routes));
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        api->bound[i] = (ApiBound){api, &routes[i]};
    api->inside = http_router_new();
    api_add_routes(api, api->inside);
    return api;
}

void api_free(Api *api)
{
    if (api == NULL)
        return;
    token_cache_free(api->tokens);
    http_router_free(api->inside);
    g_free(api->bound);
    g_free(api);
}

void api_stop(Api *api)
{
    g_atomic_int_set(&api->stopping, 1);
}

void api_set_test_send(Api *api, ApiTestSend test_send, void *data)
{
    api->test_send = test_send;
    api->test_send_data = data;
}

void api_set_test_template(Api *api, ApiTestTemplate test_template, void *data)
{
    api->test_template = test_template;
    api->test_template_data = data;
}

void api_set_resume(Api *api, ApiResume resume, void *data)
{
    api->resume = resume;
    api->resume_data = data;
}

void api_set_alerts_server(Api *api, ApiAlertsServer alerts_server, void *data)
{
    api->alerts_server = alerts_server;
    api->alerts_server_data = data;
}

void api_set_doctor(Api *api, ApiDoctor doctor, void *data)
{
    api->doctor = doctor;
    api->doctor_data = data;
}

void api_set_metrics(Api *api, ApiMetrics metrics, void *data)
{
    api->metrics = metrics;
    api->metrics_data = data;
}

/* A parameter that is mistyped would otherwise be a filter that silently does nothing. */
static bool check_query(const ApiCall *call, GError **error)
{
    static const char *const none[] = {NULL};
    const char *const *known = call->route->query != NULL ? call->route->query : none;
    for (const char *const *name = http_request_query_names(call->request); *name != NULL; name++) {
        if (g_strv_contains(known, *name))
            continue;
        g_autofree char *list = g_strjoinv(", ", (char **)known);
        error_set_problem(error, TD_ERROR_INVALID, "unknown-parameter", NULL,
                          "\"%s\" is not a query parameter known here%s%s", *name,
                          *list != '\0' ? "; known are: " : "", list);
        return false;
    }
    return true;
}

static HttpResponse *handle(ApiCall *call, GError **error)
{
    const ApiRoute *route = call->route;
    return (route->scope == NULL || api_require_scope(call, route->scope, error)) &&
                   check_query(call, error)
               ? route->handler(call, error)
               : NULL;
}

static HttpResponse *answer(ApiCall *call, GError **error)
{
    if (call->route->scope != NULL && !api_authenticate(call, error))
        return NULL;
    g_autoptr(GError) failure = NULL;
    HttpResponse *response = handle(call, &failure);
    if (response != NULL) {
        api_note_afterwards(call, response);
        return response;
    }
    /* It may have failed before anybody asked. A token that was revoked learns nothing more. */
    if (error_http_status(failure) >= 500 || api_check_token(call, NULL, error))
        g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

static void log_failure(const ApiCall *call, const GError *error)
{
    if (error_http_status(error) >= 500)
        log_error("%s %s: %s", call->route->method, call->route->pattern, error->message);
}

static void call_clear(ApiCall *call)
{
    actor_clear(&call->actor);
    g_free(call->scopes);
    g_free(call->fingerprint);
    json_decref(call->body);
}

static HttpResponse *run(const HttpRequest *request, void *data)
{
    const ApiBound *bound = data;
    ApiCall call = {.api = bound->api,
                    .route = bound->route,
                    .request = request,
                    .token_in_work = bound->route->handler == tickets_open};
    g_autoptr(GError) error = NULL;
    HttpResponse *response = answer(&call, &error);
    if (response == NULL) {
        log_failure(&call, error);
        int line = 0, column = 0;
        template_error_position(error, &line, &column);
        response = http_response_problem_at(error, line, column);
    }
    call_clear(&call);
    return response;
}

size_t api_n_routes(void)
{
    return G_N_ELEMENTS(routes);
}

ApiRouteInfo api_route(size_t index)
{
    return (ApiRouteInfo){routes[index].method, routes[index].pattern, routes[index].scope};
}

void api_add_routes(Api *api, HttpRouter *router)
{
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        http_router_add(router, routes[i].method, routes[i].pattern, run, &api->bound[i]);
}

HttpResponse *api_call_as(Api *api, const ApiCaller *caller, HttpRequest *request)
{
    http_request_set_caller(request, caller);
    return http_router_run(api->inside, request);
}
