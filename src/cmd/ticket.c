/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tidings ticket`: open, change, close, reopen, and look.
 *
 * After an opening or a closing it says of every recipient what was decided: that is what somebody
 * who closes a ticket wants to know, and the moment to notice that nobody will be told.
 */
#include "cmd/commands.h"

#include "base/json.h"
#include "cmd/records.h"
#include "cmd/ticket_answer.h"
#include "cmd/ticket_show.h"
#include "records/status.h"

#include <string.h>

#define REOPENED_STATUS "Pending"

static json_t *get_alerts(const Job *job, int64_t number, GError **error)
{
    g_autofree char *target = g_strdup_printf(TICKETS "/%" G_GINT64_FORMAT "/alerts", number);
    return client_call(job_client(job), "GET", target, NULL, error);
}

/* The alerts of the newest closing. */
static json_t *newest_closing(const json_t *alerts)
{
    int64_t newest = 0;
    json_t *list = json_array();
    size_t i;
    json_t *alert;
    json_array_foreach(alerts, i, alert)
    {
        bool closing = strcmp(json_get_text(alert, "kind"), "ticket_closed") == 0;
        int64_t event = json_get_int(alert, "event");
        /* "Send the latest alert" is an event of its own, of one recipient's. */
        if (!closing || strcmp(json_get_text(alert, "reason"), "sent_by_hand") == 0)
            continue;
        if (event != newest)
            json_array_clear(list);
        newest = event;
        json_array_append(list, alert);
    }
    return list;
}

/* What an opening or closing told whom. That it cannot be asked does not undo the change. */
static void tell_who(const Job *job, const json_t *ticket, bool closing)
{
    g_autoptr(GError) failure = NULL;
    json_auto_t *answer = get_alerts(job, json_get_int(ticket, "number"), &failure);
    if (answer == NULL) {
        job_note(job, "This was done, but who is told cannot be shown: %s\n", failure->message);
        return;
    }
    json_t *items = json_object_get(answer, "items");
    json_auto_t *alerts = closing ? newest_closing(items) : json_incref(items);
    if (!job_json(job))
        print_alerts(alerts);
    note_unserved(job, alerts);
}

/* ---- opening ---- */

static bool run_open(Job *job, GError **error)
{
    json_auto_t *ticket = client_call(job_client(job), "POST", TICKETS, job_body(job), error);
    if (ticket == NULL)
        return false;
    g_autofree char *heading = ticket_heading(ticket);
    if (!job_print_json(job, ticket))
        command_print("Opened ticket %s\n", heading);
    tell_who(job, ticket, false);
    return true;
}

/* ---- changing ---- */

static bool is_closed(const json_t *ticket)
{
    return status_is_closed((int)json_get_int(ticket, "status"));
}

static const char *verb(const json_t *before, const json_t *after)
{
    if (is_closed(after) && !is_closed(before))
        return "Closed";
    if (is_closed(before) && !is_closed(after))
        return "Reopened";
    return "Changed";
}

static void say_change(const Job *job, const json_t *before, const json_t *after)
{
    g_autofree char *heading = ticket_heading(after);
    bool same = json_equal((json_t *)before, (json_t *)after);
    if (!job_print_json(job, after) && same)
        command_print("Ticket %s is so already; nothing was changed.\n", heading);
    else if (!job_json(job))
        command_print("%s ticket %s\n", verb(before, after), heading);
    if (is_closed(after) && !is_closed(before))
        tell_who(job, after, true);
    if (!job_json(job))
        print_not_told(after);
}

/* Changes what the body says; *before and *after are new references. */
static bool change_ticket(Job *job, json_t **before, json_t **after, GError **error)
{
    g_autofree char *target = job_target(job, TICKETS "/", error);
    if (target == NULL)
        return false;
    json_auto_t *was = client_call(job_client(job), "GET", target, NULL, error);
    json_t *is =
        was != NULL ? client_call(job_client(job), "PATCH", target, job_body(job), error) : NULL;
    if (is == NULL)
        return false;
    *before = json_incref(was);
    *after = is;
    return true;
}

static bool change_and_say(Job *job, GError **error)
{
    json_t *before, *after;
    if (!change_ticket(job, &before, &after, error))
        return false;
    say_change(job, before, after);
    json_decref(before);
    json_decref(after);
    return true;
}

static bool run_change(Job *job, GError **error)
{
    return job_has_body(job, error) && change_and_say(job, error);
}

static bool run_close(Job *job, GError **error)
{
    json_object_set_new(job_body(job), "status", json_integer(STATUS_COMPLETED));
    json_t *before, *after;
    if (!change_ticket(job, &before, &after, error))
        return false;
    if (!is_closed(before)) {
        say_change(job, before, after);
    } else if (!job_print_json(job, after)) {
        g_autofree char *heading = ticket_heading(after);
        command_print("Ticket %s was closed already; nobody is told again.\n", heading);
    }
    json_decref(before);
    json_decref(after);
    return true;
}

static bool run_reopen(Job *job, GError **error)
{
    json_t *body = job_body(job);
    if (json_object_get(body, "status") == NULL)
        json_object_set_new(body, "status", json_string(REOPENED_STATUS));
    g_autofree char *target = job_target(job, TICKETS "/", error);
    if (target == NULL)
        return false;
    json_auto_t *ticket = client_call(job_client(job), "GET", target, NULL, error);
    if (ticket == NULL)
        return false;
    if (is_closed(ticket))
        return change_and_say(job, error);
    if (!job_print_json(job, ticket)) {
        g_autofree char *heading = ticket_heading(ticket);
        command_print("Ticket %s is not closed; nothing was changed.\n", heading);
    }
    return true;
}

/* ---- merging ---- */

static bool run_merge(Job *job, GError **error)
{
    g_autofree char *target = number_target(TICKETS "/", job_arguments(job)[0], "/merge", error);
    json_auto_t *ticket =
        target != NULL ? client_call(job_client(job), "POST", target, job_body(job), error) : NULL;
    if (ticket == NULL)
        return false;
    g_autofree char *heading = ticket_heading(ticket);
    if (!job_print_json(job, ticket))
        command_print("Merged ticket %s\ninto #%" G_GINT64_FORMAT "; nobody is told.\n", heading,
                      json_get_int(ticket, "merged_into"));
    return true;
}

/* ---- the table ---- */

static const Option identity[] = {
    {"account", OPTION_ID, NULL, "N", "The customer's number; see `tidings account list`"},
    {"title", OPTION_TEXT, NULL, "TEXT", "One line"},
    {0},
};

static const Option details[] = {
    {"description", OPTION_TEXT, NULL, "TEXT", "What it is about"},
    {"description-file", OPTION_FILE, "description", "FILE",
     "The same from a file; - is standard input"},
    {"contact", OPTION_ID, NULL, "ID", "The contact it came from"},
    {"type", OPTION_TEXT, NULL, "TEXT", "A kind of your own, such as Incident"},
    {"priority", OPTION_TEXT, NULL, "P", "low, normal, high or urgent"},
    {"status", OPTION_TEXT, NULL, "S", "A status by name or code, such as Hold or 700"},
    {"manager", OPTION_ID, NULL, "ID", "The employee who looks after it"},
    {"due", OPTION_TIME, NULL, "TIME", "\"2026-11-30 17:00\" here, or RFC 3339"},
    {0},
};

static const Option closing[] = {
    {"resolution", OPTION_TEXT, NULL, "TEXT", "How it was solved; customers read this"},
    {"resolution-file", OPTION_FILE, "resolution", "FILE",
     "The same from a file; - is standard input"},
    {"no-notify", OPTION_FALSE, "notify", NULL, "Tell nobody about this"},
    {0},
};

static const Option recipients[] = {
    {"recipient", OPTION_PEOPLE, "recipients", "ADDRESS",
     "Tell this address too, or \"Name <address>\"; repeatable"},
    {0},
};

static const Option reopening[] = {
    {"status", OPTION_TEXT, NULL, "S", "The status that it gets (default " REOPENED_STATUS ")"},
    {0},
};

static const Option merging[] = {
    {"into", OPTION_ID, NULL, "NUMBER", "The ticket that stays"},
    {0},
};

static const Option filters[] = {
    {"status", OPTION_QUERY, NULL, "S", "With this status, by name or code"},
    {"account", OPTION_QUERY, NULL, "N", "Of this customer"},
    {"state", OPTION_QUERY, NULL, "STATE", "open, or closed (Completed or Canceled)"},
    {"manager", OPTION_QUERY, NULL, "ID", "That this employee looks after"},
    {"search", OPTION_QUERY, "q", "TEXT", "With this number, or this text in the title"},
    {"customers-not-told", OPTION_QUERY_TRUE, "customers_not_told", NULL,
     "Closed, and nobody could be told of it"},
    {0},
};

int command_ticket(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "open",
         .summary = "Open a ticket, and tell its recipients",
         .more = "The recipients are the contact's address (or the account's, where there is no\n"
                 "contact), the account's contacts that are on every ticket, and every "
                 "--recipient.\n\n"
                 "  tidings ticket open --account 1 --title \"Printer on fire\" --priority high\n",
         .options = {identity, details, recipients, closing},
         .needs = "account,title",
         .run = run_open},
        {.name = "show",
         .arguments = "NUMBER",
         .summary = "Show a ticket: fields, recipients, what happened",
         .run = ticket_show_run},
        {.name = "change",
         .arguments = "NUMBER",
         .summary = "Change a ticket's fields",
         .more = "\"none\" empties --contact, --manager and --due; an empty text empties a text.\n"
                 "The status Completed closes the ticket and tells its recipients.\n",
         .options = {identity, details, closing},
         .run = run_change},
        {.name = "close",
         .arguments = "NUMBER",
         .summary = "Close a ticket, and tell its recipients",
         .options = {closing},
         .run = run_close},
        {.name = "reopen",
         .arguments = "NUMBER",
         .summary = "Open a closed ticket again; nobody is told",
         .options = {reopening},
         .run = run_reopen},
        {.name = "merge",
         .arguments = "NUMBER",
         .summary = "Merge a duplicate into another ticket; nobody is told",
         .more = "The duplicate ends as Canceled. The other gets its recipients, and the mails\n"
                 "that are written to either.\n",
         .options = {merging},
         .needs = "into",
         .run = run_merge},
        {.name = "answer",
         .arguments = "NUMBER",
         .summary = "Write to a ticket's recipients",
         .more = "Each External Recipient gets a mail of their own; with --internal the Employee\n"
                 "Recipients alone.\n\n"
                 "  tidings ticket answer 42 --text \"The part is here.\" --attach offer.pdf\n",
         .options = {answer_options},
         .run = ticket_answer_run},
        {.name = "messages",
         .arguments = "NUMBER",
         .summary = "Show what was written on a ticket, and who got it",
         .options = {limit_option},
         .run = ticket_messages_run},
        {.name = "copy",
         .arguments = "NUMBER COPY",
         .summary = "Send a copy of a message again, cancel or release it",
         .options = {copy_options},
         .run = ticket_copy_run},
        {.name = "list",
         .summary = "List tickets, the newest first",
         .options = {filters, limit_option},
         .run = ticket_list_run},
        {0},
    };
    return subcommand_run("ticket", "Open, show, change and close tickets", subcommands, argc,
                          argv);
}
