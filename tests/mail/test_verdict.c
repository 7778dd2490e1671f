/* SPDX-License-Identifier: Apache-2.0 */
/* Which refusals mean "there is no such mailbox", in the words of mail servers. */
#include "mail/verdict.h"

typedef struct {
    const char *name;
    int code;
    const char *enhanced;
    const char *text;
    bool no_mailbox;
} Row;

static const Row rows[] = {
    /* The enhanced status says it. */
    {"postfix local", 550, "5.1.1",
     "550 5.1.1 <a@x.example>: Recipient address rejected: User unknown in local recipient table",
     true},
    {"postfix relay", 550, "5.1.1",
     "550 5.1.1 <a@x.example>: Recipient address rejected: User unknown in relay recipient table",
     true},
    {"postfix no domain", 550, "5.1.2",
     "550 5.1.2 <a@x.example>: Recipient address rejected: Domain not found", true},
    {"postfix bad syntax", 501, "5.1.3", "501 5.1.3 Bad recipient address syntax", true},
    {"moved", 550, "5.1.6", "550 5.1.6 Recipient no longer on server", true},
    {"null mx", 556, "5.1.10", "556 5.1.10 Recipient address has a null MX", true},
    {"exchange", 550, "5.1.10",
     "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient a@x.example not found by SMTP address"
     " lookup",
     true},
    {"exchange old", 550, "5.1.1", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", true},
    {"gmail", 550, "5.1.1",
     "550 5.1.1 The email account that you tried to reach does not exist. Please try"
     " double-checking the recipient's email address for typos or unnecessary spaces. For more"
     " information, go to https://support.google.com/mail/?p=NoSuchUser 4fb4d7f45d1cf - gsmtp",
     true},
    {"sendmail", 550, "5.1.1", "550 5.1.1 <a@x.example>... User unknown", true},
    {"status without words", 550, "5.1.1", NULL, true},
    {"whatever the address is called", 550, "5.1.1",
     "550 5.1.1 <spam-policy@quota.example>: Recipient address rejected", true},

    /* The text says it, as there is no status or an empty one. */
    {"exim", 550, "", "550 Unrouteable address", true},
    {"exim local", 550, "", "550 Unknown user", true},
    {"exim cpanel", 550, "", "550 No Such User Here", true},
    {"qmail", 550, "5.1.0", "550 sorry, no mailbox here by that name (#5.1.1)", true},
    {"vpopmail", 553, "", "553 5 sorry, No mailbox here by that name.", true},
    {"lines made one", 550, "", "550 Requested action not taken: mailbox not found", true},
    {"undefined status", 550, "5.0.0", "550 5.0.0 <a@x.example>... User unknown", true},
    {"yahoo", 554, "", "554 delivery error: dd This user doesn't have a yahoo.com account", true},
    {"gmx", 550, "", "550 Requested action not taken: mailbox unavailable", false},
    {"double spaces and case", 550, "", "550 USER   Unknown", true},

    /* Near misses. */
    {"policy", 550, "5.7.1", "550 5.7.1 Message rejected due to content", false},
    {"user unknown at a policy status", 550, "5.7.1", "550 5.7.1 User unknown", false},
    {"relay denied", 554, "5.7.1", "554 5.7.1 <a@x.example>: Relay access denied", false},
    {"relay denied without status", 550, "", "550 relay not permitted", false},
    {"relay denied at 5.1.2", 550, "5.1.2", "550 5.1.2 <a@x.example>: Relay access denied", false},
    {"m365 unauthenticated", 550, "5.7.57", "550 5.7.57 Client not authenticated", false},
    {"m365 edge", 550, "5.4.1", "550 5.4.1 Recipient address rejected: Access denied", false},
    {"routing loop", 554, "5.4.6", "554 5.4.6 Too many hops", false},
    {"full", 552, "5.2.2", "552 5.2.2 The email account is over quota, user unknown", false},
    {"full without status", 552, "", "552 user unknown", false},
    {"full at 5.1.1", 550, "5.1.1", "550 5.1.1 Mailbox full", false},
    {"disabled", 550, "5.2.1", "550 5.2.1 The email account is disabled", false},
    {"later", 450, "4.1.1", "450 4.1.1 <a@x.example>: Recipient address rejected: User unknown",
     false},
    {"later in words", 451, "", "451 User unknown", false},
    {"not the sender", 550, "5.1.0",
     "550 5.1.0 <us@x.example>: Sender address rejected: User unknown in virtual mailbox table",
     false},
    {"not the sender's domain", 550, "5.1.8", "550 5.1.8 Sender address rejected: no domain",
     false},
    {"exim callout", 550, "",
     "550 Verification failed for <us@x.example> No Such User Here Sender verify failed", false},
    {"spam", 550, "", "550 This message was classified as spam", false},
    {"the address alone", 550, "", "550 <user-unknown@no.such.user.example> refused", false},
    {"an enhanced status of the text", 550, "", "550 5.1.1", false},
    {"nothing said", 550, "", NULL, false},
    {"success", 250, "2.1.5", "250 2.1.5 user unknown", false},
    {"no reply", 0, "", "Nothing was sent: user unknown", false},
    {"another status that begins so", 550, "5.1.11", "550 5.1.11 User unknown", false},
};

static void test_row(gconstpointer data)
{
    const Row *row = data;
    g_assert_true(reply_says_no_mailbox(row->code, row->enhanced, row->text) == row->no_mailbox);
}

/* Only a refusal for good, where the recipient is spoken of. */
static void test_outcomes(void)
{
    static const struct {
        DeliveryOutcomeKind kind;
        const char *stage;
        bool no_mailbox;
    } cases[] = {
        {DELIVERY_REJECTED, "rcpt", true},     {DELIVERY_REJECTED, "data", true},
        {DELIVERY_REJECTED, "dot", true},      {DELIVERY_REJECTED, "mail", false},
        {DELIVERY_REJECTED, "connect", false}, {DELIVERY_REJECTED, NULL, false},
        {DELIVERY_DEFERRED, "rcpt", false},    {DELIVERY_UNCERTAIN, "dot", false},
        {DELIVERY_RELAY_DOWN, "rcpt", false},  {DELIVERY_SENT, "dot", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        DeliveryOutcome outcome = {.kind = cases[i].kind,
                                   .reply_code = 550,
                                   .enhanced_status = "5.1.1",
                                   .stage = cases[i].stage};
        g_test_message("%zu", i);
        g_assert_true(outcome_says_no_mailbox(&outcome) == cases[i].no_mailbox);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/mail/verdict/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/mail/verdict/outcomes", test_outcomes);
    return g_test_run();
}
