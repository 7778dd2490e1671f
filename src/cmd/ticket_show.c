/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/ticket_show.h"

#include "base/json.h"
#include "cmd/records.h"

#include <string.h>

#define ACCOUNTS  "/api/v1/accounts/"
#define CONTACTS  "/api/v1/contacts/"
#define EMPLOYEES "/api/v1/employees/"

char *ticket_heading(const json_t *ticket)
{
    g_autofree char *title = plain_line(json_get_text(ticket, "title"));
    return g_strdup_printf("#%" G_GINT64_FORMAT ": %s", json_get_int(ticket, "number"), title);
}

bool ticket_list_run(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"NUMBER", "number", SHOWN_VALUE},
        {"STATUS", "status_label", SHOWN_VALUE},
        {"PRIORITY", "priority", SHOWN_VALUE},
        {"OPENED", "opened", SHOWN_TIME},
        {"ACCOUNT", "account_name", SHOWN_VALUE},
        {"TITLE", "title", SHOWN_VALUE},
        {0},
    };
    json_auto_t *tickets = job_collect(job, TICKETS, error);
    if (tickets == NULL)
        return false;
    if (!job_json(job))
        add_names(job, json_object_get(tickets, "items"), "account", "account_name", ACCOUNTS);
    print_items(job, tickets, columns, "There are no such tickets.");
    return true;
}

/* ---- one ticket ---- */

/* "2026-11-23 18:32 by Robin Keeper (cli)" */
static void add_opening(json_t *ticket)
{
    static const Shown opened = {"", "opened", SHOWN_TIME};
    g_autofree char *time = shown_field(ticket, &opened);
    g_autofree char *text = g_strdup_printf(
        "%s by %s (%s)", time, json_get_text(json_object_get(ticket, "opened_by"), "name"),
        json_get_text(ticket, "channel"));
    json_set_text(ticket, "opening", text);
}

void print_not_told(const json_t *ticket)
{
    static const Shown since = {"", "customers_not_told_since", SHOWN_TIME};
    if (!json_get_bool(ticket, "customers_not_told", false))
        return;
    g_autofree char *time = shown_field(ticket, &since);
    command_print(
        "\nCustomers not told: nobody was told that this ticket was closed (known since %s).\n"
        "Tell somebody with `tidings alerts retry`, or `tidings recipient add` and\n"
        "`tidings recipient send-latest`; `tidings alerts explain %" G_GINT64_FORMAT
        "` tells why.\n",
        time, json_get_int(ticket, "number"));
}

static void print_ticket(const Job *job, json_t *ticket)
{
    static const Shown fields[] = {
        {"Status", "status_label", SHOWN_VALUE},
        {"Priority", "priority", SHOWN_VALUE},
        {"Type", "type", SHOWN_VALUE},
        {"Account", "account_name", SHOWN_VALUE},
        {"Contact", "contact_name", SHOWN_VALUE},
        {"Manager", "manager_name", SHOWN_VALUE},
        {"Opened", "opening", SHOWN_VALUE},
        {"Due", "due", SHOWN_TIME},
        {"Closed", "closed", SHOWN_TIME},
        {"Reference", "reference", SHOWN_VALUE},
        {0},
    };
    add_opening(ticket);
    add_name(job, ticket, "account", "account_name", ACCOUNTS);
    add_name(job, ticket, "contact", "contact_name", CONTACTS);
    add_name(job, ticket, "manager", "manager_name", EMPLOYEES);
    g_autofree char *heading = ticket_heading(ticket);
    command_print("Ticket %s\n\n", heading);
    print_fields(ticket, fields);
    print_not_told(ticket);
    print_block("Description", json_get_text(ticket, "description"));
    print_block("Resolution", json_get_text(ticket, "resolution"));
}

static void print_recipients(const json_t *recipients)
{
    size_t i;
    json_t *recipient;
    command_print("\nExternal recipients\n");
    if (json_array_size(recipients) == 0)
        command_print("  none: nobody is told of this ticket\n");
    json_array_foreach(recipients, i, recipient)
    {
        g_autofree char *email = plain_line(json_get_text(recipient, "email"));
        g_autofree char *name = plain_line(json_get_text(recipient, "name"));
        command_print("  %s%s%s%s\n", email, *name != '\0' ? "  " : "", name,
                      json_get_bool(recipient, "muted", false)       ? "  (muted)"
                      : *json_get_text(recipient, "left_at") != '\0' ? "  (has left the ticket)"
                                                                     : "");
    }
}

/* "status, priority": what a change touched. */
static char *changed_fields(const json_t *changes)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)changes, name, value)
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : ": ", name);
    return plain_line(names->str);
}

static void print_events(const json_t *events)
{
    static const Shown at = {"", "at", SHOWN_TIME};
    size_t i;
    json_t *event;
    command_print("\nWhat happened\n");
    json_array_foreach(events, i, event)
    {
        g_autofree char *time = shown_field(event, &at);
        g_autofree char *kind = plain_line(json_get_text(event, "kind"));
        g_autofree char *who = plain_line(json_get_text(json_object_get(event, "actor"), "name"));
        g_autofree char *fields = strcmp(kind, "changed") == 0
                                      ? changed_fields(json_object_get(event, "changes"))
                                      : g_strdup("");
        g_strdelimit(kind, "_", ' ');
        command_print("  %s  %s by %s (%s)%s%s\n", time, kind, who, json_get_text(event, "channel"),
                      fields,
                      json_get_bool(event, "notify", true) ? "" : "; nobody was to be told");
    }
}

static json_t *get_part(const Job *job, const char *suffix, GError **error)
{
    g_autofree char *target = number_target(TICKETS "/", job_arguments(job)[0], suffix, error);
    return target != NULL ? job_collect(job, target, error) : NULL;
}

bool ticket_show_run(Job *job, GError **error)
{
    g_autofree char *target = job_target(job, TICKETS "/", error);
    if (target == NULL)
        return false;
    json_auto_t *ticket = client_call(job_client(job), "GET", target, NULL, error);
    if (ticket == NULL)
        return false;
    if (job_print_json(job, ticket))
        return true;
    json_auto_t *recipients = get_part(job, "/recipients", error);
    if (recipients == NULL)
        return false;
    json_auto_t *events = get_part(job, "/events", error);
    if (events == NULL)
        return false;
    print_ticket(job, ticket);
    print_recipients(json_object_get(recipients, "items"));
    print_events(json_object_get(events, "items"));
    command_print("\n`tidings alerts explain %s` tells who was told.\n", job_arguments(job)[0]);
    return true;
}
