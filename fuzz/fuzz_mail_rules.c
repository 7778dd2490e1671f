/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule for automated mails and a subject, from any bytes: lines phrase, skip phrase, after,
 * before, then the subject. What must hold: what is read out of the subject stands in it, between
 * the two texts; a phrase that is there is found; no verdict speaks of a rule that did not fit.
 */
#include "fuzz.h"

#include "connector/rules.h"

#include <string.h>

static MailRule *make_rule(char **lines)
{
    MailRule *rule = g_new0(MailRule, 1);
    rule->enabled = true;
    rule->name = (char *)"rule";
    rule->from = (char *)"";
    rule->subject = lines[0];
    rule->skip = g_new0(char *, 2);
    rule->skip[0] = *lines[1] != '\0' ? lines[1] : NULL;
    rule->recovery = g_new0(char *, 1);
    rule->has_key = true;
    rule->key_at = (RulePlace){lines[2], lines[3]};
    rule->account_at = (RulePlace){(char *)"", (char *)""};
    rule->account_by = RULE_ACCOUNT_NAME;
    return rule;
}

static void check(const MailRule *rule, const RuleVerdict *verdict, const char *subject)
{
    bool fits = verdict->fits[0] == RULE_FITS;
    FUZZ_CHECK(fits == (verdict->rule == 0));
    FUZZ_CHECK(fits == (verdict->action != RULE_DOES_NOTHING));
    /* A sign that combines with the one before it is another letter: of those nothing is said. */
    bool plain = g_str_is_ascii(subject);
    FUZZ_CHECK(!plain || fits || strstr(subject, rule->subject) == NULL);
    if (plain && fits && rule->skip[0] != NULL && strstr(subject, rule->skip[0]) != NULL)
        FUZZ_CHECK(verdict->action == RULE_SKIPS && verdict->phrase == rule->skip[0]);
    const char *pieces[] = {verdict->key, verdict->account_text};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
        FUZZ_CHECK(pieces[i] == NULL || (*pieces[i] != '\0' && strstr(subject, pieces[i]) != NULL &&
                                         g_utf8_validate(pieces[i], -1, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *bytes = g_strndup(data != NULL ? (const char *)data : "", MIN(size, 1000));
    g_autofree char *text = g_utf8_make_valid(bytes, -1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 5);
    if (g_strv_length(lines) < 5)
        return 0;
    MailRule *rule = make_rule(lines);
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    g_ptr_array_add(rules, rule);
    g_auto(RuleVerdict) verdict = {0};
    const char *const from[] = {"a@b.example", NULL};
    rules_apply(rules, from, lines[4], &verdict);
    check(rule, &verdict, lines[4]);
    g_free(rule->skip);
    g_free(rule->recovery);
    g_free(rule);
    return 0;
}
