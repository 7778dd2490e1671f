/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While the terminal does not echo, no key makes a signal: a process that dies at the prompt would
 * leave a terminal behind that shows nothing. Ctrl-C ends the line instead and is seen in it.
 */
#include "cmd/password.h"

#include "base/error.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PASSWORD_BYTES_MAX 1024
#define CTRL_C             3

const Option password_options[] = {
    {"ask-password", OPTION_SWITCH, NULL, NULL, "Ask for the password at the terminal"},
    {"password-stdin", OPTION_SWITCH, NULL, NULL, "Read the password from standard input"},
    {0},
};

/* The first line, without its end. */
static char *read_line(int fd, GError **error)
{
    char *line = g_malloc0(PASSWORD_BYTES_MAX + 1);
    size_t length = 0;
    ssize_t got = 0;
    while (length < PASSWORD_BYTES_MAX && strpbrk(line, "\n\003") == NULL) {
        got = read(fd, line + length, PASSWORD_BYTES_MAX - length);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    const char *why = got < 0                            ? g_strerror(errno)
                      : length == PASSWORD_BYTES_MAX     ? "it is too long"
                      : strchr(line, CTRL_C) != NULL     ? "it was broken off"
                      : !g_utf8_validate(line, -1, NULL) ? "it is not UTF-8"
                                                         : NULL;
    line[strcspn(line, "\r\n")] = '\0';
    if (why == NULL && *line == '\0')
        why = "it is empty";
    if (why == NULL)
        return line;
    error_set(error, TD_ERROR_INVALID, "The password was not taken: %s. Nothing was changed", why);
    secret_free(line);
    return NULL;
}

static char *ask(int terminal, const char *prompt, GError **error)
{
    struct termios before;
    if (tcgetattr(terminal, &before) != 0) {
        error_set(error, TD_ERROR_UNAVAILABLE, "The terminal cannot be asked: %s",
                  g_strerror(errno));
        return NULL;
    }
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    quiet.c_cc[VEOL] = CTRL_C;
    /* Before the question: what is typed as soon as it is seen must not be flushed away. */
    tcsetattr(terminal, TCSAFLUSH, &quiet);
    dprintf(terminal, "%s: ", prompt);
    char *line = read_line(terminal, error);
    tcsetattr(terminal, TCSADRAIN, &before);
    dprintf(terminal, "\n");
    return line;
}

static char *ask_twice(int terminal, GError **error)
{
    char *first = ask(terminal, "Password", error);
    char *second = first != NULL ? ask(terminal, "Once more", error) : NULL;
    bool same = second != NULL && strcmp(first, second) == 0;
    if (second != NULL && !same)
        error_set(error, TD_ERROR_INVALID, "The two passwords differ; nothing was changed");
    secret_free(second);
    if (same)
        return first;
    secret_free(first);
    return NULL;
}

bool password_read(const Job *job, bool needed, char **password, GError **error)
{
    bool from_stdin = job_switched(job, "password-stdin");
    if (!from_stdin && !needed && !job_switched(job, "ask-password")) {
        *password = NULL;
        return true;
    }
    int terminal = -1;
    if (!from_stdin) {
        terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (terminal < 0) {
            error_set(error, TD_ERROR_UNAVAILABLE,
                      "There is no terminal to ask for the password at; give it on standard input"
                      " with --password-stdin");
            return false;
        }
    }
    char *line = from_stdin ? read_line(STDIN_FILENO, error) : ask_twice(terminal, error);
    if (terminal >= 0)
        close(terminal);
    if (line != NULL)
        *password = line;
    return line != NULL;
}
