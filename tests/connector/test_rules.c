/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for automated mails: which one fires, and what it reads. */
#include "connector/rules.h"

#include <string.h>

#define BACKUP                                                                                     \
    "{\"name\":\"Backup\",\"from\":\"Backup@Vendor.example\",\"subject\":\"failed\","              \
    "\"skip\":[\"Alert Self Healed\"],\"account\":{\"by\":\"number\",\"after\":\"Customer \","     \
    "\"before\":\":\"},\"key\":{\"after\":\"[job \",\"before\":\"]\"},"                            \
    "\"recovery\":[\"succeeded after failed\"]}"
#define ANY_OF_DOMAIN "{\"name\":\"RMM\",\"from\":\"@RMM.example\"}"
#define PHRASE        "{\"name\":\"Phrase\",\"subject\":\"CRITICAL\"}"
#define OFF           "{\"name\":\"Off\",\"enabled\":false,\"subject\":\"CRITICAL\"}"

typedef struct {
    const char *name, *rules, *from, *subject;
    RuleAction action;
    int rule;
    const char *account, *key;
} Case;

static const Case cases[] = {
    {"no rules", "", "a@b.example", "failed", RULE_DOES_NOTHING, -1, NULL, NULL},
    {"fires, reads number and key", BACKUP, "backup@vendor.example",
     "Customer 17: backup FAILED [job A/9]", RULE_OPENS, 0, "17", "A/9"},
    {"another sender", BACKUP, "backup@vendor.example.evil.example", "failed", RULE_DOES_NOTHING,
     -1, NULL, NULL},
    {"another subject", BACKUP, "backup@vendor.example", "Customer 17: went well",
     RULE_DOES_NOTHING, -1, NULL, NULL},
    {"skip phrase in any letters", BACKUP, "backup@vendor.example",
     "Customer 17: failed - aLERT sELF hEALED", RULE_SKIPS, 0, NULL, NULL},
    {"recovery", BACKUP, "backup@vendor.example", "Customer 17: succeeded after failed [JOB A/9]",
     RULE_RECOVERS, 0, "17", "A/9"},
    {"skip wins over recovery", BACKUP, "backup@vendor.example",
     "alert self healed, succeeded after failed", RULE_SKIPS, 0, NULL, NULL},
    {"nothing between the two texts", BACKUP, "backup@vendor.example", "Customer : failed [job ]",
     RULE_OPENS, 0, NULL, NULL},
    {"the second text is missing", BACKUP, "backup@vendor.example", "Customer 17 failed [job 3",
     RULE_OPENS, 0, NULL, NULL},
    {"domain", ANY_OF_DOMAIN, "anything@rmm.example", "x", RULE_OPENS, 0, NULL, NULL},
    {"a subdomain is another domain", ANY_OF_DOMAIN, "x@eu.rmm.example", "x", RULE_DOES_NOTHING, -1,
     NULL, NULL},
    {"a domain that ends alike", ANY_OF_DOMAIN, "x@notrmm.example", "x", RULE_DOES_NOTHING, -1,
     NULL, NULL},
    {"phrase alone", PHRASE, "x@y.example", "disk critical on A", RULE_OPENS, 0, NULL, NULL},
    {"first match wins", PHRASE "," ANY_OF_DOMAIN, "x@rmm.example", "critical", RULE_OPENS, 0, NULL,
     NULL},
    {"the next one where the first does not fit", PHRASE "," ANY_OF_DOMAIN, "x@rmm.example", "fine",
     RULE_OPENS, 1, NULL, NULL},
    {"switched off", OFF "," ANY_OF_DOMAIN, "x@rmm.example", "critical", RULE_OPENS, 1, NULL, NULL},
    {"letters beyond ASCII", "{\"name\":\"U\",\"subject\":\"\xc3\x84RGER\"}", "x@y.example",
     "Viel \xc3\xa4rger heute", RULE_OPENS, 0, NULL, NULL},
    {"a letter that folds to two",
     "{\"name\":\"S\",\"subject\":\"x\",\"key\":{\"after\":"
     "\"stra\xc3\x9f"
     "e \",\"before\":\"!\"}}",
     "x@y.example", "x STRASSE Nord!", RULE_OPENS, 0, NULL, "Nord"},
    {"a reference",
     "{\"name\":\"F\",\"subject\":\"x\",\"account\":{\"by\":\"reference\",\"after\":\"<\","
     "\"before\":\">\"}}",
     "x@y.example", "x < AC-7 >", RULE_OPENS, 0, "AC-7", NULL},
    {"no sender at all", PHRASE, NULL, "critical", RULE_OPENS, 0, NULL, NULL},
    {"no sender, one is wanted", ANY_OF_DOMAIN, NULL, "critical", RULE_DOES_NOTHING, -1, NULL,
     NULL},
    {"no subject", BACKUP, "backup@vendor.example", "", RULE_DOES_NOTHING, -1, NULL, NULL},
};

static void read_rules(const char *text, EmailConnectorSettings *settings)
{
    g_autofree char *json = g_strdup_printf("{\"rules\":[%s]}", text);
    json_auto_t *stored = json_loads(json, 0, NULL);
    g_assert_nonnull(stored);
    email_connector_settings_read(stored, settings);
}

static void test_case(gconstpointer data)
{
    const Case *want = data;
    g_auto(EmailConnectorSettings) settings = {0};
    g_auto(RuleVerdict) verdict = {0};
    read_rules(want->rules, &settings);
    const char *from[] = {want->from, NULL};
    rules_apply(settings.rules, from, want->subject, &verdict);
    g_assert_cmpint(verdict.action, ==, want->action);
    g_assert_cmpint(verdict.rule, ==, want->rule);
    g_assert_cmpstr(verdict.account_text, ==, want->account);
    g_assert_cmpstr(verdict.key, ==, want->key);
}

static void test_says_why_not(void)
{
    g_auto(EmailConnectorSettings) settings = {0};
    g_auto(RuleVerdict) verdict = {0};
    read_rules(OFF "," BACKUP "," ANY_OF_DOMAIN "," PHRASE "," PHRASE, &settings);
    const char *from[] = {"backup@vendor.example", NULL};
    rules_apply(settings.rules, from, "critical", &verdict);
    static const RuleFit want[] = {RULE_IS_OFF, RULE_OTHER_SUBJECT, RULE_OTHER_SENDER, RULE_FITS,
                                   RULE_AFTER_ANOTHER};
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++)
        g_assert_cmpint(verdict.fits[i], ==, want[i]);
}

/* What is read is what is shown, with every default in its place. */
static void test_round_trip(void)
{
    g_auto(EmailConnectorSettings) settings = {0};
    g_auto(EmailConnectorSettings) again = {0};
    read_rules(BACKUP "," OFF, &settings);
    json_auto_t *shown = email_connector_settings_json(&settings);
    email_connector_settings_read(shown, &again);
    json_auto_t *second = email_connector_settings_json(&again);
    g_assert_true(json_equal(shown, second));
    const json_t *rule = json_array_get(json_object_get(shown, "rules"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(rule, "from")), ==, "Backup@Vendor.example");
    g_assert_true(json_is_true(json_object_get(rule, "enabled")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/rules/%s", cases[i].name);
        g_test_add_data_func(name, &cases[i], test_case);
    }
    g_test_add_func("/rules/says why not", test_says_why_not);
    g_test_add_func("/rules/round trip", test_round_trip);
    return g_test_run();
}
