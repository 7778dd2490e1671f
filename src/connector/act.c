/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/act.h"

#include "connector/act-private.h"
#include "desk/ticket.h"
#include "records/status.h"
#include "records/suppression.h"

#include <string.h>

static bool set(MailCase *one, InboxState state)
{
    one->mail->state = state;
    return true;
}

/* ---- rules ---- */

static void rule_actor(const MailCase *one, Actor *actor)
{
    *actor = (Actor){ACTOR_SYSTEM, 0, g_strdup(one->known->rule->name), CHANNEL_AUTOMATED_EMAIL};
}

static bool remember_incident(DeskTx *tx, const MailCase *one, int64_t ticket, GError **error)
{
    const char *key = one->known->verdict.key;
    if (key == NULL)
        return true;
    g_autofree char *full = g_strdup_printf("%s\n%s", one->known->rule->name, key);
    return db_exec(tx->db, NULL, error,
                   "INSERT INTO automated_key (key, ticket, at) VALUES ($1, $2, $3)"
                   " ON CONFLICT (key) DO UPDATE SET ticket = $2, at = $3",
                   "sii", full, ticket, tx->now_us);
}

static bool open_by_rule(DeskTx *tx, MailCase *one, GError **error)
{
    g_auto(Actor) actor = {0};
    rule_actor(one, &actor);
    int64_t ticket = mail_open_for(tx, one, one->outcome.account, 0, &actor, error);
    return ticket != 0 && mail_file_on(tx, one, ticket, &actor, true, error) &&
           remember_incident(tx, one, ticket, error) && set(one, INBOX_FILED);
}

static bool add_by_rule(DeskTx *tx, MailCase *one, GError **error)
{
    g_auto(Actor) actor = {0};
    rule_actor(one, &actor);
    return mail_file_on(tx, one, one->outcome.ticket, &actor, true, error) && set(one, INBOX_FILED);
}

static bool set_status(DeskTx *tx, int64_t ticket, int status, const Actor *actor, GError **error)
{
    g_auto(TicketChange) change = {.fields = TICKET_SET_STATUS, .status = status, .notify = true};
    const Actor *caller = tx->actor;
    tx->actor = actor;
    g_autoptr(Ticket) changed = ticket_change(tx, ticket, &change, error);
    tx->actor = caller;
    return changed != NULL;
}

static bool close_by_rule(DeskTx *tx, MailCase *one, GError **error)
{
    g_auto(Actor) actor = {0};
    rule_actor(one, &actor);
    return mail_file_on(tx, one, one->outcome.ticket, &actor, true, error) &&
           set_status(tx, one->outcome.ticket, STATUS_COMPLETED, &actor, error) &&
           set(one, INBOX_FILED);
}

/* ---- people ---- */

static void speaker(const MailCase *one, Actor *actor)
{
    const AddressOwner *owner = &one->known->owner;
    if (one->outcome.by_employee)
        *actor =
            (Actor){ACTOR_EMPLOYEE, owner->employee, g_strdup(owner->employee_name), CHANNEL_EMAIL};
    else
        mail_customer_actor(one, actor);
}

/* A customer writes on a ticket that was closed. */
static bool reopen(DeskTx *tx, MailCase *one, const Actor *actor, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    const Actor *caller = tx->actor;
    TicketReopening reopening = TICKET_WAS_OPEN;
    tx->actor = actor;
    bool ok = settings != NULL && ticket_reopen_on_reply(tx, one->outcome.ticket,
                                                         !one->outcome.machine, &reopening, error);
    tx->actor = caller;
    if (!ok || reopening == TICKET_WAS_OPEN)
        return ok;
    bool now = reopening == TICKET_REOPENED;
    inbox_add_step(one->mail->steps, "reopen", now ? "yes" : "no",
                   one->outcome.machine ? "automatic_reply" : settings->tickets.reopen_on_reply,
                   now ? "The ticket was closed, and is open again."
                       : "The ticket is closed, and stays so until a person reopens it.");
    return true;
}

static bool file_reply(DeskTx *tx, MailCase *one, GError **error)
{
    g_auto(Actor) actor = {0};
    speaker(one, &actor);
    one->mail->account = one->known->facts.account;
    return mail_file_on(tx, one, one->outcome.ticket, &actor, !one->outcome.internal, error) &&
           (one->outcome.by_employee || reopen(tx, one, &actor, error)) && set(one, INBOX_FILED);
}

/* A person who writes from an address reads there, too. */
static bool lift_suppression(DeskTx *tx, const MailCase *one, GError **error)
{
    return one->outcome.machine || one->known->author == NULL ||
           suppression_lift(tx->db, one->known->author->key, error);
}

/* What an employee opens by mail tells the customers by its alert; their words would be a second
 * mail. */
static bool open_by_person(DeskTx *tx, MailCase *one, GError **error)
{
    g_auto(Actor) actor = {0};
    speaker(one, &actor);
    bool employee = one->outcome.by_employee;
    int64_t ticket = mail_open_for(tx, one, one->outcome.account,
                                   employee ? 0 : one->known->facts.contact, &actor, error);
    return ticket != 0 && mail_file_on(tx, one, ticket, &actor, !employee, error) &&
           set(one, INBOX_FILED);
}

bool mail_act(DeskTx *tx, MailCase *one, GError **error)
{
    one->mail->reason = g_strdup(one->outcome.reason);
    switch (one->outcome.action) {
    case MAIL_STOP:
        return set(one, INBOX_STOPPED);
    case MAIL_BOUNCED:
    case MAIL_DELIVERED:
    case MAIL_COMPLAINT:
        return act_on_report(tx, one, error);
    case MAIL_NOTE:
        one->mail->ticket = one->known->facts.about_ticket;
        one->mail->outbox = one->known->facts.outbox;
        return set(one, INBOX_NOTED);
    case MAIL_SKIP:
        return set(one, INBOX_SKIPPED);
    case MAIL_OPEN_BY_RULE:
        return open_by_rule(tx, one, error);
    case MAIL_ADD_BY_RULE:
        return add_by_rule(tx, one, error);
    case MAIL_CLOSE_BY_RULE:
        return close_by_rule(tx, one, error);
    case MAIL_REPLY:
        return lift_suppression(tx, one, error) && file_reply(tx, one, error);
    case MAIL_OPEN_CUSTOMER:
    case MAIL_OPEN_EMPLOYEE:
        return lift_suppression(tx, one, error) && open_by_person(tx, one, error);
    case MAIL_WAIT:
    case MAIL_N_ACTIONS:
        break;
    }
    return set(one, INBOX_UNMATCHED);
}

bool mail_follow_up(DeskTx *tx, MailCase *one, GError **error)
{
    if (one->mail->state == INBOX_SETTLED)
        return act_suppress(tx, one, error);
    return one->outcome.action != MAIL_OPEN_CUSTOMER || mail_respond(tx, one, error);
}
