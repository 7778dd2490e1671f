/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/client.h"

#include "app/app.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/print.h"
#include "http/client.h"

#include <string.h>

/* How long a command waits for another command that is writing the same desk, or for a server that
 * is just starting; and how often it looks again whether that one answers at the socket. */
#define LOCK_WAIT_MS 10000
#define LOCK_LOOK_MS 250

struct Client {
    DeskFolder *folder;
    char *employee;
    App *app; /* opened with the first call that nobody serves */
    bool served;
};

Client *client_new(const CommonOptions *options, GError **error)
{
    DeskFolder *folder = command_folder(options, error);
    if (folder == NULL)
        return NULL;
    Client *client = g_new0(Client, 1);
    client->folder = folder;
    client->employee = g_strdup(options->employee);
    return client;
}

void client_free(Client *client)
{
    if (client == NULL)
        return;
    app_close(client->app);
    desk_folder_free(client->folder);
    g_free(client->employee);
    g_free(client);
}

bool client_nobody_serves(const Client *client)
{
    return !client->served && client->folder->sqlite;
}

/* It was not begun by a server that is about to end: as if nobody had answered. */
static bool is_stopping(const HttpResponse *response)
{
    if (http_response_status(response) != 503)
        return false;
    json_auto_t *problem = json_loads(http_response_body(response, NULL), 0, NULL);
    return g_str_has_suffix(json_get_text(problem, "type"), "/stopping");
}

/* NULL without an error: nobody answers at the socket. */
static HttpResponse *ask_server(Client *client, const HttpRequest *request, GError **error)
{
    g_autoptr(GError) failure = NULL;
    HttpResponse *response = http_client_call(client->folder->socket, request, &failure);
    if (response != NULL && is_stopping(response))
        g_clear_pointer(&response, http_response_free);
    else if (response != NULL)
        client->served = true;
    else if (g_strcmp0(error_problem(failure), "not-serving") != 0)
        g_propagate_error(error, g_steal_pointer(&failure));
    return response;
}

static HttpResponse *run_here(Client *client, HttpRequest *request, GError **error)
{
    if (client->app == NULL)
        client->app = app_open(client->folder, error);
    return client->app != NULL ? app_call(client->app, request) : NULL;
}

/* Over the socket, or in this process once it is the desk's one writer. Whoever holds the lock may
 * be another command, which lets go of it soon, or a server that is about to answer. */
static HttpResponse *send_request(Client *client, HttpRequest *request, GError **error)
{
    for (int waited_ms = 0; waited_ms <= LOCK_WAIT_MS; waited_ms += LOCK_LOOK_MS) {
        g_autoptr(GError) failure = NULL;
        HttpResponse *response = client->app == NULL ? ask_server(client, request, &failure) : NULL;
        bool taken = false;
        if (response != NULL)
            return response;
        if (failure != NULL || !desk_folder_lock(client->folder, LOCK_LOOK_MS, &taken, &failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return NULL;
        }
        if (taken)
            return run_here(client, request, error);
    }
    error_set(error, TD_ERROR_BUSY,
              "Another process writes the desk %s but does not answer at its socket; nothing was"
              " changed. Try again in a moment, or look for a hanging `tidings`",
              client->folder->path);
    return NULL;
}

static TdErrorCode code_of_status(int status)
{
    switch (status) {
    case 400:
        return TD_ERROR_MALFORMED;
    case 401:
        return TD_ERROR_UNAUTHENTICATED;
    case 403:
        return TD_ERROR_DENIED;
    case 404:
        return TD_ERROR_NOT_FOUND;
    case 409:
        return TD_ERROR_CONFLICT;
    case 413:
        return TD_ERROR_LIMIT;
    case 422:
        return TD_ERROR_INVALID;
    case 503:
        return TD_ERROR_BUSY;
    case 504:
        return TD_ERROR_TIMEOUT;
    default:
        return TD_ERROR_INTERNAL;
    }
}

/* Several codes share a status; where the problem bears a code's own name, that says which. */
static TdErrorCode code_of_problem(const json_t *problem, int status)
{
    const char *type = json_get_text(problem, "type");
    const char *slash = strrchr(type, '/');
    for (int code = 0; slash != NULL && code < TD_ERROR_N_CODES; code++)
        if (strcmp(error_info((TdErrorCode)code)->problem, slash + 1) == 0)
            return (TdErrorCode)code;
    return code_of_status(status);
}

/* The API's messages name a field by its JSON Pointer; who types options knows it without the
 * slash. */
static const char *without_slash(const char *detail, const char *field)
{
    return *field == '/' && g_str_has_prefix(detail, field) ? detail + 1 : detail;
}

static void refuse(const HttpResponse *response, GError **error)
{
    int status = http_response_status(response);
    json_auto_t *problem = json_loads(http_response_body(response, NULL), 0, NULL);
    TdErrorCode code = code_of_problem(problem, status);
    const char *detail =
        without_slash(json_get_text(problem, "detail"), json_get_text(problem, "field"));
    g_autofree char *text = plain_line(*detail != '\0' ? detail : json_get_text(problem, "title"));
    if (*text != '\0')
        error_set(error, code, "%s", text);
    else
        error_set(error, code, "The desk answered with status %d", status);
}

/* Takes an answer that may be NULL with an error; NULL with one where it is a refusal. */
static HttpResponse *only_good(HttpResponse *answered, GError **error)
{
    g_autoptr(HttpResponse) response = answered;
    if (response != NULL && http_response_status(response) / 100 != 2) {
        refuse(response, error);
        return NULL;
    }
    return g_steal_pointer(&response);
}

/* The answer, when it is a good one. */
static HttpResponse *call(Client *client, const char *method, const char *target, const char *type,
                          const void *body, size_t bytes, GError **error)
{
    g_autoptr(HttpRequest) request = http_request_new(method, target, body, bytes);
    if (type != NULL)
        http_request_set_header(request, "Content-Type", type);
    if (client->employee != NULL)
        http_request_set_header(request, "Tidings-Employee", client->employee);
    return only_good(send_request(client, request, error), error);
}

/* Takes `answered`, which may be NULL with an error. */
static json_t *read_answer(HttpResponse *answered, GError **error)
{
    g_autoptr(HttpResponse) response = answered;
    if (response == NULL)
        return NULL;
    size_t bytes;
    const char *answer = http_response_body(response, &bytes);
    return bytes == 0 ? json_object() : json_parse(answer, bytes, error);
}

json_t *client_call(Client *client, const char *method, const char *target, const json_t *body,
                    GError **error)
{
    g_autofree char *text = body != NULL ? json_text(body) : NULL;
    const char *type = text != NULL ? "application/json" : NULL;
    return read_answer(
        call(client, method, target, type, text, text != NULL ? strlen(text) : 0, error), error);
}

json_t *client_send(Client *client, const char *target, const char *type, const void *body,
                    size_t bytes, GError **error)
{
    return read_answer(call(client, "POST", target, type, body, bytes, error), error);
}

HttpResponse *client_fetch(Client *client, const char *target, GError **error)
{
    return call(client, "GET", target, NULL, NULL, 0, error);
}

json_t *client_ask_server(Client *client, const char *target, bool *served, GError **error)
{
    g_autoptr(HttpRequest) request = http_request_new("GET", target, NULL, 0);
    if (client->employee != NULL)
        http_request_set_header(request, "Tidings-Employee", client->employee);
    HttpResponse *response = ask_server(client, request, error);
    *served = response != NULL;
    return response != NULL ? read_answer(only_good(response, error), error) : NULL;
}
