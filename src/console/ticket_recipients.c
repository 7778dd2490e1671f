/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told of a ticket: adding, removing, muting, and telling somebody by hand. */
#include "console/pages.h"
#include "console/ticket.h"

#include <string.h>

#define RECIPIENTS "/tickets/%" G_GINT64_FORMAT "/recipients"
#define PAGE       "/tickets/%" G_GINT64_FORMAT "#recipients"

static json_t *read_one(const char *text)
{
    g_autofree char *line = g_strstrip(g_strdup(text));
    char *open = strrchr(line, '<');
    size_t bytes = strlen(line);
    json_t *recipient = json_object();
    if (open != NULL && bytes > 0 && line[bytes - 1] == '>') {
        line[bytes - 1] = '\0';
        *open = '\0';
        json_set_text(recipient, "email", open + 1);
        g_strstrip(line);
        if (*line != '\0')
            json_set_text(recipient, "name", line);
    } else {
        json_set_text(recipient, "email", line);
    }
    return recipient;
}

json_t *ticket_read_recipients(const char *text)
{
    json_t *list = json_array();
    g_auto(GStrv) parts = g_strsplit_set(text, "\r\n,;", -1);
    for (char **part = parts; *part != NULL; part++) {
        g_strstrip(*part);
        if (**part != '\0')
            json_array_append_new(list, read_one(*part));
    }
    return list;
}

static HttpResponse *answer(Page *page, int64_t number, json_t *result, const char *done,
                            GError *failure, GError **error)
{
    if (result != NULL) {
        json_decref(result);
        return page_redirect(page, done, PAGE, number);
    }
    if (page_refused(page, failure)) {
        int status = page_status(failure);
        g_error_free(failure);
        return ticket_render(page, number, status, error);
    }
    g_propagate_error(error, failure);
    return NULL;
}

HttpResponse *recipient_add_post(Page *page, GError **error)
{
    int64_t number;
    if (!ticket_number(page, &number, error))
        return NULL;
    json_t *body = read_one(page_field(page, "recipient"));
    GError *failure = NULL;
    json_t *added = page_send(page, "POST", body, &failure, RECIPIENTS, number);
    return answer(page, number, added, "recipient-added", failure, error);
}

/* The button that was pressed says what to do. */
HttpResponse *recipient_change_post(Page *page, GError **error)
{
    int64_t number, id;
    if (!ticket_number(page, &number, error))
        return NULL;
    if (!text_to_int(page_param(page, "id"), 1, INT64_MAX, &id))
        id = 0;
    const char *verb = page_field(page, "verb");
    GError *failure = NULL;
    json_t *result;
    const char *done = "recipient-saved";
    if (strcmp(verb, "remove") == 0) {
        done = "recipient-removed";
        result =
            page_send(page, "DELETE", NULL, &failure, RECIPIENTS "/%" G_GINT64_FORMAT, number, id);
    } else if (strcmp(verb, "send-latest") == 0) {
        done = "sent-latest";
        result = page_send(page, "POST", NULL, &failure,
                           RECIPIENTS "/%" G_GINT64_FORMAT "/send-latest", number, id);
    } else {
        json_t *body = json_object();
        json_set_bool(body, "muted", strcmp(verb, "mute") == 0);
        result =
            page_send(page, "PATCH", body, &failure, RECIPIENTS "/%" G_GINT64_FORMAT, number, id);
    }
    return answer(page, number, result, done, failure, error);
}
