/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that read a mail: inbound.c, inbound_address.c, inbound_body.c,
 * inbound_attach.c. */
#pragma once

#include "mail/inbound.h"
#include "mail/mime.h"

/* Notes a defect once; `defect` is a string literal of the list in inbound.h. */
void inbound_defect(InboundMail *mail, const char *defect);

/* inbound_address.c: adds the addresses of a field's value to the list. False where one of them was
 * left out. */
bool inbound_add_addresses(InboundMail *mail, GPtrArray *list, const char *value);
GPtrArray *inbound_addresses_new(void);

/* Message-IDs of a value, without <>, as a NULL-terminated list. */
char **inbound_message_ids(InboundMail *mail, const char *value);

/* inbound_body.c: fills text, attachments and the parts of reports. */
void inbound_read_body(InboundMail *mail, const MimePart *root, MimeDefects *defects);

/* inbound_attach.c */
void inbound_attach(InboundMail *mail, const MimePart *part, bool related, MimeDefects *defects);
bool inbound_is_attachment(const MimePart *part); /* Content-Disposition says so */
char *inbound_part_name(const MimePart *part);    /* cleaned; NULL where it has none */
