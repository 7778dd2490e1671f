/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flag is set by what is final and cleared by what succeeds; a retry leaves it until somebody
 * has been told, so that a ticket does not leave the list for the days that the retry may take.
 *
 * Two alerts of one closing may fail in two transactions at once. Each writes its own outbox row
 * first, then locks the ticket, then reads: on PostgreSQL (READ COMMITTED) the reading statement
 * begins when the lock is held, so the later one sees what the earlier has committed. For the same
 * reason whatever moves a mail from failed to waiting holds the ticket's lock: an acceptance, which
 * does not wait for the lock where there is nothing to clear, can then never be overtaken by a
 * review that has not seen the retry.
 */
#include "alerts/closing.h"

#include "alerts/alert.h"
#include "outbox/outbox.h"
#include "records/ticket.h"

/* Whether the desk, or a person, chose that this alert tells nobody. */
static bool chosen(const ClosingDecision *decision)
{
    if (decision->decision != DECISION_SUPPRESS)
        return decision->state == OUTBOX_CANCELLED && decision->by_person;
    switch (decision->reason) {
    case REASON_IMPORTED:
    case REASON_ALERTS_SERVER_INACTIVE:
    case REASON_ALERT_DISABLED:
    case REASON_NOT_WANTED:
    case REASON_CREATED_BY_CUSTOMER_EMAIL: /* these three are never a closing's */
    case REASON_CREATED_BY_AUTOMATED_EMAIL:
    case REASON_CREATED_BY_CUSTOMER_WEB:
        return true;
    default:
        return false;
    }
}

ClosingOutcome closing_judge(const ClosingDecision *decisions, size_t n)
{
    bool waiting = false;
    bool failed = false;
    for (size_t i = 0; i < n; i++) {
        const ClosingDecision *decision = &decisions[i];
        bool has_mail = decision->decision != DECISION_SUPPRESS;
        if (has_mail && decision->state == OUTBOX_ACCEPTED)
            return CLOSING_TOLD;
        if (has_mail && !outbox_state_is_final(decision->state))
            waiting = true;
        else if (!chosen(decision))
            failed = true;
    }
    if (waiting)
        return CLOSING_ON_ITS_WAY;
    return failed ? CLOSING_NOT_TOLD : CLOSING_SILENT;
}

/* ---- the flag ---- */

static void append(GArray *decisions, const DbRows *rows)
{
    ClosingDecision decision = {0};
    alert_decision_from_name(db_rows_text(rows, 0), &decision.decision);
    alert_reason_from_name(db_rows_text(rows, 1), &decision.reason);
    bool has_state = outbox_state_from_name(db_rows_text(rows, 2), &decision.state);
    const char *why = db_rows_text(rows, 3);
    decision.by_person = g_strcmp0(why, OUTBOX_CANCELLED_BY_HAND) == 0 ||
                         g_strcmp0(why, OUTBOX_CANCELLED_ERASED) == 0;
    /* A mail that has left the outbox since says nothing any more. */
    if (decision.decision == DECISION_SUPPRESS || has_state)
        g_array_append_val(decisions, decision);
}

static bool judge(DbTx *tx, int64_t ticket, ClosingOutcome *outcome, GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 "SELECT a.decision, a.reason, o.state, o.state_reason FROM alert a"
                 " JOIN event e ON e.id = a.event LEFT JOIN outbox o"
                 " ON o.kind = '" OUTBOX_KIND_ALERT "' AND o.ref = a.id"
                 " WHERE a.ticket = $1 AND a.kind = 'ticket_closed' AND e.version >="
                 " (SELECT MAX(version) FROM event WHERE ticket = $1 AND kind = 'closed')",
                 "i", ticket);
    if (rows == NULL)
        return false;
    g_autoptr(GArray) decisions = g_array_new(FALSE, FALSE, sizeof(ClosingDecision));
    while (db_rows_next(rows))
        append(decisions, rows);
    if (!db_rows_end(rows, error))
        return false;
    *outcome = closing_judge((const ClosingDecision *)(void *)decisions->data, decisions->len);
    return true;
}

bool closing_review(DbTx *tx, int64_t ticket, int64_t now_us, int64_t *not_told_at, GError **error)
{
    bool closed;
    int64_t was;
    ClosingOutcome outcome;
    if (!ticket_hold(tx, ticket, &closed, &was, error))
        return false;
    int64_t is = was;
    if (closed) {
        if (!judge(tx, ticket, &outcome, error))
            return false;
        if (outcome == CLOSING_NOT_TOLD && was == 0)
            is = now_us;
        else if (outcome == CLOSING_TOLD || outcome == CLOSING_SILENT)
            is = 0;
    }
    if (is != was && !ticket_set_not_told(tx, ticket, is, error))
        return false;
    if (not_told_at != NULL)
        *not_told_at = is;
    return true;
}

bool closing_of_alert(DbTx *tx, int64_t alert, int64_t *ticket, GError **error)
{
    bool found;
    int64_t number = 0;
    if (!db_query_int(tx, &found, &number, error,
                      "SELECT ticket FROM alert WHERE id = $1 AND kind = 'ticket_closed'", "i",
                      alert))
        return false;
    *ticket = found ? number : 0;
    return true;
}

bool closing_told(DbTx *tx, int64_t ticket, int64_t now_us, GError **error)
{
    bool flagged;
    int64_t number;
    if (!db_query_int(tx, &flagged, &number, error,
                      "SELECT number FROM ticket WHERE number = $1 AND not_told_at IS NOT NULL",
                      "i", ticket))
        return false;
    /* It may have been the mail of an earlier closing, which says nothing about the newest. */
    return !flagged || closing_review(tx, ticket, now_us, NULL, error);
}
