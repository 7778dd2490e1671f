/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void common_options_clear(CommonOptions *options)
{
    g_free(options->desk);
    g_free(options->employee);
    g_strfreev(options->rest);
}

void command_print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    fputs(text, stdout);
}

int command_fail(const GError *error)
{
    fprintf(stderr, "tidings: %s\n", error->message);
    return error_exit_code(error);
}

static void list_subcommands(FILE *out, const char *command, const char *summary,
                             const Subcommand *subcommands)
{
    fprintf(out, "%s\n\nUsage: tidings %s COMMAND [OPTION...]\n\n", summary, command);
    for (; subcommands->name != NULL; subcommands++) {
        g_autofree char *usage =
            g_strdup_printf("%s %s", subcommands->name, subcommands->arguments);
        fprintf(out, "  %-28s %s\n", usage, subcommands->summary);
    }
    fprintf(out, "\n`tidings %s COMMAND --help` tells its options.\n", command);
}

int subcommand_run(const char *command, const char *summary, const Subcommand *subcommands,
                   int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        list_subcommands(argc > 1 ? stdout : stderr, command, summary, subcommands);
        return argc > 1 ? EXIT_SUCCESS : EXIT_USAGE;
    }
    for (const Subcommand *subcommand = subcommands; subcommand->name != NULL; subcommand++)
        if (strcmp(subcommand->name, name) == 0)
            return subcommand->run(argc - 1, argv + 1);
    fprintf(stderr, "tidings: there is no command \"%s %s\"\n\n", command, name);
    list_subcommands(stderr, command, summary, subcommands);
    return EXIT_USAGE;
}

static bool parse(GOptionContext *context, CommonOptions *options, guint min, guint max, int *argc,
                  char ***argv, GError **error)
{
    if (!g_option_context_parse(context, argc, argv, error))
        return false;
    guint given = options->rest != NULL ? g_strv_length(options->rest) : 0;
    if (given >= min && given <= max)
        return true;
    error_set(error, TD_ERROR_INVALID,
              given < min ? "an argument is missing" : "there are too many arguments");
    return false;
}

bool command_parse(CommonOptions *options, const char *title, const char *arguments,
                   const char *summary, const GOptionEntry *entries, guint min, guint max,
                   int *argc, char ***argv)
{
    const GOptionEntry common[] = {
        {"desk", 0, 0, G_OPTION_ARG_FILENAME, &options->desk, "The desk's folder (or TIDINGS_DESK)",
         "DIR"},
        {"as", 0, 0, G_OPTION_ARG_STRING, &options->employee,
         "The employee who does this (default: the first admin)", "LOGIN"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON", NULL},
        {G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL,
         arguments},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(context, summary);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, common, NULL);
    /* The help's usage line begins with the program's name. */
    g_autofree char *name = g_strdup_printf("tidings %s", title);
    g_set_prgname(name);
    g_autoptr(GError) error = NULL;
    if (parse(context, options, min, max, argc, argv, &error))
        return true;
    fprintf(stderr, "tidings %s: %s. `tidings %s --help` tells how to call it\n", title,
            error->message, title);
    return false;
}
