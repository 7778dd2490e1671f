/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection, with or without TLS, to a mail server: blocking calls with a deadline for the
 * whole of each, over GIO. The adapter that meets sockets; it knows no SMTP. One thread at a time.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Channel Channel;

typedef struct {
    const char *host; /* a name or an address */
    uint16_t port;
    int timeout_ms;
} ChannelTarget;

/* Connects. All errors of a channel are UNAVAILABLE (closed, refused), TIMEOUT, or DENIED (a
 * certificate was not accepted); the messages say it in words. A cancelled call is UNAVAILABLE too.
 */
Channel *channel_connect(const ChannelTarget *target, GCancellable *cancellable, GError **error);

/* Closes without waiting. NULL is allowed. */
void channel_free(Channel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Channel, channel_free)

/* The handshake, as client, with a certificate that must be good for `host` and signed by an
 * authority in `ca_file` (PEM; NULL: the system's), in TLS 1.2 or newer. */
bool channel_start_tls(Channel *channel, const char *host, const char *ca_file, int timeout_ms,
                       GCancellable *cancellable, GError **error);

/* The handshake with whatever certificate is shown: *certificate (a new reference), and in *flags
 * why it is not good (0: it is). The channel is only good to be freed then, whatever comes of it.
 */
bool channel_see_certificate(Channel *channel, const char *host, const char *ca_file,
                             int timeout_ms, GCancellable *cancellable,
                             GTlsCertificate **certificate, GTlsCertificateFlags *flags,
                             GError **error);

/* Writes as much as fits; *n is how many bytes were handed to the socket: 0 when there was no room,
 * after waiting until there is some, or until `deadline_us` (g_get_monotonic_time(); an error
 * then). On an error none of `data` was (with TLS: not so much of it that the other side could read
 * any). */
bool channel_write(Channel *channel, const char *data, size_t bytes, int64_t deadline_us, size_t *n,
                   GCancellable *cancellable, GError **error);

/* Reads what is there, waiting until `deadline_us` (g_get_monotonic_time()) for the first byte. 0
 * bytes is an error (UNAVAILABLE: the server closed the connection). */
bool channel_read(Channel *channel, char *buffer, size_t size, int64_t deadline_us, size_t *n,
                  GCancellable *cancellable, GError **error);

/* Whether an idle connection still stands: nothing closed it and nothing unasked-for arrived. */
bool channel_is_quiet(Channel *channel);

/* Writes what fits without waiting, and forgets about it: for a farewell. */
void channel_write_last(Channel *channel, const char *data, size_t bytes);

bool channel_is_tls(const Channel *channel);
bool channel_is_loopback(const Channel *channel);

/* This end's address as an address literal (RFC 5321 §4.1.3). Free with g_free(). */
char *channel_local_literal(const Channel *channel);
