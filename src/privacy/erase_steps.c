/* SPDX-License-Identifier: Apache-2.0 */
/* What an erasure does, step by step; each look of a step is bounded, and ends where nothing is
 * left. */
#include "privacy/erase-private.h"

#include "alerts/alert.h"
#include "alerts/closing.h"
#include "base/error.h"
#include "base/json.h"
#include "outbox/outbox.h"
#include "privacy/erase.h"
#include "privacy/erase_tables.h"
#include "records/contact.h"
#include "records/session.h"
#include "records/suppression.h"
#include "records/ticket.h"

#include <string.h>

#define CANCEL_MAX   200
#define MAILS_MAX    200
#define MESSAGES_MAX 200
#define RAWS_MAX     20
#define ANSWERS_MAX  200

#define NOT_FINAL                                                                                  \
    "(state = 'held' OR state = 'queued' OR state = 'sending' OR state = 'deferred'"               \
    " OR state = 'uncertain')"

/* ---- what waits ---- */

/* Two patterns may let one through: "%ann%x.example%" and "%joann%x.example%". */
static bool has_id(const GArray *ids, int64_t id)
{
    for (guint i = 0; i < ids->len; i++)
        if (g_array_index(ids, int64_t, i) == id)
            return true;
    return false;
}

GArray *erasure_waiting(DbTx *tx, const ErasedWords *words, bool *sending, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < erased_n_patterns(words); i++) {
        DbRows *rows = db_query(tx, error,
                                "SELECT id, recipient, state FROM outbox WHERE " NOT_FINAL
                                " AND lower(recipient) LIKE $1 ESCAPE '!' ORDER BY id",
                                "s", erased_pattern(words, i));
        if (rows == NULL)
            return NULL;
        while (db_rows_next(rows)) {
            int64_t id = db_rows_int(rows, 0);
            if (erased_address(words, db_rows_text(rows, 1)) == NULL || has_id(ids, id))
                continue;
            g_array_append_val(ids, id);
            *sending = *sending || strcmp(db_rows_text(rows, 2), "sending") == 0;
        }
        if (!db_rows_end(rows, error))
            return NULL;
    }
    return g_steal_pointer(&ids);
}

bool erasure_refuse_sending(GError **error)
{
    error_set_problem(error, TD_ERROR_CONFLICT, "being-sent", NULL,
                      "A mail to this person is being sent at this very moment; try again in a"
                      " minute");
    return false;
}

/* ---- the steps ---- */

/* One look of a step; *end: the next step comes. */
typedef bool (*Step)(ErasureWork *work, bool *end, GError **error);

/* Each locks its ticket before it touches the outbox, as every use case does. */
static bool cancel_one(ErasureWork *work, int64_t id, GError **error)
{
    DbTx *tx = work->erasing.tx;
    g_autoptr(OutboxMessage) message = outbox_load(tx, id, error);
    int64_t ticket = 0;
    bool closed;
    int64_t not_told_at;
    if (message == NULL ||
        (strcmp(message->kind, OUTBOX_KIND_ALERT) == 0 &&
         !closing_of_alert(tx, message->ref, &ticket, error)) ||
        (ticket != 0 && !ticket_hold(tx, ticket, &closed, &not_told_at, error)))
        return false;
    work->erasing.changed++;
    return outbox_cancel(tx, id, OUTBOX_CANCELLED_ERASED, work->erasing.now_us, error) &&
           (ticket == 0 || closing_review(tx, ticket, work->erasing.now_us, NULL, error));
}

static bool cancel_waiting(ErasureWork *work, bool *end, GError **error)
{
    bool sending = false;
    g_autoptr(GArray) waiting =
        erasure_waiting(work->erasing.tx, work->erasing.words, &sending, error);
    if (waiting == NULL)
        return false;
    if (sending)
        return erasure_refuse_sending(error);
    for (guint i = 0; i < waiting->len && i < CANCEL_MAX; i++)
        if (!cancel_one(work, g_array_index(waiting, int64_t, i), error))
            return false;
    *end = waiting->len <= CANCEL_MAX;
    return true;
}

static bool erase_contact(ErasureWork *work, int64_t id, GError **error)
{
    DbTx *tx = work->erasing.tx;
    g_autoptr(Contact) contact = contact_lock(tx, id, error);
    if (contact == NULL)
        return false;
    const char *by = erased_address(work->erasing.words, contact->email_key);
    if (by == NULL)
        return true; /* done in an earlier pass */
    work->erasing.changed++;
    return db_exec(tx, NULL, error,
                   "UPDATE contact SET name = $2, email = $3, email_key = $3, emails = '[]',"
                   " on_every_ticket = 0, active = 0, language = NULL, sees = NULL WHERE id = $1",
                   "iss", id, erased_name(work->erasing.words), by) &&
           db_exec(tx, NULL, error, "DELETE FROM contact_address WHERE contact = $1", "i", id) &&
           db_exec(tx, NULL, error,
                   "INSERT INTO contact_address (contact, email_key) VALUES ($1, $2)", "is", id,
                   by) &&
           session_end_all(tx, SESSION_CONTACT, id, 0, error);
}

/* Nothing is ever sent to a pseudonym, and the address itself is forgotten. */
static bool move_suppression(ErasureWork *work, const char *key, const char *by, GError **error)
{
    DbTx *tx = work->erasing.tx;
    bool was, added;
    g_autofree char *evidence = suppression_evidence_of_person("Tidings", "This person was erased");
    const Suppression suppression = {.email = (char *)by,
                                     .email_key = (char *)by,
                                     .reason = (char *)SUPPRESSION_BY_PERSON,
                                     .evidence = evidence,
                                     .since = work->erasing.now_us};
    if (!suppression_remove(tx, key, &was, error) ||
        !suppression_add(tx, &suppression, &added, error))
        return false;
    work->erasing.changed += was || added;
    return db_exec(tx, NULL, error, "DELETE FROM session WHERE email = $1", "s", key);
}

static bool erase_identity(ErasureWork *work, bool *end, GError **error)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(work->person, "contacts"), i, one)
    {
        if (!erase_contact(work, json_integer_value(one), error))
            return false;
    }
    json_array_foreach(json_object_get(work->person, "addresses"), i, one)
    {
        if (!move_suppression(work, json_get_text(one, "key"), json_get_text(one, "pseudonym"),
                              error))
            return false;
    }
    *end = true;
    return true;
}

/* How far one look at a table goes; 0: there is nothing more. */
static bool look_to(ErasureWork *work, const char *sql, int64_t rows, int64_t *upto, GError **error)
{
    bool found;
    *upto = 0;
    return db_query_int(work->erasing.tx, &found, upto, error, sql, "ii", work->cursor, rows);
}

static bool is_contact(const ErasureWork *work, int64_t id)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(work->person, "contacts"), i, one)
    {
        if (json_integer_value(one) == id)
            return true;
    }
    return false;
}

/* Takes `rows`, which may be NULL with an error: the first column where `is_theirs` of the others
 * says so. */
typedef bool (*IsTheirs)(const ErasureWork *work, const DbRows *rows);
static GArray *take_theirs(ErasureWork *work, DbRows *rows, IsTheirs is_theirs, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        if (is_theirs(work, rows))
            g_array_append_val(ids, id);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&ids) : NULL;
}

static bool has_their_address(const ErasureWork *work, const DbRows *rows)
{
    return erased_address(work->erasing.words, db_rows_text(rows, 1)) != NULL;
}

static bool delete_raw(ErasureWork *work, int64_t mail, GError **error)
{
    int64_t changed;
    if (!db_exec(work->erasing.tx, &changed, error, "DELETE FROM inbound_raw WHERE mail = $1", "i",
                 mail))
        return false;
    work->erasing.changed += changed;
    return true;
}

/* What they wrote by mail: as it came it is deleted, and what still waited for a person does no
 * more. */
static bool erase_own_mails(ErasureWork *work, bool *end, GError **error)
{
    DbTx *tx = work->erasing.tx;
    int64_t upto;
    if (!look_to(work,
                 "SELECT COALESCE(MAX(id), 0) FROM (SELECT id FROM inbound_mail WHERE id > $1"
                 " ORDER BY id LIMIT $2) AS seen",
                 MAILS_MAX, &upto, error))
        return false;
    *end = upto == 0;
    if (*end)
        return true;
    g_autoptr(GArray) mails = take_theirs(
        work,
        db_query(tx, error, "SELECT id, from_key FROM inbound_mail WHERE id > $1 AND id <= $2",
                 "ii", work->cursor, upto),
        has_their_address, error);
    for (guint i = 0; mails != NULL && i < mails->len; i++) {
        int64_t id = g_array_index(mails, int64_t, i);
        if (!delete_raw(work, id, error) ||
            !db_exec(tx, NULL, error,
                     "UPDATE inbound_mail SET state = 'discarded', reason = 'erased'"
                     " WHERE id = $1 AND state IN ('unmatched', 'quarantined')",
                     "i", id))
            return false;
    }
    work->cursor = upto;
    return mails != NULL;
}

static bool is_their_message(const ErasureWork *work, const DbRows *rows)
{
    return erased_address(work->erasing.words, db_rows_text(rows, 1)) != NULL ||
           (g_strcmp0(db_rows_text(rows, 2), "customer") == 0 &&
            is_contact(work, db_rows_int(rows, 3)));
}

/* Their files; that they were there stays. */
static bool erase_own_attachments(ErasureWork *work, bool *end, GError **error)
{
    DbTx *tx = work->erasing.tx;
    int64_t upto;
    if (!look_to(work,
                 "SELECT COALESCE(MAX(id), 0) FROM (SELECT id FROM ticket_message WHERE id > $1"
                 " ORDER BY id LIMIT $2) AS seen",
                 MESSAGES_MAX, &upto, error))
        return false;
    *end = upto == 0 || work->erasing.keep_tickets;
    if (*end)
        return true;
    g_autoptr(GArray) messages =
        take_theirs(work,
                    db_query(tx, error,
                             "SELECT id, from_key, author_kind, author_id FROM ticket_message"
                             " WHERE id > $1 AND id <= $2",
                             "ii", work->cursor, upto),
                    is_their_message, error);
    for (guint i = 0; messages != NULL && i < messages->len; i++) {
        int64_t changed;
        if (!db_exec(tx, &changed, error,
                     "UPDATE attachment SET name = 'erased', content = $2, bytes = 0, hash = ''"
                     " WHERE message = $1 AND hash <> ''",
                     "ib", g_array_index(messages, int64_t, i), "", (size_t)0))
            return false;
        work->erasing.changed += changed;
    }
    work->cursor = upto;
    return messages != NULL;
}

static bool has_their_contact(const ErasureWork *work, const DbRows *rows)
{
    return is_contact(work, db_rows_int(rows, 1));
}

static bool note_tickets(ErasureWork *work, bool *end, GError **error)
{
    int64_t upto;
    if (!look_to(work,
                 "SELECT COALESCE(MAX(id), 0) FROM (SELECT number AS id FROM ticket"
                 " WHERE number > $1 ORDER BY number LIMIT $2) AS seen",
                 10 * MESSAGES_MAX, &upto, error))
        return false;
    *end = upto == 0;
    if (*end)
        return true;
    g_autoptr(GArray) tickets =
        take_theirs(work,
                    db_query(work->erasing.tx, error,
                             "SELECT number, contact FROM ticket WHERE number > $1 AND number <= $2"
                             " AND contact IS NOT NULL",
                             "ii", work->cursor, upto),
                    has_their_contact, error);
    for (guint i = 0; tickets != NULL && i < tickets->len; i++)
        if (!erased_note_ticket(&work->erasing, g_array_index(tickets, int64_t, i), error))
            return false;
    work->cursor = upto;
    return tickets != NULL;
}

/* Answers kept for a repetition: less than a day's. */
static bool erase_answers(ErasureWork *work, bool *end, GError **error)
{
    DbTx *tx = work->erasing.tx;
    *end = true;
    for (guint i = 0; i < erased_n_patterns(work->erasing.words); i++) {
        DbRows *rows = db_query(tx, error,
                                "SELECT token, key, response FROM idempotency"
                                " WHERE lower(response) LIKE $1 ESCAPE '!' LIMIT $2",
                                "si", erased_pattern(work->erasing.words, i), (int64_t)ANSWERS_MAX);
        if (rows == NULL)
            return false;
        g_autoptr(GPtrArray) writes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(int64_t));
        while (db_rows_next(rows)) {
            char *other = erased_json(work->erasing.words, db_rows_text(rows, 2));
            if (other == NULL)
                continue;
            int64_t token = db_rows_int(rows, 0);
            g_array_append_val(tokens, token);
            g_ptr_array_add(writes, db_rows_dup(rows, 1));
            g_ptr_array_add(writes, other);
        }
        if (!db_rows_end(rows, error))
            return false;
        for (guint j = 0; j < tokens->len; j++)
            if (!db_exec(tx, NULL, error,
                         "UPDATE idempotency SET response = $3 WHERE token = $1 AND key = $2",
                         "iss", g_array_index(tokens, int64_t, j), writes->pdata[2 * j],
                         writes->pdata[2 * j + 1]))
                return false;
        work->erasing.changed += tokens->len;
        *end = *end && tokens->len < ANSWERS_MAX;
    }
    return true;
}

/* Mails of others that name them in a header, or in a text that is not encoded. */
static bool mail_names_them(const ErasureWork *work, const DbRows *rows)
{
    size_t bytes;
    const void *content = db_rows_blob(rows, 1, &bytes);
    g_autofree char *text = g_strndup(content != NULL ? content : "", bytes);
    for (size_t i = 0; i < bytes; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    g_autofree char *other = erased_text(work->erasing.words, text);
    return other != NULL;
}

static bool erase_raws(ErasureWork *work, bool *end, GError **error)
{
    int64_t upto;
    if (!look_to(work,
                 "SELECT COALESCE(MAX(id), 0) FROM (SELECT mail AS id FROM inbound_raw"
                 " WHERE mail > $1 ORDER BY mail LIMIT $2) AS seen",
                 RAWS_MAX, &upto, error))
        return false;
    *end = upto == 0;
    if (*end)
        return true;
    g_autoptr(GArray) mails =
        take_theirs(work,
                    db_query(work->erasing.tx, error,
                             "SELECT mail, content FROM inbound_raw WHERE mail > $1 AND mail <= $2",
                             "ii", work->cursor, upto),
                    mail_names_them, error);
    for (guint i = 0; mails != NULL && i < mails->len; i++)
        if (!delete_raw(work, g_array_index(mails, int64_t, i), error))
            return false;
    work->cursor = upto;
    return mails != NULL;
}

/* One ticket they stood on, under its lock. */
static bool erase_ticket(ErasureWork *work, bool *end, GError **error)
{
    DbTx *tx = work->erasing.tx;
    bool found, closed;
    int64_t ticket = 0, not_told_at, changed;
    if (!db_query_int(tx, &found, &ticket, error,
                      "SELECT ticket FROM erasure_ticket WHERE erasure = $1 AND ticket > $2"
                      " ORDER BY ticket LIMIT 1",
                      "ii", work->erasing.erasure, work->cursor))
        return false;
    *end = !found;
    if (!found)
        return true;
    if (!ticket_hold(tx, ticket, &closed, &not_told_at, error) ||
        !db_exec(tx, &changed, error,
                 "DELETE FROM inbound_raw WHERE mail IN (SELECT id FROM inbound_mail"
                 " WHERE ticket = $1)",
                 "i", ticket))
        return false;
    work->erasing.changed += changed;
    for (size_t i = 0; i < erased_n_tables; i++)
        if (!erased_table_of_ticket(&work->erasing, &erased_tables[i], ticket, error))
            return false;
    work->cursor = ticket;
    return true;
}

static const struct {
    const char *name;
    Step run;
} first_steps[] =
    {
        {"cancelled", cancel_waiting}, {"contact", erase_identity},
        {"mails", erase_own_mails},    {"attachments", erase_own_attachments},
        {"tickets", note_tickets},
},
  last_steps[] = {
      {"answers", erase_answers},
      {"mails", erase_raws},
      {"texts", erase_ticket},
};
#define N_FIRST ((int64_t)G_N_ELEMENTS(first_steps))
#define N_LAST  ((int64_t)G_N_ELEMENTS(last_steps))

int64_t erasure_n_steps(void)
{
    return N_FIRST + (int64_t)erased_n_tables + N_LAST;
}

const char *erasure_run(ErasureWork *work, bool *end, bool *well, GError **error)
{
    int64_t n_tables = (int64_t)erased_n_tables;
    if (work->step < N_FIRST) {
        *well = first_steps[work->step].run(work, end, error);
        return first_steps[work->step].name;
    }
    int64_t table = work->step - N_FIRST;
    if (table < n_tables) {
        *well =
            erased_table_sweep(&work->erasing, &erased_tables[table], &work->cursor, end, error);
        return erased_tables[table].name;
    }
    *well = last_steps[table - n_tables].run(work, end, error);
    return last_steps[table - n_tables].name;
}
