/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a mail, from any facts: each byte is one of them. What must hold whatever they
 * are: there is always an outcome with a reason, and it stands in the last step; nothing moves a
 * message of ours without proof; nobody speaks as an employee without proof; our own mail goes
 * nowhere; what a machine sent stays a machine's; a ticket is only opened for an account, and only
 * filed on where it was named.
 */
#include "fuzz.h"

#include "connector/classify.h"
#include "mail/hop.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const uint8_t *data;
    size_t size, at;
} Bytes;

/* From 0 to n - 1; 0 behind the end. */
static int take(Bytes *bytes, int n)
{
    return bytes->at < bytes->size ? bytes->data[bytes->at++] % n : 0;
}

static TicketClaim take_claim(Bytes *bytes)
{
    return (TicketClaim){.ticket = take(bytes, 3), .belongs = take(bytes, 2) == 1};
}

static void take_facts(Bytes *b, MailFacts *facts, RuleVerdict *verdict)
{
    *verdict = (RuleVerdict){.action = (RuleAction)take(b, RULE_RECOVERS + 1)};
    *facts = (MailFacts){
        .own_mail = take(b, 4) == 1,
        .own_address = take(b, 4) == 1,
        .hops = take(b, HOP_MAX + 2),
        .machine = take(b, 2) == 1,
        .auto_reply = take(b, 2) == 1,
        .report = (ReportKind)take(b, REPORT_UNCLEAR + 1),
        .action = (ReportAction)take(b, REPORT_ACTION_EXPANDED + 1),
        .no_mailbox = take(b, 2) == 1,
        .soft = take(b, 2) == 1,
        .about = (AboutProof)take(b, ABOUT_UNPROVED + 1),
        .about_ticket = take(b, 3),
        .to_bounce_address = take(b, 2) == 1,
        .rule = verdict,
        .rule_name = verdict->action != RULE_DOES_NOTHING ? "rule" : NULL,
        .rule_account = take(b, 2),
        .rule_ambiguous = take(b, 2) == 1,
        .rule_ticket = take(b, 2),
        .signed_reply = take_claim(b),
        .referenced = take_claim(b),
        .subject = take_claim(b),
        .sender = (SenderKind)take(b, SENDER_EMPLOYEE + 1),
        .account_active = take(b, 2) == 1,
        .employee_active = take(b, 2) == 1,
        .own_signed_address = take(b, 2) == 1,
        .auth = {.verdict = (AuthResultsVerdict)take(b, AUTH_RESULTS_PASS + 1)},
        .employee_mail = (EmployeeMail)take(b, EMPLOYEE_MAIL_OFF + 1),
        .to_accounts = take(b, 3),
        .to_account = 9,
        .desk_in_to = take(b, 2) == 1,
    };
    facts->outbox = facts->about != ABOUT_NOTHING ? 5 : 0;
    facts->account = facts->sender == SENDER_CUSTOMER ? 7 : 0;
    facts->employee = facts->sender == SENDER_EMPLOYEE ? 3 : 0;
}

static bool is_employee(const MailFacts *facts)
{
    return facts->sender == SENDER_EMPLOYEE && facts->employee_active &&
           facts->employee_mail != EMPLOYEE_MAIL_OFF &&
           (facts->employee_mail == EMPLOYEE_MAIL_TRUSTED || facts->own_signed_address ||
            facts->auth.verdict == AUTH_RESULTS_PASS);
}

static bool is_named(const MailFacts *facts, int64_t ticket)
{
    return ticket == facts->signed_reply.ticket ||
           (ticket == facts->referenced.ticket && facts->referenced.belongs) ||
           (ticket == facts->subject.ticket && facts->subject.belongs) ||
           (ticket == facts->about_ticket && facts->about == ABOUT_SIGNED && facts->auto_reply);
}

static void check_steps(const MailOutcome *outcome, const json_t *steps)
{
    const json_t *last = json_array_get(steps, json_array_size(steps) - 1);
    FUZZ_CHECK(outcome->reason != NULL);
    FUZZ_CHECK(strcmp(json_string_value(json_object_get(last, "reason")), outcome->reason) == 0);
    FUZZ_CHECK(strcmp(json_string_value(json_object_get(last, "outcome")), "yes") == 0);
}

static void check(const MailFacts *facts, const MailOutcome *outcome)
{
    MailAction action = outcome->action;
    FUZZ_CHECK(!(facts->own_mail || facts->own_address) || action == MAIL_STOP);
    bool moves = action == MAIL_BOUNCED || action == MAIL_DELIVERED || action == MAIL_COMPLAINT ||
                 action == MAIL_NOTE;
    FUZZ_CHECK(!moves || facts->about == ABOUT_SIGNED || facts->about == ABOUT_MESSAGE_ID);
    FUZZ_CHECK(!outcome->by_employee || is_employee(facts));
    FUZZ_CHECK(action != MAIL_OPEN_EMPLOYEE || outcome->by_employee);
    FUZZ_CHECK(!(action == MAIL_REPLY && facts->sender == SENDER_EMPLOYEE) || outcome->by_employee);
    FUZZ_CHECK(!facts->machine || action == MAIL_STOP || moves || outcome->machine);
    bool opens =
        action == MAIL_OPEN_CUSTOMER || action == MAIL_OPEN_EMPLOYEE || action == MAIL_OPEN_BY_RULE;
    FUZZ_CHECK(!opens || outcome->account != 0);
    bool adds = action == MAIL_REPLY || action == MAIL_ADD_BY_RULE || action == MAIL_CLOSE_BY_RULE;
    FUZZ_CHECK(!adds || outcome->ticket != 0);
    FUZZ_CHECK(action != MAIL_REPLY || is_named(facts, outcome->ticket));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bytes bytes = {data, size, 0};
    MailFacts facts;
    RuleVerdict verdict;
    take_facts(&bytes, &facts, &verdict);
    json_t *steps = json_array();
    MailOutcome outcome = mail_classify(&facts, steps);
    check_steps(&outcome, steps);
    check(&facts, &outcome);
    json_decref(steps);
    return 0;
}
