/* SPDX-License-Identifier: Apache-2.0 */
/* Who would be told, shown before anything is saved. The real policy answers, by the API. */
#include "console/pages.h"
#include "console/story.h"
#include "console/ticket.h"

#include <string.h>

static void dress(json_t *preview)
{
    json_t *events = json_object_get(preview, "events");
    size_t i, j;
    json_t *event, *decision;
    json_array_foreach(events, i, event)
    {
        bool closed = strcmp(json_get_text(event, "kind"), "ticket_closed") == 0;
        json_set_text(event, "title", closed ? "Ticket closed" : "New ticket");
        json_array_foreach(json_object_get(event, "decisions"), j, decision)
        {
            const char *verdict = json_get_text(decision, "decision");
            bool sent = strcmp(verdict, "send") == 0;
            bool held = strcmp(verdict, "hold") == 0;
            json_set_text(decision, "badge", sent ? "Told" : (held ? "Held" : "Not told"));
            json_set_text(decision, "tone", sent ? "success" : (held ? "warning" : "secondary"));
        }
    }
    json_set_bool(preview, "no_events", i == 0);
}

/* Takes both. What the form lacks is no error of this question: it is said in the answer's place.
 */
static bool add(Page *page, json_t *preview, GError *failure, GError **error)
{
    if (preview != NULL) {
        dress(preview);
    } else if (error_http_status(failure) < 500) {
        preview = json_object();
        json_set_text(preview, "refusal", failure->message);
        g_error_free(failure);
    } else {
        g_propagate_error(error, failure);
        return false;
    }
    json_object_set_new(page->data, "preview", preview);
    return true;
}

static bool ask_new(Page *page, json_t *body, GError **error)
{
    if (*json_get_text(body, "title") == '\0')
        json_set_text(body, "title", "...");
    GError *failure = NULL;
    json_t *preview = page_ask(page, body, &failure, "/tickets/preview");
    return add(page, preview, failure, error);
}

bool ticket_preview_new(Page *page, const json_t *account, GError **error)
{
    if (page->form != NULL)
        return ask_new(page, ticket_read_new(page), error);
    json_t *body = json_object();
    json_set_int(body, "account", json_get_int(account, "number"));
    return ask_new(page, body, error);
}

HttpResponse *ticket_new_preview(Page *page, GError **error)
{
    return ask_new(page, ticket_read_new(page), error) ? page_piece(page, "_preview", error) : NULL;
}

HttpResponse *ticket_change_preview(Page *page, GError **error)
{
    int64_t number;
    if (!ticket_number(page, &number, error))
        return NULL;
    GError *failure = NULL;
    json_t *preview = page_ask(page, ticket_read_status(page), &failure,
                               "/tickets/%" G_GINT64_FORMAT "/preview", number);
    return add(page, preview, failure, error) ? page_piece(page, "_preview", error) : NULL;
}
