/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed addresses: the local part says what a mail to it is about, and a MAC says that this desk
 * wrote that (docs/delivery.md, "Signed addresses").
 *
 *   support+r<37 letters>@example.com   Reply-To: this ticket, this recipient
 *   support+b<29 letters>@example.com   envelope sender: this row of the outbox
 *
 * The letters are lower-case base32 of key id (2 bytes), ticket or outbox row (6 bytes), for a
 * reply the recipient's tag (5 bytes), and the MAC (10 bytes); they are of a fixed length and end
 * the local part. What stands before them is not signed, so an address stays good when the options
 * change. Letter case is no matter. The separator is "+", "-" or none (""). Pure; any thread.
 */
#pragma once

#include "base/signing.h"

typedef enum { SIGNED_REPLY, SIGNED_BOUNCE } SignedKind;

/* How many octets signing adds to a local part, the separator included; all must be at most 64 (RFC
 * 5321 §4.5.3.1.1). */
#define SIGNED_REPLY_OCTETS  39
#define SIGNED_BOUNCE_OCTETS 31

typedef struct {
    SignedKind kind;
    int64_t key;            /* the key's id */
    int64_t ticket;         /* reply; 0 in a test mail */
    int64_t outbox;         /* bounce: the outbox row; 0 in a test mail */
    uint64_t recipient_tag; /* reply: signed_address_tag() of who got it */
} SignedAddress;

/* Whether an address of this kind can be made of `address` (checked, "local@domain"). */
bool signed_address_fits(const char *address, SignedKind kind);

/* The address that answers of this recipient about this ticket come to; recipient_key is the
 * compared form (address_parse()). NULL where the local part becomes too long, or the number is
 * over 48 bits. Free with g_free(). */
char *signed_address_reply(const SigningKey *key, const char *address, const char *separator,
                           int64_t ticket, const char *recipient_key);

/* The envelope sender of one row of the outbox; as above. */
char *signed_address_bounce(const SigningKey *key, const char *address, const char *separator,
                            int64_t outbox);

/* Reads an address that came back (any letter case). True where one of the desk's keys (retired
 * ones included) has signed it; *out is untouched otherwise. Looks only at the local part: whether
 * the mailbox is ours is not its question. */
bool signed_address_check(const SigningKeys *keys, const char *address, SignedAddress *out);

/* A number of 40 bits that stands for an address in what this key signs; nobody else can compute
 * it, or find another address that has the same. */
uint64_t signed_address_tag(const SigningKey *key, const char *email_key);

/* Whether a signed reply address was given to the owner of this address (compared form): whoever
 * writes to it from there has at least once got mail there. False for other kinds. */
bool signed_address_is_for(const SigningKeys *keys, const SignedAddress *address,
                           const char *email_key);

/* Whether this address (compared form) looks like a signed one made of `own_key` (compared form),
 * with any separator; the MAC is not checked. For lists of whom never to write to. */
bool signed_address_looks_own(const char *own_key, const char *email_key);
