/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/by_hand.h"

#include "base/error.h"
#include "connector/act.h"
#include "desk/blame.h"
#include "desk/people.h"

typedef struct {
    int64_t mail;
    GBytes *raw;
} Again;

static bool load_raw(DbTx *tx, void *data, GError **error)
{
    Again *again = data;
    g_clear_pointer(&again->raw, g_bytes_unref);
    again->raw = inbox_raw(tx, again->mail, error);
    return again->raw != NULL;
}

MailRead *inbox_read_again(Db *db, int64_t mail, GError **error)
{
    Again again = {.mail = mail};
    bool ok = db_read(db, load_raw, &again, error);
    g_autoptr(GBytes) raw = again.raw;
    g_autoptr(MailRead) read = ok ? mail_read(raw, error) : NULL;
    if (read == NULL || read->mail != NULL)
        return g_steal_pointer(&read);
    error_set_problem(
        error, TD_ERROR_CONFLICT, "mail-unreadable", NULL,
        "This mail cannot be read: %s. Nothing was changed; look at it as it came, and"
        " open a ticket by hand if it deserves one",
        read->unreadable);
    return NULL;
}

/* ---- the three ---- */

static InboxMail *take(DeskTx *tx, int64_t id, GError **error)
{
    g_autoptr(InboxMail) mail = inbox_lock(tx->db, id, error);
    if (mail == NULL)
        return NULL;
    bool done = mail->state == INBOX_FILED || mail->state == INBOX_SETTLED;
    if (!done)
        return g_steal_pointer(&mail);
    error_set_problem(error, TD_ERROR_CONFLICT, "mail-filed", NULL,
                      "This mail is %s already; nothing was changed",
                      mail->state == INBOX_FILED ? "on a ticket" : "settled");
    return NULL;
}

static bool put_down(DeskTx *tx, InboxMail *mail, InboxState state, const char *reason,
                     GError **error)
{
    g_autofree char *text = g_strdup_printf("%s has decided it.", tx->actor->name);
    mail->state = state;
    g_free(mail->reason);
    mail->reason = g_strdup(reason);
    inbox_add_step(mail->steps, "by_hand", "yes", reason, text);
    return inbox_update(tx->db, mail, error);
}

/* The facts of now: whose the sender is may have become known since the mail came. */
static bool know(DeskTx *tx, const MailRead *read, MailKnown *known, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    return settings != NULL && mail_known_load(tx->db, settings, read, known, error);
}

/* ---- whom it is for ---- */

static bool need_author(const MailKnown *known, const char *field, GError **error)
{
    if (known->author != NULL)
        return true;
    error_set_problem(error, TD_ERROR_CONFLICT, "no-sender", field,
                      "The mail does not say who wrote it, so this would have no address; give it"
                      " one");
    return false;
}

/* Changes nothing of `wanted`: the transaction may run again. */
static bool new_account(DeskTx *tx, const MailKnown *known, const Account *wanted, int64_t *number,
                        GError **error)
{
    Account account = *wanted;
    if (account.email == NULL) {
        if (!need_author(known, "/new_account", error))
            return false;
        account.email = known->author->email;
        account.email_key = known->author->key;
    }
    bool ok = account_create(tx, &account, error);
    *number = account.number;
    return ok;
}

static bool new_contact(DeskTx *tx, const MailKnown *known, const Contact *wanted, int64_t account,
                        int64_t *id, GError **error)
{
    Contact contact = *wanted;
    contact.account = account;
    if (contact.email == NULL) {
        if (!need_author(known, "/new_contact", error))
            return false;
        contact.email = known->author->email;
        contact.email_key = known->author->key;
    }
    bool ok = contact_create(tx, &contact, error);
    *id = contact.id;
    return ok;
}

void inbox_opening_clear(InboxOpening *opening)
{
    g_clear_pointer(&opening->new_account, account_free);
    g_clear_pointer(&opening->new_contact, contact_free);
}

static bool make_people(DeskTx *tx, const MailRead *read, const InboxOpening *opening,
                        int64_t *account, int64_t *contact, GError **error)
{
    g_auto(MailKnown) known = {0};
    *account = opening->account;
    *contact = 0;
    return know(tx, read, &known, error) &&
           (opening->new_account == NULL ||
            new_account(tx, &known, opening->new_account, account, error)) &&
           (opening->new_contact == NULL ||
            new_contact(tx, &known, opening->new_contact, *account, contact, error));
}

/* The person opens it, the sender has written it. */
static bool open_it(DeskTx *tx, MailCase *one, int64_t account, int64_t contact, GError **error)
{
    g_auto(Actor) customer = {0};
    mail_customer_actor(one, &customer);
    if (contact == 0 && one->known->owner.account == account)
        contact = one->known->owner.contact;
    int64_t ticket = mail_open_for(tx, one, account, contact, tx->actor, error);
    return ticket != 0 && mail_file_on(tx, one, ticket, &customer, true, error);
}

InboxMail *inbox_open(DeskTx *tx, int64_t mail, const MailRead *read, const InboxOpening *opening,
                      GError **error)
{
    g_auto(MailKnown) known = {0};
    int64_t account, contact;
    g_autoptr(InboxMail) row = take(tx, mail, error);
    /* What is known changes with the people who are made. */
    if (row == NULL || !make_people(tx, read, opening, &account, &contact, error) ||
        !know(tx, read, &known, error))
        return NULL;
    MailCase one = {read, &known, {.machine = known.facts.machine}, row};
    return open_it(tx, &one, account, contact, error) &&
                   put_down(tx, row, INBOX_FILED, "opened_by_person", error)
               ? g_steal_pointer(&row)
               : NULL;
}

InboxMail *inbox_attach(DeskTx *tx, int64_t mail, const MailRead *read, int64_t ticket,
                        GError **error)
{
    g_auto(MailKnown) known = {0};
    g_auto(Actor) customer = {0};
    g_autoptr(InboxMail) row = take(tx, mail, error);
    if (row == NULL || !know(tx, read, &known, error))
        return NULL;
    GError *failure = NULL;
    MailCase one = {read, &known, {.machine = known.facts.machine}, row};
    mail_customer_actor(&one, &customer);
    if (!mail_file_on(tx, &one, ticket, &customer, true, &failure)) {
        desk_blame_field(error, failure, "/ticket");
        return NULL;
    }
    return put_down(tx, row, INBOX_FILED, "attached_by_person", error) ? g_steal_pointer(&row)
                                                                       : NULL;
}

InboxMail *inbox_discard(DeskTx *tx, int64_t mail, GError **error)
{
    g_autoptr(InboxMail) row = take(tx, mail, error);
    return row != NULL && put_down(tx, row, INBOX_DISCARDED, "discarded_by_person", error)
               ? g_steal_pointer(&row)
               : NULL;
}
