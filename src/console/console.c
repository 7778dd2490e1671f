/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of every page: who asks, may they, is the form one of ours, then the handler. What a
 * handler returns as an error becomes a page here, and is logged here, once, when it is the desk's
 * fault.
 */
#include "console/console.h"

#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "console/page.h"
#include "web/guard.h"

#include <string.h>

GResource *console_views_get_resource(void);

#define ADMIN_SCOPES      "admin"
#define TECHNICIAN_SCOPES "tickets:read tickets:write alerts"

const char *const console_large_paths[] = {"/tickets/answer",
                                           "/options/email-connector/rules/dry-run", NULL};

typedef struct PageBound {
    Console *console;
    const PageRoute *route;
} PageBound;

Console *console_new(Desk *desk, Api *api, const WebAssets *assets, GError **error)
{
    g_autoptr(Console) console = g_new0(Console, 1);
    console->desk = desk;
    console->api = api;
    console->assets = assets;
    console->views = web_views_load(console_views_get_resource(), "/tidings/console/", error);
    console->bound = g_new0(PageBound, console_n_routes());
    for (size_t i = 0; i < console_n_routes(); i++)
        console->bound[i] = (PageBound){console, page_route(i)};
    return console->views != NULL ? g_steal_pointer(&console) : NULL;
}

void console_free(Console *console)
{
    if (console == NULL)
        return;
    web_views_free(console->views);
    g_free(console->bound);
    g_free(console);
}

/* ---- who asks ---- */

/* False where it cannot be found out; nobody having signed in is no error. */
static bool find_session(Page *page, GError **error)
{
    const char *cookies = http_request_header(page->request, "Cookie");
    g_autofree char *secret = http_cookie_find(cookies, CONSOLE_COOKIE);
    if (secret == NULL)
        return true;
    g_autoptr(GError) failure = NULL;
    if (session_of_employee(page->console->desk, secret, &page->session, &page->employee,
                            &failure)) {
        page->secret = g_steal_pointer(&secret);
        page->caller.scopes =
            strcmp(page->employee->role, "admin") == 0 ? ADMIN_SCOPES : TECHNICIAN_SCOPES;
        page->caller.actor = (Actor){ACTOR_EMPLOYEE, page->employee->id,
                                     g_strdup(page->employee->name), CHANNEL_CONSOLE};
        return true;
    }
    if (error_is(failure, TD_ERROR_UNAUTHENTICATED))
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

/* Before anybody has signed in, forms are bound to a cookie of their own. */
static void take_form_cookie(Page *page)
{
    const char *cookies = http_request_header(page->request, "Cookie");
    page->secret = http_cookie_find(cookies, WEB_COOKIE_FORM);
    if (page->secret != NULL)
        return;
    page->secret = secret_new_token(random_system());
    page->cookie = http_cookie_make(WEB_COOKIE_FORM, page->secret, 0, web_is_secure(page->request));
}

static HttpResponse *ask_to_sign_in(Page *page)
{
    if (strcmp(http_request_method(page->request), "GET") != 0)
        return page_redirect(page, NULL, "/sign-in?ended=1");
    g_autofree char *next = page_escape(http_request_path(page->request));
    return strcmp(http_request_path(page->request), "/") == 0
               ? web_redirect("/sign-in")
               : page_redirect(page, NULL, "/sign-in?next=%s", next);
}

/* ---- may they ---- */

static bool check_role(const Page *page, GError **error)
{
    if (page->route->role != PAGE_ADMIN || strcmp(page->employee->role, "admin") == 0)
        return true;
    error_set_problem(error, TD_ERROR_DENIED, "admins-only", NULL,
                      "This page is for admins. If you need what is on it, ask one of them");
    return false;
}

static bool read_form(Page *page, GError **error)
{
    if (strcmp(page->route->method, "POST") != 0)
        return true;
    page->form = http_form_read(page->request, error);
    if (page->form == NULL)
        return false;
    if (web_same_site(page->request) &&
        web_form_token_fits(page->secret, http_form_text(page->form, "token")))
        return true;
    error_set_problem(error, TD_ERROR_DENIED, "foreign-form", NULL,
                      "This form did not come from a page of this session, so nothing was"
                      " changed. Open the page again and repeat what you did");
    return false;
}

/* ---- the answer ---- */

static HttpResponse *show_error(Page *page, const GError *error)
{
    int status = error_http_status(error);
    const char *said = error != NULL ? error->message : "no reason was given";
    if (status >= 500)
        log_error("%s %s: %s", page->route->method, page->route->pattern, said);
    bool ours = error_code(error) == TD_ERROR_INTERNAL;
    json_set_text(page->data, "problem", ours ? "The server's log says what happened." : said);
    json_set_bool(page->data, "try_again", error_try_again(error));
    g_autoptr(GError) failure = NULL;
    HttpResponse *response =
        page_view(page, status, "error", error_info(error_code(error))->title, &failure);
    return response != NULL ? response : http_response_problem(error);
}

static HttpResponse *answer(Page *page, GError **error)
{
    if (!find_session(page, error))
        return NULL;
    if (page->employee == NULL && page->route->role != PAGE_PUBLIC)
        return ask_to_sign_in(page);
    if (page->secret == NULL)
        take_form_cookie(page);
    return check_role(page, error) && read_form(page, error) ? page->route->handler(page, error)
                                                             : NULL;
}

static HttpResponse *run(const HttpRequest *request, void *data)
{
    const PageBound *bound = data;
    Page page = {.console = bound->console,
                 .route = bound->route,
                 .request = request,
                 .data = json_object()};
    g_autoptr(GError) error = NULL;
    HttpResponse *response = answer(&page, &error);
    if (response == NULL)
        response = show_error(&page, error);
    if (page.cookie != NULL)
        http_response_set_header(response, "Set-Cookie", page.cookie);
    page_clear(&page);
    return response;
}

/* A person who has mistyped an address gets a page; a program, and a customer, are none of ours. */
static HttpResponse *missing(const HttpRequest *request, void *data)
{
    static const PageRoute nowhere = {"GET", "/", PAGE_PUBLIC, NULL};
    static const char *const others[] = {"/api/", "/assets/", "/portal/"};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (g_str_has_prefix(http_request_path(request), others[i]))
            return NULL;
    Page page = {.console = data, .route = &nowhere, .request = request, .data = json_object()};
    g_autoptr(GError) error = NULL;
    error_set(&error, TD_ERROR_NOT_FOUND, "There is no page at this address.");
    find_session(&page, NULL);
    HttpResponse *response = show_error(&page, error);
    page_clear(&page);
    return response;
}

void console_add_routes(Console *console, HttpRouter *router)
{
    for (size_t i = 0; i < console_n_routes(); i++) {
        const PageRoute *route = console->bound[i].route;
        http_router_add(router, route->method, route->pattern, run, &console->bound[i]);
    }
    http_router_set_missing(router, missing, console);
}
