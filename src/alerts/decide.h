/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to its decisions and outbox rows, inside the transaction of the change itself. */
#pragma once

#include "alerts/policy.h"
#include "db/db.h"
#include "records/event.h"
#include "records/recipient.h"
#include "records/settings.h"
#include "records/ticket.h"
#include "records/ticket_template.h"

/* The options of this alert. */
static inline const AlertSettings *alert_settings(const AlertsToCustomersSettings *settings,
                                                  AlertKind kind)
{
    return kind == ALERT_NEW_TICKET ? &settings->new_ticket : &settings->ticket_closed;
}

/* In which of the template's languages a mail is: the recipient's (NULL: not known), the account's
 * as it was at the event, the desk's. Never NULL; the offer's. */
const char *alert_language(const TemplateOffer *offer, const char *recipient_language,
                           const json_t *event_facts, const Settings *settings);

#include <jansson.h>

/* What is special about an event. */
typedef enum {
    ALERTS_PLAIN = 0,
    ALERTS_BY_HAND = 1 << 0,    /* it is "send the latest alert" */
    ALERTS_HELD_WHOLE = 1 << 1, /* part of an action that the brake holds as a whole */
} AlertsHow;

/* What was decided, for those who wake the Alerts Server and who count. Added to. */
typedef struct {
    bool queued; /* the outbox has grown */
    uint16_t decisions[ALERT_N_KINDS][REASON_N];
} AlertsMade;

/* `facts` are the event's, parsed. Decides for every recipient in `recipients` (Recipient *; empty:
 * one decision with an empty address) and puts what is to be sent into the outbox. */
bool alerts_decide_all(DbTx *tx, const Ticket *ticket, const Event *event, const json_t *facts,
                       AlertKind kind, AlertsHow how, GPtrArray *recipients,
                       const Settings *settings, AlertsMade *made, GError **error);

/* Adds to `addresses` (a set of compared forms, which it owns) whom an event of this kind by this
 * actor would tell if there were no brake. */
void alerts_would_tell(const Ticket *ticket, const Actor *actor, AlertKind kind, bool notify,
                       GPtrArray *recipients, const Settings *settings, GHashTable *addresses);
