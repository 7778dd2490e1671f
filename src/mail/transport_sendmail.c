/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery by the sendmail command of the machine's own mail server: `sendmail -i -f FROM -- TO`
 * with the mail on its standard input. No shell; "--" keeps an address from being read as an
 * option.
 *
 * The command gets the whole mail as a file in memory, so that nothing can block or break half-way:
 * from its start on it may have queued the mail, and only its exit code (sysexits.h) can say
 * otherwise. When it has to be killed, or dies of a signal, the outcome is uncertain.
 */
#include "mail/transport-private.h"

#include "base/error.h"
#include "mail/smtp_reply.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define COMMAND_TIMEOUT_S 600 /* as long as the reply to a final dot may take */
#define OUTPUT_BYTES      1024

typedef struct {
    GPid pid;
    int output;              /* its standard output and error */
    char text[OUTPUT_BYTES]; /* the start of what it said */
    size_t text_bytes;
} Command;

static TransportLink *sendmail_new(void)
{
    return g_new0(TransportLink, 1);
}

static void sendmail_close(TransportLink *link)
{
    (void)link;
}

static void sendmail_free(TransportLink *link)
{
    g_free(link);
}

/* The mail as a file without a name, to be read from its start. -1 with errno. */
static int memory_file(const GString *text)
{
    int fd = memfd_create("mail", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < text->len) {
        ssize_t n = write(fd, text->str + done, text->len - done);
        if (n < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static bool command_start(Command *command, const char *path, const Envelope *envelope,
                          GError **error)
{
    const char *from = envelope->envelope_from[0] != '\0' ? envelope->envelope_from : "<>";
    const char *argv[] = {path, "-i", "-f", from, "--", envelope->envelope_to, NULL};
    g_autoptr(GString) text = envelope_unix_text(envelope, "");
    int input = memory_file(text);
    int output[2] = {-1, -1};
    if (input < 0 || !g_unix_open_pipe(output, FD_CLOEXEC, NULL)) {
        error_set(error, TD_ERROR_UNAVAILABLE, "There is no room to hand over the mail: %s",
                  g_strerror(errno));
        if (input >= 0)
            close(input);
        return false;
    }
    g_autoptr(GError) cause = NULL;
    bool started = g_spawn_async_with_pipes_and_fds(
        NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, input, output[1], output[1], NULL,
        NULL, 0, &command->pid, NULL, NULL, NULL, &cause);
    close(input);
    close(output[1]);
    if (!started) {
        close(output[0]);
        error_set(error, TD_ERROR_UNAVAILABLE, "The command %s cannot be run: %s", path,
                  cause->message);
        return false;
    }
    command->output = output[0];
    return true;
}

/* Keeps the start of what the command says and drops the rest. False at the end of it. */
static bool read_output(Command *command)
{
    char piece[1024];
    ssize_t n = read(command->output, piece, sizeof piece);
    if (n < 0)
        return errno == EINTR;
    size_t keep = MIN((size_t)n, sizeof command->text - command->text_bytes);
    memcpy(command->text + command->text_bytes, piece, keep);
    command->text_bytes += keep;
    return n > 0;
}

/* Waits for the command's end; false where it had to be killed. */
static bool command_wait(Command *command, int64_t deadline_us, GCancellable *cancellable)
{
    GPollFD cancel = {.fd = -1};
    bool watched = cancellable != NULL && g_cancellable_make_pollfd(cancellable, &cancel);
    int ended = pidfd_open(command->pid, 0);
    struct pollfd fds[3] = {
        {.fd = ended, .events = POLLIN},
        {.fd = command->output, .events = POLLIN},
        {.fd = watched ? cancel.fd : -1, .events = POLLIN},
    };
    bool well = ended >= 0;
    while (well && (fds[0].revents & POLLIN) == 0) {
        int64_t left_us = deadline_us - g_get_monotonic_time();
        int ready = left_us > 0 ? poll(fds, G_N_ELEMENTS(fds), (int)(left_us / US_PER_MS) + 1) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        well = ready > 0 && !g_cancellable_is_cancelled(cancellable);
        if (well && fds[1].revents != 0 && !read_output(command))
            fds[1].fd = -1;
    }
    if (watched)
        g_cancellable_release_fd(cancellable);
    if (ended >= 0)
        close(ended);
    return well;
}

/* What is still in the pipe when the command is gone; a grandchild may hold it open, so nothing is
 * waited for. */
static void drain_output(Command *command)
{
    struct pollfd fd = {.fd = command->output, .events = POLLIN};
    while (command->text_bytes < sizeof command->text && poll(&fd, 1, 0) > 0)
        if (!read_output(command))
            break;
}

static DeliveryOutcomeKind meaning_of_exit(int code)
{
    switch (code) {
    case EX_OK:
        return DELIVERY_SENT;
    case EX_NOUSER:
    case EX_NOHOST:
    case EX_DATAERR:
        return DELIVERY_REJECTED;
    case EX_USAGE:
    case EX_UNAVAILABLE:
    case EX_SOFTWARE:
    case EX_OSERR:
    case EX_OSFILE:
    case EX_CANTCREAT:
    case EX_IOERR:
    case EX_NOPERM:
    case EX_CONFIG:
    case 126:
    case 127:
        return DELIVERY_RELAY_DOWN;
    default:
        return DELIVERY_DEFERRED;
    }
}

static void settle(const Command *command, bool waited, int status, DeliveryOutcome *outcome)
{
    g_autofree char *said = smtp_text_shown(command->text, command->text_bytes);
    g_strstrip(said);
    g_autofree char *words = NULL;
    if (!waited || !WIFEXITED(status)) {
        words = g_strdup_printf(
            "The command was stopped before it said whether the mail is queued. %s", said);
        outcome_set(outcome, DELIVERY_UNCERTAIN, "sendmail", words);
        return;
    }
    int code = WEXITSTATUS(status);
    words = g_strdup_printf("The command ended with exit code %d%s%s", code,
                            said[0] != '\0' ? ": " : "", said);
    outcome_set(outcome, meaning_of_exit(code), "sendmail", words);
}

static int64_t timeout_us(const TransportSettings *settings)
{
    int percent = settings->timeout_scale > 0 ? settings->timeout_scale : 100;
    int64_t us = COMMAND_TIMEOUT_S * US_PER_SECOND / 100 * percent;
    if (settings->timeout_cap_ms > 0)
        us = MIN(us, settings->timeout_cap_ms * US_PER_MS);
    return us;
}

static void sendmail_send_one(TransportLink *link, const Envelope *envelope,
                              GCancellable *cancellable, DeliveryOutcome *outcome)
{
    const char *set = link->settings.path;
    const char *path = set != NULL && set[0] != '\0' ? set : "/usr/sbin/sendmail";
    g_autoptr(GError) error = NULL;
    Command command = {0};
    if (!command_start(&command, path, envelope, &error)) {
        outcome_set(outcome, DELIVERY_RELAY_DOWN, "sendmail", error->message);
        transport_say(link, "sendmail", path, outcome->reply);
        return;
    }
    bool waited =
        command_wait(&command, g_get_monotonic_time() + timeout_us(&link->settings), cancellable);
    if (!waited)
        kill(command.pid, SIGKILL);
    int status = 0;
    while (waitpid(command.pid, &status, 0) < 0 && errno == EINTR)
        ;
    drain_output(&command);
    close(command.output);
    settle(&command, waited, status, outcome);
    transport_say(link, "sendmail", path, outcome->reply);
}

static void sendmail_send(TransportLink *link, const Envelope *envelopes, size_t n,
                          GCancellable *cancellable, DeliveryOutcome *outcomes)
{
    transport_one_by_one(link, envelopes, n, cancellable, outcomes, sendmail_send_one);
}

const TransportKind transport_sendmail = {"sendmail",    sendmail_new, sendmail_close,
                                          sendmail_free, NULL,         sendmail_send};
