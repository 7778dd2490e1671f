/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings inbox`: mails that came in, what became of each and why, and those that wait. */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/body.h"
#include "cmd/records.h"

#include <string.h>

#define INBOX "/api/v1/inbox"

static bool run_list(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"ID", "id", SHOWN_VALUE},         {"RECEIVED", "received_at", SHOWN_TIME},
        {"FROM", "from", SHOWN_VALUE},     {"SUBJECT", "subject", SHOWN_VALUE},
        {"STATE", "state", SHOWN_VALUE},   {"REASON", "reason", SHOWN_VALUE},
        {"TICKET", "ticket", SHOWN_VALUE}, {0},
    };
    return list_records(job, INBOX, columns, "There are no such mails.", error);
}

static bool run_explain(Job *job, GError **error)
{
    g_autofree char *target = number_target(INBOX "/", job_arguments(job)[0], "/explain", error);
    if (target == NULL)
        return false;
    json_auto_t *answer = client_call(job_client(job), "GET", target, NULL, error);
    if (answer == NULL)
        return false;
    g_autofree char *text = plain_block(json_get_text(answer, "text"));
    if (!job_print_json(job, answer))
        command_print("%s", text);
    return true;
}

static bool run_message(Job *job, GError **error)
{
    g_autofree char *target = number_target(INBOX "/", job_arguments(job)[0], "/message", error);
    if (target == NULL)
        return false;
    g_autoptr(HttpResponse) response = client_fetch(job_client(job), target, error);
    if (response == NULL)
        return false;
    size_t bytes;
    const char *message = http_response_body(response, &bytes);
    command_write(message, bytes);
    return true;
}

/* POSTs the body to the mail's verb and says what came of it. */
static bool act(Job *job, const char *verb, GError **error)
{
    g_autofree char *target = number_target(INBOX "/", job_arguments(job)[0], verb, error);
    if (target == NULL)
        return false;
    json_auto_t *mail = client_call(job_client(job), "POST", target, job_body(job), error);
    if (mail == NULL)
        return false;
    int64_t ticket = json_get_int(mail, "ticket");
    if (job_print_json(job, mail))
        return true;
    command_print("Mail %" G_GINT64_FORMAT " is %s", json_get_int(mail, "id"),
                  json_get_text(mail, "state"));
    if (ticket != 0)
        command_print(" on ticket #%" G_GINT64_FORMAT, ticket);
    command_print(".\n");
    const json_t *forward = json_object_get(mail, "forward");
    const char *state = json_string_value(json_object_get(forward, "state"));
    if (state != NULL)
        command_print("Its forward to %s is %s.\n", json_get_text(forward, "recipient"), state);
    note_nobody_serves(job);
    return true;
}

static bool run_open(Job *job, GError **error)
{
    const char *name = job_option(job, "new-account");
    if (name != NULL) {
        json_t *account = json_object();
        json_set_text(account, "name", name);
        json_object_set_new(job_body(job), "new_account", account);
    }
    return act(job, "/open", error);
}

static bool run_attach(Job *job, GError **error)
{
    if (json_object_get(job_body(job), "ticket") == NULL) {
        command_misused(error, "--ticket says which ticket the mail belongs to");
        return false;
    }
    return act(job, "/attach", error);
}

static bool run_discard(Job *job, GError **error)
{
    return act(job, "/discard", error);
}

static bool run_forward_retry(Job *job, GError **error)
{
    return act(job, "/forward/retry", error);
}

static bool run_forward_cancel(Job *job, GError **error)
{
    return act(job, "/forward/cancel", error);
}

static bool run_forward_release(Job *job, GError **error)
{
    return act(job, "/forward/release", error);
}

static bool run_mailboxes(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"MAILBOX", "mailbox", SHOWN_VALUE},
        {"STATE", "state", SHOWN_VALUE},
        {"READ", "polled_at", SHOWN_TIME},
        {"FILED", "filed", SHOWN_VALUE},
        {"WAITING", "waiting", SHOWN_VALUE},
        {"WHY", "reason", SHOWN_VALUE},
        {0},
    };
    return list_records(job, "/api/v1/mailboxes", columns,
                        "There are no mailboxes; options email-connector names them.", error);
}

static bool run_try(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"STEP", "step", SHOWN_VALUE},
        {"ANSWER", "outcome", SHOWN_VALUE},
        {"WHY", "text", SHOWN_VALUE},
        {0},
    };
    static const Shown rules[] = {{"RULE", "name", SHOWN_VALUE}, {"FIT", "fit", SHOWN_VALUE}, {0}};
    g_autofree char *path = g_strdup(job_arguments(job)[0]);
    g_autofree char *mail = NULL;
    gsize bytes;
    g_autoptr(GError) failure = NULL;
    if (!g_file_get_contents(path, &mail, &bytes, &failure)) {
        command_misused(error, "%s", failure->message);
        return false;
    }
    json_auto_t *answer = client_send(job_client(job), "/api/v1/options/email-connector/dry-run",
                                      "message/rfc822", mail, bytes, error);
    if (answer == NULL)
        return false;
    if (job_print_json(job, answer))
        return true;
    command_print("It would be: %s (%s)\n\n", json_get_text(answer, "action"),
                  json_get_text(answer, "reason"));
    print_table(json_object_get(answer, "steps"), columns);
    if (json_array_size(json_object_get(answer, "rules")) > 0) {
        command_print("\n");
        print_table(json_object_get(answer, "rules"), rules);
    }
    return true;
}

static const Option filters[] = {
    {"state", OPTION_QUERY, "state", "STATE",
     "Only those that are filed, unmatched, quarantined, skipped, stopped, settled, noted or"
     " discarded"},
    {"ticket", OPTION_QUERY, "ticket", "TICKET", "Only those of this ticket"},
    {0},
};

static const Option owners[] = {
    {"account", OPTION_ID, NULL, "N", "For this account"},
    {"new-account", OPTION_PLAIN, NULL, "NAME", "For a new account, with the sender's address"},
    {0},
};

static const Option tickets[] = {
    {"ticket", OPTION_ID, NULL, "TICKET", "The ticket that it belongs to"},
    {0},
};

int command_inbox(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "list",
         .summary = "List the mails, newest first",
         .options = {filters, limit_option},
         .run = run_list},
        {.name = "explain",
         .arguments = "MAIL",
         .summary = "Tell what became of a mail, step by step, and why",
         .run = run_explain},
        {.name = "message",
         .arguments = "MAIL",
         .summary = "Print the mail as it came",
         .run = run_message},
        {.name = "open",
         .arguments = "MAIL",
         .summary = "Make a ticket of a mail that waits",
         .options = {owners},
         .run = run_open},
        {.name = "attach",
         .arguments = "MAIL",
         .summary = "Put a mail that waits on a ticket",
         .options = {tickets},
         .run = run_attach},
        {.name = "discard",
         .arguments = "MAIL",
         .summary = "Take a mail off the list of those that wait; it is kept",
         .run = run_discard},
        {.name = "forward-retry",
         .arguments = "MAIL",
         .summary = "Send the forward of a mail again, or at once",
         .run = run_forward_retry},
        {.name = "forward-cancel",
         .arguments = "MAIL",
         .summary = "Do not send the forward of a mail",
         .run = run_forward_cancel},
        {.name = "forward-release",
         .arguments = "MAIL",
         .summary = "Let the held forward of a mail go",
         .run = run_forward_release},
        {.name = "mailboxes",
         .summary = "Tell how the mailboxes stand that mails are fetched from",
         .run = run_mailboxes},
        {.name = "try",
         .arguments = "FILE",
         .summary = "Tell what would happen to a mail, and which rule would fire; nothing is done",
         .run = run_try},
        {0},
    };
    return subcommand_run("inbox", "Mails that came in, and what became of them", subcommands, argc,
                          argv);
}
