/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link in a mail to its ticket in the Web Interface (merge field ticket.link):
 *
 *   https://support.example.com/portal/t/<37 letters>
 *
 * The letters are lower-case base32 of key id (2 bytes), ticket (6 bytes), the recipient's tag (5
 * bytes, signed_address_tag()) and a MAC (10 bytes), as those of a signed reply address are, for a
 * purpose of their own. It says: this desk wrote to this recipient about this ticket. A link is
 * good for as long as that address is on the ticket's list.
 *
 * Whether mails have a link stands in the event's facts ("web_link": the public URL of then), and
 * the key in the mail's sender identity: so the same mail has the same link for ever.
 */
#pragma once

#include "base/signing.h"
#include "records/settings.h"

#include <jansson.h>

#define WEB_LINK_PATH    "/portal/t/"
#define WEB_LINK_LETTERS 37

/* What the letters stand for. */
typedef struct {
    int64_t key;
    int64_t ticket;
    uint64_t recipient_tag;
} WebLink;

/* Free with g_free(). */
char *web_link_letters(const SigningKey *key, int64_t ticket, const char *recipient_key);

/* Reads what came back. True where one of the desk's keys (retired ones included) has signed it;
 * *link is untouched otherwise. */
bool web_link_read(const SigningKeys *keys, const char *letters, WebLink *link);

/* Whether it was given to the owner of this address (compared form). */
bool web_link_is_for(const SigningKeys *keys, const WebLink *link, const char *email_key);

/* Notes with the facts that their mails have a link, where the options say so. */
void web_link_note(json_t *facts, const Settings *settings);

/* Makes the merge field of it: nothing where the facts have no note, or there is no key. */
void web_link_to_merge_field(json_t *facts, const SigningKey *key, int64_t ticket,
                             const char *recipient_key);

/* The same for a preview: a link that opens nothing. */
void web_link_example(json_t *facts);
