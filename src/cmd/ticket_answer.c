/* SPDX-License-Identifier: Apache-2.0 */
/* Answering says of everybody whom the message is for whether they are sent it: that is the moment
 * to notice that nobody will read it. */
#include "cmd/ticket_answer.h"

#include "base/json.h"
#include "cmd/records.h"
#include "cmd/ticket_show.h"

#include <string.h>

const Option answer_options[] = {
    {"text", OPTION_TEXT, NULL, "TEXT", "What to write"},
    {"text-file", OPTION_FILE, "text", "FILE", "The same from a file; - is standard input"},
    {"html-file", OPTION_FILE, "html", "FILE", "The same as HTML, sent beside the text"},
    {"internal", OPTION_SWITCH, NULL, NULL, "For the Employee Recipients alone"},
    {"attach", OPTION_ATTACH, "attachments", "FILE", "Send this file with it; repeatable"},
    {0},
};

const Option copy_options[] = {
    {"retry", OPTION_SWITCH, NULL, NULL, "Send it again, or at once"},
    {"cancel", OPTION_SWITCH, NULL, NULL, "Do not send it"},
    {"release", OPTION_SWITCH, NULL, NULL, "Let it go, where it is held"},
    {0},
};

/* "queued", "suppress (muted)" */
static char *fate(const json_t *copy)
{
    const char *state = json_get_text(copy, "state");
    return *state != '\0' ? g_strdup(state)
                          : g_strdup_printf("not sent (%s)", json_get_text(copy, "reason"));
}

static void print_copies(const json_t *copies)
{
    size_t i;
    json_t *copy;
    json_array_foreach(copies, i, copy)
    {
        g_autofree char *recipient = plain_line(json_get_text(copy, "recipient"));
        g_autofree char *what = fate(copy);
        command_print("  copy %" G_GINT64_FORMAT ", %s: %s\n", json_get_int(copy, "id"),
                      *recipient != '\0' ? recipient : "nobody", what);
    }
}

bool ticket_answer_run(Job *job, GError **error)
{
    g_autofree char *target = number_target(TICKETS "/", job_arguments(job)[0], "/messages", error);
    if (target == NULL || !job_has_body(job, error))
        return false;
    if (job_switched(job, "internal"))
        json_set_text(job_body(job), "visibility", "internal");
    json_auto_t *message = client_call(job_client(job), "POST", target, job_body(job), error);
    if (message == NULL)
        return false;
    const json_t *copies = json_object_get(message, "copies");
    if (!job_print_json(job, message)) {
        command_print("Filed message %" G_GINT64_FORMAT " on ticket #%s\n",
                      json_get_int(message, "id"), job_arguments(job)[0]);
        print_copies(copies);
    }
    note_unserved(job, copies);
    return true;
}

static void print_attachments(const json_t *attachments)
{
    size_t i;
    json_t *attachment;
    json_array_foreach(attachments, i, attachment)
    {
        g_autofree char *name = plain_line(json_get_text(attachment, "name"));
        command_print("  attachment %" G_GINT64_FORMAT ", %s (%" G_GINT64_FORMAT " bytes)\n",
                      json_get_int(attachment, "id"), name, json_get_int(attachment, "bytes"));
    }
}

static void print_message(const json_t *message)
{
    static const Shown at = {"", "at", SHOWN_TIME};
    g_autofree char *time = shown_field(message, &at);
    g_autofree char *who = plain_line(json_get_text(json_object_get(message, "author"), "name"));
    bool in_doubt = strcmp(json_get_text(message, "sender"), "not_verified") == 0;
    g_autofree char *text = plain_block(json_get_text(message, "text"));
    command_print("Message %" G_GINT64_FORMAT ", %s, %s by %s%s\n", json_get_int(message, "id"),
                  json_get_text(message, "visibility"), time, who,
                  in_doubt ? " (sender not verified)" : "");
    print_copies(json_object_get(message, "copies"));
    print_attachments(json_object_get(message, "attachments"));
    command_print("%s%s\n", text, g_str_has_suffix(text, "\n") ? "" : "\n");
}

bool ticket_messages_run(Job *job, GError **error)
{
    g_autofree char *target = number_target(TICKETS "/", job_arguments(job)[0], "/messages", error);
    json_auto_t *messages = target != NULL ? job_collect(job, target, error) : NULL;
    if (messages == NULL)
        return false;
    if (job_print_json(job, messages))
        return true;
    size_t i;
    json_t *message;
    const json_t *items = json_object_get(messages, "items");
    if (json_array_size(items) == 0)
        command_print("Nobody has written on this ticket.\n");
    json_array_foreach(items, i, message) print_message(message);
    return true;
}

bool ticket_copy_run(Job *job, GError **error)
{
    static const char *const verbs[] = {"retry", "cancel", "release"};
    const char *verb = NULL;
    int n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (!job_switched(job, verbs[i]))
            continue;
        verb = verbs[i];
        n++;
    }
    if (n != 1) {
        command_misused(error, "one of --retry, --cancel and --release is needed");
        return false;
    }
    g_autofree char *ticket = number_target(TICKETS "/", job_arguments(job)[0], "/copies/", error);
    g_autofree char *copy =
        ticket != NULL ? number_target(ticket, job_arguments(job)[1], "/", error) : NULL;
    if (copy == NULL)
        return false;
    g_autofree char *target = g_strconcat(copy, verb, NULL);
    json_auto_t *answer = client_call(job_client(job), "POST", target, NULL, error);
    if (answer == NULL)
        return false;
    json_auto_t *copies = json_array();
    json_array_append(copies, answer);
    if (!job_print_json(job, answer))
        print_copies(copies);
    note_unserved(job, copies);
    return true;
}
