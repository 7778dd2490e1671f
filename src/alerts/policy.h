/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts to Customers: who is told, and why. The decision table of product.md, section 2, as one
 * pure function: facts in, decision out. The API, the console, simulation and explain all call this
 * and nothing else.
 */
#pragma once

#include "records/actor.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    ALERT_NEW_TICKET,
    ALERT_TICKET_CLOSED,
    ALERT_N_KINDS,
} AlertKind;

typedef enum {
    DECISION_SEND,
    DECISION_HOLD,
    DECISION_SUPPRESS,
    DECISION_N,
} AlertDecision;

typedef enum {
    REASON_IMPORTED,
    REASON_ALERTS_SERVER_INACTIVE,
    REASON_ALERT_DISABLED,
    REASON_CREATED_BY_CUSTOMER_EMAIL,
    REASON_CREATED_BY_AUTOMATED_EMAIL,
    REASON_CREATED_BY_CUSTOMER_WEB,
    REASON_NOT_WANTED,
    REASON_NO_RECIPIENTS,
    REASON_OWN_ADDRESS,
    REASON_MUTED,
    REASON_LEFT_TICKET,
    REASON_ADDRESS_SUPPRESSED,
    REASON_BRAKE,
    REASON_NEW_TICKET,
    REASON_TICKET_CLOSED,
    REASON_SENT_BY_HAND,
    REASON_N,
} AlertReason;

/* What is true of the event. */
typedef struct {
    AlertKind kind;
    bool by_hand; /* "send the latest alert" */
    ActorKind actor;
    Channel channel;
    bool server_active; /* the Alerts Server is activated */
    bool alert_enabled; /* this alert is switched on in Options */
    bool notify;        /* false: "do not notify" was said for this change */
} AlertEventFacts;

/* What is true of one recipient. */
typedef struct {
    bool own_address; /* an address of the desk itself */
    bool muted;
    bool left_ticket;
    bool ticket_contact; /* the ticket's own contact */
    bool suppressed;     /* on the suppression list */
    bool brake;
} AlertRecipientFacts;

/* As a number that is stored with the decision, so that it can be asked for again: everything but
 * the brake, which depends on the events before. */
int64_t alert_facts_pack(const AlertRecipientFacts *facts);
AlertRecipientFacts alert_facts_unpack(int64_t packed);

typedef struct {
    AlertDecision decision;
    AlertReason reason;
} AlertVerdict;

/* `recipient` NULL: the ticket has no external recipients. */
AlertVerdict alert_decide(const AlertEventFacts *event, const AlertRecipientFacts *recipient);

/* The decision that this reason goes with. */
AlertDecision alert_decision_of(AlertReason reason);

/* Stored names: "new_ticket", "send", "created_by_customer_email", ... */
const char *alert_kind_name(AlertKind kind);
bool alert_kind_from_name(const char *name, AlertKind *kind);
const char *alert_decision_name(AlertDecision decision);
bool alert_decision_from_name(const char *name, AlertDecision *decision);
const char *alert_reason_name(AlertReason reason);
bool alert_reason_from_name(const char *name, AlertReason *reason);
