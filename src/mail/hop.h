/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hop mark: a field of every mail that this program makes, by which a desk knows its own mail
 * when it comes back, and two desks that answer each other stop.
 *
 *   X-Tidings-Hop: <count>.<20 letters>
 *
 * The count says how many mails of Tidings desks stand in the chain that led to this one, itself
 * included: 1 for an alert, and for an answer to a mail that bears a mark one more than that mark.
 * The letters are base32 of key id (2 bytes) and MAC (10 bytes) over count and Message-ID, so that
 * the mark is worth nothing on another mail. Another desk's MAC cannot be checked; its count is
 * believed all the same, because a count can only make us more silent. Pure; any thread.
 */
#pragma once

#include "base/signing.h"

#define HOP_FIELD "X-Tidings-Hop"

/* A mail whose mark says so much or more is never answered automatically. */
#define HOP_MAX 3

/* Counts above are read as this. */
#define HOP_COUNT_MAX 999

typedef struct {
    int count; /* 1 to HOP_COUNT_MAX; 0: the mail bears no mark, or one that cannot be read */
    bool own;  /* this desk has signed it, for this very Message-ID: it is our own mail */
} Hop;

/* The field's value. `message_id` without angle brackets. Free with g_free(). */
char *hop_mark(const SigningKey *key, int count, const char *message_id);

/* Reads the field's value as it came (`value` NULL: there is no such field; where there are several
 * the caller gives the one with the highest count). `message_id` of the mail that bears it, without
 * angle brackets; may be NULL. */
Hop hop_read(const SigningKeys *keys, const char *value, const char *message_id);
