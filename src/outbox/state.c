/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox/state.h"

#include <glib.h>

static const char *const names[OUTBOX_N_STATES] = {
    [OUTBOX_HELD] = "held",           [OUTBOX_QUEUED] = "queued",
    [OUTBOX_SENDING] = "sending",     [OUTBOX_DEFERRED] = "deferred",
    [OUTBOX_UNCERTAIN] = "uncertain", [OUTBOX_ACCEPTED] = "accepted",
    [OUTBOX_REJECTED] = "rejected",   [OUTBOX_EXPIRED] = "expired",
    [OUTBOX_BOUNCED] = "bounced",     [OUTBOX_CANCELLED] = "cancelled",
};

#define TO(state) (1u << OUTBOX_##state)

/* Row: from; bits: to. */
static const unsigned moves[OUTBOX_N_STATES] = {
    [OUTBOX_HELD] = TO(QUEUED) | TO(CANCELLED),
    [OUTBOX_QUEUED] = TO(SENDING) | TO(HELD) | TO(CANCELLED) | TO(EXPIRED),
    [OUTBOX_SENDING] = TO(QUEUED) | TO(ACCEPTED) | TO(DEFERRED) | TO(REJECTED) | TO(UNCERTAIN),
    [OUTBOX_DEFERRED] = TO(SENDING) | TO(HELD) | TO(CANCELLED) | TO(EXPIRED),
    [OUTBOX_UNCERTAIN] = TO(SENDING) | TO(ACCEPTED) | TO(BOUNCED) | TO(CANCELLED),
    [OUTBOX_ACCEPTED] = TO(BOUNCED),
};

static const unsigned moves_by_person[OUTBOX_N_STATES] = {
    [OUTBOX_REJECTED] = TO(QUEUED),
    [OUTBOX_EXPIRED] = TO(QUEUED),
    [OUTBOX_BOUNCED] = TO(QUEUED),
    [OUTBOX_CANCELLED] = TO(QUEUED),
};

const char *outbox_state_name(OutboxState state)
{
    return names[state];
}

bool outbox_state_from_name(const char *name, OutboxState *state)
{
    for (int i = 0; i < OUTBOX_N_STATES; i++)
        if (g_strcmp0(names[i], name) == 0) {
            *state = (OutboxState)i;
            return true;
        }
    return false;
}

bool outbox_move_allowed(OutboxState from, OutboxState to, OutboxMover mover)
{
    unsigned allowed = moves[from];
    if (mover == OUTBOX_BY_PERSON)
        allowed |= moves_by_person[from];
    return (allowed & (1u << to)) != 0;
}

bool outbox_state_is_final(OutboxState state)
{
    return state >= OUTBOX_ACCEPTED;
}
