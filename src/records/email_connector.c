/* SPDX-License-Identifier: Apache-2.0 */
#include "records/email_connector.h"

#include "base/json.h"
#include "records/mailbox_settings.h"

#include <string.h>

const char *const employee_mail_names[] = {"verified", "trusted", "off", NULL};
const char *const rule_account_names[] = {"sender", "number", "name", "fixed", "reference", NULL};

/* Its place in the list; 0 where it is not there. */
static int place_of(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return 0;
}

static char *optional(const json_t *stored, const char *name)
{
    const char *text = json_get_text(stored, name);
    return *text != '\0' ? g_strdup(text) : NULL;
}

static char **read_texts(const json_t *list)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    size_t i;
    const json_t *item;
    json_array_foreach((json_t *)list, i, item)
        g_ptr_array_add(texts, g_strdup(json_string_value(item)));
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&texts), FALSE);
}

static RulePlace read_place(const json_t *place)
{
    return (RulePlace){g_strdup(json_get_text(place, "after")),
                       g_strdup(json_get_text(place, "before"))};
}

static MailRule *read_rule(const json_t *stored)
{
    const json_t *account = json_object_get(stored, "account");
    const json_t *ticket = json_object_get(stored, "ticket");
    const json_t *key = json_object_get(stored, "key");
    MailRule *rule = g_new0(MailRule, 1);
    rule->name = g_strdup(json_get_text(stored, "name"));
    rule->enabled = json_get_bool(stored, "enabled", true);
    rule->from = g_strdup(json_get_text(stored, "from"));
    rule->subject = g_strdup(json_get_text(stored, "subject"));
    rule->skip = read_texts(json_object_get(stored, "skip"));
    rule->account_by = (RuleAccount)place_of(rule_account_names, json_get_text(account, "by"));
    rule->account_at = read_place(account);
    rule->account = json_get_int(account, "account");
    rule->type = optional(ticket, "type");
    rule->priority = optional(ticket, "priority");
    rule->status = (int)json_get_int(ticket, "status");
    rule->manager = json_get_int(ticket, "manager");
    rule->has_key = json_is_object(key);
    rule->key_at = read_place(key);
    rule->recovery = read_texts(json_object_get(stored, "recovery"));
    return rule;
}

static void rule_free(MailRule *rule)
{
    g_free(rule->name);
    g_free(rule->from);
    g_free(rule->subject);
    g_strfreev(rule->skip);
    g_free(rule->account_at.after);
    g_free(rule->account_at.before);
    g_free(rule->type);
    g_free(rule->priority);
    g_free(rule->key_at.after);
    g_free(rule->key_at.before);
    g_strfreev(rule->recovery);
    g_free(rule);
}

void email_connector_settings_clear(EmailConnectorSettings *settings)
{
    g_free(settings->address);
    g_free(settings->authserv_id);
    g_free(settings->forward_unmatched_to);
    g_clear_pointer(&settings->rules, g_ptr_array_unref);
    g_clear_pointer(&settings->mailboxes, g_ptr_array_unref);
}

void email_connector_settings_read(const json_t *stored, EmailConnectorSettings *settings)
{
    const json_t *response = json_object_get(stored, "auto_response");
    settings->enabled = json_get_bool(stored, "enabled", false);
    settings->address = g_strdup(json_get_text(stored, "address"));
    settings->authserv_id = g_strdup(json_get_text(stored, "authserv_id"));
    settings->forward_unmatched_to = g_strdup(json_get_text(stored, "forward_unmatched_to"));
    settings->employee_mail =
        (EmployeeMail)place_of(employee_mail_names, json_get_text(stored, "employee_mail"));
    settings->respond = json_get_bool(response, "enabled", false);
    settings->respond_template = json_get_int(response, "template");
    settings->rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
    size_t i;
    const json_t *rule;
    json_array_foreach(json_object_get(stored, "rules"), i, rule)
        g_ptr_array_add(settings->rules, read_rule(rule));
    settings->mailboxes = g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_settings_free);
    const json_t *mailbox;
    json_array_foreach(json_object_get(stored, "mailboxes"), i, mailbox)
        g_ptr_array_add(settings->mailboxes, mailbox_settings_read(mailbox));
}

/* ---- as the API shows it ---- */

static json_t *texts_json(char **texts)
{
    json_t *list = json_array();
    for (; *texts != NULL; texts++)
        json_array_append_new(list, json_string(*texts));
    return list;
}

static void set_place(json_t *object, const RulePlace *place)
{
    json_set_text(object, "after", place->after);
    json_set_text(object, "before", place->before);
}

static json_t *rule_json(const MailRule *rule)
{
    json_t *account = json_object();
    json_set_text(account, "by", rule_account_names[rule->account_by]);
    set_place(account, &rule->account_at);
    json_set_id(account, "account", rule->account);
    json_t *ticket = json_object();
    json_set_text(ticket, "type", rule->type);
    json_set_text(ticket, "priority", rule->priority);
    json_set_id(ticket, "status", rule->status);
    json_set_id(ticket, "manager", rule->manager);
    json_t *key = rule->has_key ? json_object() : json_null();
    if (rule->has_key)
        set_place(key, &rule->key_at);
    json_t *value = json_object();
    json_set_text(value, "name", rule->name);
    json_set_bool(value, "enabled", rule->enabled);
    json_set_text(value, "from", rule->from);
    json_set_text(value, "subject", rule->subject);
    json_object_set_new(value, "skip", texts_json(rule->skip));
    json_object_set_new(value, "account", account);
    json_object_set_new(value, "ticket", ticket);
    json_object_set_new(value, "key", key);
    json_object_set_new(value, "recovery", texts_json(rule->recovery));
    return value;
}

json_t *email_connector_settings_json(const EmailConnectorSettings *settings)
{
    json_t *response = json_object();
    json_set_bool(response, "enabled", settings->respond);
    json_set_id(response, "template", settings->respond_template);
    json_t *rules = json_array();
    for (guint i = 0; i < settings->rules->len; i++)
        json_array_append_new(rules, rule_json(settings->rules->pdata[i]));
    json_t *value = json_object();
    json_set_bool(value, "enabled", settings->enabled);
    json_set_text(value, "address", settings->address);
    json_set_text(value, "authserv_id", settings->authserv_id);
    json_set_text(value, "employee_mail", employee_mail_names[settings->employee_mail]);
    json_set_text(value, "forward_unmatched_to", settings->forward_unmatched_to);
    json_object_set_new(value, "auto_response", response);
    json_object_set_new(value, "rules", rules);
    json_t *mailboxes = json_array();
    for (guint i = 0; i < settings->mailboxes->len; i++)
        json_array_append_new(mailboxes, mailbox_settings_json(settings->mailboxes->pdata[i]));
    json_object_set_new(value, "mailboxes", mailboxes);
    return value;
}
