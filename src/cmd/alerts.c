/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings alerts`: who was told, who was not, and why; and what a person may do about it. */
#include "cmd/commands.h"

#include "base/error.h"
#include "base/json.h"
#include "cmd/records.h"
#include "cmd/ticket_show.h"
#include "mail/message.h"

#include <stdio.h>
#include <string.h>

#define ALERTS "/api/v1/alerts"

/* How --state and the API call what was never meant to be sent. */
#define NO_STATE "none"

/* ---- lists ---- */

/* "new_ticket" for programs, "new ticket" for people. */
static void use_words(json_t *alert, const char *field)
{
    g_autofree char *words = g_strdup(json_get_text(alert, field));
    g_strdelimit(words, "_", ' ');
    json_set_text(alert, field, words);
}

static void print_list(const Job *job, json_t *alerts)
{
    static const Shown columns[] = {
        {"ID", "id", SHOWN_VALUE},
        {"TICKET", "ticket", SHOWN_VALUE},
        {"ALERT", "kind", SHOWN_VALUE},
        {"RECIPIENT", "recipient", SHOWN_VALUE},
        {"STATE", "state", SHOWN_VALUE},
        {"REASON", "reason", SHOWN_VALUE},
        {"REPLY", "last_reply", SHOWN_VALUE},
        {0},
    };
    size_t i;
    json_t *alert;
    json_array_foreach(json_object_get(alerts, "items"), i, alert)
    {
        if (job_json(job))
            break;
        use_words(alert, "kind");
        use_words(alert, "reason");
        if (*json_get_text(alert, "state") == '\0')
            json_set_text(alert, "state", "not sent");
    }
    print_items(job, alerts, columns, "There are no such alerts.");
}

/* A ticket's list comes whole, in the order of its events. */
static void keep_state(json_t *items, const char *state)
{
    for (size_t i = json_array_size(items); state != NULL && i > 0; i--) {
        const char *its = json_get_text(json_array_get(items, i - 1), "state");
        if (strcmp(*its != '\0' ? its : NO_STATE, state) != 0)
            json_array_remove(items, i - 1);
    }
}

static bool run_list(Job *job, GError **error)
{
    const char *ticket = job_arguments(job)[0];
    json_auto_t *alerts = NULL;
    if (ticket == NULL) {
        alerts = job_collect(job, ALERTS, error);
    } else {
        g_autofree char *target = number_target(TICKETS "/", ticket, "/alerts", error);
        if (target != NULL)
            alerts = client_call(job_client(job), "GET", target, NULL, error);
        keep_state(json_object_get(alerts, "items"), job_option(job, "state"));
    }
    if (alerts == NULL)
        return false;
    print_list(job, alerts);
    return true;
}

/* ---- one ticket, one alert ---- */

static bool run_explain(Job *job, GError **error)
{
    g_autofree char *target = number_target(TICKETS "/", job_arguments(job)[0], "/explain", error);
    if (target == NULL)
        return false;
    json_auto_t *answer = client_call(job_client(job), "GET", target, NULL, error);
    if (answer == NULL)
        return false;
    if (job_print_json(job, answer))
        return true;
    g_autofree char *text = plain_block(json_get_text(answer, "text"));
    command_print("%s", text);
    return true;
}

/* ---- is mail leaving? ---- */

static void print_brake(const json_t *brake)
{
    static const Shown since = {"", "since", SHOWN_TIME};
    int64_t held = json_get_int(brake, "held");
    if (held == 0)
        return;
    g_autofree char *time = shown_field(brake, &since);
    command_print("The brake holds %" G_GINT64_FORMAT " alert%s, the oldest since %s.\n"
                  "  Send:        tidings alerts release --held --reason brake\n"
                  "  Do not send: tidings alerts cancel --held --reason brake\n",
                  held, held == 1 ? "" : "s", time);
}

static bool is_up(const json_t *relay)
{
    return strcmp(json_get_text(relay, "state"), "up") == 0;
}

static void print_trouble(const json_t *relay)
{
    static const Shown trouble[] = {
        {"Since", "since", SHOWN_TIME},
        {"Reason", "reason", SHOWN_VALUE},
        {"Next try", "retry_at", SHOWN_TIME},
        {0},
    };
    if (is_up(relay))
        return;
    print_fields(relay, trouble);
    if (strcmp(json_get_text(relay, "state"), "stopped") == 0)
        command_print("  When the reason is mended: tidings alerts resume\n");
}

/* One is what a desk has; none while it is meant to send, or several, is worth saying. */
static void print_senders(const json_t *senders, bool active)
{
    size_t i;
    json_t *sender;
    if (active && json_array_size(senders) == 0)
        command_print("No process is sending: `tidings serve` does.\n");
    json_array_foreach(senders, i, sender)
    {
        g_autofree char *name = plain_line(json_get_text(sender, "name"));
        if (json_array_size(senders) > 1)
            command_print("%s%s\n", i == 0 ? "Sent by: " : "         ", name);
    }
}

/* Several relays, in order of preference. */
static void print_relays(const json_t *relays)
{
    size_t i;
    json_t *relay;
    bool any_up = false;
    json_array_foreach(relays, i, relay) any_up = any_up || is_up(relay);
    command_print(any_up ? "Relays, in order of preference:\n"
                         : "No relay can be used. Alerts wait; nothing is lost.\n");
    json_array_foreach(relays, i, relay)
    {
        g_autofree char *name = plain_line(json_get_text(relay, "name"));
        command_print("%zu. %s is %s.\n", i + 1, name, json_get_text(relay, "state"));
        print_trouble(relay);
    }
}

static void print_one_relay(const json_t *relay, bool active)
{
    if (active && !is_up(relay))
        command_print("The relay is %s. Alerts wait; nothing is lost.\n",
                      json_get_text(relay, "state"));
    print_trouble(relay);
}

static void print_server(const json_t *server)
{
    const json_t *relays = json_object_get(server, "relays");
    bool active = json_get_bool(server, "active", false);
    command_print("The Alerts Server is %s; mail leaves by %s.\n", active ? "active" : "not active",
                  json_get_text(server, "transport"));
    if (!active)
        command_print("Nobody is told until it is activated.\n");
    if (json_array_size(relays) > 1)
        print_relays(relays);
    else
        print_one_relay(json_object_get(server, "relay"), active);
    const char *name;
    json_t *count;
    print_senders(json_object_get(server, "senders"), active);
    print_brake(json_object_get(server, "brake"));
    command_print("\n");
    json_object_foreach(json_object_get(server, "messages"), name, count)
    {
        command_print("  %-10s %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(count));
    }
    int64_t not_told = json_get_int(server, "customers_not_told");
    if (not_told > 0)
        command_print("\nCustomers not told: the closing of %" G_GINT64_FORMAT
                      " ticket%s reached nobody.\n"
                      "`tidings ticket list --customers-not-told` lists them.\n",
                      not_told, not_told == 1 ? "" : "s");
}

static bool run_status(Job *job, GError **error)
{
    json_auto_t *server = client_call(job_client(job), "GET", "/api/v1/alerts-server", NULL, error);
    if (server == NULL)
        return false;
    if (!job_print_json(job, server))
        print_server(server);
    return true;
}

static bool run_resume(Job *job, GError **error)
{
    json_auto_t *answer =
        client_call(job_client(job), "POST", "/api/v1/alerts-server/resume", NULL, error);
    if (answer == NULL)
        return false;
    if (job_print_json(job, answer))
        return true;
    int64_t resumed = json_get_int(answer, "resumed");
    if (resumed == 0)
        command_print("No relay was stopped.\n");
    else
        command_print("%" G_GINT64_FORMAT " relay%s may be used again.\n"
                      "What was rejected meanwhile: tidings alerts retry --state rejected\n",
                      resumed, resumed == 1 ? "" : "s");
    return true;
}

/* ---- one alert ---- */

static void print_attempts(const json_t *attempts)
{
    static const Shown columns[] = {
        {"AT", "at", SHOWN_TIME},        {"OUTCOME", "outcome", SHOWN_VALUE},
        {"STAGE", "stage", SHOWN_VALUE}, {"CODE", "reply_code", SHOWN_VALUE},
        {"REPLY", "reply", SHOWN_VALUE}, {0},
    };
    if (json_array_size(attempts) == 0)
        return;
    command_print("\nAttempts\n");
    print_table(attempts, columns);
}

static bool run_show(Job *job, GError **error)
{
    static const Shown fields[] = {
        {"Alert", "id", SHOWN_VALUE},
        {"Ticket", "ticket", SHOWN_VALUE},
        {"Kind", "kind", SHOWN_VALUE},
        {"Recipient", "recipient", SHOWN_VALUE},
        {"Name", "recipient_name", SHOWN_VALUE},
        {"Decision", "decision", SHOWN_VALUE},
        {"Reason", "reason", SHOWN_VALUE},
        {"State", "state", SHOWN_VALUE},
        {"Tries", "attempts", SHOWN_VALUE},
        {"Message-ID", "message_id", SHOWN_VALUE},
        {"Queued", "queued_at", SHOWN_TIME},
        {"Next try", "due_at", SHOWN_TIME},
        {"Accepted", "accepted_at", SHOWN_TIME},
        {"Last reply", "last_reply", SHOWN_VALUE},
        {0},
    };
    g_autofree char *target = job_target(job, ALERTS "/", error);
    if (target == NULL)
        return false;
    json_auto_t *alert = client_call(job_client(job), "GET", target, NULL, error);
    if (alert == NULL)
        return false;
    if (job_print_json(job, alert))
        return true;
    g_autofree char *explanation = plain_line(json_get_text(alert, "explanation"));
    command_print("%s\n\n", explanation);
    use_words(alert, "kind");
    use_words(alert, "reason");
    print_fields(alert, fields);
    print_attempts(json_object_get(alert, "attempts_log"));
    return true;
}

/* ---- its mail ---- */

static bool print_readable(GBytes *message, GError **error)
{
    g_autofree char *text = message_to_readable(message);
    if (text == NULL) {
        error_set(error, TD_ERROR_CORRUPT, "The mail cannot be read");
        return false;
    }
    g_autofree char *shown = plain_block(text);
    command_print("%s", shown);
    return true;
}

static bool run_message(Job *job, GError **error)
{
    g_autofree char *target = number_target(ALERTS "/", job_arguments(job)[0], "/message", error);
    g_autoptr(HttpResponse) answer =
        target != NULL ? client_fetch(job_client(job), target, error) : NULL;
    if (answer == NULL)
        return false;
    size_t bytes;
    const char *body = http_response_body(answer, &bytes);
    if (http_response_header(answer, "X-Tidings-Preview") != NULL)
        fputs("Not sent yet; as it would be if it were sent now:\n", stderr);
    if (job_json(job)) {
        json_auto_t *value = json_object();
        json_set_text(value, "message", body);
        job_print_json(job, value);
        return true;
    }
    g_autoptr(GBytes) message = g_bytes_new(body, bytes);
    if (job_switched(job, "readable"))
        return print_readable(message, error);
    command_write(body, bytes);
    return true;
}

/* ---- acting ---- */

/* Each by itself: one that is refused does not keep the others from being done. */
static bool act(Job *job, const char *action, const json_t *body, GError **error)
{
    json_auto_t *done = json_array();
    GError *first = NULL;
    for (const char *const *id = job_arguments(job); *id != NULL; id++) {
        g_autoptr(GError) failure = NULL;
        g_autofree char *target = number_target(ALERTS "/", *id, action, &failure);
        json_t *alert =
            target != NULL ? client_call(job_client(job), "POST", target, body, &failure) : NULL;
        if (alert != NULL)
            json_array_append_new(done, alert);
        else if (first == NULL)
            first = g_steal_pointer(&failure);
        else
            fprintf(stderr, "tidings alerts: %s: %s\n", *id, failure->message);
    }
    if (job_json(job)) {
        json_auto_t *collection = json_object();
        json_object_set(collection, "items", done);
        job_print_json(job, collection);
    } else {
        print_alerts(done);
    }
    note_unserved(job, done);
    if (first != NULL)
        g_propagate_error(error, first);
    return first == NULL;
}

/* All that a filter lets through; `done` is said of them, `waits`: they are to be sent now. */
static bool act_on_all(Job *job, const char *action, const char *done, bool waits, GError **error)
{
    g_autofree char *target = g_strconcat(ALERTS, action, NULL);
    json_auto_t *answer = client_call(job_client(job), "POST", target, job_body(job), error);
    if (answer == NULL)
        return false;
    int64_t changed = json_get_int(answer, "changed");
    if (!job_print_json(job, answer) && changed == 0)
        command_print("There are no such alerts; nothing was changed.\n");
    else if (!job_json(job))
        command_print("%s %" G_GINT64_FORMAT " alert%s.\n", done, changed, changed == 1 ? "" : "s");
    if (waits && changed > 0)
        note_nobody_serves(job);
    return true;
}

/* Either numbers or a filter: one of them by mistake must not become everything. */
static bool check_choice(const Job *job, const char *option, bool filter, GError **error)
{
    bool numbers = job_arguments(job)[0] != NULL;
    if (numbers && (filter || json_object_size(job_body(job)) > 0)) {
        command_misused(error, "Give the numbers of alerts or options to choose them by, not both");
        return false;
    }
    if (!numbers && !filter) {
        command_misused(error, "Give the numbers of alerts, or --%s to choose them by", option);
        return false;
    }
    return true;
}

static bool run_retry(Job *job, GError **error)
{
    bool force = job_switched(job, "force");
    bool all = job_switched(job, "all");
    bool filter = *json_get_text(job_body(job), "state") != '\0';
    if (all && filter) {
        command_misused(error, "Give --all or --state, not both");
        return false;
    }
    filter = filter || all;
    if (!check_choice(job, "state or --all", filter, error))
        return false;
    if (all)
        json_set_text(job_body(job), "state", "waiting");
    if (filter && force) {
        command_misused(error, "--force is for single alerts: give their numbers");
        return false;
    }
    if (filter)
        return act_on_all(job, "/retry", "To be sent now:", true, error);
    json_auto_t *body = json_object();
    if (force)
        json_set_bool(body, "force", true);
    return act(job, "/retry", body, error);
}

static bool act_on_held(Job *job, const char *action, const char *done, bool waits, GError **error)
{
    bool filter = job_switched(job, "held");
    if (!check_choice(job, "held", filter, error))
        return false;
    if (!filter)
        return act(job, action, NULL, error);
    json_set_text(job_body(job), "state", "held");
    return act_on_all(job, action, done, waits, error);
}

static bool run_cancel(Job *job, GError **error)
{
    return act_on_held(job, "/cancel", "Cancelled", false, error);
}

static bool run_release(Job *job, GError **error)
{
    return act_on_held(job, "/release", "Released", true, error);
}

static const Option filters[] = {
    {"state", OPTION_QUERY, NULL, "STATE",
     "In this state, such as accepted; " NO_STATE ": decided not to be sent"},
    {0},
};

static const Option forcing[] = {
    {"force", OPTION_SWITCH, NULL, NULL, "Even to a suppressed address; acceptance ends that"},
    {0},
};

static const Option held_filter[] = {
    {"held", OPTION_SWITCH, NULL, NULL,
     "All that are held, but for those that the others leave out"},
    {"reason", OPTION_TEXT, NULL, "REASON",
     "Of the held, those held for this reason: brake or alerts_server_inactive"},
    {0},
};

static const Option state_filter[] = {
    {"state", OPTION_TEXT, NULL, "STATE",
     "All in this state: deferred, queued, uncertain, rejected, expired or cancelled"},
    {"all", OPTION_SWITCH, NULL, NULL, "All that waits: queued, deferred or uncertain"},
    {0},
};

static const Option whose_filter[] = {
    {"account", OPTION_ID, NULL, "N", "Of them, this account's alone"},
    {"ticket", OPTION_ID, NULL, "N", "Of them, this ticket's alone"},
    {0},
};

static const Option forms[] = {
    {"readable", OPTION_SWITCH, NULL, NULL, "Decoded for reading, instead of the exact bytes"},
    {0},
};

int command_alerts(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "status",
         .summary = "Tell whether mail is leaving, why not, and how much waits",
         .run = run_status},
        {.name = "resume",
         .summary = "Let a relay that refused many in a row be used again",
         .run = run_resume},
        {.name = "list",
         .arguments = "[TICKET]",
         .summary = "List a ticket's alerts, or all, the newest first",
         .more = "The states are: held, queued, sending, deferred, uncertain, accepted, rejected,\n"
                 "expired, bounced, cancelled. tidings(1) tells what they mean.\n",
         .options = {filters, limit_option},
         .run = run_list},
        {.name = "show",
         .arguments = "ID",
         .summary = "Show one alert with all its tries",
         .run = run_show},
        {.name = "explain",
         .arguments = "TICKET",
         .summary = "Tell in words who was told of a ticket, who was not, and why",
         .run = run_explain},
        {.name = "message",
         .arguments = "ID",
         .summary = "Print an alert's mail, byte for byte",
         .options = {forms},
         .run = run_message},
        {.name = "retry",
         .arguments = "[ID...]",
         .summary = "Send again what was refused, given up, returned or cancelled",
         .options = {forcing, state_filter, whose_filter},
         .run = run_retry},
        {.name = "cancel",
         .arguments = "[ID...]",
         .summary = "Do not send what has not left yet",
         .options = {held_filter, whose_filter},
         .run = run_cancel},
        {.name = "release",
         .arguments = "[ID...]",
         .summary = "Send what was held",
         .options = {held_filter, whose_filter},
         .run = run_release},
        {0},
    };
    return subcommand_run("alerts", "Who was told, who was not, and why", subcommands, argc, argv);
}
