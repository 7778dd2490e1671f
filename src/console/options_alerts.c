/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts to Customers: which alerts there are, and in which situations they go out. The table is
 * the policy's own answer to the boxes as they are ticked now, saved or not; what the last weeks
 * would have been like with them says a simulation.
 */
#include "base/error.h"
#include "console/options.h"
#include "console/pages.h"

#include <string.h>

#define SECTION        "alerts-to-customers"
#define SIMULATED_DAYS 30

/* ---- the form ---- */

static const FormField which_fields[] = {
    {"new_ticket.enabled", FIELD_BOX, "Tell customers when a ticket is opened (New Ticket alert)",
     .wide = true},
    {"ticket_closed.enabled", FIELD_BOX,
     "Tell customers when a ticket is closed (Ticket Closed alert)", .wide = true},
    {.name = NULL},
};
static const FormField new_fields[] = {
    {"new_ticket.template", FIELD_RECORD, "Template", .help = NULL},
    {"new_ticket.sender_name", FIELD_LINE, "Sender's name", .help = "Empty: the Alerts Server's.",
     .max = 255},
    {"new_ticket.reply_to", FIELD_ADDRESS, "Answers go to",
     .help = "Empty: as the Alerts Server says.", .max = 254},
    {.name = NULL},
};
static const FormField closed_fields[] = {
    {"ticket_closed.template", FIELD_RECORD, "Template", .help = NULL},
    {"ticket_closed.sender_name", FIELD_LINE, "Sender's name",
     .help = "Empty: the Alerts Server's.", .max = 255},
    {"ticket_closed.reply_to", FIELD_ADDRESS, "Answers go to",
     .help = "Empty: as the Alerts Server says.", .max = 254},
    {.name = NULL},
};
static const FormField who_fields[] = {
    {"default_recipients.contact", FIELD_BOX, "The ticket's contact",
     .help = "At the primary address; without a contact the account's first address.",
     .wide = true},
    {"default_recipients.on_every_ticket", FIELD_BOX,
     "The account's contacts that are flagged \"on every ticket\"", .wide = true},
    {"default_recipients.mail_copies", FIELD_BOX, "Of a ticket by mail: who else it was written to",
     .help = "Its To and Cc.", .wide = true},
    {.name = NULL},
};
static const FormField how_fields[] = {
    {"web_link", FIELD_BOX, "The mails have a link to their ticket in the Web Interface",
     .wide = true},
    {"merge_open_and_close", FIELD_BOX,
     "A ticket that is closed before its first mail has left: one mail instead of two",
     .wide = true},
    {.name = NULL},
};
static const FormField brake_fields[] = {
    {"brake.enabled", FIELD_BOX, "Hold mails when somebody tells unusually many customers at once",
     .help = "They wait until a person releases or cancels them. Counted for each employee and "
             "each token.",
     .wide = true},
    {"brake.customers", FIELD_NUMBER, "More customers than", .help = "1 to 100,000", .max = 100000},
    {"brake.minutes", FIELD_NUMBER, "within so many minutes", .help = "1 to 1,440", .max = 1440},
    {.name = NULL},
};
static const FormGroup which_groups[] = {
    {"Which alerts there are", .fields = which_fields},
    {.title = NULL},
};
static const FormGroup groups[] = {
    {"New Ticket alert", .fields = new_fields},
    {"Ticket Closed alert", .fields = closed_fields},
    {"Who is on the list of a new ticket", "Anybody can be added to a ticket and removed from it.",
     .fields = who_fields},
    {"In the mails", .fields = how_fields},
    {"The brake", .fields = brake_fields},
    {.title = NULL},
};

/* ---- the table of situations ---- */

/* The two boxes alone: what else is being typed must not empty the table. */
static json_t *boxes(const json_t *values)
{
    static const char *const alerts[] = {"new_ticket", "ticket_closed"};
    json_t *body = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(alerts); i++) {
        json_t *alert = json_object();
        json_set_bool(alert, "enabled",
                      json_get_bool(json_object_get(values, alerts[i]), "enabled", false));
        json_object_set_new(body, alerts[i], alert);
    }
    return body;
}

/* The tag says whether; what is left of the sentence says why not. */
static void dress(json_t *verdict)
{
    const char *sentence = json_get_text(verdict, "sentence");
    const char *colon = strstr(sentence, ": ");
    bool told = strcmp(json_get_text(verdict, "decision"), "send") == 0;
    g_autofree char *why = g_strdup(told ? "" : colon != NULL ? colon + 2 : sentence);
    *why = g_ascii_toupper(*why);
    json_set_bool(verdict, "told", told);
    json_set_text(verdict, "sentence", why);
}

static bool add_situations(Page *page, const json_t *values, GError **error)
{
    json_auto_t *answer =
        page_send(page, "POST", boxes(values), error, "/options/" SECTION "/situations");
    const Settings *settings = answer != NULL ? page_settings(page, error) : NULL;
    if (settings == NULL)
        return false;
    json_t *items = json_object_get(answer, "items");
    size_t i;
    json_t *situation;
    json_array_foreach(items, i, situation)
    {
        dress(json_object_get(situation, "new_ticket"));
        dress(json_object_get(situation, "ticket_closed"));
    }
    json_object_set(page->data, "situations", items);
    json_set_bool(page->data, "responds",
                  settings->email_connector.enabled && settings->email_connector.respond);
    return true;
}

/* ---- the page ---- */

static bool add_form(Page *page, const json_t *values, GError **error)
{
    bool typed = page->form != NULL;
    json_auto_t *templates = options_templates(page, "ticket", error);
    if (templates == NULL)
        return false;
    json_t *shown = form_show_groups(page, groups, values, typed);
    form_offer(shown, "new_ticket.template", templates, "id", "name", "The one that comes along");
    form_offer(shown, "ticket_closed.template", templates, "id", "name",
               "The one that comes along");
    json_object_set_new(page->data, "groups", shown);
    json_object_set_new(page->data, "which", form_show_groups(page, which_groups, values, typed));
    return true;
}

static json_t *read_form(const Page *page)
{
    json_t *body = json_object();
    form_read_groups(page, which_groups, body);
    form_read_groups(page, groups, body);
    return body;
}

static HttpResponse *show(Page *page, int status, GError **error)
{
    json_auto_t *values = page_get(page, error, "/options/" SECTION);
    if (values == NULL || !add_form(page, values, error))
        return NULL;
    json_auto_t *typed = page->form != NULL ? read_form(page) : json_incref(values);
    return add_situations(page, typed, error)
               ? options_page(page, status, SECTION, "options_alerts", "Alerts to Customers", error)
               : NULL;
}

HttpResponse *options_alerts_show(Page *page, GError **error)
{
    return show(page, 200, error);
}

HttpResponse *options_alerts_post(Page *page, GError **error)
{
    g_autoptr(GError) failure = NULL;
    json_auto_t *saved = page_send(page, "PUT", read_form(page), &failure, "/options/" SECTION);
    if (saved != NULL)
        return page_redirect(page, "saved", "/options/" SECTION);
    if (form_refused(page, failure))
        return show(page, page_status(failure), error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

/* The table alone, for the script; the whole page for who has none. */
HttpResponse *options_alerts_situations(Page *page, GError **error)
{
    json_auto_t *typed = read_form(page);
    return add_situations(page, typed, error) ? page_piece(page, "_situations", error) : NULL;
}

HttpResponse *options_alerts_look(Page *page, GError **error)
{
    return show(page, 200, error);
}

/* ---- what would have been sent ---- */

/* What changes decisions; the rest of the section is no matter for a simulation. */
static json_t *simulated(const Page *page)
{
    static const char *const kept[] = {"new_ticket", "ticket_closed", "brake"};
    json_auto_t *form = read_form(page);
    json_t *alerts = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
        json_object_set(alerts, kept[i], json_object_get(form, kept[i]));
    json_t *options = json_object();
    json_object_set_new(options, "alerts_to_customers", alerts);
    json_t *body = json_object();
    json_set_int(body, "days", SIMULATED_DAYS);
    json_object_set_new(body, "options", options);
    return body;
}

static void dress_simulation(json_t *result)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(result, "summary"), i, line)
    {
        bool opened = strcmp(json_get_text(line, "kind"), "new_ticket") == 0;
        const char *decision = json_get_text(line, "decision");
        g_autofree char *reason = g_strdelimit(g_strdup(json_get_text(line, "reason")), "_", ' ');
        json_set_text(line, "event", opened ? "Opened" : "Closed");
        json_set_text(line, "reason", reason);
        json_set_text(line, "tone",
                      strcmp(decision, "send") == 0   ? "success"
                      : strcmp(decision, "hold") == 0 ? "warning"
                                                      : "");
        json_set_text(line, "badge",
                      strcmp(decision, "send") == 0   ? "told"
                      : strcmp(decision, "hold") == 0 ? "held"
                                                      : "not told");
    }
    json_set_int(result, "days", SIMULATED_DAYS);
    json_set_bool(result, "nothing", json_array_size(json_object_get(result, "summary")) == 0);
}

HttpResponse *options_alerts_simulate(Page *page, GError **error)
{
    g_autoptr(GError) failure = NULL;
    json_t *result = page_send(page, "POST", simulated(page), &failure, "/simulate?limit=0");
    if (result != NULL) {
        dress_simulation(result);
        json_object_set_new(page->data, "simulation", result);
        return show(page, 200, error);
    }
    if (form_refused(page, failure))
        return show(page, page_status(failure), error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}
