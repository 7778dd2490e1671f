/* SPDX-License-Identifier: Apache-2.0 */
/* The sender identity that mails are made with (stored with each of them): who they are from, and
 * where answers and bounces go. Nearly all mails have the same, so the last one is kept parsed. */
#pragma once

#include "base/monitor.h"
#include "base/signing.h"
#include "records/settings.h"

typedef struct {
    int users;
    char *json; /* as it is stored */
    char *from_name;
    char *from_address;
    char *reply_to;       /* "": none */
    int64_t key;          /* that signs; 0: nothing is signed */
    char *separator;      /* "+", "-" or "" */
    bool signed_reply;    /* answers come to a signed address, made of reply_to or from_address */
    bool signed_bounce;   /* bounces, to one made of bounce_address */
    char *bounce_address; /* never "" but where from_address is */
} SenderIdentity;

void sender_identity_unref(SenderIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SenderIdentity, sender_identity_unref)

/* {"from_name","from_address","reply_to"} as they are now, and what is signed by which key; `key`
 * is signing_key_current()'s, 0 where there is none. What is missing in an older one is read as it
 * was then: nothing is signed. Free with g_free(). */
char *sender_identity(const DeskSettings *desk, const AlertsServerSettings *server, int64_t key);

/* Where answers of this recipient about this ticket go (ticket 0: a test). `own` is an address that
 * goes before the identity's; NULL: none. *reply_to is NULL where the mail names none; where the
 * local part is too long for a signature, the address as it is. Free with g_free(). Errors:
 * UNAVAILABLE (the key is not among `keys`). */
bool sender_reply_to(const SenderIdentity *identity, const SigningKeys *keys, const char *own,
                     int64_t ticket, const char *recipient_key, char **reply_to, GError **error);

/* The envelope sender of a row of the outbox (0: a test); the rest as above. */
bool sender_envelope(const SenderIdentity *identity, const SigningKeys *keys, int64_t outbox,
                     char **envelope_from, GError **error);

/* The hop mark (mail/hop.h) of a mail that stands so far down its chain; NULL where nothing is
 * signed. Free with g_free(). Errors: as above. */
bool sender_hop(const SenderIdentity *identity, const SigningKeys *keys, int count,
                const char *message_id, char **hop, GError **error);

typedef struct {
    Monitor lock;
    SenderIdentity *last;
} SenderCache;

void sender_cache_init(SenderCache *cache);
void sender_cache_clear(SenderCache *cache);

/* Reads the JSON of sender_identity(). A reference of the caller's own. Errors: CORRUPT. Any
 * thread.
 */
SenderIdentity *sender_cache_read(SenderCache *cache, const char *json, GError **error);
