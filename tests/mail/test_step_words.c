/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a dialogue in words: which of the two is said, and that every step has some. */
#include "mail/smtp-private.h"
#include "mail/step_words.h"

static const struct {
    const char *step, *reply;
    bool failed;
    const char *has;
} rows[] = {
    {"mail", "250 2.1.0 Ok", false, "accepts the sender"},
    {"mail", "553 5.7.1 Sender address rejected", false, "refuses the sender"},
    {"rcpt", "450 4.2.0 Greylisted", false, "refuses this recipient"},
    {"auth", "334 VXNlcm5hbWU6", false, "asks for"},
    {"auth", "235 2.7.0 Authentication successful", false, "accepts the user name"},
    {"auth", "535 5.7.8 Error: authentication failed", true, "refuses to sign us in"},
    {"connect", "connected", false, "can be reached"},
    {"connect", "Could not connect to mx.example: Connection refused", true, "cannot be reached"},
    {"tls", "the connection is encrypted and the certificate is good", false, "is encrypted"},
    {"tls", "Unacceptable TLS certificate", true, "encryption failed"},
    /* a failed test, but this step was well */
    {"ehlo", "250-mx.example", true, "what it can do"},
    {"dot", "250", false, "has accepted"},
    {"dot", "2500 messages", true, "refuses the mail"},
    {"dot", "", true, "refuses the mail"},
    {"something new", "", false, "done"},
    {"something new", "", true, "failed"},
};

static void test_rows(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *words = step_words(rows[i].step, rows[i].reply, rows[i].failed);
        g_test_message("%s, \"%s\": %s", rows[i].step, rows[i].reply, words);
        g_assert_nonnull(strstr(words, rows[i].has));
    }
}

static void test_every_stage(void)
{
    for (int stage = 0; stage < SMTP_N_STAGES; stage++) {
        const char *name = smtp_stage_name((SmtpStage)stage);
        g_assert_cmpstr(step_words(name, "", false), !=, step_words("?", "", false));
        g_assert_cmpstr(step_words(name, "", true), !=, step_words("?", "", true));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/step-words/rows", test_rows);
    g_test_add_func("/step-words/every-stage", test_every_stage);
    return g_test_run();
}
