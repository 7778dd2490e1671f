/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each mail that opens a ticket gets one decision about its automatic response, kept with its
 * reason beside the mail. What went is counted from these rows, in the transaction that adds the
 * next.
 */
#include "connector/respond.h"

#include "connector/act-private.h"
#include "connector/respond-private.h"
#include "desk/answer.h"

const RespondWindow respond_windows[RESPOND_WINDOWS] = {
    {10, 10, 30}, {30, 15, 60}, {60, 25, 120}, {180, 50, 240}, {600, 100, 360},
};

const char *respond_limit(const RespondCounts *counts)
{
    for (int i = 0; i < RESPOND_WINDOWS; i++)
        if (counts->address[i] >= respond_windows[i].address)
            return "window_address";
    for (int i = 0; i < RESPOND_WINDOWS; i++)
        if (counts->total[i] >= respond_windows[i].total)
            return "window_total";
    return NULL;
}

bool respond_count(DeskTx *tx, const char *sql, const char *key, int64_t counts[RESPOND_WINDOWS],
                   GError **error)
{
    DbRows *rows = db_query(tx->db, error, sql, "siiiii", key,
                            tx->now_us - respond_windows[0].minutes * US_PER_MINUTE,
                            tx->now_us - respond_windows[1].minutes * US_PER_MINUTE,
                            tx->now_us - respond_windows[2].minutes * US_PER_MINUTE,
                            tx->now_us - respond_windows[3].minutes * US_PER_MINUTE,
                            tx->now_us - respond_windows[4].minutes * US_PER_MINUTE);
    if (rows == NULL)
        return false;
    if (db_rows_next(rows))
        for (int i = 0; i < RESPOND_WINDOWS; i++)
            counts[i] = db_rows_int(rows, i);
    return db_rows_end(rows, error);
}

/* What was sent within the longest window is never more than its limits, so that few rows are read.
 */
#define COUNTS RESPOND_SUMS("at") " FROM auto_response WHERE decision = 'send' AND at > $6"

static bool count_all(DeskTx *tx, const char *key, RespondCounts *counts, GError **error)
{
    return respond_count(tx, COUNTS " AND recipient_key = $1", key, counts->address, error) &&
           respond_count(tx, COUNTS " AND $1 <> ''", key, counts->total, error);
}

/* NULL in *reason: it may go. */
static bool may_respond(DeskTx *tx, const MailCase *one, const char **reason, GError **error)
{
    RespondCounts counts = {0};
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL)
        return false;
    *reason = NULL;
    if (!settings->email_connector.respond)
        *reason = "disabled";
    else if (one->outcome.machine)
        *reason = one->known->facts.sign != NULL ? one->known->facts.sign : "automatic";
    else
        automatic_may_respond(one->read->mail, mail_is_own_address, (void *)settings, reason);
    if (*reason != NULL)
        return true;
    if (!count_all(tx, one->known->author->key, &counts, error))
        return false;
    *reason = respond_limit(&counts);
    return true;
}

static bool keep_decision(DeskTx *tx, const MailCase *one, const char *reason, GError **error)
{
    const InboundAddress *author = one->known->author;
    inbox_add_step(one->mail->steps, "auto_response", reason == NULL ? "yes" : "no",
                   reason == NULL ? "sent" : reason,
                   reason == NULL ? "An automatic response goes to the sender."
                                  : "No automatic response goes.");
    return db_exec(tx->db, NULL, error,
                   "INSERT INTO auto_response (mail, ticket, recipient, recipient_key, decision,"
                   " reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                   "iissssi", one->mail->id, one->mail->ticket, author != NULL ? author->email : "",
                   author != NULL ? author->key : "", reason == NULL ? "send" : "suppress",
                   reason == NULL ? "sent" : reason, tx->now_us);
}

bool mail_respond(DeskTx *tx, MailCase *one, GError **error)
{
    const char *reason;
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL || !may_respond(tx, one, &reason, error))
        return false;
    if (!keep_decision(tx, one, reason, error))
        return false;
    if (reason != NULL)
        return true;
    const InboundAddress *author = one->known->author;
    const char *message_id = one->read->mail->message_id;
    AutoResponse response = {
        .to = author->email,
        .to_key = author->key,
        .to_name = *author->name != '\0' ? author->name : NULL,
        .in_reply_to =
            message_id != NULL && g_utf8_strlen(message_id, -1) <= 250 ? message_id : NULL,
        .hops = one->known->hop.count,
        .template_id = settings->email_connector.respond_template,
    };
    g_autoptr(TicketMessage) message = ticket_auto_respond(tx, one->mail->ticket, &response, error);
    return message != NULL;
}
