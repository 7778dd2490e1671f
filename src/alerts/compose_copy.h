/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a message's copy to a mail: answers, copies for employees, automatic responses. As
 * alerts/compose.h, the bytes depend on stored things alone: the message with its attachments, the
 * facts of its event, the template's version, the recipient with the mail they had before, the
 * sender identity and `dated_at`.
 */
#pragma once

#include "alerts/composer.h"
#include "records/ticket_message.h"

typedef struct CopySource CopySource;

/* Errors: NOT_FOUND (problem "no-message": it is not sent), and those of the loads. */
CopySource *copy_source_load(DbTx *tx, Composer *composer, const MessageCopy *copy, GError **error);
void copy_source_free(CopySource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CopySource, copy_source_free)

/* As compose_message(). The composer must have the desk's keys. */
GBytes *compose_copy(Composer *composer, const CopySource *source, const char *sender,
                     int64_t dated_at, GError **error);

/* A copy's Message-ID, without angle brackets: derived from desk id and copy id alone. */
char *compose_copy_id(const char *desk_id, int64_t copy);
