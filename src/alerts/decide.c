/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers what the policy wants to know, asks it, and writes its answer. There is no rule in this
 * file.
 *
 * The decision stands in the same transaction as the change: whoever reads the ticket's new state
 * also reads why each of its recipients is or is not told, and a crash keeps both or neither.
 */
#include "alerts/decide.h"

#include "alerts/alert.h"
#include "alerts/brake.h"
#include "alerts/language.h"
#include "alerts/own_address.h"
#include "base/json.h"
#include "outbox/outbox.h"
#include "records/ticket_template.h"

typedef struct {
    const Ticket *ticket;
    const Event *event;
    const Settings *settings;
    AlertEventFacts facts;
    const json_t *event_facts;
    TemplateOffer *offer; /* loaded with the first alert that is to be sent */
    AlertsMade *made;
    bool held_whole;
} Deciding;

static void deciding_clear(Deciding *deciding)
{
    g_clear_pointer(&deciding->offer, template_offer_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Deciding, deciding_clear)

static AlertRecipientFacts recipient_facts(const Deciding *deciding, const Recipient *recipient)
{
    return (AlertRecipientFacts){
        .own_address = own_address_is(deciding->settings, recipient->email_key),
        .muted = recipient->muted,
        .left_ticket = recipient->left_at != 0,
        .ticket_contact =
            recipient->contact != 0 && recipient->contact == deciding->ticket->contact,
        .suppressed = recipient->suppressed,
    };
}

static bool choose_template(DbTx *tx, Deciding *deciding, GError **error)
{
    if (deciding->offer != NULL)
        return true;
    int64_t id = alert_settings(&deciding->settings->alerts, deciding->facts.kind)->template_id;
    deciding->offer = ticket_template_offer(tx, id, alert_kind_name(deciding->facts.kind), error);
    return deciding->offer != NULL;
}

const char *alert_language(const TemplateOffer *offer, const char *recipient_language,
                           const json_t *event_facts, const Settings *settings)
{
    const json_t *account = json_object_get(event_facts, "account");
    const char *wanted[] = {recipient_language, json_get_text(account, "language"),
                            settings->desk.language};
    return language_choose((const char *const *)offer->languages, wanted, G_N_ELEMENTS(wanted));
}

static bool put_in_outbox(DbTx *tx, const Deciding *deciding, const Alert *alert, GError **error)
{
    g_autofree char *order_key = alert_order_key(alert->ticket, alert->recipient_key);
    bool held = alert->decision == DECISION_HOLD;
    OutboxMessage message = {
        .kind = (char *)OUTBOX_KIND_ALERT,
        .ref = alert->id,
        .recipient = alert->recipient,
        .lane = deciding->ticket->account,
        .order_key = order_key,
        .order_seq = deciding->event->version,
        .state = held ? OUTBOX_HELD : OUTBOX_QUEUED,
        .state_reason = held ? (char *)alert_reason_name(alert->reason) : NULL,
        .due_at = deciding->event->at,
        .queued_at = deciding->event->at,
    };
    return outbox_insert(tx, &message, error);
}

static bool record(DbTx *tx, Deciding *deciding, const Recipient *recipient,
                   const AlertRecipientFacts *facts, GError **error)
{
    AlertVerdict verdict = alert_decide(&deciding->facts, facts);
    bool told = verdict.decision != DECISION_SUPPRESS;
    deciding->made->queued = deciding->made->queued || told;
    deciding->made->decisions[deciding->facts.kind][verdict.reason]++;
    if (told && !choose_template(tx, deciding, error))
        return false;
    const TemplateOffer *offer = told ? deciding->offer : NULL;
    Alert alert = {
        .ticket = deciding->ticket->number,
        .event = deciding->event->id,
        .kind = deciding->facts.kind,
        .recipient = recipient != NULL ? recipient->email : (char *)"",
        .recipient_key = recipient != NULL ? recipient->email_key : (char *)"",
        .recipient_name = recipient != NULL ? recipient->name : NULL,
        .contact = recipient != NULL ? recipient->contact : 0,
        .decision = verdict.decision,
        .reason = verdict.reason,
        .template_id = told ? offer->id : 0,
        .template_version = told ? offer->version : 0,
        .language =
            told ? (char *)alert_language(offer, recipient != NULL ? recipient->language : NULL,
                                          deciding->event_facts, deciding->settings)
                 : NULL,
        .decided_at = deciding->event->at,
        .recipient_facts = facts != NULL ? alert_facts_pack(facts) : 0,
        .actor = &deciding->event->actor,
    };
    return alert_insert(tx, &alert, error) && (!told || put_in_outbox(tx, deciding, &alert, error));
}

/* The facts of each (AlertRecipientFacts), but for the brake. */
static GArray *all_facts(const Deciding *deciding, GPtrArray *recipients)
{
    GArray *all = g_array_sized_new(FALSE, TRUE, sizeof(AlertRecipientFacts), recipients->len);
    for (guint i = 0; i < recipients->len; i++) {
        AlertRecipientFacts facts = recipient_facts(deciding, recipients->pdata[i]);
        g_array_append_val(all, facts);
    }
    return all;
}

/* Whom the table would tell is what the brake counts; it then stands on for all of them or none. */
static bool set_brake(DbTx *tx, const Deciding *deciding, GPtrArray *recipients, GArray *all,
                      GError **error)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < all->len; i++) {
        const AlertRecipientFacts *facts = &g_array_index(all, AlertRecipientFacts, i);
        const Recipient *recipient = recipients->pdata[i];
        if (alert_decide(&deciding->facts, facts).decision == DECISION_SEND)
            g_hash_table_add(told, recipient->email_key);
    }
    bool held = deciding->held_whole && g_hash_table_size(told) > 0;
    if (!held &&
        !brake_holds(tx, deciding->event, told, &deciding->settings->alerts.brake, &held, error))
        return false;
    for (guint i = 0; i < all->len; i++)
        g_array_index(all, AlertRecipientFacts, i).brake = held;
    return true;
}

static bool decide_each(DbTx *tx, Deciding *deciding, GPtrArray *recipients, GError **error)
{
    if (recipients->len == 0)
        return record(tx, deciding, NULL, NULL, error);
    g_autoptr(GArray) all = all_facts(deciding, recipients);
    if (!set_brake(tx, deciding, recipients, all, error))
        return false;
    for (guint i = 0; i < recipients->len; i++)
        if (!record(tx, deciding, recipients->pdata[i], &g_array_index(all, AlertRecipientFacts, i),
                    error))
            return false;
    return true;
}

static AlertEventFacts event_facts_of(const Actor *actor, AlertKind kind, bool notify,
                                      const Settings *settings)
{
    return (AlertEventFacts){
        .kind = kind,
        .actor = actor->kind,
        .channel = actor->channel,
        .server_active = settings->alerts_server.active,
        .alert_enabled = alert_settings(&settings->alerts, kind)->enabled,
        .notify = notify,
    };
}

void alerts_would_tell(const Ticket *ticket, const Actor *actor, AlertKind kind, bool notify,
                       GPtrArray *recipients, const Settings *settings, GHashTable *addresses)
{
    const Deciding deciding = {.ticket = ticket, .settings = settings};
    AlertEventFacts event = event_facts_of(actor, kind, notify, settings);
    for (guint i = 0; i < recipients->len; i++) {
        const Recipient *recipient = recipients->pdata[i];
        AlertRecipientFacts facts = recipient_facts(&deciding, recipient);
        if (alert_decide(&event, &facts).decision == DECISION_SEND)
            g_hash_table_add(addresses, g_strdup(recipient->email_key));
    }
}

bool alerts_decide_all(DbTx *tx, const Ticket *ticket, const Event *event, const json_t *facts,
                       AlertKind kind, AlertsHow how, GPtrArray *recipients,
                       const Settings *settings, AlertsMade *made, GError **error)
{
    g_auto(Deciding) deciding = {
        .ticket = ticket,
        .event = event,
        .settings = settings,
        .event_facts = facts,
        .facts = event_facts_of(&event->actor, kind, event->notify, settings),
        .made = made,
        .held_whole = (how & ALERTS_HELD_WHOLE) && settings->alerts.brake.enabled,
    };
    deciding.facts.by_hand = how & ALERTS_BY_HAND;
    return decide_each(tx, &deciding, recipients, error);
}
