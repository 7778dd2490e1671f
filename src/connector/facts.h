/* SPDX-License-Identifier: Apache-2.0 */
/* What the desk knows of a mail: what mail_classify() decides by, and what filing it needs besides.
 * Reads the database, writes nothing. */
#pragma once

#include "connector/classify.h"
#include "connector/read.h"
#include "mail/hop.h"
#include "outbox/outbox.h"
#include "records/owner.h"
#include "records/settings.h"

typedef struct {
    MailFacts facts;
    RuleVerdict verdict;
    const MailRule *rule;         /* that fires; NULL: none. Borrowed of the settings */
    const InboundAddress *author; /* the one From; NULL: none, or several. Borrowed of the mail */
    AddressOwner owner;           /* of the author's address */
    Hop hop;
    OutboxMessage *about; /* the message that a report is about; NULL: none */
    const ReportRecipient
        *said;       /* what the report says of its recipient; NULL: nothing. Borrowed */
    char *about_key; /* its recipient, in the compared form; NULL: none */
} MailKnown;

void mail_known_clear(MailKnown *known);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MailKnown, mail_known_clear)

/* `read` has been readable; it and `settings` must outlive *known, which is empty. Errors: those of
 * db_query(), CORRUPT. */
bool mail_known_load(DbTx *tx, const Settings *settings, const MailRead *read, MailKnown *known,
                     GError **error);

/* Of whom a mail of its own is never written: the desk's addresses. For automatic_may_respond();
 * `data` is const Settings *. */
bool mail_is_own_address(const char *key, void *data);
