/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings template`: the words of the alerts. */
#include "cmd/commands.h"

#include "base/error.h"
#include "base/json.h"
#include "cmd/body.h"
#include "cmd/records.h"

#include <string.h>

#define TEMPLATES "/api/v1/templates"

static char *target_of(const Job *job, const char *suffix, GError **error)
{
    return number_target(TEMPLATES "/", job_arguments(job)[0], suffix, error);
}

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

static void print_words(const Job *job, const json_t *words)
{
    print_block("Subject", json_get_text(words, "subject"));
    print_block("Text", json_get_text(words, "text"));
    if (job_switched(job, "html"))
        print_block("HTML", json_get_text(words, "html"));
}

static char *language_names(const json_t *translations)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *language;
    json_t *words;
    json_object_foreach((json_t *)translations, language, words)
        g_ptr_array_add(names, (char *)language);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

static void print_template(const Job *job, json_t *record)
{
    static const Shown fields[] = {
        {"Template", "id", SHOWN_VALUE},
        {"Name", "name", SHOWN_VALUE},
        {"Kind", "kind", SHOWN_VALUE},
        {"Language", "language", SHOWN_VALUE},
        {"Translations", "also", SHOWN_VALUE},
        {"Version", "version", SHOWN_VALUE},
        {0},
    };
    if (job_print_json(job, record))
        return;
    const json_t *translations = json_object_get(record, "translations");
    const char *wanted = job_option(job, "language");
    const json_t *words = wanted != NULL ? json_object_get(translations, wanted) : NULL;
    g_autofree char *also = language_names(translations);
    json_set_text(record, "also", also);
    print_fields(record, fields);
    print_words(job, words != NULL ? words : record);
}

static bool run_show(Job *job, GError **error)
{
    const char *version = job_option(job, "version");
    if (version == NULL)
        return show_record(job, TEMPLATES, print_template, error);
    g_autofree char *prefix = target_of(job, "/versions/", error);
    g_autofree char *target = prefix != NULL ? number_target(prefix, version, "", error) : NULL;
    json_auto_t *record =
        target != NULL ? client_call(job_client(job), "GET", target, NULL, error) : NULL;
    if (record == NULL)
        return false;
    print_template(job, record);
    return true;
}

/* ---- writing ---- */

/* With --translation the words are those of that language, and not the template's own. */
static void move_to_translation(const Job *job, json_t *body)
{
    static const char *const words[] = {"subject", "text", "html"};
    const char *language = job_option(job, "translation");
    if (language == NULL)
        return;
    json_t *translation = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        json_t *value = json_object_get(body, words[i]);
        if (value != NULL)
            json_object_set(translation, words[i], value);
        json_object_del(body, words[i]);
    }
    json_t *translations = json_object();
    json_object_set_new(translations, language, translation);
    json_object_set_new(body, "translations", translations);
}

static void drop_translation(const Job *job, json_t *body)
{
    const char *language = job_option(job, "drop-translation");
    if (language == NULL)
        return;
    json_t *translations = json_object_get(body, "translations");
    if (translations == NULL) {
        translations = json_object();
        json_object_set_new(body, "translations", translations);
    }
    json_object_set_new(translations, language, json_null());
}

static void say_saved(const Job *job, const json_t *record)
{
    if (job_print_json(job, record))
        return;
    g_autofree char *name = plain_line(json_get_text(record, "name"));
    command_print("Template %" G_GINT64_FORMAT " (%s) is at version %" G_GINT64_FORMAT ".\n",
                  json_get_int(record, "id"), name, json_get_int(record, "version"));
}

/* `target` is freed; NULL with an error. */
static bool save(const Job *job, const char *method, char *target, GError **error)
{
    g_autofree char *owned = target;
    json_auto_t *record =
        owned != NULL ? client_call(job_client(job), method, owned, job_body(job), error) : NULL;
    if (record != NULL)
        say_saved(job, record);
    return record != NULL;
}

static bool run_create(Job *job, GError **error)
{
    return save(job, "POST", g_strdup(TEMPLATES), error);
}

static bool run_change(Job *job, GError **error)
{
    move_to_translation(job, job_body(job));
    drop_translation(job, job_body(job));
    return job_has_body(job, error) && save(job, "PATCH", target_of(job, "", error), error);
}

static bool run_copy(Job *job, GError **error)
{
    json_set_text(job_body(job), "name", job_arguments(job)[1]);
    return save(job, "POST", target_of(job, "/copy", error), error);
}

static bool run_restore(Job *job, GError **error)
{
    if (!job_has_body(job, error))
        return false;
    return save(job, "POST", target_of(job, "/restore", error), error);
}

static bool run_delete(Job *job, GError **error)
{
    g_autofree char *target = target_of(job, "", error);
    json_auto_t *answer =
        target != NULL ? client_call(job_client(job), "DELETE", target, NULL, error) : NULL;
    if (answer == NULL)
        return false;
    if (!job_print_json(job, answer))
        command_print("Deleted. Mails that were made from it can still be shown.\n");
    return true;
}

/* ---- versions ---- */

static bool run_versions(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"VERSION", "version", SHOWN_VALUE},
        {"TIME", "at", SHOWN_TIME},
        {"BY", "by", SHOWN_VALUE},
        {"RESTORED FROM", "restored_from", SHOWN_VALUE},
        {"BUILT-IN", "built_in", SHOWN_VALUE},
        {0},
    };
    g_autofree char *target = target_of(job, "/versions", error);
    json_auto_t *versions = target != NULL ? job_collect(job, target, error) : NULL;
    if (versions == NULL)
        return false;
    size_t i;
    json_t *version;
    json_array_foreach(json_object_get(versions, "items"), i, version) if (!job_json(job))
        json_set_text(version, "by", json_get_text(json_object_get(version, "author"), "name"));
    print_items(job, versions, columns, "There are no versions.");
    return true;
}

static void print_difference(const json_t *difference)
{
    size_t i, j;
    json_t *part, *line;
    json_array_foreach(json_object_get(difference, "parts"), i, part)
    {
        g_autofree char *language = plain_line(json_get_text(part, "language"));
        command_print("%s, %s:\n", language, json_get_text(part, "part"));
        json_array_foreach(json_object_get(part, "lines"), j, line)
        {
            g_autofree char *text = plain_line(json_get_text(line, "text"));
            command_print("%s %4" G_GINT64_FORMAT "  %s\n", json_get_text(line, "change"),
                          json_get_int(line, "line"), text);
        }
    }
    if (i == 0)
        command_print("Nothing differs.\n");
    if (json_get_bool(difference, "cut", false))
        command_print("There is more.\n");
}

static bool run_diff(Job *job, GError **error)
{
    const char *from = job_arguments(job)[1];
    const char *to = from != NULL ? job_arguments(job)[2] : NULL;
    g_autofree char *prefix = target_of(job, "/diff?from=", error);
    g_autofree char *target = prefix == NULL ? NULL
                              : from == NULL
                                  ? target_of(job, "/diff", error)
                                  : number_target(prefix, from, to != NULL ? "&to=" : "", error);
    g_autofree char *whole = target == NULL ? NULL
                             : to != NULL   ? number_target(target, to, "", error)
                                            : g_strdup(target);
    json_auto_t *difference =
        whole != NULL ? client_call(job_client(job), "GET", whole, NULL, error) : NULL;
    if (difference == NULL)
        return false;
    if (!job_print_json(job, difference))
        print_difference(difference);
    return true;
}

/* ---- trying ---- */

static bool run_preview(Job *job, GError **error)
{
    g_autofree char *target = target_of(job, "/preview", error);
    json_auto_t *mail =
        target != NULL ? client_call(job_client(job), "POST", target, job_body(job), error) : NULL;
    if (mail == NULL)
        return false;
    if (!job_print_json(job, mail))
        print_words(job, mail);
    return true;
}

static bool run_test_send(Job *job, GError **error)
{
    json_set_text(job_body(job), "to", job_arguments(job)[1]);
    g_autofree char *target = target_of(job, "/test-send", error);
    json_auto_t *result =
        target != NULL ? client_call(job_client(job), "POST", target, job_body(job), error) : NULL;
    if (result == NULL)
        return false;
    bool ok = json_get_bool(result, "ok", false);
    const json_t *steps = json_object_get(result, "steps");
    const json_t *last = json_array_get(steps, json_array_size(steps) - 1);
    g_autofree char *reply = plain_line(json_get_text(last, "reply"));
    g_autofree char *to = plain_line(job_arguments(job)[1]);
    if (!job_print_json(job, result) && ok)
        command_print("Sent to %s: %s\n", to, reply);
    if (!ok)
        error_set(error, TD_ERROR_UNAVAILABLE, "The test was not accepted: %s", reply);
    return ok;
}

/* ---- the table ---- */

static const Option forms[] = {
    {"html", OPTION_SWITCH, NULL, NULL, "Its HTML part too"},
    {0},
};
static const Option shown[] = {
    {"version", OPTION_PLAIN, NULL, "N", "An earlier version"},
    {"language", OPTION_PLAIN, NULL, "TAG", "The words of this translation"},
    {0},
};
static const Option words[] = {
    {"subject", OPTION_TEXT, NULL, "TEXT", "Its subject"},
    {"text", OPTION_TEXT, NULL, "TEXT", "Its text"},
    {"text-file", OPTION_FILE, "text", "FILE", "Its text, from a file (- is standard input)"},
    {"html-file", OPTION_FILE, "html", "FILE", "Its HTML part, from a file"},
    {0},
};
static const Option created[] = {
    {"name", OPTION_TEXT, NULL, "NAME", "Its name"},
    {"kind", OPTION_TEXT, NULL, "KIND", "ticket (if not given), auto_response, reply or sign_in"},
    {"language", OPTION_TEXT, NULL, "TAG", "The words' language; the desk's if not given"},
    {0},
};
static const Option changed[] = {
    {"name", OPTION_TEXT, NULL, "NAME", "Its name"},
    {"language", OPTION_TEXT, NULL, "TAG", "The language of its own words"},
    {"version", OPTION_ID, NULL, "N", "Refuse if this is not the newest version"},
    {"translation", OPTION_PLAIN, NULL, "TAG", "The words given are those of this language"},
    {"drop-translation", OPTION_PLAIN, NULL, "TAG", "Take this language away"},
    {0},
};
static const Option restored[] = {
    {"version", OPTION_ID, NULL, "N", "The words of this version"},
    {"built-in", OPTION_TRUE, "built_in", NULL, "The words that Tidings brings"},
    {0},
};
static const Option tried[] = {
    {"ticket", OPTION_ID, NULL, "NUMBER", "With this ticket; with a made-up one if not given"},
    {"language", OPTION_TEXT, NULL, "TAG", "In this language"},
    {"version", OPTION_ID, NULL, "N", "An earlier version"},
    {0},
};

int command_template(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "list", .summary = "List templates", .options = {limit_option}, .run = run_list},
        {.name = "show",
         .arguments = "ID",
         .summary = "Show a template's subject and text",
         .options = {forms, shown},
         .run = run_show},
        {.name = "create",
         .summary = "Make a template",
         .options = {created, words},
         .needs = "name,subject",
         .run = run_create},
        {.name = "change",
         .arguments = "ID",
         .summary = "Change a template: a new version",
         .options = {changed, words},
         .run = run_change},
        {.name = "versions",
         .arguments = "ID",
         .summary = "List its versions, with who and when",
         .options = {limit_option},
         .run = run_versions},
        {.name = "diff",
         .arguments = "ID [FROM] [TO]",
         .summary = "Show what differs between two versions, or the last two",
         .run = run_diff},
        {.name = "restore",
         .arguments = "ID",
         .summary = "Make a new version with the words of an earlier one",
         .options = {restored},
         .run = run_restore},
        {.name = "copy",
         .arguments = "ID NAME",
         .summary = "Make a template with the words of another",
         .run = run_copy},
        {.name = "delete",
         .arguments = "ID",
         .summary = "Delete a template that nothing uses",
         .run = run_delete},
        {.name = "preview",
         .arguments = "ID",
         .summary = "Show the mail that it makes",
         .options = {forms, tried},
         .run = run_preview},
        {.name = "test-send",
         .arguments = "ID ADDRESS",
         .summary = "Send that mail to an employee, marked as a test",
         .options = {tried},
         .run = run_test_send},
        {0},
    };
    return subcommand_run("template", "The words of the alerts", subcommands, argc, argv);
}
