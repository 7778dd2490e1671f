/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/facts.h"

#include "alerts/own_address.h"
#include "base/error.h"
#include "base/text.h"
#include "connector/facts-private.h"
#include "records/account.h"
#include "records/identity.h"
#include "records/signing_key.h"
#include "records/status.h"

#include <string.h>

void mail_known_clear(MailKnown *known)
{
    rule_verdict_clear(&known->verdict);
    address_owner_clear(&known->owner);
    outbox_message_free(known->about);
    g_free(known->about_key);
}

bool mail_is_own_address(const char *key, void *data)
{
    return own_address_is(data, key);
}

/* ---- what it is ---- */

/* A person's answer bears our mark where their mail program keeps it, and mail programs of people
 * ask others not to respond; neither makes it a machine's. */
static bool is_machine(const Gather *g)
{
    const InboundNature *nature = &g->read->nature;
    if (nature->kind == NATURE_PERSON || nature->kind == NATURE_LIST)
        return false;
    if (strcmp(nature->sign, "response_suppressed") == 0)
        return false;
    return strcmp(nature->sign, "hop_mark") != 0 || g->known->hop.count >= HOP_MAX;
}

static void look_at_the_mail(Gather *g)
{
    const InboundMail *mail = g->read->mail;
    MailFacts *facts = &g->known->facts;
    int64_t number;
    g->known->hop = hop_read(g->keys, mail->hop, mail->message_id);
    facts->own_mail =
        g->known->hop.own || own_id_read(g->desk_id, mail->message_id, &number) != OWN_ID_NONE;
    facts->hops = g->known->hop.count;
    facts->own_address =
        g->known->author != NULL && own_address_of_mail(g->settings, g->known->author->key);
    facts->machine = is_machine(g);
    facts->auto_reply =
        g->read->nature.kind == NATURE_AUTO_REPLY || g->read->report->kind == REPORT_AUTO_REPLY;
    facts->sign = g->read->nature.sign;
    facts->auth = auth_results_check(mail, g->settings->email_connector.authserv_id);
    facts->employee_mail = g->settings->email_connector.employee_mail;
    for (guint i = 0; i < mail->to->len; i++) {
        const InboundAddress *address = mail->to->pdata[i];
        facts->desk_in_to = facts->desk_in_to || own_address_is(g->settings, address->key);
    }
}

/* ---- who it is from ---- */

/* The desk's own recipient of copies (options, tickets) is read by its people: mail from there is
 * an employee's without a name. */
static bool look_at_the_sender(Gather *g, GError **error)
{
    MailKnown *known = g->known;
    MailFacts *facts = &known->facts;
    AddressOwner *owner = &known->owner;
    if (known->author == NULL)
        return true;
    if (!address_owner_find(g->tx, known->author->key, owner, error))
        return false;
    bool ours = own_address_is(g->settings, known->author->key) && !facts->own_address;
    if (ours && owner->employee == 0) {
        owner->employee_name = g_strdup(known->author->email);
        owner->employee_active = true;
    }
    facts->employee = owner->employee;
    facts->employee_active = owner->employee_active;
    facts->account = owner->account;
    facts->account_active = owner->account_active;
    facts->contact = owner->contact;
    facts->sender = ours || owner->employee != 0 ? SENDER_EMPLOYEE
                    : owner->accounts > 1        ? SENDER_AMBIGUOUS
                    : owner->accounts == 1       ? SENDER_CUSTOMER
                                                 : SENDER_UNKNOWN;
    return true;
}

static bool add_addressee(Gather *g, const InboundAddress *address, GError **error)
{
    MailFacts *facts = &g->known->facts;
    g_auto(AddressOwner) owner = {0};
    if (own_address_is(g->settings, address->key))
        return true;
    if (!address_owner_find(g->tx, address->key, &owner, error))
        return false;
    if (owner.employee != 0 || owner.accounts == 0)
        return true;
    if (owner.accounts > 1 || (facts->to_accounts > 0 && facts->to_account != owner.account))
        facts->to_accounts = MAX(2, facts->to_accounts + 1);
    else
        facts->to_accounts = 1;
    facts->to_account = owner.account;
    return true;
}

/* An employee's mail is for the account that owns one of its addressees. */
static bool look_at_addressees(Gather *g, GError **error)
{
    const InboundMail *mail = g->read->mail;
    GPtrArray *fields[] = {mail->to, mail->cc};
    if (g->known->facts.sender != SENDER_EMPLOYEE)
        return true;
    for (size_t f = 0; f < G_N_ELEMENTS(fields); f++)
        for (guint i = 0; i < fields[f]->len && g->known->facts.to_accounts < 2; i++)
            if (!add_addressee(g, fields[f]->pdata[i], error))
                return false;
    return true;
}

/* ---- rules ---- */

static bool find_numbered(Gather *g, const char *text, int64_t *account, GError **error)
{
    int64_t number;
    bool found;
    *account = 0;
    return !text_to_int(text, 1, INT64_MAX, &number) ||
           db_query_int(g->tx, &found, account, error,
                        "SELECT number FROM account WHERE number = $1", "i", number);
}

static bool find_rule_account(Gather *g, GError **error)
{
    MailFacts *facts = &g->known->facts;
    const MailRule *rule = g->known->rule;
    const char *text = g->known->verdict.account_text;
    int64_t account = 0;
    bool ok = true;
    if (rule->account_by == RULE_ACCOUNT_SENDER) {
        account = facts->account;
        facts->rule_ambiguous = g->known->owner.accounts > 1;
    } else if (text != NULL && rule->account_by == RULE_ACCOUNT_NUMBER) {
        ok = find_numbered(g, text, &account, error);
    } else if (text != NULL && rule->account_by == RULE_ACCOUNT_REFERENCE) {
        ok = account_find_by_reference(g->tx, text, &account, error);
    } else if (text != NULL) {
        ok = account_find_by_name(g->tx, text, &account, error);
    }
    facts->rule_account = account != 0 ? account : rule->account;
    return ok;
}

/* The incident's ticket counts for as long as it is open. */
static bool find_rule_ticket(Gather *g, GError **error)
{
    const char *key = g->known->verdict.key;
    bool found;
    if (key == NULL)
        return true;
    g_autofree char *full = g_strdup_printf("%s\n%s", g->known->rule->name, key);
    return db_query_int(g->tx, &found, &g->known->facts.rule_ticket, error,
                        "SELECT COALESCE(t.merged_into, t.number) FROM automated_key k"
                        " JOIN ticket t ON t.number = k.ticket"
                        " WHERE k.key = $1 AND t.status <> $2 AND t.status <> $3",
                        "sii", full, (int64_t)STATUS_COMPLETED, (int64_t)STATUS_CANCELED);
}

static bool look_at_rules(Gather *g, GError **error)
{
    MailKnown *known = g->known;
    const InboundMail *mail = g->read->mail;
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    for (guint i = 0; i < mail->from->len; i++)
        g_ptr_array_add(keys, ((const InboundAddress *)mail->from->pdata[i])->key);
    g_ptr_array_add(keys, NULL);
    const GPtrArray *rules = g->settings->email_connector.rules;
    rules_apply(rules, (const char *const *)keys->pdata, mail->subject, &known->verdict);
    known->facts.rule = &known->verdict;
    if (known->verdict.rule < 0)
        return true;
    known->rule = rules->pdata[known->verdict.rule];
    known->facts.rule_name = known->rule->name;
    return find_rule_account(g, error) && find_rule_ticket(g, error);
}

bool mail_known_load(DbTx *tx, const Settings *settings, const MailRead *read, MailKnown *known,
                     GError **error)
{
    g_autofree char *desk_id = NULL;
    g_autoptr(SigningKeys) keys = signing_keys_load(tx, error);
    if (keys == NULL || !identity_load(tx, &desk_id, error))
        return false;
    known->author = inbound_author(read->mail);
    Gather g = {tx, settings, read, keys, desk_id != NULL ? desk_id : "", known};
    look_at_the_mail(&g);
    return look_at_the_sender(&g, error) && look_at_addressees(&g, error) &&
           gather_tickets(&g, error) && gather_about(&g, error) && look_at_rules(&g, error);
}
