/* SPDX-License-Identifier: Apache-2.0 */
/* A mail as a ticket's message, and a ticket made of a mail. */
#include "alerts/own_address.h"
#include "base/limits.h"
#include "connector/act.h"
#include "desk/answer.h"
#include "desk/ticket.h"
#include "records/owner.h"

#include <string.h>

/* Of a mail's To and Cc; the list's own limit holds what is added by default, too. */
#define COPIES_MAX 100

#define MESSAGE_ID_CHARS 250

static const char *short_id(const char *message_id)
{
    bool fits = message_id != NULL && g_utf8_strlen(message_id, -1) <= MESSAGE_ID_CHARS;
    return fits ? message_id : NULL;
}

void mail_customer_actor(const MailCase *one, Actor *actor)
{
    const MailKnown *known = one->known;
    const InboundAddress *author = known->author;
    const char *name = known->owner.contact_name;
    if (name == NULL && author != NULL)
        name = *author->name != '\0' ? author->name : author->email;
    *actor =
        (Actor){ACTOR_CUSTOMER, known->owner.contact,
                g_utf8_substring(name != NULL ? name : "", 0,
                                 MIN(LIMIT_NAME_CHARS, name != NULL ? g_utf8_strlen(name, -1) : 0)),
                CHANNEL_EMAIL};
}

/* ---- a message ---- */

static const char *text_of(const InboundMail *mail)
{
    if (*mail->new_text != '\0')
        return mail->new_text;
    if (*mail->text != '\0')
        return mail->text;
    return mail->attachments->len > 0 ? "" : "(This mail has no text.)";
}

static MessageSender sender_of(const MailKnown *known)
{
    switch (known->facts.auth.verdict) {
    case AUTH_RESULTS_PASS:
        return MESSAGE_SENDER_VERIFIED;
    case AUTH_RESULTS_FAIL:
        return MESSAGE_SENDER_NOT_VERIFIED;
    default:
        return MESSAGE_SENDER_UNKNOWN;
    }
}

static AttachmentDraft *attachments_of(const InboundMail *mail)
{
    AttachmentDraft *drafts = g_new0(AttachmentDraft, mail->attachments->len + 1);
    for (guint i = 0; i < mail->attachments->len; i++) {
        const InboundAttachment *attachment = mail->attachments->pdata[i];
        drafts[i] = (AttachmentDraft){attachment->name, attachment->content_type,
                                      attachment->content_id, attachment->bytes};
    }
    return drafts;
}

bool mail_file_on(DeskTx *tx, MailCase *one, int64_t ticket, const Actor *author, bool public_,
                  GError **error)
{
    const InboundMail *mail = one->read->mail;
    const MailKnown *known = one->known;
    g_autofree AttachmentDraft *attachments = attachments_of(mail);
    AnswerDraft draft = {
        .kind = one->outcome.machine ? MESSAGE_AUTOMATIC : MESSAGE_ANSWER,
        .visibility = public_ ? MESSAGE_PUBLIC : MESSAGE_INTERNAL,
        .subject = *one->mail->subject != '\0' ? one->mail->subject : NULL,
        .text = text_of(mail),
        .quoted = *mail->quoted_text != '\0' && *mail->new_text != '\0' ? mail->quoted_text : NULL,
        .incoming = true,
        .from = known->author != NULL ? known->author->email : NULL,
        .from_key = known->author != NULL ? known->author->key : NULL,
        .sender = sender_of(known),
        .message_id = short_id(mail->message_id),
        .in_reply_to = short_id(mail->in_reply_to[0]),
        .hops = known->hop.count,
        .attachments = attachments,
        .n_attachments = mail->attachments->len,
    };
    const Actor *caller = tx->actor;
    tx->actor = author;
    g_autoptr(TicketMessage) message = ticket_answer(tx, ticket, &draft, error);
    tx->actor = caller;
    if (message == NULL)
        return false;
    one->mail->ticket = ticket;
    one->mail->message = message->id;
    return true;
}

/* ---- a ticket ---- */

static void add_draft(GPtrArray *list, const InboundAddress *address)
{
    RecipientDraft *draft = g_new0(RecipientDraft, 1);
    draft->email = g_strdup(address->email);
    draft->email_key = g_strdup(address->key);
    if (*address->name != '\0')
        draft->name = g_utf8_substring(address->name, 0,
                                       MIN(LIMIT_NAME_CHARS, g_utf8_strlen(address->name, -1)));
    g_ptr_array_add(list, draft);
}

/* To and Cc that are neither the desk's nor employees'. */
static bool add_copies(DeskTx *tx, const MailCase *one, const Settings *settings, GPtrArray *list,
                       GError **error)
{
    GPtrArray *fields[] = {one->read->mail->to, one->read->mail->cc};
    for (size_t f = 0; f < G_N_ELEMENTS(fields); f++)
        for (guint i = 0; i < fields[f]->len && list->len < COPIES_MAX; i++) {
            const InboundAddress *address = fields[f]->pdata[i];
            g_auto(AddressOwner) owner = {0};
            if (own_address_is(settings, address->key))
                continue;
            if (!address_owner_find(tx->db, address->key, &owner, error))
                return false;
            if (owner.employee == 0)
                add_draft(list, address);
        }
    return true;
}

/* The address it was written from, and who had a copy. An automated mail's sender is a machine: its
 * ticket gets the recipients that any other would. */
static GPtrArray *recipients_of(DeskTx *tx, const MailCase *one, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)recipient_draft_free);
    if (settings == NULL)
        return NULL;
    if (one->known->rule != NULL)
        return g_steal_pointer(&list);
    bool employee = one->known->facts.sender == SENDER_EMPLOYEE;
    if (!employee && one->known->author != NULL)
        add_draft(list, one->known->author);
    bool copies = employee || settings->alerts.add_mail_copies;
    if (copies && !add_copies(tx, one, settings, list, error))
        return NULL;
    return g_steal_pointer(&list);
}

static char *title_of(const char *subject)
{
    return *subject == '\0'
               ? g_strdup("(no subject)")
               : g_utf8_substring(subject, 0, MIN(LIMIT_TITLE_CHARS, g_utf8_strlen(subject, -1)));
}

static void apply_rule(const MailRule *rule, TicketDraft *draft)
{
    if (rule == NULL)
        return;
    draft->type = g_strdup(rule->type);
    draft->priority = g_strdup(rule->priority);
    draft->status = rule->status;
    draft->manager = rule->manager;
}

int64_t mail_open_for(DeskTx *tx, MailCase *one, int64_t account, int64_t contact,
                      const Actor *actor, GError **error)
{
    g_auto(TicketDraft) draft = {.account = account,
                                 .contact = contact,
                                 .title = title_of(one->mail->subject),
                                 .description = g_strdup(one->read->mail->text),
                                 .notify = true};
    apply_rule(one->known->rule, &draft);
    draft.recipients = recipients_of(tx, one, error);
    if (draft.recipients == NULL)
        return 0;
    draft.from_writer = draft.recipients->len > 0;
    const Actor *caller = tx->actor;
    tx->actor = actor;
    g_autoptr(Ticket) ticket = ticket_open(tx, &draft, error);
    tx->actor = caller;
    if (ticket == NULL)
        return 0;
    one->mail->ticket = ticket->number;
    one->mail->account = account;
    return ticket->number;
}
