/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings template`: the words of the alerts; what changes them, and the table of its commands. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/body.h"
#include "cmd/records.h"
#include "cmd/template.h"

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
    return job_has_body(job, error) && save(job, "PATCH", template_target(job, "", error), error);
}

static bool run_copy(Job *job, GError **error)
{
    json_set_text(job_body(job), "name", job_arguments(job)[1]);
    return save(job, "POST", template_target(job, "/copy", error), error);
}

static bool run_restore(Job *job, GError **error)
{
    if (!job_has_body(job, error))
        return false;
    return save(job, "POST", template_target(job, "/restore", error), error);
}

static bool run_delete(Job *job, GError **error)
{
    g_autofree char *target = template_target(job, "", error);
    json_auto_t *answer =
        target != NULL ? client_call(job_client(job), "DELETE", target, NULL, error) : NULL;
    if (answer == NULL)
        return false;
    if (!job_print_json(job, answer))
        command_print("Deleted. Mails that were made from it can still be shown.\n");
    return true;
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
        {.name = "list",
         .summary = "List templates",
         .options = {limit_option},
         .run = template_list_run},
        {.name = "show",
         .arguments = "ID",
         .summary = "Show a template's subject and text",
         .options = {forms, shown},
         .run = template_show_run},
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
         .run = template_versions_run},
        {.name = "diff",
         .arguments = "ID [FROM] [TO]",
         .summary = "Show what differs between two versions, or the last two",
         .run = template_diff_run},
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
        {.name = "fields", .summary = "List what a template may name", .run = template_fields_run},
        {.name = "preview",
         .arguments = "ID",
         .summary = "Show the mail that it makes",
         .options = {forms, tried},
         .run = template_preview_run},
        {.name = "test-send",
         .arguments = "ID ADDRESS",
         .summary = "Send that mail to an employee, marked as a test",
         .options = {tried},
         .run = template_test_send_run},
        {0},
    };
    return subcommand_run("template", "The words of the alerts", subcommands, argc, argv);
}
