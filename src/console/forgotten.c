/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forgotten password. Whoever asks gets the same answer in the same time, known or not; the link
 * in the mail opens a page that changes nothing by itself (mail scanners follow links), and the
 * form on it uses the link up.
 */
#include "base/error.h"
#include "console/pages.h"
#include "console/password.h"
#include "desk/one_time_link.h"

/* Nobody has signed in here. */
static const Actor nobody = {ACTOR_SYSTEM, 0, (char *)"forgotten password", CHANNEL_CONSOLE};

/* ---- asking for the mail ---- */

static HttpResponse *show_form(Page *page, int status, GError **error)
{
    return page_view(page, status, "forgotten", "Forgotten password", error);
}

HttpResponse *forgotten_show(Page *page, GError **error)
{
    json_set_bool(page->data, "sent", *page_query(page, "sent") != '\0');
    json_set_int(page->data, "minutes", ONE_TIME_LINK_MINUTES);
    return show_form(page, 200, error);
}

static bool request_link(DeskTx *tx, void *data, GError **error)
{
    return one_time_link_request(tx, LINK_PASSWORD_RESET, data, error);
}

HttpResponse *forgotten_post(Page *page, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (desk_write(page->console->desk, &nobody, request_link, (void *)page_field(page, "who"),
                   &failure))
        return page_redirect(page, NULL, "/forgotten?sent=1");
    bool about_all = error_is(failure, TD_ERROR_BUSY) || error_is(failure, TD_ERROR_CONFLICT);
    if (page_refused(page, failure) || about_all) {
        json_set_text(page->data, "problem", failure->message);
        return show_form(page, page_status(failure), error);
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

/* ---- the link in the mail ---- */

typedef struct {
    const char *secret;
    int64_t now_us;
    char *hash;
    bool good;
} Link;

static bool look(DbTx *tx, void *data, GError **error)
{
    Link *link = data;
    return one_time_link_is_good(tx, LINK_PASSWORD_RESET, link->secret, link->now_us, &link->good,
                                 error);
}

static bool find_link(Page *page, Link *link, GError **error)
{
    *link =
        (Link){.secret = page_param(page, "secret"), .now_us = desk_now_us(page->console->desk)};
    return db_read(desk_db(page->console->desk), look, link, error);
}

static HttpResponse *show_link(Page *page, int status, const Link *link, GError **error)
{
    json_set_text(page->data, "secret", link->good ? link->secret : NULL);
    json_set_int(page->data, "minutes", ONE_TIME_LINK_MINUTES);
    return page_view(page, link->good ? status : 404, "password", "A new password", error);
}

HttpResponse *password_show(Page *page, GError **error)
{
    Link link;
    return find_link(page, &link, error) ? show_link(page, 200, &link, error) : NULL;
}

static bool reset(DeskTx *tx, void *data, GError **error)
{
    const Link *link = data;
    return password_reset(tx, link->secret, link->hash, error);
}

HttpResponse *password_post(Page *page, GError **error)
{
    Link link;
    if (!find_link(page, &link, error))
        return NULL;
    if (!link.good) /* before the hash is made, which costs */
        return show_link(page, 404, &link, error);
    g_autoptr(GError) failure = NULL;
    g_autofree char *hash =
        password_hash(page_field(page, "new_password"), "/new_password", &failure);
    link.hash = hash;
    if (hash != NULL && desk_write(page->console->desk, &nobody, reset, &link, &failure))
        return page_redirect(page, "password-reset", "/sign-in");
    if (error_is(failure, TD_ERROR_DENIED)) {
        link.good = false;
        return show_link(page, 404, &link, error);
    }
    if (page_refused(page, failure))
        return show_link(page, page_status(failure), &link, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}
