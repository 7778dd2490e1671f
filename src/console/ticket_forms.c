/* SPDX-License-Identifier: Apache-2.0 */
/* What can be done with a ticket: its fields, its status, answers and notes. */
#include "console/lookup.h"
#include "console/pages.h"
#include "console/ticket.h"
#include "records/status.h"

#include <string.h>

/* The page of the ticket, with why the form was refused; or the error as it is. */
static HttpResponse *refuse(Page *page, int64_t number, GError *failure, GError **error)
{
    if (page_refused(page, failure)) {
        int status = page_status(failure);
        g_error_free(failure);
        return ticket_render(page, number, status, error);
    }
    g_propagate_error(error, failure);
    return NULL;
}

static HttpResponse *change(Page *page, int64_t number, json_t *body, const char *done,
                            GError **error)
{
    GError *failure = NULL;
    json_auto_t *ticket =
        page_send(page, "PATCH", body, &failure, "/tickets/%" G_GINT64_FORMAT, number);
    return ticket != NULL ? page_redirect(page, done, "/tickets/%" G_GINT64_FORMAT, number)
                          : refuse(page, number, failure, error);
}

HttpResponse *ticket_change_post(Page *page, GError **error)
{
    int64_t number;
    if (!ticket_number(page, &number, error))
        return NULL;
    json_t *body = json_object();
    page_take_text(page, body, "title");
    page_take_text(page, body, "description");
    page_take_text(page, body, "priority");
    page_take_optional(page, body, "type");
    page_take_id(page, body, "manager");
    page_take_id(page, body, "contact");
    if (http_form_text(page->form, "due") != NULL) {
        g_autofree char *due = lookup_time_from_field(page, page_field(page, "due"));
        json_set_text(body, "due", *due != '\0' ? due : NULL);
    }
    return change(page, number, body, "saved", error);
}

json_t *ticket_read_status(Page *page)
{
    json_t *body = json_object();
    int64_t code;
    if (text_to_int(page_field(page, "status"), 1, STATUS_COMPLETED, &code))
        json_set_int(body, "status", code);
    else
        json_set_text(body, "status", page_field(page, "status"));
    page_take_text(page, body, "resolution");
    json_set_bool(body, "notify", page_ticked(page, "notify"));
    return body;
}

HttpResponse *ticket_status_post(Page *page, GError **error)
{
    int64_t number;
    if (!ticket_number(page, &number, error))
        return NULL;
    json_t *body = ticket_read_status(page);
    bool closes = json_get_int(body, "status") == STATUS_COMPLETED;
    return change(page, number, body, closes ? "closed" : "saved", error);
}

HttpResponse *ticket_merge_post(Page *page, GError **error)
{
    int64_t number;
    if (!ticket_number(page, &number, error))
        return NULL;
    int64_t into = lookup_number(page_field(page, "into"));
    json_t *body = json_object();
    json_set_id(body, "into", into);
    GError *failure = NULL;
    json_auto_t *merged =
        page_send(page, "POST", body, &failure, "/tickets/%" G_GINT64_FORMAT "/merge", number);
    return merged != NULL ? page_redirect(page, "merged", "/tickets/%" G_GINT64_FORMAT, into)
                          : refuse(page, number, failure, error);
}

/* ---- answers ---- */

static void add_files(Page *page, json_t *body)
{
    json_t *list = json_array();
    for (size_t i = 0; i < http_form_n_files(page->form); i++) {
        const HttpFormFile *file = http_form_file(page->form, i);
        size_t bytes;
        const void *content = g_bytes_get_data(file->content, &bytes);
        g_autofree char *base64 = g_base64_encode(content, bytes);
        json_t *value = json_object();
        json_set_text(value, "name", file->file_name);
        json_set_text(value, "content_type",
                      *file->content_type != '\0' ? file->content_type : NULL);
        json_set_text(value, "content", base64);
        json_array_append_new(list, value);
    }
    if (json_array_size(list) > 0)
        json_object_set(body, "attachments", list);
    json_decref(list);
}

/* The form may have large files, so its path has no number in it: see console_large_paths. */
HttpResponse *ticket_answer_post(Page *page, GError **error)
{
    int64_t number;
    if (!text_to_int(page_field(page, "ticket"), 1, INT64_MAX, &number)) {
        error_set(error, TD_ERROR_NOT_FOUND, "The form names no ticket; nothing was sent");
        return NULL;
    }
    bool internal = strcmp(page_field(page, "visibility"), "internal") == 0;
    json_t *body = json_object();
    json_set_text(body, "text", page_field(page, "text"));
    json_set_text(body, "visibility", internal ? "internal" : "public");
    add_files(page, body);
    GError *failure = NULL;
    json_auto_t *message =
        page_send(page, "POST", body, &failure, "/tickets/%" G_GINT64_FORMAT "/messages", number);
    if (message == NULL)
        return refuse(page, number, failure, error);
    return page_redirect(page, internal ? "noted" : "answered",
                         "/tickets/%" G_GINT64_FORMAT "#m%" G_GINT64_FORMAT, number,
                         json_get_int(message, "id"));
}

HttpResponse *ticket_attachment(Page *page, GError **error)
{
    int64_t number, id;
    if (!ticket_number(page, &number, error))
        return NULL;
    if (!text_to_int(page_param(page, "id"), 1, INT64_MAX, &id))
        id = 0;
    g_autofree char *path =
        g_strdup_printf("/tickets/%" G_GINT64_FORMAT "/attachments/%" G_GINT64_FORMAT, number, id);
    return page_call(page, "GET", NULL, path);
}
