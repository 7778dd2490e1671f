/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call's life: libmicrohttpd names the target (call_new), the headers are there (call_begin),
 * the body arrives in pieces, the request is whole and the connection is suspended (call_submit), a
 * worker runs it and resumes the connection, the answer is queued (call_answer), and on_completed()
 * frees the call, whatever became of it.
 *
 * A call belongs to the door's thread, except between suspending and resuming, when it belongs to
 * the worker; a suspended connection neither times out nor notices that its client left, so nothing
 * frees the call meanwhile. A request is refused before its body is read whenever its headers are
 * reason enough; libmicrohttpd then closes the connection after the answer, for the unread body
 * would be taken for the next request.
 */
#include "http/door.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/fields.h"
#include "http/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

/* Request line and headers, with room for the answer's headers; libmicrohttpd answers 414 or 431
 * beyond it. */
#define CONNECTION_MEMORY_BYTES (32 * 1024)

struct HttpDoor {
    HttpTraffic *traffic;
    HttpListener *listener;
    struct MHD_Daemon *daemon;
};

typedef struct {
    HttpDoor *door;
    struct MHD_Connection *connection;
    char *target;
    HttpRequest *request;   /* NULL until the headers are there */
    HttpResponse *response; /* set by the worker, taken by call_answer() */
    bool counted;
    bool close;
} Call;

/* ---- traffic ---- */

void http_traffic_init(HttpTraffic *traffic, const HttpRouter *router)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&traffic->lock, NULL);
    pthread_cond_init(&traffic->quiet, &attributes);
    pthread_condattr_destroy(&attributes);
    traffic->router = router;
}

void http_traffic_clear(HttpTraffic *traffic)
{
    pthread_cond_destroy(&traffic->quiet);
    pthread_mutex_destroy(&traffic->lock);
}

void http_traffic_stop(HttpTraffic *traffic)
{
    pthread_mutex_lock(&traffic->lock);
    traffic->stopping = true;
    pthread_mutex_unlock(&traffic->lock);
}

static struct timespec monotonic_after(int64_t timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + (timeout_ms % 1000) * 1000000;
    at.tv_sec += timeout_ms / 1000 + ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    return at;
}

bool http_traffic_wait(HttpTraffic *traffic, int64_t timeout_ms)
{
    struct timespec deadline = monotonic_after(timeout_ms);
    int rc = 0;
    pthread_mutex_lock(&traffic->lock);
    while (traffic->calls > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&traffic->quiet, &traffic->lock, &deadline);
    bool quiet = traffic->calls == 0;
    pthread_mutex_unlock(&traffic->lock);
    return quiet;
}

static void traffic_leave(HttpTraffic *traffic)
{
    pthread_mutex_lock(&traffic->lock);
    traffic->calls--;
    if (traffic->calls == 0)
        pthread_cond_broadcast(&traffic->quiet);
    pthread_mutex_unlock(&traffic->lock);
}

/* Suspends under the lock of `stopping`, so that nothing is suspended once http_traffic_stop() has
 * returned. */
static bool traffic_enter(HttpTraffic *traffic, struct MHD_Connection *connection)
{
    pthread_mutex_lock(&traffic->lock);
    bool open = !traffic->stopping;
    if (open) {
        MHD_suspend_connection(connection);
        traffic->calls++;
    }
    pthread_mutex_unlock(&traffic->lock);
    return open;
}

static bool traffic_is_stopping(HttpTraffic *traffic)
{
    pthread_mutex_lock(&traffic->lock);
    bool stopping = traffic->stopping;
    pthread_mutex_unlock(&traffic->lock);
    return stopping;
}

/* ---- answers ---- */

static void free_response(void *response)
{
    http_response_free(response);
}

/* Never called: of a HEAD only the length is used. */
static ssize_t read_nothing(void *data, uint64_t position, char *buffer, size_t max)
{
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* Takes `response`. */
static struct MHD_Response *make_mhd_response(HttpResponse *response)
{
    struct MHD_Response *made =
        response->length > response->bytes
            ? MHD_create_response_from_callback(response->length, 1024, read_nothing, response,
                                                free_response)
            : MHD_create_response_from_buffer_with_free_callback_cls(
                  response->bytes, response->body, free_response, response);
    if (made == NULL) {
        http_response_free(response);
        return NULL;
    }
    for (guint i = 0; i < response->headers->len; i++) {
        const HttpField *field = &g_array_index(response->headers, HttpField, i);
        MHD_add_response_header(made, field->name, field->value);
    }
    return made;
}

static enum MHD_Result call_answer(Call *call)
{
    unsigned status = (unsigned)call->response->status;
    struct MHD_Response *response = make_mhd_response(g_steal_pointer(&call->response));
    if (response == NULL)
        return MHD_NO;
    if (call->close || traffic_is_stopping(call->door->traffic))
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(call->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result call_refuse_at_once(Call *call, HttpResponse *response)
{
    call->close = true;
    call->response = response;
    return call_answer(call);
}

static HttpResponse *busy_response(const char *detail)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, TD_ERROR_BUSY, "%s", detail);
    return http_response_problem(error);
}

static HttpResponse *stopping_response(void)
{
    return busy_response("The server is being stopped. Nothing was changed: try again soon.");
}

static HttpResponse *too_large_response(void)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, TD_ERROR_LIMIT,
              "The body of a request may have %d bytes, this one has more. Nothing was changed.",
              LIMIT_REQUEST_BODY_BYTES);
    return http_response_problem(error);
}

/* ---- the workers' side ---- */

static void call_resume(Call *call, HttpResponse *response)
{
    call->response = response;
    MHD_resume_connection(call->connection);
}

void http_call_run(void *data)
{
    Call *call = data;
    call_resume(call, http_router_run(call->door->traffic->router, call->request));
}

void http_call_refuse(void *data)
{
    call_resume(data, stopping_response());
}

/* ---- the door's side ---- */

static void *call_new(void *data, const char *uri, struct MHD_Connection *connection)
{
    Call *call = g_new0(Call, 1);
    call->door = data;
    call->connection = connection;
    call->target = g_strdup(uri);
    return call;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    Call *call = *context;
    if (call == NULL)
        return;
    if (call->counted)
        traffic_leave(call->door->traffic);
    g_free(call->target);
    http_request_free(call->request);
    http_response_free(call->response);
    g_free(call);
    *context = NULL;
}

static enum MHD_Result on_header(void *data, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    http_request_add_header(data, name, value != NULL ? value : "");
    return MHD_YES;
}

static void set_peer(Call *call)
{
    if (call->door->listener->path != NULL) {
        http_request_set_local(call->request, true);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "unknown";
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    if (address != NULL && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
    else if (address != NULL && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text, sizeof text);
    http_request_set_peer(call->request, g_str_has_prefix(text, "::ffff:") ? text + 7 : text);
}

static bool announces_too_much(const HttpRequest *request)
{
    const char *length = http_request_header(request, "Content-Length");
    int64_t bytes;
    return length != NULL &&
           !(text_to_int(length, 0, INT64_MAX, &bytes) && bytes <= LIMIT_REQUEST_BODY_BYTES);
}

static enum MHD_Result call_begin(Call *call, const char *method)
{
    call->request = http_request_new(method, call->target, NULL, 0);
    set_peer(call);
    MHD_get_connection_values(call->connection, MHD_HEADER_KIND, on_header, call->request);
    HttpResponse *refusal = http_request_refusal(call->request);
    if (refusal != NULL)
        return call_refuse_at_once(call, refusal);
    if (announces_too_much(call->request))
        return call_refuse_at_once(call, too_large_response());
    return MHD_YES;
}

static enum MHD_Result call_take_body(Call *call, const char *data, size_t *bytes)
{
    size_t have = 0;
    http_request_body(call->request, &have);
    if (*bytes > LIMIT_REQUEST_BODY_BYTES - have)
        return call_refuse_at_once(call, too_large_response());
    http_request_append_body(call->request, data, *bytes);
    *bytes = 0;
    return MHD_YES;
}

static enum MHD_Result call_submit(Call *call)
{
    HttpTraffic *traffic = call->door->traffic;
    if (!traffic_enter(traffic, call->connection))
        return call_refuse_at_once(call, stopping_response());
    call->counted = true;
    if (!http_workers_push(traffic->workers, call))
        call_resume(call, busy_response("The server has more requests waiting than it takes. "
                                        "Nothing was changed: try again soon."));
    return MHD_YES;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_bytes, void **context)
{
    Call *call = *context;
    if (call->response != NULL)
        return call_answer(call);
    if (call->request == NULL)
        return call_begin(call, method);
    if (*upload_bytes > 0)
        return call_take_body(call, upload, upload_bytes);
    return call_submit(call);
}

/* libmicrohttpd would decode the target in place; http/target.h does it, strictly. */
static size_t keep_escapes(void *data, struct MHD_Connection *connection, char *text)
{
    return strlen(text);
}

HttpDoor *http_door_open(HttpListener *listener, const HttpDoorOptions *options, GError **error)
{
    HttpDoor *door = g_new0(HttpDoor, 1);
    door->traffic = options->traffic;
    door->listener = listener;
    door->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, door,
        MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_URI_LOG_CALLBACK, call_new, door,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (door->daemon == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE, "Cannot start serving on %s: %s.",
                  listener->path != NULL ? listener->path : listener->url, g_strerror(errno));
        http_listener_refuse(listener);
        http_listener_free(listener);
        g_free(door);
        return NULL;
    }
    return door;
}

const char *http_door_url(const HttpDoor *door)
{
    return door->listener->url;
}

void http_door_refuse(HttpDoor *door)
{
    if (door == NULL)
        return;
    MHD_quiesce_daemon(door->daemon);
    http_listener_refuse(door->listener);
}

/* The listening descriptor is closed after the thread that may still look at it. */
void http_door_close(HttpDoor *door)
{
    if (door == NULL)
        return;
    MHD_stop_daemon(door->daemon);
    http_listener_free(door->listener);
    g_free(door);
}
