/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "base/secret.h"
#include "cmd/command.h"
#include "cmd/commands.h"

#include <stdlib.h>

#define PASSWORD_LETTERS 16 /* 80 bits */

static void print_json(const char *password, const char *token)
{
    json_auto_t *result = json_pack("{s:{s:s, s:s}, s:s}", "admin", "login", "admin", "password",
                                    password, "token", token);
    g_autofree char *text = json_text(result);
    command_print("%s\n", text);
}

static void print_words(const DeskFolder *folder, const char *password, const char *token,
                        bool sample)
{
    command_print("A new desk is in %s.\n\n", folder->path);
    command_print("  Sign in:    admin / %s\n", password);
    command_print("  API token:  %s\n\n", token);
    command_print("Both are shown this once. Next:\n\n  tidings serve --desk %s\n", folder->path);
    if (!sample)
        command_print("\nNobody is told anything yet: set up outgoing mail with\n"
                      "  tidings options set alerts-server --desk %s ...\n"
                      "let a test mail go there, activate it, and switch the alerts on with\n"
                      "  tidings options test --desk %s --to ADDRESS\n"
                      "  tidings options set alerts-server --desk %s active=true\n"
                      "  tidings options set alerts-to-customers --desk %s ...\n",
                      folder->path, folder->path, folder->path, folder->path);
}

static bool create(DeskFolder *folder, const char *email, bool sample, const char *password,
                   char **token, GError **error)
{
    bool taken;
    if (!desk_folder_lock(folder, 1000, &taken, error))
        return false;
    if (!taken) {
        error_set(error, TD_ERROR_BUSY, "Another process is working on %s", folder->path);
        return false;
    }
    g_autofree char *hash = secret_hash_password(password, error);
    if (hash == NULL)
        return false;
    DeskPlan plan = {
        .admin_login = "admin",
        .admin_name = sample ? "Robin Keeper" : "Administrator",
        .admin_email = email,
        .password_hash = hash,
        .sample = sample,
    };
    return app_create(folder, &plan, token, error);
}

int command_init(int argc, char **argv)
{
    gboolean sample = FALSE;
    g_autofree char *database = NULL;
    g_autofree char *email = NULL;
    const GOptionEntry entries[] = {
        {"sample", 0, 0, G_OPTION_ARG_NONE, &sample,
         "With sample customers, alerts on, mail into the desk's own Maildir", NULL},
        {"database", 0, 0, G_OPTION_ARG_STRING, &database,
         "An empty PostgreSQL database (default: a file)", "URL"},
        {"email", 0, 0, G_OPTION_ARG_STRING, &email,
         "The first admin's address (default: admin@localhost)", "ADDRESS"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(CommonOptions) options = {0};
    const Usage usage = {.title = "init",
                         .summary = "Make a new desk: its folder, its database, its first admin.",
                         .common = COMMON_JSON};
    int exit_code;
    if (!command_parse(&options, &usage, entries, &argc, &argv, &exit_code))
        return exit_code;
    g_autoptr(GError) error = NULL;
    const char *path = options.desk != NULL ? options.desk : g_getenv("TIDINGS_DESK");
    if (path == NULL || *path == '\0') {
        command_misused(&error, "Where? Name the new desk's folder with --desk DIR");
        return command_fail("init", error);
    }
    g_autoptr(DeskFolder) folder = desk_folder_create(path, database, &error);
    if (folder == NULL)
        return command_fail("init", error);
    char *password = random_base32(random_system(), PASSWORD_LETTERS);
    char *token = NULL;
    bool ok =
        create(folder, email != NULL ? email : "admin@localhost", sample, password, &token, &error);
    if (ok && options.json)
        print_json(password, token);
    else if (ok)
        print_words(folder, password, token, sample);
    else
        desk_folder_undo(folder);
    secret_free(password);
    secret_free(token);
    return ok ? EXIT_SUCCESS : command_fail("init", error);
}
