/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings person`: what the desk knows of one person, and forgetting them. */
#include "cmd/commands.h"

#include "base/error.h"
#include "base/json.h"
#include "cmd/job.h"
#include "cmd/print.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PEOPLE   "/api/v1/people"
#define PAUSE_US (200 * 1000)

/* ---- export ---- */

/* Where the export goes: a new file that only its owner reads, or standard output (NULL). */
static FILE *open_output(const char *path, GError **error)
{
    int file = g_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    FILE *out = file >= 0 ? fdopen(file, "w") : NULL;
    if (out == NULL)
        error_set(error, errno == EEXIST ? TD_ERROR_CONFLICT : TD_ERROR_UNAVAILABLE,
                  "%s cannot be written: %s", path, g_strerror(errno));
    return out;
}

static void write_text(FILE *out, const char *text)
{
    if (out != NULL)
        fputs(text, out);
    else
        command_write(text, strlen(text));
}

/* One JSON document, page by page: at no time is more than a page in memory. */
static bool write_pages(const Job *job, FILE *out, int64_t *n, GError **error)
{
    json_auto_t *body = json_object();
    json_set_text(body, "email", job_arguments(job)[0]);
    bool more = true;
    write_text(out, "{\"items\":[");
    for (*n = 0; more;) {
        json_auto_t *page = client_call(job_client(job), "POST", PEOPLE "/export", body, error);
        if (page == NULL)
            return false;
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(page, "items"), i, item)
        {
            g_autofree char *text = json_text(item);
            write_text(out, (*n)++ > 0 ? ",\n" : "\n");
            write_text(out, text);
        }
        more = json_is_string(json_object_get(page, "next_cursor"));
        json_object_set(body, "cursor", json_object_get(page, "next_cursor"));
    }
    write_text(out, "\n]}\n");
    return true;
}

static bool close_output(FILE *out, const char *path, GError **error)
{
    bool well = fflush(out) == 0 && ferror(out) == 0 && fsync(fileno(out)) == 0;
    if (fclose(out) == 0 && well)
        return true;
    error_set(error, TD_ERROR_UNAVAILABLE, "%s could not be written", path);
    return false;
}

static bool run_export(Job *job, GError **error)
{
    const char *path = job_option(job, "output");
    int64_t n = 0;
    if (path == NULL)
        return write_pages(job, NULL, &n, error);
    FILE *out = open_output(path, error);
    if (out == NULL)
        return false;
    if (!write_pages(job, out, &n, error)) {
        fclose(out);
        g_unlink(path); /* a part of it would look like all of it */
        return false;
    }
    if (!close_output(out, path, error))
        return false;
    job_note(job, "%s has all that the desk knows, in %" G_GINT64_FORMAT " items.\n", path, n);
    return true;
}

/* ---- erase ---- */

static json_t *request(const Job *job, bool dry_run, GError **error)
{
    json_auto_t *body = json_object();
    json_set_text(body, "email", job_arguments(job)[0]);
    json_set_bool(body, "dry_run", dry_run);
    json_set_bool(body, "keep_tickets", job_switched(job, "keep-tickets"));
    return client_call(job_client(job), "POST", PEOPLE "/erase", body, error);
}

static void print_list(const char *label, const json_t *list)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        g_autofree char *text = json_is_string(one) ? plain_line(json_string_value(one))
                                                    : json_dumps(one, JSON_ENCODE_ANY);
        command_print("%-12s %s\n", i == 0 ? label : "", text);
    }
}

static void print_counts(const json_t *counts)
{
    const char *name;
    json_t *n;
    json_object_foreach((json_t *)counts, name, n)
        command_print("%-14s %8" G_GINT64_FORMAT "\n", name, (int64_t)json_integer_value(n));
}

static void print_plan(const json_t *plan)
{
    print_list("Addresses:", json_object_get(plan, "addresses"));
    print_list("Names:", json_object_get(plan, "names"));
    print_list("Contacts:", json_object_get(plan, "contacts"));
    command_print("\n");
    print_counts(json_object_get(plan, "counts"));
}

static void print_done(const json_t *erased)
{
    command_print("Erased; what is left of it is called %s.\n", json_get_text(erased, "pseudonym"));
    const json_t *tickets = json_object_get(erased, "tickets");
    if (json_array_size(tickets) == 0)
        return;
    command_print("Please look through these tickets: a text may speak of the person in other"
                  " words.\n ");
    size_t i;
    json_t *number;
    json_array_foreach(tickets, i, number)
        command_print(" #%" G_GINT64_FORMAT, (int64_t)json_integer_value(number));
    int64_t more = json_get_int(erased, "n_tickets") - (int64_t)json_array_size(tickets);
    if (more > 0)
        command_print(" and %" G_GINT64_FORMAT " more", more);
    command_print("\n");
}

static bool erase_all(Job *job, GError **error)
{
    json_auto_t *answer = request(job, false, error);
    while (answer != NULL && strcmp(json_get_text(answer, "state"), "running") == 0) {
        job_note(job, "Still erasing...\n");
        g_usleep(PAUSE_US); /* a mail that is being sent may be in the way */
        json_decref(answer);
        answer = request(job, false, error);
    }
    if (answer == NULL)
        return false;
    if (!job_print_json(job, answer))
        print_done(answer);
    return true;
}

static bool run_erase(Job *job, GError **error)
{
    json_auto_t *plan = request(job, true, error);
    if (plan == NULL)
        return false;
    bool dry_run = job_switched(job, "dry-run");
    if (dry_run && job_print_json(job, plan))
        return true;
    if (!job_json(job))
        print_plan(plan);
    if (dry_run)
        return true;
    if (job_switched(job, "yes"))
        return erase_all(job, error);
    command_misused(error, "Nothing was changed. This cannot be taken back: --yes erases them, and"
                           " `tidings person export` keeps what is asked for first");
    return false;
}

static const Option export_options[] = {
    {"output", OPTION_PLAIN, NULL, "FILE", "A new file for it; without: standard output"},
    {0},
};

static const Option erase_options[] = {
    {"dry-run", OPTION_SWITCH, NULL, NULL, "Only say what there is of them"},
    {"keep-tickets", OPTION_SWITCH, NULL, NULL,
     "Leave the texts of tickets and answers, and attachments, as they are"},
    {"yes", OPTION_SWITCH, NULL, NULL, "Do it: it cannot be taken back"},
    {0},
};

int command_person(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "export",
         .arguments = "ADDRESS",
         .summary = "Write all that the desk knows of a person, as JSON",
         .options = {export_options},
         .run = run_export},
        {.name = "erase",
         .arguments = "ADDRESS",
         .summary = "Replace a person by a pseudonym everywhere, and delete their mails",
         .options = {erase_options},
         .run = run_erase},
        {0},
    };
    return subcommand_run("person", "What the desk knows of one person, and forgetting them",
                          subcommands, argc, argv);
}
