/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of the Email Connector: what came in, what became of it, and how the mailboxes stand.
 */
#include "console/inbox.h"

#include "console/pages.h"

#include <string.h>

#define PAGE_ITEMS 50

static const char *const tabs[] = {"unmatched", "quarantined", "processed", "all", NULL};

/* What the page is asked for; what waits is what people come for. */
static const char *chosen_tab(const Page *page)
{
    const char *state = page_query(page, "state");
    return g_strv_contains(tabs, state) ? state : tabs[0];
}

static bool add_counts(Page *page, GError **error)
{
    json_t *counts = page_get(page, error, "/inbox/counts");
    if (counts != NULL)
        json_object_set_new(page->data, "counts", counts);
    return counts != NULL;
}

/* ---- the mailboxes ---- */

static void dress_mailbox(Page *page, json_t *mailbox)
{
    const char *state = json_get_text(mailbox, "state");
    bool up = strcmp(state, "up") == 0;
    bool down = strcmp(state, "down") == 0;
    json_set_text(mailbox, "badge", up ? "is read" : (down ? "cannot be read" : "not read yet"));
    json_set_text(mailbox, "tone", up ? "success" : (down ? "danger" : "secondary"));
    page_add_time(page, mailbox, "polled_at");
    page_add_time(page, mailbox, "retry_at");
}

static bool add_mailboxes(Page *page, GError **error)
{
    json_auto_t *list = page_get(page, error, "/mailboxes");
    if (list == NULL)
        return false;
    bool trouble = false;
    size_t i;
    json_t *mailbox;
    json_array_foreach(json_object_get(list, "items"), i, mailbox)
    {
        dress_mailbox(page, mailbox);
        trouble = trouble || json_is_string(json_object_get(mailbox, "reason"));
    }
    json_object_set(page->data, "mailboxes", json_object_get(list, "items"));
    json_set_bool(page->data, "has_mailboxes", i > 0);
    json_set_bool(page->data, "mailbox_trouble", trouble);
    json_set_int(page->data, "n_mailboxes", (int64_t)i);
    return true;
}

/* ---- the list ---- */

static bool add_list(Page *page, const char *tab, GError **error)
{
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *list = page_get(page, error, "/inbox?limit=%d&cursor=%s&state=%s", PAGE_ITEMS,
                                 cursor, strcmp(tab, "all") != 0 ? tab : "");
    if (list == NULL)
        return false;
    size_t i;
    json_t *mail;
    json_array_foreach(json_object_get(list, "items"), i, mail)
    {
        inbox_dress(page, mail);
    }
    json_object_set(page->data, "mails", json_object_get(list, "items"));
    json_set_bool(page->data, "none", i == 0);
    const char *next = json_string_value(json_object_get(list, "next_cursor"));
    if (next != NULL) {
        g_autofree char *link = g_strdup_printf("/inbox?state=%s&cursor=%s", tab, next);
        json_set_text(page->data, "next", link);
    }
    return true;
}

HttpResponse *inbox_show(Page *page, GError **error)
{
    const char *tab = chosen_tab(page);
    const Settings *settings = page_settings(page, error);
    if (settings == NULL || !add_counts(page, error) || !add_mailboxes(page, error) ||
        !add_list(page, tab, error))
        return NULL;
    json_t *marks = json_object();
    json_set_bool(marks, tab, true);
    json_object_set_new(page->data, "tab", marks);
    json_set_bool(page->data, "connector_off", !settings->email_connector.enabled);
    return page_view(page, 200, "inbox", "Inbox", error);
}
