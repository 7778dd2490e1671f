/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/mail/token_server.h"

#include "base/monitor.h"

#include <string.h>

struct TokenServer {
    const TokenAnswer *answers;
    GTlsCertificate *certificate;
    GSocketListener *listener;
    GCancellable *stop;
    GThread *thread;
    uint16_t port;
    Monitor lock;
    unsigned requests;
    GString *text;
};

static void write_text(TokenServer *server, GIOStream *stream, const char *text)
{
    g_output_stream_write_all(g_io_stream_get_output_stream(stream), text, strlen(text), NULL,
                              server->stop, NULL);
}

static void give(TokenServer *server, GIOStream *stream, const TokenAnswer *answer)
{
    g_autofree char *spaces = g_strnfill(64 * 1024, ' ');
    g_autofree char *letters = g_strnfill(64 * 1024, 'x');
    bool huge = answer->kind == TOKEN_HUGE;
    const char *body = answer->body != NULL ? answer->body : "";
    size_t bytes = strlen(body) + (huge ? strlen(spaces) : 0);
    g_autofree char *head = g_strdup_printf(
        "HTTP/1.1 %d Here\r\n%s%s%sContent-Type: application/json\r\nConnection: close\r\n"
        "Content-Length: %zu\r\n\r\n",
        answer->status != 0 ? answer->status : 200, answer->kind == TOKEN_HUGE_HEADERS ? "X: " : "",
        answer->kind == TOKEN_HUGE_HEADERS ? letters : "",
        answer->kind == TOKEN_HUGE_HEADERS ? "\r\n"
        : answer->status / 100 == 3        ? "Location: /elsewhere\r\n"
                                           : "",
        answer->kind == TOKEN_HALF ? bytes * 2 : bytes);
    write_text(server, stream, head);
    if (huge)
        write_text(server, stream, spaces);
    write_text(server, stream, body);
}

static const TokenAnswer *next_answer(TokenServer *server)
{
    monitor_lock(&server->lock);
    unsigned n = server->requests++;
    monitor_unlock(&server->lock);
    const TokenAnswer *answer = server->answers;
    while (n-- > 0 && (answer[1].body != NULL || answer[1].kind != TOKEN_ANSWER))
        answer++;
    return answer;
}

/* Reads head and form into the server's text. */
static bool read_request(TokenServer *server, GIOStream *stream)
{
    g_autoptr(GString) request = g_string_new(NULL);
    const char *body = NULL;
    size_t wanted = 0;
    while (body == NULL || strlen(body) < wanted) {
        char buffer[4096];
        gssize n = g_input_stream_read(g_io_stream_get_input_stream(stream), buffer, sizeof buffer,
                                       server->stop, NULL);
        if (n <= 0)
            return false;
        g_string_append_len(request, buffer, n);
        char *end = strstr(request->str, "\r\n\r\n");
        const char *length = strstr(request->str, "Content-Length: ");
        body = end != NULL ? end + 4 : NULL;
        wanted = length != NULL
                     ? (size_t)g_ascii_strtoull(length + strlen("Content-Length: "), NULL, 10)
                     : 0;
    }
    monitor_lock(&server->lock);
    g_string_append_printf(server->text, "%s\n", request->str);
    monitor_unlock(&server->lock);
    return true;
}

static void wait_for_close(TokenServer *server, GIOStream *stream)
{
    char buffer[256];
    while (g_input_stream_read(g_io_stream_get_input_stream(stream), buffer, sizeof buffer,
                               server->stop, NULL) > 0)
        ;
}

static void serve(TokenServer *server, GIOStream *stream)
{
    if (!read_request(server, stream))
        return;
    const TokenAnswer *answer = next_answer(server);
    if (answer->kind == TOKEN_GARBAGE)
        write_text(server, stream, "220 mail.example ESMTP\r\n");
    else if (answer->kind == TOKEN_SILENCE)
        wait_for_close(server, stream);
    else if (answer->kind != TOKEN_CLOSE)
        give(server, stream, answer);
}

static gpointer run(gpointer data)
{
    TokenServer *server = data;
    for (;;) {
        g_autoptr(GSocketConnection) socket =
            g_socket_listener_accept(server->listener, NULL, server->stop, NULL);
        if (socket == NULL)
            return NULL;
        g_autoptr(GIOStream) stream =
            server->certificate != NULL
                ? g_tls_server_connection_new(G_IO_STREAM(socket), server->certificate, NULL)
                : G_IO_STREAM(g_object_ref(socket));
        serve(server, stream);
        g_io_stream_close(stream, NULL, NULL);
    }
}

TokenServer *token_server_start(const TokenAnswer *answers, GTlsCertificate *certificate)
{
    TokenServer *server = g_new0(TokenServer, 1);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) bound = NULL;
    server->answers = answers;
    server->certificate = certificate;
    server->listener = g_socket_listener_new();
    server->stop = g_cancellable_new();
    server->text = g_string_new(NULL);
    monitor_init(&server->lock);
    g_assert_true(g_socket_listener_add_address(server->listener, address, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
    server->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    server->thread = g_thread_new("token-server", run, server);
    return server;
}

void token_server_stop(TokenServer *server)
{
    g_cancellable_cancel(server->stop);
    g_thread_join(server->thread);
    g_socket_listener_close(server->listener);
    g_object_unref(server->listener);
    g_object_unref(server->stop);
    g_string_free(server->text, TRUE);
    monitor_clear(&server->lock);
    g_free(server);
}

char *token_server_url(const TokenServer *server, const char *host)
{
    return g_strdup_printf("%s://%s:%u/token", server->certificate != NULL ? "https" : "http", host,
                           server->port);
}

unsigned token_server_requests(TokenServer *server)
{
    monitor_lock(&server->lock);
    unsigned n = server->requests;
    monitor_unlock(&server->lock);
    return n;
}

char *token_server_text(TokenServer *server)
{
    monitor_lock(&server->lock);
    char *text = g_strdup(server->text->str);
    monitor_unlock(&server->lock);
    return text;
}
