/* SPDX-License-Identifier: Apache-2.0 */
#include "web/guard.h"

#include "base/secret.h"

#include <string.h>

char *web_form_token(const char *secret)
{
    g_autofree char *text = g_strconcat("form token\n", secret, NULL);
    return secret_hash(text, strlen(text));
}

bool web_form_token_fits(const char *secret, const char *token)
{
    g_autofree char *right = web_form_token(secret);
    return secret_equal(right, token);
}

/* "https://desk.example:8443" and "desk.example:8443" */
static bool is_origin_of(const char *origin, const char *host)
{
    const char *after = strstr(origin, "://");
    return host != NULL && after != NULL && g_ascii_strcasecmp(after + 3, host) == 0;
}

bool web_same_site(const HttpRequest *request)
{
    const char *site = http_request_header(request, "Sec-Fetch-Site");
    if (site != NULL)
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    const char *origin = http_request_header(request, "Origin");
    return origin == NULL || is_origin_of(origin, http_request_header(request, "Host"));
}

static bool is_behind_proxy(const HttpRequest *request)
{
    const char *peer = http_request_peer(request);
    return g_str_has_prefix(peer, "127.") || g_str_has_prefix(peer, "::ffff:127.") ||
           strcmp(peer, "::1") == 0 || http_request_is_local(request);
}

bool web_is_secure(const HttpRequest *request)
{
    const char *scheme = http_request_header(request, "X-Forwarded-Proto");
    return scheme != NULL && is_behind_proxy(request) && g_ascii_strcasecmp(scheme, "https") == 0;
}

char *web_client(const HttpRequest *request)
{
    const char *chain = http_request_header(request, "X-Forwarded-For");
    if (chain == NULL || !is_behind_proxy(request))
        return g_strdup(http_request_peer(request));
    const char *comma = strrchr(chain, ',');
    return g_strstrip(g_strdup(comma != NULL ? comma + 1 : chain));
}
