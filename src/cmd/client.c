/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/client.h"

#include "app/app.h"
#include "base/error.h"
#include "base/json.h"
#include "http/client.h"

#include <string.h>

/* How long a command waits for another command that is writing the same desk. */
#define LOCK_WAIT_MS 10000

struct Client {
    DeskFolder *folder;
    char *employee;
    App *app; /* opened with the first call that nobody serves */
    bool served;
};

Client *client_new(const CommonOptions *options, GError **error)
{
    DeskFolder *folder = desk_folder_open(options->desk, error);
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

bool client_served(const Client *client)
{
    return client->served;
}

/* Nobody serves: become the desk's one writer for as long as this command runs. */
static bool open_app(Client *client, GError **error)
{
    if (client->app != NULL)
        return true;
    bool taken;
    if (!desk_folder_lock(client->folder, LOCK_WAIT_MS, &taken, error))
        return false;
    if (!taken) {
        error_set(
            error, TD_ERROR_BUSY,
            "Another process writes the desk %s but does not answer at its socket; nothing was"
            " changed. Try again in a moment, or look for a hanging `tidings`",
            client->folder->path);
        return false;
    }
    client->app = app_open(client->folder, error);
    return client->app != NULL;
}

static HttpResponse *send_request(Client *client, HttpRequest *request, GError **error)
{
    if (client->app == NULL) {
        g_autoptr(GError) failure = NULL;
        HttpResponse *response = http_client_call(client->folder->socket, request, &failure);
        if (response != NULL) {
            client->served = true;
            return response;
        }
        if (g_strcmp0(error_problem(failure), "not-serving") != 0) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return NULL;
        }
    }
    return open_app(client, error) ? app_call(client->app, request) : NULL;
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

static void refuse(const HttpResponse *response, const char *body, GError **error)
{
    json_auto_t *problem = json_loads(body, 0, NULL);
    const char *detail = json_get_text(problem, "detail");
    int status = http_response_status(response);
    const char *title = json_get_text(problem, "title");
    if (*detail != '\0')
        error_set(error, code_of_status(status), "%s", detail);
    else if (*title != '\0')
        error_set(error, code_of_status(status), "%s", title);
    else
        error_set(error, code_of_status(status), "The desk answered with status %d", status);
}

/* The answer, when it is a good one. */
static HttpResponse *call(Client *client, const char *method, const char *target, const char *body,
                          GError **error)
{
    g_autoptr(HttpRequest) request =
        http_request_new(method, target, body != NULL ? body : "", body != NULL ? strlen(body) : 0);
    if (body != NULL)
        http_request_set_header(request, "Content-Type", "application/json");
    if (client->employee != NULL)
        http_request_set_header(request, "Tidings-Employee", client->employee);
    g_autoptr(HttpResponse) response = send_request(client, request, error);
    if (response == NULL)
        return NULL;
    if (http_response_status(response) / 100 != 2) {
        size_t bytes;
        refuse(response, http_response_body(response, &bytes), error);
        return NULL;
    }
    return g_steal_pointer(&response);
}

json_t *client_call(Client *client, const char *method, const char *target, const json_t *body,
                    GError **error)
{
    g_autofree char *text = body != NULL ? json_text(body) : NULL;
    g_autoptr(HttpResponse) response = call(client, method, target, text, error);
    if (response == NULL)
        return NULL;
    size_t bytes;
    const char *answer = http_response_body(response, &bytes);
    return bytes == 0 ? json_object() : json_parse(answer, bytes, error);
}

GBytes *client_fetch(Client *client, const char *target, GError **error)
{
    g_autoptr(HttpResponse) response = call(client, "GET", target, NULL, error);
    if (response == NULL)
        return NULL;
    size_t bytes;
    const char *answer = http_response_body(response, &bytes);
    return g_bytes_new(answer, bytes);
}

char *client_target(const char *prefix, const char *value, const char *suffix)
{
    g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
    return g_strconcat(prefix, escaped, suffix, NULL);
}
