/* SPDX-License-Identifier: Apache-2.0 */
/* What the poller needs of the desk: which mailboxes the options name, and filing what it finds. */
#pragma once

#include "connector/poller.h"
#include "desk/desk.h"

typedef struct {
    Desk *desk; /* borrowed, as is the clock */
    const Clock *clock;
} MailboxDoor;

/* A PollerMailboxes; `data` is a MailboxDoor. None while the Email Connector is switched off. */
GPtrArray *mailbox_door_list(void *data, GError **error);

/* An InboxFn by connector_file(); `data` is a MailboxDoor. */
bool mailbox_door_file(GBytes *raw, const InboxOrigin *origin, void *data, GError **error);

/* How every mailbox of the options stands, whoever reads it: [{"mailbox","host","port","username",
 * "folder","state","reason","since","polled_at","retry_at","waiting","filed"}]. New reference. */
json_t *mailboxes_status(DbTx *tx, GError **error);
