/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers who could get a copy, asks copy_decide() about each, and writes its answer: one row for
 * each address, and one of the outbox for whom it is sent to. The order key is that of the alerts
 * of this ticket and recipient, so that no answer overtakes the alert before it.
 */
#include "alerts/alert.h"
#include "alerts/decide.h"
#include "alerts/language.h"
#include "alerts/mail_kind.h"
#include "alerts/own_address.h"
#include "desk/answer-private.h"
#include "mail/address.h"
#include "outbox/outbox.h"
#include "records/employee.h"
#include "records/recipient.h"
#include "records/suppression.h"

CopyReason copy_decide(bool server_active, const CopyFacts *facts)
{
    if (!server_active)
        return COPY_SERVER_INACTIVE;
    if (facts == NULL)
        return COPY_NO_RECIPIENTS;
    if (facts->own_address)
        return COPY_OWN_ADDRESS;
    if (facts->author)
        return COPY_AUTHOR;
    if (facts->muted)
        return COPY_MUTED;
    if (facts->left_ticket)
        return COPY_LEFT_TICKET;
    if (facts->inactive)
        return COPY_EMPLOYEE_INACTIVE;
    return facts->suppressed ? COPY_ADDRESS_SUPPRESSED : COPY_ANSWERED;
}

typedef struct {
    DeskTx *tx;
    const Copying *copying;
    const Settings *settings;
    bool to_employee;
    Employee *author;     /* NULL: no employee */
    TemplateOffer *offer; /* loaded with the first that is sent */
    GHashTable *seen;     /* keys */
} Copies;

static void copies_clear(Copies *copies)
{
    employee_free(copies->author);
    template_offer_free(copies->offer);
    g_clear_pointer(&copies->seen, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Copies, copies_clear)

static bool begin(Copies *copies, GError **error)
{
    const Actor *author = &copies->copying->message->author;
    copies->settings = desk_settings(copies->tx, error);
    if (copies->settings == NULL)
        return false;
    copies->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (author->kind != ACTOR_EMPLOYEE || author->id == 0)
        return true;
    copies->author = employee_load(copies->tx->db, author->id, error);
    return copies->author != NULL;
}

static bool is_author(const Copies *copies, const char *email_key)
{
    const Employee *author = copies->author;
    return g_strcmp0(copies->copying->message->from_key, email_key) == 0 ||
           (author != NULL && (g_strcmp0(author->email_key, email_key) == 0 ||
                               g_strcmp0(author->email2_key, email_key) == 0));
}

/* One address that a copy could go to. Borrowed. */
typedef struct {
    const char *email, *email_key; /* "" for nobody */
    const char *name;              /* NULL: none */
    const char *language;          /* NULL: not known */
} Addressee;

/* The employees' are not in the account's language. */
static const char *choose_language(const Copies *copies, const Addressee *to)
{
    const char *wanted[] = {to->language, copies->settings->desk.language};
    return copies->to_employee ? language_choose((const char *const *)copies->offer->languages,
                                                 wanted, G_N_ELEMENTS(wanted))
                               : alert_language(copies->offer, to->language, copies->copying->facts,
                                                copies->settings);
}

static bool put_in_outbox(Copies *copies, const MessageCopy *copy, GError **error)
{
    const Copying *copying = copies->copying;
    g_autofree char *order_key = alert_order_key(copy->ticket, copy->recipient_key);
    OutboxMessage message = {
        .kind = (char *)copying->outbox_kind,
        .ref = copy->id,
        .recipient = copy->recipient,
        .lane = copying->ticket->account,
        .urgent = copying->urgent,
        .order_key = order_key,
        .order_seq = copying->message->version,
        .state = OUTBOX_QUEUED,
        .due_at = copy->decided_at,
        .queued_at = copy->decided_at,
    };
    copies->tx->made.queued = true;
    return outbox_insert(copies->tx->db, &message, error);
}

static bool choose_template(Copies *copies, GError **error)
{
    if (copies->offer == NULL)
        copies->offer = ticket_template_offer(copies->tx->db, copies->copying->template_id,
                                              copies->copying->builtin, error);
    return copies->offer != NULL;
}

static bool write_copy(Copies *copies, const Addressee *to, CopyReason reason, GError **error)
{
    bool sent = reason == COPY_ANSWERED;
    if (sent && !choose_template(copies, error))
        return false;
    MessageCopy copy = {
        .ticket = copies->copying->ticket->number,
        .message = copies->copying->message->id,
        .to_employee = copies->to_employee,
        .recipient = (char *)to->email,
        .recipient_key = (char *)to->email_key,
        .recipient_name = (char *)to->name,
        .reason = reason,
        .template_id = sent ? copies->offer->id : 0,
        .template_version = sent ? copies->offer->version : 0,
        .language = sent ? (char *)choose_language(copies, to) : NULL,
        .decided_at = copies->copying->message->at,
    };
    return message_copy_insert(copies->tx->db, &copy, error) &&
           (!sent || put_in_outbox(copies, &copy, error));
}

/* `facts` as far as the caller knows them. */
static bool add(Copies *copies, const Addressee *to, CopyFacts *facts, GError **error)
{
    if (!g_hash_table_add(copies->seen, g_strdup(to->email_key)))
        return true;
    if (!facts->suppressed &&
        !suppression_has(copies->tx->db, to->email_key, &facts->suppressed, error))
        return false;
    facts->own_address = copies->to_employee ? own_address_of_mail(copies->settings, to->email_key)
                                             : own_address_is(copies->settings, to->email_key);
    facts->author = is_author(copies, to->email_key);
    return write_copy(copies, to, copy_decide(copies->settings->alerts_server.active, facts),
                      error);
}

static bool add_external(Copies *copies, GError **error)
{
    g_autoptr(GPtrArray) list =
        recipient_list(copies->tx->db, copies->copying->ticket->number, error);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const Recipient *recipient = list->pdata[i];
        Addressee to = {recipient->email, recipient->email_key, recipient->name,
                        recipient->language};
        CopyFacts facts = {.muted = recipient->muted,
                           .left_ticket = recipient->left_at != 0,
                           .suppressed = recipient->suppressed};
        if (!add(copies, &to, &facts, error))
            return false;
    }
    return list != NULL;
}

static bool add_employee(Copies *copies, const EmployeeRecipient *recipient, GError **error)
{
    CopyFacts facts = {0};
    if (recipient->employee != 0) {
        g_autoptr(Employee) employee = employee_load(copies->tx->db, recipient->employee, error);
        if (employee == NULL)
            return false;
        Addressee to = {employee->email, employee->email_key, employee->name, employee->language};
        facts.inactive = !employee->active;
        return add(copies, &to, &facts, error);
    }
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    /* It was checked when it was written. */
    if (recipient->email == NULL || !address_parse(recipient->email, NULL, &address, &key, NULL))
        return true;
    Addressee to = {.email = address, .email_key = key};
    return add(copies, &to, &facts, error);
}

static bool add_employees(Copies *copies, GError **error)
{
    g_autoptr(GPtrArray) list =
        employee_recipient_list(copies->tx->db, copies->copying->ticket->number, error);
    for (guint i = 0; list != NULL && i < list->len; i++)
        if (!add_employee(copies, list->pdata[i], error))
            return false;
    return list != NULL;
}

bool copies_write(DeskTx *tx, const Copying *copying, AnswerAudience audience, GError **error)
{
    if (audience == AUDIENCE_NOBODY)
        return true;
    g_auto(Copies)
        copies = {.tx = tx, .copying = copying, .to_employee = audience == AUDIENCE_EMPLOYEES};
    const Addressee nobody = {.email = "", .email_key = ""};
    if (!begin(&copies, error) ||
        !(copies.to_employee ? add_employees(&copies, error) : add_external(&copies, error)))
        return false;
    return g_hash_table_size(copies.seen) > 0 ||
           write_copy(&copies, &nobody, copy_decide(copies.settings->alerts_server.active, NULL),
                      error);
}

bool copies_write_one(DeskTx *tx, const Copying *copying, const char *email, const char *email_key,
                      const char *name, GError **error)
{
    g_auto(Copies) copies = {.tx = tx, .copying = copying};
    Addressee to = {.email = email, .email_key = email_key, .name = name};
    CopyFacts facts = {0};
    return begin(&copies, error) && add(&copies, &to, &facts, error);
}
