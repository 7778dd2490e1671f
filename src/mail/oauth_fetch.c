/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl for one thing: a POST to a token server. Verified TLS, no redirects (a secret goes where
 * the options say, and nowhere else), everything bounded. Whether a URL is sound is asked of the
 * parser that will use it.
 */
#include "base/error.h"
#include "base/text.h"
#include "mail/oauth.h"
#include "mail/smtp_reply.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

#define HEADER_BYTES_MAX (64 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)
typedef struct curl_slist CurlList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlList, curl_slist_free_all)

typedef struct {
    GString *body;
    size_t header_bytes;
    GCancellable *cancellable;
    bool too_large;
} Transfer;

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t take_body(char *data, size_t size, size_t n, void *user)
{
    Transfer *transfer = user;
    if (n > OAUTH_ANSWER_BYTES_MAX - transfer->body->len) {
        transfer->too_large = true;
        return 0;
    }
    g_string_append_len(transfer->body, data, (gssize)n);
    return n;
}

static size_t take_header(char *data, size_t size, size_t n, void *user)
{
    Transfer *transfer = user;
    transfer->header_bytes += n;
    transfer->too_large = transfer->too_large || transfer->header_bytes > HEADER_BYTES_MAX;
    return transfer->too_large ? 0 : n;
}

/* libcurl asks about once a second. */
static int look_whether_to_stop(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total,
                                curl_off_t up_now)
{
    const Transfer *transfer = user;
    return g_cancellable_is_cancelled(transfer->cancellable) ? 1 : 0;
}

/* ---- where ---- */

/* One part of the URL as libcurl reads it; NULL where there is none. Free with curl_free(). */
static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool is_loopback(const char *host)
{
    size_t n = strlen(host);
    bool literal = n > 2 && host[0] == '[' && host[n - 1] == ']';
    g_autofree char *bare = literal ? g_strndup(host + 1, n - 2) : g_strdup(host);
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(bare);
    return g_ascii_strcasecmp(bare, "localhost") == 0 ||
           (address != NULL && g_inet_address_get_is_loopback(address));
}

static const char *what_is_wrong(const char *text)
{
    g_autoptr(CURLU) url = curl_url();
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        return "is not a URL; write it as https://login.example.com/token";
    char *scheme = url_part(url, CURLUPART_SCHEME);
    char *host = url_part(url, CURLUPART_HOST);
    char *user = url_part(url, CURLUPART_USER);
    char *fragment = url_part(url, CURLUPART_FRAGMENT);
    bool https = g_strcmp0(scheme, "https") == 0;
    bool near = g_strcmp0(scheme, "http") == 0 && host != NULL && is_loopback(host);
    const char *wrong = host == NULL || (!https && !near)
                            ? "must begin with https://, because secrets are sent there"
                        : user != NULL     ? "must not have a user name in it"
                        : fragment != NULL ? "must not have a # in it"
                                           : NULL;
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(fragment);
    return wrong;
}

bool oauth_check_url(const char *url, const char *field, GError **error)
{
    const char *wrong = what_is_wrong(url);
    if (wrong != NULL)
        error_set_problem(error, TD_ERROR_INVALID, "invalid", field, "%s %s", field, wrong);
    return wrong == NULL;
}

/* ---- asking ---- */

static void set_options(CURL *curl, const OAuthRequest *request, const CurlList *headers,
                        Transfer *transfer)
{
    bool https = g_ascii_strncasecmp(request->url, "https:", 6) == 0;
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
    if (!https) /* this machine itself */
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Beside the folder of the system's authorities, which stays as it is. */
    if (request->ca_file != NULL && request->ca_file[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Tidings/" TIDINGS_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->form));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->form);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static void set_fetch_error(GError **error, CURLcode rc, const char *said,
                            const OAuthRequest *request, const Transfer *transfer)
{
    g_autofree char *why =
        *said != '\0' ? smtp_text_shown(said, strlen(said)) : g_strdup(curl_easy_strerror(rc));
    if (transfer->too_large)
        error_set(error, TD_ERROR_LIMIT, "its answer is larger than %d KiB",
                  OAUTH_ANSWER_BYTES_MAX / 1024);
    else if (rc == CURLE_ABORTED_BY_CALLBACK)
        error_set(error, TD_ERROR_UNAVAILABLE, "the request was stopped on this side");
    else if (rc == CURLE_OPERATION_TIMEDOUT)
        error_set(error, TD_ERROR_TIMEOUT, "there was no whole answer within %d s",
                  MAX(request->timeout_ms / 1000, 1));
    else if (rc == CURLE_SSL_CACERT_BADFILE)
        error_set(error, TD_ERROR_DENIED, "the file of authorities %s cannot be used",
                  request->ca_file);
    else if (rc == CURLE_PEER_FAILED_VERIFICATION)
        error_set(error, TD_ERROR_DENIED, "its certificate was not accepted: %s", why);
    else
        error_set(error, TD_ERROR_UNAVAILABLE, "the request failed: %s", why);
}

bool oauth_fetch(const OAuthRequest *request, int *status, GString *body, GCancellable *cancellable,
                 void *data, GError **error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    if (!oauth_check_url(request->url, "token_url", error))
        return false;
    g_autoptr(CURL) curl = curl_easy_init();
    /* Without the first libcurl waits for 100 Continue before a longer form. */
    g_autoptr(CurlList) headers = curl_slist_append(NULL, "Expect:");
    headers = curl_slist_append(headers, "Accept: application/json");
    if (curl == NULL || headers == NULL) {
        error_set(error, TD_ERROR_INTERNAL, "libcurl cannot be used");
        return false;
    }
    char said[CURL_ERROR_SIZE] = "";
    Transfer transfer = {.body = body, .cancellable = cancellable};
    set_options(curl, request, headers, &transfer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
    CURLcode rc = curl_easy_perform(curl);
    if (rc != CURLE_OK) {
        set_fetch_error(error, rc, said, request, &transfer);
        return false;
    }
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    *status = (int)code;
    return true;
}
