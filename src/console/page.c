/* SPDX-License-Identifier: Apache-2.0 */
#include "console/page.h"

#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/text.h"
#include "console/done.h"
#include "desk/alerts.h"
#include "web/guard.h"
#include "web/when.h"

#include <string.h>

#define ONCE_LETTERS 26

void page_clear(Page *page)
{
    g_clear_pointer(&page->secret, secret_free);
    g_clear_pointer(&page->session, session_free);
    g_clear_pointer(&page->employee, employee_free);
    g_clear_pointer(&page->form, http_form_free);
    g_clear_pointer(&page->settings, settings_free);
    g_clear_pointer(&page->data, json_decref);
    g_clear_pointer(&page->cookie, g_free);
    actor_clear(&page->caller.actor);
}

/* ---- what was sent ---- */

const char *page_param(const Page *page, const char *name)
{
    return http_request_param(page->request, name);
}

const char *page_field(const Page *page, const char *name)
{
    const char *text = page->form != NULL ? http_form_text(page->form, name) : NULL;
    return text != NULL ? text : "";
}

const char *page_query(const Page *page, const char *name)
{
    const char *text = http_request_query(page->request, name);
    return text != NULL ? text : "";
}

bool page_ticked(const Page *page, const char *name)
{
    return page->form != NULL && http_form_text(page->form, name) != NULL;
}

void page_take_text(const Page *page, json_t *body, const char *name)
{
    const char *text = http_form_text(page->form, name);
    if (text != NULL)
        json_set_text(body, name, text);
}

void page_take_optional(const Page *page, json_t *body, const char *name)
{
    const char *text = http_form_text(page->form, name);
    if (text != NULL)
        json_set_text(body, name, *text != '\0' ? text : NULL);
}

void page_take_id(const Page *page, json_t *body, const char *name)
{
    const char *text = http_form_text(page->form, name);
    int64_t id;
    if (text == NULL)
        return;
    if (text_to_int(text, 1, INT64_MAX, &id))
        json_set_int(body, name, id);
    else
        json_set_text(body, name, *text != '\0' ? text : NULL); /* the API says what is wrong */
}

char *page_escape(const char *text)
{
    return g_uri_escape_string(text, NULL, FALSE);
}

/* ---- the answer ---- */

static bool load_settings(DbTx *tx, void *data, GError **error)
{
    Settings **settings = data;
    g_clear_pointer(settings, settings_free);
    *settings = settings_load(tx, error);
    return *settings != NULL;
}

const Settings *page_settings(Page *page, GError **error)
{
    if (page->settings == NULL &&
        !db_read(desk_db(page->console->desk), load_settings, &page->settings, error))
        return NULL;
    return page->settings;
}

static void add_person(Page *page)
{
    if (page->employee == NULL)
        return;
    json_t *me = json_object();
    json_set_int(me, "id", page->employee->id);
    json_set_text(me, "name", page->employee->name);
    json_set_text(me, "login", page->employee->login);
    json_set_bool(me, "admin", strcmp(page->employee->role, "admin") == 0);
    json_object_set_new(page->data, "me", me);
}

/* {"nav": {"tickets": true}}: the first part of the path. */
static void add_place(Page *page)
{
    const char *path = http_request_path(page->request) + 1;
    g_autofree char *first = g_strndup(path, strcspn(path, "/"));
    g_strdelimit(first, "-", '_');
    json_t *nav = json_object();
    json_set_bool(nav, first, true);
    json_object_set_new(page->data, "nav", nav);
}

static void add_token(Page *page)
{
    g_autofree char *token = page->secret != NULL ? web_form_token(page->secret) : g_strdup("");
    g_autofree char *once = page_once(page);
    json_set_text(page->data, "token", token);
    json_set_text(page->data, "once", once);
}

/* What has waited for a person for so long that everybody should know. */
static void add_held(Page *page)
{
    int64_t held;
    if (page->employee == NULL || !alerts_held_long(page->console->desk, &held, NULL) || held == 0)
        return;
    g_autofree char *words =
        held == 1 ? g_strdup("1 mail has been held for more than 15 minutes and waits")
                  : g_strdup_printf("%" G_GINT64_FORMAT "%s mails have been held for more"
                                    " than 15 minutes and wait",
                                    held, held >= ALERTS_HELD_MOST ? " or more" : "");
    json_set_text(page->data, "held", words);
}

/* What stands around every page. It must not fail for want of a database: the page may be the one
 * that says so. */
static void add_frame(Page *page, const char *title)
{
    const Settings *settings = page_settings(page, NULL);
    json_t *desk = json_object();
    bool named = settings != NULL && *settings->desk.name != '\0';
    json_set_text(desk, "name", named ? settings->desk.name : "Tidings");
    json_object_set_new(page->data, "desk", desk);
    json_set_text(page->data, "title", title);
    json_object_set(page->data, "assets", web_assets_paths(page->console->assets));
    if (settings != NULL && page->employee != NULL)
        json_set_bool(page->data, "alerts_off", !settings->alerts_server.active);
    add_held(page);
    json_set_text(page->data, "done", done_message(page_query(page, "done")));
    add_person(page);
    add_place(page);
    add_token(page);
}

HttpResponse *page_view(Page *page, int status, const char *view, const char *title, GError **error)
{
    add_frame(page, title);
    char *html = web_views_render(page->console->views, "_layout", view, page->data, error);
    return html != NULL ? web_page_response(status, html) : NULL;
}

HttpResponse *page_piece(Page *page, const char *view, GError **error)
{
    add_token(page);
    char *html = web_views_render(page->console->views, NULL, view, page->data, error);
    return html != NULL ? web_page_response(200, html) : NULL;
}

HttpResponse *page_redirect(Page *page, const char *done, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    if (done == NULL)
        return web_redirect(path);
    const char *fragment = strchr(path, '#');
    size_t bytes = fragment != NULL ? (size_t)(fragment - path) : strlen(path);
    g_autofree char *target =
        g_strdup_printf("%.*s%cdone=%s%s", (int)bytes, path, strchr(path, '?') != NULL ? '&' : '?',
                        done, path + bytes);
    return web_redirect(target);
}

/* ---- a form that was refused ---- */

int page_status(const GError *error)
{
    return error_http_status(error);
}

static void keep_form(Page *page)
{
    static const char *const kept_back[] = {"token", "once", NULL};
    json_t *form = json_object();
    for (size_t i = 0; i < http_form_n_texts(page->form); i++) {
        const char *name = http_form_name(page->form, i);
        if (g_strv_contains(kept_back, name) || strstr(name, "password") != NULL)
            continue;
        if (json_object_get(form, name) == NULL)
            json_set_text(form, name, http_form_text(page->form, name));
    }
    json_object_set_new(page->data, "form", form);
}

bool page_refused(Page *page, const GError *error)
{
    int status = error_http_status(error);
    if (status >= 500 || status == 401 || page->form == NULL)
        return false;
    json_set_text(page->data, "problem", error->message);
    keep_form(page);
    json_t *errors = json_object();
    const char *field = error_field(error);
    if (field != NULL) {
        /* "/recipients/2/email" is about "recipients" and about "email". */
        g_auto(GStrv) parts = g_strsplit(field, "/", -1);
        for (char **part = parts; *part != NULL; part++)
            if (**part != '\0')
                json_set_bool(errors, *part, true);
    }
    json_object_set_new(page->data, "errors", errors);
    return true;
}

/* ---- for views ---- */

static char *scalar_text(const json_t *value)
{
    if (json_is_integer(value))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    const char *text = json_string_value(value);
    return g_strdup(text != NULL ? text : "");
}

json_t *page_choices(const json_t *items, const char *value, const char *label,
                     const char *selected)
{
    json_t *choices = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        g_autofree char *text = scalar_text(json_object_get(item, value));
        g_autofree char *name = scalar_text(json_object_get(item, label));
        json_t *choice = json_object();
        json_set_text(choice, "value", text);
        json_set_text(choice, "label", name);
        json_set_bool(choice, "selected", selected != NULL && strcmp(text, selected) == 0);
        json_array_append_new(choices, choice);
    }
    return choices;
}

void page_add_time(Page *page, json_t *object, const char *name)
{
    const char *time = json_string_value(json_object_get(object, name));
    if (time == NULL)
        return;
    const Settings *settings = page_settings(page, NULL);
    const char *zone = settings != NULL ? settings->desk.time_zone : "UTC";
    g_autofree char *brief = web_when(time, zone, desk_now_us(page->console->desk));
    g_autofree char *full = web_when_full(time, zone);
    g_autofree char *brief_name = g_strconcat(name, "_short", NULL);
    g_autofree char *full_name = g_strconcat(name, "_full", NULL);
    json_set_text(object, brief_name, brief);
    json_set_text(object, full_name, full);
}

char *page_once(const Page *page)
{
    return random_base32(random_system(), ONCE_LETTERS);
}
