/* SPDX-License-Identifier: Apache-2.0 */
#include "api/inbox_opening.h"

#include "api/input.h"
#include "base/error.h"

/* The reader of the object `name`, where there is one. */
static bool begin(JsonReader *outer, const char *name, const char *path, JsonReader *reader)
{
    json_t *value;
    if (!json_read_object(outer, name, &value))
        return false;
    json_reader_init(reader, value, path);
    json_require(reader, "name");
    return true;
}

static void end(JsonReader *outer, JsonReader *reader)
{
    GError *failure = NULL;
    if (!json_reader_end(reader, &failure))
        json_reader_fail(outer, failure);
}

static void read_account(JsonReader *outer, InboxOpening *opening)
{
    JsonReader reader;
    if (!begin(outer, "new_account", "/new_account", &reader))
        return;
    Account *account = opening->new_account = g_new0(Account, 1);
    account->active = true;
    account->domains = g_strdup("[]");
    input_name(&reader, "name", LIMIT_NAME_CHARS, &account->name);
    input_optional_address(&reader, "email", &account->email, &account->email_key);
    input_texts(&reader, "domains", LIMIT_ACCOUNT_DOMAINS, input_check_domain, &account->domains);
    end(outer, &reader);
}

static void read_contact(JsonReader *outer, InboxOpening *opening)
{
    JsonReader reader;
    if (!begin(outer, "new_contact", "/new_contact", &reader))
        return;
    Contact *contact = opening->new_contact = g_new0(Contact, 1);
    contact->active = true;
    contact->emails = g_strdup("[]");
    input_name(&reader, "name", LIMIT_NAME_CHARS, &contact->name);
    input_optional_address(&reader, "email", &contact->email, &contact->email_key);
    end(outer, &reader);
}

bool inbox_read_opening(ApiCall *call, InboxOpening *opening, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    bool known = json_read_id(&reader, "account", &opening->account) && opening->account != 0;
    read_account(&reader, opening);
    read_contact(&reader, opening);
    if (!json_reader_end(&reader, error))
        return false;
    if (known != (opening->new_account != NULL))
        return true;
    error_set_problem(error, TD_ERROR_INVALID, "missing-field", "/account",
                      "Name either the account that the ticket is for, or a new_account");
    return false;
}
