/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request of the console: who asks, what they sent, and the page that is made of it.
 *
 * A handler gives an answer, or NULL with an error, which becomes the page that says so. It adds to
 * page->data what its view shows; what every page shows (names, banners, the form's token) is added
 * when it is rendered.
 */
#pragma once

#include "base/json.h"
#include "console/console.h"
#include "desk/sign_in.h"
#include "http/http.h"
#include "records/settings.h"
#include "web/views.h"

#include <stdbool.h>

#define CONSOLE_COOKIE "tidings_session"

struct Console {
    Desk *desk;
    Api *api;
    const WebAssets *assets;
    WebViews *views;
    struct PageBound *bound;
};

typedef struct Page Page;
typedef HttpResponse *(*PageHandler)(Page *page, GError **error);

typedef struct {
    const char *method;
    const char *pattern;
    PageRole role;
    PageHandler handler;
} PageRoute;

/* routes.c: one of console_n_routes() */
const PageRoute *page_route(size_t index);

struct Page {
    Console *console;
    const PageRoute *route;
    const HttpRequest *request;
    char *secret;       /* of the session, or of the cookie before there is one; NULL: neither */
    Session *session;   /* NULL: nobody has signed in */
    Employee *employee; /* the same */
    ApiCaller caller;
    HttpForm *form;     /* of a POST; NULL otherwise */
    Settings *settings; /* what page_settings() has read */
    json_t *data;       /* an object */
    char *cookie;       /* a Set-Cookie for the answer; NULL: none */
};

void page_clear(Page *page);

/* ---- what was sent ---- */

/* A parameter of the path, a field of the form (never NULL: "" where it was not sent), one of the
 * query (never NULL). Borrowed. */
const char *page_param(const Page *page, const char *name);
const char *page_field(const Page *page, const char *name);
const char *page_query(const Page *page, const char *name);

/* Whether a box was ticked. */
bool page_ticked(const Page *page, const char *name);

/* Sets a field of an API request from the form where the form has it: as text ("" becomes null
 * where `nullable`), or as an id (text_to_int(); "" becomes null). */
void page_take_text(const Page *page, json_t *body, const char *name);
void page_take_optional(const Page *page, json_t *body, const char *name);
void page_take_id(const Page *page, json_t *body, const char *name);

/* A text that may stand as one segment of a path, or as a query's value. Free with g_free(). */
char *page_escape(const char *text);

/* ---- the API ---- */

/* GET /api/v1 and the formatted path: a new reference. Errors: what the API answered, with its
 * problem and field. */
json_t *page_get(Page *page, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* POST, PATCH, PUT, DELETE with a body (taken; NULL: none). A form that carries a "once" makes the
 * same change only once, however often it is sent. JSON null where the answer has no body. */
json_t *page_send(Page *page, const char *method, json_t *body, GError **error, const char *format,
                  ...) G_GNUC_PRINTF(5, 6);

/* POST of a question: it changes nothing, so it is never kept from being asked again. */
json_t *page_ask(Page *page, json_t *body, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* POST of what is no JSON, of this Content-Type. */
json_t *page_send_bytes(Page *page, const char *type, GBytes *body, GError **error,
                        const char *path);

/* As page_get(), for what is no JSON: the API's answer as it is. Never NULL. */
HttpResponse *page_call(Page *page, const char *method, json_t *body, const char *path);

/* The bytes of a mail as text: never as a page of ours. An answer that is an error stays as it is.
 */
HttpResponse *page_as_text(HttpResponse *response);

/* ---- the answer ---- */

/* The options, read once a request. Errors: those of settings_load(). Borrowed. */
const Settings *page_settings(Page *page, GError **error);

/* The page `view` with page->data. */
HttpResponse *page_view(Page *page, int status, const char *view, const char *title,
                        GError **error);

/* A piece of a page, for a script that puts it in place. */
HttpResponse *page_piece(Page *page, const char *view, GError **error);

/* After a form that worked: `done` names the message that the next page shows (page_done.c). */
HttpResponse *page_redirect(Page *page, const char *done, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Notes on page->data why a form was refused: "problem" (the sentence) and "errors" (an object with
 * true at the field's name, so {{#errors.title}} can mark it); and "form", what was typed. Then the
 * handler shows the form again. False where the error is no fault of the form and belongs on a page
 * of its own. */
bool page_refused(Page *page, const GError *error);

/* The status for a form that is shown again. */
int page_status(const GError *error);

/* ---- for views ---- */

/* [{"value","label","selected"}] out of a list of objects: `value` and `label` name their fields.
 */
json_t *page_choices(const json_t *items, const char *value, const char *label,
                     const char *selected);

/* Adds NAME_short, NAME_full to an object with a time NAME. */
void page_add_time(Page *page, json_t *object, const char *name);

/* A new random text for "once". Free with g_free(). */
char *page_once(const Page *page);
