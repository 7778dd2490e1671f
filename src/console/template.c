/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The editor of an email template: one language at a time, with the mail that comes of it beside
 * it. What was typed is kept whatever happens: a form that is refused comes back as it was sent,
 * with the place that is wrong.
 */
#include "console/template.h"

#include "console/pages.h"
#include "template/template.h"

#include <string.h>

#define MARK_CHARS 60 /* shown on each side of the place that is wrong */

bool template_number(const Page *page, int64_t *id, GError **error)
{
    if (text_to_int(page_param(page, "id"), 1, INT64_MAX, id))
        return true;
    error_set(error, TD_ERROR_NOT_FOUND, "There is no such template");
    return false;
}

char *template_language_words(const char *code)
{
    static const char *const names[][2] = {
        {"en", "English"}, {"de", "German"},     {"fr", "French"}, {"es", "Spanish"},
        {"it", "Italian"}, {"pt", "Portuguese"}, {"nl", "Dutch"},  {"pl", "Polish"},
        {"da", "Danish"},  {"sv", "Swedish"},    {"cs", "Czech"},  {"ja", "Japanese"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i][0], code) == 0)
            return g_strdup_printf("%s (%s)", names[i][1], code);
    return g_strdup(code);
}

/* ---- where it is wrong ---- */

static const char *find_line(const char *text, int line)
{
    for (int i = 1; text != NULL && i < line; i++) {
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    return text;
}

json_t *template_mark(const Page *page, const GError *error)
{
    int line, column;
    const char *field = error_field(error);
    const char *name = field != NULL ? strrchr(field, '/') : NULL;
    if (name == NULL || !template_error_position(error, &line, &column))
        return NULL;
    const char *start = find_line(page_field(page, name + 1), line);
    if (start == NULL)
        return NULL;
    g_autofree char *words = g_strndup(start, strcspn(start, "\r\n"));
    glong chars = g_utf8_strlen(words, -1);
    glong at = CLAMP(column - 1, 0, chars);
    glong from = MAX(at - MARK_CHARS, 0), to = MIN(at + 1, chars);
    g_autofree char *before = g_utf8_substring(words, from, at);
    g_autofree char *marked = g_utf8_substring(words, at, to);
    g_autofree char *after = g_utf8_substring(words, to, MIN(to + MARK_CHARS, chars));
    json_t *mark = json_object();
    json_set_text(mark, "field", name + 1);
    json_set_int(mark, "line", line);
    json_set_int(mark, "column", column);
    json_set_text(mark, "before", before);
    json_set_text(mark, "at", *marked != '\0' ? marked : " ");
    json_set_text(mark, "after", after);
    return mark;
}

/* ---- what the editor shows ---- */

static const char *wanted_language(const Page *page)
{
    const char *typed = page_field(page, "language");
    return *typed != '\0' ? typed : page_query(page, "language");
}

static void add_tab(json_t *tabs, int64_t id, const char *language, const char *current)
{
    g_autofree char *words = template_language_words(language);
    g_autofree char *escaped = page_escape(language);
    g_autofree char *link =
        g_strdup_printf("/templates/%" G_GINT64_FORMAT "?language=%s", id, escaped);
    json_t *tab = json_object();
    json_set_text(tab, "label", words);
    json_set_text(tab, "link", link);
    json_set_bool(tab, "current", strcmp(language, current) == 0);
    json_array_append_new(tabs, tab);
}

/* The saved words in a language: the template itself has those in its own. NULL: none. Borrowed. */
static const json_t *words_in(const json_t *template, const char *language)
{
    return strcmp(language, json_get_text(template, "language")) == 0
               ? template
               : json_object_get(json_object_get(template, "translations"), language);
}

static void add_languages(Page *page, const json_t *template, int64_t id, const char *current)
{
    json_t *tabs = json_array();
    const char *own = json_get_text(template, "language");
    add_tab(tabs, id, own, current);
    const char *language;
    json_t *words;
    json_object_foreach(json_object_get(template, "translations"), language, words)
    {
        add_tab(tabs, id, language, current);
    }
    bool fresh = words_in(template, current) == NULL;
    if (fresh)
        add_tab(tabs, id, current, current);
    g_autofree char *current_words = template_language_words(current);
    json_object_set_new(page->data, "languages", tabs);
    json_set_text(page->data, "language", current);
    json_set_text(page->data, "language_words", current_words);
    json_set_bool(page->data, "fresh", fresh);
    json_set_bool(page->data, "translated", strcmp(current, own) != 0);
}

/* What stands in the fields: what was typed, else what is saved, and for a new language the words
 * to translate from. */
static void add_form(Page *page, const json_t *template, const char *language)
{
    static const char *const names[] = {"subject", "text", "html"};
    const json_t *saved = words_in(template, language);
    json_t *form = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        json_set_text(form, names[i],
                      page->form != NULL && http_form_text(page->form, names[i]) != NULL
                          ? page_field(page, names[i])
                          : json_get_text(saved != NULL ? saved : template, names[i]));
    bool typed = page->form != NULL && http_form_text(page->form, "name") != NULL;
    json_set_text(form, "name", typed ? page_field(page, "name") : json_get_text(template, "name"));
    const char *ticket = page_field(page, "ticket");
    json_set_text(form, "ticket", *ticket != '\0' ? ticket : page_query(page, "ticket"));
    const char *to = page_field(page, "to");
    json_set_text(form, "to", *to != '\0' ? to : page->employee->email);
    json_set_int(form, "version",
                 typed ? g_ascii_strtoll(page_field(page, "version"), NULL, 10)
                       : json_get_int(template, "version"));
    json_object_set_new(page->data, "form", form);
}

/* The catalogue by groups: "ticket", "account", ... */
static bool add_fields(Page *page, GError **error)
{
    json_auto_t *list = page_get(page, error, "/merge-fields");
    if (list == NULL)
        return false;
    json_t *groups = json_array();
    json_t *fields = NULL;
    g_autofree char *last = NULL;
    size_t i;
    json_t *field;
    json_array_foreach(json_object_get(list, "items"), i, field)
    {
        const char *name = json_get_text(field, "name");
        g_autofree char *group = g_strndup(name, strcspn(name, "."));
        if (g_strcmp0(group, last) != 0) {
            json_t *value = json_object();
            fields = json_array();
            json_set_text(value, "group", group);
            json_object_set_new(value, "fields", fields);
            json_array_append_new(groups, value);
            g_free(last);
            last = g_steal_pointer(&group);
        }
        bool is_list = strcmp(json_get_text(field, "kind"), "list") == 0;
        g_autofree char *tag = is_list ? g_strdup_printf("{{#%s}}{{/%s}}", name, name)
                                       : g_strdup_printf("{{%s}}", name);
        json_set_text(field, "tag", tag);
        json_array_append(fields, field);
    }
    json_object_set_new(page->data, "field_groups", groups);
    return true;
}

HttpResponse *template_editor(Page *page, int64_t id, int status, GError **error)
{
    json_auto_t *template = page_get(page, error, "/templates/%" G_GINT64_FORMAT, id);
    if (template == NULL || !add_fields(page, error))
        return NULL;
    const char *wanted = wanted_language(page);
    g_autofree char *language =
        g_strdup(*wanted != '\0' ? wanted : json_get_text(template, "language"));
    add_languages(page, template, id, language);
    add_form(page, template, language);
    json_t *form = json_object_get(page->data, "form");
    json_t *body = json_object();
    json_set_text(body, "language", language);
    static const char *const names[] = {"subject", "text", "html"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        json_set_text(body, names[i], json_get_text(form, names[i]));
    int64_t ticket;
    if (text_to_int(json_get_text(form, "ticket"), 1, INT64_MAX, &ticket))
        json_set_int(body, "ticket", ticket);
    if (!template_add_preview(page, id, body, error))
        return NULL;
    json_object_set(page->data, "template", template);
    json_set_bool(page->data, "editor", true);
    return page_view(page, status, "template", json_get_text(template, "name"), error);
}

HttpResponse *template_show(Page *page, GError **error)
{
    int64_t id;
    return template_number(page, &id, error) ? template_editor(page, id, 200, error) : NULL;
}

HttpResponse *template_refuse(Page *page, int64_t id, GError *failure, GError **error)
{
    g_autoptr(GError) why = failure;
    if (!page_refused(page, why)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
    json_t *mark = template_mark(page, why);
    if (mark != NULL) {
        /* Beside the field that it is in: "mark_text". */
        g_autofree char *name = g_strconcat("mark_", json_get_text(mark, "field"), NULL);
        json_object_set_new(page->data, name, mark);
    }
    return template_editor(page, id, page_status(why), error);
}

/* ---- saving ---- */

/* {"version", "name", and the words in the language of the form} */
static json_t *change_of(Page *page, const json_t *template)
{
    const char *language = page_field(page, "language");
    json_t *change = json_object();
    int64_t version;
    if (text_to_int(page_field(page, "version"), 1, INT64_MAX, &version))
        json_set_int(change, "version", version);
    page_take_text(page, change, "name");
    bool own = strcmp(language, json_get_text(template, "language")) == 0;
    json_t *words = own ? change : json_object();
    page_take_text(page, words, "subject");
    page_take_text(page, words, "text");
    page_take_text(page, words, "html");
    if (!own) {
        json_t *translations = json_object();
        json_object_set_new(translations, language, words);
        json_object_set_new(change, "translations", translations);
    }
    return change;
}

HttpResponse *template_save_post(Page *page, GError **error)
{
    int64_t id;
    json_auto_t *template = template_number(page, &id, error)
                                ? page_get(page, error, "/templates/%" G_GINT64_FORMAT, id)
                                : NULL;
    if (template == NULL)
        return NULL;
    GError *failure = NULL;
    json_auto_t *saved = page_send(page, "PATCH", change_of(page, template), &failure,
                                   "/templates/%" G_GINT64_FORMAT, id);
    if (saved == NULL)
        return template_refuse(page, id, failure, error);
    bool same = json_get_int(saved, "version") == json_get_int(template, "version") &&
                strcmp(json_get_text(saved, "name"), json_get_text(template, "name")) == 0;
    g_autofree char *language = page_escape(page_field(page, "language"));
    return page_redirect(page, same ? "unchanged" : "template-saved",
                         "/templates/%" G_GINT64_FORMAT "?language=%s", id, language);
}

HttpResponse *template_untranslate_post(Page *page, GError **error)
{
    int64_t id;
    if (!template_number(page, &id, error))
        return NULL;
    json_t *translations = json_object();
    json_object_set_new(translations, page_field(page, "remove"), json_null());
    json_t *change = json_object();
    json_object_set_new(change, "translations", translations);
    json_auto_t *saved =
        page_send(page, "PATCH", change, error, "/templates/%" G_GINT64_FORMAT, id);
    return saved != NULL
               ? page_redirect(page, "translation-removed", "/templates/%" G_GINT64_FORMAT, id)
               : NULL;
}
