/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which mails were sent to a customer. There is no index by address, which every alert would have
 * to be written into: they are looked for ticket by ticket.
 */
#include "alerts/mail_kind.h"
#include "desk/customer-private.h"

#include <string.h>

void customer_mail_free(CustomerMail *mail)
{
    if (mail == NULL)
        return;
    g_free(mail->title);
    g_free(mail->to);
    g_free(mail);
}

/* Columns: kind, recipient, its key, contact, decided at, reason, outbox state, accepted at. */
#define MAILS                                                                                      \
    "SELECT a.kind, a.recipient, a.recipient_key, COALESCE(a.contact, 0), a.decided_at, a.reason," \
    " o.state, o.accepted_at, a.id FROM alert a LEFT JOIN outbox o ON o.kind = 'alert'"            \
    " AND o.ref = a.id WHERE a.ticket = $1"                                                        \
    " UNION ALL SELECT m.kind, c.recipient, c.recipient_key, COALESCE((SELECT r.contact FROM"      \
    " recipient r WHERE r.ticket = c.ticket AND r.email_key = c.recipient_key), 0), c.decided_at," \
    " c.reason, o.state, o.accepted_at, c.id FROM message_copy c"                                  \
    " JOIN ticket_message m ON m.id = c.message LEFT JOIN outbox o ON o.ref = c.id"                \
    " AND o.kind = CASE WHEN m.kind = 'auto_response' THEN 'auto_response' ELSE 'message' END"     \
    " WHERE c.ticket = $1 AND c.to_employee = 0 ORDER BY 5 DESC, 9 DESC"

/* False for a decision that is the desk's business alone. */
static bool read_state(const char *reason, const char *state_name, CustomerMailState *result)
{
    static const CustomerMailState states[OUTBOX_N_STATES] = {
        [OUTBOX_HELD] = CUSTOMER_MAIL_HELD,
        [OUTBOX_QUEUED] = CUSTOMER_MAIL_ON_ITS_WAY,
        [OUTBOX_SENDING] = CUSTOMER_MAIL_ON_ITS_WAY,
        [OUTBOX_DEFERRED] = CUSTOMER_MAIL_ON_ITS_WAY,
        [OUTBOX_UNCERTAIN] = CUSTOMER_MAIL_PERHAPS_SENT,
        [OUTBOX_ACCEPTED] = CUSTOMER_MAIL_SENT,
        [OUTBOX_REJECTED] = CUSTOMER_MAIL_NOT_DELIVERED,
        [OUTBOX_EXPIRED] = CUSTOMER_MAIL_NOT_DELIVERED,
        [OUTBOX_BOUNCED] = CUSTOMER_MAIL_NOT_DELIVERED,
        [OUTBOX_CANCELLED] = CUSTOMER_MAIL_CANCELLED,
    };
    OutboxState state;
    if (state_name != NULL && outbox_state_from_name(state_name, &state)) {
        *result = states[state];
        return true;
    }
    if (strcmp(reason, "left_ticket") == 0)
        *result = CUSTOMER_MAIL_LEFT;
    else if (strcmp(reason, "address_suppressed") == 0)
        *result = CUSTOMER_MAIL_SUPPRESSED;
    else
        return false;
    return true;
}

static CustomerMailKind read_kind(const char *kind)
{
    if (strcmp(kind, "new_ticket") == 0)
        return CUSTOMER_MAIL_NEW_TICKET;
    if (strcmp(kind, "ticket_closed") == 0)
        return CUSTOMER_MAIL_TICKET_CLOSED;
    return strcmp(kind, "auto_response") == 0 ? CUSTOMER_MAIL_AUTO_RESPONSE : CUSTOMER_MAIL_ANSWER;
}

static bool add_mails(DbTx *tx, const Visitor *visitor, const Ticket *ticket, GPtrArray *mails,
                      GError **error)
{
    DbRows *rows = db_query(tx, error, MAILS, "i", ticket->number);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        CustomerMailState state;
        if (!customer_has_address(visitor, db_rows_text(rows, 2), db_rows_int(rows, 3)) ||
            !read_state(db_rows_text(rows, 5), db_rows_text(rows, 6), &state))
            continue;
        CustomerMail *mail = g_new0(CustomerMail, 1);
        mail->ticket = ticket->number;
        mail->title = g_strdup(ticket->title);
        mail->kind = read_kind(db_rows_text(rows, 0));
        mail->state = state;
        mail->to = db_rows_dup(rows, 1);
        int64_t accepted = db_rows_int(rows, 7);
        mail->at = accepted != 0 ? accepted : db_rows_int(rows, 4);
        g_ptr_array_add(mails, mail);
    }
    return db_rows_end(rows, error);
}

GPtrArray *customer_mails(DbTx *tx, const Visitor *visitor, int64_t before, int64_t *next,
                          GError **error)
{
    const CustomerFilter filter = {.before = before, .limit = CUSTOMER_MAIL_TICKETS + 1};
    g_autoptr(GPtrArray) tickets = customer_tickets(tx, visitor, &filter, error);
    g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func((GDestroyNotify)customer_mail_free);
    int64_t last = 0;
    for (guint i = 0; tickets != NULL && i < MIN(tickets->len, CUSTOMER_MAIL_TICKETS); i++) {
        const Ticket *ticket = tickets->pdata[i];
        last = ticket->number;
        if (!add_mails(tx, visitor, ticket, mails, error))
            return NULL;
    }
    if (tickets == NULL)
        return NULL;
    *next = tickets->len > CUSTOMER_MAIL_TICKETS ? last : 0;
    return g_steal_pointer(&mails);
}

GPtrArray *customer_mails_of(DbTx *tx, const Visitor *visitor, int64_t number, GError **error)
{
    if (!customer_check(tx, visitor, number, error))
        return NULL;
    g_autoptr(Ticket) ticket = ticket_load(tx, number, error);
    g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func((GDestroyNotify)customer_mail_free);
    return ticket != NULL && add_mails(tx, visitor, ticket, mails, error) ? g_steal_pointer(&mails)
                                                                          : NULL;
}
