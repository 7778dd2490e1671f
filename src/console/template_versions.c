/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of a template: who made them and when, what differs between two, and going back. */
#include "console/pages.h"
#include "console/template.h"

#include <string.h>

#define VERSIONS 100 /* on one page */

static void dress_version(Page *page, json_t *version, int64_t newest)
{
    int64_t number = json_get_int(version, "version");
    page_add_time(page, version, "at");
    json_set_text(version, "who", json_get_text(json_object_get(version, "author"), "name"));
    json_set_bool(version, "newest", number == newest);
    json_set_int(version, "before", number - 1);
}

static bool add_versions(Page *page, int64_t id, GError **error)
{
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *list =
        page_get(page, error, "/templates/%" G_GINT64_FORMAT "/versions?limit=%d&cursor=%s", id,
                 VERSIONS, cursor);
    if (list == NULL)
        return false;
    json_t *versions = json_object_get(list, "items");
    int64_t newest = json_get_int(json_object_get(page->data, "template"), "version");
    size_t i;
    json_t *version;
    json_array_foreach(versions, i, version)
    {
        dress_version(page, version, newest);
    }
    g_autofree char *before = g_strdup_printf("%" G_GINT64_FORMAT, MAX(newest - 1, 1));
    const char *from = *page_query(page, "from") != '\0' ? page_query(page, "from") : before;
    json_object_set_new(page->data, "from_choices",
                        page_choices(versions, "version", "version", from));
    json_object_set_new(page->data, "to_choices",
                        page_choices(versions, "version", "version", page_query(page, "to")));
    json_object_set(page->data, "versions", versions);
    json_object_set(page->data, "next", json_object_get(list, "next_cursor"));
    return true;
}

static void dress_part(json_t *part)
{
    g_autofree char *language = template_language_words(json_get_text(part, "language"));
    json_set_text(part, "language_words", language);
    json_set_bool(part, "is_subject", strcmp(json_get_text(part, "part"), "subject") == 0);
    json_set_bool(part, "is_text", strcmp(json_get_text(part, "part"), "text") == 0);
    json_set_bool(part, "is_html", strcmp(json_get_text(part, "part"), "html") == 0);
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(part, "lines"), i, line)
    {
        json_set_bool(line, "gone", strcmp(json_get_text(line, "change"), "-") == 0);
    }
}

/* What differs, where two versions were asked for. */
static bool add_difference(Page *page, int64_t id, GError **error)
{
    if (*page_query(page, "from") == '\0' && *page_query(page, "to") == '\0')
        return true;
    g_autofree char *from = page_escape(page_query(page, "from"));
    g_autofree char *to = page_escape(page_query(page, "to"));
    json_t *diff =
        page_get(page, error, "/templates/%" G_GINT64_FORMAT "/diff?from=%s&to=%s", id, from, to);
    if (diff == NULL)
        return false;
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(diff, "parts"), i, part)
    {
        dress_part(part);
    }
    json_set_bool(diff, "same", i == 0);
    json_object_set_new(page->data, "diff", diff);
    return true;
}

HttpResponse *template_versions_show(Page *page, GError **error)
{
    int64_t id;
    json_t *template = template_number(page, &id, error)
                           ? page_get(page, error, "/templates/%" G_GINT64_FORMAT, id)
                           : NULL;
    if (template == NULL)
        return NULL;
    json_object_set_new(page->data, "template", template);
    return add_versions(page, id, error) && add_difference(page, id, error)
               ? page_view(page, 200, "template_versions", json_get_text(template, "name"), error)
               : NULL;
}

HttpResponse *template_restore_post(Page *page, GError **error)
{
    int64_t id, version;
    if (!template_number(page, &id, error))
        return NULL;
    json_t *body = json_object();
    if (text_to_int(page_field(page, "version"), 1, INT64_MAX, &version))
        json_set_int(body, "version", version);
    else
        json_set_bool(body, "built_in", true);
    json_auto_t *restored =
        page_send(page, "POST", body, error, "/templates/%" G_GINT64_FORMAT "/restore", id);
    return restored != NULL ? page_redirect(page, "template-restored",
                                            "/templates/%" G_GINT64_FORMAT "/versions", id)
                            : NULL;
}
