/* SPDX-License-Identifier: Apache-2.0 */
/* What every command has in common: its row in the table, its options, how it ends. A command that
 * has commands of its own ("ticket open") lists them as a table of Subcommand (job.h). */
#pragma once

#include "app/folder.h"

#include <glib.h>
#include <stdbool.h>

/* A wrong command line. Other exit codes are those of base/error.h; 0 is success. */
#define EXIT_USAGE 2

typedef struct {
    const char *name;                  /* "ticket" */
    const char *summary;               /* one line, for `tidings --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
} Command;

/* Options that every command takes. */
typedef struct {
    char *desk;     /* --desk */
    char *employee; /* --as: whose name stands on the change */
    gboolean json;  /* --json */
    char **rest;    /* the arguments that are no options */
} CommonOptions;

void common_options_clear(CommonOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CommonOptions, common_options_clear)

/* Which of them a command knows. */
typedef enum {
    COMMON_DESK = 0,
    COMMON_JSON = 1 << 0,
    COMMON_AS = 1 << 1,
} CommonKind;

/* How a command is called, for its help. */
typedef struct {
    const char *title;     /* "ticket close" */
    const char *arguments; /* "NUMBER"; may be NULL */
    const char *summary;
    const char *more; /* below the options; may be NULL */
    guint min, max;   /* how many arguments */
    CommonKind common;
} Usage;

/* Parses the common options and `entries` (may be NULL; ends with an empty one). False when there
 * is nothing more to do than to end with *exit_code: the help was printed, or what is wrong with
 * the command line. */
bool command_parse(CommonOptions *options, const Usage *usage, const GOptionEntry *entries,
                   int *argc, char ***argv, int *exit_code);

/* The desk that --desk or TIDINGS_DESK names. Errors: a wrong command line (see command_misused())
 * where neither does; those of desk_folder_open(). */
DeskFolder *command_folder(const CommonOptions *options, GError **error);

/* Sets an error that stands for a wrong command line. */
void command_misused(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Prints "tidings TITLE: ..." on standard error and gives the exit code. */
int command_fail(const char *title, const GError *error);

/* Prints to standard output; whether it arrived is asked once, at the end (command_finish()). */
void command_print(const char *format, ...) G_GNUC_PRINTF(1, 2);
void command_write(const char *bytes, size_t n);

/* The exit code of the whole program: `code`, or 1 where standard output could not be written. A
 * closed pipe is no error: its reader has seen enough. */
int command_finish(int code);
