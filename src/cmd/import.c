/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings import`: accounts and contacts from CSV. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/body.h"
#include "cmd/job.h"
#include "cmd/print.h"

#include <string.h>

#define IMPORTS "/api/v1/imports"

/* "COLUMN=FIELD" becomes a member of "columns"; a field that is empty leaves the column out. */
static bool take_map(json_t *body, GError **error)
{
    json_auto_t *list = json_incref(json_object_get(body, "map"));
    json_object_del(body, "map");
    json_t *columns = json_object();
    json_object_set_new(body, "columns", columns);
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        const char *text = json_string_value(value);
        const char *equals = strrchr(text, '=');
        if (equals == NULL) {
            command_misused(error, "--map needs COLUMN=FIELD, not \"%s\"", text);
            return false;
        }
        g_autofree char *column = g_strndup(text, (gsize)(equals - text));
        json_set_text(columns, column, equals[1] != '\0' ? equals + 1 : NULL);
    }
    return true;
}

static void print_errors(const json_t *items)
{
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) if (strcmp(json_get_text(item, "result"), "error") == 0)
    {
        g_autofree char *message = plain_line(json_get_text(item, "message"));
        command_print("Line %" G_GINT64_FORMAT ": %s\n", json_get_int(item, "line"), message);
    }
}

static void say(const json_t *answer, bool preview)
{
    print_errors(json_object_get(answer, "items"));
    command_print("%s%" G_GINT64_FORMAT " made, %" G_GINT64_FORMAT " changed, %" G_GINT64_FORMAT
                  " as they were, %" G_GINT64_FORMAT " refused.\n",
                  preview ? "Nothing was written. It would be: " : "",
                  json_get_int(answer, "create"), json_get_int(answer, "update"),
                  json_get_int(answer, "unchanged"), json_get_int(answer, "error"));
}

static bool run_import(Job *job, GError **error)
{
    const char *const *arguments = job_arguments(job);
    bool preview = job_switched(job, "preview");
    g_autofree char *csv = text_read_file(arguments[1], error);
    json_t *body = job_body(job);
    if (csv == NULL || !take_map(body, error))
        return false;
    json_set_text(body, "kind", arguments[0]);
    json_set_text(body, "csv", csv);
    json_auto_t *answer =
        client_call(job_client(job), "POST", preview ? IMPORTS "/preview" : IMPORTS, body, error);
    if (answer == NULL)
        return false;
    if (!job_print_json(job, answer))
        say(answer, preview);
    return true;
}

static const Option options[] = {
    {"map", OPTION_LIST, NULL, "COLUMN=FIELD",
     "What a column fills; repeatable. Without: the field of its own name"},
    {"preview", OPTION_SWITCH, NULL, NULL, "Write nothing, say what would be done"},
    {0},
};

int command_import(int argc, char **argv)
{
    static const Subcommand row = {
        .name = "import",
        .arguments = "KIND FILE",
        .summary = "Import accounts or contacts from CSV; nobody is told anything",
        .more = "KIND is accounts or contacts; FILE may be - for standard input.\n\n"
                "  tidings import accounts customers.csv --map Mail=email --preview\n",
        .options = {options},
        .run = run_import,
    };
    return command_run_alone(&row, argc, argv);
}
