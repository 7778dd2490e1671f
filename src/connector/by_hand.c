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

static bool new_account(DeskTx *tx, const MailKnown *known, const char *name, int64_t *number,
                        GError **error)
{
    if (known->author == NULL) {
        error_set_problem(error, TD_ERROR_CONFLICT, "no-sender", "/new_account",
                          "The mail does not say who wrote it, so a new account would have no"
                          " address; make the account first, then open the ticket for it");
        return false;
    }
    Account account = {.name = (char *)name,
                       .email = known->author->email,
                       .email_key = known->author->key,
                       .domains = (char *)"[]",
                       .active = true};
    bool ok = account_create(tx, &account, error);
    *number = account.number;
    return ok;
}

/* The person opens it, the sender has written it. */
static bool open_it(DeskTx *tx, MailCase *one, int64_t account, GError **error)
{
    g_auto(Actor) customer = {0};
    mail_customer_actor(one, &customer);
    int64_t contact = one->known->owner.account == account ? one->known->owner.contact : 0;
    int64_t ticket = mail_open_for(tx, one, account, contact, tx->actor, error);
    return ticket != 0 && mail_file_on(tx, one, ticket, &customer, true, error);
}

InboxMail *inbox_open(DeskTx *tx, int64_t mail, const MailRead *read, int64_t account,
                      const char *name, GError **error)
{
    g_auto(MailKnown) known = {0};
    g_autoptr(InboxMail) row = take(tx, mail, error);
    if (row == NULL || !know(tx, read, &known, error) ||
        (account == 0 && !new_account(tx, &known, name, &account, error)))
        return NULL;
    MailCase one = {read, &known, {.machine = known.facts.machine}, row};
    return open_it(tx, &one, account, error) &&
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
