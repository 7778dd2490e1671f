/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "records/ticket_message.h"

#define COLUMNS                                                                                    \
    "id, ticket, message, to_employee, recipient, recipient_key, recipient_name, reason, "         \
    "template,"                                                                                    \
    " template_version, language, decided_at"

#define REFERENCES_MAX 20

static const char *const reason_names[COPY_N_REASONS] = {
    [COPY_ANSWERED] = "answered",
    [COPY_SERVER_INACTIVE] = "alerts_server_inactive",
    [COPY_NO_RECIPIENTS] = "no_recipients",
    [COPY_OWN_ADDRESS] = "own_address",
    [COPY_AUTHOR] = "author",
    [COPY_MUTED] = "muted",
    [COPY_LEFT_TICKET] = "left_ticket",
    [COPY_ADDRESS_SUPPRESSED] = "address_suppressed",
    [COPY_EMPLOYEE_INACTIVE] = "employee_inactive",
};

const char *copy_reason_name(CopyReason reason)
{
    return reason_names[reason];
}

void message_copy_free(MessageCopy *copy)
{
    if (copy == NULL)
        return;
    g_free(copy->recipient);
    g_free(copy->recipient_key);
    g_free(copy->recipient_name);
    g_free(copy->language);
    g_free(copy);
}

static MessageCopy *from_row(const DbRows *rows)
{
    MessageCopy *copy = g_new0(MessageCopy, 1);
    copy->id = db_rows_int(rows, 0);
    copy->ticket = db_rows_int(rows, 1);
    copy->message = db_rows_int(rows, 2);
    copy->to_employee = db_rows_int(rows, 3) != 0;
    copy->recipient = db_rows_dup(rows, 4);
    copy->recipient_key = db_rows_dup(rows, 5);
    copy->recipient_name = db_rows_dup(rows, 6);
    for (int i = 0; i < COPY_N_REASONS; i++)
        if (g_strcmp0(reason_names[i], db_rows_text(rows, 7)) == 0)
            copy->reason = (CopyReason)i;
    copy->template_id = db_rows_int(rows, 8);
    copy->template_version = db_rows_int(rows, 9);
    copy->language = db_rows_dup(rows, 10);
    copy->decided_at = db_rows_int(rows, 11);
    return copy;
}

bool message_copy_insert(DbTx *tx, MessageCopy *copy, GError **error)
{
    return db_insert(tx, &copy->id, error,
                     "INSERT INTO message_copy (ticket, message, to_employee, recipient,"
                     " recipient_key, recipient_name, decision, reason, template,"
                     " template_version, language, decided_at)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id",
                     "iiisssssnnsi", copy->ticket, copy->message, (int64_t)copy->to_employee,
                     copy->recipient, copy->recipient_key, copy->recipient_name,
                     copy->reason == COPY_ANSWERED ? "send" : "suppress",
                     reason_names[copy->reason], copy->template_id, copy->template_version,
                     copy->language, copy->decided_at);
}

MessageCopy *message_copy_load(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT " COLUMNS " FROM message_copy WHERE id = $1", "i", id);
    if (rows == NULL)
        return NULL;
    g_autoptr(MessageCopy) copy = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (copy == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-copy", NULL,
                          "There is no copy %" G_GINT64_FORMAT " of a message", id);
    return g_steal_pointer(&copy);
}

GPtrArray *message_copy_list(DbTx *tx, int64_t message, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT " COLUMNS " FROM message_copy WHERE message = $1 ORDER BY id",
                 "i", message);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)message_copy_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

void message_reference_clear(MessageReference *reference)
{
    g_free(reference->message_id);
}

GArray *message_references(DbTx *tx, const MessageCopy *copy, int64_t version, GError **error)
{
    DbRows *rows = db_query(
        tx, error,
        "SELECT kind, id, message_id FROM ("
        "SELECT 1 AS kind, a.id AS id, NULL AS message_id, e.version AS version"
        " FROM alert a JOIN event e ON e.id = a.event WHERE a.ticket = $1"
        " AND a.recipient_key = $2 AND a.decision <> 'suppress'"
        " UNION ALL SELECT 2, c.id, NULL, e.version FROM message_copy c"
        " JOIN ticket_message m ON m.id = c.message JOIN event e ON e.id = m.event"
        " WHERE c.ticket = $1 AND c.recipient_key = $2 AND c.decision = 'send'"
        " UNION ALL SELECT 3, m.id, m.message_id, e.version FROM ticket_message m"
        " JOIN event e ON e.id = m.event"
        " WHERE m.ticket = $1 AND m.from_key = $2 AND m.message_id IS NOT NULL"
        ") AS earlier WHERE version < $3 ORDER BY version DESC, kind DESC, id DESC LIMIT $4",
        "isii", copy->ticket, copy->recipient_key, version, (int64_t)REFERENCES_MAX);
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(MessageReference));
    g_array_set_clear_func(list, (GDestroyNotify)message_reference_clear);
    while (db_rows_next(rows)) {
        MessageReference reference = {.kind = (MessageReferenceKind)db_rows_int(rows, 0),
                                      .id = db_rows_int(rows, 1),
                                      .message_id = db_rows_dup(rows, 2)};
        g_array_prepend_val(list, reference);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
