/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Email Connector: one mail's way, in one direction.
 *
 *   bytes                a mailbox (connector/poller) or a mail server's pipe (`tidings ingest`)
 *     |  read            mail/inbound.h and its neighbours: what stands in it. Pure.
 *     |  facts           connector/facts.h: what the desk knows of it: whose address is that, which
 *     |                  ticket does it name, which message of ours is it about. Reads the
 * database. |  classify        connector/classify.h: what happens to it, and why, step by step.
 * Pure; the |                  rules for automated mails are connector/rules.h. v  file
 * connector/file.h: does it, by the use cases of desk/. One transaction: the inbox's row with its
 * steps, ticket or message, events, decisions, copies, automatic response, settled bounce. All of
 * it or nothing.
 *
 * Reading happens before the transaction, everything else inside of it, so a mail is classified by
 * what is true at the moment when it is filed, and of two who file the same mail at once one waits
 * and then finds it filed (records/inbox.h).
 *
 * A mail that has come in is never lost and never refused but for its size: what cannot be read is
 * quarantined, what fits nobody waits for a person, and whatever fails for now is tried again by
 * who delivered it.
 *
 * Loops end because nothing that a machine has sent is answered by a machine: a mail that shows any
 * sign of RFC 3834 gets no automatic response, is copied to nobody and reopens nothing; our own
 * mail coming back is stopped; and the automatic response has windows for what shows no sign.
 */
#pragma once

#include "desk/desk.h"
#include "records/inbox.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Where a mail comes from. */
typedef struct {
    const char *source; /* the mailbox's name, or "ingest" */
    /* Runs in the transaction that files the mail, also where it was filed before: a mailbox writes
     * down here how far it has been read. May be NULL. */
    bool (*with)(DbTx *tx, void *data, GError **error);
    void *data;
    const char *unread; /* not NULL: keep the bytes as they are, quarantined, for this reason; it
                           may be that they are not the whole mail */
} MailOrigin;

/* What became of it. */
typedef struct {
    int64_t id; /* of the inbox's row */
    InboxState state;
    char *reason;
    int64_t ticket;   /* 0: none */
    bool seen_before; /* it was filed already, and nothing was changed now */
    bool canary;      /* the desk's own mail to itself: noted, and not kept; id is 0 */
} Filed;

void filed_clear(Filed *filed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Filed, filed_clear)

/* Files one mail. `raw` may be anything at all up to LIMIT_INBOUND_MAIL_BYTES. Blocks until it is
 * durable. Errors: LIMIT (problem "mail-too-large"), CONFLICT (problem "email-connector-off": the
 * Email Connector is not enabled; nothing was kept), and those of desk_write(): then nothing was
 * filed, and the same mail should be brought again. */
bool connector_file(Desk *desk, GBytes *raw, const MailOrigin *origin, Filed *filed,
                    GError **error);
