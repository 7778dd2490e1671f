/* SPDX-License-Identifier: Apache-2.0 */
/* The Email Connector: the support mailbox, and where its mails are fetched. Its rules have a page
 * of their own. */
#include "base/error.h"
#include "console/options.h"
#include "console/pages.h"
#include "console/rows.h"
#include "records/mailbox_settings.h"

#define SECTION   "email-connector"
#define MAILBOXES "mailboxes"
#define TOKENS    "auth=xoauth2"

static const FieldChoice employee_mail[] = {
    {"verified", "Where it is proven to be theirs"},
    {"trusted", "Always: nobody else can write to the mailbox"},
    {"off", "Never: employees do not work by mail"},
    {NULL, NULL},
};
static const FieldChoice securities[] = {
    {"tls", "TLS from the start (usually port 993)"},
    {"starttls", "STARTTLS (usually port 143)"},
    {"none", "None: only to this machine itself"},
    {NULL, NULL},
};
static const FieldChoice auths[] = {
    {"password", "User name and password"},
    {"xoauth2", "Access tokens (Microsoft 365, Google)"},
    {NULL, NULL},
};
static const FieldChoice afters[] = {
    {"flag", "It is flagged and stays"},
    {"move", "It is moved to another folder"},
    {NULL, NULL},
};

static const FormField connector_fields[] = {
    {"enabled", FIELD_BOX, "Mails become tickets and answers", .wide = true},
    {"address", FIELD_ADDRESS, "The support mailbox", .help = "What customers write to.",
     .max = 254},
    {"employee_mail", FIELD_CHOICE, "When a mail from an employee's address is theirs",
     .choices = employee_mail},
    {"authserv_id", FIELD_LINE, "Whose Authentication-Results count",
     .help = "The name that your mail server puts there (RFC 8601). Empty: nobody's.", .max = 253},
    {.name = NULL},
};
static const FormField response_fields[] = {
    {"auto_response.enabled", FIELD_BOX, "Answer customers who open a ticket by mail",
     .help = "They get no New Ticket alert; this tells them that their mail has become a ticket.",
     .wide = true},
    {"auto_response.template", FIELD_RECORD, "Template", .help = NULL},
    {.name = NULL},
};
static const FormGroup groups[] = {
    {"Email Connector", .fields = connector_fields},
    {"Automatic response", .fields = response_fields},
    {.title = NULL},
};

static const FormField mailbox_fields[] = {
    {"host", FIELD_LINE, "Host", .help = "For example imap.example.com", .max = 253},
    {"port", FIELD_NUMBER, "Port", .max = 65535},
    {"security", FIELD_CHOICE, "Encryption", .choices = securities},
    {"username", FIELD_LINE, "User name", .max = 255},
    {"auth", FIELD_CHOICE, "Signing in", .choices = auths},
    {"password", FIELD_SECRET, "Password", .max = 1024, .when = "auth=password"},
    {"token_url", FIELD_LINE, "Address of the token server", .max = 1024, .when = TOKENS},
    {"client_id", FIELD_LINE, "Client id", .max = 255, .when = TOKENS},
    {"scope", FIELD_LINE, "Scope", .max = 1024, .when = TOKENS},
    {"client_secret", FIELD_SECRET, "Client secret", .max = 1024, .when = TOKENS},
    {"refresh_token", FIELD_SECRET, "Refresh token", .max = 4096, .when = TOKENS},
    {"folder", FIELD_LINE, "Folder", .max = 255},
    {"poll_seconds", FIELD_NUMBER, "Look every so many seconds", .help = "1 to 86,400",
     .max = 86400},
    {"after", FIELD_CHOICE, "A mail that was filed", .choices = afters},
    {"move_to", FIELD_LINE, "That folder", .help = "It is made where it is missing.", .max = 255,
     .when = "after=move"},
    {"ca_file", FIELD_LINE, "File of trusted authorities",
     .help = "PEM, on the server. Empty: those of the system.", .max = 1024},
    {.name = NULL},
};
static const FormRows mailboxes = {
    .name = MAILBOXES,
    .title = "Mailbox",
    .fields = mailbox_fields,
    .fresh = "{\"port\":993,\"security\":\"tls\",\"auth\":\"password\",\"folder\":\"INBOX\","
             "\"after\":\"flag\",\"poll_seconds\":10}",
    .max = LIMIT_MAILBOXES,
};

/* `rows`: what was typed (borrowed); NULL: the form is as it is stored. */
static HttpResponse *show(Page *page, int status, const json_t *rows, GError **error)
{
    json_auto_t *values = page_get(page, error, "/options/" SECTION);
    json_auto_t *templates =
        values != NULL ? options_templates(page, "auto_response", error) : NULL;
    if (templates == NULL)
        return NULL;
    json_t *shown = form_show_groups(page, groups, values, rows != NULL);
    form_offer(shown, "auto_response.template", templates, "id", "name",
               "The one that comes along");
    json_object_set_new(page->data, "groups", shown);
    rows_show(page, &mailboxes, rows != NULL ? rows : json_object_get(values, MAILBOXES));
    size_t n = json_array_size(json_object_get(values, "rules"));
    g_autofree char *rules = n == 0   ? g_strdup("Write the first rule")
                             : n == 1 ? g_strdup("Look at the one rule")
                                      : g_strdup_printf("Look at the %zu rules", n);
    json_set_text(page->data, "rules", rules);
    return options_page(page, status, SECTION, "options_connector", "Email Connector", error);
}

HttpResponse *options_connector_show(Page *page, GError **error)
{
    return show(page, 200, NULL, error);
}

HttpResponse *options_connector_post(Page *page, GError **error)
{
    json_auto_t *rows = rows_read(page, &mailboxes);
    if (rows_act(page, &mailboxes, rows)) {
        json_set_bool(page->data, "not_saved", true);
        return show(page, 200, rows, error);
    }
    json_t *body = json_object();
    form_read_groups(page, groups, body);
    json_object_set(body, MAILBOXES, rows);
    g_autoptr(GError) failure = NULL;
    json_auto_t *saved = page_send(page, "PUT", body, &failure, "/options/" SECTION);
    if (saved != NULL)
        return page_redirect(page, "saved", "/options/" SECTION);
    if (form_refused(page, failure))
        return show(page, page_status(failure), rows, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}
