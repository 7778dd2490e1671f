/* SPDX-License-Identifier: Apache-2.0 */
/* The options: what there is, and the sections that are one form and nothing else. */
#include "console/options.h"

#include "console/pages.h"

#include <string.h>

/* ---- what the pages share ---- */

HttpResponse *options_page(Page *page, int status, const char *section, const char *view,
                           const char *title, GError **error)
{
    g_autofree char *key = g_strdelimit(g_strdup(section), "-", '_');
    json_t *current = json_object();
    json_set_bool(current, key, true);
    json_object_set_new(page->data, "section", current);
    json_set_text(page->data, "path", section);
    if (strcmp(section, "tokens") != 0 && strcmp(section, "audit") != 0 && *section != '\0' &&
        !history_add(page, section, error))
        return NULL;
    return page_view(page, status, view, title, error);
}

json_t *options_templates(Page *page, const char *kind, GError **error)
{
    json_t *list = json_array();
    g_autofree char *cursor = g_strdup("");
    do {
        json_auto_t *answer = page_get(page, error, "/templates?limit=200&cursor=%s", cursor);
        if (answer == NULL) {
            json_decref(list);
            return NULL;
        }
        size_t i;
        json_t *one;
        json_array_foreach(json_object_get(answer, "items"), i, one)
        {
            if (strcmp(json_get_text(one, "kind"), kind) == 0)
                json_array_append(list, one);
        }
        g_free(cursor);
        cursor = g_strdup(json_get_text(answer, "next_cursor"));
    } while (*cursor != '\0');
    return list;
}

/* ---- the sections that are one form ---- */

static const FormField desk_fields[] = {
    {"name", FIELD_LINE, "Name", .help = "As customers read it in their mails.", .max = 255,
     .wide = true},
    {"phone", FIELD_LINE, "Phone", .max = 64},
    {"hours", FIELD_LINE, "Hours", .help = "For example: Monday to Friday, 8:00 to 18:00",
     .max = 255},
    {"address", FIELD_BLOCK, "Postal address", .max = 1024, .wide = true},
    {.name = NULL},
};
static const FormField place_fields[] = {
    {"language", FIELD_CHOICE, "Language",
     .help = "Customers are written to in theirs; this one is used where neither contact nor "
             "account has"
             " one.",
     .max = 35, .choices = form_languages},
    {"time_zone", FIELD_LINE, "Time zone",
     .help = "For example Europe/London, America/New_York, UTC.", .max = 64},
    {.name = NULL},
};
static const FormGroup desk_groups[] = {
    {"The desk", .fields = desk_fields},
    {"Language and time", .fields = place_fields},
    {.title = NULL},
};

static const FieldChoice reopen[] = {
    {"ask", "A person decides"},
    {"always", "The ticket is opened again"},
    {"never", "The ticket stays closed"},
    {NULL, NULL},
};
static const FormField answer_fields[] = {
    {"reopen_on_reply", FIELD_CHOICE, "When a customer answers on a closed ticket",
     .choices = reopen},
    {"desk_recipient", FIELD_ADDRESS,
     "Who is told of customers' mails on tickets without a manager",
     .help = "An address of yours; empty: nobody.", .max = 254},
    {.name = NULL},
};
static const FormField label_fields[] = {
    {"status_labels.100", FIELD_LINE, "New", .max = 64},
    {"status_labels.200", FIELD_LINE, "Pending", .max = 64},
    {"status_labels.300", FIELD_LINE, "Scheduled", .max = 64},
    {"status_labels.400", FIELD_LINE, "In-House Service", .max = 64},
    {"status_labels.500", FIELD_LINE, "On-Site Service", .max = 64},
    {"status_labels.600", FIELD_LINE, "Laboratory Service", .max = 64},
    {"status_labels.700", FIELD_LINE, "Hold", .max = 64},
    {"status_labels.800", FIELD_LINE, "Other", .max = 64},
    {"status_labels.900", FIELD_LINE, "Canceled", .max = 64},
    {"status_labels.1000", FIELD_LINE, "Completed", .max = 64},
    {.name = NULL},
};
static const FormGroup tickets_groups[] = {
    {"Customers' mails", .fields = answer_fields},
    {"Names of the statuses",
     "What your desk calls them. Empty: the name as it stands. What a status does never changes:"
     " Completed closes a ticket, whatever it is called.",
     .fields = label_fields},
    {.title = NULL},
};

static const FieldChoice see[] = {
    {"account", "All tickets of their account"},
    {"own", "Only tickets they are the contact of, or a recipient"},
    {NULL, NULL},
};
static const FormField web_fields[] = {
    {"enabled", FIELD_BOX, "Customers have pages of their own",
     .help = "They sign in by a link that is mailed to them, and see their tickets.", .wide = true},
    {"public_url", FIELD_LINE, "Where this desk is reached",
     .help =
         "For example https://support.example.com. Links in mails lead there, those for a forgotten"
         " password, too. Empty: no link can be mailed.",
     .max = 255, .wide = true},
    {"see", FIELD_CHOICE, "Customers see", .help = "A contact's own setting comes first.",
     .choices = see},
    {"require_sign_in", FIELD_BOX, "The link in an alert asks to sign in",
     .help = "Without it, who has the mail can read the ticket and comment on it."},
    {.name = NULL},
};
static const FormGroup web_groups[] = {
    {"Web Interface", .fields = web_fields},
    {.title = NULL},
};

static const FormField mail_days[] = {
    {"raw_mails", FIELD_NUMBER, "Mails as they came",
     .help = "The bytes of mails that are done with. 30 days at least. Mails that wait for a person"
             " or cannot be read are never removed by themselves.",
     .max = RETAIN_MAX_DAYS},
    {"inbox", FIELD_NUMBER, "What became of mails",
     .help = "The inbox's rows with their steps. 60 days at least.", .max = RETAIN_MAX_DAYS},
    {.name = NULL},
};
static const FormField alert_days[] = {
    {"contents", FIELD_NUMBER, "What alerts were made from",
     .help = "Of closed tickets. Without it a mail that was sent can no longer be shown byte for"
             " byte, nor be sent again. 30 days at least.",
     .max = RETAIN_MAX_DAYS},
    {"attempts", FIELD_NUMBER, "Each try to send a mail", .help = "30 days at least.",
     .max = RETAIN_MAX_DAYS},
    {"decisions", FIELD_NUMBER, "Who was told, and why not",
     .help = "Of closed tickets, when all of a ticket's are so old. They are counted before they"
             " go, and the ticket says so. 90 days at least.",
     .max = RETAIN_MAX_DAYS},
    {.name = NULL},
};
static const FormField other_days[] = {
    {"service_mails", FIELD_NUMBER, "Sign-in links and notices to admins",
     .help = "That they were sent. 30 days at least.", .max = RETAIN_MAX_DAYS},
    {"audit", FIELD_NUMBER, "Who changed what", .help = "90 days at least.",
     .max = RETAIN_MAX_DAYS},
    {.name = NULL},
};
static const FormGroup retention_groups[] = {
    {"Mails that came in",
     "For how many days each is kept; 0 is for ever. What is on its way, is held or waits for a"
     " person never goes, however old it is. Tickets, with what was written on them, stay.",
     .fields = mail_days},
    {"Alerts", .fields = alert_days},
    {"Others", .fields = other_days},
    {.title = NULL},
};

static const struct Section {
    const char *name, *title;
    const FormGroup *groups;
} sections[] = {
    {"desk", "Desk", desk_groups},
    {"tickets", "Tickets", tickets_groups},
    {"web-interface", "Web Interface", web_groups},
    {"retention", "Retention", retention_groups},
};

/* The last part of the route's pattern. */
static const struct Section *section_of(const Page *page)
{
    const char *name = strrchr(page->route->pattern, '/') + 1;
    for (size_t i = 0; i < G_N_ELEMENTS(sections); i++)
        if (strcmp(sections[i].name, name) == 0)
            return &sections[i];
    g_assert_not_reached();
}

/* What would go now, by the settings as they are saved. */
static bool add_plan(Page *page, GError **error)
{
    json_auto_t *plan = page_get(page, error, "/retention");
    if (plan == NULL)
        return false;
    size_t i;
    json_t *rule;
    json_array_foreach(json_object_get(plan, "items"), i, rule)
    {
        page_add_time(page, rule, "oldest");
        page_add_time(page, rule, "removed_at");
        g_autofree char *name = g_strdelimit(g_strdup(json_get_text(rule, "rule")), "_", ' ');
        json_set_text(rule, "name", name);
        json_set_bool(rule, "for_ever", json_get_int(rule, "days") == 0);
    }
    json_object_set(page->data, "plan", json_object_get(plan, "items"));
    return true;
}

static HttpResponse *show(Page *page, int status, GError **error)
{
    const struct Section *section = section_of(page);
    json_auto_t *values = page_get(page, error, "/options/%s", section->name);
    if (values == NULL)
        return NULL;
    json_object_set_new(page->data, "groups",
                        form_show_groups(page, section->groups, values, page->form != NULL));
    bool retention = strcmp(section->name, OPTIONS_RETENTION) == 0;
    json_set_bool(page->data, "retention", retention);
    if (retention && !add_plan(page, error))
        return NULL;
    return options_page(page, status, section->name, "options_section", section->title, error);
}

HttpResponse *options_section_show(Page *page, GError **error)
{
    return show(page, 200, error);
}

HttpResponse *options_section_post(Page *page, GError **error)
{
    const struct Section *section = section_of(page);
    json_t *body = json_object();
    form_read_groups(page, section->groups, body);
    g_autoptr(GError) failure = NULL;
    json_auto_t *saved = page_send(page, "PUT", body, &failure, "/options/%s", section->name);
    if (saved != NULL)
        return page_redirect(page, "saved", "/options/%s", section->name);
    if (form_refused(page, failure))
        return show(page, page_status(failure), error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

/* ---- all of them ---- */

static void add_section(json_t *list, const char *path, const char *title, const char *about,
                        const char *badge, const char *tone)
{
    json_t *section = json_object();
    json_set_text(section, "path", path);
    json_set_text(section, "title", title);
    json_set_text(section, "about", about);
    json_set_text(section, "badge", badge);
    json_set_text(section, "tone", tone);
    json_array_append_new(list, section);
}

static void add_switched(json_t *list, const char *path, const char *title, const char *about,
                         bool on)
{
    add_section(list, path, title, about, on ? "on" : "off", on ? "success" : "secondary");
}

HttpResponse *options_show_all(Page *page, GError **error)
{
    const Settings *settings = page_settings(page, error);
    if (settings == NULL)
        return NULL;
    const AlertsToCustomersSettings *alerts = &settings->alerts;
    bool both = alerts->new_ticket.enabled && alerts->ticket_closed.enabled;
    bool one = alerts->new_ticket.enabled || alerts->ticket_closed.enabled;
    json_t *list = json_array();
    add_section(list, "desk", "Desk", "Name, phone, hours, language and time zone of your desk.",
                NULL, NULL);
    bool active = settings->alerts_server.active;
    add_section(list, "alerts-server", "Alerts Server",
                "The mail servers that take your mails, the sender, and a live test.",
                active ? "active" : "not active", active ? "success" : "warning");
    add_section(list, "alerts-to-customers", "Alerts to Customers",
                "Of what customers are told, and in which situations.",
                both  ? "on"
                : one ? "one of two is on"
                      : "off",
                both ? "success" : "warning");
    add_switched(list, "email-connector", "Email Connector",
                 "The support mailbox: mails become tickets and answers.",
                 settings->email_connector.enabled);
    add_switched(list, "web-interface", "Web Interface",
                 "The customers' own pages, and the address of this desk.",
                 settings->web_interface.enabled);
    add_section(list, "tickets", "Tickets", "Names of the statuses, and answers to closed tickets.",
                NULL, NULL);
    add_section(list, "retention", "Retention", "For how long what is kept.", NULL, NULL);
    add_section(list, "tokens", "API tokens", "What other programs come in with.", NULL, NULL);
    add_section(list, "audit", "Who changed what", "Accounts, people, tokens, mail sent again.",
                NULL, NULL);
    json_object_set_new(page->data, "sections", list);
    return options_page(page, 200, "", "options", "Options", error);
}
