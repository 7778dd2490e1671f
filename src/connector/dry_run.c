/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/dry_run.h"

#include "base/json.h"
#include "connector/facts.h"
#include "records/inbox.h"

static json_t *rules_json(const MailKnown *known, const GPtrArray *rules)
{
    json_t *list = json_array();
    for (guint i = 0; i < rules->len; i++) {
        const MailRule *rule = rules->pdata[i];
        json_t *row = json_object();
        json_set_text(row, "name", rule->name);
        json_set_text(row, "fit", rule_fit_name(known->verdict.fits[i]));
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *rule_json(const MailKnown *known)
{
    static const char *const actions[] = {[RULE_DOES_NOTHING] = "nothing",
                                          [RULE_SKIPS] = "skip",
                                          [RULE_OPENS] = "open",
                                          [RULE_RECOVERS] = "close"};
    if (known->rule == NULL)
        return json_null();
    json_t *value = json_object();
    json_set_text(value, "name", known->rule->name);
    json_set_text(value, "action", actions[known->verdict.action]);
    json_set_text(value, "phrase", known->verdict.phrase);
    json_set_text(value, "account_text", known->verdict.account_text);
    json_set_text(value, "key", known->verdict.key);
    return value;
}

static json_t *show(const char *action, const char *reason, json_t *steps)
{
    json_t *value = json_object();
    json_set_text(value, "action", action);
    json_set_text(value, "reason", reason);
    json_set_id(value, "ticket", 0);
    json_set_id(value, "account", 0);
    json_object_set(value, "steps", steps);
    json_object_set_new(value, "rules", json_array());
    json_object_set_new(value, "rule", json_null());
    return value;
}

json_t *mail_dry_run(DbTx *tx, const MailRead *read, GError **error)
{
    g_auto(MailKnown) known = {0};
    json_auto_t *steps = json_array();
    if (read->mail == NULL) {
        inbox_add_step(steps, "read", "no", "unreadable", read->unreadable);
        return show("quarantine", "unreadable", steps);
    }
    g_autoptr(Settings) settings = settings_load(tx, error);
    if (settings == NULL || !mail_known_load(tx, settings, read, &known, error))
        return NULL;
    MailOutcome outcome = mail_classify(&known.facts, steps);
    json_t *value = show(mail_action_name(outcome.action), outcome.reason, steps);
    json_set_id(value, "ticket", outcome.ticket);
    json_set_id(value, "account", outcome.account);
    json_object_set_new(value, "rules", rules_json(&known, settings->email_connector.rules));
    json_object_set_new(value, "rule", rule_json(&known));
    return value;
}
