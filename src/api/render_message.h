/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as the API shows them. */
#pragma once

#include "outbox/outbox.h"
#include "records/ticket_message.h"

#include <jansson.h>

/* A copy with what became of it. */
typedef struct {
    MessageCopy *copy;
    OutboxMessage *row; /* NULL: it is not sent */
} CopyStory;

void copy_story_free(CopyStory *story);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CopyStory, copy_story_free)

/* Takes `copy`. NULL on error. */
CopyStory *copy_story_load(DbTx *tx, MessageCopy *copy, GError **error);

/* Every copy of a message: CopyStory *. */
GPtrArray *message_copy_stories(DbTx *tx, int64_t message, GError **error);

json_t *render_copy(const CopyStory *story, const char *desk_id);

/* `attachments` are Attachment *, `copies` CopyStory *. */
json_t *render_ticket_message(const TicketMessage *message, GPtrArray *attachments,
                              GPtrArray *copies, const char *desk_id);
