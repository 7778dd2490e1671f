/* SPDX-License-Identifier: Apache-2.0 */
/* One decision with every attempt to deliver it, its mail as it left, and what can be done now. */
#include "base/error.h"
#include "base/text.h"
#include "console/pages.h"
#include "console/story.h"
#include "console/ticket.h"

#include <string.h>

static bool read_id(const Page *page, int64_t *id, GError **error)
{
    if (text_to_int(page_param(page, "id"), 1, INT64_MAX, id))
        return true;
    error_set(error, TD_ERROR_NOT_FOUND, "There is no such alert");
    return false;
}

HttpResponse *alert_show(Page *page, GError **error)
{
    int64_t id;
    if (!read_id(page, &id, error))
        return NULL;
    json_t *alert = page_get(page, error, "/alerts/%" G_GINT64_FORMAT, id);
    if (alert == NULL)
        return NULL;
    story_dress(alert);
    size_t i;
    json_t *attempt;
    json_array_foreach(json_object_get(alert, "attempts_log"), i, attempt)
    {
        page_add_time(page, attempt, "at");
    }
    json_set_bool(alert, "has_attempts", i > 0);
    page_add_time(page, alert, "due_at");
    page_add_time(page, alert, "queued_at");
    page_add_time(page, alert, "accepted_at");
    json_object_set_new(page->data, "alert", alert);
    return page_view(page, 200, "alert", "Alert", error);
}

HttpResponse *alert_mail(Page *page, GError **error)
{
    int64_t id;
    if (!read_id(page, &id, error))
        return NULL;
    g_autofree char *path = g_strdup_printf("/alerts/%" G_GINT64_FORMAT "/message", id);
    return page_as_text(page_call(page, "GET", NULL, path));
}

/* Where the button stood: a ticket's page, or another path of ours. */
static HttpResponse *go_back(Page *page, const char *done, const char *otherwise)
{
    const char *back = page_field(page, "back");
    bool ours = back[0] == '/' && back[1] != '/' && strchr(back, '\\') == NULL;
    return page_redirect(page, done, "%s", ours ? back : otherwise);
}

static const char *done_of(const char *verb)
{
    if (strcmp(verb, "cancel") == 0)
        return "cancelled";
    return strcmp(verb, "release") == 0 ? "released" : "retried";
}

static bool check_verb(const char *verb, GError **error)
{
    static const char *const verbs[] = {"retry", "cancel", "release", NULL};
    if (g_strv_contains(verbs, verb))
        return true;
    error_set(error, TD_ERROR_INVALID, "\"%s\" cannot be done with an alert", verb);
    return false;
}

HttpResponse *alert_act_post(Page *page, GError **error)
{
    int64_t id;
    const char *verb = page_field(page, "verb");
    if (!read_id(page, &id, error) || !check_verb(verb, error))
        return NULL;
    json_t *body = NULL;
    if (page_ticked(page, "force")) {
        body = json_object();
        json_set_bool(body, "force", true);
    }
    json_auto_t *alert =
        page_send(page, "POST", body, error, "/alerts/%" G_GINT64_FORMAT "/%s", id, verb);
    g_autofree char *own = g_strdup_printf("/alerts/%" G_GINT64_FORMAT, id);
    return alert != NULL ? go_back(page, done_of(verb), own) : NULL;
}

/* ---- copies of correspondence ---- */

HttpResponse *copy_mail(Page *page, GError **error)
{
    int64_t number, id;
    if (!ticket_number(page, &number, error) || !read_id(page, &id, error))
        return NULL;
    g_autofree char *path = g_strdup_printf(
        "/tickets/%" G_GINT64_FORMAT "/copies/%" G_GINT64_FORMAT "/message", number, id);
    return page_as_text(page_call(page, "GET", NULL, path));
}

HttpResponse *copy_act_post(Page *page, GError **error)
{
    int64_t number, id;
    const char *verb = page_field(page, "verb");
    if (!ticket_number(page, &number, error) || !read_id(page, &id, error) ||
        !check_verb(verb, error))
        return NULL;
    json_auto_t *copy =
        page_send(page, "POST", NULL, error,
                  "/tickets/%" G_GINT64_FORMAT "/copies/%" G_GINT64_FORMAT "/%s", number, id, verb);
    return copy != NULL ? page_redirect(page, done_of(verb), "/tickets/%" G_GINT64_FORMAT, number)
                        : NULL;
}
