/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command and its answer, on libcurl's connection: bytes in and out, TLS or not, with a
 * deadline for silence and one for the whole.
 */
#include "base/clock.h"
#include "base/error.h"
#include "mail/imap-private.h"
#include "mail/smtp_reply.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define TOTAL_TIMEOUTS 10  /* times the timeout: for a whole answer, however it trickles */
#define SLICE_MS       500 /* how often it is looked whether to stop */

static bool fail_stopped(GError **error)
{
    error_set(error, TD_ERROR_UNAVAILABLE, "The connection was stopped on this side");
    return false;
}

/* Waits for the socket. */
static bool wait_for(const ImapSession *session, short events, int64_t deadline_us,
                     GCancellable *cancellable, GError **error)
{
    struct pollfd fd = {.fd = session->socket, .events = events};
    for (;;) {
        if (g_cancellable_is_cancelled(cancellable))
            return fail_stopped(error);
        int64_t left_us = deadline_us - g_get_monotonic_time();
        if (left_us <= 0) {
            error_set(error, TD_ERROR_TIMEOUT, "No answer came in time");
            return false;
        }
        int ready = poll(&fd, 1, (int)MIN(left_us / US_PER_MS + 1, SLICE_MS));
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR) {
            error_set(error, TD_ERROR_UNAVAILABLE, "The connection failed: %s", g_strerror(errno));
            return false;
        }
    }
}

static bool fail_curl(CURLcode rc, GError **error)
{
    error_set(error, TD_ERROR_UNAVAILABLE, "The connection broke: %s", curl_easy_strerror(rc));
    return false;
}

static bool send_all(ImapSession *session, const char *data, size_t bytes,
                     GCancellable *cancellable, GError **error)
{
    int64_t deadline_us = g_get_monotonic_time() + session->timeout_ms * US_PER_MS;
    while (bytes > 0) {
        size_t n = 0;
        CURLcode rc = curl_easy_send(session->curl, data, bytes, &n);
        if (rc == CURLE_AGAIN) {
            if (!wait_for(session, POLLOUT, deadline_us, cancellable, error))
                return false;
        } else if (rc != CURLE_OK) {
            return fail_curl(rc, error);
        }
        data += n;
        bytes -= n;
    }
    return true;
}

/* More bytes, where none are left. */
static bool receive(ImapSession *session, int64_t end_us, GCancellable *cancellable, GError **error)
{
    int64_t silent_us = g_get_monotonic_time() + session->timeout_ms * US_PER_MS;
    for (;;) {
        size_t n = 0;
        CURLcode rc = curl_easy_recv(session->curl, session->in, sizeof session->in, &n);
        if (rc == CURLE_OK && n == 0) {
            error_set(error, TD_ERROR_UNAVAILABLE, "The server closed the connection");
            return false;
        }
        if (rc == CURLE_OK) {
            session->in_at = 0;
            session->in_bytes = n;
            return g_cancellable_is_cancelled(cancellable) ? fail_stopped(error) : true;
        }
        if (rc != CURLE_AGAIN)
            return fail_curl(rc, error);
        if (!wait_for(session, POLLIN, MIN(silent_us, end_us), cancellable, error))
            return false;
    }
}

static ImapResponse *read_one(ImapSession *session, int64_t end_us, GCancellable *cancellable,
                              GError **error)
{
    ImapResponse *response = NULL;
    while (response == NULL) {
        size_t used;
        if (g_get_monotonic_time() > end_us) {
            error_set(error, TD_ERROR_TIMEOUT, "The server's answer does not end");
            return NULL;
        }
        if (session->in_at == session->in_bytes && !receive(session, end_us, cancellable, error))
            return NULL;
        if (!imap_reader_feed(session->reader, session->in + session->in_at,
                              session->in_bytes - session->in_at, &used, &response, error))
            return NULL;
        session->in_at += used;
    }
    return response;
}

/* The end of a command. */
static bool take_end(ImapSession *session, const char *verb, const ImapResponse *response,
                     GError **error)
{
    g_clear_pointer(&session->code, g_free);
    if (strcmp(response->word, "OK") == 0)
        return true;
    g_autofree char *words = smtp_text_shown(response->text->str, response->text->len);
    session->code = g_strdup(response->code);
    error_set(error, TD_ERROR_INVALID, "The server refused %s: %s", verb,
              words[0] != '\0' ? words : response->word);
    return false;
}

/* True: go on reading. */
static bool take_untagged(const ImapResponse *response, ImapUntagged take, void *data,
                          GError **error)
{
    if (response->kind == IMAP_STATUS && strcmp(response->word, "BYE") == 0) {
        g_autofree char *words = smtp_text_shown(response->text->str, response->text->len);
        error_set(error, TD_ERROR_UNAVAILABLE, "The server ended the session: %s", words);
        return false;
    }
    if (response->kind == IMAP_GO_ON || response->kind == IMAP_TAGGED) {
        error_set(error, TD_ERROR_MALFORMED,
                  "The server answered something that was not asked for");
        return false;
    }
    return take == NULL || take(response, data, error);
}

static bool talk(ImapSession *session, const char *verb, const char *line, const char *tag,
                 ImapUntagged take, void *data, GCancellable *cancellable, bool *refused,
                 GError **error)
{
    int64_t end_us =
        g_get_monotonic_time() + TOTAL_TIMEOUTS * (int64_t)session->timeout_ms * US_PER_MS;
    if (!send_all(session, line, strlen(line), cancellable, error))
        return false;
    for (;;) {
        g_autoptr(ImapResponse) response = read_one(session, end_us, cancellable, error);
        if (response == NULL)
            return false;
        if (response->kind == IMAP_TAGGED && strcmp(response->tag, tag) == 0) {
            bool well = take_end(session, verb, response, error);
            *refused = !well;
            return well;
        }
        if (!take_untagged(response, take, data, error))
            return false;
    }
}

bool imap_command(ImapSession *session, const char *verb, const char *text, ImapUntagged take,
                  void *data, GCancellable *cancellable, GError **error)
{
    if (session->broken) {
        error_set(error, TD_ERROR_UNAVAILABLE, "The connection has ended");
        return false;
    }
    g_autofree char *tag = g_strdup_printf("T%u", ++session->tag);
    g_autofree char *line = g_strdup_printf("%s %s\r\n", tag, text);
    bool refused = false;
    bool well = talk(session, verb, line, tag, take, data, cancellable, &refused, error);
    session->broken = !well && !refused;
    return well;
}

void imap_farewell(ImapSession *session)
{
    size_t n;
    g_autofree char *line = g_strdup_printf("T%u LOGOUT\r\n", ++session->tag);
    curl_easy_send(session->curl, line, strlen(line), &n);
}

bool imap_is_broken(const ImapSession *session)
{
    return session->broken;
}
