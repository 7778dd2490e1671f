/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/rules.h"

#include <string.h>

const char *rule_fit_name(RuleFit fit)
{
    static const char *const names[RULE_N_FITS] = {
        [RULE_FITS] = "fits",
        [RULE_IS_OFF] = "off",
        [RULE_OTHER_SENDER] = "other_sender",
        [RULE_OTHER_SUBJECT] = "other_subject",
        [RULE_AFTER_ANOTHER] = "after_another",
    };
    return names[fit];
}

void rule_verdict_clear(RuleVerdict *verdict)
{
    g_free(verdict->account_text);
    g_free(verdict->key);
    g_free(verdict->fits);
}

/* ---- letter case ---- */

/* What is compared. Folding may change a text's length, so places are found in the folded one. */
static char *folded(const char *text)
{
    g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
    return g_utf8_casefold(composed != NULL ? composed : text, -1);
}

static bool contains(const char *folded_text, const char *phrase)
{
    g_autofree char *wanted = folded(phrase);
    return strstr(folded_text, wanted) != NULL;
}

static const char *first_phrase(const char *folded_text, char **phrases)
{
    for (; *phrases != NULL; phrases++)
        if (contains(folded_text, *phrases))
            return *phrases;
    return NULL;
}

/* ---- places ---- */

/* The place of `phrase` in `text` without regard to letter case, and where it ends: both are looked
 * for in the text as it stands, so that what lies between keeps its letters. */
static const char *find(const char *text, const char *phrase, const char **end)
{
    g_autofree char *wanted = folded(phrase);
    size_t wanted_bytes = strlen(wanted);
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        g_autofree char *rest = folded(at);
        if (strncmp(rest, wanted, wanted_bytes) != 0)
            continue;
        /* The shortest piece from here that folds to the phrase. */
        for (const char *stop = at; *stop != '\0';) {
            stop = g_utf8_next_char(stop);
            g_autofree char *piece = g_strndup(at, (size_t)(stop - at));
            g_autofree char *piece_folded = folded(piece);
            if (strcmp(piece_folded, wanted) == 0) {
                *end = stop;
                return at;
            }
        }
    }
    return NULL;
}

char *rule_piece(const RulePlace *place, const char *subject)
{
    const char *begin = subject;
    const char *end = subject + strlen(subject);
    if (*place->after != '\0' && find(subject, place->after, &begin) == NULL)
        return NULL;
    if (*place->before != '\0') {
        const char *behind;
        end = find(begin, place->before, &behind);
        if (end == NULL)
            return NULL;
    }
    g_autofree char *piece = g_strndup(begin, (size_t)(end - begin));
    g_strstrip(piece);
    return *piece != '\0' ? g_steal_pointer(&piece) : NULL;
}

/* ---- which rule ---- */

static bool sender_fits(const char *wanted, const char *const *from_keys)
{
    if (*wanted == '\0')
        return true;
    g_autofree char *key = folded(wanted);
    for (; *from_keys != NULL; from_keys++) {
        const char *at = strrchr(*from_keys, '@');
        const char *compared = key[0] == '@' && at != NULL ? at : *from_keys;
        if (strcmp(compared, key) == 0)
            return true;
    }
    return false;
}

static RuleFit fit(const MailRule *rule, const char *const *from_keys, const char *folded_subject)
{
    if (!rule->enabled)
        return RULE_IS_OFF;
    if (!sender_fits(rule->from, from_keys))
        return RULE_OTHER_SENDER;
    return *rule->subject == '\0' || contains(folded_subject, rule->subject) ? RULE_FITS
                                                                             : RULE_OTHER_SUBJECT;
}

/* A skip phrase wins over one that says "recovered". */
static void fire(const MailRule *rule, const char *subject, const char *folded_subject,
                 RuleVerdict *verdict)
{
    verdict->phrase = first_phrase(folded_subject, rule->skip);
    if (verdict->phrase != NULL) {
        verdict->action = RULE_SKIPS;
        return;
    }
    verdict->phrase = first_phrase(folded_subject, rule->recovery);
    verdict->action = verdict->phrase != NULL ? RULE_RECOVERS : RULE_OPENS;
    if (rule->has_key)
        verdict->key = rule_piece(&rule->key_at, subject);
    if (rule->account_by != RULE_ACCOUNT_SENDER && rule->account_by != RULE_ACCOUNT_FIXED)
        verdict->account_text = rule_piece(&rule->account_at, subject);
}

void rules_apply(const GPtrArray *rules, const char *const *from_keys, const char *subject,
                 RuleVerdict *verdict)
{
    g_autofree char *folded_subject = folded(subject);
    *verdict = (RuleVerdict){.rule = -1, .fits = g_new0(RuleFit, rules->len)};
    for (guint i = 0; i < rules->len; i++) {
        const MailRule *rule = rules->pdata[i];
        verdict->fits[i] =
            verdict->rule >= 0 ? RULE_AFTER_ANOTHER : fit(rule, from_keys, folded_subject);
        if (verdict->fits[i] != RULE_FITS)
            continue;
        verdict->rule = (int)i;
        fire(rule, subject, folded_subject, verdict);
    }
}
