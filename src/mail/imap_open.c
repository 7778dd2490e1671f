/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting and signing in, by libcurl (CURLOPT_CONNECT_ONLY): it stops where the dialogue would
 * begin.
 *
 * The multi interface is used for one handle, for two reasons: a cancelled call returns at once,
 * and taking the handle out closes the connection without libcurl's own LOGOUT, which would wait
 * for two minutes for a server that does not answer any more.
 */
#include "base/error.h"
#include "base/secret.h"
#include "mail/imap-private.h"
#include "mail/smtp_reply.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#define GREETING_BYTES_MAX (256 * 1024) /* all that is said until we are signed in */
#define LINE_KEPT          2048
#define SLICE_MS           1000

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)

/* What is seen while connecting. */
typedef struct {
    const ImapTarget *target;
    GString *line; /* the last one */
    size_t bytes;
    bool is_far;
    char said[CURL_ERROR_SIZE];
} Opening;

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t see_line(char *data, size_t size, size_t n, void *user)
{
    Opening *opening = user;
    opening->bytes += n;
    g_string_truncate(opening->line, 0);
    g_string_append_len(opening->line, data, (gssize)MIN(n, LINE_KEPT));
    return opening->bytes > GREETING_BYTES_MAX ? 0 : n;
}

static bool is_loopback(const struct curl_sockaddr *address)
{
    const struct sockaddr *any = &address->addr;
    g_autoptr(GSocketAddress) socket =
        g_socket_address_new_from_native((gpointer)any, address->addrlen);
    return socket != NULL && G_IS_INET_SOCKET_ADDRESS(socket) &&
           g_inet_address_get_is_loopback(
               g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(socket)));
}

/* A password or token travels over TLS, or to this machine itself. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    Opening *opening = user;
    if (strcmp(opening->target->security, "none") == 0 && !is_loopback(address)) {
        opening->is_far = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- options ---- */

static char *url_of(const ImapTarget *target)
{
    g_autoptr(CURLU) url = curl_url();
    bool v6 = strchr(target->host, ':') != NULL && target->host[0] != '[';
    g_autofree char *host = v6 ? g_strdup_printf("[%s]", target->host) : g_strdup(target->host);
    g_autofree char *port = g_strdup_printf("%d", target->port);
    bool tls = strcmp(target->security, "tls") == 0;
    char *text = NULL;
    if (curl_url_set(url, CURLUPART_SCHEME, tls ? "imaps" : "imap", 0) != CURLUE_OK ||
        curl_url_set(url, CURLUPART_HOST, host, 0) != CURLUE_OK ||
        curl_url_set(url, CURLUPART_PORT, port, 0) != CURLUE_OK ||
        curl_url_set(url, CURLUPART_PATH, "/", 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
        return NULL;
    char *copy = g_strdup(text);
    curl_free(text);
    return copy;
}

static void set_security(CURL *curl, const ImapTarget *target)
{
    bool starttls = strcmp(target->security, "starttls") == 0;
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (target->ca_file == NULL || target->ca_file[0] == '\0')
        return;
    curl_easy_setopt(curl, CURLOPT_CAINFO, target->ca_file);
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* in place of the system's */
}

static void set_sign_in(CURL *curl, const ImapTarget *target, const char *token)
{
    curl_easy_setopt(curl, CURLOPT_USERNAME, target->username);
    if (token == NULL) {
        curl_easy_setopt(curl, CURLOPT_PASSWORD, target->password != NULL ? target->password : "");
        return;
    }
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
    /* libcurl would take CRAM-MD5 or the like first, with no password to go by */
    curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=XOAUTH2");
}

static void set_options(ImapSession *session, const char *url, const char *token, Opening *opening)
{
    CURL *curl = session->curl;
    const ImapTarget *target = opening->target;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* one of HTTP would be sent an HTTP request */
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a name that is looked up */
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)session->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, see_line);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, opening);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, see_line);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, opening);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, opening);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, opening->said);
    set_security(curl, target);
    set_sign_in(curl, target, token);
}

/* ---- errors ---- */

/* The server's last line without the tag; what it says behind a "+" is base64. Free with g_free().
 */
static char *last_words(const GString *line)
{
    if (line->len > 2 && line->str[0] == '+') {
        g_autofree char *base64 = g_strstrip(g_strndup(line->str + 2, line->len - 2));
        gsize bytes;
        g_autofree guchar *decoded = g_base64_decode(base64, &bytes);
        return smtp_text_shown((const char *)decoded, bytes);
    }
    const char *space = memchr(line->str, ' ', line->len);
    const char *start = space != NULL ? space + 1 : line->str;
    g_autofree char *text = g_strchomp(g_strndup(start, line->len - (gsize)(start - line->str)));
    const char *words = g_str_has_prefix(text, "NO ") ? text + 3 : text;
    return smtp_text_shown(words, strlen(words));
}

static void set_denied(GError **error, const Opening *opening)
{
    g_autofree char *words = last_words(opening->line);
    error_set(error, TD_ERROR_DENIED, "The server refused the sign-in: %s",
              words[0] != '\0' ? words : "it offers no way of signing in that is known here");
}

static void set_open_error(GError **error, CURLcode rc, const Opening *opening)
{
    g_autofree char *why = opening->said[0] != '\0'
                               ? smtp_text_shown(opening->said, strlen(opening->said))
                               : g_strdup(curl_easy_strerror(rc));
    if (opening->is_far)
        error_set(error, TD_ERROR_DENIED,
                  "A password or access token is never sent without TLS; set the security to "
                  "starttls or tls");
    else if (opening->bytes > GREETING_BYTES_MAX)
        error_set(error, TD_ERROR_LIMIT, "The server's greeting does not end");
    else if (rc == CURLE_LOGIN_DENIED)
        set_denied(error, opening);
    else if (rc == CURLE_OPERATION_TIMEDOUT)
        error_set(error, TD_ERROR_TIMEOUT, "No answer came in time: %s", why);
    else if (rc == CURLE_SSL_CACERT_BADFILE)
        error_set(error, TD_ERROR_DENIED, "The file of authorities %s cannot be used",
                  opening->target->ca_file);
    else if (rc == CURLE_PEER_FAILED_VERIFICATION)
        error_set(error, TD_ERROR_DENIED, "The server's certificate was not accepted: %s", why);
    else if (rc == CURLE_USE_SSL_FAILED)
        error_set(error, TD_ERROR_DENIED, "The server offers no STARTTLS");
    else if (rc == CURLE_WEIRD_SERVER_REPLY)
        error_set(error, TD_ERROR_MALFORMED, "The server said something that is no IMAP: %s", why);
    else
        error_set(error, TD_ERROR_UNAVAILABLE, "The connection failed: %s", why);
}

/* ---- connecting ---- */

static ImapSession *session_new(const ImapTarget *target)
{
    ImapSession *session = g_new0(ImapSession, 1);
    session->multi = curl_multi_init();
    session->curl = curl_easy_init();
    session->socket = CURL_SOCKET_BAD;
    session->timeout_ms = target->timeout_ms > 0 ? target->timeout_ms : IMAP_TIMEOUT_MS;
    session->reader = imap_reader_new();
    session->capabilities = g_strdup("");
    return session;
}

/* Ends a session that was or was not connected. */
static void session_free(ImapSession *session)
{
    if (session == NULL)
        return;
    if (session->multi != NULL && session->curl != NULL)
        curl_multi_remove_handle(session->multi, session->curl);
    curl_easy_cleanup(session->curl);
    if (session->multi != NULL)
        curl_multi_cleanup(session->multi);
    imap_reader_free(session->reader);
    g_free(session->capabilities);
    g_free(session->code);
    g_free(session);
}

static CURLcode result_of(CURLM *multi)
{
    int left;
    const CURLMsg *message = curl_multi_info_read(multi, &left);
    return message != NULL && message->msg == CURLMSG_DONE ? message->data.result
                                                           : CURLE_FAILED_INIT;
}

/* Until libcurl is done. *rc: how it went; false: cancelled. */
static bool run(ImapSession *session, GCancellable *cancellable, CURLcode *rc)
{
    GPollFD fd = {0};
    bool watched = cancellable != NULL && g_cancellable_make_pollfd(cancellable, &fd);
    struct curl_waitfd extra = {.fd = watched ? fd.fd : -1, .events = CURL_WAIT_POLLIN};
    int running = 1;
    bool stopped = false;
    CURLMcode mc = CURLM_OK;
    while (running > 0 && mc == CURLM_OK && !stopped) {
        mc = curl_multi_perform(session->multi, &running);
        if (running > 0 && mc == CURLM_OK)
            mc = curl_multi_poll(session->multi, &extra, watched ? 1 : 0, SLICE_MS, NULL);
        stopped = g_cancellable_is_cancelled(cancellable);
    }
    if (watched)
        g_cancellable_release_fd(cancellable);
    *rc = mc == CURLM_OK ? result_of(session->multi) : CURLE_FAILED_INIT;
    return !stopped;
}

static ImapSession *connect_once(const ImapTarget *target, const char *token,
                                 GCancellable *cancellable, GError **error)
{
    ImapSession *session = session_new(target);
    g_autofree char *url = url_of(target);
    Opening opening = {.target = target, .line = g_string_new(NULL)};
    CURLcode rc = CURLE_URL_MALFORMAT;
    bool on = true;
    if (url != NULL && session->curl != NULL && session->multi != NULL) {
        set_options(session, url, token, &opening);
        curl_multi_add_handle(session->multi, session->curl);
        on = run(session, cancellable, &rc);
    }
    if (on && rc == CURLE_OK)
        curl_easy_getinfo(session->curl, CURLINFO_ACTIVESOCKET, &session->socket);
    if (!on)
        error_set(error, TD_ERROR_UNAVAILABLE, "The connection was stopped on this side");
    else if (rc != CURLE_OK || session->socket == CURL_SOCKET_BAD)
        set_open_error(error, rc, &opening);
    curl_easy_setopt(session->curl, CURLOPT_ERRORBUFFER, NULL);
    g_string_free(opening.line, TRUE);
    if (session->socket == CURL_SOCKET_BAD)
        g_clear_pointer(&session, session_free);
    return session;
}

static ImapSession *connect_with_token(const ImapTarget *target, GCancellable *cancellable,
                                       GError **error)
{
    g_autoptr(GError) failure = NULL;
    char *token = oauth_token(target->oauth, NULL, cancellable, error);
    if (token == NULL)
        return NULL;
    ImapSession *session = connect_once(target, token, cancellable, &failure);
    if (session == NULL && error_is(failure, TD_ERROR_DENIED)) {
        /* it may have been revoked before its time */
        char *second = oauth_token(target->oauth, token, cancellable, NULL);
        if (second != NULL) {
            g_clear_error(&failure);
            session = connect_once(target, second, cancellable, &failure);
        }
        secret_free(second);
    }
    secret_free(token);
    if (session == NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return session;
}

/* libcurl puts both into a line as they are. */
static bool is_one_line(const char *text)
{
    return text == NULL || strpbrk(text, "\r\n") == NULL;
}

static bool take_capabilities(const ImapResponse *response, void *data, GError **error)
{
    ImapSession *session = data;
    if (response->kind == IMAP_DATA && strcmp(response->word, "CAPABILITY") == 0) {
        g_free(session->capabilities);
        session->capabilities = g_strdup(response->text->str);
    }
    return true;
}

ImapSession *imap_open(const ImapTarget *target, GCancellable *cancellable, GError **error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    if (!is_one_line(target->username) || !is_one_line(target->password)) {
        error_set(error, TD_ERROR_DENIED, "The user name or password has a line end in it");
        return NULL;
    }
    g_autoptr(ImapSession) session = target->oauth != NULL
                                         ? connect_with_token(target, cancellable, error)
                                         : connect_once(target, NULL, cancellable, error);
    /* Some servers tell MOVE and UIDPLUS only to who is signed in. */
    if (session == NULL || !imap_command(session, "CAPABILITY", "CAPABILITY", take_capabilities,
                                         session, cancellable, error))
        return NULL;
    return g_steal_pointer(&session);
}

void imap_close(ImapSession *session)
{
    if (session != NULL && !session->broken)
        imap_farewell(session);
    session_free(session);
}
