/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings account`: the customers. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/records.h"

#define ACCOUNTS "/api/v1/accounts"

static void print_account(const Job *job, json_t *account)
{
    static const Shown fields[] = {
        {"Number", "number", SHOWN_VALUE},       {"Name", "name", SHOWN_VALUE},
        {"Address", "email", SHOWN_VALUE},       {"Second", "email2", SHOWN_VALUE},
        {"Domains", "domains", SHOWN_VALUE},     {"Language", "language", SHOWN_VALUE},
        {"Time zone", "time_zone", SHOWN_VALUE}, {"Manager", "manager_name", SHOWN_VALUE},
        {"Reference", "reference", SHOWN_VALUE}, {"Active", "active", SHOWN_VALUE},
        {"Created", "created", SHOWN_TIME},      {0},
    };
    if (job_print_json(job, account))
        return;
    add_name(job, account, "manager", "manager_name", "/api/v1/employees/");
    print_fields(account, fields);
}

static bool run_list(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"NUMBER", "number", SHOWN_VALUE},
        {"NAME", "name", SHOWN_VALUE},
        {"ADDRESS", "email", SHOWN_VALUE},
        {"ACTIVE", "active", SHOWN_VALUE},
        {0},
    };
    return list_records(job, ACCOUNTS, columns, "There are no such accounts.", error);
}

static bool run_show(Job *job, GError **error)
{
    return show_record(job, ACCOUNTS, print_account, error);
}

static bool run_add(Job *job, GError **error)
{
    return add_record(job, ACCOUNTS, "Added account", "number", error);
}

static bool run_change(Job *job, GError **error)
{
    return change_record(job, ACCOUNTS, print_account, error);
}

static const Option fields[] = {
    {"name", OPTION_TEXT, NULL, "TEXT", "What the customer is called"},
    {"email", OPTION_TEXT, NULL, "ADDRESS", "Told of tickets that have no contact"},
    {"email2", OPTION_TEXT, NULL, "ADDRESS", "A second address"},
    {"domain", OPTION_LIST, "domains", "DOMAIN", "Mail from there is this customer's; repeatable"},
    {"language", OPTION_TEXT, NULL, "TAG", "Of their alerts, such as de or pt-BR"},
    {"time-zone", OPTION_TEXT, "time_zone", "ZONE", "Such as Europe/Berlin"},
    {"manager", OPTION_ID, NULL, "ID", "The employee who looks after them"},
    {"reference", OPTION_TEXT, NULL, "TEXT", "What other systems call them, such as AC-1042"},
    {0},
};

static const Option activity[] = {
    {"inactive", OPTION_FALSE, "active", NULL, "A customer no more; open tickets stay as they are"},
    {"active", OPTION_TRUE, NULL, NULL, "A customer again"},
    {0},
};

static const Option filters[] = {
    {"search", OPTION_QUERY, "q", "TEXT", "With this text in the name"},
    {0},
};

int command_account(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "list",
         .summary = "List customers, by number",
         .options = {filters, limit_option},
         .run = run_list},
        {.name = "show", .arguments = "NUMBER", .summary = "Show a customer", .run = run_show},
        {.name = "add",
         .summary = "Add a customer",
         .more =
             "  tidings account add --name \"Bluebird Dental\" --email office@bluebird.example\n",
         .options = {fields},
         .needs = "name,email",
         .run = run_add},
        {.name = "change",
         .arguments = "NUMBER",
         .summary = "Change a customer",
         .more =
             "An empty text or \"none\" empties what may be empty. What --domain names becomes\n"
             "the whole list.\n",
         .options = {fields, activity},
         .run = run_change},
        {0},
    };
    return subcommand_run("account", "Customers", subcommands, argc, argv);
}
