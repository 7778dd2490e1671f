/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a template makes, before it is saved: beside the editor, as a page of its own for its HTML,
 * and as a test mail.
 *
 * The HTML of a template is somebody's words, not a page of ours: it is shown in a frame whose
 * policy takes away its origin, its scripts, its forms and everything it could load but pictures.
 */
#include "console/pages.h"
#include "console/template.h"

#include <string.h>

static void take_ticket(json_t *body, const char *typed)
{
    int64_t ticket;
    if (*typed == '#')
        typed++;
    if (text_to_int(typed, 1, INT64_MAX, &ticket))
        json_set_int(body, "ticket", ticket);
    else if (*typed != '\0')
        json_set_text(body, "ticket", typed); /* the API says what is wrong */
}

json_t *template_typed(Page *page)
{
    json_t *body = json_object();
    page_take_optional(page, body, "language");
    page_take_text(page, body, "subject");
    page_take_text(page, body, "text");
    page_take_text(page, body, "html");
    take_ticket(body, page_field(page, "ticket"));
    return body;
}

bool template_add_preview(Page *page, int64_t id, json_t *body, GError **error)
{
    g_autoptr(GError) failure = NULL;
    json_t *preview =
        page_send(page, "POST", body, &failure, "/templates/%" G_GINT64_FORMAT "/preview", id);
    if (preview != NULL) {
        json_set_bool(preview, "has_html", json_is_string(json_object_get(preview, "html")));
        json_object_set_new(page->data, "preview", preview);
        return true;
    }
    if (error_http_status(failure) >= 500) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    json_set_text(page->data, "preview_problem", failure->message);
    json_t *mark = page->form != NULL ? template_mark(page, failure) : NULL;
    if (mark != NULL)
        json_object_set_new(page->data, "preview_mark", mark);
    return true;
}

HttpResponse *template_preview_post(Page *page, GError **error)
{
    int64_t id;
    return template_number(page, &id, error) &&
                   template_add_preview(page, id, template_typed(page), error)
               ? page_piece(page, "_template_preview", error)
               : NULL;
}

/* Without JavaScript: the editor again, with what was typed and the mail that it makes. */
HttpResponse *template_look_post(Page *page, GError **error)
{
    int64_t id;
    return template_number(page, &id, error) ? template_editor(page, id, 200, error) : NULL;
}

/* ---- the HTML, in a frame ---- */

static HttpResponse *in_a_frame(const char *type, const char *text)
{
    HttpResponse *response = http_response_new(200, type, g_strdup(text), strlen(text));
    http_response_set_header(response, "Content-Security-Policy",
                             "sandbox; default-src 'none'; style-src 'unsafe-inline';"
                             " img-src data: https:; frame-ancestors 'self'");
    http_response_set_header(response, "X-Frame-Options", "SAMEORIGIN");
    http_response_set_header(response, "Referrer-Policy", "no-referrer");
    return response;
}

static HttpResponse *show_html(Page *page, int64_t id, json_t *body, GError **error)
{
    if (!template_add_preview(page, id, body, error))
        return NULL;
    const json_t *html = json_object_get(json_object_get(page->data, "preview"), "html");
    if (json_is_string(html))
        return in_a_frame("text/html; charset=utf-8", json_string_value(html));
    const char *problem = json_string_value(json_object_get(page->data, "preview_problem"));
    return in_a_frame("text/plain; charset=utf-8",
                      problem != NULL ? problem : "There is no HTML part: the mail is text alone.");
}

/* As it is saved. */
HttpResponse *template_html_show(Page *page, GError **error)
{
    int64_t id;
    if (!template_number(page, &id, error))
        return NULL;
    json_t *body = json_object();
    if (*page_query(page, "language") != '\0')
        json_set_text(body, "language", page_query(page, "language"));
    take_ticket(body, page_query(page, "ticket"));
    return show_html(page, id, body, error);
}

HttpResponse *template_html_post(Page *page, GError **error)
{
    int64_t id;
    return template_number(page, &id, error) ? show_html(page, id, template_typed(page), error)
                                             : NULL;
}

/* ---- a test mail ---- */

HttpResponse *template_test_post(Page *page, GError **error)
{
    int64_t id;
    if (!template_number(page, &id, error))
        return NULL;
    json_t *body = template_typed(page);
    json_set_text(body, "to", page_field(page, "to"));
    GError *failure = NULL;
    json_t *sent =
        page_send(page, "POST", body, &failure, "/templates/%" G_GINT64_FORMAT "/test-send", id);
    if (sent == NULL)
        return template_refuse(page, id, failure, error);
    json_set_text(sent, "to", page_field(page, "to"));
    json_object_set_new(page->data, "sent", sent);
    return template_editor(page, id, 200, error);
}
