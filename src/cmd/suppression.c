/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings suppression`: addresses that are not told anything, and why. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/records.h"

#define SUPPRESSIONS "/api/v1/suppressions"

/* What was said: by the mail server, or by the person who put it there. */
static void add_said(json_t *suppression)
{
    const json_t *evidence = json_object_get(suppression, "evidence");
    const char *reply = json_get_text(evidence, "reply");
    const char *by = json_get_text(evidence, "by");
    const char *note = json_get_text(evidence, "note");
    g_autofree char *person = g_strdup_printf("%s%s%s", by, *note != '\0' ? ": " : "", note);
    json_set_text(suppression, "said", *by != '\0' ? person : reply);
    json_set_id(suppression, "alert", json_get_int(evidence, "alert"));
}

static bool run_list(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"ADDRESS", "email", SHOWN_VALUE},
        {"SINCE", "since", SHOWN_TIME},
        {"ALERT", "alert", SHOWN_VALUE},
        {"EVIDENCE", "said", SHOWN_VALUE},
        {0},
    };
    json_auto_t *suppressions = job_collect(job, SUPPRESSIONS, error);
    if (suppressions == NULL)
        return false;
    size_t i;
    json_t *suppression;
    json_array_foreach(json_object_get(suppressions, "items"), i, suppression) if (!job_json(job))
    {
        add_said(suppression);
    }
    print_items(job, suppressions, columns, "No address is suppressed.");
    return true;
}

static bool run_add(Job *job, GError **error)
{
    json_set_text(job_body(job), "email", job_arguments(job)[0]);
    json_auto_t *suppression =
        client_call(job_client(job), "POST", SUPPRESSIONS, job_body(job), error);
    if (suppression == NULL)
        return false;
    g_autofree char *email = plain_line(json_get_text(suppression, "email"));
    if (!job_print_json(job, suppression))
        command_print("%s is not told anything from now on.\n", email);
    return true;
}

static bool run_remove(Job *job, GError **error)
{
    const char *typed = job_arguments(job)[0];
    g_autofree char *segment = g_uri_escape_string(typed, NULL, FALSE);
    g_autofree char *target = g_strconcat(SUPPRESSIONS "/", segment, NULL);
    json_auto_t *answer = client_call(job_client(job), "DELETE", target, NULL, error);
    if (answer == NULL)
        return false;
    g_autofree char *email = plain_line(typed);
    if (!job_print_json(job, answer))
        command_print("%s is told again from the next event on; `tidings alerts retry` sends again"
                      " what was refused.\n",
                      email);
    return true;
}

static const Option fields[] = {
    {"note", OPTION_TEXT, NULL, "TEXT", "Why, for who reads the list later"},
    {0},
};

int command_suppression(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "list",
         .summary = "List the addresses, with the evidence",
         .options = {limit_option},
         .run = run_list},
        {.name = "add",
         .arguments = "ADDRESS",
         .summary = "Tell this address nothing from now on",
         .options = {fields},
         .run = run_add},
        {.name = "remove",
         .arguments = "ADDRESS",
         .summary = "Tell it again from the next event on",
         .run = run_remove},
        {0},
    };
    return subcommand_run("suppression", "Addresses that are not told anything, and why",
                          subcommands, argc, argv);
}
