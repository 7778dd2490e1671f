/* SPDX-License-Identifier: Apache-2.0 */
/* A contact's data for who asks for it, and forgetting the contact: an admin's. The address stands
 * in no path, so in no log either. */
#include "base/error.h"
#include "base/text.h"
#include "console/pages.h"

#include <string.h>

#define CONTACT    "/contacts/%" G_GINT64_FORMAT
#define EXPORT_MAX (64 * 1024 * 1024)

static json_t *load_contact(Page *page, GError **error)
{
    int64_t id;
    if (text_to_int(page_param(page, "id"), 1, INT64_MAX, &id))
        return page_get(page, error, CONTACT, id);
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-contact", NULL,
                      "There is no such contact");
    return NULL;
}

/* ---- export ---- */

static bool append_page(const json_t *answer, GString *text, GError **error)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(answer, "items"), i, item)
    {
        g_autofree char *one = json_text(item);
        g_string_append(text, text->str[text->len - 1] == '[' ? "\n" : ",\n");
        g_string_append(text, one);
    }
    if (text->len <= EXPORT_MAX)
        return true;
    error_set(error, TD_ERROR_LIMIT,
              "There is more of this person than a browser should take at once:"
              " `tidings person export` writes it into a file");
    return false;
}

static GString *export_all(Page *page, const char *email, GError **error)
{
    g_autoptr(GString) text = g_string_new("{\"items\":[");
    g_autofree char *cursor = NULL;
    do {
        json_t *body = json_object();
        json_set_text(body, "email", email);
        if (cursor != NULL)
            json_set_text(body, "cursor", cursor);
        json_auto_t *answer = page_ask(page, body, error, "/people/export");
        if (answer == NULL || !append_page(answer, text, error))
            return NULL;
        g_free(cursor);
        cursor = g_strdup(json_string_value(json_object_get(answer, "next_cursor")));
    } while (cursor != NULL);
    g_string_append(text, "\n]}\n");
    return g_steal_pointer(&text);
}

HttpResponse *person_export_post(Page *page, GError **error)
{
    json_auto_t *contact = load_contact(page, error);
    if (contact == NULL)
        return NULL;
    GString *text = export_all(page, json_get_text(contact, "email"), error);
    if (text == NULL)
        return NULL;
    g_autofree char *name = g_strdup_printf(
        "attachment; filename=\"contact-%" G_GINT64_FORMAT ".json\"", json_get_int(contact, "id"));
    gsize bytes = text->len;
    HttpResponse *response =
        http_response_new(200, "application/json", g_string_free(text, FALSE), bytes);
    http_response_set_header(response, "Content-Disposition", name);
    http_response_set_header(response, "Cache-Control", "no-store");
    return response;
}

/* ---- erase ---- */

static void add_counts(Page *page, const json_t *counts)
{
    static const char *const words[][2] = {
        {"contacts", "Contact"},
        {"recipients", "Places on lists of recipients"},
        {"decisions", "Decisions about alerts to them"},
        {"waiting", "Mails that wait and are cancelled"},
        {"copies", "Copies of correspondence to them"},
        {"messages", "Messages from them on tickets"},
        {"mails", "Mails from them in the inbox"},
        {"sessions", "Sessions in the Web Interface"},
        {"suppressed", "Entries on the suppression list"},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        json_t *one = json_object();
        json_set_text(one, "words", words[i][1]);
        g_autofree char *n =
            g_strdup_printf("%" G_GINT64_FORMAT, json_get_int(counts, words[i][0]));
        json_set_text(one, "n", n);
        json_array_append_new(list, one);
    }
    json_object_set_new(page->data, "counts", list);
}

/* What refuses it is said on the page, instead of the button. */
static bool add_plan(Page *page, const json_t *contact, GError **error)
{
    json_t *body = json_object();
    json_set_text(body, "email", json_get_text(contact, "email"));
    json_set_bool(body, "dry_run", true);
    g_autoptr(GError) failure = NULL;
    json_auto_t *plan = page_ask(page, body, &failure, "/people/erase");
    if (plan != NULL) {
        json_object_set(page->data, "addresses", json_object_get(plan, "addresses"));
        json_set_bool(page->data, "possible", true);
        add_counts(page, json_object_get(plan, "counts"));
        return true;
    }
    if (error_is(failure, TD_ERROR_CONFLICT)) {
        json_set_text(page->data, "refused", failure->message);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

HttpResponse *person_erase_show(Page *page, GError **error)
{
    json_t *contact = load_contact(page, error);
    if (contact == NULL)
        return NULL;
    json_object_set_new(page->data, "contact", contact);
    return add_plan(page, contact, error)
               ? page_view(page, 200, "person_erase", "Erase a person", error)
               : NULL;
}

HttpResponse *person_erase_post(Page *page, GError **error)
{
    json_auto_t *contact = load_contact(page, error);
    if (contact == NULL)
        return NULL;
    json_t *body = json_object();
    json_set_text(body, "email", json_get_text(contact, "email"));
    json_set_bool(body, "keep_tickets", page_ticked(page, "keep_tickets"));
    json_t *erased = page_send(page, "POST", body, error, "/people/erase");
    if (erased == NULL)
        return NULL;
    json_set_bool(erased, "running", strcmp(json_get_text(erased, "state"), "running") == 0);
    json_set_bool(erased, "has_tickets", json_get_int(erased, "n_tickets") > 0);
    json_object_set_new(page->data, "erased", erased);
    json_object_set_new(page->data, "contact",
                        page_get(page, NULL, CONTACT, json_get_int(contact, "id")));
    return page_view(page, 200, "person_erase", "Erased", error);
}
