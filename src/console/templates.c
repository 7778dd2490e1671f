/* SPDX-License-Identifier: Apache-2.0 */
/* The list of email templates; new ones, copies, and taking one away. */
#include "console/pages.h"
#include "console/template.h"

#include <string.h>

#define PAGE_ITEMS 100

static const struct {
    const char *kind, *words;
} kinds[] = {
    {"ticket", "Alert about a ticket"},
    {"reply", "Answer to a ticket"},
    {"auto_response", "Automatic response"},
    {"sign_in", "Link to sign in"},
};

static const char *kind_words(const char *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].words;
    return kind;
}

/* ---- which of them are in use ---- */

static const struct {
    const char *section, *option, *words;
} uses[] = {
    {"alerts-to-customers", "new_ticket", "New Ticket alert"},
    {"alerts-to-customers", "ticket_closed", "Ticket Closed alert"},
    {"email-connector", "auto_response", "Automatic response"},
};

/* Whether an option means this template: it names it, or nothing, and then the built-in one of the
 * same name is meant. */
static bool is_used(const json_t *option, const char *name, const json_t *template)
{
    int64_t chosen = json_get_int(option, "template");
    return chosen != 0 ? chosen == json_get_int(template, "id")
                       : strcmp(json_get_text(template, "builtin"), name) == 0;
}

static bool add_uses(Page *page, json_t *templates, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(uses); i++) {
        json_auto_t *section = page_get(page, error, "/options/%s", uses[i].section);
        if (section == NULL)
            return false;
        const json_t *option = json_object_get(section, uses[i].option);
        bool on = json_get_bool(option, "enabled", false);
        size_t k;
        json_t *template;
        json_array_foreach(templates, k, template)
        {
            if (!is_used(option, uses[i].option, template))
                continue;
            json_t *use = json_object();
            json_set_text(use, "words", uses[i].words);
            json_set_bool(use, "on", on);
            json_array_append_new(json_object_get(template, "uses"), use);
        }
    }
    return true;
}

/* ---- the list ---- */

static void dress(json_t *template)
{
    json_t *languages = json_array();
    json_array_append(languages, json_object_get(template, "language"));
    const char *language;
    json_t *words;
    json_object_foreach(json_object_get(template, "translations"), language, words)
    {
        json_array_append_new(languages, json_string(language));
    }
    json_object_set_new(template, "languages", languages);
    json_object_set_new(template, "uses", json_array());
    json_set_text(template, "kind_words", kind_words(json_get_text(template, "kind")));
}

static bool add_list(Page *page, GError **error)
{
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *list = page_get(page, error, "/templates?limit=%d&cursor=%s", PAGE_ITEMS, cursor);
    if (list == NULL)
        return false;
    json_t *templates = json_object_get(list, "items");
    size_t i;
    json_t *template;
    json_array_foreach(templates, i, template)
    {
        dress(template);
    }
    json_object_set(page->data, "templates", templates);
    json_object_set(page->data, "next", json_object_get(list, "next_cursor"));
    return add_uses(page, templates, error);
}

HttpResponse *templates_show(Page *page, GError **error)
{
    return add_list(page, error) ? page_view(page, 200, "templates", "Email templates", error)
                                 : NULL;
}

/* ---- new ones ---- */

static json_t *kind_choices(const char *selected)
{
    json_t *choices = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        json_t *choice = json_object();
        json_set_text(choice, "value", kinds[i].kind);
        json_set_text(choice, "label", kinds[i].words);
        json_set_bool(choice, "selected", strcmp(kinds[i].kind, selected) == 0);
        json_array_append_new(choices, choice);
    }
    return choices;
}

static HttpResponse *show_new(Page *page, int status, GError **error)
{
    json_object_set_new(page->data, "kinds", kind_choices(page_field(page, "kind")));
    if (json_object_get(page->data, "form") == NULL) {
        const Settings *settings = page_settings(page, error);
        if (settings == NULL)
            return NULL;
        json_t *form = json_object();
        json_set_text(form, "subject", "[#{{ticket.number}}] {{ticket.title}}");
        json_set_text(form, "text",
                      "Hello {{recipient.name}},\n\nthis is about your ticket {{ticket.number}}:"
                      " {{ticket.title}}.\n\n{{desk.name}}\n");
        json_set_text(form, "language", settings->desk.language);
        json_object_set_new(page->data, "form", form);
    }
    return page_view(page, status, "template_new", "New email template", error);
}

HttpResponse *template_new_show(Page *page, GError **error)
{
    return show_new(page, 200, error);
}

HttpResponse *template_new_post(Page *page, GError **error)
{
    json_t *body = json_object();
    page_take_text(page, body, "name");
    page_take_text(page, body, "kind");
    page_take_optional(page, body, "language");
    page_take_text(page, body, "subject");
    page_take_text(page, body, "text");
    g_autoptr(GError) failure = NULL;
    json_auto_t *made = page_send(page, "POST", body, &failure, "/templates");
    if (made != NULL)
        return page_redirect(page, "template-made", "/templates/%" G_GINT64_FORMAT,
                             json_get_int(made, "id"));
    if (!page_refused(page, failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    json_t *mark = template_mark(page, failure);
    if (mark != NULL)
        json_object_set_new(page->data, "mark", mark);
    return show_new(page, page_status(failure), error);
}

/* ---- the list's buttons ---- */

HttpResponse *template_copy_post(Page *page, GError **error)
{
    int64_t id;
    if (!template_number(page, &id, error))
        return NULL;
    json_t *body = json_object();
    json_set_text(body, "name", page_field(page, "copy_name"));
    GError *failure = NULL;
    json_auto_t *made =
        page_send(page, "POST", body, &failure, "/templates/%" G_GINT64_FORMAT "/copy", id);
    if (made != NULL)
        return page_redirect(page, "template-made", "/templates/%" G_GINT64_FORMAT,
                             json_get_int(made, "id"));
    return template_refuse(page, id, failure, error);
}

HttpResponse *template_delete_post(Page *page, GError **error)
{
    int64_t id;
    if (!template_number(page, &id, error))
        return NULL;
    GError *failure = NULL;
    json_auto_t *gone =
        page_send(page, "DELETE", NULL, &failure, "/templates/%" G_GINT64_FORMAT, id);
    return gone != NULL ? page_redirect(page, "template-deleted", "/templates")
                        : template_refuse(page, id, failure, error);
}
