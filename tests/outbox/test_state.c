/* SPDX-License-Identifier: Apache-2.0 */
/* The legal moves, against product.md's list as text. */
#include "outbox/state.h"

#include <glib.h>
#include <string.h>

/* "from to": moves of the service; a star in front: only by a person. */
static const char *const legal[] = {
    "held queued",        "held cancelled",     "queued sending",      "queued held",
    "queued cancelled",   "queued expired",     "sending queued",      "sending accepted",
    "sending deferred",   "sending rejected",   "sending uncertain",   "deferred sending",
    "deferred held",      "deferred cancelled", "deferred expired",    "uncertain sending",
    "uncertain accepted", "uncertain bounced",  "uncertain cancelled", "accepted bounced",
    "*rejected queued",   "*expired queued",    "*bounced queued",     "*cancelled queued",
};

static bool listed(OutboxState from, OutboxState to, bool by_person)
{
    g_autofree char *move =
        g_strdup_printf("%s %s", outbox_state_name(from), outbox_state_name(to));
    for (size_t i = 0; i < G_N_ELEMENTS(legal); i++) {
        bool person_only = *legal[i] == '*';
        if (strcmp(legal[i] + person_only, move) == 0)
            return by_person || !person_only;
    }
    return false;
}

static void test_moves(void)
{
    for (int from = 0; from < OUTBOX_N_STATES; from++)
        for (int to = 0; to < OUTBOX_N_STATES; to++)
            for (int mover = 0; mover < 2; mover++) {
                g_test_message("%s -> %s", outbox_state_name((OutboxState)from),
                               outbox_state_name((OutboxState)to));
                g_assert_cmpint(
                    outbox_move_allowed((OutboxState)from, (OutboxState)to, (OutboxMover)mover), ==,
                    listed((OutboxState)from, (OutboxState)to, mover == OUTBOX_BY_PERSON));
            }
}

static void test_final(void)
{
    const char *final[] = {"accepted", "rejected", "expired", "bounced", "cancelled", NULL};
    for (int state = 0; state < OUTBOX_N_STATES; state++)
        g_assert_cmpint(outbox_state_is_final((OutboxState)state), ==,
                        g_strv_contains(final, outbox_state_name((OutboxState)state)));
}

static void test_names(void)
{
    OutboxState state;
    for (int i = 0; i < OUTBOX_N_STATES; i++) {
        g_assert_true(outbox_state_from_name(outbox_state_name((OutboxState)i), &state));
        g_assert_cmpint(state, ==, i);
    }
    g_assert_false(outbox_state_from_name("lost", &state));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/outbox/state/moves", test_moves);
    g_test_add_func("/outbox/state/final", test_final);
    g_test_add_func("/outbox/state/names", test_names);
    return g_test_run();
}
