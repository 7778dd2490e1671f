/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl over the desk's own socket, and nothing else: no proxy, no redirect, no other protocol.
 *
 * When a call fails, the question is what became of the request. libcurl counts what it handed to
 * the kernel: if the whole request was, the server may have run it, and the answer is UNCERTAIN; if
 * a part was missing, it cannot have.
 */
#include "http/client.h"

#include "base/error.h"
#include "http/fields.h"
#include "http/private.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Longer than any handler: the activation test waits for a relay's last reply. */
#define TOTAL_TIMEOUT_S 1200L

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)
typedef struct curl_slist CurlList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlList, curl_slist_free_all)

typedef struct {
    GString *body;
    GArray *headers;
    bool too_large;
} Answer;

static size_t take_body(char *data, size_t size, size_t n, void *user)
{
    Answer *answer = user;
    if (n > HTTP_CLIENT_ANSWER_BYTES_MAX - answer->body->len) {
        answer->too_large = true;
        return 0;
    }
    g_string_append_len(answer->body, data, (gssize)n);
    return n;
}

static size_t take_header(char *data, size_t size, size_t n, void *user)
{
    Answer *answer = user;
    g_autofree char *line = g_strndup(data, n);
    char *colon = strchr(line, ':');
    if (colon != NULL) {
        *colon = '\0';
        http_fields_add(answer->headers, line, g_strstrip(colon + 1));
    }
    return n;
}

static CurlList *make_headers(const HttpRequest *request)
{
    /* Without these libcurl waits for 100 Continue, and gives every body a form's type. */
    CurlList *list = curl_slist_append(NULL, "Expect:");
    if (http_request_header(request, "Content-Type") == NULL)
        list = curl_slist_append(list, "Content-Type:");
    for (guint i = 0; i < request->headers->len; i++) {
        const HttpField *field = &g_array_index(request->headers, HttpField, i);
        bool empty = field->value[0] == '\0';
        g_autofree char *line = g_strconcat(field->name, empty ? ";" : ": ", field->value, NULL);
        list = curl_slist_append(list, line);
    }
    return list;
}

static void set_options(CURL *curl, const char *socket_path, const HttpRequest *request,
                        const CurlList *headers, Answer *answer)
{
    g_autofree char *url = g_strconcat("http://localhost", request->text, NULL);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TOTAL_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    bool get = strcmp(request->method, "GET") == 0;
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (request->body->len > 0 || !get) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body->len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body->str);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static bool changes_nothing(const HttpRequest *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

static bool was_sent_whole(CURL *curl, const HttpRequest *request)
{
    long head_bytes = 0;
    curl_off_t body_bytes = 0;
    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &head_bytes);
    curl_easy_getinfo(curl, CURLINFO_SIZE_UPLOAD_T, &body_bytes);
    return head_bytes > 0 && body_bytes >= (curl_off_t)request->body->len;
}

/* libcurl does not tell a server whose queue of connections is full from one that is gone: the
 * errno of a connection of our own does; 0 when there is somebody now. */
static int look_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
        return ENOENT;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int code = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(fd);
    return code;
}

/* Only "not-serving" may lead a caller to open the desk itself, so nothing else is called that. */
static void set_connect_error(GError **error, const char *path)
{
    int code = look_at(path);
    if (code == ENOENT || code == ENOTDIR || code == ECONNREFUSED)
        error_set_problem(error, TD_ERROR_UNAVAILABLE, "not-serving", NULL,
                          "Nobody answers at %s: the desk is not being served.", path);
    else if (code == EACCES || code == EPERM)
        error_set(
            error, TD_ERROR_DENIED,
            "The socket %s belongs to another user. Run this as the user who serves the desk.",
            path);
    else
        error_set(
            error, TD_ERROR_BUSY,
            "The server at %s takes no connection at the moment%s%s. Nothing was changed: try "
            "again soon.",
            path, code != 0 ? ": " : "", code != 0 ? g_strerror(code) : "");
}

/* The latter: longer than a socket's path can be. */
static bool is_connect_error(CURLcode rc)
{
    return rc == CURLE_COULDNT_CONNECT || rc == CURLE_COULDNT_RESOLVE_HOST;
}

static void set_call_error(GError **error, CURL *curl, CURLcode rc, const HttpRequest *request,
                           const char *path, const Answer *answer)
{
    const char *why = curl_easy_strerror(rc);
    if (answer->too_large)
        error_set(error, TD_ERROR_LIMIT, "The server's answer is larger than %d MiB.",
                  HTTP_CLIENT_ANSWER_BYTES_MAX / (1024 * 1024));
    else if (is_connect_error(rc))
        set_connect_error(error, path);
    else if (changes_nothing(request))
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The server at %s did not answer to the end: %s. "
                  "Nothing was changed.",
                  path, why);
    else if (was_sent_whole(curl, request))
        error_set(error, TD_ERROR_UNCERTAIN,
                  "The connection to %s broke after the request was sent: %s. It may have been "
                  "carried out: look before you repeat it.",
                  path, why);
    else
        error_set(
            error, TD_ERROR_UNAVAILABLE,
            "The connection to %s broke before the request was sent: %s. Nothing was changed.",
            path, why);
}

HttpResponse *http_client_call(const char *socket_path, const HttpRequest *request, GError **error)
{
    g_autoptr(CURL) curl = curl_easy_init();
    if (curl == NULL) {
        error_set(error, TD_ERROR_INTERNAL, "libcurl cannot be used.");
        return NULL;
    }
    g_autoptr(GString) body = g_string_new(NULL);
    g_autoptr(GArray) headers = http_fields_new();
    Answer answer = {.body = body, .headers = headers};
    g_autoptr(CurlList) list = make_headers(request);
    set_options(curl, socket_path, request, list, &answer);
    CURLcode rc = curl_easy_perform(curl);
    if (rc != CURLE_OK) {
        set_call_error(error, curl, rc, request, socket_path, &answer);
        return NULL;
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    gsize bytes = body->len;
    HttpResponse *response =
        http_response_new((int)status, NULL, g_string_free(g_steal_pointer(&body), FALSE), bytes);
    g_array_unref(response->headers);
    response->headers = g_steal_pointer(&headers);
    return response;
}
