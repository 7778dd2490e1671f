/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings recipient`: who is told about a ticket. A recipient is named by its address, in any
 * spelling, or by the id that the list shows. */
#include "cmd/commands.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/body.h"
#include "cmd/records.h"
#include "cmd/ticket_show.h"
#include "mail/address.h"

#include <string.h>

static char *list_target(const Job *job, GError **error)
{
    return number_target(TICKETS "/", job_arguments(job)[0], "/recipients", error);
}

static bool run_list(Job *job, GError **error)
{
    static const Shown columns[] = {
        {"ID", "id", SHOWN_VALUE},       {"ADDRESS", "email", SHOWN_VALUE},
        {"NAME", "name", SHOWN_VALUE},   {"CONTACT", "contact", SHOWN_VALUE},
        {"MUTED", "muted", SHOWN_VALUE}, {"ADDED", "added_at", SHOWN_TIME},
        {"LEFT", "left_at", SHOWN_TIME}, {0},
    };
    g_autofree char *target = list_target(job, error);
    return target != NULL &&
           list_records(job, target, columns, "Nobody is told about this ticket.", error);
}

static json_t *find(const json_t *recipients, const char *named)
{
    int64_t id = 0;
    g_autofree char *key = NULL;
    text_to_int(named, 1, INT64_MAX, &id);
    address_parse(named, NULL, NULL, &key, NULL);
    size_t i;
    json_t *recipient;
    json_array_foreach(recipients, i, recipient)
    {
        g_autofree char *its_key = NULL;
        address_parse(json_get_text(recipient, "email"), NULL, NULL, &its_key, NULL);
        if ((id != 0 && json_get_int(recipient, "id") == id) ||
            (key != NULL && g_strcmp0(key, its_key) == 0))
            return recipient;
    }
    return NULL;
}

/* Calls METHOD on ".../recipients/ID" and `suffix` for each that the arguments name behind the
 * ticket's number, and says `done` of it. All are found before the first one is touched. Gives the
 * answers. */
static json_t *act(Job *job, const char *method, const char *suffix, const json_t *body,
                   const char *done, GError **error)
{
    const char *const *names = job_arguments(job) + 1;
    g_autofree char *target = list_target(job, error);
    json_auto_t *all = target != NULL ? job_collect(job, target, error) : NULL;
    if (all == NULL)
        return NULL;
    const json_t *recipients = json_object_get(all, "items");
    for (guint i = 0; names[i] != NULL; i++) {
        if (find(recipients, names[i]) != NULL)
            continue;
        g_autofree char *shown = plain_line(names[i]);
        error_set(error, TD_ERROR_NOT_FOUND,
                  "%s is not a recipient of ticket #%s; nothing was changed", shown,
                  job_arguments(job)[0]);
        return NULL;
    }
    json_auto_t *answers = json_array();
    for (guint i = 0; names[i] != NULL; i++) {
        json_t *recipient = find(recipients, names[i]);
        g_autofree char *one = g_strdup_printf("%s/%" G_GINT64_FORMAT "%s", target,
                                               json_get_int(recipient, "id"), suffix);
        json_t *answer = client_call(job_client(job), method, one, body, error);
        if (answer == NULL)
            return NULL;
        /* What was removed has no answer; then it is shown as it was. */
        json_array_append(answers, json_object_size(answer) > 0 ? answer : recipient);
        json_decref(answer);
        g_autofree char *email = plain_line(json_get_text(recipient, "email"));
        if (!job_json(job))
            command_print("%s %s\n", email, done);
    }
    return json_incref(answers);
}

static bool print_answers(const Job *job, json_t *answers)
{
    if (answers == NULL)
        return false;
    json_auto_t *collection = json_object();
    json_object_set_new(collection, "items", answers);
    job_print_json(job, collection);
    return true;
}

static bool run_add(Job *job, GError **error)
{
    const char *const *addresses = job_arguments(job) + 1;
    g_autofree char *target = list_target(job, error);
    if (target == NULL)
        return false;
    json_auto_t *answers = json_array();
    for (; *addresses != NULL; addresses++) {
        json_auto_t *person = body_person(*addresses);
        json_t *answer = client_call(job_client(job), "POST", target, person, error);
        if (answer == NULL)
            return false;
        json_array_append_new(answers, answer);
        g_autofree char *email = plain_line(json_get_text(answer, "email"));
        if (!job_json(job))
            command_print("%s is told from now on; of what has been, `tidings recipient"
                          " send-latest %s %s` tells.\n",
                          email, job_arguments(job)[0], email);
    }
    return print_answers(job, json_incref(answers));
}

static bool run_remove(Job *job, GError **error)
{
    return print_answers(job, act(job, "DELETE", "", NULL,
                                  "is not told any more; what had not been sent yet was cancelled.",
                                  error));
}

static bool set_muted(Job *job, bool muted, const char *done, GError **error)
{
    json_auto_t *body = json_object();
    json_set_bool(body, "muted", muted);
    return print_answers(job, act(job, "PATCH", "", body, done, error));
}

static bool run_mute(Job *job, GError **error)
{
    return set_muted(job, true, "is not told until it is unmuted.", error);
}

static bool run_unmute(Job *job, GError **error)
{
    return set_muted(job, false, "is told again from now on.", error);
}

static bool run_send_latest(Job *job, GError **error)
{
    json_t *alerts = act(job, "POST", "/send-latest", NULL, "gets the latest alert:", error);
    if (alerts == NULL)
        return false;
    if (!job_json(job))
        print_alerts(alerts);
    note_unserved(job, alerts);
    return print_answers(job, alerts);
}

int command_recipient(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "list",
         .arguments = "TICKET",
         .summary = "List who is told about a ticket",
         .run = run_list},
        {.name = "add",
         .arguments = "TICKET ADDRESS...",
         .summary = "Tell these addresses from now on",
         .more = "An address may come with a name: \"Erika Muster <erika@example.com>\".\n",
         .run = run_add},
        {.name = "remove",
         .arguments = "TICKET ADDRESS...",
         .summary = "Tell them no more, and cancel what has not been sent yet",
         .run = run_remove},
        {.name = "mute",
         .arguments = "TICKET ADDRESS...",
         .summary = "Keep them on the list, but tell them nothing",
         .run = run_mute},
        {.name = "unmute",
         .arguments = "TICKET ADDRESS...",
         .summary = "Tell them again",
         .run = run_unmute},
        {.name = "send-latest",
         .arguments = "TICKET ADDRESS...",
         .summary = "Send them the ticket's newest alert, as a new mail",
         .run = run_send_latest},
        {0},
    };
    return subcommand_run("recipient", "Who is told about a ticket", subcommands, argc, argv);
}
