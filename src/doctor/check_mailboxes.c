/* SPDX-License-Identifier: Apache-2.0 */
/* Each mailbox of the Email Connector: sign-in, the folder, when it was read last. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "connector/poller.h"
#include "doctor/private.h"
#include "mail/imap.h"

#include <string.h>

/* Read once, and then not for so long: nobody reads it. */
#define UNREAD_US (15 * US_PER_MINUTE)

static const json_t *state_of(const Doctor *doctor, const char *mailbox)
{
    size_t i;
    json_t *state;
    json_array_foreach(doctor->mailbox_states, i, state)
    {
        if (strcmp(json_get_text(state, "mailbox"), mailbox) == 0)
            return state;
    }
    return NULL;
}

static bool look(const Doctor *doctor, const PollerMailbox *mailbox, ImapFolder *folder,
                 GError **error)
{
    ImapTarget target = {
        .host = mailbox->host,
        .port = mailbox->port,
        .security = mailbox->security,
        .username = mailbox->username,
        .password = mailbox->oauth == NULL ? mailbox->password : NULL,
        .oauth = mailbox->oauth,
        .ca_file = mailbox->ca_file,
        .timeout_ms = DOCTOR_STEP_MS,
    };
    g_autoptr(ImapSession) session = imap_open(&target, doctor->cancellable, error);
    return session != NULL &&
           imap_examine(session, mailbox->folder, folder, doctor->cancellable, error);
}

static const char *advice_for(const GError *failure)
{
    if (error_is(failure, TD_ERROR_INVALID))
        return "Look at the folder's name: capitals count, and a hierarchy has the server's own"
               " separator";
    if (error_is(failure, TD_ERROR_DENIED))
        return "Look at user name and password, at the security that the server offers, and at its"
               " certificate";
    return "Look at host and port, whether the server runs, and at the firewall";
}

static void check_one(const Doctor *doctor, const PollerMailbox *mailbox, const char *part,
                      Findings *findings)
{
    g_autoptr(GError) failure = NULL;
    ImapFolder folder;
    if (!look(doctor, mailbox, &folder, &failure)) {
        finding_add(findings, DOCTOR_FAIL, part, advice_for(failure), "%s: %s", mailbox->name,
                    failure->message);
        return;
    }
    int64_t polled_us = 0;
    const char *polled = json_get_text(state_of(doctor, mailbox->name), "polled_at");
    if (*polled != '\0')
        text_to_time(polled, "polled_at", &polled_us, NULL);
    int64_t age_us = doctor->now_us - polled_us;
    g_autofree char *age = finding_age(age_us);
    if (polled_us == 0)
        finding_add(findings, DOCTOR_WARN, part,
                    "Start `tidings serve` with the role connector; `tidings inbox mailboxes` tells"
                    " more",
                    "%s can be read (%u mails), and the desk has not read it yet", mailbox->name,
                    folder.exists);
    else
        finding_add(findings, age_us > UNREAD_US ? DOCTOR_WARN : DOCTOR_OK, part,
                    age_us > UNREAD_US
                        ? "Look whether a server with the role connector runs, and at `tidings"
                          " inbox mailboxes`"
                        : NULL,
                    "%s can be read (%u mails); the desk read it %s ago", mailbox->name,
                    folder.exists, age);
}

void doctor_check_mailboxes(const Doctor *doctor, Findings *findings)
{
    const GPtrArray *mailboxes = doctor->mailboxes;
    bool enabled = doctor->settings->email_connector.enabled;
    if (mailboxes->len == 0)
        finding_add(findings, DOCTOR_OK, NULL, NULL, "%s",
                    enabled ? "no mailbox is read: mail comes by `tidings ingest` alone"
                            : "the Email Connector is off");
    for (guint i = 0; i < mailboxes->len; i++) {
        g_autofree char *part = finding_number(i);
        if (g_cancellable_is_cancelled(doctor->cancellable))
            finding_add(findings, DOCTOR_WARN, part, "tidings doctor --only mailboxes",
                        "not looked at: there was no time left");
        else
            check_one(doctor, mailboxes->pdata[i], part, findings);
    }
}
