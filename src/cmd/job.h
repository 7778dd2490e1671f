/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command's own commands, as a table: each row says how it is called and which field of the API's
 * request each of its options fills. Running a row parses the command line, builds the request's
 * body, finds the desk and hands the work to the row's function.
 */
#pragma once

#include "cmd/client.h"
#include "cmd/command.h"

#include <jansson.h>
#include <stdint.h>

/* What becomes of an option's value. */
typedef enum {
    OPTION_PLAIN,      /* a text that the command itself asks for with job_option() */
    OPTION_SWITCH,     /* no value; the command itself asks with job_switched() */
    OPTION_QUERY,      /* the query parameter `field` of job_collect()'s target */
    OPTION_QUERY_TRUE, /* no value; the same, as "true" */
    /* These fill `field` of the request's body: */
    OPTION_TEXT,
    OPTION_FILE,   /* the text of a file; "-" is standard input */
    OPTION_ID,     /* a number, or "none" */
    OPTION_TIME,   /* RFC 3339, "YYYY-MM-DD HH:MM" in the terminal's time zone, or "none" */
    OPTION_TRUE,   /* no value */
    OPTION_FALSE,  /* no value */
    OPTION_LIST,   /* repeatable: a list of texts; once with "none": the empty list */
    OPTION_PEOPLE, /* repeatable: "ADDRESS" or "NAME <ADDRESS>" */
    OPTION_ATTACH, /* repeatable: a file of any bytes, as {"name","content"} in base64 */
} OptionKind;

typedef struct {
    const char *name; /* without dashes; NULL ends the table */
    OptionKind kind;
    const char *field; /* NULL: as `name` */
    const char *argument;
    const char *help;
} Option;

/* --limit, for lists that may be long: job_collect() heeds it. */
extern const Option limit_option[];

#define OPTION_TABLES 4 /* tables of options that a subcommand may have */

typedef struct Job Job;

typedef struct {
    const char *name;                     /* "close"; NULL ends the table */
    const char *arguments;                /* "TICKET ADDRESS...", "[TICKET]"; NULL: none */
    const char *summary;                  /* one line */
    const char *more;                     /* for --help, below the options; may be NULL */
    const Option *options[OPTION_TABLES]; /* each ends with a NULL name; commands share some */
    const char *needs;                    /* options that must be given: "account,title" */
    bool (*run)(Job *job, GError **error);
} Subcommand;

/* Runs the row that argv[1] names; prints the list on --help or nonsense. `subcommands` ends with a
 * NULL name. Gives the exit code. */
int subcommand_run(const char *command, const char *summary, const Subcommand *subcommands,
                   int argc, char **argv);

/* A command without commands of its own: the row is the command. */
int command_run_alone(const Subcommand *row, int argc, char **argv);

/* ---- for a row's function ---- */

Client *job_client(const Job *job);
bool job_json(const Job *job);

/* The arguments that are no options, NULL-terminated; never NULL. */
const char *const *job_arguments(const Job *job);

/* NULL: not given. */
const char *job_option(const Job *job, const char *name);
bool job_switched(const Job *job, const char *name);

/* The object that the body options gave; borrowed, to be added to. */
json_t *job_body(const Job *job);

/* False with an error where no option of the body was given: there is nothing to do. */
bool job_has_body(const Job *job, GError **error);

/* "/api/v1/tickets/" and the first argument, which must be a number. Free with g_free(). Errors: a
 * wrong command line. */
char *job_target(const Job *job, const char *prefix, GError **error);

/* The same for any text. */
char *number_target(const char *prefix, const char *number, const char *suffix, GError **error);

/* Reads a collection to the end, or to --limit where the command has OPTION_LIMIT:
 * {"items":[...],"next_cursor":...}. `target` has no query; that comes from the options. */
json_t *job_collect(const Job *job, const char *target, GError **error);

/* Prints for people; with --json on standard error, where it does not disturb. */
void job_note(const Job *job, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* With --json prints `value` and gives true: there is nothing left to print. */
bool job_print_json(const Job *job, const json_t *value);
