/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets by GIO, waiting by poll.
 *
 * A GSocket's own time-out has whole seconds and starts afresh with every byte, so that a server
 * that drips one byte a minute would never time out. Here every call has a deadline: reads and
 * writes do not block, and between them poll() waits on the socket and on the cancellable. The
 * plain path makes two system calls for a read (poll, recv) and one for a write that fits.
 *
 * Once TLS has started there is no way back to the plain stream: `in` and `out` are exchanged, and
 * a channel whose handshake failed is only good to be freed.
 */
#include "mail/channel.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

struct Channel {
    GSocketConnection *connection;
    GSocket *socket; /* borrowed */
    GIOStream *tls;  /* NULL: plain */
    GPollableInputStream *in;
    GPollableOutputStream *out;
    GCancellable *watched; /* whose descriptor is kept: making one for each wait costs as much as
                              the wait */
    GPollFD cancel;
};

static void fail_cancelled(GError **error)
{
    error_set(error, TD_ERROR_UNAVAILABLE, "The sending was stopped on this side");
}

/* An error of GIO in our domain. */
static void fail_io(GError **error, const GError *cause)
{
    if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        fail_cancelled(error);
    else if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        error_set(error, TD_ERROR_TIMEOUT, "No answer came in time");
    else
        error_set(error, TD_ERROR_UNAVAILABLE, "%s", cause->message);
}

static guint whole_seconds(int timeout_ms)
{
    return (guint)((timeout_ms + 999) / 1000);
}

static void channel_use(Channel *channel, GIOStream *stream)
{
    channel->in = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream));
    channel->out = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(stream));
}

Channel *channel_connect(const ChannelTarget *target, GCancellable *cancellable, GError **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_set_timeout(client, whole_seconds(target->timeout_ms));
    g_autoptr(GSocketConnectable) address = g_network_address_new(target->host, target->port);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect(client, address, cancellable, &cause);
    if (connection == NULL) {
        fail_io(error, cause);
        return NULL;
    }
    Channel *channel = g_new0(Channel, 1);
    channel->connection = g_steal_pointer(&connection);
    channel->socket = g_socket_connection_get_socket(channel->connection);
    g_socket_set_timeout(channel->socket, 0);
    g_socket_set_option(channel->socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
    channel_use(channel, G_IO_STREAM(channel->connection));
    return channel;
}

/* Keeps the descriptor of this cancellable (NULL: of none) until another one comes. */
static void channel_watch(Channel *channel, GCancellable *cancellable)
{
    if (channel->watched == cancellable)
        return;
    if (channel->watched != NULL) {
        g_cancellable_release_fd(channel->watched);
        g_clear_object(&channel->watched);
    }
    if (cancellable != NULL && g_cancellable_make_pollfd(cancellable, &channel->cancel))
        channel->watched = g_object_ref(cancellable);
}

void channel_free(Channel *channel)
{
    if (channel == NULL)
        return;
    channel_watch(channel, NULL);
    g_clear_object(&channel->tls);
    g_socket_close(channel->socket, NULL);
    g_object_unref(channel->connection);
    g_free(channel);
}

static const char *certificate_problem(GTlsCertificateFlags flags)
{
    if (flags & G_TLS_CERTIFICATE_BAD_IDENTITY)
        return "it belongs to another host name";
    if (flags & G_TLS_CERTIFICATE_EXPIRED)
        return "it has expired";
    if (flags & G_TLS_CERTIFICATE_NOT_ACTIVATED)
        return "it is not valid yet";
    if (flags & G_TLS_CERTIFICATE_REVOKED)
        return "it was revoked";
    if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA)
        return "it is not signed by an authority that is trusted here";
    return "it is not secure";
}

static gboolean on_bad_certificate(GTlsConnection *connection, GTlsCertificate *certificate,
                                   GTlsCertificateFlags flags, gpointer data)
{
    *(GTlsCertificateFlags *)data = flags;
    return FALSE;
}

/* glib-networking resumes the last TLS session with the same address and port, and a resumed one
 * shows no certificate: what was trusted once in this process would be trusted on, whatever the
 * options say now. It does so for a GSocketConnection alone, and this is none. */
static GIOStream *without_memory(const Channel *channel)
{
    GIOStream *stream = G_IO_STREAM(channel->connection);
    return g_simple_io_stream_new(g_io_stream_get_input_stream(stream),
                                  g_io_stream_get_output_stream(stream));
}

static GIOStream *tls_new(const Channel *channel, const char *host, const char *ca_file,
                          GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GSocketConnectable) identity = g_network_address_new(host, 0);
    g_autoptr(GIOStream) plain = without_memory(channel);
    g_autoptr(GIOStream) tls = g_tls_client_connection_new(plain, identity, &cause);
    if (tls == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "TLS is not available (%s); is glib-networking installed?", cause->message);
        return NULL;
    }
    if (ca_file != NULL && ca_file[0] != '\0') {
        g_autoptr(GTlsDatabase) database = g_tls_file_database_new(ca_file, &cause);
        if (database == NULL) {
            error_set(error, TD_ERROR_UNAVAILABLE,
                      "The file of trusted authorities %s cannot be used: %s", ca_file,
                      cause->message);
            return NULL;
        }
        g_tls_connection_set_database(G_TLS_CONNECTION(tls), database);
    }
    return g_steal_pointer(&tls);
}

static bool is_modern(GTlsConnection *tls)
{
    GTlsProtocolVersion version = g_tls_connection_get_protocol_version(tls);
    return version >= G_TLS_PROTOCOL_VERSION_TLS_1_2 && version < G_TLS_PROTOCOL_VERSION_DTLS_1_0;
}

bool channel_start_tls(Channel *channel, const char *host, const char *ca_file, int timeout_ms,
                       GCancellable *cancellable, GError **error)
{
    g_autoptr(GIOStream) tls = tls_new(channel, host, ca_file, error);
    if (tls == NULL)
        return false;
    GTlsCertificateFlags flags = G_TLS_CERTIFICATE_NO_FLAGS;
    gulong handler =
        g_signal_connect(tls, "accept-certificate", G_CALLBACK(on_bad_certificate), &flags);
    g_socket_set_timeout(channel->socket, whole_seconds(timeout_ms));
    g_autoptr(GError) cause = NULL;
    bool done = g_tls_connection_handshake(G_TLS_CONNECTION(tls), cancellable, &cause);
    g_socket_set_timeout(channel->socket, 0);
    g_signal_handler_disconnect(tls, handler);
    if (!done && flags != 0) {
        error_set(error, TD_ERROR_DENIED, "The certificate of %s was not accepted: %s", host,
                  certificate_problem(flags));
        return false;
    }
    if (!done) {
        fail_io(error, cause);
        return false;
    }
    if (!is_modern(G_TLS_CONNECTION(tls))) {
        error_set(error, TD_ERROR_DENIED, "%s offers no TLS 1.2 or newer", host);
        return false;
    }
    channel_use(channel, tls);
    channel->tls = g_steal_pointer(&tls);
    return true;
}

static gboolean take_any_certificate(GTlsConnection *connection, GTlsCertificate *certificate,
                                     GTlsCertificateFlags flags, gpointer data)
{
    *(GTlsCertificateFlags *)data = flags;
    return TRUE;
}

bool channel_see_certificate(Channel *channel, const char *host, const char *ca_file,
                             int timeout_ms, GCancellable *cancellable,
                             GTlsCertificate **certificate, GTlsCertificateFlags *flags,
                             GError **error)
{
    g_autoptr(GIOStream) tls = tls_new(channel, host, ca_file, error);
    if (tls == NULL)
        return false;
    GTlsCertificateFlags seen = G_TLS_CERTIFICATE_NO_FLAGS;
    g_autoptr(GError) cause = NULL;
    g_signal_connect(tls, "accept-certificate", G_CALLBACK(take_any_certificate), &seen);
    g_socket_set_timeout(channel->socket, whole_seconds(timeout_ms));
    bool done = g_tls_connection_handshake(G_TLS_CONNECTION(tls), cancellable, &cause);
    GTlsCertificate *shown =
        done ? g_tls_connection_get_peer_certificate(G_TLS_CONNECTION(tls)) : NULL;
    if (shown == NULL) {
        if (cause != NULL)
            fail_io(error, cause);
        else
            error_set(error, TD_ERROR_DENIED, "%s shows no certificate", host);
        return false;
    }
    *certificate = g_object_ref(shown);
    *flags = seen;
    return true;
}

/* Waits for `events` until the deadline. */
static bool channel_wait(Channel *channel, short events, int64_t deadline_us,
                         GCancellable *cancellable, GError **error)
{
    channel_watch(channel, cancellable);
    struct pollfd fds[2] = {
        {.fd = g_socket_get_fd(channel->socket), .events = events},
        {.fd = channel->watched != NULL ? channel->cancel.fd : -1, .events = POLLIN},
    };
    int ready;
    do {
        int64_t left_us = MAX(deadline_us - g_get_monotonic_time(), 0);
        ready = poll(fds, 2, (int)MIN((left_us + 999) / US_PER_MS, G_MAXINT));
    } while (ready < 0 && errno == EINTR);
    if (g_cancellable_is_cancelled(cancellable)) {
        fail_cancelled(error);
        return false;
    }
    if (ready == 0) {
        error_set(error, TD_ERROR_TIMEOUT, "No answer came in time");
        return false;
    }
    return true;
}

bool channel_write(Channel *channel, const char *data, size_t bytes, int64_t deadline_us, size_t *n,
                   GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) cause = NULL;
    gssize wrote =
        g_pollable_output_stream_write_nonblocking(channel->out, data, bytes, cancellable, &cause);
    if (wrote < 0 && !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        fail_io(error, cause);
        return false;
    }
    if (wrote < 0 && !channel_wait(channel, POLLOUT, deadline_us, cancellable, error))
        return false;
    *n = (size_t)MAX(wrote, 0);
    return true;
}

bool channel_read(Channel *channel, char *buffer, size_t size, int64_t deadline_us, size_t *n,
                  GCancellable *cancellable, GError **error)
{
    /* TLS may hold decrypted bytes that poll() knows nothing of */
    bool wait_first = channel->tls == NULL;
    for (;;) {
        if (wait_first && !channel_wait(channel, POLLIN, deadline_us, cancellable, error))
            return false;
        wait_first = true;
        g_autoptr(GError) cause = NULL;
        gssize got = g_pollable_input_stream_read_nonblocking(channel->in, buffer, size,
                                                              cancellable, &cause);
        if (got > 0) {
            *n = (size_t)got;
            return true;
        }
        if (got == 0) {
            error_set(error, TD_ERROR_UNAVAILABLE, "The server closed the connection");
            return false;
        }
        if (!g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
            fail_io(error, cause);
            return false;
        }
    }
}

bool channel_is_quiet(Channel *channel)
{
    struct pollfd fd = {.fd = g_socket_get_fd(channel->socket), .events = POLLIN};
    if (poll(&fd, 1, 0) == 0 && channel->tls == NULL)
        return true;
    /* under TLS what arrived may be a session ticket, which is no data */
    char byte;
    g_autoptr(GError) cause = NULL;
    gssize got = g_pollable_input_stream_read_nonblocking(channel->in, &byte, 1, NULL, &cause);
    return got < 0 && g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

void channel_write_last(Channel *channel, const char *data, size_t bytes)
{
    g_pollable_output_stream_write_nonblocking(channel->out, data, bytes, NULL, NULL);
}

bool channel_is_tls(const Channel *channel)
{
    return channel->tls != NULL;
}

bool channel_is_loopback(const Channel *channel)
{
    g_autoptr(GSocketAddress) address = g_socket_get_remote_address(channel->socket, NULL);
    return address != NULL && G_IS_INET_SOCKET_ADDRESS(address) &&
           g_inet_address_get_is_loopback(
               g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
}

char *channel_local_literal(const Channel *channel)
{
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(channel->socket, NULL);
    if (address == NULL || !G_IS_INET_SOCKET_ADDRESS(address))
        return g_strdup("[127.0.0.1]");
    GInetAddress *inet = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address));
    g_autofree char *text = g_inet_address_to_string(inet);
    bool v6 = g_inet_address_get_family(inet) == G_SOCKET_FAMILY_IPV6;
    return g_strconcat(v6 ? "[IPv6:" : "[", text, "]", NULL);
}
