/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings options`: the desk's settings, page by page. */
#include "cmd/commands.h"

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "cmd/assign.h"
#include "cmd/body.h"
#include "cmd/password.h"
#include "cmd/records.h"

#include <string.h>

#define OPTIONS "/api/v1/options/"

/* The pages, in the order in which a desk is set up; their names are those of the API. */
static const char *const sections[] = {
    "desk",          "alerts-server", "alerts-to-customers", "email-connector",
    "web-interface", "tickets",       "retention",           NULL};

static const char *section_target(const Job *job, GError **error)
{
    const char *section = job_arguments(job)[0];
    if (g_strv_contains(sections, section))
        return section;
    g_autofree char *known = g_strjoinv(", ", (char **)sections);
    command_misused(error, "There are no options \"%s\"; there are: %s", section, known);
    return NULL;
}

static json_t *get_section(const Job *job, const char *section, GError **error)
{
    g_autofree char *target = g_strconcat(OPTIONS, section, NULL);
    return client_call(job_client(job), "GET", target, NULL, error);
}

/* ---- get ---- */

static bool get_one(Job *job, GError **error)
{
    const char *section = section_target(job, error);
    json_auto_t *options = section != NULL ? get_section(job, section, error) : NULL;
    if (options == NULL)
        return false;
    if (!job_print_json(job, options))
        assign_print(options, "");
    return true;
}

static bool run_get(Job *job, GError **error)
{
    if (job_arguments(job)[0] != NULL)
        return get_one(job, error);
    json_auto_t *all = json_object();
    for (const char *const *section = sections; *section != NULL; section++) {
        json_t *options = get_section(job, *section, error);
        if (options == NULL)
            return false;
        json_object_set_new(all, *section, options);
        if (!job_json(job)) {
            command_print("%s[%s]\n", section == sections ? "" : "\n", *section);
            assign_print(options, "");
        }
    }
    job_print_json(job, all);
    return true;
}

/* ---- set ---- */

/* Whether a value, or what stands in it, is a field whose value is never shown. */
static bool holds_secret(const char *name, const json_t *value)
{
    static const char *const secrets[] = {"password", "client_secret", "refresh_token", NULL};
    if (name != NULL && g_strv_contains(secrets, name))
        return true;
    bool found = false;
    const char *inner_name;
    size_t i;
    json_t *inner;
    json_object_foreach((json_t *)value, inner_name, inner) found =
        found || holds_secret(inner_name, inner);
    json_array_foreach(value, i, inner) found = found || holds_secret(NULL, inner);
    return found;
}

static bool read_assignments(const Job *job, const char *section, json_t *body, GError **error)
{
    const char *const *assignments = job_arguments(job) + 1;
    if (*assignments == NULL)
        return true;
    json_auto_t *present = get_section(job, section, error);
    if (present == NULL)
        return false;
    for (; *assignments != NULL; assignments++) {
        if (!assign_read(*assignments, present, body, error))
            return false;
        if (holds_secret(NULL, body)) {
            command_misused(error,
                            "A password or secret on the command line could be read by every"
                            " process of this machine; use --ask-password, --password-stdin,"
                            " --client-secret-file or --refresh-token-file, or --json-body - for"
                            " those of a fallback relay. Nothing was changed");
            return false;
        }
    }
    return true;
}

static json_t *read_json_body(const Job *job, const char *path, GError **error)
{
    if (job_arguments(job)[1] != NULL) {
        command_misused(error, "--json-body does not go together with KEY=VALUE");
        return NULL;
    }
    g_autofree char *text = text_read_file(path, error);
    json_t *body = text != NULL ? json_parse(text, strlen(text), error) : NULL;
    if (body == NULL || json_is_object(body))
        return body;
    json_decref(body);
    error_set(error, TD_ERROR_MALFORMED, "--json-body must be a JSON object; nothing was changed");
    return NULL;
}

/* The secret in the file that this option names, without the file's last line end. */
static bool read_secret_file(const Job *job, const char *option, const char *field, json_t *body,
                             GError **error)
{
    const char *path = job_option(job, option);
    if (path == NULL)
        return true;
    char *text = text_read_file(path, error);
    if (text == NULL)
        return false;
    size_t bytes = strlen(text);
    if (bytes > 0 && text[bytes - 1] == '\n')
        text[--bytes] = '\0';
    if (bytes > 0 && text[bytes - 1] == '\r')
        text[--bytes] = '\0';
    json_set_text(body, field, text);
    secret_free(text);
    if (bytes > 0)
        return true;
    error_set(error, TD_ERROR_INVALID, "%s is empty; nothing was changed",
              strcmp(path, "-") == 0 ? "Standard input" : path);
    return false;
}

static json_t *read_body(const Job *job, const char *section, GError **error)
{
    const char *path = job_option(job, "json-body");
    json_auto_t *body = path != NULL ? read_json_body(job, path, error) : json_object();
    char *password = NULL;
    if (body == NULL || !read_assignments(job, section, body, error) ||
        !read_secret_file(job, "client-secret-file", "client_secret", body, error) ||
        !read_secret_file(job, "refresh-token-file", "refresh_token", body, error) ||
        !password_read(job, false, &password, error))
        return NULL;
    if (password != NULL)
        json_set_text(body, "password", password);
    secret_free(password);
    if (json_object_size(body) > 0)
        return json_incref(body);
    command_misused(error, "Nothing to set was given");
    return NULL;
}

static bool run_set(Job *job, GError **error)
{
    const char *section = section_target(job, error);
    json_auto_t *body = section != NULL ? read_body(job, section, error) : NULL;
    if (body == NULL)
        return false;
    g_autofree char *target = g_strconcat(OPTIONS, section, NULL);
    json_auto_t *options = client_call(job_client(job), "PUT", target, body, error);
    if (options == NULL)
        return false;
    if (!job_print_json(job, options))
        assign_print(options, "");
    return true;
}

/* ---- history ---- */

/* "host: mail.example.com -> smtp.example.com" for every field that became another. */
static void print_differences(const json_t *before, const json_t *after)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)after, name, value)
    {
        const json_t *was = json_object_get(before, name);
        if (was != NULL && json_equal((json_t *)was, value))
            continue;
        g_autofree char *old = was != NULL ? json_text(was) : g_strdup("unset");
        g_autofree char *new = json_text(value);
        g_autofree char *line = g_strdup_printf("%s: %s -> %s", name, old, new);
        g_autofree char *shown = plain_line(line);
        command_print("  %s\n", shown);
    }
}

static bool run_changes(Job *job, GError **error)
{
    static const Shown at = {"", "at", SHOWN_TIME};
    const char *section = section_target(job, error);
    if (section == NULL)
        return false;
    g_autofree char *target = g_strconcat(OPTIONS, section, "/changes", NULL);
    json_auto_t *changes = job_collect(job, target, error);
    if (changes == NULL)
        return false;
    if (job_print_json(job, changes))
        return true;
    const json_t *items = json_object_get(changes, "items");
    size_t i;
    json_t *change;
    json_array_foreach(items, i, change)
    {
        g_autofree char *time = shown_field(change, &at);
        g_autofree char *who = plain_line(json_get_text(json_object_get(change, "actor"), "name"));
        command_print("%s by %s (%s)\n", time, who, json_get_text(change, "channel"));
        print_differences(json_object_get(change, "before"), json_object_get(change, "after"));
    }
    if (json_array_size(items) == 0)
        command_print("These options were never changed.\n");
    return true;
}

/* ---- the test mail ---- */

/* What happened, and below it what was said. */
static void print_step(const json_t *step)
{
    g_autofree char *name = plain_line(json_get_text(step, "step"));
    g_autofree char *words = plain_line(json_get_text(step, "words"));
    g_autofree char *sent = plain_line(json_get_text(step, "sent"));
    g_autofree char *reply = plain_line(json_get_text(step, "reply"));
    command_print("%-10s %s\n", name, words);
    if (*sent != '\0')
        command_print("%-10s > %s\n", "", sent);
    if (*reply != '\0')
        command_print("%-10s < %s\n", "", reply);
}

static void print_result(const json_t *result)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(result, "steps"), i, step) print_step(step);
    if (!json_get_bool(result, "ok", false))
        return;
    command_print("\nThe test mail was accepted.%s\n",
                  json_get_bool(result, "tested", false)
                      ? " The Alerts Server can be activated with these settings."
                      : "");
}

static bool send_test(Job *job, GError **error)
{
    json_auto_t *result =
        client_call(job_client(job), "POST", OPTIONS "alerts-server/test", job_body(job), error);
    if (result == NULL)
        return false;
    if (!job_print_json(job, result))
        print_result(result);
    if (json_get_bool(result, "ok", false))
        return true;
    error_set(error, TD_ERROR_UNAVAILABLE,
              "The test mail was not accepted; the last reply says why");
    return false;
}

/* Without an address: whether there was one. */
static bool show_test(const Job *job, GError **error)
{
    static const Shown at = {"", "at", SHOWN_TIME};
    json_auto_t *test =
        client_call(job_client(job), "GET", OPTIONS "alerts-server/test", NULL, error);
    if (test == NULL)
        return false;
    if (job_print_json(job, test))
        return true;
    g_autofree char *time = shown_field(test, &at);
    g_autofree char *to = plain_line(json_get_text(test, "to"));
    g_autofree char *by = plain_line(json_get_text(test, "by"));
    if (*time != '\0')
        command_print("The last accepted test mail: %s, to %s, by %s.\n", time, to, by);
    command_print(json_get_bool(test, "tested", false)
                      ? "The present settings were tested.\n"
                      : "The present settings were not tested; --to ADDRESS sends a test mail.\n");
    return true;
}

static bool run_test(Job *job, GError **error)
{
    return json_object_size(job_body(job)) > 0 ? send_test(job, error) : show_test(job, error);
}

static const Option setting[] = {
    {"json-body", OPTION_PLAIN, NULL, "FILE", "A JSON object with the fields; - is standard input"},
    {"client-secret-file", OPTION_PLAIN, NULL, "FILE",
     "The client's secret for access tokens; - is standard input"},
    {"refresh-token-file", OPTION_PLAIN, NULL, "FILE",
     "The refresh token for access tokens; - is standard input"},
    {0},
};

static const Option testing[] = {
    {"to", OPTION_TEXT, NULL, "ADDRESS", "Where the test mail goes"},
    {"relay", OPTION_ID, NULL, "N", "By which relay: 1 is the first, 2 the first fallback relay"},
    {0},
};

int command_options(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "get",
         .arguments = "[SECTION]",
         .summary = "Show the options of a section, or all",
         .more = "The sections are: desk, alerts-server, alerts-to-customers, email-connector,\n"
                 "web-interface, tickets, retention.\n",
         .run = run_get},
        {.name = "set",
         .arguments = "SECTION [KEY=VALUE...]",
         .summary = "Set options; what is not named stays as it is",
         .more = "  tidings options set alerts-server transport=smtp host=mail.example.com "
                 "port=587 \\\n"
                 "      from_address=support@example.com username=desk --ask-password\n"
                 "  tidings options test --to you@example.com\n"
                 "  tidings options set alerts-server active=true\n"
                 "  tidings options set alerts-to-customers new_ticket.enabled=true \\\n"
                 "      ticket_closed.enabled=true\n",
         .options = {setting, password_options},
         .run = run_set},
        {.name = "changes",
         .arguments = "SECTION",
         .summary = "Show who changed the options of a section, and when",
         .options = {limit_option},
         .run = run_changes},
        {.name = "test",
         .summary = "Send a test mail, with the sender that alerts have, and show the dialogue",
         .more = "Without --to it tells whether the present settings were tested.\n",
         .options = {testing},
         .run = run_test},
        {0},
    };
    return subcommand_run("options", "The desk's settings", subcommands, argc, argv);
}
