/* SPDX-License-Identifier: Apache-2.0 */
/* Who has changed what, of all that has no story of its own. */
#include "console/options.h"
#include "console/pages.h"

#include <string.h>

#define API_PREFIX "/api/v1/"

static const char *verb_of(const char *action)
{
    if (strcmp(action, "DELETE") == 0)
        return "removed";
    if (strcmp(action, "RESTORE") == 0)
        return "restored the desk from";
    if (strcmp(action, "MOVE") == 0)
        return "moved the desk by";
    return strcmp(action, "PATCH") == 0 ? "changed" : "made or did";
}

/* "accounts/12": as the rest of the path says it. */
static const char *thing_of(const char *target)
{
    if (g_str_has_prefix(target, API_PREFIX))
        return target + strlen(API_PREFIX);
    return target[0] == '/' ? target + 1 : target;
}

static void dress(Page *page, json_t *item)
{
    page_add_time(page, item, "at");
    json_set_text(item, "verb", verb_of(json_get_text(item, "action")));
    json_set_text(item, "thing", thing_of(json_get_text(item, "target")));
    const json_t *request = json_object_get(item, "request");
    if (!json_is_object(request))
        return;
    g_autofree char *words = json_text(request);
    json_set_text(item, "words", words);
}

HttpResponse *audit_page_show(Page *page, GError **error)
{
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *answer = page_get(page, error, "/audit?limit=100&cursor=%s", cursor);
    if (answer == NULL)
        return NULL;
    json_t *items = json_object_get(answer, "items");
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        dress(page, item);
    }
    json_object_set(page->data, "items", items);
    json_set_bool(page->data, "none", i == 0);
    json_set_text(page->data, "next", json_string_value(json_object_get(answer, "next_cursor")));
    return options_page(page, 200, "audit", "audit", "Who changed what", error);
}
