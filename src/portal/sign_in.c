/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in by a mailed link, signing out, the language. */
#include "base/error.h"
#include "base/secret.h"
#include "portal/pages.h"
#include "web/guard.h"

#include <string.h>

#define HOME        "/portal/tickets"
#define NEXT_COOKIE "tidings_next"
#define LANGUAGE_S  (365 * 24 * 60 * 60)
#define NEXT_BYTES  200
#define SESSION_S   ((int)(CUSTOMER_SESSION_LIFE_US / G_USEC_PER_SEC))

static void add_cookie(PortalPage *page, const char *name, const char *value, int max_age_s)
{
    g_ptr_array_add(page->cookies,
                    http_cookie_make(name, value, max_age_s, web_is_secure(page->request)));
}

/* One of the customers' pages, and nothing that could end a cookie or leave this site. */
static bool is_next(const char *path)
{
    if (!g_str_has_prefix(path, "/portal/tickets") || strlen(path) > NEXT_BYTES)
        return false;
    for (const char *c = path; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && *c != '/' && *c != '-')
            return false;
    return true;
}

HttpResponse *portal_home(PortalPage *page, GError **error)
{
    return web_redirect(page->session != NULL ? HOME : "/portal/sign-in");
}

HttpResponse *portal_nowhere(PortalPage *page, GError **error)
{
    error_set_problem(error, TD_ERROR_NOT_FOUND, "no-such-page", NULL,
                      "There is no page at this address");
    return NULL;
}

/* ---- asking for a link ---- */

HttpResponse *portal_sign_in_show(PortalPage *page, GError **error)
{
    if (page->visitor != NULL)
        return web_redirect(HOME);
    if (is_next(portal_query(page, "next")))
        add_cookie(page, NEXT_COOKIE, portal_query(page, "next"), 60 * ONE_TIME_LINK_MINUTES);
    return portal_view(page, 200, "sign_in", "sign_in", error);
}

static bool request_link(DeskTx *tx, void *data, GError **error)
{
    return one_time_link_request(tx, LINK_CUSTOMER_SIGN_IN, data, error);
}

/* What is said, and how long it takes, is the same whether the address is known or not. */
HttpResponse *portal_sign_in_post(PortalPage *page, GError **error)
{
    static const Actor nobody = {ACTOR_SYSTEM, 0, (char *)"sign-in", CHANNEL_WEB};
    const char *email = portal_field(page, "email");
    g_autoptr(GError) failure = NULL;
    json_set_text(page->data, "email", email);
    if (!desk_write(page->portal->desk, &nobody, request_link, (char *)email, &failure)) {
        if (!portal_is_refusal(failure) && !error_is(failure, TD_ERROR_CONFLICT)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return NULL;
        }
        portal_note_problem(page, failure);
        bool too_many = error_is(failure, TD_ERROR_BUSY);
        return portal_view(page, too_many ? 429 : error_http_status(failure), "sign_in", "sign_in",
                           error);
    }
    g_autofree char *sent = words_format(page->words, "sent_text", "email", email, "minutes",
                                         G_STRINGIFY(ONE_TIME_LINK_MINUTES), NULL);
    json_set_text(page->data, "sent", sent);
    return portal_view(page, 200, "sign_in_sent", "sent_title", error);
}

/* ---- using it ---- */

typedef struct {
    const char *secret;
    const char *peer, *agent;
    int64_t now_us;
    bool good;
    char *session; /* the new session's secret */
} Using;

static bool look(DbTx *tx, void *data, GError **error)
{
    Using *using = data;
    return one_time_link_is_good(tx, LINK_CUSTOMER_SIGN_IN, using->secret, using->now_us,
                                 &using->good, error);
}

static HttpResponse *show_bad_link(PortalPage *page, GError **error)
{
    g_autofree char *text =
        words_format(page->words, "link_bad", "minutes", G_STRINGIFY(ONE_TIME_LINK_MINUTES), NULL);
    json_set_text(page->data, "problem", text);
    return portal_view(page, 403, "sign_in_link_bad", "sign_in", error);
}

/* Changes nothing: programs that look through mail open links too. */
HttpResponse *portal_link_show(PortalPage *page, GError **error)
{
    Using using = {.secret = http_request_param(page->request, "secret"),
                   .now_us = desk_now_us(page->portal->desk)};
    if (!db_read(desk_db(page->portal->desk), look, &using, error))
        return NULL;
    if (!using.good)
        return show_bad_link(page, error);
    json_set_text(page->data, "secret", using.secret);
    return portal_view(page, 200, "sign_in_link", "sign_in", error);
}

static bool use(DeskTx *tx, void *data, GError **error)
{
    Using *using = data;
    g_clear_pointer(&using->session, secret_free);
    using->session = customer_sign_in(tx, using->secret, using->peer, using->agent, error);
    return using->session != NULL;
}

HttpResponse *portal_link_post(PortalPage *page, GError **error)
{
    static const Actor nobody = {ACTOR_SYSTEM, 0, (char *)"sign-in", CHANNEL_WEB};
    g_autofree char *peer = web_client(page->request);
    g_autofree char *next =
        http_cookie_find(http_request_header(page->request, "Cookie"), NEXT_COOKIE);
    Using using = {.secret = http_request_param(page->request, "secret"),
                   .peer = peer,
                   .agent = http_request_header(page->request, "User-Agent")};
    g_autoptr(GError) failure = NULL;
    if (!desk_write(page->portal->desk, &nobody, use, &using, &failure)) {
        if (error_is(failure, TD_ERROR_DENIED))
            return show_bad_link(page, error);
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    add_cookie(page, PORTAL_COOKIE, using.session, SESSION_S);
    secret_free(using.session);
    /* From now on it is the customer's own language that counts. */
    add_cookie(page, PORTAL_LANGUAGE_COOKIE, "", -1);
    add_cookie(page, NEXT_COOKIE, "", -1);
    return web_redirect(next != NULL && is_next(next) ? next : HOME);
}

/* ---- leaving ---- */

static bool end_session(DeskTx *tx, void *data, GError **error)
{
    return customer_sign_out(tx, data, error);
}

HttpResponse *portal_sign_out(PortalPage *page, GError **error)
{
    static const Actor nobody = {ACTOR_SYSTEM, 0, (char *)"sign-in", CHANNEL_WEB};
    if (!desk_write(page->portal->desk, &nobody, end_session, page->session, error))
        return NULL;
    add_cookie(page, PORTAL_COOKIE, "", -1);
    return portal_redirect(page, "signed_out_done", "/portal/sign-in");
}

/* ---- the language ---- */

static bool choose(PortalPage *page, DeskTx *tx, const Visitor *visitor, void *data, GError **error)
{
    return customer_choose_language(tx, visitor, data, error);
}

static bool has_contact(const PortalPage *page)
{
    const Customer *customer = page->visitor != NULL ? page->visitor->customer : NULL;
    return customer != NULL && ((const CustomerPlace *)customer->places->pdata[0])->contact != 0;
}

/* Where the form was: one of ours, else the beginning. */
static const char *back_to(const PortalPage *page)
{
    const char *here = portal_field(page, "here");
    bool ours = g_str_has_prefix(here, "/portal/") && strpbrk(here, "\\?#\r\n%") == NULL;
    return ours ? here : "/portal/";
}

/* A contact's is kept with the contact, so that their mails follow; anybody else's in a cookie. */
HttpResponse *portal_language(PortalPage *page, GError **error)
{
    const char *language = words_language_find(portal_field(page, "language"));
    if (language == NULL)
        return web_redirect(back_to(page));
    if (!has_contact(page))
        add_cookie(page, PORTAL_LANGUAGE_COOKIE, language, LANGUAGE_S);
    else if (!portal_write(page, choose, (char *)language, error))
        return NULL;
    else
        add_cookie(page, PORTAL_LANGUAGE_COOKIE, "", -1);
    return portal_redirect(page, "language_done", "%s", back_to(page));
}
