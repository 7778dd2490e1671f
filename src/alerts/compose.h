/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a decision to a mail: the one function for preview, simulate, send and show-again. Its bytes
 * depend on stored things alone: the event's facts, the template's version, the recipient, the
 * sender identity, `dated_at` and the composer's version (product.md, section 3, promise 6).
 */
#pragma once

#include "alerts/alert.h"
#include "alerts/composer.h"
#include "db/db.h"
#include "mail/message.h"
#include "outbox/outbox.h"
#include "records/settings.h"
#include "records/ticket_template.h"

#include <jansson.h>

/* Changes whenever the same stored things would give other bytes. */
#define COMPOSER_VERSION (1000 + MESSAGE_COMPOSER_VERSION)

/* Everything a mail is made from, read out of the database: composing itself then needs none. */
typedef struct ComposeSource ComposeSource;
ComposeSource *compose_source_load(DbTx *tx, const Alert *alert, GError **error);
/* Of n alerts at once (at most ALERT_LIST_MAX): sources[i], NULL at first, stays NULL where there
 * is no such alert; what is wrong with one alone is said when it is composed. What is set is the
 * caller's, also after an error, which speaks of the database and not of the mails. */
bool compose_sources_load(DbTx *tx, Composer *composer, const int64_t *alerts, size_t n,
                          ComposeSource **sources, GError **error);
/* The ticket whose closing it tells of; 0: it tells of something else. */
int64_t compose_source_closing(const ComposeSource *source);
void compose_source_free(ComposeSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ComposeSource, compose_source_free)

/* The same without an event, for preview and test: this template's text in this language (which it
 * has), these facts, this recipient. With `test_id` (letters and digits, never used before) it
 * makes a mail that is marked as a test. Copies all. */
ComposeSource *compose_source_new(const TicketTemplate *record, const char *language,
                                  const json_t *facts, const char *recipient_name,
                                  const char *recipient, const char *test_id);

/* The rendered parts, before they become a message. */
bool compose_text(Composer *composer, const ComposeSource *source, ComposedText *out,
                  GError **error);

/* `sender` is the JSON of sender_identity(); NULL with an error (INVALID) where a template cannot
 * be rendered or a part cannot stand in a mail. */
GBytes *compose_message(Composer *composer, const ComposeSource *source, const char *sender,
                        int64_t dated_at, GError **error);

/* The root of a ticket's thread, without angle brackets: no mail ever had it. */
char *compose_ticket_id(const char *desk_id, int64_t ticket);

/* An alert's Message-ID, without angle brackets: derived from desk id and alert id alone. */
char *compose_message_id(const char *desk_id, int64_t alert);

/* BLAKE2b of the bytes: what is recorded when the mail was accepted. */
char *compose_hash(GBytes *message);
