/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings template`: the words of the alerts. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/records.h"

#define TEMPLATES "/api/v1/templates"

static bool run_list(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"ID", "id", SHOWN_VALUE},
        {"NAME", "name", SHOWN_VALUE},
        {"KIND", "kind", SHOWN_VALUE},
        {"LANGUAGE", "language", SHOWN_VALUE},
        {"VERSION", "version", SHOWN_VALUE},
        {"SUBJECT", "subject", SHOWN_VALUE},
        {0},
    };
    return list_records(job, TEMPLATES, columns, "There are no templates.", error);
}

static void print_template(const Job *job, json_t *record)
{
    static const Shown fields[] = {
        {"Template", "id", SHOWN_VALUE},     {"Name", "name", SHOWN_VALUE},
        {"Kind", "kind", SHOWN_VALUE},       {"Language", "language", SHOWN_VALUE},
        {"Version", "version", SHOWN_VALUE}, {0},
    };
    if (job_print_json(job, record))
        return;
    print_fields(record, fields);
    print_block("Subject", json_get_text(record, "subject"));
    print_block("Text", json_get_text(record, "text"));
    if (job_switched(job, "html"))
        print_block("HTML", json_get_text(record, "html"));
}

static bool run_show(Job *job, GError **error)
{
    return show_record(job, TEMPLATES, print_template, error);
}

static const Option forms[] = {
    {"html", OPTION_SWITCH, NULL, NULL, "Its HTML part too"},
    {0},
};

int command_template(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "list", .summary = "List templates", .options = {limit_option}, .run = run_list},
        {.name = "show",
         .arguments = "ID",
         .summary = "Show a template's subject and text",
         .options = {forms},
         .run = run_show},
        {0},
    };
    return subcommand_run("template", "The words of the alerts", subcommands, argc, argv);
}
