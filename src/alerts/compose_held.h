/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling the admins that mails are held and wait for a person: once for each time that something
 * is held longer than HELD_LONG_US, by a kind of the outbox's messages (alerts/mail_kind.h).
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* From then on what is held shows on every page of the console. */
#define HELD_LONG_US (15 * 60 * INT64_C(1000000))

/* Counting goes no further. */
#define HELD_COUNT_MOST 1000

/* Housekeeping. While the Alerts Server is not active no mail leaves, and nothing is done. *queued
 * is how many mails were put into the outbox. */
bool held_tell_admins(DbTx *tx, int64_t now_us, int *queued, GError **error);
