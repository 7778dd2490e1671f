/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for automated emails: which one fires, and what it reads out of the subject. Pure. */
#pragma once

#include "records/email_connector.h"

#include <glib.h>

typedef enum {
    RULE_FITS,
    RULE_IS_OFF,
    RULE_OTHER_SENDER,
    RULE_OTHER_SUBJECT,
    RULE_AFTER_ANOTHER, /* one before it has fired */
    RULE_N_FITS,
} RuleFit;

/* "fits", "off", "other_sender", "other_subject", "after_another" */
const char *rule_fit_name(RuleFit fit);

typedef enum {
    RULE_DOES_NOTHING, /* none fires */
    RULE_SKIPS,        /* a skip phrase */
    RULE_OPENS,
    RULE_RECOVERS, /* the incident is over */
} RuleAction;

typedef struct {
    RuleAction action;
    int rule;           /* its place in the list; -1: none fires */
    const char *phrase; /* the skip or recovery phrase that was found; borrowed of the rule */
    char *account_text; /* the number, name or reference that the subject gives; NULL: none */
    char *key;          /* what names the incident; NULL: none */
    RuleFit *fits;      /* one for each rule; NULL where there is none */
} RuleVerdict;

void rule_verdict_clear(RuleVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RuleVerdict, rule_verdict_clear)

/* `from_keys`: the compared form of every From address, NULL-terminated; `subject` as a person
 * reads it. Letter case is of no account anywhere. The first rule that fits decides. */
void rules_apply(const GPtrArray *rules, const char *const *from_keys, const char *subject,
                 RuleVerdict *verdict);

/* The piece of `subject` at that place, without spaces at its ends; NULL where `after` or `before`
 * is not in it, or nothing stands between. Free with g_free(). */
char *rule_piece(const RulePlace *place, const char *subject);
