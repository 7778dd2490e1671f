/* SPDX-License-Identifier: Apache-2.0 */
/* "Customers not told": the rule as a table. The words are those of the API. */
#include "alerts/closing.h"

#include <glib.h>

#include <string.h>

typedef struct {
    const char *name;
    const char *decisions; /* separated by spaces: a state, or the reason of a suppression */
    ClosingOutcome outcome;
} Row;

static const Row table[] = {
    {"nothing decided", "", CLOSING_SILENT},
    /* one decision */
    {"accepted", "accepted", CLOSING_TOLD},
    {"held", "held", CLOSING_ON_ITS_WAY},
    {"queued", "queued", CLOSING_ON_ITS_WAY},
    {"sending", "sending", CLOSING_ON_ITS_WAY},
    {"deferred", "deferred", CLOSING_ON_ITS_WAY},
    {"uncertain", "uncertain", CLOSING_ON_ITS_WAY},
    {"rejected", "rejected", CLOSING_NOT_TOLD},
    {"expired", "expired", CLOSING_NOT_TOLD},
    {"bounced", "bounced", CLOSING_NOT_TOLD},
    {"recipient removed", "cancelled", CLOSING_NOT_TOLD},
    {"cancelled by a person", "cancelled_by_hand", CLOSING_SILENT},
    {"no recipients", "no_recipients", CLOSING_NOT_TOLD},
    {"own address", "own_address", CLOSING_NOT_TOLD},
    {"muted", "muted", CLOSING_NOT_TOLD},
    {"left", "left_ticket", CLOSING_NOT_TOLD},
    {"suppressed address", "address_suppressed", CLOSING_NOT_TOLD},
    {"imported", "imported", CLOSING_SILENT},
    {"server inactive", "alerts_server_inactive", CLOSING_SILENT},
    {"switched off", "alert_disabled", CLOSING_SILENT},
    {"not wanted", "not_wanted", CLOSING_SILENT},
    /* several */
    {"one of two", "rejected accepted", CLOSING_TOLD},
    {"the other of two", "accepted rejected", CLOSING_TOLD},
    {"told although one waits", "queued accepted", CLOSING_TOLD},
    {"told although one bounced", "bounced accepted", CLOSING_TOLD},
    {"one still waits", "rejected uncertain expired", CLOSING_ON_ITS_WAY},
    {"suppressed, one waits", "address_suppressed deferred", CLOSING_ON_ITS_WAY},
    {"all failed", "rejected expired bounced cancelled muted", CLOSING_NOT_TOLD},
    {"one failed, one cancelled by a person", "rejected cancelled_by_hand", CLOSING_NOT_TOLD},
    {"all chosen", "not_wanted not_wanted cancelled_by_hand", CLOSING_SILENT},
    {"silence, then one by hand failed", "not_wanted rejected", CLOSING_NOT_TOLD},
    {"silence, then one by hand", "alert_disabled accepted", CLOSING_TOLD},
    {"silence, then one by hand waits", "not_wanted queued", CLOSING_ON_ITS_WAY},
    {"failed, then one by hand", "rejected rejected accepted", CLOSING_TOLD},
};

static ClosingDecision decision_of(const char *word)
{
    ClosingDecision decision = {.decision = DECISION_SEND, .reason = REASON_TICKET_CLOSED};
    if (strcmp(word, "cancelled_by_hand") == 0) {
        decision.state = OUTBOX_CANCELLED;
        decision.by_person = true;
    } else if (!outbox_state_from_name(word, &decision.state)) {
        decision.decision = DECISION_SUPPRESS;
        /* What stands there means nothing. */
        decision.state = OUTBOX_ACCEPTED;
        g_assert_true(alert_reason_from_name(word, &decision.reason));
    }
    return decision;
}

static void test_row(gconstpointer data)
{
    const Row *row = data;
    g_auto(GStrv) words = g_strsplit(row->decisions, " ", -1);
    g_autoptr(GArray) decisions = g_array_new(FALSE, FALSE, sizeof(ClosingDecision));
    for (char **word = words; *word != NULL && **word != '\0'; word++) {
        ClosingDecision decision = decision_of(*word);
        g_array_append_val(decisions, decision);
    }
    g_assert_cmpint(closing_judge((const ClosingDecision *)(void *)decisions->data, decisions->len),
                    ==, row->outcome);
}

/* Every state and every reason stands in the table by itself; a new one must be thought about. */
static void test_complete(void)
{
    static const char *const of_sent[] = {"brake", "new_ticket", "ticket_closed", "sent_by_hand",
                                          NULL};
    g_autoptr(GHashTable) alone = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        g_hash_table_add(alone, (char *)table[i].decisions);
    for (int i = 0; i < OUTBOX_N_STATES; i++)
        g_assert_true(g_hash_table_contains(alone, outbox_state_name((OutboxState)i)));
    for (int i = 0; i < REASON_N; i++) {
        const char *name = alert_reason_name((AlertReason)i);
        if (!g_str_has_prefix(name, "created_by_") && !g_strv_contains(of_sent, name))
            g_assert_true(g_hash_table_contains(alone, name));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/closing/%s", table[i].name);
        g_test_add_data_func(path, &table[i], test_row);
    }
    g_test_add_func("/alerts/closing/complete", test_complete);
    return g_test_run();
}
