/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* errno of the first write to standard output that failed; 0: none did. */
static int output_errno;

void common_options_clear(CommonOptions *options)
{
    g_free(options->desk);
    g_free(options->employee);
    g_strfreev(options->rest);
}

void command_write(const char *bytes, size_t n)
{
    if (fwrite(bytes, 1, n, stdout) < n && output_errno == 0)
        output_errno = errno;
}

void command_print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    command_write(text, strlen(text));
}

int command_finish(int code)
{
    if (fflush(stdout) == EOF && output_errno == 0)
        output_errno = errno;
    if (output_errno == 0 || output_errno == EPIPE)
        return code;
    fprintf(stderr, "tidings: the output cannot be written: %s\n", g_strerror(output_errno));
    return code != EXIT_SUCCESS ? code : EXIT_FAILURE;
}

void command_misused(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
}

int command_fail(const char *title, const GError *error)
{
    bool misused = error->domain == G_OPTION_ERROR;
    fprintf(stderr, "tidings %s: %s\n", title, error->message);
    if (misused)
        fprintf(stderr, "`tidings %s --help` tells how to call it.\n", title);
    return misused ? EXIT_USAGE : error_exit_code(error);
}

DeskFolder *command_folder(const CommonOptions *options, GError **error)
{
    const char *variable = g_getenv("TIDINGS_DESK");
    if (options->desk != NULL || (variable != NULL && *variable != '\0'))
        return desk_folder_open(options->desk, error);
    command_misused(error, "Which desk? Name its folder with --desk DIR, or in the variable"
                           " TIDINGS_DESK");
    return NULL;
}

static void add_common(GOptionContext *context, CommonOptions *options, const Usage *usage,
                       gboolean *help)
{
    const GOptionEntry desk[] = {
        {"desk", 0, 0, G_OPTION_ARG_FILENAME, &options->desk,
         "The desk's folder (default: the variable TIDINGS_DESK)", "DIR"},
        {G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL,
         usage->arguments},
        G_OPTION_ENTRY_NULL,
    };
    const GOptionEntry as[] = {
        {"as", 0, 0, G_OPTION_ARG_STRING, &options->employee,
         "The employee who does this (default: the first admin)", "LOGIN"},
        G_OPTION_ENTRY_NULL,
    };
    const GOptionEntry json[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON, for programs", NULL},
        G_OPTION_ENTRY_NULL,
    };
    const GOptionEntry helping[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, help, "Print this", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_option_context_add_main_entries(context, desk, NULL);
    if (usage->common & COMMON_AS)
        g_option_context_add_main_entries(context, as, NULL);
    if (usage->common & COMMON_JSON)
        g_option_context_add_main_entries(context, json, NULL);
    g_option_context_add_main_entries(context, helping, NULL);
}

/* GLib's own words are about applications and say "[OPTION…]". */
static void print_help(GOptionContext *context)
{
    g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
    g_autoptr(GString) help = g_string_new(text);
    g_string_replace(help, "Application Options:", "Options:", 1);
    g_string_replace(help, "[OPTION…]", "[OPTION...]", 1);
    while (g_str_has_suffix(help->str, "\n\n"))
        g_string_truncate(help, help->len - 1);
    command_print("%s", help->str);
}

static bool check_arguments(const CommonOptions *options, const Usage *usage, GError **error)
{
    guint given = options->rest != NULL ? g_strv_length(options->rest) : 0;
    if (given >= usage->min && given <= usage->max)
        return true;
    if (given < usage->min)
        command_misused(error, "Something is missing; it is called with %s", usage->arguments);
    else
        command_misused(error, "\"%s\" is one argument too many", options->rest[usage->max]);
    return false;
}

bool command_parse(CommonOptions *options, const Usage *usage, const GOptionEntry *entries,
                   int *argc, char ***argv, int *exit_code)
{
    gboolean help = FALSE;
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, usage->summary);
    g_option_context_set_description(context, usage->more);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, NULL);
    add_common(context, options, usage, &help);
    /* The help's usage line begins with the program's name. */
    g_autofree char *name = g_strdup_printf("tidings %s", usage->title);
    g_set_prgname(name);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, argc, argv, &error) ||
        (!help && !check_arguments(options, usage, &error))) {
        *exit_code = command_fail(usage->title, error);
        return false;
    }
    if (help) {
        print_help(context);
        *exit_code = EXIT_SUCCESS;
    }
    return !help;
}
