/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "email-connector". Rules are replaced whole, as every list of the options is. */
#include "alerts/own_address.h"
#include "base/error.h"
#include "base/limits.h"
#include "desk/options-private.h"
#include "desk/options.h"
#include "mail/address.h"
#include "records/account.h"
#include "records/email_connector.h"
#include "records/employee.h"
#include "records/status.h"
#include "records/ticket_template.h"

#include <string.h>

#define RULE_TEXT_CHARS 255

static const char *const priorities[] = {"low", "normal", "high", "urgent", NULL};

static void complain(JsonReader *reader, const char *name, const char *problem, const char *why)
{
    g_autofree char *path = json_reader_path(reader, name);
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, problem, path, "%s: %s", path, why);
    json_reader_fail(reader, failure);
}

/* ---- one rule ---- */

/* "backup@vendor.example", "@vendor.example", or nothing. */
static void read_from(JsonReader *reader, json_t *rule)
{
    g_autofree char *text = NULL;
    if (!json_read_optional_line(reader, "from", LIMIT_ADDRESS_BYTES, &text) || text == NULL)
        return;
    g_autofree char *tried = text[0] == '@' ? g_strconcat("x", text, NULL) : g_strdup(text);
    g_autofree char *key = NULL;
    if (address_parse(tried, NULL, NULL, &key, NULL))
        json_set_text(rule, "from", text[0] == '@' ? key + 1 : key);
    else
        complain(reader, "from", "bad-address", "write it as name@example.com or @example.com");
}

static void read_phrases(JsonReader *reader, const char *name, json_t *rule)
{
    json_t *list;
    if (!json_read_array(reader, name, LIMIT_RULE_PHRASES, &list))
        return;
    json_t *phrases = json_array();
    json_object_set_new(rule, name, phrases);
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item);
        if (text == NULL || *text == '\0' || g_utf8_strlen(text, -1) > RULE_TEXT_CHARS) {
            g_autofree char *path = json_reader_path_at(reader, name, i);
            GError *failure = NULL;
            error_set_problem(&failure, TD_ERROR_INVALID, "invalid", path,
                              "%s must be a text of 1 to %d characters", path, RULE_TEXT_CHARS);
            json_reader_fail(reader, failure);
            return;
        }
        json_array_append(phrases, item);
    }
}

/* The texts around a piece are taken as they are: spaces at their ends count. */
static void read_around(JsonReader *reader, const char *name, json_t *place)
{
    json_t *value;
    if (!json_read_any(reader, name, &value))
        return;
    const char *text = json_is_null(value) ? "" : json_string_value(value);
    if (text == NULL || g_utf8_strlen(text, -1) > RULE_TEXT_CHARS)
        complain(reader, name, "invalid", "a text of at most 255 characters is needed");
    else
        json_set_text(place, name, text);
}

/* Reads the object `name` by `read` into a new one inside `rule`. */
typedef void (*ReadGroup)(DeskTx *tx, JsonReader *reader, json_t *into);

static void read_group(DeskTx *tx, JsonReader *outer, const char *name, json_t *rule,
                       ReadGroup read)
{
    json_t *value;
    if (!json_read_any(outer, name, &value) || json_is_null(value))
        return;
    g_autofree char *path = json_reader_path(outer, name);
    JsonReader reader;
    json_reader_init(&reader, value, path);
    read(tx, &reader, option_group(rule, name));
    GError *failure = NULL;
    if (!json_reader_end(&reader, &failure))
        json_reader_fail(outer, failure);
}

static void read_key(DeskTx *tx, JsonReader *reader, json_t *key)
{
    read_around(reader, "after", key);
    read_around(reader, "before", key);
}

/* True where the record is there; a database that fails is the reader's failure. */
static bool is_there(JsonReader *reader, bool found, GError *failure)
{
    g_autoptr(GError) owned = failure;
    if (!found && !error_is(owned, TD_ERROR_NOT_FOUND))
        json_reader_fail(reader, g_steal_pointer(&owned));
    return found;
}

static void read_account(DeskTx *tx, JsonReader *reader, json_t *account)
{
    int64_t number = 0;
    option_merge_choice(reader, "by", rule_account_names, account);
    read_around(reader, "after", account);
    read_around(reader, "before", account);
    if (json_read_id(reader, "account", &number) && number != 0) {
        GError *failure = NULL;
        g_autoptr(Account) found = account_load(tx->db, number, &failure);
        if (is_there(reader, found != NULL, failure))
            json_set_int(account, "account", number);
        else
            complain(reader, "account", "unknown-account", "there is no such account");
    }
    if (strcmp(json_get_text(account, "by"), "fixed") == 0 && number == 0)
        complain(reader, "account", "missing-field", "by \"fixed\", the account must be named");
}

static void read_ticket(DeskTx *tx, JsonReader *reader, json_t *ticket)
{
    g_autofree char *type = NULL;
    int64_t manager = 0;
    json_t *status;
    if (json_read_optional_line(reader, "type", LIMIT_NAME_CHARS, &type))
        json_set_text(ticket, "type", type);
    json_t *priority;
    if (json_read_any(reader, "priority", &priority) && !json_is_null(priority))
        option_merge_choice(reader, "priority", priorities, ticket);
    const Settings *settings = desk_settings(tx, NULL);
    int code = 0;
    if (json_read_any(reader, "status", &status) && !json_is_null(status)) {
        if (status_read(status, settings != NULL ? settings->tickets.status_labels : NULL, &code) &&
            !status_is_closed(code))
            json_set_int(ticket, "status", code);
        else
            complain(reader, "status", "invalid", "a status that a new ticket can have is needed");
    }
    if (!json_read_id(reader, "manager", &manager) || manager == 0)
        return;
    GError *failure = NULL;
    g_autoptr(Employee) found = employee_load(tx->db, manager, &failure);
    if (is_there(reader, found != NULL, failure))
        json_set_int(ticket, "manager", manager);
    else
        complain(reader, "manager", "unknown-employee", "there is no such employee");
}

/* New reference; NULL where `outer` has failed. */
static json_t *read_rule(DeskTx *tx, JsonReader *outer, size_t i, json_t *value)
{
    g_autofree char *path = json_reader_path_at(outer, "rules", i);
    json_auto_t *rule = json_object();
    JsonReader reader;
    json_reader_init(&reader, value, path);
    g_autofree char *name = NULL;
    json_require(&reader, "name");
    if (json_read_line(&reader, "name", LIMIT_NAME_CHARS, &name))
        json_set_text(rule, "name", name);
    option_merge_bool(&reader, "enabled", rule);
    read_from(&reader, rule);
    option_merge_line(&reader, "subject", RULE_TEXT_CHARS, rule);
    read_phrases(&reader, "skip", rule);
    read_phrases(&reader, "recovery", rule);
    read_group(tx, &reader, "account", rule, read_account);
    read_group(tx, &reader, "ticket", rule, read_ticket);
    read_group(tx, &reader, "key", rule, read_key);
    if (*json_get_text(rule, "from") == '\0' && *json_get_text(rule, "subject") == '\0')
        complain(
            &reader, "from", "missing-field",
            "a rule needs a sender, a phrase of the subject, or both; it would fit every mail");
    if (json_array_size(json_object_get(rule, "recovery")) > 0 &&
        json_object_get(rule, "key") == NULL)
        complain(&reader, "key", "missing-field",
                 "a recovery mail closes the ticket that the key names, so a key is needed");
    GError *failure = NULL;
    if (json_reader_end(&reader, &failure))
        return json_incref(rule);
    json_reader_fail(outer, failure);
    return NULL;
}

static void read_rules(DeskTx *tx, JsonReader *reader, json_t *stored)
{
    json_t *list;
    if (!json_read_array(reader, "rules", LIMIT_MAIL_RULES, &list))
        return;
    json_auto_t *rules = json_array();
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        json_t *rule = read_rule(tx, reader, i, value);
        if (rule == NULL)
            return;
        json_array_append_new(rules, rule);
    }
    json_object_set(stored, "rules", rules);
}

/* ---- the page ---- */

static bool check_template(DeskTx *tx, int64_t id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(TicketTemplate) record =
        id != 0 ? ticket_template_load(tx->db, id, 0, &failure) : NULL;
    if (id == 0 || (record != NULL && strcmp(record->kind, "auto_response") == 0))
        return true;
    if (record != NULL || error_is(failure, TD_ERROR_NOT_FOUND))
        error_set_problem(error, TD_ERROR_INVALID, "unknown-template", "/auto_response/template",
                          "There is no template %" G_GINT64_FORMAT " for automatic responses", id);
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

static void read_auto_response(DeskTx *tx, JsonReader *reader, json_t *response)
{
    int64_t id = 0;
    option_merge_bool(reader, "enabled", response);
    if (json_read_id(reader, "template", &id))
        json_set_int(response, "template", id);
}

/* A mail to an address of the desk would come back. */
static bool check_forward(DeskTx *tx, const json_t *stored, GError **error)
{
    const char *to = json_get_text(stored, "forward_unmatched_to");
    g_autofree char *key = NULL;
    if (*to == '\0' || !address_parse(to, NULL, NULL, &key, error))
        return *to == '\0';
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL)
        return false;
    Settings then = *settings;
    then.email_connector.address = (char *)json_get_text(stored, "address");
    bool own = own_address_of_mail(&then, key);
    if (own)
        error_set_problem(error, TD_ERROR_INVALID, "own-address", "/forward_unmatched_to",
                          "%s is an address of the desk itself: what is sent on there would come"
                          " back. Name an address that a person reads",
                          to);
    return !own;
}

bool option_merge_email_connector(DeskTx *tx, json_t *stored, json_t *patch, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, patch, "");
    option_merge_bool(&reader, "enabled", stored);
    option_merge_address(&reader, "address", stored);
    option_merge_line(&reader, "authserv_id", 253, stored);
    option_merge_address(&reader, "forward_unmatched_to", stored);
    option_merge_choice(&reader, "employee_mail", employee_mail_names, stored);
    read_group(tx, &reader, "auto_response", stored, read_auto_response);
    read_rules(tx, &reader, stored);
    option_read_mailboxes(tx, &reader, stored);
    if (!json_reader_end(&reader, error))
        return false;
    const json_t *response = json_object_get(stored, "auto_response");
    if (!check_template(tx, json_get_int(response, "template"), error) ||
        !check_forward(tx, stored, error))
        return false;
    if (!json_get_bool(stored, "enabled", false) || *json_get_text(stored, "address") != '\0')
        return true;
    error_set_problem(error, TD_ERROR_CONFLICT, "mailbox-missing", "/address",
                      "The Email Connector cannot be enabled without the address that customers"
                      " write to; set \"address\" with it");
    return false;
}

json_t *option_show_email_connector(const json_t *stored)
{
    g_auto(EmailConnectorSettings) settings = {0};
    email_connector_settings_read(stored, &settings);
    return email_connector_settings_json(&settings);
}
