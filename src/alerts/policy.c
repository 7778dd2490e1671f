/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/policy.h"

static const char *const kind_names[ALERT_N_KINDS] = {
    [ALERT_NEW_TICKET] = "new_ticket",
    [ALERT_TICKET_CLOSED] = "ticket_closed",
};

static const char *const decision_names[DECISION_N] = {
    [DECISION_SEND] = "send",
    [DECISION_HOLD] = "hold",
    [DECISION_SUPPRESS] = "suppress",
};

static const char *const reason_names[REASON_N] = {
    [REASON_IMPORTED] = "imported",
    [REASON_ALERTS_SERVER_INACTIVE] = "alerts_server_inactive",
    [REASON_ALERT_DISABLED] = "alert_disabled",
    [REASON_CREATED_BY_CUSTOMER_EMAIL] = "created_by_customer_email",
    [REASON_CREATED_BY_AUTOMATED_EMAIL] = "created_by_automated_email",
    [REASON_CREATED_BY_CUSTOMER_WEB] = "created_by_customer_web",
    [REASON_NOT_WANTED] = "not_wanted",
    [REASON_NO_RECIPIENTS] = "no_recipients",
    [REASON_OWN_ADDRESS] = "own_address",
    [REASON_MUTED] = "muted",
    [REASON_LEFT_TICKET] = "left_ticket",
    [REASON_ADDRESS_SUPPRESSED] = "address_suppressed",
    [REASON_BRAKE] = "brake",
    [REASON_NEW_TICKET] = "new_ticket",
    [REASON_TICKET_CLOSED] = "ticket_closed",
    [REASON_SENT_BY_HAND] = "sent_by_hand",
};

static AlertVerdict suppress(AlertReason reason)
{
    return (AlertVerdict){DECISION_SUPPRESS, reason};
}

/* Only a creation looks at who made it; a closing is a closing, whoever does it. */
static bool created_by_others(const AlertEventFacts *event, AlertReason *reason)
{
    if (event->kind != ALERT_NEW_TICKET)
        return false;
    if (event->actor == ACTOR_CUSTOMER && event->channel == CHANNEL_EMAIL)
        *reason = REASON_CREATED_BY_CUSTOMER_EMAIL;
    else if (event->channel == CHANNEL_AUTOMATED_EMAIL)
        *reason = REASON_CREATED_BY_AUTOMATED_EMAIL;
    else if (event->actor == ACTOR_CUSTOMER && event->channel == CHANNEL_WEB)
        *reason = REASON_CREATED_BY_CUSTOMER_WEB;
    else
        return false;
    return true;
}

/* The rows stand in the order of the table; the first that matches wins. */
AlertVerdict alert_decide(const AlertEventFacts *event, const AlertRecipientFacts *recipient)
{
    AlertReason reason;
    if (event->channel == CHANNEL_IMPORT)
        return suppress(REASON_IMPORTED);
    if (!event->server_active)
        return suppress(REASON_ALERTS_SERVER_INACTIVE);
    if (!event->alert_enabled)
        return suppress(REASON_ALERT_DISABLED);
    if (created_by_others(event, &reason))
        return suppress(reason);
    if (!event->notify)
        return suppress(REASON_NOT_WANTED);
    if (recipient == NULL)
        return suppress(REASON_NO_RECIPIENTS);
    if (recipient->own_address)
        return suppress(REASON_OWN_ADDRESS);
    if (recipient->muted)
        return suppress(REASON_MUTED);
    if (recipient->left_ticket &&
        (!recipient->ticket_contact || event->kind != ALERT_TICKET_CLOSED))
        return suppress(REASON_LEFT_TICKET);
    if (recipient->suppressed)
        return suppress(REASON_ADDRESS_SUPPRESSED);
    if (recipient->brake)
        return (AlertVerdict){DECISION_HOLD, REASON_BRAKE};
    if (event->by_hand)
        return (AlertVerdict){DECISION_SEND, REASON_SENT_BY_HAND};
    return (AlertVerdict){DECISION_SEND, event->kind == ALERT_NEW_TICKET ? REASON_NEW_TICKET
                                                                         : REASON_TICKET_CLOSED};
}

AlertDecision alert_decision_of(AlertReason reason)
{
    if (reason == REASON_BRAKE)
        return DECISION_HOLD;
    return reason == REASON_NEW_TICKET || reason == REASON_TICKET_CLOSED ||
                   reason == REASON_SENT_BY_HAND
               ? DECISION_SEND
               : DECISION_SUPPRESS;
}

/* The bits stand in databases: a new fact takes the next one. */
enum {
    FACT_OWN_ADDRESS = 1 << 0,
    FACT_MUTED = 1 << 1,
    FACT_LEFT_TICKET = 1 << 2,
    FACT_TICKET_CONTACT = 1 << 3,
    FACT_SUPPRESSED = 1 << 4,
};

int64_t alert_facts_pack(const AlertRecipientFacts *facts)
{
    return (facts->own_address ? FACT_OWN_ADDRESS : 0) | (facts->muted ? FACT_MUTED : 0) |
           (facts->left_ticket ? FACT_LEFT_TICKET : 0) |
           (facts->ticket_contact ? FACT_TICKET_CONTACT : 0) |
           (facts->suppressed ? FACT_SUPPRESSED : 0);
}

AlertRecipientFacts alert_facts_unpack(int64_t packed)
{
    return (AlertRecipientFacts){
        .own_address = packed & FACT_OWN_ADDRESS,
        .muted = packed & FACT_MUTED,
        .left_ticket = packed & FACT_LEFT_TICKET,
        .ticket_contact = packed & FACT_TICKET_CONTACT,
        .suppressed = packed & FACT_SUPPRESSED,
    };
}

static bool find(const char *const *names, int n, const char *name, int *index)
{
    for (int i = 0; i < n; i++)
        if (g_strcmp0(names[i], name) == 0) {
            *index = i;
            return true;
        }
    return false;
}

const char *alert_kind_name(AlertKind kind)
{
    return kind_names[kind];
}

bool alert_kind_from_name(const char *name, AlertKind *kind)
{
    int index;
    bool found = find(kind_names, ALERT_N_KINDS, name, &index);
    if (found)
        *kind = (AlertKind)index;
    return found;
}

const char *alert_decision_name(AlertDecision decision)
{
    return decision_names[decision];
}

bool alert_decision_from_name(const char *name, AlertDecision *decision)
{
    int index;
    bool found = find(decision_names, DECISION_N, name, &index);
    if (found)
        *decision = (AlertDecision)index;
    return found;
}

const char *alert_reason_name(AlertReason reason)
{
    return reason_names[reason];
}

bool alert_reason_from_name(const char *name, AlertReason *reason)
{
    int index;
    bool found = find(reason_names, REASON_N, name, &index);
    if (found)
        *reason = (AlertReason)index;
    return found;
}
