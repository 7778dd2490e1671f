/* SPDX-License-Identifier: Apache-2.0 */
/* Rules in words. */
#include "console/inbox.h"
#include "console/lookup.h"
#include "console/rules.h"

#include <string.h>

static void say(json_t *list, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(json_t *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    json_array_append_new(list, json_string(text));
}

static char *join(const json_t *phrases)
{
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *phrase;
    json_array_foreach(phrases, i, phrase)
        g_string_append_printf(text, "%s“%s”", i > 0 ? ", " : "", json_string_value(phrase));
    return g_string_free(text, FALSE);
}

/* "between “[” and “]”", "behind “Host:”", "in front of “ is”", "the whole subject" */
static char *place_words(const json_t *place)
{
    const char *after = json_get_text(place, "after");
    const char *before = json_get_text(place, "before");
    if (*after != '\0' && *before != '\0')
        return g_strdup_printf("between “%s” and “%s”", after, before);
    if (*after != '\0')
        return g_strdup_printf("behind “%s”", after);
    return *before != '\0' ? g_strdup_printf("in front of “%s”", before)
                           : g_strdup("the whole subject");
}

/* ---- when it fits ---- */

static json_t *fits_words(const json_t *rule)
{
    json_t *list = json_array();
    const char *from = json_get_text(rule, "from");
    const char *subject = json_get_text(rule, "subject");
    if (*from != '\0')
        say(list, "From %s", from);
    if (*subject != '\0')
        say(list, "“%s” in the subject", subject);
    return list;
}

/* ---- what it does ---- */

static void say_account(Page *page, json_t *list, const json_t *account)
{
    const char *by = json_get_text(account, "by");
    int64_t number = json_get_int(account, "account");
    json_auto_t *found =
        number != 0 ? page_get(page, NULL, "/accounts/%" G_GINT64_FORMAT, number) : NULL;
    g_autofree char *named = found != NULL ? lookup_account_words(found) : g_strdup("");
    g_autofree char *otherwise =
        *named != '\0' ? g_strdup_printf(", otherwise %s", named) : g_strdup("");
    g_autofree char *place = place_words(account);
    if (strcmp(by, "fixed") == 0)
        say(list, "Account: always %s", named);
    else if (strcmp(by, "sender") == 0)
        say(list, "Account: the sender's%s", otherwise);
    else
        say(list, "Account: its %s %s%s", by, place, otherwise);
}

static void say_ticket(Page *page, json_t *list, const json_t *ticket)
{
    const char *type = json_get_text(ticket, "type");
    const char *priority = json_get_text(ticket, "priority");
    g_autofree char *manager = lookup_employee_name(page, json_get_int(ticket, "manager"));
    if (*type != '\0')
        say(list, "Type: %s", type);
    if (*priority != '\0')
        say(list, "Priority: %s", priority);
    if (*manager != '\0')
        say(list, "Manager: %s", manager);
}

static json_t *does_words(Page *page, const json_t *rule)
{
    json_t *list = json_array();
    const json_t *key = json_object_get(rule, "key");
    g_autofree char *skip = join(json_object_get(rule, "skip"));
    g_autofree char *recovery = join(json_object_get(rule, "recovery"));
    if (*skip != '\0')
        say(list, "No ticket for %s", skip);
    say_account(page, list, json_object_get(rule, "account"));
    say_ticket(page, list, json_object_get(rule, "ticket"));
    if (json_is_object(key)) {
        g_autofree char *place = place_words(key);
        say(list, "Incident: %s; a repeat goes to its open ticket", place);
    }
    if (*recovery != '\0')
        say(list, "Closes the ticket on %s", recovery);
    return list;
}

void rule_describe(Page *page, json_t *rule)
{
    json_object_set_new(rule, "fits", fits_words(rule));
    json_object_set_new(rule, "does", does_words(page, rule));
}

/* ---- a dry run ---- */

static const char *find(const char *const (*words)[2], size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return name;
}

static const char *action_words(const char *action)
{
    static const char *const words[][2] = {
        {"stop", "It would be stopped"},
        {"bounced", "It is a report: a mail of ours came back"},
        {"delivered", "It is a report: a mail of ours has arrived"},
        {"complaint", "It is a report: a mail of ours was called spam"},
        {"note", "It would be noted, and change nothing"},
        {"skip", "It would be skipped: no ticket"},
        {"open_by_rule", "A ticket would be opened"},
        {"add_by_rule", "It would be put on the open ticket of its incident"},
        {"close_by_rule", "The ticket of its incident would be closed"},
        {"reply", "It would be put on its ticket"},
        {"open_customer", "A ticket would be opened"},
        {"open_employee", "A ticket would be opened"},
        {"wait", "It would wait for a person"},
        {"quarantine", "It cannot be read: it would be quarantined"},
    };
    return find(words, G_N_ELEMENTS(words), action);
}

static const char *fit_words(const char *fit)
{
    static const char *const words[][2] = {
        {"fits", "fits, and decides"},
        {"off", "is off"},
        {"other_sender", "the sender is another"},
        {"other_subject", "its phrase is not in the subject"},
        {"after_another", "another has decided before it"},
    };
    return find(words, G_N_ELEMENTS(words), fit);
}

void rule_describe_trial(json_t *trial)
{
    size_t i;
    json_t *rule;
    g_autofree char *why = inbox_reason_words(json_get_text(trial, "reason"));
    json_set_text(trial, "action_words", action_words(json_get_text(trial, "action")));
    json_set_text(trial, "why", why);
    json_array_foreach(json_object_get(trial, "rules"), i, rule)
    {
        const char *fit = json_get_text(rule, "fit");
        json_set_text(rule, "fit_words", fit_words(fit));
        json_set_bool(rule, "decides", strcmp(fit, "fits") == 0);
    }
    json_set_bool(trial, "has_rules", i > 0);
    json_set_bool(trial, "no_rule_fits", !json_is_object(json_object_get(trial, "rule")));
}
