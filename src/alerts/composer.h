/* SPDX-License-Identifier: Apache-2.0 */
/* What composing has at hand between mails: parsed templates, the last sender identity, the desk's
 * signing keys, and the kinds of mail there are (alerts/mail_kind.h). None of it changes a mail: it
 * only saves reading it again. Thread-safe. */
#pragma once

#include "alerts/sender.h"
#include "alerts/words.h"
#include "db/db.h"
#include "records/ticket_template.h"

typedef struct Composer Composer;
Composer *composer_new(const char *desk_id);
void composer_free(Composer *composer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Composer, composer_free)

/* The desk's id, for compose_message_id(). Borrowed. */
const char *composer_desk_id(const Composer *composer);

/* A stored sender identity, parsed. */
SenderIdentity *composer_sender(Composer *composer, const char *sender, GError **error);

/* Reads the desk's signing keys: in the transaction that reads what a mail is made from, so that
 * the key of its sender identity is among them. */
bool composer_load_keys(Composer *composer, DbTx *tx, GError **error);

/* As they were loaded last; none where they never were. A reference of the caller's own. */
SigningKeys *composer_keys(Composer *composer);

/* The words of a template's version in one language, a reference of the caller's own; NULL where
 * they are not at hand. */
Words *composer_find_words(Composer *composer, int64_t template_id, int64_t version,
                           const char *language);

/* The same, made of `record`, which has one text; version 0 is not saved, and never kept. Errors:
 * those of words_parse(). */
Words *composer_words(Composer *composer, const TicketTemplate *record, GError **error);
