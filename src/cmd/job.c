/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a subcommand: the table's row decides how the command line is read, what of it becomes
 * the request's body, and which function does the rest. Nothing is asked of the desk before the
 * whole command line was understood.
 */
#include "cmd/job.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/body.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT 50

struct Job {
    const Subcommand *subcommand;
    char *title;
    CommonOptions common;
    GPtrArray *options;  /* the rows of subcommand->options, one after the other */
    OptionValue *values; /* one for each */
    json_t *body;
    Client *client;
};

const Option limit_option[] = {
    {"limit", OPTION_PLAIN, NULL, "N", "At most so many (default 50)"},
    {0},
};

static GPtrArray *flatten(const Option *const *tables)
{
    GPtrArray *options = g_ptr_array_new();
    for (size_t i = 0; i < OPTION_TABLES && tables[i] != NULL; i++)
        for (const Option *option = tables[i]; option->name != NULL; option++)
            g_ptr_array_add(options, (void *)option);
    return options;
}

static void job_clear(Job *job)
{
    for (guint i = 0; i < job->options->len; i++)
        option_value_clear(&job->values[i]);
    g_free(job->values);
    g_ptr_array_unref(job->options);
    common_options_clear(&job->common);
    json_decref(job->body);
    client_free(job->client);
    g_free(job->title);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

/* ---- what the row's function asks ---- */

Client *job_client(const Job *job)
{
    return job->client;
}

bool job_json(const Job *job)
{
    return job->common.json;
}

const char *const *job_arguments(const Job *job)
{
    static const char *const none[] = {NULL};
    return job->common.rest != NULL ? (const char *const *)job->common.rest : none;
}

static const OptionValue *find(const Job *job, const char *name)
{
    for (guint i = 0; i < job->options->len; i++)
        if (strcmp(((const Option *)job->options->pdata[i])->name, name) == 0)
            return &job->values[i];
    return NULL;
}

const char *job_option(const Job *job, const char *name)
{
    const OptionValue *value = find(job, name);
    return value != NULL ? value->text : NULL;
}

bool job_switched(const Job *job, const char *name)
{
    const OptionValue *value = find(job, name);
    return value != NULL && value->given;
}

json_t *job_body(const Job *job)
{
    return job->body;
}

bool job_has_body(const Job *job, GError **error)
{
    if (json_object_size(job->body) > 0)
        return true;
    command_misused(error, "Nothing to change was given");
    return false;
}

char *number_target(const char *prefix, const char *number, const char *suffix, GError **error)
{
    int64_t value;
    if (text_to_int(number, 1, INT64_MAX, &value))
        return g_strdup_printf("%s%" G_GINT64_FORMAT "%s", prefix, value, suffix);
    command_misused(error, "\"%s\" is not a number", number);
    return NULL;
}

char *job_target(const Job *job, const char *prefix, GError **error)
{
    return number_target(prefix, job_arguments(job)[0], "", error);
}

void job_note(const Job *job, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (job->common.json)
        fputs(text, stderr);
    else
        command_print("%s", text);
}

bool job_print_json(const Job *job, const json_t *value)
{
    if (!job->common.json)
        return false;
    g_autofree char *text = json_text(value);
    command_print("%s\n", text);
    return true;
}

/* ---- collections ---- */

static void add_parameter(GString *query, const char *name, const char *value)
{
    g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
    g_string_append_printf(query, "%c%s=%s", query->len == 0 ? '?' : '&', name, escaped);
}

static GString *start_query(const Job *job)
{
    GString *query = g_string_new(NULL);
    for (guint i = 0; i < job->options->len; i++) {
        const Option *option = job->options->pdata[i];
        if (option->kind == OPTION_QUERY && job->values[i].text != NULL)
            add_parameter(query, option->field != NULL ? option->field : option->name,
                          job->values[i].text);
        else if (option->kind == OPTION_QUERY_TRUE && option_value_given(&job->values[i]))
            add_parameter(query, option->field != NULL ? option->field : option->name, "true");
    }
    return query;
}

static bool read_limit(const Job *job, int64_t *limit, GError **error)
{
    const char *text = job_option(job, "limit");
    *limit = DEFAULT_LIMIT;
    if (text == NULL || text_to_int(text, 1, 1000000, limit))
        return true;
    command_misused(error, "--limit must be a number from 1 to 1000000, not \"%s\"", text);
    return false;
}

/* One page: `cursor` "" for the first, `limit` 0 for a collection that has all its items at once.
 */
static json_t *get_page(const Job *job, const char *target, const char *cursor, int64_t limit,
                        GError **error)
{
    g_autoptr(GString) query = start_query(job);
    char number[24];
    g_snprintf(number, sizeof number, "%" G_GINT64_FORMAT, MIN(limit, LIMIT_PAGE_ITEMS));
    if (limit > 0)
        add_parameter(query, "limit", number);
    if (*cursor != '\0')
        add_parameter(query, "cursor", cursor);
    g_autofree char *whole = g_strconcat(target, query->str, NULL);
    return client_call(job->client, "GET", whole, NULL, error);
}

json_t *job_collect(const Job *job, const char *target, GError **error)
{
    int64_t limit = 0;
    bool limited = find(job, "limit") != NULL;
    if (limited && !read_limit(job, &limit, error))
        return NULL;
    json_auto_t *all = json_array();
    g_autofree char *cursor = g_strdup("");
    do {
        int64_t left = limited ? limit - (int64_t)json_array_size(all) : 0;
        json_auto_t *page = get_page(job, target, cursor, left, error);
        if (page == NULL)
            return NULL;
        json_array_extend(all, json_object_get(page, "items"));
        g_free(cursor);
        cursor = g_strdup(json_get_text(page, "next_cursor"));
    } while (*cursor != '\0' && (!limited || (int64_t)json_array_size(all) < limit));
    json_t *result = json_object();
    json_object_set(result, "items", all);
    json_set_text(result, "next_cursor", *cursor != '\0' ? cursor : NULL);
    return result;
}

/* ---- running ---- */

static void list_subcommands(FILE *out, const char *command, const char *summary,
                             const Subcommand *subcommands)
{
    int width = 0;
    for (const Subcommand *row = subcommands; row->name != NULL; row++) {
        const char *arguments = row->arguments != NULL ? row->arguments : "";
        width = MAX(width, (int)(strlen(row->name) + 1 + strlen(arguments)));
    }
    fprintf(out, "%s.\n\nUsage: tidings %s COMMAND [OPTION...]\n\n", summary, command);
    for (const Subcommand *row = subcommands; row->name != NULL; row++) {
        g_autofree char *call =
            g_strdup_printf("%s %s", row->name, row->arguments != NULL ? row->arguments : "");
        fprintf(out, "  %-*s  %s\n", width, call, row->summary);
    }
    fprintf(out, "\n`tidings %s COMMAND --help` tells its options.\n", command);
}

/* How many arguments "TICKET [STATE] ADDRESS..." asks for. */
static void count_arguments(const char *arguments, guint *min, guint *max)
{
    *min = *max = 0;
    g_auto(GStrv) words = g_strsplit(arguments != NULL ? arguments : "", " ", -1);
    for (char **word = words; *word != NULL; word++) {
        if (**word == '\0')
            continue;
        *min += **word != '[';
        *max = strstr(*word, "...") != NULL ? G_MAXUINT : *max + 1;
    }
}

static bool parse(Job *job, int argc, char **argv, int *exit_code)
{
    const Subcommand *row = job->subcommand;
    g_autofree GOptionEntry *entries = option_entries(job->options, job->values);
    g_autofree char *sentence = g_strconcat(row->summary, ".", NULL);
    Usage usage = {job->title, row->arguments, sentence, row->more, 0, 0, COMMON_JSON | COMMON_AS};
    count_arguments(row->arguments, &usage.min, &usage.max);
    return command_parse(&job->common, &usage, entries, &argc, &argv, exit_code);
}

static bool check_needs(const Job *job, GError **error)
{
    const char *needs = job->subcommand->needs;
    g_auto(GStrv) names = g_strsplit(needs != NULL ? needs : "", ",", -1);
    for (char **name = names; *name != NULL; name++) {
        if (option_value_given(find(job, *name)))
            continue;
        g_autofree char *all = g_strjoinv(", --", names);
        command_misused(error, "--%s is missing; this needs --%s", *name, all);
        return false;
    }
    return true;
}

static bool work(Job *job, GError **error)
{
    if (!check_needs(job, error))
        return false;
    job->body = body_from_options(job->options, job->values, error);
    if (job->body == NULL)
        return false;
    job->client = client_new(&job->common, error);
    return job->client != NULL && job->subcommand->run(job, error);
}

/* Takes `title`. */
static int run(char *title, const Subcommand *row, int argc, char **argv)
{
    g_auto(Job) job = {.subcommand = row, .title = title};
    job.options = flatten(row->options);
    job.values = g_new0(OptionValue, job.options->len + 1);
    int exit_code;
    if (!parse(&job, argc, argv, &exit_code))
        return exit_code;
    g_autoptr(GError) error = NULL;
    return work(&job, &error) ? EXIT_SUCCESS : command_fail(job.title, error);
}

int command_run_alone(const Subcommand *row, int argc, char **argv)
{
    return run(g_strdup(row->name), row, argc, argv);
}

int subcommand_run(const char *command, const char *summary, const Subcommand *subcommands,
                   int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        list_subcommands(argc > 1 ? stdout : stderr, command, summary, subcommands);
        return argc > 1 ? EXIT_SUCCESS : EXIT_USAGE;
    }
    for (const Subcommand *row = subcommands; row->name != NULL; row++)
        if (strcmp(row->name, name) == 0)
            return run(g_strdup_printf("%s %s", command, row->name), row, argc - 1, argv + 1);
    fprintf(stderr, "tidings: there is no command \"%s %s\"\n\n", command, name);
    list_subcommands(stderr, command, summary, subcommands);
    return EXIT_USAGE;
}
