/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ticket a mail names, in three ways of falling strength: a reply address that we have
 * signed, our own Message-IDs among those that it answers, a number in the subject. The last two
 * anybody can write, so they count only for those who belong to the ticket.
 */
#include "base/error.h"
#include "base/text.h"
#include "connector/facts-private.h"
#include "mail/signed_address.h"
#include "records/ticket.h"

#include <string.h>

/* Message-IDs that are looked at, the newest: a long thread names its ticket in each. */
#define REFERENCES_MAX 20

OwnIdKind own_id_read(const char *desk_id, const char *message_id, int64_t *number)
{
    static const struct {
        const char *prefix;
        OwnIdKind kind;
    } kinds[] = {
        {"ticket.", OWN_ID_TICKET}, {"alert.", OWN_ID_ALERT}, {"message.", OWN_ID_MESSAGE}};
    g_autofree char *suffix = g_strdup_printf("@%s.tidings", desk_id);
    if (message_id == NULL || !g_str_has_suffix(message_id, suffix))
        return OWN_ID_NONE;
    g_autofree char *local = g_strndup(message_id, strlen(message_id) - strlen(suffix));
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(local, kinds[i].prefix) &&
            text_to_int(local + strlen(kinds[i].prefix), 1, INT64_MAX, number))
            return kinds[i].kind;
    return OWN_ID_OTHER;
}

static bool ask(DbTx *tx, const char *sql, int64_t id, int64_t *ticket, GError **error)
{
    bool found;
    int64_t number = 0;
    if (!db_query_int(tx, &found, &number, error, sql, "i", id))
        return false;
    *ticket = found ? number : 0;
    return true;
}

bool own_id_ticket(DbTx *tx, const char *desk_id, const char *message_id, int64_t *ticket,
                   GError **error)
{
    int64_t number;
    *ticket = 0;
    switch (own_id_read(desk_id, message_id, &number)) {
    case OWN_ID_TICKET:
        return ask(tx, "SELECT number FROM ticket WHERE number = $1", number, ticket, error);
    case OWN_ID_ALERT:
        return ask(tx, "SELECT ticket FROM alert WHERE id = $1", number, ticket, error);
    case OWN_ID_MESSAGE:
        return ask(tx, "SELECT ticket FROM message_copy WHERE id = $1", number, ticket, error);
    default:
        return true;
    }
}

/* Also a customer's own mail on the ticket: a colleague who got a copy answers that. */
static bool ticket_of_id(const Gather *g, const char *message_id, int64_t *ticket, GError **error)
{
    if (!own_id_ticket(g->tx, g->desk_id, message_id, ticket, error))
        return false;
    if (*ticket != 0)
        return true;
    bool found;
    int64_t number = 0;
    if (!db_query_int(g->tx, &found, &number, error,
                      "SELECT ticket FROM ticket_message WHERE message_id = $1 ORDER BY id LIMIT 1",
                      "s", message_id))
        return false;
    *ticket = found ? number : 0;
    return true;
}

/* ---- who belongs ---- */

static bool is_on_list(const Gather *g, int64_t ticket, const char *key, bool *is, GError **error)
{
    int64_t one;
    return db_query_int(g->tx, is, &one, error,
                        "SELECT 1 FROM recipient WHERE ticket = $1 AND email_key = $2", "is",
                        ticket, key);
}

static bool belongs(const Gather *g, int64_t ticket, bool *is, GError **error)
{
    const MailKnown *known = g->known;
    *is = false;
    if (known->author == NULL)
        return true;
    int64_t account = 0;
    if (known->facts.sender == SENDER_EMPLOYEE) {
        *is = true; /* whether it is the employee is the classification's question */
        return true;
    }
    if (!ask(g->tx, "SELECT account FROM ticket WHERE number = $1", ticket, &account, error) ||
        !is_on_list(g, ticket, known->author->key, is, error))
        return false;
    *is = *is || (known->owner.account != 0 && known->owner.account == account);
    return true;
}

/* ---- the three ways ---- */

/* A mail to a duplicate is of the ticket that it became part of. */
static bool follow_merged(const Gather *g, int64_t *ticket, GError **error)
{
    return *ticket == 0 || ask(g->tx,
                               "SELECT COALESCE(merged_into, number) FROM ticket"
                               " WHERE number = $1",
                               *ticket, ticket, error);
}

static bool claim(const Gather *g, int64_t ticket, TicketClaim *out, GError **error)
{
    TicketClaim found = {0};
    if (!follow_merged(g, &ticket, error))
        return false;
    found.ticket = ticket;
    if (ticket != 0 && !belongs(g, ticket, &found.belongs, error))
        return false;
    *out = found;
    return true;
}

static bool look_at_reply_address(Gather *g, const InboundAddress *address, GError **error)
{
    MailFacts *facts = &g->known->facts;
    SignedAddress reply;
    int64_t ticket;
    if (facts->signed_reply.ticket != 0 || !signed_address_check(g->keys, address->key, &reply) ||
        reply.kind != SIGNED_REPLY)
        return true;
    if (!ask(g->tx, "SELECT number FROM ticket WHERE number = $1", reply.ticket, &ticket, error) ||
        !claim(g, ticket, &facts->signed_reply, error))
        return false;
    facts->own_signed_address = g->known->author != NULL && ticket != 0 &&
                                signed_address_is_for(g->keys, &reply, g->known->author->key);
    return true;
}

static bool look_at_reply_addresses(Gather *g, GError **error)
{
    const InboundMail *mail = g->read->mail;
    GPtrArray *fields[] = {mail->to, mail->cc, mail->delivered_to};
    for (size_t f = 0; f < G_N_ELEMENTS(fields); f++)
        for (guint i = 0; i < fields[f]->len; i++)
            if (!look_at_reply_address(g, fields[f]->pdata[i], error))
                return false;
    return true;
}

/* The newest first: a thread that was carried over to another ticket is of that one. A ticket that
 * the sender belongs to wins over one of a stranger. */
static bool look_at_ids(Gather *g, char **ids, GError **error)
{
    TicketClaim *best = &g->known->facts.referenced;
    guint n = g_strv_length(ids);
    for (guint i = n; i > 0 && i + REFERENCES_MAX > n && !best->belongs; i--) {
        int64_t ticket;
        TicketClaim found;
        if (!ticket_of_id(g, ids[i - 1], &ticket, error) || !claim(g, ticket, &found, error))
            return false;
        if (found.ticket != 0 && (best->ticket == 0 || found.belongs))
            *best = found;
    }
    return true;
}

/* The first "[#1042]"; 0 where there is none. */
static int64_t number_in(const char *subject)
{
    for (const char *at = strstr(subject, "[#"); at != NULL; at = strstr(at + 2, "[#")) {
        size_t digits = strspn(at + 2, "0123456789");
        g_autofree char *text = g_strndup(at + 2, digits);
        int64_t number;
        if (at[2 + digits] == ']' && text_to_int(text, 1, INT64_MAX, &number))
            return number;
    }
    return 0;
}

static bool look_at_subject(Gather *g, GError **error)
{
    int64_t ticket = 0;
    int64_t number = number_in(g->read->mail->subject);
    return (number == 0 ||
            ask(g->tx, "SELECT number FROM ticket WHERE number = $1", number, &ticket, error)) &&
           claim(g, ticket, &g->known->facts.subject, error);
}

bool gather_tickets(Gather *g, GError **error)
{
    const InboundMail *mail = g->read->mail;
    return look_at_reply_addresses(g, error) && look_at_ids(g, mail->in_reply_to, error) &&
           look_at_ids(g, mail->references, error) && look_at_subject(g, error);
}
