/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mail with a link that works once (records/one_time_link.h): a kind of the outbox's messages
 * (alerts/mail_kind.h). What it is made from is erased when it has left, been refused, or the link
 * has ended; from then on no such mail can be made, and none is ever shown.
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* A sign-in mail's Message-ID, without angle brackets. */
char *compose_sign_in_id(const char *desk_id, int64_t link);

/* Housekeeping, of at most `limit`: mails of links that have ended are cancelled and what they were
 * made from is erased; links are forgotten a day later. */
bool sign_in_forget(DbTx *tx, int64_t now_us, int limit, GError **error);
