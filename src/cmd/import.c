/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tidings import`: accounts, contacts and tickets from CSV, in parts, so that a file may be as
 * long as it likes. What was imported stays when a later part fails; the same command goes on.
 */
#include "cmd/commands.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/body.h"
#include "cmd/import_file.h"
#include "cmd/job.h"
#include "cmd/print.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IMPORTS     "/api/v1/imports"
#define PATIENCE_US (2 * US_PER_SECOND)

/* ---- what stands for what ---- */

static json_t *child(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (value == NULL) {
        value = json_object();
        json_object_set_new(object, name, value);
    }
    return value;
}

/* A member of the body for each "LEFT=RIGHT" of the option. */
typedef bool (*TakePair)(json_t *body, const char *left, const char *right, GError **error);

static bool take_pairs(json_t *body, const char *option, TakePair take, GError **error)
{
    json_auto_t *list = json_incref(json_object_get(body, option));
    json_object_del(body, option);
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        const char *text = json_string_value(value);
        const char *equals = strrchr(text, '=');
        if (equals == NULL) {
            command_misused(error, "--%s needs an equals sign, not \"%s\"", option, text);
            return false;
        }
        g_autofree char *left = g_strndup(text, (gsize)(equals - text));
        if (!take(body, left, equals + 1, error))
            return false;
    }
    return true;
}

/* An empty field leaves the column out. */
static bool take_column(json_t *body, const char *column, const char *field, GError **error)
{
    json_set_text(child(body, "columns"), column, *field != '\0' ? field : NULL);
    return true;
}

static bool take_value(json_t *body, const char *left, const char *value, GError **error)
{
    const char *colon = strchr(left, ':');
    if (colon == NULL) {
        command_misused(error, "--value needs FIELD:CELL=VALUE, not \"%s=%s\"", left, value);
        return false;
    }
    g_autofree char *field = g_strndup(left, (gsize)(colon - left));
    json_set_text(child(child(body, "values"), field), colon + 1, value);
    return true;
}

/* {"columns":{...},"values":{...}}, as the API takes them; what is given by options goes before. */
static bool read_mapping(json_t *body, const char *path, GError **error)
{
    if (path == NULL)
        return true;
    g_autofree char *text = text_read_file(path, error);
    if (text == NULL)
        return false;
    json_error_t where;
    json_auto_t *mapping = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(mapping)) {
        error_set(error, TD_ERROR_INVALID, "%s, line %d: this is no mapping: %s", path, where.line,
                  mapping == NULL ? where.text : "it is no JSON object");
        return false;
    }
    json_object_update(body, mapping);
    return true;
}

static bool read_options(const Job *job, json_t *body, GError **error)
{
    return read_mapping(body, job_option(job, "mapping"), error) &&
           take_pairs(body, "map", take_column, error) &&
           take_pairs(body, "value", take_value, error);
}

/* ---- part by part ---- */

static const char *const counts[] = {"create", "update", "unchanged", "error"};

typedef struct {
    Job *job;
    const char *target;
    ImportRefused *refused; /* NULL: not wanted */
    json_t *total;          /* as one request would have answered */
    int64_t rows;
    int64_t next_us; /* when a sign of life is due */
    bool told;
} Import;

static void add_up(json_t *total, const json_t *answer, bool items)
{
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        json_set_int(total, counts[i],
                     json_get_int(total, counts[i]) + json_get_int(answer, counts[i]));
    json_object_set(total, "kind", json_object_get(answer, "kind"));
    json_object_set(total, "columns", json_object_get(answer, "columns"));
    if (items)
        json_array_extend(child(total, "items"), json_object_get(answer, "items"));
}

static void say_progress(Import *import, int line)
{
    if (g_get_monotonic_time() < import->next_us)
        return;
    bool terminal = isatty(STDERR_FILENO);
    fprintf(stderr, "%s%" G_GINT64_FORMAT " rows so far, to line %d%s", terminal ? "\r" : "",
            import->rows, line, terminal ? "" : "\n");
    import->next_us = g_get_monotonic_time() + PATIENCE_US;
    import->told = terminal;
}

static void print_refused(const json_t *items)
{
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) if (strcmp(json_get_text(item, "result"), "error") == 0)
    {
        g_autofree char *message = plain_line(json_get_text(item, "message"));
        command_print("Line %" G_GINT64_FORMAT ": %s\n", json_get_int(item, "line"), message);
    }
}

static bool import_part(Import *import, const char *csv, int line, GError **error)
{
    json_t *body = job_body(import->job);
    json_set_text(body, "csv", csv);
    json_set_int(body, "line", line);
    json_auto_t *answer = client_call(job_client(import->job), "POST", import->target, body, error);
    if (answer == NULL)
        return false;
    const json_t *items = json_object_get(answer, "items");
    add_up(import->total, answer, job_json(import->job));
    import->rows += (int64_t)json_array_size(items);
    if (!job_json(import->job))
        print_refused(items);
    return import->refused == NULL || import_refused_add(import->refused, csv, line, items, error);
}

static bool import_parts(Import *import, ImportFile *file, GError **error)
{
    GError *failure = NULL;
    int line = 0;
    for (;;) {
        g_autofree char *csv = import_file_next(file, &line, &failure);
        if (csv == NULL || !import_part(import, csv, line, &failure))
            break;
        say_progress(import, line);
    }
    if (import->told)
        fputs("\n", stderr);
    if (failure == NULL)
        return true;
    if (import->rows > 0)
        g_prefix_error(
            &failure, "The rows above line %d are done; give the same file again to go on. ", line);
    g_propagate_error(error, failure);
    return false;
}

static void say(const json_t *total, bool dry)
{
    command_print("%s%" G_GINT64_FORMAT " made, %" G_GINT64_FORMAT " changed, %" G_GINT64_FORMAT
                  " as they were, %" G_GINT64_FORMAT " refused.\n",
                  dry ? "Nothing was written. It would be: " : "", json_get_int(total, "create"),
                  json_get_int(total, "update"), json_get_int(total, "unchanged"),
                  json_get_int(total, "error"));
}

static bool run_import(Job *job, GError **error)
{
    const char *const *arguments = job_arguments(job);
    bool dry = job_switched(job, "dry-run");
    const char *errors = job_option(job, "errors");
    json_auto_t *total = json_pack("{s:[]}", "items");
    Import import = {.job = job,
                     .target = dry ? IMPORTS "/preview" : IMPORTS,
                     .total = total,
                     .next_us = g_get_monotonic_time() + PATIENCE_US};
    if (!read_options(job, job_body(job), error))
        return false;
    json_set_text(job_body(job), "kind", arguments[0]);
    g_autoptr(ImportFile) file = import_file_open(arguments[1], error);
    if (file == NULL)
        return false;
    g_autoptr(ImportRefused) refused = errors != NULL ? import_refused_open(errors, error) : NULL;
    if (errors != NULL && refused == NULL)
        return false;
    import.refused = refused;
    if (!import_parts(&import, file, error))
        return false;
    if (!job_print_json(job, total))
        say(total, dry);
    return true;
}

static const Option options[] = {
    {"map", OPTION_LIST, NULL, "COLUMN=FIELD",
     "What a column fills; repeatable. Without: the field of its own name"},
    {"value", OPTION_LIST, NULL, "FIELD:CELL=VALUE",
     "What stands for what, such as \"status:Solved=Completed\"; repeatable"},
    {"mapping", OPTION_PLAIN, NULL, "FILE",
     "Both of these from a JSON file: {\"columns\": {}, \"values\": {}}"},
    {"dry-run", OPTION_SWITCH, NULL, NULL, "Write nothing, say what would be done"},
    {"errors", OPTION_PLAIN, NULL, "FILE",
     "Write the refused rows to a new file, with the reasons, to be corrected and imported"},
    {0},
};

int command_import(int argc, char **argv)
{
    static const Subcommand row = {
        .name = "import",
        .arguments = "KIND FILE",
        .summary = "Import accounts, contacts or tickets from CSV; nobody is told anything",
        .more = "KIND is accounts, contacts or tickets; FILE may be - for standard input. Import\n"
                "them in this order. An import that was interrupted is started again: what is\n"
                "there already stays as it is.\n\n"
                "  tidings import accounts customers.csv --map Mail=email --dry-run\n",
        .options = {options},
        .run = run_import,
    };
    return command_run_alone(&row, argc, argv);
}
