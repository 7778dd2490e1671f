/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call's life: libmicrohttpd names the target (call_new), the headers are there (call_begin),
 * the body arrives in pieces (call_take_body), the request is whole and the connection is suspended
 * (call_submit), a worker runs it and resumes the connection, the answer is queued (call_answer),
 * and on_completed() frees the call, whatever became of it.
 *
 * A call belongs to the door's thread, except between suspending and resuming, when it belongs to
 * the worker; a suspended connection neither times out nor notices that its client left, so nothing
 * frees the call meanwhile.
 *
 * A request whose headers or length are reason enough is refused before its body has come: the
 * answer is sent by hand, because libmicrohttpd takes none while a body arrives, and the connection
 * is closed. Closing with unread bytes would reset it, and a client still writing would lose the
 * answer; so the sending side is shut, and a bounded rest is read and thrown away.
 */
#include "http/door.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "http/fields.h"
#include "http/guests.h"
#include "http/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Request line and headers, with room for the answer's headers; libmicrohttpd answers 414 or 431
 * beyond it. */
#define CONNECTION_MEMORY_BYTES (32 * 1024)

/* What is read on of a request that was refused. */
#define DRAIN_BYTES_MAX (4 * LIMIT_REQUEST_BODY_BYTES)

struct HttpDoor {
    HttpTraffic *traffic;
    HttpListener *listener;
    struct MHD_Daemon *daemon;
    HttpGuests *guests;
    int daemon_fd; /* its own descriptor of the listening socket */
};

typedef struct {
    HttpDoor *door;
    struct MHD_Connection *connection;
    char *target;
    HttpRequest *request;   /* NULL until the headers are there */
    HttpResponse *response; /* set by the worker, taken by call_answer() */
    int64_t whole_at_us;    /* when the request was there (monotonic) */
    size_t body_bytes;      /* added to the traffic's */
    size_t drained_bytes;   /* read since it was refused */
    bool counted;           /* among the traffic's calls */
    bool cut_off;           /* refused, its answer sent */
} Call;

/* ---- connections ---- */

static HttpGuest *guest_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    HttpDoor *door = data;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *context = http_guest_came(door->guests, fd);
    } else {
        http_guest_left(*context);
        *context = NULL;
    }
}

/* ---- what is refused ---- */

static HttpResponse *busy_response(const char *why)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, TD_ERROR_BUSY, "%s. Nothing was changed: try again soon.", why);
    return http_response_problem(error);
}

/* A name of its own: who waits for the next server, or is on this machine, knows what to do. */
static HttpResponse *stopping_response(void)
{
    g_autoptr(GError) error = NULL;
    error_set_problem(&error, TD_ERROR_BUSY, "stopping", NULL,
                      "The server is being stopped. Nothing was changed: try again soon.");
    return http_response_problem(error);
}

static HttpResponse *full_response(void)
{
    return busy_response("The server has more requests waiting than it takes");
}

/* How many bytes the body of this request may have. */
static size_t body_limit(const Call *call)
{
    const HttpTraffic *traffic = call->door->traffic;
    bool large =
        traffic->large != NULL && g_strv_contains(traffic->large, http_request_path(call->request));
    return large ? traffic->large_body_bytes : LIMIT_REQUEST_BODY_BYTES;
}

static HttpResponse *too_large_response(const Call *call)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, TD_ERROR_LIMIT,
              "The body of a request may have %zu bytes here, this one has more. Nothing was"
              " changed.",
              body_limit(call));
    return http_response_problem(error);
}

static char *format_response(const HttpResponse *response, size_t *bytes)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
                           response->status, MHD_get_reason_phrase_for((unsigned)response->status),
                           response->length);
    for (guint i = 0; i < response->headers->len; i++) {
        const HttpField *field = &g_array_index(response->headers, HttpField, i);
        g_string_append_printf(text, "%s: %s\r\n", field->name, field->value);
    }
    g_string_append(text, "\r\n");
    g_string_append_len(text, response->body, (gssize)response->bytes);
    *bytes = text->len;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Takes `response`. The socket has taken everything sent on this connection before, so some hundred
 * bytes fit; a client that has not read its earlier answers may lose this one. */
static enum MHD_Result call_cut_off(Call *call, HttpResponse *response)
{
    g_autoptr(HttpResponse) owned = response;
    http_response_name(owned, call->request->id);
    http_request_drop_body(call->request);
    http_traffic_remove_body(call->door->traffic, call->body_bytes);
    call->body_bytes = 0;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL)
        return MHD_NO;
    if (strcmp(http_request_method(call->request), "HEAD") == 0)
        http_response_drop_body(owned);
    size_t bytes;
    g_autofree char *text = format_response(owned, &bytes);
    if (send(info->connect_fd, text, bytes, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)bytes)
        return MHD_NO;
    shutdown(info->connect_fd, SHUT_WR);
    call->cut_off = true;
    return MHD_YES;
}

/* `*bytes` is 0 at the end of the body. */
static enum MHD_Result call_drain(Call *call, size_t *bytes)
{
    call->drained_bytes += *bytes;
    if (*bytes == 0 || call->drained_bytes > DRAIN_BYTES_MAX)
        return MHD_NO;
    *bytes = 0;
    return MHD_YES;
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
    http_guest_waits(guest_of(call->connection));
    unsigned status = (unsigned)call->response->status;
    struct MHD_Response *response = make_mhd_response(g_steal_pointer(&call->response));
    if (response == NULL)
        return MHD_NO;
    if (http_traffic_is_stopping(call->door->traffic))
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(call->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- the workers' side ---- */

static void call_resume(Call *call, HttpResponse *response)
{
    call->response = response;
    MHD_resume_connection(call->connection);
}

/* The pattern stands for the path, which may hold an address. */
static void note_answer(Call *call, const HttpResponse *response)
{
    const HttpRequest *request = call->request;
    int64_t took_us = g_get_monotonic_time() - call->whole_at_us;
    http_counts_answered(&call->door->traffic->counts, request->method, request->route,
                         response->status, took_us);
    log_debug("%s %s: %d, %zu bytes, %.1f ms", request->method,
              request->route != NULL ? request->route : "(no route)", response->status,
              response->length, (double)took_us / 1000);
}

void http_call_run(void *data)
{
    Call *call = data;
    log_set(LOG_REQUEST, call->request->id);
    HttpResponse *response = http_router_run(call->door->traffic->router, call->request);
    http_response_name(response, call->request->id);
    note_answer(call, response);
    log_clear();
    call_resume(call, response);
}

static HttpResponse *refuse(Call *call, HttpResponse *response)
{
    metric_add(call->door->traffic->counts.refused, 1);
    http_response_name(response, call->request->id);
    return response;
}

void http_call_refuse(void *data)
{
    call_resume(data, refuse(data, stopping_response()));
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
    http_guest_waits(guest_of(connection));
    http_traffic_remove_body(call->door->traffic, call->body_bytes);
    if (call->counted)
        http_traffic_leave(call->door->traffic);
    g_free(call->target);
    http_request_free(call->request);
    http_response_free(call->response);
    g_free(call);
    *context = NULL;
}

static enum MHD_Result on_header(void *data, enum MHD_ValueKind kind, const char *name,
                                 size_t name_bytes, const char *value, size_t value_bytes)
{
    http_request_take_header(data, name, name_bytes, value != NULL ? value : "", value_bytes);
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

static bool announces_too_much(const Call *call)
{
    const char *length = http_request_header(call->request, "Content-Length");
    int64_t bytes;
    return length != NULL &&
           !(text_to_int(length, 0, INT64_MAX, &bytes) && (size_t)bytes <= body_limit(call));
}

static enum MHD_Result call_begin(Call *call, const char *method)
{
    http_guest_waits(guest_of(call->connection));
    call->request = http_request_new(method, call->target, NULL, 0);
    set_peer(call);
    MHD_get_connection_values_n(call->connection, MHD_HEADER_KIND, on_header, call->request);
    http_request_check_framing(call->request);
    http_request_name(call->request);
    HttpResponse *refusal = http_request_refusal(call->request);
    if (refusal == NULL && announces_too_much(call))
        refusal = too_large_response(call);
    return refusal != NULL ? call_cut_off(call, refusal) : MHD_YES;
}

/* The body grows with what has come, whatever Content-Length claims. */
static enum MHD_Result call_take_body(Call *call, const char *data, size_t *bytes)
{
    size_t taken = *bytes;
    *bytes = 0;
    if (taken > body_limit(call) - call->body_bytes)
        return call_cut_off(call, too_large_response(call));
    call->body_bytes += taken;
    if (!http_traffic_add_body(call->door->traffic, taken))
        return call_cut_off(call, full_response());
    http_request_append_body(call->request, data, taken);
    return MHD_YES;
}

static HttpWorkers *workers_for(const HttpTraffic *traffic, const HttpRequest *request)
{
    bool probes =
        traffic->probes != NULL && g_strv_contains(traffic->probes, http_request_path(request));
    return probes ? traffic->probe_workers : traffic->workers;
}

static enum MHD_Result call_submit(Call *call)
{
    HttpTraffic *traffic = call->door->traffic;
    call->whole_at_us = g_get_monotonic_time();
    if (!http_traffic_enter(traffic, call->connection)) {
        call->response = refuse(call, stopping_response());
        return call_answer(call);
    }
    call->counted = true;
    http_guest_works(guest_of(call->connection));
    if (!http_workers_push(workers_for(traffic, call->request), call))
        call_resume(call, refuse(call, full_response()));
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
    if (call->cut_off)
        return call_drain(call, upload_bytes);
    if (*upload_bytes > 0)
        return call_take_body(call, upload, upload_bytes);
    return call_submit(call);
}

/* libmicrohttpd would decode the target in place; http/target.h does it, strictly. */
static size_t keep_escapes(void *data, struct MHD_Connection *connection, char *text)
{
    return strlen(text);
}

/* The daemon has a descriptor of its own: whether it closes that one when it cannot start depends
 * on why it cannot. */
HttpDoor *http_door_open(HttpListener *listener, const HttpDoorOptions *options, GError **error)
{
    HttpDoor *door = g_new0(HttpDoor, 1);
    door->traffic = options->traffic;
    door->listener = listener;
    door->guests = http_guests_new((size_t)options->crowd);
    door->daemon_fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 3);
    door->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, door,
        MHD_OPTION_LISTEN_SOCKET, door->daemon_fd, MHD_OPTION_URI_LOG_CALLBACK, call_new, door,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, door, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)options->connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)options->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (door->daemon == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE, "Cannot start serving on %s: %s.",
                  listener->path != NULL ? listener->path : listener->url, g_strerror(errno));
        http_listener_refuse(listener);
        http_listener_free(listener);
        http_guests_free(door->guests);
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

/* The listening descriptors are closed after the thread that may still look at them. */
void http_door_close(HttpDoor *door)
{
    if (door == NULL)
        return;
    MHD_stop_daemon(door->daemon);
    close(door->daemon_fd);
    http_guests_free(door->guests);
    http_listener_free(door->listener);
    g_free(door);
}
