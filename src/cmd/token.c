/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings token`: keys for programs that use the API. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/records.h"

#define TOKENS "/api/v1/tokens"

static bool run_create(Job *job, GError **error)
{
    json_auto_t *token = client_call(job_client(job), "POST", TOKENS, job_body(job), error);
    if (token == NULL)
        return false;
    if (job_print_json(job, token))
        return true;
    g_autofree char *name = plain_line(json_get_text(token, "name"));
    command_print("Token %" G_GINT64_FORMAT ", \"%s\", shown this once:\n\n  %s\n\n",
                  json_get_int(token, "id"), name, json_get_text(token, "token"));
    command_print("A program sends it with each request: \"Authorization: Bearer TOKEN\".\n");
    return true;
}

static bool run_list(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"ID", "id", SHOWN_VALUE},          {"NAME", "name", SHOWN_VALUE},
        {"SCOPES", "scopes", SHOWN_VALUE},  {"CREATED BY", "created_by", SHOWN_VALUE},
        {"CREATED", "created", SHOWN_TIME}, {0},
    };
    return list_records(job, TOKENS, columns, "There are no tokens.", error);
}

static bool run_revoke(Job *job, GError **error)
{
    g_autofree char *target = job_target(job, TOKENS "/", error);
    json_auto_t *answer =
        target != NULL ? client_call(job_client(job), "DELETE", target, NULL, error) : NULL;
    if (answer == NULL)
        return false;
    if (!job_print_json(job, answer))
        command_print("Token %s is revoked: nothing can be done with it any more.\n",
                      job_arguments(job)[0]);
    return true;
}

static const Option fields[] = {
    {"name", OPTION_TEXT, NULL, "TEXT", "What it is for; stands on every change made with it"},
    {"scope", OPTION_LIST, "scopes", "SCOPE", "What it may do; repeatable"},
    {0},
};

int command_token(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "create",
         .summary = "Make a token; it is shown once",
         .more =
             "The scopes are: tickets:read, tickets:write, alerts, options, templates, and admin,\n"
             "which may do everything.\n\n"
             "  tidings token create --name monitoring --scope tickets:read \\\n"
             "      --scope tickets:write\n",
         .options = {fields},
         .needs = "name,scope",
         .run = run_create},
        {.name = "list",
         .summary = "List tokens, without their text",
         .options = {limit_option},
         .run = run_list},
        {.name = "revoke",
         .arguments = "ID",
         .summary = "Revoke a token for good",
         .run = run_revoke},
        {0},
    };
    return subcommand_run("token", "Keys for programs that use the API", subcommands, argc, argv);
}
