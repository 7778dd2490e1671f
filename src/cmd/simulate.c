/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings simulate`: what would have been sent with other options. */
#include "cmd/commands.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/assign.h"
#include "cmd/progress.h"
#include "cmd/records.h"

#include <string.h>

#define SIMULATE      "/api/v1/simulate"
#define ALERT_OPTIONS "/api/v1/options/alerts-to-customers"
#define DAYS          30 /* where nothing is said */
#define DAYS_MAX      3660
#define PAGE          10000
#define LISTED        50 /* decisions, where --limit does not say */

/* ---- the request ---- */

/* KEY=VALUE are options of the alerts; the server's one has a switch of its own. */
static bool add_options(const Job *job, GError **error)
{
    const char *const *assignments = job_arguments(job);
    bool active = job_switched(job, "server-active");
    if (*assignments == NULL && !active)
        return true;
    json_auto_t *options = json_object();
    if (active) {
        json_t *server = json_object();
        json_set_bool(server, "active", true);
        json_object_set_new(options, "alerts_server", server);
    }
    if (*assignments != NULL) {
        json_auto_t *present = client_call(job_client(job), "GET", ALERT_OPTIONS, NULL, error);
        json_t *alerts = json_object();
        json_object_set_new(options, "alerts_to_customers", alerts);
        if (present == NULL)
            return false;
        for (; *assignments != NULL; assignments++)
            if (!assign_read(*assignments, present, alerts, error))
                return false;
    }
    json_object_set(job_body(job), "options", options);
    return true;
}

/* How far back: days, or a time. */
static bool add_days(const Job *job, GError **error)
{
    const char *text = job_option(job, "days");
    int64_t days = DAYS;
    bool from = json_object_get(job_body(job), "from") != NULL;
    if (text != NULL && from) {
        command_misused(error, "Say how far back either with --days or with --from");
        return false;
    }
    if (text != NULL && !text_to_int(text, 1, DAYS_MAX, &days)) {
        command_misused(error, "--days must be a number from 1 to %d, not \"%s\"", DAYS_MAX, text);
        return false;
    }
    if (!from)
        json_set_int(job_body(job), "days", days);
    return true;
}

static bool read_limit(const Job *job, int64_t *limit, GError **error)
{
    const char *text = job_option(job, "limit");
    *limit = LISTED;
    if (text == NULL || text_to_int(text, 0, 1000000, limit))
        return true;
    command_misused(error, "--limit must be a number from 0 to 1000000, not \"%s\"", text);
    return false;
}

/* ---- pages ---- */

static json_t *get_page(const Job *job, const json_t *body, const char *cursor, int64_t limit,
                        GError **error)
{
    g_autofree char *target =
        g_strdup_printf(SIMULATE "?changed=%s&limit=%" G_GINT64_FORMAT "%s%s",
                        job_switched(job, "all") ? "false" : "true", MIN(limit, PAGE),
                        *cursor != '\0' ? "&cursor=" : "", cursor);
    return client_call(job_client(job), "POST", target, body, error);
}

/* The first answer with as many of the decisions as were asked for. The later pages are of the very
 * time that the first one was about. */
static json_t *collect(const Job *job, int64_t limit, GError **error)
{
    json_auto_t *result = get_page(job, job_body(job), "", limit, error);
    if (result == NULL)
        return NULL;
    json_auto_t *body = json_copy(job_body(job));
    json_object_del(body, "days");
    json_object_set(body, "from", json_object_get(result, "from"));
    json_object_set(body, "to", json_object_get(result, "to"));
    json_t *items = json_object_get(result, "items");
    for (;;) {
        int64_t left = limit - (int64_t)json_array_size(items);
        const char *cursor = json_get_text(result, "next_cursor");
        if (*cursor == '\0' || left <= 0)
            break;
        json_auto_t *page = get_page(job, body, cursor, left, error);
        if (page == NULL)
            return NULL;
        json_array_extend(items, json_object_get(page, "items"));
        json_object_set(result, "next_cursor", json_object_get(page, "next_cursor"));
    }
    return json_incref(result);
}

/* ---- for people ---- */

/* "new_ticket" for programs, "new ticket" for people. */
static void use_words(json_t *object, const char *field, const char *as)
{
    g_autofree char *words = g_strdup(json_get_text(object, field));
    g_strdelimit(words, "_", ' ');
    json_set_text(object, as, words);
}

static void print_summary(const json_t *result)
{
    static const Shown columns[] = {
        {"ALERT", "kind", SHOWN_VALUE},      {"DECISION", "decision", SHOWN_VALUE},
        {"REASON", "reason", SHOWN_VALUE},   {"WOULD BE", "count", SHOWN_VALUE},
        {"REALLY WERE", "was", SHOWN_VALUE}, {0},
    };
    static const Shown from = {"", "from", SHOWN_TIME};
    static const Shown to = {"", "to", SHOWN_TIME};
    g_autofree char *first = shown_field(result, &from);
    g_autofree char *last = shown_field(result, &to);
    json_t *rows = json_object_get(result, "summary");
    size_t i;
    json_t *row;
    command_print("%s to %s: %" G_GINT64_FORMAT " events, %" G_GINT64_FORMAT " decisions.\n", first,
                  last, json_get_int(result, "events"), json_get_int(result, "decisions"));
    json_array_foreach(rows, i, row)
    {
        use_words(row, "kind", "kind");
        use_words(row, "reason", "reason");
    }
    if (json_array_size(rows) == 0)
        return;
    command_print("\n");
    print_table(rows, columns);
}

static void print_items_of(const Job *job, const json_t *result)
{
    static const Shown columns[] = {
        {"EVENT", "event", SHOWN_VALUE},         {"AT", "at", SHOWN_TIME},
        {"TICKET", "ticket", SHOWN_VALUE},       {"ALERT", "kind", SHOWN_VALUE},
        {"RECIPIENT", "recipient", SHOWN_VALUE}, {"WOULD BE", "is", SHOWN_VALUE},
        {"REALLY WAS", "was", SHOWN_VALUE},      {0},
    };
    json_t *items = json_object_get(result, "items");
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        use_words(item, "kind", "kind");
        use_words(item, "reason", "is");
        json_t *was = json_object_get(item, "was");
        use_words(was, "reason", "words");
        json_object_set(item, "was", json_object_get(was, "words"));
    }
    int64_t changed = json_get_int(result, "changed");
    if (changed == 0)
        command_print("\nNo decision would change.\n");
    else
        command_print("\n%" G_GINT64_FORMAT " decision%s would change.\n", changed,
                      changed == 1 ? "" : "s");
    if (json_array_size(items) == 0)
        return;
    command_print("\n");
    print_table(items, columns);
    if (*json_get_text(result, "next_cursor") != '\0')
        command_print("\nThere are more; --limit N shows more.\n");
    if (!job_switched(job, "all"))
        command_print("\n`tidings simulate --event EVENT --recipient ADDRESS` shows a mail.\n");
}

/* ---- running ---- */

static bool simulate(Job *job, GError **error)
{
    int64_t limit;
    if (!add_days(job, error) || !read_limit(job, &limit, error) || !add_options(job, error))
        return false;
    Progress *progress = progress_start("Simulating");
    json_auto_t *result = collect(job, limit, error);
    progress_stop(progress);
    if (result == NULL)
        return false;
    if (!job_print_json(job, result)) {
        print_summary(result);
        print_items_of(job, result);
    }
    return true;
}

static bool show_mail(Job *job, GError **error)
{
    static const Shown fields[] = {
        {"To", "recipient", SHOWN_VALUE},
        {"From", "from_address", SHOWN_VALUE},
        {"Sender", "from_name", SHOWN_VALUE},
        {"Reply to", "reply_to", SHOWN_VALUE},
        {"Template", "template", SHOWN_VALUE},
        {"Version", "template_version", SHOWN_VALUE},
        {"Language", "language", SHOWN_VALUE},
        {"Subject", "subject", SHOWN_VALUE},
        {0},
    };
    if (!add_options(job, error))
        return false;
    json_auto_t *mail =
        client_call(job_client(job), "POST", SIMULATE "/message", job_body(job), error);
    if (mail == NULL)
        return false;
    if (job_print_json(job, mail))
        return true;
    print_fields(mail, fields);
    g_autofree char *text = plain_block(json_get_text(mail, "text"));
    command_print("\n%s", text);
    return true;
}

static bool run(Job *job, GError **error)
{
    const json_t *body = job_body(job);
    bool event = json_object_get(body, "event") != NULL;
    bool recipient = json_object_get(body, "recipient") != NULL;
    if (event != recipient) {
        command_misused(error, "--event and --recipient go together: they name one mail");
        return false;
    }
    return event ? show_mail(job, error) : simulate(job, error);
}

static const Option when[] = {
    {"days", OPTION_PLAIN, NULL, "N", "The events of the last N days (default 30)"},
    {"from", OPTION_TIME, NULL, "TIME", "Or those from this time on"},
    {"to", OPTION_TIME, NULL, "TIME", "And before this one (default: now)"},
    {0},
};

static const Option how[] = {
    {"server-active", OPTION_SWITCH, NULL, NULL, "As if the Alerts Server had been active"},
    {"all", OPTION_SWITCH, NULL, NULL, "List every decision, not only those that would change"},
    {"limit", OPTION_PLAIN, NULL, "N", "List at most N decisions (default 50)"},
    {0},
};

static const Option which[] = {
    {"event", OPTION_ID, NULL, "N", "Show the mail of this event ..."},
    {"recipient", OPTION_TEXT, NULL, "ADDRESS", "... to this recipient, instead"},
    {0},
};

int command_simulate(int argc, char **argv)
{
    static const Subcommand row = {
        .name = "simulate",
        .arguments = "[KEY=VALUE...]",
        .summary = "Tell what would have been sent with other options; nothing is sent",
        .more = "KEY=VALUE are options of alerts-to-customers that are to be different:\n"
                "  tidings simulate --days 30 --server-active new_ticket.enabled=true \\\n"
                "      ticket_closed.enabled=true brake.customers=50\n",
        .options = {when, how, which},
        .run = run,
    };
    return command_run_alone(&row, argc, argv);
}
