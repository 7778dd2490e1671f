/* SPDX-License-Identifier: Apache-2.0 */
/* What can be known of a mail without asking anybody. Pure; done before the transaction. */
#pragma once

#include "mail/automatic.h"
#include "mail/inbound.h"
#include "mail/report.h"

typedef struct {
    GBytes *raw;
    InboundMail *mail; /* NULL: it cannot be read; so is the next one */
    MailReport *report;
    InboundNature nature;
    char *unreadable;   /* why it cannot be read; NULL: it can */
    char *content_hash; /* of the raw bytes */
    char *text_hash;    /* of subject, text and attachments: what a person sees of it */
} MailRead;

/* Takes a reference to `raw`. NULL only with an error: LIMIT. */
MailRead *mail_read(GBytes *raw, GError **error);

/* The bytes as they are, as a mail that cannot be read for this reason. Never NULL. */
MailRead *mail_read_nothing(GBytes *raw, const char *why);
void mail_read_free(MailRead *read);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MailRead, mail_read_free)
