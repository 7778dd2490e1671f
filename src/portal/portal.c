/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of every page: who asks, is the form one of ours, then the handler. What a handler
 * returns as an error becomes a page here, and is logged here, once, when it is the desk's fault.
 */
#include "portal/portal.h"

#include "alerts/web_link.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "portal/page.h"
#include "records/signing_key.h"
#include "web/guard.h"

#include <string.h>

GResource *portal_views_get_resource(void);

typedef struct PortalBound {
    Portal *portal;
    const PortalRoute *route;
} PortalBound;

Portal *portal_new(Desk *desk, const WebAssets *assets, GError **error)
{
    g_autoptr(Portal) portal = g_new0(Portal, 1);
    GResource *resource = portal_views_get_resource();
    portal->desk = desk;
    portal->assets = assets;
    portal->views = web_views_load(resource, "/tidings/portal/", error);
    portal->words = portal->views != NULL ? portal_words_load(resource, error) : NULL;
    portal->bound = g_new0(PortalBound, portal_n_routes());
    for (size_t i = 0; i < portal_n_routes(); i++)
        portal->bound[i] = (PortalBound){portal, portal_page_route(i)};
    return portal->words != NULL ? g_steal_pointer(&portal) : NULL;
}

void portal_free(Portal *portal)
{
    if (portal == NULL)
        return;
    web_views_free(portal->views);
    portal_words_free(portal->words);
    g_free(portal->bound);
    g_free(portal);
}

/* ---- who asks ---- */

/* Nobody having signed in is no error. */
static bool find_session(PortalPage *page, GError **error)
{
    const char *cookies = http_request_header(page->request, "Cookie");
    g_autofree char *secret = http_cookie_find(cookies, PORTAL_COOKIE);
    g_autoptr(GError) failure = NULL;
    if (secret == NULL)
        return true;
    page->session = customer_session_find(page->portal->desk, secret, &failure);
    if (page->session != NULL) {
        page->secret = g_steal_pointer(&secret);
        page->caller.email_key = page->session->email;
        return true;
    }
    if (error_is(failure, TD_ERROR_UNAUTHENTICATED))
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

/* Before anybody has signed in, forms are bound to a cookie of their own. */
static void take_form_cookie(PortalPage *page)
{
    const char *cookies = http_request_header(page->request, "Cookie");
    page->secret = http_cookie_find(cookies, WEB_COOKIE_FORM);
    if (page->secret != NULL)
        return;
    page->secret = secret_new_token(random_system());
    g_ptr_array_add(page->cookies, http_cookie_make(WEB_COOKIE_FORM, page->secret, 0,
                                                    web_is_secure(page->request)));
}

/* A link of a mail counts for the page that it opens alone, whoever has signed in. */
static void take_link(PortalPage *page)
{
    if (page->route->role == PORTAL_LINK)
        page->caller.link = http_request_param(page->request, "link");
    else if (page->route->role == PORTAL_EITHER && *portal_field(page, "link") != '\0')
        page->caller.link = portal_field(page, "link");
}

typedef struct {
    PortalPage *page;
    GError *denied; /* why there is no visitor; NULL: there is one */
} Knowing;

static bool know(DbTx *tx, void *data, GError **error)
{
    Knowing *knowing = data;
    PortalPage *page = knowing->page;
    g_clear_pointer(&page->settings, settings_free);
    g_clear_pointer(&page->visitor, visitor_free);
    g_clear_error(&knowing->denied);
    page->settings = settings_load(tx, error);
    if (page->settings == NULL)
        return false;
    page->visitor = visitor_load(tx, page->settings, &page->caller, &knowing->denied);
    if (page->visitor != NULL || error_is(knowing->denied, TD_ERROR_DENIED) ||
        error_is(knowing->denied, TD_ERROR_CONFLICT))
        return true;
    g_propagate_error(error, g_steal_pointer(&knowing->denied));
    return false;
}

/* ---- may they ---- */

static bool read_link_ticket(DbTx *tx, void *data, GError **error)
{
    PortalPage *page = data;
    g_autoptr(SigningKeys) keys = signing_keys_load(tx, error);
    WebLink link;
    if (keys != NULL && web_link_read(keys, page->caller.link, &link))
        json_set_int(page->data, "link_ticket", link.ticket);
    return keys != NULL;
}

/* To where they may sign in; a link that opens nothing by itself leads on to its ticket. */
static HttpResponse *ask_to_sign_in(PortalPage *page, GError **error)
{
    const char *path = http_request_path(page->request);
    g_autofree char *next = NULL;
    if (page->caller.link != NULL) {
        if (!db_read(desk_db(page->portal->desk), read_link_ticket, page, error))
            return NULL;
        next = g_strdup_printf("/portal/tickets/%" G_GINT64_FORMAT,
                               json_get_int(page->data, "link_ticket"));
        if (page->session != NULL)
            return portal_redirect(page, NULL, "%s", next);
    } else if (strcmp(page->route->method, "GET") == 0) {
        next = g_strdup(path);
    }
    g_autofree char *escaped = next != NULL ? g_uri_escape_string(next, NULL, FALSE) : g_strdup("");
    return portal_redirect(page, NULL, "/portal/sign-in?next=%s", escaped);
}

static bool needs_visitor(const PortalPage *page)
{
    return page->route->role != PORTAL_PUBLIC;
}

static bool read_form(PortalPage *page, GError **error)
{
    if (strcmp(page->route->method, "POST") != 0)
        return true;
    page->form = http_form_read(page->request, error);
    return page->form != NULL;
}

static bool check_form(const PortalPage *page, GError **error)
{
    if (page->form == NULL || (web_same_site(page->request) &&
                               web_form_token_fits(page->secret, portal_field(page, "token"))))
        return true;
    error_set_problem(error, TD_ERROR_DENIED, "foreign-form", NULL,
                      "This form did not come from a page of this session");
    return false;
}

/* ---- the answer ---- */

/* `denied` (taken) says why there is no visitor where one is needed. */
static HttpResponse *refuse(PortalPage *page, GError *denied, GError **error)
{
    g_autoptr(GError) why = denied;
    const char *problem = error_problem(why);
    bool may_sign_in = strcmp(problem, "sign-in-needed") == 0 ||
                       (page->caller.link == NULL && strcmp(problem, "not-a-customer") == 0);
    if (may_sign_in)
        return ask_to_sign_in(page, error);
    g_propagate_error(error, g_steal_pointer(&why));
    return NULL;
}

static HttpResponse *answer(PortalPage *page, GError **error)
{
    Knowing knowing = {.page = page};
    if (!read_form(page, error) || !find_session(page, error))
        return NULL;
    if (page->secret == NULL)
        take_form_cookie(page);
    take_link(page);
    if (!db_read(desk_db(page->portal->desk), know, &knowing, error)) {
        g_clear_error(&knowing.denied);
        return NULL;
    }
    portal_page_choose_language(page);
    bool off = knowing.denied != NULL && error_is(knowing.denied, TD_ERROR_CONFLICT);
    if (off || (page->visitor == NULL && needs_visitor(page)))
        return refuse(page, knowing.denied, error);
    g_clear_error(&knowing.denied);
    return check_form(page, error) ? page->route->handler(page, error) : NULL;
}

static HttpResponse *show_error(PortalPage *page, const GError *error)
{
    int status = error_http_status(error);
    if (status >= 500)
        log_error("%s %s: %s", page->route->method, page->route->pattern, error->message);
    portal_note_problem(page, error);
    g_autoptr(GError) failure = NULL;
    HttpResponse *response = portal_view(page, status, "error", "problem_title", &failure);
    return response != NULL ? response : http_response_problem(error);
}

static HttpResponse *run(const HttpRequest *request, void *data)
{
    const PortalBound *bound = data;
    PortalPage page = {.portal = bound->portal,
                       .route = bound->route,
                       .request = request,
                       .cookies = g_ptr_array_new_with_free_func(g_free),
                       .data = json_object()};
    portal_page_choose_language(&page);
    g_autoptr(GError) error = NULL;
    HttpResponse *response = answer(&page, &error);
    if (response == NULL)
        response = show_error(&page, error);
    for (guint i = 0; i < page.cookies->len; i++)
        http_response_set_header(response, "Set-Cookie", page.cookies->pdata[i]);
    portal_page_clear(&page);
    return response;
}

void portal_add_routes(Portal *portal, HttpRouter *router)
{
    for (size_t i = 0; i < portal_n_routes(); i++) {
        const PortalRoute *route = portal->bound[i].route;
        http_router_add(router, route->method, route->pattern, run, &portal->bound[i]);
    }
}
