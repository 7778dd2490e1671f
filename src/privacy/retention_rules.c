/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules. Each reads its table in the order of its ids, which is that of time but for what
 * several processes wrote at once: no index by time is needed, and no query looks at more rows than
 * it was told to.
 */
#include "alerts/alert.h"
#include "alerts/mail_kind.h"
#include "base/json.h"
#include "outbox/outbox.h"
#include "privacy/retention-private.h"
#include "records/event.h"

#define NOT_FINAL(state)                                                                           \
    "(" state " = 'held' OR " state " = 'queued' OR " state " = 'sending' OR " state               \
    " = 'deferred' OR " state " = 'uncertain')"

/* RetentionChance, as SQL has it. */
#define NEVER "0"
#define NOW   "1"
#define LATER "2"

/* A mail that is done with, and is not on its way to somebody else. */
#define MAIL_MAY_GO                                                                                \
    "CASE WHEN m.state NOT IN ('unmatched', 'quarantined') AND NOT EXISTS (SELECT 1"               \
    " FROM mail_forward f JOIN outbox o ON o.kind = 'forward' AND o.ref = f.id"                    \
    " WHERE f.mail = m.id AND " NOT_FINAL("o.state") ") AND m.received_at < $2 THEN " NOW          \
                                                     " ELSE " LATER " END"

/* A ticket that has been closed since then, and nobody is owed word of it. */
#define TICKET_IS_OLD                                                                              \
    "t.status >= 900 AND t.not_told_at IS NULL AND COALESCE(t.closed_at, t.updated_at) < $2"

/* Nothing of the ticket's is younger or on its way. */
#define ALL_OLD(number)                                                                            \
    "NOT EXISTS (SELECT 1 FROM alert b LEFT JOIN outbox o ON o.kind = 'alert' AND o.ref = b.id"    \
    " WHERE b.ticket = " number " AND (b.decided_at >= $2 OR " NOT_FINAL(                          \
        "o.state") "))"                                                                            \
                   " AND NOT EXISTS (SELECT 1 FROM message_copy d LEFT JOIN outbox o"              \
                   " ON o.kind IN ('message', 'auto_response') AND o.ref = d.id"                   \
                   " WHERE d.ticket = " number                                                     \
                   " AND (d.decided_at >= $2 OR " NOT_FINAL("o.state") "))"

/* ---- messages of the outbox ---- */

/* Counts it and takes it out with its tries; nothing where there is none. *state: a copy, NULL
 * where there was none. */
static bool remove_message(Removal *removal, const char *kind, int64_t ref, char **state,
                           GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(OutboxMessage) message = outbox_find(removal->tx, kind, ref, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    if (message == NULL)
        return true;
    if (!db_exec(removal->tx, NULL, error, "DELETE FROM outbox_attempt WHERE outbox = $1", "i",
                 message->id) ||
        !db_exec(removal->tx, NULL, error, "DELETE FROM outbox_early_bounce WHERE outbox = $1", "i",
                 message->id) ||
        !db_exec(removal->tx, NULL, error,
                 "UPDATE inbound_mail SET outbox = NULL WHERE outbox = $1", "i", message->id) ||
        !db_exec(removal->tx, NULL, error, "DELETE FROM outbox WHERE id = $1", "i", message->id))
        return false;
    const char *was = outbox_state_name(message->state);
    removed_counts_message(removal->counts, kind, was);
    if (state != NULL)
        *state = g_strdup(was);
    return true;
}

static bool remove_service_mail(Removal *removal, int64_t id, GError **error)
{
    g_autoptr(OutboxMessage) message = outbox_load(removal->tx, id, error);
    return message != NULL && remove_message(removal, message->kind, message->ref, NULL, error);
}

static bool remove_attempt(Removal *removal, int64_t id, GError **error)
{
    return db_exec(removal->tx, NULL, error, "DELETE FROM outbox_attempt WHERE id = $1", "i", id);
}

/* ---- decisions ---- */

/* Of an event all that is left is what it changed on its ticket. */
static bool remove_content(Removal *removal, int64_t event, GError **error)
{
    g_autoptr(Event) loaded = event_load(removal->tx, event, error);
    if (loaded == NULL)
        return false;
    json_auto_t *facts = json_loads(loaded->facts, 0, NULL);
    json_auto_t *left = json_object();
    if (json_object_get(facts, "changes") != NULL)
        json_object_set(left, "changes", json_object_get(facts, "changes"));
    g_autofree char *text = json_text(left);
    return db_exec(removal->tx, NULL, error,
                   "UPDATE event SET facts = $2, removed_at = $3,"
                   " removed_why = '" EVENT_REMOVED_RETENTION "'"
                   " WHERE id = $1 AND removed_at IS NULL",
                   "isi", event, text, removal->now_us);
}

static bool remove_alert(Removal *removal, int64_t id, GError **error)
{
    g_autoptr(Alert) alert = alert_load(removal->tx, id, error);
    g_autofree char *state = NULL;
    if (alert == NULL || !remove_message(removal, OUTBOX_KIND_ALERT, id, &state, error))
        return false;
    const CountedDecision counted = {.ledger = LEDGER_ALERT,
                                     .kind = alert_kind_name(alert->kind),
                                     .decision = alert_decision_name(alert->decision),
                                     .reason = alert_reason_name(alert->reason),
                                     .state = state != NULL ? state : "",
                                     .ticket = alert->ticket,
                                     .at = alert->decided_at};
    removed_counts_decision(removal->counts, &counted);
    return remove_content(removal, alert->event, error) &&
           db_exec(removal->tx, NULL, error, "DELETE FROM alert WHERE id = $1", "i", id);
}

static bool remove_copy(Removal *removal, int64_t id, GError **error)
{
    DbRows *rows = db_query(removal->tx, error,
                            "SELECT m.kind, c.decision, c.reason, c.ticket, c.decided_at"
                            " FROM message_copy c JOIN ticket_message m ON m.id = c.message"
                            " WHERE c.id = $1",
                            "i", id);
    if (rows == NULL)
        return false;
    db_rows_next(rows);
    g_autofree char *kind = db_rows_dup(rows, 0);
    g_autofree char *decision = db_rows_dup(rows, 1);
    g_autofree char *reason = db_rows_dup(rows, 2);
    int64_t ticket = db_rows_int(rows, 3);
    int64_t at = db_rows_int(rows, 4);
    g_autofree char *state = NULL;
    if (!db_rows_end(rows, error) ||
        !remove_message(removal, OUTBOX_KIND_MESSAGE, id, &state, error) ||
        (state == NULL && !remove_message(removal, OUTBOX_KIND_AUTO_RESPONSE, id, &state, error)))
        return false;
    const CountedDecision counted = {.ledger = LEDGER_COPY,
                                     .kind = kind,
                                     .decision = decision,
                                     .reason = reason,
                                     .state = state != NULL ? state : "",
                                     .ticket = ticket,
                                     .at = at};
    removed_counts_decision(removal->counts, &counted);
    return db_exec(removal->tx, NULL, error, "DELETE FROM message_copy WHERE id = $1", "i", id);
}

/* ---- mails that came in ---- */

static bool remove_raw(Removal *removal, int64_t id, GError **error)
{
    return db_exec(removal->tx, NULL, error, "DELETE FROM inbound_raw WHERE mail = $1", "i", id);
}

static bool count_responses(Removal *removal, int64_t mail, GError **error)
{
    DbRows *rows =
        db_query(removal->tx, error,
                 "SELECT decision, reason, at FROM auto_response WHERE mail = $1", "i", mail);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        const CountedDecision counted = {.ledger = LEDGER_AUTO_RESPONSE,
                                         .kind = "",
                                         .decision = db_rows_text(rows, 0),
                                         .reason = db_rows_text(rows, 1),
                                         .state = "",
                                         .at = db_rows_int(rows, 2)};
        removed_counts_decision(removal->counts, &counted);
    }
    return db_rows_end(rows, error);
}

static bool remove_forward(Removal *removal, int64_t mail, GError **error)
{
    bool found;
    int64_t forward = 0;
    return db_query_int(removal->tx, &found, &forward, error,
                        "SELECT id FROM mail_forward WHERE mail = $1", "i", mail) &&
           (!found || remove_message(removal, "forward", forward, NULL, error)) &&
           db_exec(removal->tx, NULL, error, "DELETE FROM mail_forward WHERE mail = $1", "i", mail);
}

static bool remove_mail(Removal *removal, int64_t id, GError **error)
{
    static const char *const statements[] = {
        "DELETE FROM inbound_raw WHERE mail = $1",
        "DELETE FROM auto_response WHERE mail = $1",
        "DELETE FROM inbound_key WHERE mail = $1",
        "UPDATE inbound_mail SET same_as = NULL WHERE same_as = $1",
        "DELETE FROM inbound_mail WHERE id = $1",
    };
    if (!count_responses(removal, id, error) || !remove_forward(removal, id, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++)
        if (!db_exec(removal->tx, NULL, error, statements[i], "i", id))
            return false;
    return true;
}

static bool remove_audit(Removal *removal, int64_t id, GError **error)
{
    return db_exec(removal->tx, NULL, error, "DELETE FROM audit WHERE id = $1", "i", id);
}

const RetentionRule retention_rules[] = {
    {"raw_mails", RETAIN_RAW_MAILS,
     "SELECT r.mail, m.received_at, " MAIL_MAY_GO
     " FROM inbound_raw r JOIN inbound_mail m ON m.id = r.mail"
     " WHERE r.mail > $1 ORDER BY r.mail LIMIT $3",
     remove_raw},
    {"inbox", RETAIN_INBOX,
     "SELECT m.id, m.received_at, " MAIL_MAY_GO
     " FROM inbound_mail m WHERE m.id > $1 ORDER BY m.id LIMIT $3",
     remove_mail},
    {"contents", RETAIN_CONTENTS,
     "SELECT e.id, e.at, CASE WHEN NOT " EVENT_TELLS " OR e.removed_at IS NOT NULL THEN " NEVER
     " WHEN e.at < $2 AND " TICKET_IS_OLD
     " AND NOT EXISTS (SELECT 1 FROM alert a JOIN outbox o ON o.kind = 'alert' AND o.ref = a.id"
     " WHERE a.event = e.id AND " NOT_FINAL(
         "o.state") ") THEN " NOW " ELSE " LATER " END"
                    " FROM event e JOIN ticket t ON t.number = e.ticket WHERE e.id > $1 ORDER BY "
                    "e.id LIMIT $3",
     remove_content},
    {"attempts", RETAIN_ATTEMPTS,
     "SELECT a.id, a.at, CASE WHEN a.at < $2 AND NOT " NOT_FINAL(
         "o.state") " THEN " NOW " ELSE " LATER
                    " END FROM outbox_attempt a JOIN outbox o ON o.id = a.outbox"
                    " WHERE a.id > $1 ORDER BY a.id LIMIT $3",
     remove_attempt},
    {"service_mails", RETAIN_SERVICE_MAILS,
     "SELECT o.id, o.updated_at, CASE WHEN o.kind NOT IN ('sign_in', 'held') THEN " NEVER
     " WHEN o.updated_at < $2 AND NOT " NOT_FINAL(
         "o.state") " THEN " NOW " ELSE " LATER " END"
                    " FROM outbox o WHERE o.id > $1 ORDER BY o.id LIMIT $3",
     remove_service_mail},
    {"decisions", RETAIN_DECISIONS,
     "SELECT a.id, a.decided_at, CASE WHEN a.decided_at < $2 AND " TICKET_IS_OLD
     " AND " ALL_OLD("a.ticket") " THEN " NOW " ELSE " LATER " END FROM alert a"
                                 " JOIN ticket t ON t.number = a.ticket"
                                 " WHERE a.id > $1 ORDER BY a.id LIMIT $3",
     remove_alert},
    {"copies", RETAIN_DECISIONS,
     "SELECT c.id, c.decided_at, CASE WHEN c.decided_at < $2 AND " TICKET_IS_OLD
     " AND " ALL_OLD("c.ticket") " THEN " NOW " ELSE " LATER " END FROM message_copy c"
                                 " JOIN ticket t ON t.number = c.ticket"
                                 " WHERE c.id > $1 ORDER BY c.id LIMIT $3",
     remove_copy},
    {"audit", RETAIN_AUDIT,
     "SELECT a.id, a.at, CASE WHEN a.at < $2 THEN " NOW " ELSE " LATER " END FROM audit a"
     " WHERE a.id > $1 ORDER BY a.id LIMIT $3",
     remove_audit},
};
const size_t retention_n_rules = G_N_ELEMENTS(retention_rules);
