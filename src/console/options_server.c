/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Alerts Server's page: how mails leave, a live test of it, and switching it on. Only settings
 * that passed the test can be switched on, so the three stand beside each other.
 */
#include "base/error.h"
#include "console/options.h"
#include "console/pages.h"
#include "console/rows.h"
#include "console/test_mail.h"

#include <string.h>

#define SECTION   "alerts-server"
#define FALLBACKS "fallback_relays"

/* ---- the form ---- */

static const FieldChoice auths[] = {
    {"password", "User name and password"},
    {"xoauth2", "Access tokens (Microsoft 365, Google)"},
    {NULL, NULL},
};
static const FieldChoice separators[] = {
    {"+", "+ (support+abc@example.com)"},
    {"-", "- (support-abc@example.com)"},
    {"none", "None: the domain takes mail for every address"},
    {NULL, NULL},
};
static const FieldChoice uncertain[] = {
    {"repeat", "Send it again soon"},
    {"ask", "Hold it for a person"},
    {NULL, NULL},
};

#define TOKENS "auth=xoauth2"
static const FormField relay_fields[] = {
    {"host", FIELD_LINE, "Host", .help = "For example smtp.example.com", .max = 253},
    {"port", FIELD_NUMBER, "Port", .max = 65535},
    {"security", FIELD_CHOICE, "Encryption", .choices = form_securities},
    {"username", FIELD_LINE, "User name", .help = "Empty: the server asks for none.", .max = 255},
    {"auth", FIELD_CHOICE, "Signing in", .choices = auths},
    {"password", FIELD_SECRET, "Password", .max = 255, .when = "auth=password"},
    {"token_url", FIELD_LINE, "Address of the token server", .max = 1024, .when = TOKENS},
    {"client_id", FIELD_LINE, "Client id", .max = 255, .when = TOKENS},
    {"scope", FIELD_LINE, "Scope", .max = 1024, .when = TOKENS},
    {"client_secret", FIELD_SECRET, "Client secret", .max = 1024, .when = TOKENS},
    {"refresh_token", FIELD_SECRET, "Refresh token",
     .help = "Without one, tokens are asked for by client credentials.", .max = 4096,
     .when = TOKENS},
    {"ca_file", FIELD_LINE, "File of trusted authorities",
     .help = "PEM, on the server. Empty: those of the system.", .max = 1024},
    {.name = NULL},
};

static const FormField way_fields[] = {
    {"transport", FIELD_CHOICE, "Mails leave", .choices = form_transports, .wide = true},
    {.name = NULL},
};
static const FormField sender_fields[] = {
    {"from_name", FIELD_LINE, "Sender's name", .max = 255},
    {"from_address", FIELD_ADDRESS, "Sender's address", .help = "Without it nothing can be sent.",
     .max = 254},
    {"reply_to", FIELD_ADDRESS, "Answers go to", .help = "Empty: to the sender's address.",
     .max = 254},
    {"bounce_address", FIELD_ADDRESS, "What cannot be delivered comes back to",
     .help = "Empty: to the sender's address.", .max = 254},
    {"signed_reply", FIELD_BOX, "Answers come to an address that names ticket and recipient",
     .help = "So an answer finds its ticket whatever becomes of its subject. The mailbox must take"
             " addresses with an extension."},
    {"signed_bounce", FIELD_BOX, "What comes back names the mail it is about",
     .help = "So a mail server's report is never taken for another's."},
    {"address_separator", FIELD_CHOICE, "What stands before the extension", .choices = separators},
    {.name = NULL},
};
static const FormField work_fields[] = {
    {"concurrency", FIELD_NUMBER, "Connections at the same time", .help = "1 to 64", .max = 64},
    {"uncertain", FIELD_CHOICE, "A mail that may have left already",
     .help = "After a crash or a lost connection nobody can know. Sent again, it may arrive twice.",
     .choices = uncertain},
    {.name = NULL},
};

static const FormGroup before_relays[] = {
    {"The way out", .fields = way_fields},
    {"Mail server", .fields = relay_fields, .when = "transport=smtp"},
    {.title = NULL},
};
static const FormGroup after_relays[] = {
    {"Sender and answers", .fields = sender_fields},
    {"Delivery", .fields = work_fields},
    {.title = NULL},
};
static const FormRows fallbacks = {
    .name = FALLBACKS,
    .title = "Further server",
    .fields = relay_fields,
    .fresh = "{\"port\":587,\"security\":\"starttls\",\"auth\":\"password\"}",
    .max = RELAYS_MAX - 1,
};

/* ---- the page ---- */

static void add_form(Page *page, const json_t *values, const json_t *rows, bool typed)
{
    json_object_set_new(page->data, "before_relays",
                        form_show_groups(page, before_relays, values, typed));
    json_object_set_new(page->data, "after_relays",
                        form_show_groups(page, after_relays, values, typed));
    rows_show(page, &fallbacks, rows);
}

static void add_relay_choices(Page *page, const json_t *values)
{
    json_t *list = json_array();
    const json_t *others = json_object_get(values, FALLBACKS);
    for (size_t i = 0; i <= json_array_size(others); i++) {
        const json_t *relay = i == 0 ? values : json_array_get(others, i - 1);
        g_autofree char *label = g_strdup_printf(
            "%s:%" G_GINT64_FORMAT, json_get_text(relay, "host"), json_get_int(relay, "port"));
        json_t *choice = json_object();
        json_set_int(choice, "value", (int64_t)i + 1);
        json_set_text(choice, "label", label);
        json_array_append_new(list, choice);
    }
    json_set_bool(page->data, "many_relays", json_array_size(list) > 1);
    json_object_set_new(page->data, "relays", list);
}

/* `rows`: what was typed (borrowed); NULL: the form is as it is stored. */
static HttpResponse *show(Page *page, int status, const json_t *rows, GError **error)
{
    json_auto_t *values = page_get(page, error, "/options/" SECTION);
    if (values == NULL || !test_mail_add_state(page, error))
        return NULL;
    add_form(page, values, rows != NULL ? rows : json_object_get(values, FALLBACKS), rows != NULL);
    add_relay_choices(page, values);
    json_object_set(page->data, "server", values);
    json_set_bool(page->data, "smtp", strcmp(json_get_text(values, "transport"), "smtp") == 0);
    return options_page(page, status, SECTION, "options_server", "Alerts Server", error);
}

HttpResponse *options_server_show(Page *page, GError **error)
{
    return show(page, 200, NULL, error);
}

HttpResponse *options_server_post(Page *page, GError **error)
{
    json_auto_t *rows = rows_read(page, &fallbacks);
    if (rows_act(page, &fallbacks, rows)) {
        json_set_bool(page->data, "not_saved", true);
        return show(page, 200, rows, error);
    }
    json_t *body = json_object();
    form_read_groups(page, before_relays, body);
    form_read_groups(page, after_relays, body);
    json_object_set(body, FALLBACKS, rows);
    g_autoptr(GError) failure = NULL;
    json_auto_t *saved = page_send(page, "PUT", body, &failure, "/options/" SECTION);
    if (saved != NULL)
        return page_redirect(page, "saved", "/options/" SECTION);
    if (form_refused(page, failure))
        return show(page, page_status(failure), rows, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

/* ---- the test ---- */

HttpResponse *options_server_test(Page *page, GError **error)
{
    int status = test_mail_send(page, error);
    return status != 0 ? show(page, status, NULL, error) : NULL;
}

/* ---- on and off ---- */

HttpResponse *options_server_off(Page *page, GError **error)
{
    return page_view(page, 200, "options_server_off", "Deactivate the Alerts Server", error);
}

HttpResponse *options_server_activate(Page *page, GError **error)
{
    bool active = strcmp(page_field(page, "active"), "true") == 0;
    json_t *body = json_object();
    json_set_bool(body, "active", active);
    g_autoptr(GError) failure = NULL;
    json_auto_t *saved = page_send(page, "PUT", body, &failure, "/options/" SECTION);
    if (saved != NULL)
        return page_redirect(page, active ? "activated" : "deactivated", "/options/" SECTION);
    if (form_refused(page, failure))
        return show(page, page_status(failure), NULL, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}
