/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canary: a real mail to a mailbox of the desk's own, on a schedule, the whole way out (outbox,
 * Alerts Server, relay) and, where the Email Connector reads that mailbox, back in. What stops on
 * the way says so within two minutes.
 *
 * It is known again by its Message-ID and the hop mark that signs it (mail/hop.h): nobody else can
 * make one. It is in no decision and no list of mails, is never on the suppression list, and is
 * given up after CANARY_LIFE_US.
 */
#pragma once

#include "alerts/mail_kind.h"
#include "base/signing.h"

#include <stdbool.h>
#include <stdint.h>

#define OUTBOX_KIND_CANARY "canary"

/* Not accepted, or not back, so long after it was due: the path is broken. With a canary each
 * minute a break shows within two minutes. */
#define CANARY_LATE_US (INT64_C(55) * 1000000)
#define CANARY_LIFE_US (INT64_C(120) * 1000000)

/* Makes the canary that is due now, unless another process has; nothing where it is off or the
 * Alerts Server is not active. Inside the caller's transaction, as all of these. */
bool canary_tick(DbTx *tx, int64_t now_us, GError **error);

/* Gives up what is too old to be sent, and forgets what is long past. */
bool canary_tidy(DbTx *tx, int64_t now_us, GError **error);

typedef struct {
    bool enabled; /* and the Alerts Server is active */
    bool ok;      /* the last one that has had its time came through; or none has had it yet */
    char *text;   /* not ok: where it stopped; NULL otherwise */
    int64_t last_success;  /* when the last one came through; 0: none is known */
    int64_t round_trip_us; /* of that one: until it was back, or accepted where none comes back */
    bool came_back;        /* that one */
} CanaryCondition;

void canary_condition_clear(CanaryCondition *condition);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CanaryCondition, canary_condition_clear)

bool canary_condition(DbTx *tx, int64_t now_us, CanaryCondition *condition, GError **error);

/* Pure. Whether a mail with this Message-ID (NULL: none) and hop mark is a canary that this desk
 * has made; *id which. */
bool canary_recognize(const SigningKeys *keys, const char *desk_id, const char *message_id,
                      const char *hop, int64_t *id);
