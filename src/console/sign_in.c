/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in and out. */
#include "base/error.h"
#include "base/secret.h"
#include "console/pages.h"
#include "web/guard.h"

#include <string.h>

/* A path of ours to go on to: never another site. */
static const char *next_path(const char *wanted)
{
    bool ours = wanted[0] == '/' && wanted[1] != '/' && strchr(wanted, '\\') == NULL;
    return ours ? wanted : "/tickets";
}

static HttpResponse *show(Page *page, int status, GError **error)
{
    const char *next = page->form != NULL ? page_field(page, "next") : page_query(page, "next");
    json_set_text(page->data, "next", next);
    json_set_bool(page->data, "ended", *page_query(page, "ended") != '\0');
    return page_view(page, status, "sign_in", "Sign in", error);
}

HttpResponse *sign_in_show(Page *page, GError **error)
{
    if (page->employee != NULL)
        return web_redirect(next_path(page_query(page, "next")));
    return show(page, 200, error);
}

static void set_session_cookie(Page *page, const char *secret)
{
    g_free(page->cookie);
    page->cookie = http_cookie_make(CONSOLE_COOKIE, secret, (int)(SESSION_LIFE_US / US_PER_SECOND),
                                    web_is_secure(page->request));
}

HttpResponse *sign_in_post(Page *page, GError **error)
{
    g_autofree char *peer = web_client(page->request);
    SignIn attempt = {.login = page_field(page, "login"),
                      .password = page_field(page, "password"),
                      .peer = peer,
                      .agent = http_request_header(page->request, "User-Agent")};
    g_autoptr(GError) failure = NULL;
    char *secret = sign_in(page->console->desk, &attempt, &failure);
    if (secret == NULL) {
        if (!error_is(failure, TD_ERROR_UNAUTHENTICATED) && !error_is(failure, TD_ERROR_DENIED)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return NULL;
        }
        json_set_text(page->data, "problem", failure->message);
        json_set_text(page->data, "login", page_field(page, "login"));
        return show(page, error_http_status(failure) == 401 ? 422 : 429, error);
    }
    set_session_cookie(page, secret);
    secret_free(secret);
    return web_redirect(next_path(page_field(page, "next")));
}

static bool end_session(DeskTx *tx, void *data, GError **error)
{
    const Session *session = data;
    return session_end(tx->db, session->id, error);
}

HttpResponse *sign_out_post(Page *page, GError **error)
{
    if (!desk_write(page->console->desk, &page->caller.actor, end_session, page->session, error))
        return NULL;
    page->cookie = http_cookie_make(CONSOLE_COOKIE, "", -1, web_is_secure(page->request));
    return page_redirect(page, "signed-out", "/sign-in");
}
