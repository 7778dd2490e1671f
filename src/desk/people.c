/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/people.h"

#include "base/error.h"
#include "base/secret.h"
#include "desk/blame.h"
#include "mail/address.h"
#include "records/session.h"

#include <jansson.h>
#include <string.h>

const char *const token_scopes[] = {"tickets:read", "tickets:write", "alerts", "options",
                                    "templates",    "admin",         NULL};

static bool check_manager(DeskTx *tx, const Account *account, GError **error)
{
    if (account->manager == 0)
        return true;
    GError *failure = NULL;
    g_autoptr(Employee) manager = employee_load(tx->db, account->manager, &failure);
    return manager != NULL || desk_blame_field(error, failure, "/manager");
}

bool account_create(DeskTx *tx, Account *account, GError **error)
{
    account->created_at = tx->now_us;
    return check_manager(tx, account, error) && account_insert(tx->db, account, error);
}

bool account_change(DeskTx *tx, const Account *account, GError **error)
{
    return check_manager(tx, account, error) && account_update(tx->db, account, error);
}

/* The compared form of each address; they were checked at the door, so what cannot be parsed is
 * left out. */
static char **address_keys(const Contact *contact)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    g_ptr_array_add(keys, g_strdup(contact->email_key));
    json_auto_t *others = json_loads(contact->emails, 0, NULL);
    size_t i;
    json_t *other;
    json_array_foreach(others, i, other)
    {
        char *key = NULL;
        if (address_parse(json_string_value(other), NULL, NULL, &key, NULL))
            g_ptr_array_add(keys, key);
    }
    g_ptr_array_add(keys, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&keys), FALSE);
}

bool contact_create(DeskTx *tx, Contact *contact, GError **error)
{
    GError *failure = NULL;
    g_autoptr(Account) account = account_load(tx->db, contact->account, &failure);
    if (account == NULL)
        return desk_blame_field(error, failure, "/account");
    g_auto(GStrv) keys = address_keys(contact);
    contact->created_at = tx->now_us;
    return contact_insert(tx->db, contact, (const char *const *)keys, error);
}

bool contact_change(DeskTx *tx, const Contact *contact, GError **error)
{
    g_auto(GStrv) keys = address_keys(contact);
    return contact_update(tx->db, contact, (const char *const *)keys, error);
}

bool employee_create(DeskTx *tx, Employee *employee, GError **error)
{
    employee->created_at = tx->now_us;
    return employee_insert(tx->db, employee, error);
}

/* What a session may do follows from who somebody is, and from how they have shown it. */
static bool ends_sessions(const Employee *before, const Employee *after)
{
    return before->active != after->active || strcmp(before->role, after->role) != 0 ||
           g_strcmp0(before->password_hash, after->password_hash) != 0;
}

bool employee_change(DeskTx *tx, const Employee *employee, GError **error)
{
    g_autoptr(Employee) before = employee_load(tx->db, employee->id, error);
    if (before == NULL || !employee_update(tx->db, employee, error) ||
        (ends_sessions(before, employee) &&
         !session_end_all(tx->db, SESSION_EMPLOYEE, employee->id, 0, error)))
        return false;
    g_autoptr(GError) failure = NULL;
    g_autoptr(Employee) admin = employee_load_first_admin(tx->db, &failure);
    if (admin != NULL)
        return true;
    if (error_is(failure, TD_ERROR_NOT_FOUND))
        error_set_problem(error, TD_ERROR_CONFLICT, "last-admin", NULL,
                          "%s is the last active admin; make somebody else an admin first",
                          employee->name);
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

bool token_scope_known(const char *scope)
{
    return g_strv_contains(token_scopes, scope);
}

/* Whether a text of words, separated by single spaces, has this one. */
static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (;;) {
        size_t bytes = strcspn(words, " ");
        if (bytes == length && memcmp(words, word, length) == 0)
            return true;
        if (words[bytes] == '\0')
            return false;
        words += bytes + 1;
    }
}

bool token_allows(const char *scopes, const char *scope)
{
    return has_word(scopes, scope) || has_word(scopes, "admin");
}

Token *token_create(DeskTx *tx, const char *name, const char *scopes, char **secret, GError **error)
{
    g_autoptr(Token) token = g_new0(Token, 1);
    char *made = secret_new_token(tx->random);
    token->name = g_strdup(name);
    token->hash = secret_hash(made, strlen(made));
    token->scopes = g_strdup(scopes);
    token->created_by = g_strdup(tx->actor->name);
    token->created_at = tx->now_us;
    if (!token_insert(tx->db, token, error)) {
        secret_free(made);
        return NULL;
    }
    secret_free(*secret);
    *secret = made;
    return g_steal_pointer(&token);
}

bool token_revoke(DeskTx *tx, int64_t id, GError **error)
{
    return token_delete(tx->db, id, error);
}
