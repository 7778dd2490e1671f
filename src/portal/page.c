/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/page.h"

#include "alerts/locale.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "records/status.h"
#include "records/token.h"
#include "web/guard.h"

#include <string.h>

void portal_page_clear(PortalPage *page)
{
    g_clear_pointer(&page->secret, secret_free);
    g_clear_pointer(&page->session, session_free);
    g_clear_pointer(&page->form, http_form_free);
    g_clear_pointer(&page->settings, settings_free);
    g_clear_pointer(&page->visitor, visitor_free);
    g_clear_pointer(&page->data, json_decref);
    g_clear_pointer(&page->cookies, g_ptr_array_unref);
}

/* What they chose before they signed in; theirs; what the browser would rather have; the desk's. */
void portal_page_choose_language(PortalPage *page)
{
    g_autofree char *chosen =
        http_cookie_find(http_request_header(page->request, "Cookie"), PORTAL_LANGUAGE_COOKIE);
    page->language = words_language_find(chosen);
    if (page->language == NULL && page->visitor != NULL)
        page->language = words_language_find(page->visitor->language);
    if (page->language == NULL)
        page->language =
            words_language_accepted(http_request_header(page->request, "Accept-Language"));
    if (page->language == NULL && page->settings != NULL)
        page->language = words_language_find(page->settings->desk.language);
    if (page->language == NULL)
        page->language = words_languages[0];
    page->words = portal_words_of(page->portal->words, page->language);
}

/* ---- what was sent ---- */

const char *portal_field(const PortalPage *page, const char *name)
{
    const char *text = page->form != NULL ? http_form_text(page->form, name) : NULL;
    return text != NULL ? text : "";
}

const char *portal_query(const PortalPage *page, const char *name)
{
    const char *text = http_request_query(page->request, name);
    return text != NULL ? text : "";
}

int64_t portal_number(const char *text)
{
    int64_t number;
    return text_to_int(text, 1, INT64_MAX, &number) ? number : 0;
}

AttachmentDraft *portal_files(const PortalPage *page, size_t *n)
{
    *n = http_form_n_files(page->form);
    AttachmentDraft *drafts = g_new0(AttachmentDraft, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        const HttpFormFile *file = http_form_file(page->form, i);
        drafts[i] = (AttachmentDraft){
            .name = file->file_name, .content_type = file->content_type, .content = file->content};
    }
    return drafts;
}

/* ---- the desk ---- */

typedef struct {
    PortalPage *page;
    PortalRead read;
    PortalWrite write;
    void *data;
} Work;

static bool run_read(DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Settings) settings = settings_load(tx, error);
    g_autoptr(Visitor) visitor =
        settings != NULL ? visitor_load(tx, settings, &work->page->caller, error) : NULL;
    return visitor != NULL && work->read(work->page, tx, visitor, error);
}

bool portal_read(PortalPage *page, PortalRead fn, GError **error)
{
    Work work = {.page = page, .read = fn};
    return db_read(desk_db(page->portal->desk), run_read, &work, error);
}

static bool run_write(DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    const Settings *settings = desk_settings(tx, error);
    g_autoptr(Visitor) visitor =
        settings != NULL ? visitor_load(tx->db, settings, &work->page->caller, error) : NULL;
    return visitor != NULL && work->write(work->page, tx, visitor, work->data, error);
}

bool portal_write(PortalPage *page, PortalWrite fn, void *data, GError **error)
{
    static const Actor nobody = {ACTOR_SYSTEM, 0, (char *)"Tidings", CHANNEL_WEB};
    Work work = {.page = page, .write = fn, .data = data};
    return desk_write(page->portal->desk, &nobody, run_write, &work, error);
}

/* The keys of forms stand beside those of tokens, as those of one that there is not. */
#define ONCE_TOKEN   (-1)
#define ONCE_LETTERS 26
#define ONCE_US      (24 * 60 * 60 * (int64_t)1000000)

typedef struct {
    PortalWrite write;
    void *data;
    int64_t *number;
} Once;

static bool run_once(PortalPage *page, DeskTx *tx, const Visitor *visitor, void *data,
                     GError **error)
{
    const Once *once = data;
    g_autofree char *typed = g_strconcat(page->route->pattern, " ", visitor->email_key, " ",
                                         portal_field(page, "once"), NULL);
    g_autofree char *name = secret_hash(typed, strlen(typed));
    const IdempotencyKey key = {.token = ONCE_TOKEN, .key = name, .request_hash = name};
    g_autofree char *kept = NULL;
    int status;
    if (!idempotency_claim(tx->db, &key, tx->now_us, tx->now_us - ONCE_US, &status, &kept, error))
        return false;
    if (status != 0) {
        *once->number = portal_number(kept);
        return true;
    }
    if (!once->write(page, tx, visitor, once->data, error))
        return false;
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, *once->number);
    return idempotency_answer(tx->db, &key, 200, number, error);
}

bool portal_write_once(PortalPage *page, PortalWrite fn, void *data, int64_t *number,
                       GError **error)
{
    Once once = {fn, data, number};
    return strlen(portal_field(page, "once")) == ONCE_LETTERS
               ? portal_write(page, run_once, &once, error)
               : portal_write(page, fn, data, error);
}

/* ---- the answer ---- */

static void add_languages(PortalPage *page)
{
    json_t *list = json_array();
    for (int i = 0; i < WORDS_N_LANGUAGES; i++) {
        const json_t *table = portal_words_of(page->portal->words, words_languages[i]);
        json_t *item = json_object();
        json_set_text(item, "value", words_languages[i]);
        json_set_text(item, "label", json_get_text(table, "language_name"));
        json_set_bool(item, "selected", strcmp(words_languages[i], page->language) == 0);
        json_array_append_new(list, item);
    }
    json_object_set_new(page->data, "languages", list);
    json_set_text(page->data, "lang", page->language);
}

static void add_desk(PortalPage *page)
{
    const Settings *settings = page->settings;
    bool named = settings != NULL && *settings->desk.name != '\0';
    json_t *desk = json_object();
    json_set_text(desk, "name", named ? settings->desk.name : "Tidings");
    if (settings != NULL) {
        json_set_text(desk, "phone", settings->desk.phone);
        json_set_text(desk, "hours", settings->desk.hours);
    }
    json_object_set_new(page->data, "desk", desk);
}

static void add_visitor(PortalPage *page)
{
    const Visitor *visitor = page->visitor;
    if (visitor == NULL)
        return;
    json_t *me = json_object();
    json_set_text(me, "name", visitor->name != NULL ? visitor->name : visitor->email);
    json_set_text(me, "email", visitor->email);
    json_object_set_new(page->data, visitor->customer != NULL ? "me" : "link_visitor", me);
    if (visitor->customer == NULL)
        json_set_text(page->data, "link", page->caller.link);
}

/* {"nav": {"tickets": true}}: the second part of the path, or "new" behind it. */
static void add_place(PortalPage *page)
{
    const char *path = http_request_path(page->request);
    const char *second = g_str_has_prefix(path, "/portal/") ? path + strlen("/portal/") : "";
    g_autofree char *name = strcmp(second, "tickets/new") == 0
                                ? g_strdup("new")
                                : g_strndup(second, strcspn(second, "/"));
    json_t *nav = json_object();
    json_set_bool(nav, name, true);
    json_object_set_new(page->data, "nav", nav);
    json_set_text(page->data, "here", strcmp(page->route->method, "GET") == 0 ? path : "");
}

/* A message of a form that worked: never a text from the address. */
static void add_done(PortalPage *page)
{
    g_autofree char *key = g_strconcat(portal_query(page, "done"), "_done", NULL);
    if (json_object_get(page->words, key) != NULL)
        json_set_text(page->data, "done", json_get_text(page->words, key));
}

HttpResponse *portal_view(PortalPage *page, int status, const char *view, const char *title,
                          GError **error)
{
    g_autofree char *token = page->secret != NULL ? web_form_token(page->secret) : g_strdup("");
    g_autofree char *once = random_base32(random_system(), ONCE_LETTERS);
    json_set_text(page->data, "token", token);
    json_set_text(page->data, "once", once);
    json_object_set(page->data, "w", page->words);
    json_object_set(page->data, "assets", web_assets_paths(page->portal->assets));
    if (title != NULL)
        json_set_text(page->data, "page_title", json_get_text(page->words, title));
    add_languages(page);
    add_desk(page);
    add_visitor(page);
    add_place(page);
    add_done(page);
    char *html = web_views_render(page->portal->views, "_layout", view, page->data, error);
    return html != NULL ? web_page_response(status, html) : NULL;
}

HttpResponse *portal_redirect(PortalPage *page, const char *done, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    if (done == NULL)
        return web_redirect(path);
    g_autofree char *target =
        g_strdup_printf("%s%cdone=%.*s", path, strchr(path, '?') != NULL ? '&' : '?',
                        (int)(strlen(done) - strlen("_done")), done);
    return web_redirect(target);
}

/* ---- what did not work ---- */

/* What the customer can do about it is the same for several. */
static const char *problem_key(const GError *error)
{
    static const struct {
        const char *problem, *key;
    } others[] = {
        {"public-url-missing", "problem_cannot_mail"},
        {"alerts-server-inactive", "problem_cannot_mail"},
        {"unknown-attachment", "problem_unknown_ticket"},
        {"sign-in-needed", "problem_not_a_customer"},
        {"link-only", "problem_not_a_customer"},
        {"too-many", "problem_too_long"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (strcmp(error_problem(error), others[i].problem) == 0)
            return others[i].key;
    return NULL;
}

void portal_note_problem(PortalPage *page, const GError *error)
{
    g_autofree char *own = g_strconcat("problem_", error_problem(error), NULL);
    const char *key = problem_key(error);
    g_strdelimit(own, "-", '_');
    if (key == NULL)
        key = json_object_get(page->words, own) != NULL ? own
              : error_http_status(error) >= 500         ? "problem_try_again"
                                                        : "problem_other";
    g_autofree char *text =
        words_format(page->words, key, "minutes", G_STRINGIFY(ONE_TIME_LINK_MINUTES), NULL);
    json_set_text(page->data, "problem", text);
}

bool portal_is_refusal(const GError *error)
{
    return error_is(error, TD_ERROR_INVALID) || error_is(error, TD_ERROR_BUSY);
}

/* ---- for views ---- */

void portal_set_time(const PortalPage *page, json_t *object, const char *name, int64_t time_us)
{
    if (time_us == 0)
        return;
    const char *zone = page->visitor != NULL ? page->visitor->time_zone : "UTC";
    g_autofree char *rfc3339 = text_from_time(time_us);
    g_autofree char *text = locale_time(rfc3339, zone, page->language);
    json_set_text(object, name, text);
}

void portal_set_status(const PortalPage *page, json_t *object, int status)
{
    const json_t *labels = page->settings != NULL ? page->settings->tickets.status_labels : NULL;
    g_autofree char *label = locale_status(status_label(status, labels), page->language);
    bool over = status_is_closed(status) || status == STATUS_CANCELED;
    json_set_text(object, "status", label);
    json_set_bool(object, "is_over", over);
    json_set_bool(object, "is_closed", status_is_closed(status));
}

char *portal_ticket_path(const PortalPage *page, int64_t number)
{
    if (page->caller.link == NULL)
        return g_strdup_printf("/portal/tickets/%" G_GINT64_FORMAT, number);
    g_autofree char *link = g_uri_escape_string(page->caller.link, NULL, FALSE);
    return g_strconcat("/portal/t/", link, NULL);
}
