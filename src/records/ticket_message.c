/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ticket_message.h"

#include "base/error.h"

#define COLUMNS                                                                                    \
    "m.id, m.ticket, m.event, m.kind, m.visibility, m.author_kind, m.author_id, m.author_name,"    \
    " m.channel, m.incoming, m.subject, m.body_text, m.quoted, m.body_html, m.from_address,"       \
    " m.from_key, m.sender, m.message_id, m.in_reply_to, m.hops, m.at,"                            \
    " (SELECT e.version FROM event e WHERE e.id = m.event)"

static const char *const kind_names[MESSAGE_N_KINDS] = {
    [MESSAGE_ANSWER] = "answer",
    [MESSAGE_AUTO_RESPONSE] = "auto_response",
    [MESSAGE_AUTOMATIC] = "automatic",
};

static const char *const visibility_names[MESSAGE_N_VISIBILITIES] = {
    [MESSAGE_PUBLIC] = "public",
    [MESSAGE_INTERNAL] = "internal",
};

static const char *const sender_names[MESSAGE_N_SENDERS] = {
    [MESSAGE_SENDER_UNKNOWN] = "unknown",
    [MESSAGE_SENDER_VERIFIED] = "verified",
    [MESSAGE_SENDER_NOT_VERIFIED] = "not_verified",
};

const char *message_kind_name(MessageKind kind)
{
    return kind_names[kind];
}

const char *message_visibility_name(MessageVisibility visibility)
{
    return visibility_names[visibility];
}

const char *message_sender_name(MessageSender sender)
{
    return sender_names[sender];
}

/* The name's place; n where it is none of them. */
static int find_name(const char *const *names, int n, const char *name)
{
    int i = 0;
    while (i < n && g_strcmp0(names[i], name) != 0)
        i++;
    return i;
}

bool message_visibility_from_name(const char *name, MessageVisibility *visibility)
{
    int found = find_name(visibility_names, MESSAGE_N_VISIBILITIES, name);
    if (found == MESSAGE_N_VISIBILITIES)
        return false;
    *visibility = (MessageVisibility)found;
    return true;
}

void ticket_message_free(TicketMessage *message)
{
    if (message == NULL)
        return;
    actor_clear(&message->author);
    g_free(message->subject);
    g_free(message->text);
    g_free(message->quoted);
    g_free(message->html);
    g_free(message->from);
    g_free(message->from_key);
    g_free(message->message_id);
    g_free(message->in_reply_to);
    g_free(message);
}

static TicketMessage *from_row(const DbRows *rows)
{
    TicketMessage *message = g_new0(TicketMessage, 1);
    message->id = db_rows_int(rows, 0);
    message->ticket = db_rows_int(rows, 1);
    message->event = db_rows_int(rows, 2);
    message->kind = (MessageKind)find_name(kind_names, MESSAGE_N_KINDS - 1, db_rows_text(rows, 3));
    message_visibility_from_name(db_rows_text(rows, 4), &message->visibility);
    actor_kind_from_name(db_rows_text(rows, 5), &message->author.kind);
    message->author.id = db_rows_int(rows, 6);
    message->author.name = db_rows_dup(rows, 7);
    channel_from_name(db_rows_text(rows, 8), &message->author.channel);
    message->incoming = db_rows_int(rows, 9) != 0;
    message->subject = db_rows_dup(rows, 10);
    message->text = db_rows_dup(rows, 11);
    message->quoted = db_rows_dup(rows, 12);
    message->html = db_rows_dup(rows, 13);
    message->from = db_rows_dup(rows, 14);
    message->from_key = db_rows_dup(rows, 15);
    message->sender =
        (MessageSender)find_name(sender_names, MESSAGE_N_SENDERS - 1, db_rows_text(rows, 16));
    message->message_id = db_rows_dup(rows, 17);
    message->in_reply_to = db_rows_dup(rows, 18);
    message->hops = (int)db_rows_int(rows, 19);
    message->at = db_rows_int(rows, 20);
    message->version = db_rows_int(rows, 21);
    return message;
}

bool ticket_message_insert(DbTx *tx, TicketMessage *message, GError **error)
{
    return db_insert(
        tx, &message->id, error,
        "INSERT INTO ticket_message (ticket, event, kind, visibility, author_kind, author_id,"
        " author_name, channel, incoming, subject, body_text, quoted, body_html, from_address,"
        " from_key, sender, message_id, in_reply_to, hops, at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
        " $18, $19, $20) RETURNING id",
        "iisssnssisssssssssii", message->ticket, message->event, kind_names[message->kind],
        visibility_names[message->visibility], actor_kind_name(message->author.kind),
        message->author.id, message->author.name, channel_name(message->author.channel),
        (int64_t)message->incoming, message->subject, message->text, message->quoted, message->html,
        message->from, message->from_key, sender_names[message->sender], message->message_id,
        message->in_reply_to, (int64_t)message->hops, message->at);
}

TicketMessage *ticket_message_load(DbTx *tx, int64_t ticket, int64_t id, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT " COLUMNS " FROM ticket_message m WHERE m.id = $1"
                            " AND ($2 = 0 OR m.ticket = $2)",
                            "ii", id, ticket);
    if (rows == NULL)
        return NULL;
    g_autoptr(TicketMessage) message = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (message == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-message", NULL,
                          "There is no message %" G_GINT64_FORMAT "%s", id,
                          ticket != 0 ? " on this ticket" : "");
    return g_steal_pointer(&message);
}

/* Takes `rows`, which may be NULL with an error. */
static GPtrArray *take_list(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)ticket_message_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *ticket_message_list(DbTx *tx, int64_t ticket, int64_t after, int limit, GError **error)
{
    return take_list(db_query(tx, error,
                              "SELECT " COLUMNS
                              " FROM ticket_message m WHERE m.ticket IN (SELECT number"
                              " FROM ticket WHERE number = $1 OR merged_into = $1) AND m.id > $2 "
                              "ORDER BY m.id LIMIT $3",
                              "iii", ticket, after, (int64_t)limit),
                     error);
}

GPtrArray *ticket_message_list_public(DbTx *tx, int64_t ticket, int64_t before, int limit,
                                      GError **error)
{
    return take_list(db_query(tx, error,
                              "SELECT " COLUMNS " FROM ticket_message m WHERE m.id IN (SELECT n.id"
                              " FROM ticket_message n WHERE n.ticket = $1 AND n.kind = 'answer'"
                              " AND n.visibility = 'public' AND n.sender <> 'not_verified'"
                              " AND ($2 = 0 OR n.id < $2)"
                              " ORDER BY n.id DESC LIMIT $3) ORDER BY m.id",
                              "iii", ticket, before, (int64_t)limit),
                     error);
}

GPtrArray *ticket_message_list_recent(DbTx *tx, int64_t ticket, int limit, GError **error)
{
    return ticket_message_list_public(tx, ticket, 0, limit, error);
}
