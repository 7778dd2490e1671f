/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that the facts are gathered in. */
#pragma once

#include "connector/facts.h"

typedef struct {
    DbTx *tx;
    const Settings *settings;
    const MailRead *read;
    const SigningKeys *keys;
    const char *desk_id;
    MailKnown *known;
} Gather;

/* facts_about.c: which message of ours a report is about. */
bool gather_about(Gather *g, GError **error);

/* facts_ticket.c: which ticket the mail names. */
bool gather_tickets(Gather *g, GError **error);

/* What one of this desk's Message-IDs names. */
typedef enum { OWN_ID_NONE, OWN_ID_TICKET, OWN_ID_ALERT, OWN_ID_MESSAGE, OWN_ID_OTHER } OwnIdKind;

/* Reads "alert.17@<desk>.tidings"; *number is 17. */
OwnIdKind own_id_read(const char *desk_id, const char *message_id, int64_t *number);

/* The ticket that such a Message-ID belongs to; 0: none. */
bool own_id_ticket(DbTx *tx, const char *desk_id, const char *message_id, int64_t *ticket,
                   GError **error);
