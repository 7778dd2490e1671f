/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings retention`: what goes in time, and what would go now. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/assign.h"
#include "cmd/records.h"

#define RETENTION "/api/v1/retention"
#define OPTIONS   "/api/v1/options/retention"

/* A count that ended early, and "for ever", in words. */
static void add_words(json_t *rules)
{
    size_t i;
    json_t *rule;
    json_array_foreach(rules, i, rule)
    {
        g_autofree char *days = g_strdup_printf("%" G_GINT64_FORMAT, json_get_int(rule, "days"));
        g_autofree char *count =
            g_strdup_printf("%" G_GINT64_FORMAT "%s", json_get_int(rule, "would_go"),
                            json_get_bool(rule, "looked_at_all", true) ? "" : " or more");
        json_set_text(rule, "kept", json_get_int(rule, "days") == 0 ? "for ever" : days);
        json_set_text(rule, "count", count);
    }
}

/* KEY=VALUE... as of `options set`: what these would do. */
static json_t *ask(const Job *job, GError **error)
{
    const char *const *assignments = job_arguments(job);
    if (*assignments == NULL)
        return client_call(job_client(job), "GET", RETENTION, NULL, error);
    json_auto_t *present = client_call(job_client(job), "GET", OPTIONS, NULL, error);
    json_auto_t *patch = json_object();
    if (present == NULL)
        return NULL;
    for (; *assignments != NULL; assignments++)
        if (!assign_read(*assignments, present, patch, error))
            return NULL;
    return client_call(job_client(job), "POST", RETENTION "/preview", patch, error);
}

static bool run_show(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"WHAT", "rule", SHOWN_VALUE},
        {"DAYS", "kept", SHOWN_VALUE},
        {"WOULD GO", "count", SHOWN_VALUE},
        {"OLDEST", "oldest", SHOWN_TIME},
        {"REMOVED", "removed", SHOWN_VALUE},
        {"LAST", "removed_at", SHOWN_TIME},
        {0},
    };
    json_auto_t *answer = ask(job, error);
    if (answer == NULL)
        return false;
    if (job_print_json(job, answer))
        return true;
    add_words(json_object_get(answer, "items"));
    print_table(json_object_get(answer, "items"), columns);
    return true;
}

static bool run_decisions(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"LEDGER", "ledger", SHOWN_VALUE},     {"KIND", "kind", SHOWN_VALUE},
        {"DECISION", "decision", SHOWN_VALUE}, {"REASON", "reason", SHOWN_VALUE},
        {"STATE", "state", SHOWN_VALUE},       {"KEPT", "kept", SHOWN_VALUE},
        {"REMOVED", "removed", SHOWN_VALUE},   {0},
    };
    json_auto_t *answer = client_call(job_client(job), "GET", RETENTION "/decisions", NULL, error);
    if (answer == NULL)
        return false;
    if (!job_print_json(job, answer))
        print_table(json_object_get(answer, "items"), columns);
    return true;
}

int command_retention(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "show",
         .arguments = "[KEY=DAYS...]",
         .summary = "Show how much would go now, with these settings or others",
         .more = "  tidings retention show raw_mails=90 contents=365\n"
                 "  tidings options set retention raw_mails=90 contents=365\n",
         .run = run_show},
        {.name = "decisions",
         .summary = "Count all decisions, those included that are removed",
         .run = run_decisions},
        {0},
    };
    return subcommand_run("retention", "What goes in time", subcommands, argc, argv);
}
