/* SPDX-License-Identifier: Apache-2.0 */
#include "console/import.h"

#include "base/json.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    const char *field, *label;
    const char *called; /* other names of such a column: letters and digits, with spaces between */
} ImportColumn;

static const ImportColumn of_accounts[] = {
    {"number", "Account's number", "no nr accountnumber accountno customernumber kundennummer"},
    {"name", "Name",
     "account accountname customer company companyname client organisation"
     " organization firma kunde"},
    {"email", "Email", "mail emailaddress emailadresse"},
    {"reference", "Reference: its id elsewhere", "id externalid accountid customerid"},
    {"email2", "Second email", "secondemail mail2 emailaddress2 otheremail"},
    {"domains", "Domains", "domain maildomain"},
    {"manager", "Manager: login or address", "accountmanager betreuer"},
    {"language", "Language", "lang locale sprache"},
    {"time_zone", "Time zone", "timezone tz zeitzone"},
    {"active", "Active: yes or no", "isactive enabled aktiv"},
    {NULL, NULL, NULL},
};

static const ImportColumn of_contacts[] = {
    {"account", "Account: its number or name",
     "accountname accountnumber customer company"
     " companyname client organisation organization firma"
     " kunde"},
    {"account_reference", "Account: its reference", "accountid customerid organizationid"},
    {"name", "Name", "contact contactname fullname person displayname"},
    {"email", "Email", "mail emailaddress emailadresse"},
    {"emails", "Further addresses", "otheremails secondemail email2 mail2 furtheraddresses"},
    {"on_every_ticket", "On every ticket: yes or no", "everyticket alltickets"},
    {"language", "Language", "lang locale sprache"},
    {"active", "Active: yes or no", "isactive enabled aktiv"},
    {NULL, NULL, NULL},
};

static const ImportColumn of_tickets[] = {
    {"reference", "Reference: its number elsewhere",
     "id ticketid ticket ticketnumber number key issuekey caseid casenumber"},
    {"account", "Account: its number or name",
     "accountname customer company companyname client organisation organization firma kunde"},
    {"account_reference", "Account: its reference", "accountid customerid organizationid"},
    {"contact", "Contact: an address",
     "requester requesteremail requestoremail requestor contactemail customeremail from email"},
    {"title", "Title", "subject summary betreff titel name"},
    {"description", "Description", "body text details content beschreibung"},
    {"type", "Type", "tickettype issuetype category"},
    {"priority", "Priority: low, normal, high or urgent", "prioritaet"},
    {"status", "Status", "state"},
    {"manager", "Manager: login or address", "assignee owner agent assignedto"},
    {"opened", "Opened", "created createdat opendate createdate datecreated erstellt"},
    {"closed", "Closed", "solved solvedat resolved closedat closedate completed geschlossen"},
    {"due", "Due", "duedate dueat"},
    {"resolution", "Resolution", "solution"},
    {"recipients", "External recipients", "cc ccs watchers"},
    {NULL, NULL, NULL},
};

static const ImportColumn *columns_of(const char *kind)
{
    if (strcmp(kind, "tickets") == 0)
        return of_tickets;
    return strcmp(kind, "contacts") == 0 ? of_contacts : of_accounts;
}

static json_t *choice(const char *value, const char *label, bool selected)
{
    json_t *item = json_object();
    json_set_text(item, "value", value);
    json_set_text(item, "label", label);
    json_set_bool(item, "selected", selected);
    return item;
}

json_t *import_choices(const char *kind, const char *selected)
{
    json_t *list = json_array();
    json_array_append_new(list, choice("", "Leave it out", selected == NULL));
    for (const ImportColumn *column = columns_of(kind); column->field != NULL; column++)
        json_array_append_new(
            list, choice(column->field, column->label, g_strcmp0(column->field, selected) == 0));
    return list;
}

/* "E-Mail address" -> "emailaddress" */
static char *bare(const char *name)
{
    GString *text = g_string_new(NULL);
    for (; *name != '\0'; name++)
        if (g_ascii_isalnum(*name))
            g_string_append_c(text, g_ascii_tolower(*name));
    return g_string_free(text, FALSE);
}

static bool is_called(const ImportColumn *column, const char *name)
{
    g_autofree char *field = bare(column->field);
    g_auto(GStrv) names = g_strsplit(column->called, " ", -1);
    return strcmp(field, name) == 0 || g_strv_contains((const char *const *)names, name);
}

static bool is_taken(const json_t *columns, const char *field)
{
    const char *column;
    json_t *value;
    json_object_foreach((json_t *)columns, column, value)
    {
        if (g_strcmp0(json_string_value(value), field) == 0)
            return true;
    }
    return false;
}

json_t *import_guess(const char *kind, const json_t *columns)
{
    json_t *guess = json_copy((json_t *)columns);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)columns, name, value)
    {
        g_autofree char *plain = bare(name);
        if (!json_is_null(value))
            continue;
        for (const ImportColumn *column = columns_of(kind); column->field != NULL; column++) {
            if (!is_called(column, plain) || is_taken(guess, column->field))
                continue;
            json_object_set_new(guess, name, json_string(column->field));
            break;
        }
    }
    return guess;
}
