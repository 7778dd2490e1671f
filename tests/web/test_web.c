/* SPDX-License-Identifier: Apache-2.0 */
/* What pages are made of: views, assets, guards of forms, times. */
#include "base/error.h"
#include "base/secret.h"
#include "web/assets.h"
#include "web/guard.h"
#include "web/views.h"
#include "web/when.h"

#include <string.h>

GResource *web_test_get_resource(void);

/* ---- views ---- */

static void test_views(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WebViews) views = web_views_load(web_test_get_resource(), "/test/good/", &error);
    g_assert_no_error(error);
    json_auto_t *data =
        json_pack("{s:s, s:[{s:s}, {s:s}]}", "title", "<b>", "rows", "x", "\"&'", "x", "2");
    g_autofree char *page = web_views_render(views, "_layout", "list", data, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(page, ==,
                    "<title>&lt;b&gt;</title>\n<p class=\"&quot;&amp;&#39;\"></p>\n"
                    "<p class=\"2\"></p>\n");
    g_autofree char *piece = web_views_render(views, NULL, "_row", data, &error);
    g_assert_cmpstr(piece, ==, "<p class=\"\"></p>\n");
    g_assert_null(web_views_render(views, "_layout", "none", data, &error));
    g_assert_true(error_is(error, TD_ERROR_INTERNAL));
}

static void test_bad_views(void)
{
    static const char *const prefixes[] = {"/test/raw/", "/test/ampersand/", "/test/broken/"};
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", prefixes[i]);
        g_assert_null(web_views_load(web_test_get_resource(), prefixes[i], &error));
        g_assert_true(error_is(error, TD_ERROR_INTERNAL));
    }
}

static void test_headers(void)
{
    g_autoptr(HttpResponse) page = web_page_response(200, g_strdup("<p>"));
    const char *policy = http_response_header(page, "Content-Security-Policy");
    g_assert_nonnull(strstr(policy, "default-src 'none'"));
    g_assert_null(strstr(policy, "unsafe"));
    g_assert_cmpstr(http_response_header(page, "X-Frame-Options"), ==, "DENY");
    g_autoptr(HttpResponse) moved = web_redirect("/tickets\r\nX: y");
    g_assert_cmpint(http_response_status(moved), ==, 303);
    g_assert_cmpstr(http_response_header(moved, "Location"), ==, "/tickets  X: y");
}

/* ---- assets ---- */

static HttpResponse *fetch(HttpRouter *router, const char *path, const char *encoding)
{
    g_autoptr(HttpRequest) request = http_request_new("GET", path, NULL, 0);
    if (encoding != NULL)
        http_request_set_header(request, "Accept-Encoding", encoding);
    return http_router_run(router, request);
}

static void test_assets(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WebAssets) assets =
        web_assets_load(web_assets_get_resource(), "/tidings/assets/", &error);
    g_assert_no_error(error);
    g_autoptr(HttpRouter) router = http_router_new();
    web_assets_add_routes(assets, router);
    const char *path = json_string_value(json_object_get(web_assets_paths(assets), "tidings_css"));
    g_assert_true(g_str_has_prefix(path, "/assets/") && g_str_has_suffix(path, "/tidings.css"));
    g_autoptr(HttpResponse) plain = fetch(router, path, NULL);
    g_autoptr(HttpResponse) packed = fetch(router, path, "gzip, deflate, br");
    g_autoptr(HttpResponse) refused = fetch(router, path, "gzip;q=0");
    size_t plain_bytes, packed_bytes;
    http_response_body(plain, &plain_bytes);
    http_response_body(packed, &packed_bytes);
    g_assert_cmpuint(packed_bytes, <, plain_bytes / 2);
    g_assert_cmpstr(http_response_header(packed, "Content-Encoding"), ==, "gzip");
    g_assert_null(http_response_header(plain, "Content-Encoding"));
    g_assert_null(http_response_header(refused, "Content-Encoding"));
    g_assert_cmpstr(http_response_header(plain, "Content-Type"), ==, "text/css; charset=utf-8");
    g_autoptr(HttpResponse) other = fetch(router, "/assets/0123456789abcdef/tidings.css", NULL);
    g_autoptr(HttpResponse) none = fetch(router, "/assets/0123456789abcdef/none.css", NULL);
    g_assert_cmpint(http_response_status(other), ==, 404);
    g_assert_cmpint(http_response_status(none), ==, 404);
}

/* ---- guards ---- */

static void test_form_token(void)
{
    g_autofree char *token = web_form_token("secret");
    g_autofree char *other = web_form_token("Secret");
    g_assert_cmpstr(token, !=, other);
    g_assert_null(strstr(token, "secret"));
    g_assert_true(web_form_token_fits("secret", token));
    g_assert_false(web_form_token_fits("secret", other));
    g_assert_false(web_form_token_fits("secret", ""));
    g_assert_false(web_form_token_fits("secret", NULL));
}

static const struct {
    const char *name, *site, *origin, *host;
    bool same;
} sites[] = {
    {"says nothing", NULL, NULL, "desk.example", true},
    {"same origin", "same-origin", NULL, "desk.example", true},
    {"typed", "none", NULL, "desk.example", true},
    {"another site", "cross-site", NULL, "desk.example", false},
    {"a sister", "same-site", NULL, "desk.example", false},
    {"origin", NULL, "https://desk.example", "desk.example", true},
    {"origin and port", NULL, "http://127.0.0.1:8080", "127.0.0.1:8080", true},
    {"another origin", NULL, "https://evil.example", "desk.example", false},
    {"longer origin", NULL, "https://desk.example.evil.example", "desk.example", false},
    {"another port", NULL, "http://127.0.0.1:8081", "127.0.0.1:8080", false},
    {"no origin", NULL, "null", "desk.example", false},
    {"no host", NULL, "https://desk.example", NULL, false},
    {"site goes first", "cross-site", "https://desk.example", "desk.example", false},
};

static void test_same_site(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sites); i++) {
        g_test_message("%s", sites[i].name);
        g_autoptr(HttpRequest) request = http_request_new("POST", "/", NULL, 0);
        if (sites[i].site != NULL)
            http_request_set_header(request, "Sec-Fetch-Site", sites[i].site);
        if (sites[i].origin != NULL)
            http_request_set_header(request, "Origin", sites[i].origin);
        if (sites[i].host != NULL)
            http_request_set_header(request, "Host", sites[i].host);
        g_assert_cmpint(web_same_site(request), ==, sites[i].same);
    }
}

static void test_proxy(void)
{
    g_autoptr(HttpRequest) request = http_request_new("GET", "/", NULL, 0);
    http_request_set_local(request, true);
    g_assert_false(web_is_secure(request));
    http_request_set_header(request, "X-Forwarded-Proto", "https");
    g_assert_true(web_is_secure(request));
    http_request_set_header(request, "X-Forwarded-For", "192.0.2.9, 198.51.100.7");
    g_autofree char *client = web_client(request);
    g_assert_cmpstr(client, ==, "198.51.100.7");
    /* From elsewhere the same headers are anybody's words. */
    http_request_set_local(request, false);
    g_assert_false(web_is_secure(request));
    g_autofree char *peer = web_client(request);
    g_assert_cmpstr(peer, ==, "local");
}

static void test_secret_equal(void)
{
    g_assert_true(secret_equal("abc", "abc"));
    g_assert_false(secret_equal("abc", "abd"));
    g_assert_false(secret_equal("abc", "ab"));
    g_assert_false(secret_equal(NULL, NULL));
}

/* ---- times ---- */

static const struct {
    const char *time, *zone, *want;
} times[] = {
    {"2026-11-23T18:32:08Z", "UTC", "18:32"},
    {"2026-11-23T18:32:08Z", "Europe/Berlin", "19:32"},
    {"2026-11-23T00:00:00Z", "America/New_York", "22 Nov 19:00"},
    {"2026-11-22T18:32:08Z", "UTC", "22 Nov 18:32"},
    {"2025-11-23T18:32:08Z", "UTC", "23 Nov 2025"},
    {"2026-11-23T18:32:08Z", "No/Where", "18:32"},
    {"yesterday", "UTC", ""},
    {NULL, "UTC", ""},
};

static void test_when(void)
{
    const int64_t now_us = INT64_C(1795458600000000); /* 2026-11-23T18:30:00Z */
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *text = web_when(times[i].time, times[i].zone, now_us);
        g_assert_cmpstr(text, ==, times[i].want);
    }
    g_autofree char *full = web_when_full("2026-11-23T18:32:08Z", "Europe/Berlin");
    g_assert_cmpstr(full, ==, "23 November 2026, 19:32 CET");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/views/good", test_views);
    g_test_add_func("/views/bad", test_bad_views);
    g_test_add_func("/views/headers", test_headers);
    g_test_add_func("/assets", test_assets);
    g_test_add_func("/guard/form-token", test_form_token);
    g_test_add_func("/guard/same-site", test_same_site);
    g_test_add_func("/guard/proxy", test_proxy);
    g_test_add_func("/guard/secret-equal", test_secret_equal);
    g_test_add_func("/when", test_when);
    return g_test_run();
}
