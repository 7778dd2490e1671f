/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a mail, by facts alone. */
#include "connector/classify.h"

#include "mail/hop.h"

#include <string.h>

static const RuleVerdict no_rule = {.action = RULE_DOES_NOTHING, .rule = -1};
static const RuleVerdict opens = {.action = RULE_OPENS};
static const RuleVerdict skips = {.action = RULE_SKIPS};
static const RuleVerdict recovers = {.action = RULE_RECOVERS};

#define CUSTOMER .sender = SENDER_CUSTOMER, .account = 7, .account_active = true
#define EMPLOYEE .sender = SENDER_EMPLOYEE, .employee = 3, .employee_active = true
#define PROVED   .auth = {.verdict = AUTH_RESULTS_PASS}
#define BOUNCE   .report = REPORT_DELIVERY, .about = ABOUT_SIGNED, .outbox = 5, .about_ticket = 42
#define FAILED   .action = REPORT_ACTION_FAILED
#define TICKET                                                                                     \
    {                                                                                              \
        .ticket = 42, .belongs = true                                                              \
    }
#define FOREIGN                                                                                    \
    {                                                                                              \
        .ticket = 42                                                                               \
    }

typedef struct {
    const char *name;
    MailFacts facts;
    MailAction action;
    const char *reason;
    int64_t ticket, account;
    bool by_employee, internal;
    const char *step;
} Case;

static const Case cases[] = {
    /* loop */
    {"our own mail", {.own_mail = true, CUSTOMER}, MAIL_STOP, "own_mail", .step = "loop"},
    {"from our own address",
     {.own_address = true, .report = REPORT_DELIVERY},
     MAIL_STOP,
     "own_address",
     .step = "loop"},
    {"desks that answer each other",
     {.hops = HOP_MAX, .machine = true, CUSTOMER},
     MAIL_STOP,
     "hop_limit",
     .step = "loop"},
    {"below the limit it is filed",
     {.hops = HOP_MAX - 1, .machine = true, CUSTOMER},
     MAIL_OPEN_CUSTOMER,
     "customer",
     .account = 7,
     .step = "sender"},

    /* report */
    {"no such mailbox",
     {BOUNCE, FAILED, .no_mailbox = true},
     MAIL_BOUNCED,
     "no_mailbox",
     .step = "report"},
    {"full mailbox", {BOUNCE, FAILED, .soft = true}, MAIL_BOUNCED, "soft_bounce", .step = "report"},
    {"refused by policy", {BOUNCE, FAILED}, MAIL_BOUNCED, "bounced", .step = "report"},
    {"delayed", {BOUNCE, .action = REPORT_ACTION_DELAYED}, MAIL_NOTE, "delayed", .step = "report"},
    {"delivered",
     {BOUNCE, .action = REPORT_ACTION_DELIVERED},
     MAIL_DELIVERED,
     "delivered",
     .step = "report"},
    {"relayed",
     {BOUNCE, .action = REPORT_ACTION_RELAYED},
     MAIL_DELIVERED,
     "delivered",
     .step = "report"},
    {"to a list",
     {BOUNCE, .action = REPORT_ACTION_EXPANDED},
     MAIL_NOTE,
     "expanded",
     .step = "report"},
    {"says nothing of our recipient", {BOUNCE}, MAIL_WAIT, "report_unclear", .step = "report"},
    {"forged",
     {.report = REPORT_DELIVERY, FAILED, .no_mailbox = true, .about = ABOUT_UNPROVED, .outbox = 5},
     MAIL_WAIT,
     "report_unproved",
     .step = "report"},
    {"of a stranger's mail",
     {.report = REPORT_DELIVERY, FAILED, .no_mailbox = true},
     MAIL_WAIT,
     "report_of_unknown_mail",
     .step = "report"},
    {"by Message-ID",
     {.report = REPORT_DELIVERY, FAILED, .about = ABOUT_MESSAGE_ID, .outbox = 5},
     MAIL_BOUNCED,
     "bounced",
     .step = "report"},
    {"complaint",
     {.report = REPORT_COMPLAINT, .about = ABOUT_SIGNED, .outbox = 5},
     MAIL_COMPLAINT,
     "complaint",
     .step = "report"},
    {"unproved complaint",
     {.report = REPORT_COMPLAINT, .about = ABOUT_UNPROVED},
     MAIL_WAIT,
     "report_unproved",
     .step = "report"},
    {"unclear",
     {.report = REPORT_UNCLEAR, CUSTOMER},
     MAIL_WAIT,
     "report_unclear",
     .step = "report"},
    {"a person writes to the bounce address",
     {.to_bounce_address = true, CUSTOMER},
     MAIL_WAIT,
     "report_unclear",
     .step = "report"},
    {"out of office to the bounce address",
     {.to_bounce_address = true,
      .report = REPORT_AUTO_REPLY,
      .auto_reply = true,
      .machine = true,
      .about = ABOUT_SIGNED,
      .about_ticket = 42},
     MAIL_REPLY,
     "answers_our_mail",
     .ticket = 42,
     .step = "reply"},
    {"a bounce that a rule would like",
     {BOUNCE, FAILED, .rule = &opens, .rule_account = 1},
     MAIL_BOUNCED,
     "bounced",
     .step = "report"},

    /* rule */
    {"rule opens",
     {.rule = &opens, .rule_account = 9, CUSTOMER},
     MAIL_OPEN_BY_RULE,
     "rule_opens",
     .account = 9,
     .step = "rule"},
    {"rule repeats",
     {.rule = &opens, .rule_account = 9, .rule_ticket = 42},
     MAIL_ADD_BY_RULE,
     "rule_repeats",
     .ticket = 42,
     .step = "rule"},
    {"rule without account", {.rule = &opens}, MAIL_WAIT, "rule_no_account", .step = "rule"},
    {"rule with two accounts",
     {.rule = &opens, .rule_ambiguous = true},
     MAIL_WAIT,
     "rule_several_accounts",
     .step = "rule"},
    {"rule skips", {.rule = &skips, CUSTOMER}, MAIL_SKIP, "rule_skips", .step = "rule"},
    {"rule closes",
     {.rule = &recovers, .rule_ticket = 42},
     MAIL_CLOSE_BY_RULE,
     "rule_closes",
     .ticket = 42,
     .step = "rule"},
    {"nothing to close",
     {.rule = &recovers, .rule_account = 9},
     MAIL_SKIP,
     "rule_nothing_to_close",
     .step = "rule"},
    {"a rule before a reply",
     {.rule = &skips, .signed_reply = TICKET},
     MAIL_SKIP,
     "rule_skips",
     .step = "rule"},

    /* speaker */
    {"an employee's From alone",
     {EMPLOYEE, .to_accounts = 1, .to_account = 7},
     MAIL_WAIT,
     "sender_not_verified",
     .step = "speaker"},
    {"an employee's From alone, with a customer's reply address",
     {EMPLOYEE, .signed_reply = TICKET},
     MAIL_WAIT,
     "sender_not_verified",
     .step = "speaker"},
    {"an employee whose check failed",
     {EMPLOYEE, .auth = {.verdict = AUTH_RESULTS_FAIL}},
     MAIL_WAIT,
     "sender_not_verified",
     .step = "speaker"},
    {"employee_mail off",
     {EMPLOYEE, PROVED, .employee_mail = EMPLOYEE_MAIL_OFF},
     MAIL_WAIT,
     "employee_mail_off",
     .step = "speaker"},
    {"an employee who has left",
     {.sender = SENDER_EMPLOYEE, PROVED, .employee_mail = EMPLOYEE_MAIL_TRUSTED},
     MAIL_WAIT,
     "employee_inactive",
     .step = "speaker"},

    /* reply */
    {"signed reply address, anybody",
     {.signed_reply = FOREIGN, .sender = SENDER_UNKNOWN},
     MAIL_REPLY,
     "signed_reply_address",
     .ticket = 42,
     .step = "reply"},
    {"signed wins over references",
     {.signed_reply = TICKET, .referenced = {.ticket = 43, .belongs = true}, CUSTOMER},
     MAIL_REPLY,
     "signed_reply_address",
     .ticket = 42,
     .step = "reply"},
    {"references",
     {.referenced = TICKET, .subject = {.ticket = 43, .belongs = true}, CUSTOMER},
     MAIL_REPLY,
     "answers_our_mail",
     .ticket = 42,
     .step = "reply"},
    {"references of a stranger",
     {.referenced = FOREIGN, .sender = SENDER_UNKNOWN},
     MAIL_WAIT,
     "unknown_sender",
     .step = "unmatched"},
    {"references of another customer",
     {.referenced = FOREIGN, CUSTOMER},
     MAIL_OPEN_CUSTOMER,
     "customer",
     .account = 7,
     .step = "sender"},
    {"number in the subject",
     {.subject = TICKET, CUSTOMER},
     MAIL_REPLY,
     "number_in_subject",
     .ticket = 42,
     .step = "reply"},
    {"a guessed number",
     {.subject = FOREIGN, .sender = SENDER_UNKNOWN},
     MAIL_WAIT,
     "unknown_sender",
     .step = "unmatched"},
    {"a stranger's references, then a number that is theirs",
     {.referenced = FOREIGN, .subject = {.ticket = 44, .belongs = true}, CUSTOMER},
     MAIL_REPLY,
     "number_in_subject",
     .ticket = 44,
     .step = "reply"},
    {"an employee's reply",
     {EMPLOYEE, PROVED, .signed_reply = TICKET, .desk_in_to = true},
     MAIL_REPLY,
     "signed_reply_address",
     .ticket = 42,
     .by_employee = true,
     .step = "reply"},
    {"an employee's own reply address is proof",
     {EMPLOYEE, .own_signed_address = true, .signed_reply = TICKET, .desk_in_to = true},
     MAIL_REPLY,
     "signed_reply_address",
     .ticket = 42,
     .by_employee = true,
     .step = "reply"},
    {"an employee with the desk in Cc",
     {EMPLOYEE, PROVED, .subject = TICKET},
     MAIL_REPLY,
     "number_in_subject",
     .ticket = 42,
     .by_employee = true,
     .internal = true,
     .step = "reply"},

    /* sender */
    {"customer", {CUSTOMER}, MAIL_OPEN_CUSTOMER, "customer", .account = 7, .step = "sender"},
    {"customer whose check failed",
     {CUSTOMER, .auth = {.verdict = AUTH_RESULTS_FAIL}},
     MAIL_OPEN_CUSTOMER,
     "customer",
     .account = 7,
     .step = "sender"},
    {"inactive customer",
     {.sender = SENDER_CUSTOMER, .account = 7},
     MAIL_WAIT,
     "account_inactive",
     .step = "sender"},
    {"inactive customer's reply",
     {.sender = SENDER_CUSTOMER, .account = 7, .referenced = TICKET},
     MAIL_REPLY,
     "answers_our_mail",
     .ticket = 42,
     .step = "reply"},
    {"out of office about nothing",
     {CUSTOMER, .auto_reply = true, .machine = true},
     MAIL_WAIT,
     "automatic_reply",
     .step = "sender"},
    {"employee",
     {EMPLOYEE, PROVED, .to_accounts = 1, .to_account = 8, .desk_in_to = true},
     MAIL_OPEN_EMPLOYEE,
     "employee",
     .account = 8,
     .by_employee = true,
     .step = "sender"},
    {"employee, trusted",
     {EMPLOYEE, .employee_mail = EMPLOYEE_MAIL_TRUSTED, .to_accounts = 1, .to_account = 8},
     MAIL_OPEN_EMPLOYEE,
     "employee",
     .account = 8,
     .by_employee = true,
     .internal = true,
     .step = "sender"},
    {"employee to nobody",
     {EMPLOYEE, PROVED, .desk_in_to = true},
     MAIL_WAIT,
     "employee_no_account",
     .by_employee = true,
     .step = "sender"},
    {"employee to several",
     {EMPLOYEE, PROVED, .to_accounts = 2, .desk_in_to = true},
     MAIL_WAIT,
     "employee_several_accounts",
     .by_employee = true,
     .step = "sender"},

    /* unmatched */
    {"stranger", {.sender = SENDER_UNKNOWN}, MAIL_WAIT, "unknown_sender", .step = "unmatched"},
    {"domain of two accounts",
     {.sender = SENDER_AMBIGUOUS},
     MAIL_WAIT,
     "several_accounts",
     .step = "unmatched"},
    {"no From", {.sender = SENDER_NONE}, MAIL_WAIT, "no_sender", .step = "unmatched"},
};

static void test_case(gconstpointer data)
{
    const Case *want = data;
    MailFacts facts = want->facts;
    if (facts.rule == NULL)
        facts.rule = &no_rule;
    json_auto_t *steps = json_array();
    MailOutcome got = mail_classify(&facts, steps);
    g_assert_cmpstr(mail_action_name(got.action), ==, mail_action_name(want->action));
    g_assert_cmpstr(got.reason, ==, want->reason);
    g_assert_cmpint(got.ticket, ==, want->ticket);
    g_assert_cmpint(got.account, ==, want->account);
    g_assert_cmpint(got.by_employee, ==, want->by_employee);
    g_assert_cmpint(got.internal, ==, want->internal);
    const json_t *last = json_array_get(steps, json_array_size(steps) - 1);
    g_assert_cmpstr(json_string_value(json_object_get(last, "step")), ==, want->step);
    g_assert_cmpstr(json_string_value(json_object_get(last, "outcome")), ==, "yes");
    g_assert_cmpstr(json_string_value(json_object_get(last, "reason")), ==, want->reason);
}

/* Whatever a machine has sent stays a machine's, so that nothing follows from it. */
static void test_machine(void)
{
    json_auto_t *steps = json_array();
    MailFacts facts = {.rule = &no_rule, .machine = true, .signed_reply = TICKET, CUSTOMER};
    g_assert_true(mail_classify(&facts, steps).machine);
    facts.machine = false;
    g_assert_false(mail_classify(&facts, steps).machine);
    facts.rule = &opens;
    facts.rule_account = 1;
    g_assert_true(mail_classify(&facts, steps).machine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/classify/%s", cases[i].name);
        g_test_add_data_func(name, &cases[i], test_case);
    }
    g_test_add_func("/classify/machine", test_machine);
    return g_test_run();
}
