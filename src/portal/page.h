/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to a customers' page: who asks, what they sent, and the page that is made of it.
 *
 * A handler gives an answer, or NULL with an error, which becomes the page that says so in the
 * customer's language. It adds to page->data what its view shows; what every page shows is added
 * when it is rendered.
 */
#pragma once

#include "base/json.h"
#include "desk/customer.h"
#include "desk/customer_session.h"
#include "http/http.h"
#include "portal/portal.h"
#include "portal/words.h"
#include "web/views.h"

#define PORTAL_COOKIE          "tidings_portal"
#define PORTAL_LANGUAGE_COOKIE "tidings_language"

struct Portal {
    Desk *desk;
    const WebAssets *assets;
    WebViews *views;
    PortalWords *words;
    struct PortalBound *bound;
};

typedef struct PortalPage PortalPage;
typedef HttpResponse *(*PortalHandler)(PortalPage *page, GError **error);

typedef struct {
    const char *method;
    const char *pattern;
    PortalRole role;
    PortalHandler handler;
} PortalRoute;

/* routes.c: one of portal_n_routes() */
const PortalRoute *portal_page_route(size_t index);

struct PortalPage {
    Portal *portal;
    const PortalRoute *route;
    const HttpRequest *request;
    HttpForm *form;        /* of a POST; NULL otherwise */
    char *secret;          /* of the session, or of the cookie before there is one */
    Session *session;      /* NULL: nobody has signed in */
    CustomerCaller caller; /* borrows from the session, the path and the form */
    Settings *settings;    /* NULL: they could not be read */
    Visitor *visitor;      /* NULL: nobody, or not any more */
    const char *language;  /* one of words_languages */
    json_t *words;         /* of that language; borrowed */
    json_t *data;          /* an object */
    GPtrArray *cookies;    /* Set-Cookie values for the answer */
};

void portal_page_clear(PortalPage *page);

/* Chooses the language, by what is known of who asks. */
void portal_page_choose_language(PortalPage *page);

/* ---- what was sent ---- */

/* A field of the form, one of the query: never NULL, borrowed. */
const char *portal_field(const PortalPage *page, const char *name);
const char *portal_query(const PortalPage *page, const char *name);

/* A number in a text from outside; 0 for what is none. */
int64_t portal_number(const char *text);

/* The form's files as attachments, which borrow from it; *n says how many. Free with g_free(). */
AttachmentDraft *portal_files(const PortalPage *page, size_t *n);

/* ---- the desk ---- */

/* Runs `fn` in a transaction that reads, with the visitor as they stand in it. May run more than
 * once: what it writes into page->data replaces what a former run wrote. */
typedef bool (*PortalRead)(PortalPage *page, DbTx *tx, const Visitor *visitor, GError **error);
bool portal_read(PortalPage *page, PortalRead fn, GError **error);

/* The same in a transaction that writes. */
typedef bool (*PortalWrite)(PortalPage *page, DeskTx *tx, const Visitor *visitor, void *data,
                            GError **error);
bool portal_write(PortalPage *page, PortalWrite fn, void *data, GError **error);

/* The same for a form that carries a "once": however often it is sent, `fn` is done once. *number
 * is what it leads to: written by `fn`, and remembered for a day. */
bool portal_write_once(PortalPage *page, PortalWrite fn, void *data, int64_t *number,
                       GError **error);

/* ---- the answer ---- */

/* The page `view` with page->data; `title` is a key of the words, or NULL where page->data has one.
 */
HttpResponse *portal_view(PortalPage *page, int status, const char *view, const char *title,
                          GError **error);

/* 303. `done` is the key of a word that the next page shows (NULL: none): "opened_done". */
HttpResponse *portal_redirect(PortalPage *page, const char *done, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Says in the customer's words why something did not work: page->data.problem. */
void portal_note_problem(PortalPage *page, const GError *error);

/* Whether a form that was refused so can be shown again with those words. */
bool portal_is_refusal(const GError *error);

/* ---- for views ---- */

/* Sets NAME to a time in the customer's language and zone; nothing for 0. */
void portal_set_time(const PortalPage *page, json_t *object, const char *name, int64_t time_us);

/* Sets "status", "tone" and "is_over" of a ticket. */
void portal_set_status(const PortalPage *page, json_t *object, int status);

/* Where the visitor's ticket is: "/portal/tickets/7", or the link that they came by. Free with
 * g_free(). */
char *portal_ticket_path(const PortalPage *page, int64_t number);
