/* SPDX-License-Identifier: Apache-2.0 */
/* What `tidings template` shows: templates, versions, what differs, and the mail that one makes. */
#include "cmd/template.h"

#include "base/error.h"
#include "base/json.h"
#include "cmd/records.h"

char *template_target(const Job *job, const char *suffix, GError **error)
{
    return number_target(TEMPLATES "/", job_arguments(job)[0], suffix, error);
}

bool template_list_run(Job *job, GError **error)
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

bool template_show_run(Job *job, GError **error)
{
    const char *version = job_option(job, "version");
    if (version == NULL)
        return show_record(job, TEMPLATES, print_template, error);
    g_autofree char *prefix = template_target(job, "/versions/", error);
    g_autofree char *target = prefix != NULL ? number_target(prefix, version, "", error) : NULL;
    json_auto_t *record =
        target != NULL ? client_call(job_client(job), "GET", target, NULL, error) : NULL;
    if (record == NULL)
        return false;
    print_template(job, record);
    return true;
}

/* ---- versions ---- */

bool template_versions_run(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"VERSION", "version", SHOWN_VALUE},
        {"TIME", "at", SHOWN_TIME},
        {"BY", "by", SHOWN_VALUE},
        {"RESTORED FROM", "restored_from", SHOWN_VALUE},
        {"BUILT-IN", "built_in", SHOWN_VALUE},
        {0},
    };
    g_autofree char *target = template_target(job, "/versions", error);
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

bool template_diff_run(Job *job, GError **error)
{
    const char *from = job_arguments(job)[1];
    const char *to = from != NULL ? job_arguments(job)[2] : NULL;
    g_autofree char *prefix = template_target(job, "/diff?from=", error);
    g_autofree char *target = prefix == NULL ? NULL
                              : from == NULL
                                  ? template_target(job, "/diff", error)
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

/* ---- what a template may name ---- */

bool template_fields_run(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"NAME", "name", SHOWN_VALUE},
        {"KIND", "kind", SHOWN_VALUE},
        {"ALWAYS SET", "always", SHOWN_VALUE},
        {"WHAT IT IS", "description", SHOWN_VALUE},
        {0},
    };
    json_auto_t *fields = client_call(job_client(job), "GET", "/api/v1/merge-fields", NULL, error);
    if (fields == NULL)
        return false;
    print_items(job, fields, columns, "There are no merge fields.");
    return true;
}

/* ---- trying ---- */

bool template_preview_run(Job *job, GError **error)
{
    g_autofree char *target = template_target(job, "/preview", error);
    json_auto_t *mail =
        target != NULL ? client_call(job_client(job), "POST", target, job_body(job), error) : NULL;
    if (mail == NULL)
        return false;
    if (!job_print_json(job, mail))
        print_words(job, mail);
    return true;
}

bool template_test_send_run(Job *job, GError **error)
{
    json_set_text(job_body(job), "to", job_arguments(job)[1]);
    g_autofree char *target = template_target(job, "/test-send", error);
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
