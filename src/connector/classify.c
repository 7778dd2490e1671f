/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/classify.h"

#include "mail/hop.h"
#include "records/inbox.h"

#include <string.h>

typedef struct {
    const MailFacts *facts;
    json_t *steps;
    const char *step;
    MailOutcome outcome;
} Way;

static bool yes(Way *way, MailAction action, const char *reason, const char *text)
{
    way->outcome.action = action;
    way->outcome.reason = reason;
    g_autofree char *named = way->outcome.rule != NULL
                                 ? g_strdup_printf("\"%s\": %s", way->outcome.rule, text)
                                 : g_strdup(text);
    inbox_add_step(way->steps, way->step, "yes", reason, named);
    return true;
}

static bool no(Way *way, const char *reason, const char *text)
{
    inbox_add_step(way->steps, way->step, "no", reason, text);
    return false;
}

/* ---- loop ---- */

static bool is_loop(Way *way)
{
    const MailFacts *facts = way->facts;
    if (facts->own_mail)
        return yes(way, MAIL_STOP, "own_mail", "This desk has sent it, and it has come back.");
    if (facts->own_address)
        return yes(way, MAIL_STOP, "own_address",
                   "It says that it is from an address of this desk.");
    if (facts->machine && facts->hops >= HOP_MAX)
        return yes(way, MAIL_STOP, "hop_limit",
                   "Desks have answered each other too often without a person.");
    return no(way, "no_loop", "It is not our own mail.");
}

/* ---- report ---- */

static bool settle(Way *way)
{
    switch (way->facts->action) {
    case REPORT_ACTION_FAILED:
        if (way->facts->no_mailbox)
            return yes(way, MAIL_BOUNCED, "no_mailbox",
                       "The report says that there is no such mailbox.");
        return way->facts->soft ? yes(way, MAIL_BOUNCED, "soft_bounce",
                                      "The report says that it could not be delivered for now.")
                                : yes(way, MAIL_BOUNCED, "bounced",
                                      "The report says that it could not be delivered.");
    case REPORT_ACTION_DELAYED:
        return yes(way, MAIL_NOTE, "delayed", "The report says that it is still being tried.");
    case REPORT_ACTION_DELIVERED:
    case REPORT_ACTION_RELAYED:
        return yes(way, MAIL_DELIVERED, "delivered", "The report says that it has arrived.");
    case REPORT_ACTION_EXPANDED:
        return yes(way, MAIL_NOTE, "expanded", "The report says that it went on to a list.");
    case REPORT_ACTION_UNKNOWN:
        break;
    }
    return yes(way, MAIL_WAIT, "report_unclear", "The report does not say what has happened.");
}

static bool is_report(Way *way)
{
    const MailFacts *facts = way->facts;
    bool report = facts->report == REPORT_DELIVERY || facts->report == REPORT_COMPLAINT;
    if (facts->report == REPORT_UNCLEAR ||
        (facts->to_bounce_address && facts->report == REPORT_NONE && !facts->auto_reply))
        return yes(way, MAIL_WAIT, "report_unclear",
                   "It looks like a report about a mail of ours and does not say what happened.");
    if (!report)
        return no(way, "no_report", "It is no report about a mail.");
    if (facts->about == ABOUT_NOTHING)
        return yes(way, MAIL_WAIT, "report_of_unknown_mail",
                   "It is a report about a mail that is not known here.");
    if (facts->about == ABOUT_UNPROVED)
        return yes(way, MAIL_WAIT, "report_unproved",
                   "It names a mail of ours, but anybody could have written that: it did not come"
                   " to the signed address of that mail.");
    if (facts->report == REPORT_COMPLAINT)
        return yes(way, MAIL_COMPLAINT, "complaint", "The recipient has marked it as spam.");
    return settle(way);
}

/* ---- rule ---- */

static bool open_by_rule(Way *way)
{
    const MailFacts *facts = way->facts;
    if (facts->rule_ticket != 0) {
        way->outcome.ticket = facts->rule_ticket;
        return yes(way, MAIL_ADD_BY_RULE, "rule_repeats",
                   "A rule fits, and the incident has an open ticket.");
    }
    if (facts->rule_account == 0)
        return facts->rule_ambiguous
                   ? yes(way, MAIL_WAIT, "rule_several_accounts",
                         "A rule fits, but the sender belongs to several accounts.")
                   : yes(way, MAIL_WAIT, "rule_no_account",
                         "A rule fits, but it finds no account.");
    way->outcome.account = facts->rule_account;
    return yes(way, MAIL_OPEN_BY_RULE, "rule_opens", "A rule fits, and opens a ticket.");
}

static bool is_automated(Way *way)
{
    const MailFacts *facts = way->facts;
    way->outcome.rule = facts->rule_name;
    way->outcome.machine = facts->rule->action != RULE_DOES_NOTHING || facts->machine;
    switch (facts->rule->action) {
    case RULE_DOES_NOTHING:
        break;
    case RULE_SKIPS:
        return yes(way, MAIL_SKIP, "rule_skips",
                   "A rule fits, and says that this needs no ticket.");
    case RULE_RECOVERS:
        if (facts->rule_ticket == 0)
            return yes(way, MAIL_SKIP, "rule_nothing_to_close",
                       "A rule fits and says that the incident is over; it has no open ticket.");
        way->outcome.ticket = facts->rule_ticket;
        return yes(way, MAIL_CLOSE_BY_RULE, "rule_closes",
                   "A rule fits and says that the incident is over: its ticket is closed.");
    case RULE_OPENS:
        return open_by_rule(way);
    }
    return no(way, "no_rule", "No rule for automated emails fits.");
}

/* ---- who is speaking ---- */

/* NULL: what an employee says counts. */
static const char *employee_doubt(const MailFacts *facts)
{
    if (!facts->employee_active)
        return "employee_inactive";
    if (facts->employee_mail == EMPLOYEE_MAIL_OFF)
        return "employee_mail_off";
    bool proved = facts->employee_mail == EMPLOYEE_MAIL_TRUSTED || facts->own_signed_address ||
                  facts->auth.verdict == AUTH_RESULTS_PASS;
    return proved ? NULL : "sender_not_verified";
}

static const char *doubt_text(const char *doubt)
{
    if (strcmp(doubt, "employee_inactive") == 0)
        return "It says that it is from an employee who is no longer active.";
    if (strcmp(doubt, "employee_mail_off") == 0)
        return "It says that it is from an employee, and employees do not work by mail here.";
    return "It says that it is from an employee, and nothing proves that: neither"
           " Authentication-Results of our mail server nor a reply address of theirs.";
}

/* True: it waits. */
static bool is_doubtful(Way *way)
{
    const MailFacts *facts = way->facts;
    if (facts->sender != SENDER_EMPLOYEE)
        return no(way, "no_employee", "It is not from an employee's address.");
    const char *doubt = employee_doubt(facts);
    if (doubt != NULL)
        return yes(way, MAIL_WAIT, doubt, doubt_text(doubt));
    way->outcome.by_employee = true;
    way->outcome.internal = !facts->desk_in_to;
    return no(way, "employee_proved", "It is from an employee.");
}

/* ---- reply ---- */

static bool file(Way *way, int64_t ticket, const char *reason, const char *text)
{
    way->outcome.ticket = ticket;
    return yes(way, MAIL_REPLY, reason, text);
}

static bool is_reply(Way *way)
{
    const MailFacts *facts = way->facts;
    if (facts->signed_reply.ticket != 0)
        return file(way, facts->signed_reply.ticket, "signed_reply_address",
                    "It came to a reply address that this desk has signed.");
    if (facts->auto_reply && facts->about == ABOUT_SIGNED && facts->about_ticket != 0)
        return file(way, facts->about_ticket, "answers_our_mail",
                    "A machine has answered a mail of ours.");
    if (facts->referenced.ticket != 0 && facts->referenced.belongs)
        return file(way, facts->referenced.ticket, "answers_our_mail",
                    "It answers a mail of ours, and the sender belongs to the ticket.");
    if (facts->subject.ticket != 0 && facts->subject.belongs)
        return file(way, facts->subject.ticket, "number_in_subject",
                    "Its subject names a ticket, and the sender belongs to it.");
    if (facts->referenced.ticket != 0 || facts->subject.ticket != 0)
        return no(way, "not_of_the_ticket",
                  "It names a ticket, but the sender does not belong to that.");
    return no(way, "no_ticket", "It names no ticket of ours.");
}

/* ---- sender ---- */

static bool open_for_employee(Way *way)
{
    const MailFacts *facts = way->facts;
    if (facts->to_accounts != 1)
        return facts->to_accounts == 0
                   ? yes(way, MAIL_WAIT, "employee_no_account",
                         "It is from an employee, but none of its addressees belongs to an "
                         "account.")
                   : yes(way, MAIL_WAIT, "employee_several_accounts",
                         "It is from an employee, but its addressees belong to several accounts.");
    way->outcome.account = facts->to_account;
    return yes(way, MAIL_OPEN_EMPLOYEE, "employee",
               "It is from an employee, and one account owns its addressees.");
}

static bool is_known(Way *way)
{
    const MailFacts *facts = way->facts;
    if (way->outcome.by_employee)
        return open_for_employee(way);
    if (facts->sender != SENDER_CUSTOMER)
        return no(way, "not_known", "The sender is no customer's.");
    if (!facts->account_active)
        return yes(way, MAIL_WAIT, "account_inactive",
                   "It is from a customer whose account is not active.");
    if (facts->auto_reply)
        return yes(way, MAIL_WAIT, "automatic_reply",
                   "A machine of a customer's has answered something, and it is not known what.");
    way->outcome.account = facts->account;
    return yes(way, MAIL_OPEN_CUSTOMER, "customer", "It is from a customer.");
}

static bool waits(Way *way)
{
    switch (way->facts->sender) {
    case SENDER_NONE:
        return yes(way, MAIL_WAIT, "no_sender",
                   "It does not say who wrote it: it has no From address, or several.");
    case SENDER_AMBIGUOUS:
        return yes(way, MAIL_WAIT, "several_accounts",
                   "The sender's address or domain belongs to several accounts.");
    default:
        return yes(way, MAIL_WAIT, "unknown_sender", "Nobody here knows the sender.");
    }
}

MailOutcome mail_classify(const MailFacts *facts, json_t *steps)
{
    static const struct {
        const char *step;
        bool (*decides)(Way *way);
    } ways[] = {{"loop", is_loop},        {"report", is_report}, {"rule", is_automated},
                {"speaker", is_doubtful}, {"reply", is_reply},   {"sender", is_known},
                {"unmatched", waits}};
    Way way = {.facts = facts, .steps = steps, .outcome = {.machine = facts->machine}};
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        way.step = ways[i].step;
        if (ways[i].decides(&way))
            break;
    }
    return way.outcome;
}

const char *mail_action_name(MailAction action)
{
    static const char *const names[MAIL_N_ACTIONS] = {
        [MAIL_STOP] = "stop",
        [MAIL_BOUNCED] = "bounced",
        [MAIL_DELIVERED] = "delivered",
        [MAIL_COMPLAINT] = "complaint",
        [MAIL_NOTE] = "note",
        [MAIL_SKIP] = "skip",
        [MAIL_OPEN_BY_RULE] = "open_by_rule",
        [MAIL_ADD_BY_RULE] = "add_by_rule",
        [MAIL_CLOSE_BY_RULE] = "close_by_rule",
        [MAIL_REPLY] = "reply",
        [MAIL_OPEN_CUSTOMER] = "open_customer",
        [MAIL_OPEN_EMPLOYEE] = "open_employee",
        [MAIL_WAIT] = "wait",
    };
    return names[action];
}
