/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tidings ingest`: one mail on standard input, from a mail server's pipe. The exit codes are those
 * of sysexits.h that mail servers understand: 0, the desk has it (also where it waits for a person
 * or could not be read); 65, it is too large and will never be taken; 75, bring it again.
 */
#include "cmd/commands.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "cmd/client.h"
#include "cmd/command.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#define CHUNK_BYTES (64 * 1024)

/* All of it, or one byte more than a mail may have. */
static GByteArray *read_mail(GError **error)
{
    g_autoptr(GByteArray) mail = g_byte_array_new();
    g_autofree guint8 *chunk = g_malloc(CHUNK_BYTES);
    while (mail->len <= LIMIT_INBOUND_MAIL_BYTES) {
        size_t room = LIMIT_INBOUND_MAIL_BYTES + 1 - mail->len;
        ssize_t got = read(STDIN_FILENO, chunk, MIN(CHUNK_BYTES, room));
        if (got == 0)
            return g_steal_pointer(&mail);
        if (got < 0 && errno != EINTR) {
            error_set(error, TD_ERROR_UNAVAILABLE, "Standard input cannot be read: %s",
                      g_strerror(errno));
            return NULL;
        }
        if (got > 0)
            g_byte_array_append(mail, chunk, (guint)got);
    }
    error_set(error, TD_ERROR_LIMIT,
              "The mail has more than %d bytes, the most that a mail may have. It was not taken",
              LIMIT_INBOUND_MAIL_BYTES);
    return NULL;
}

static void say(const CommonOptions *options, const json_t *answer)
{
    if (options->json) {
        g_autofree char *text = json_text(answer);
        command_print("%s\n", text);
        return;
    }
    int64_t ticket = json_get_int(answer, "ticket");
    command_print("Mail %" G_GINT64_FORMAT ": %s%s (%s)", json_get_int(answer, "id"),
                  json_get_bool(answer, "seen_before", false) ? "was here already, " : "",
                  json_get_text(answer, "state"), json_get_text(answer, "reason"));
    if (ticket != 0)
        command_print(", ticket #%" G_GINT64_FORMAT, ticket);
    command_print("\n");
}

static bool ingest(const CommonOptions *options, GError **error)
{
    g_autoptr(GByteArray) mail = read_mail(error);
    if (mail == NULL)
        return false;
    g_autoptr(Client) client = client_new(options, error);
    if (client == NULL)
        return false;
    json_auto_t *answer =
        client_send(client, "/api/v1/inbox", "message/rfc822", mail->data, mail->len, error);
    if (answer != NULL)
        say(options, answer);
    return answer != NULL;
}

int command_ingest(int argc, char **argv)
{
    static const Usage usage = {
        .title = "ingest",
        .summary = "Take one mail on standard input, as a mail server's pipe brings it",
        .more = "Exit codes: 0, the desk has the mail; 65, it is too large; 75, bring it again.\n",
        .common = COMMON_JSON,
    };
    g_auto(CommonOptions) options = {0};
    g_autoptr(GError) error = NULL;
    int exit_code;
    if (!command_parse(&options, &usage, NULL, &argc, &argv, &exit_code))
        return exit_code == 0 ? 0 : EX_TEMPFAIL;
    if (ingest(&options, &error))
        return 0;
    command_fail("ingest", error);
    return error_is(error, TD_ERROR_LIMIT) ? EX_DATAERR : EX_TEMPFAIL;
}
