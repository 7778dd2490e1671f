/* SPDX-License-Identifier: Apache-2.0 */
/* One mail of the inbox: its way, its words, and what a person can make of it. */
#include "base/error.h"
#include "base/text.h"
#include "console/fields.h"
#include "console/inbox.h"
#include "console/lookup.h"
#include "console/pages.h"
#include "console/story.h"

#include <string.h>

#define MAIL "/inbox/%" G_GINT64_FORMAT

static bool read_id(const Page *page, int64_t *id, GError **error)
{
    if (text_to_int(page_param(page, "id"), 1, INT64_MAX, id))
        return true;
    error_set(error, TD_ERROR_NOT_FOUND, "There is no such mail");
    return false;
}

/* ---- what it says ---- */

static void add_addresses(json_t *content, const char *name)
{
    json_t *list = json_object_get(content, name);
    json_set_bool(content, strcmp(name, "to") == 0 ? "has_to" : "has_cc",
                  json_array_size(list) > 0);
}

/* A mail that cannot be read has none. */
static bool add_content(Page *page, int64_t id, GError **error)
{
    GError *failure = NULL;
    json_t *content = page_get(page, &failure, MAIL "/content", id);
    if (content == NULL && error_is(failure, TD_ERROR_CONFLICT)) {
        g_error_free(failure);
        return true;
    }
    if (content == NULL) {
        g_propagate_error(error, failure);
        return false;
    }
    page_add_time(page, content, "date");
    add_addresses(content, "to");
    add_addresses(content, "cc");
    json_set_bool(content, "has_files",
                  json_array_size(json_object_get(content, "attachments")) > 0);
    json_object_set_new(page->data, "content", content);
    return true;
}

/* ---- the forms ---- */

static void fill_in(json_t *form, const char *name, const char *text)
{
    if (json_object_get(form, name) == NULL)
        json_set_text(form, name, text);
}

/* What is known of the sender already stands in the forms; what was typed stays. */
static bool add_forms(Page *page, const json_t *mail, GError **error)
{
    json_t *form = json_object_get(page->data, "form");
    if (form == NULL) {
        form = json_object();
        json_object_set_new(page->data, "form", form);
    }
    const char *verb = json_get_text(form, "verb");
    const char *from = json_get_text(mail, "from");
    const char *sender = *from != '\0' ? json_get_text(mail, "sender") : "";
    fill_in(form, "account_name", sender);
    fill_in(form, "account_email", from);
    fill_in(form, "contact_name", sender);
    fill_in(form, "contact_email", from);
    fill_in(form, "sender_name", sender);
    bool known = strcmp(json_get_text(mail, "reason"), "unknown_sender") != 0;
    if (strcmp(verb, "new") != 0 && *sender != '\0')
        json_set_text(form, "add_contact", "1");
    if (strcmp(verb, "open") != 0 && *sender != '\0' && !known)
        json_set_text(form, "add_sender", "1");
    json_t *accounts = lookup_accounts(page, error);
    if (accounts != NULL)
        json_object_set_new(page->data, "accounts", accounts);
    return accounts != NULL;
}

static HttpResponse *show(Page *page, int64_t id, int status, GError **error)
{
    json_auto_t *explained = page_get(page, error, MAIL "/explain", id);
    if (explained == NULL)
        return NULL;
    json_t *mail = json_object_get(explained, "mail");
    inbox_dress_steps(json_object_get(mail, "steps"));
    if (json_is_object(json_object_get(mail, "forward")))
        story_dress(json_object_get(mail, "forward"));
    inbox_dress(page, mail);
    json_object_set(page->data, "mail", mail);
    bool handle = json_get_bool(mail, "can_handle", false);
    return add_content(page, id, error) && (!handle || add_forms(page, mail, error))
               ? page_view(page, status, "inbox_mail", json_get_text(mail, "title"), error)
               : NULL;
}

HttpResponse *inbox_mail_show(Page *page, GError **error)
{
    int64_t id;
    return read_id(page, &id, error) ? show(page, id, 200, error) : NULL;
}

HttpResponse *inbox_mail_raw(Page *page, GError **error)
{
    int64_t id;
    if (!read_id(page, &id, error))
        return NULL;
    g_autofree char *path = g_strdup_printf(MAIL "/message", id);
    g_autofree char *name =
        g_strdup_printf("attachment; filename=\"mail-%" G_GINT64_FORMAT ".txt\"", id);
    HttpResponse *response = page_as_text(page_call(page, "GET", NULL, path));
    if (http_response_status(response) == 200)
        http_response_set_header(response, "Content-Disposition", name);
    return response;
}

/* ---- what is done with it ---- */

/* "" is left out: then the API takes the sender's. */
static json_t *person(const Page *page, const char *name, const char *email)
{
    json_t *value = json_object();
    json_set_text(value, "name", page_field(page, name));
    if (email != NULL && *page_field(page, email) != '\0')
        json_set_text(value, "email", page_field(page, email));
    return value;
}

static json_t *read_new(const Page *page)
{
    json_t *account = person(page, "account_name", "account_email");
    json_object_set_new(account, "domains", fields_lines(page_field(page, "domains"), true));
    json_t *body = json_object();
    json_object_set_new(body, "new_account", account);
    if (page_ticked(page, "add_contact"))
        json_object_set_new(body, "new_contact", person(page, "contact_name", "contact_email"));
    return body;
}

static json_t *read_open(const Page *page)
{
    json_t *body = json_object();
    int64_t account = lookup_number(page_field(page, "account"));
    json_set_id(body, "account", account);
    if (page_ticked(page, "add_sender"))
        json_object_set_new(body, "new_contact", person(page, "sender_name", NULL));
    return body;
}

static json_t *read_attach(const Page *page)
{
    const char *text = page_field(page, "ticket");
    int64_t ticket;
    json_t *body = json_object();
    if (text_to_int(*text == '#' ? text + 1 : text, 1, INT64_MAX, &ticket))
        json_set_int(body, "ticket", ticket);
    else
        json_set_text(body, "ticket", text); /* the API says what is wrong */
    return body;
}

static const FieldName new_fields[] = {
    {"/new_account/name", "account_name"}, {"/new_account/domains", "domains"},
    {"/new_account", "account_email"},     {"/new_contact/name", "contact_name"},
    {"/new_contact", "contact_email"},
};

static const FieldName open_fields[] = {{"/new_contact", "sender_name"}, {"/account", "account"}};

static const FieldName attach_fields[] = {{"/ticket", "ticket"}};

static const struct {
    const char *verb, *path, *done;
    json_t *(*read)(const Page *);
    const FieldName *fields;
    size_t n_fields;
} verbs[] = {
    {"new", "open", "mail-opened", read_new, new_fields, G_N_ELEMENTS(new_fields)},
    {"open", "open", "mail-opened", read_open, open_fields, G_N_ELEMENTS(open_fields)},
    {"attach", "attach", "mail-attached", read_attach, attach_fields, G_N_ELEMENTS(attach_fields)},
    {"discard", "discard", "mail-discarded", NULL, NULL, 0},
    {"forward-retry", "forward/retry", "retried", NULL, NULL, 0},
    {"forward-cancel", "forward/cancel", "cancelled", NULL, NULL, 0},
    {"forward-release", "forward/release", "released", NULL, NULL, 0},
};

static HttpResponse *refuse(Page *page, int64_t id, size_t verb, GError *failure, GError **error)
{
    if (!page_refused(page, failure)) {
        g_propagate_error(error, failure);
        return NULL;
    }
    int status = page_status(failure);
    json_object_set_new(
        page->data, "errors",
        fields_mark(error_field(failure), verbs[verb].fields, verbs[verb].n_fields));
    g_error_free(failure);
    return show(page, id, status, error);
}

HttpResponse *inbox_mail_post(Page *page, GError **error)
{
    int64_t id;
    if (!read_id(page, &id, error))
        return NULL;
    const char *verb = page_field(page, "verb");
    size_t i = 0;
    while (i < G_N_ELEMENTS(verbs) && strcmp(verbs[i].verb, verb) != 0)
        i++;
    if (i == G_N_ELEMENTS(verbs)) {
        error_set(error, TD_ERROR_INVALID, "\"%s\" cannot be done with a mail", verb);
        return NULL;
    }
    GError *failure = NULL;
    json_auto_t *mail = page_send(page, "POST", verbs[i].read != NULL ? verbs[i].read(page) : NULL,
                                  &failure, MAIL "/%s", id, verbs[i].path);
    if (mail == NULL)
        return refuse(page, id, i, failure, error);
    if (g_str_has_prefix(verb, "forward-"))
        return page_redirect(page, verbs[i].done, MAIL, id);
    int64_t ticket = json_get_int(mail, "ticket");
    return ticket != 0 ? page_redirect(page, verbs[i].done, "/tickets/%" G_GINT64_FORMAT, ticket)
                       : page_redirect(page, verbs[i].done, "/inbox");
}
