/* SPDX-License-Identifier: Apache-2.0 */
/* What every command has in common: its row in the table, its options, how it ends. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* A wrong command line. Other exit codes are those of base/error.h; 0 is success. */
#define EXIT_USAGE 2

typedef struct {
    const char *name;                  /* "ticket" */
    const char *summary;               /* one line, for `tidings --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
} Command;

/* A command's own commands: "ticket open". */
typedef struct {
    const char *name;
    const char *arguments; /* "NUMBER", "" */
    const char *summary;
    int (*run)(int argc, char **argv);
} Subcommand;

/* Runs the one that argv[1] names; prints the list on --help or nonsense. `subcommands` ends with a
 * NULL name. */
int subcommand_run(const char *command, const char *summary, const Subcommand *subcommands,
                   int argc, char **argv);

/* Options that every command takes. */
typedef struct {
    char *desk;     /* --desk */
    char *employee; /* --as: whose name stands on the change */
    gboolean json;  /* --json */
    char **rest;    /* the arguments that are no options */
} CommonOptions;

void common_options_clear(CommonOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CommonOptions, common_options_clear)

/* Parses the common options and `entries` (may be NULL; ends with an empty one), between min and
 * max arguments. `arguments` is shown in the help ("NUMBER"). False after having said on standard
 * error what is wrong: exit EXIT_USAGE. */
bool command_parse(CommonOptions *options, const char *title, const char *arguments,
                   const char *summary, const GOptionEntry *entries, guint min, guint max,
                   int *argc, char ***argv);

/* Prints "tidings: ..." on standard error and gives the exit code. */
int command_fail(const GError *error);

/* Prints to standard output; a closed pipe is no error. */
void command_print(const char *format, ...) G_GNUC_PRINTF(1, 2);
