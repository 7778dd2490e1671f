/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands. Each lives in a file of its own. */
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/commands.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Command commands[] = {
    {"init", "Make a new desk", command_init},
    {"serve", "Serve a desk: the API, and the Alerts Server that sends the mail", command_serve},
    {"ticket", "Open, show, change and close tickets", command_ticket},
    {"recipient", "Who is told about a ticket", command_recipient},
    {"alerts", "Who was told, who was not, and why", command_alerts},
    {"suppression", "Addresses that are not told anything, and why", command_suppression},
    {"account", "Customers", command_account},
    {"contact", "People at a customer", command_contact},
    {"employee", "People who work at the desk", command_employee},
    {"token", "Keys for programs that use the API", command_token},
    {"options", "The desk's settings", command_options},
    {"template", "The words of the alerts", command_template},
    {"simulate", "What would have been sent with other options", command_simulate},
    {"ingest", "Take one mail on standard input, from a mail server's pipe", command_ingest},
    {"import", "Accounts, contacts and tickets from CSV", command_import},
    {"inbox", "Mails that came in, and what became of them", command_inbox},
    {"backup", "Copy the whole desk into one file, while it is served", command_backup},
    {"restore", "Make a desk of a backup", command_restore},
    {"move", "From SQLite to PostgreSQL", command_move},
    {"doctor", "Looks at all that mail depends on, and says what to do", command_doctor},
    {"routes", "Every address that a desk serves, and who may call it", command_routes},
};

static void print_help(FILE *out)
{
    fprintf(out, "Tidings: a ticket desk that tells your customers.\n\n"
                 "Usage: tidings COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
    fprintf(out,
            "\nA desk is a folder: name it with --desk DIR, or once in the variable TIDINGS_DESK.\n"
            "`tidings COMMAND --help` tells more; the manual is tidings(1).\n");
}

/* Texts are UTF-8 everywhere, on the command line too, whatever the environment says: under cron or
 * systemd it says nothing. Only the character set is set: numbers and messages stay as they are. */
static void use_utf8(void)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        setlocale(LC_CTYPE, "");
}

static int run(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(name, "--version") == 0) {
        puts("tidings " TIDINGS_VERSION);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (*name != '\0')
        fprintf(stderr, "tidings: there is no command \"%s\"\n\n", name);
    print_help(stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    log_setup();
    use_utf8();
    /* A closed pipe is an error to be handled where it is written to, not the end of the process.
     */
    signal(SIGPIPE, SIG_IGN);
    return command_finish(run(argc, argv));
}
