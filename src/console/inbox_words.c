/* SPDX-License-Identifier: Apache-2.0 */
#include "console/inbox.h"

#include <string.h>

static const struct {
    const char *state, *words, *tone;
    bool handle; /* a person may still make a ticket of it */
} states[] = {
    {"unmatched", "Waits for you", "warning", true},
    {"quarantined", "Cannot be read", "danger", true},
    {"filed", "On a ticket", "success", false},
    {"skipped", "Skipped", "secondary", true},
    {"stopped", "Stopped", "secondary", true},
    {"settled", "Delivery report", "info", false},
    {"noted", "Noted", "secondary", true},
    {"discarded", "Discarded", "secondary", true},
};

static const struct {
    const char *reason, *words;
} reasons[] = {
    {"account_inactive", "the sender's account is not active"},
    {"answers_our_mail", "answers a mail of ours"},
    {"attached_by_person", "put on its ticket by hand"},
    {"automatic_reply", "a machine has answered"},
    {"bounced", "a mail of ours came back"},
    {"complaint", "a recipient calls a mail of ours spam"},
    {"customer", "a customer writes"},
    {"delayed", "a mail of ours is still being tried"},
    {"delivered", "a mail of ours has arrived"},
    {"discarded_by_person", "discarded by hand"},
    {"employee", "an employee writes"},
    {"employee_inactive", "from an employee who is not active"},
    {"employee_mail_off", "from an employee's address, and employees do not work by mail here"},
    {"employee_no_account", "an employee writes, and names no customer in To or Cc"},
    {"employee_several_accounts", "an employee writes, and names several customers"},
    {"expanded", "a mail of ours went on to a list"},
    {"hop_limit", "a chain of machines"},
    {"no_mailbox", "a mail of ours came back: no such mailbox"},
    {"no_sender", "it does not say who wrote it"},
    {"number_in_subject", "names its ticket in the subject"},
    {"opened_by_person", "opened by hand"},
    {"own_address", "claims to be from this desk"},
    {"own_mail", "our own mail, come back"},
    {"report_of_unknown_mail", "a report about a mail that is none of ours"},
    {"report_unclear", "a report that does not say what happened"},
    {"report_unproved", "a report that anybody could have written"},
    {"rule_closes", "a rule closed the ticket"},
    {"rule_no_account", "a rule fits, and finds no account"},
    {"rule_nothing_to_close", "a rule fits, and there is nothing to close"},
    {"rule_opens", "a rule opened the ticket"},
    {"rule_repeats", "a rule put it on its open ticket"},
    {"rule_several_accounts", "a rule fits, and the sender is of several accounts"},
    {"rule_skips", "a rule needs no ticket for it"},
    {"sender_not_verified", "from an employee's address, without proof"},
    {"several_accounts", "the sender belongs to several accounts"},
    {"signed_reply_address", "came to the reply address of its ticket"},
    {"soft_bounce", "a mail of ours came back for now"},
    {"unknown_sender", "nobody here knows the sender"},
    {"unreadable", "it is no mail that can be read"},
};

char *inbox_reason_words(const char *reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (strcmp(reasons[i].reason, reason) == 0)
            return g_strdup(reasons[i].words);
    return g_strdelimit(g_strdup(reason), "_", ' ');
}

char *inbox_step_words(const char *step)
{
    static const char *const questions[][2] = {
        {"read", "Can it be read?"},
        {"loop", "Our own mail, or a loop?"},
        {"report", "A report about a mail of ours?"},
        {"rule", "Does a rule fit?"},
        {"speaker", "From an employee's address, without proof?"},
        {"reply", "Does it belong to a ticket?"},
        {"sender", "A customer, or an employee?"},
        {"unmatched", "Does it wait for a person?"},
        {"by_hand", "By hand?"},
        {"reopen", "Is the ticket reopened?"},
        {"forward", "Is it sent on?"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++)
        if (strcmp(questions[i][0], step) == 0)
            return g_strdup(questions[i][1]);
    char *words = g_strdelimit(g_strconcat(step, "?", NULL), "_", ' ');
    words[0] = g_ascii_toupper(words[0]);
    return words;
}

void inbox_dress_steps(json_t *steps)
{
    size_t i;
    json_t *step;
    json_array_foreach(steps, i, step)
    {
        g_autofree char *question = inbox_step_words(json_get_text(step, "step"));
        json_set_text(step, "question", question);
        json_set_bool(step, "yes", strcmp(json_get_text(step, "outcome"), "yes") == 0);
    }
}

static void add_sender(json_t *mail)
{
    const char *from = json_get_text(mail, "from");
    const char *name = json_get_text(mail, "from_name");
    const char *sender = *name != '\0' ? name : from;
    json_set_text(mail, "sender", *sender != '\0' ? sender : "Nobody");
    json_set_bool(mail, "named", *name != '\0' && *from != '\0');
}

void inbox_dress(Page *page, json_t *mail)
{
    const char *state = json_get_text(mail, "state");
    const char *subject = json_get_text(mail, "subject");
    size_t i = 0;
    while (i + 1 < G_N_ELEMENTS(states) && strcmp(states[i].state, state) != 0)
        i++;
    g_autofree char *why = inbox_reason_words(json_get_text(mail, "reason"));
    json_set_text(mail, "state_words", states[i].words);
    json_set_text(mail, "tone", states[i].tone);
    json_set_bool(mail, "can_handle", states[i].handle);
    json_set_bool(mail, "waits", strcmp(state, "unmatched") == 0);
    json_set_bool(mail, "unreadable", strcmp(state, "quarantined") == 0);
    json_set_text(mail, "why", why);
    json_set_text(mail, "title", *subject != '\0' ? subject : "(no subject)");
    add_sender(mail);
    page_add_time(page, mail, "received_at");
}
