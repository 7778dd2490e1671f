/* SPDX-License-Identifier: Apache-2.0 */
/* The suppression list: addresses that are not told anything, each with the evidence why. */
#include "base/error.h"
#include "console/pages.h"

#include <string.h>

#define PAGE_ITEMS 50

static const char *reason_words(const char *reason)
{
    static const char *const words[][2] = {
        {"no_such_mailbox", "There is no such mailbox"},
        {"keeps_bouncing", "Mail came back on several days"},
        {"complained", "Marked as spam by its owner"},
        {"added_by_person", "Put here by hand"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i][0], reason) == 0)
            return words[i][1];
    return reason;
}

static void dress(Page *page, json_t *one)
{
    page_add_time(page, one, "since");
    json_set_text(one, "words", reason_words(json_get_text(one, "reason")));
}

static void add_found(Page *page, json_t *found)
{
    json_t *list = json_array();
    dress(page, found);
    json_array_append_new(list, found);
    json_object_set_new(page->data, "suppressions", list);
}

/* One address: a search by the whole of it, in any spelling. */
static bool find_one(Page *page, const char *email, GError **error)
{
    g_autofree char *escaped = page_escape(email);
    g_autoptr(GError) failure = NULL;
    json_t *found = page_get(page, &failure, "/suppressions/%s", escaped);
    if (found != NULL) {
        add_found(page, found);
    } else if (!error_is(failure, TD_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    json_set_bool(page->data, "not_found", found == NULL);
    return true;
}

static bool add_list(Page *page, GError **error)
{
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *list =
        page_get(page, error, "/suppressions?limit=%d&cursor=%s", PAGE_ITEMS, cursor);
    if (list == NULL)
        return false;
    json_t *items = json_object_get(list, "items");
    size_t i;
    json_t *one;
    json_array_foreach(items, i, one)
    {
        dress(page, one);
    }
    json_object_set(page->data, "suppressions", items);
    json_set_bool(page->data, "none", i == 0);
    const char *next = json_string_value(json_object_get(list, "next_cursor"));
    g_autofree char *escaped = next != NULL ? page_escape(next) : NULL;
    json_set_text(page->data, "next", escaped);
    return true;
}

static HttpResponse *show(Page *page, int status, GError **error)
{
    const char *q = page_query(page, "q");
    json_set_text(page->data, "q", q);
    return (*q != '\0' ? find_one(page, q, error) : add_list(page, error))
               ? page_view(page, status, "suppressions", "Suppression list", error)
               : NULL;
}

HttpResponse *suppressions_show(Page *page, GError **error)
{
    return show(page, 200, error);
}

HttpResponse *suppression_add_post(Page *page, GError **error)
{
    json_t *body = json_object();
    page_take_text(page, body, "email");
    page_take_optional(page, body, "note");
    g_autoptr(GError) failure = NULL;
    json_auto_t *added = page_send(page, "POST", body, &failure, "/suppressions");
    if (added != NULL)
        return page_redirect(page, "suppressed", "/suppressions");
    if (page_refused(page, failure))
        return show(page, page_status(failure), error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

HttpResponse *suppression_remove_post(Page *page, GError **error)
{
    g_autofree char *email = page_escape(page_field(page, "email"));
    json_auto_t *gone = page_send(page, "DELETE", NULL, error, "/suppressions/%s", email);
    return gone != NULL ? page_redirect(page, "unsuppressed", "/suppressions") : NULL;
}
