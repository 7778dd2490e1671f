/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings contact`: the people at a customer. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/records.h"

#define CONTACTS "/api/v1/contacts"

static void print_contact(const Job *job, json_t *contact)
{
    static const Shown fields[] = {
        {"Id", "id", SHOWN_VALUE},
        {"Account", "account_name", SHOWN_VALUE},
        {"Name", "name", SHOWN_VALUE},
        {"Address", "email", SHOWN_VALUE},
        {"Others", "emails", SHOWN_VALUE},
        {"On every ticket", "on_every_ticket", SHOWN_VALUE},
        {"Language", "language", SHOWN_VALUE},
        {"Sees tickets of", "sees", SHOWN_VALUE},
        {"Active", "active", SHOWN_VALUE},
        {"Created", "created", SHOWN_TIME},
        {0},
    };
    if (job_print_json(job, contact))
        return;
    add_name(job, contact, "account", "account_name", "/api/v1/accounts/");
    print_fields(contact, fields);
}

static bool run_list(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"ID", "id", SHOWN_VALUE},
        {"NAME", "name", SHOWN_VALUE},
        {"ADDRESS", "email", SHOWN_VALUE},
        {"ACCOUNT", "account_name", SHOWN_VALUE},
        {"EVERY TICKET", "on_every_ticket", SHOWN_VALUE},
        {"ACTIVE", "active", SHOWN_VALUE},
        {0},
    };
    json_auto_t *contacts = job_collect(job, CONTACTS, error);
    if (contacts == NULL)
        return false;
    if (!job_json(job))
        add_names(job, json_object_get(contacts, "items"), "account", "account_name",
                  "/api/v1/accounts/");
    print_items(job, contacts, columns, "There are no such contacts.");
    return true;
}

static bool run_show(Job *job, GError **error)
{
    return show_record(job, CONTACTS, print_contact, error);
}

static bool run_add(Job *job, GError **error)
{
    return add_record(job, CONTACTS, "Added contact", "id", error);
}

static bool run_change(Job *job, GError **error)
{
    return change_record(job, CONTACTS, print_contact, error);
}

static const Option account[] = {
    {"account", OPTION_ID, NULL, "N", "The customer's number"},
    {0},
};

static const Option fields[] = {
    {"name", OPTION_TEXT, NULL, "TEXT", "Who it is"},
    {"email", OPTION_TEXT, NULL, "ADDRESS", "Where mail goes to"},
    {"other-email", OPTION_LIST, "emails", "ADDRESS", "Mail from there is theirs too; repeatable"},
    {"language", OPTION_TEXT, NULL, "TAG", "Of their alerts (default: the account's)"},
    {"sees", OPTION_TEXT, NULL, "account|own",
     "Whose tickets they see in the Web Interface (default: as options web-interface)"},
    {"on-every-ticket", OPTION_TRUE, "on_every_ticket", NULL,
     "Told of every new ticket of the account"},
    {0},
};

static const Option activity[] = {
    {"not-on-every-ticket", OPTION_FALSE, "on_every_ticket", NULL,
     "Told of their own tickets only"},
    {"inactive", OPTION_FALSE, "active", NULL, "Not put on new tickets any more"},
    {"active", OPTION_TRUE, NULL, NULL, "Back again"},
    {0},
};

static const Option filters[] = {
    {"account", OPTION_QUERY, NULL, "N", "Of this customer"},
    {0},
};

int command_contact(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "list",
         .summary = "List contacts, by id",
         .options = {filters, limit_option},
         .run = run_list},
        {.name = "show", .arguments = "ID", .summary = "Show a contact", .run = run_show},
        {.name = "add",
         .summary = "Add a contact to a customer",
         .options = {account, fields},
         .needs = "account,name,email",
         .run = run_add},
        {.name = "change",
         .arguments = "ID",
         .summary = "Change a contact",
         .more = "An empty text empties what may be empty. What --other-email names becomes the\n"
                 "whole list; \"none\" empties it.\n",
         .options = {fields, activity},
         .run = run_change},
        {0},
    };
    return subcommand_run("contact", "People at a customer", subcommands, argc, argv);
}
