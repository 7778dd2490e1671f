/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings doctor`: a look at all that mail depends on. The server makes it where one runs: its
 * network, its clock and its files count. */
#include "cmd/commands.h"

#include "app/app.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/client.h"
#include "cmd/print.h"
#include "cmd/progress.h"
#include "doctor/doctor.h"

#include <string.h>

#define DOCTOR "/api/v1/doctor"

#define EXIT_WARNINGS 10
#define EXIT_FAILURES 11

static json_t *look(const CommonOptions *options, const char *only, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(Client) client = client_new(options, &failure);
    bool served;
    if (client == NULL) {
        /* A desk is there, and its configuration cannot be read: that is a finding. */
        if (error_is(failure, TD_ERROR_UNAVAILABLE) || error_is(failure, TD_ERROR_INVALID))
            return doctor_unreadable(failure->message);
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    g_autofree char *escaped = only != NULL ? g_uri_escape_string(only, NULL, FALSE) : NULL;
    g_autofree char *target = g_strconcat(DOCTOR, escaped != NULL ? "?only=" : "", escaped, NULL);
    json_t *answer = client_ask_server(client, target, &served, &failure);
    if (answer != NULL || failure != NULL) {
        if (failure != NULL)
            g_propagate_error(error, g_steal_pointer(&failure));
        return answer;
    }
    g_autoptr(DeskFolder) folder = command_folder(options, error);
    return folder != NULL ? app_doctor(folder, only, error) : NULL;
}

static void print_count(GString *line, int64_t n, const char *what, const char *many)
{
    if (n > 0)
        g_string_append_printf(line, "%s%" G_GINT64_FORMAT " %s", line->len > 0 ? ", " : "", n,
                               n == 1 ? what : many);
}

static void print_finding(const json_t *finding, size_t width)
{
    static const char *const words[][2] = {{"fail", "FAIL"}, {"ok", "ok"}};
    const char *status = json_get_text(finding, "status");
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i][0], status) == 0)
            status = words[i][1];
    g_autofree char *text = plain_line(json_get_text(finding, "text"));
    g_autofree char *advice = plain_line(json_get_text(finding, "advice"));
    command_print("%-4s %-*s  %s\n", status, (int)width, json_get_text(finding, "name"), text);
    if (*advice != '\0')
        command_print("     %s\n", advice);
}

static void print_answer(const json_t *answer)
{
    const json_t *checks = json_object_get(answer, "checks");
    size_t i, width = 0;
    json_t *finding;
    json_array_foreach(checks, i, finding)
    {
        width = MAX(width, strlen(json_get_text(finding, "name")));
    }
    json_array_foreach(checks, i, finding)
    {
        print_finding(finding, width);
    }
    g_autoptr(GString) line = g_string_new(NULL);
    print_count(line, json_get_int(answer, "failures"), "failure", "failures");
    print_count(line, json_get_int(answer, "warnings"), "warning", "warnings");
    print_count(line, json_get_int(answer, "ok"), "ok", "ok");
    print_count(line, json_get_int(answer, "skipped"), "not looked at", "not looked at");
    command_print("\n%s. docs/doctor.md tells of each check.\n", line->str);
}

static int exit_code_of(const json_t *answer)
{
    return json_get_int(answer, "failures") > 0   ? EXIT_FAILURES
           : json_get_int(answer, "warnings") > 0 ? EXIT_WARNINGS
                                                  : 0;
}

int command_doctor(int argc, char **argv)
{
    static const Usage usage = {
        .title = "doctor",
        .summary = "Looks at all that mail depends on, and says what to do.",
        .more = "It sends no mail and changes nothing. Exit status: 0 all is well, 10 there are\n"
                "warnings, 11 something fails; others are those of every command.\n",
        .common = COMMON_JSON | COMMON_AS,
    };
    g_auto(CommonOptions) options = {0};
    g_autofree char *only = NULL;
    g_autofree char *names = doctor_check_names();
    g_autofree char *help = g_strdup_printf("One check alone: %s", names);
    const GOptionEntry entries[] = {{"only", 0, 0, G_OPTION_ARG_STRING, &only, help, "NAME"},
                                    G_OPTION_ENTRY_NULL};
    int exit_code;
    if (!command_parse(&options, &usage, entries, &argc, &argv, &exit_code))
        return exit_code;
    g_autoptr(GError) error = NULL;
    Progress *progress = progress_start("Looking");
    json_auto_t *answer = look(&options, only, &error);
    progress_stop(progress);
    if (answer == NULL)
        return command_fail("doctor", error);
    if (options.json) {
        g_autofree char *text = json_text(answer);
        command_print("%s\n", text);
    } else {
        print_answer(answer);
    }
    return exit_code_of(answer);
}
