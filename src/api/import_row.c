/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts and contacts: a row is read by the code that reads POST and PATCH, so what is refused
 * there is refused here, in the same words.
 */
#include "api/import.h"

#include "api/people.h"
#include "api/render.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "desk/people.h"
#include "mail/address.h"
#include "records/employee.h"

#include <string.h>

/* ---- accounts ---- */

static bool refuse(const char *field, GError **error, const char *what, const char *value)
{
    error_set_problem(error, TD_ERROR_INVALID, "unknown-account", field, "%s: %s", value, what);
    return false;
}

/* The account that a text names, by number or exact name; 0 where no account is called so. */
static bool find_account(DbTx *tx, const char *text, const char *field, int64_t *number,
                         GError **error)
{
    int64_t count = 0;
    if (!account_find_named(tx, text, &count, number, error))
        return false;
    if (count > 1)
        return refuse(field, error, "more than one account is called so; give its number", text);
    if (count == 0)
        *number = 0;
    return true;
}

static bool find_number(DbTx *tx, const char *text, const char *field, int64_t *number,
                        GError **error)
{
    if (!text_to_int(text, 1, INT64_MAX, number))
        return refuse(field, error, "this is no account's number", text);
    g_autoptr(GError) failure = NULL;
    g_autoptr(Account) account = account_load(tx, *number, &failure);
    return account != NULL || refuse(field, error, "there is no account with this number", text);
}

/* A customer whose reference is new here may have come before, without it. */
static bool find_unreferenced(DbTx *tx, const char *name, int64_t *number, GError **error)
{
    int64_t count = 0;
    if (!account_find_named(tx, name, &count, number, error))
        return false;
    g_autoptr(Account) account = count == 1 ? account_load(tx, *number, error) : NULL;
    if (count == 1 && account == NULL)
        return false;
    if (account == NULL || account->reference != NULL)
        *number = 0;
    return true;
}

static bool find_referenced(DbTx *tx, const char *reference, const char *name, int64_t *number,
                            GError **error)
{
    return account_find_reference(tx, reference, number, error) &&
           (*number != 0 || find_unreferenced(tx, name, number, error));
}

static ImportOutcome outcome_of(json_t *before, json_t *after)
{
    ImportOutcome outcome = json_equal(before, after) ? IMPORT_UNCHANGED : IMPORT_UPDATED;
    json_decref(before);
    json_decref(after);
    return outcome;
}

static bool change_account(DeskTx *tx, int64_t number, json_t *row, ImportOutcome *outcome,
                           GError **error)
{
    g_autoptr(Account) account = account_lock(tx->db, number, error);
    if (account == NULL)
        return false;
    json_t *before = render_account(account);
    if (!account_read(row, account, false, error)) {
        json_decref(before);
        return false;
    }
    *outcome = outcome_of(before, render_account(account));
    return *outcome == IMPORT_UNCHANGED || account_change(tx, account, error);
}

static bool find_record(DbTx *tx, const json_t *row, const char *number, int64_t *id,
                        GError **error)
{
    const char *reference = json_get_text(row, "reference");
    const char *name = json_get_text(row, "name");
    if (*number != '\0')
        return find_number(tx, number, "/number", id, error);
    return *reference != '\0' ? find_referenced(tx, reference, name, id, error)
                              : find_account(tx, name, "/name", id, error);
}

static bool apply_account(DeskTx *tx, json_t *row, ImportApplied *applied, GError **error)
{
    g_autofree char *number = g_strdup(json_get_text(row, "number"));
    json_object_del(row, "number");
    if (!find_record(tx->db, row, number, &applied->id, error) ||
        !import_find_manager(tx->db, row, error))
        return false;
    if (applied->id != 0)
        return change_account(tx, applied->id, row, &applied->outcome, error);
    g_autoptr(Account) account = account_read_new(row, error);
    if (account == NULL || !account_create(tx, account, error))
        return false;
    applied->id = account->number;
    applied->outcome = IMPORT_CREATED;
    return true;
}

/* ---- contacts ---- */

static bool find_account_of(DbTx *tx, const char *text, const char *reference, int64_t *account,
                            GError **error)
{
    if (*reference != '\0') {
        if (!account_find_reference(tx, reference, account, error))
            return false;
        return *account != 0 ||
               refuse("/account_reference", error, "no account has this reference", reference);
    }
    if (*text == '\0')
        return refuse("/account", error, "the row does not say whose it is", "account");
    if (strspn(text, "0123456789") == strlen(text))
        return find_number(tx, text, "/account", account, error);
    if (!find_account(tx, text, "/account", account, error))
        return false;
    return *account != 0 || refuse("/account", error, "no account is called so", text);
}

bool import_find_owner(DbTx *tx, json_t *row, int64_t *account, GError **error)
{
    bool found = find_account_of(tx, json_get_text(row, "account"),
                                 json_get_text(row, "account_reference"), account, error);
    json_object_del(row, "account");
    json_object_del(row, "account_reference");
    return found;
}

bool import_find_manager(DbTx *tx, json_t *row, GError **error)
{
    const char *text = json_get_text(row, "manager");
    if (*text == '\0')
        return true;
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    if (!address_parse(text, NULL, &address, &key, NULL))
        key = g_utf8_strdown(text, -1);
    GError *failure = NULL;
    g_autoptr(Employee) employee = employee_load_by_typed(tx, key, &failure);
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return false;
    }
    if (employee == NULL) {
        error_set_problem(error, TD_ERROR_INVALID, "unknown-employee", "/manager",
                          "%s: no active employee has this login or address", text);
        return false;
    }
    json_object_set_new(row, "manager", json_integer(employee->id));
    return true;
}

static bool change_contact(DeskTx *tx, int64_t id, json_t *row, ImportOutcome *outcome,
                           GError **error)
{
    g_autoptr(Contact) contact = contact_lock(tx->db, id, error);
    if (contact == NULL)
        return false;
    json_t *before = render_contact(contact);
    if (!contact_read(row, contact, false, error)) {
        json_decref(before);
        return false;
    }
    *outcome = outcome_of(before, render_contact(contact));
    return *outcome == IMPORT_UNCHANGED || contact_change(tx, contact, error);
}

bool import_find_contact(DbTx *tx, int64_t account, const char *email, const char *field,
                         int64_t *id, GError **error)
{
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    return address_parse(email, field, &address, &key, error) &&
           contact_find(tx, account, key, id, error);
}

static bool apply_contact(DeskTx *tx, json_t *row, ImportApplied *applied, GError **error)
{
    int64_t account = 0;
    if (!import_find_owner(tx->db, row, &account, error) ||
        !import_find_contact(tx->db, account, json_get_text(row, "email"), "/email", &applied->id,
                             error))
        return false;
    if (applied->id != 0)
        return change_contact(tx, applied->id, row, &applied->outcome, error);
    json_object_set_new(row, "account", json_integer(account));
    g_autoptr(Contact) contact = contact_read_new(row, error);
    if (contact == NULL || !contact_create(tx, contact, error))
        return false;
    applied->id = contact->id;
    applied->outcome = IMPORT_CREATED;
    return true;
}

bool import_row_apply(DeskTx *tx, ImportKind kind, json_t *row, ImportApplied *applied,
                      GError **error)
{
    *applied = (ImportApplied){0};
    if (kind == IMPORT_TICKETS)
        return import_ticket_apply(tx, row, applied, error);
    return kind == IMPORT_ACCOUNTS ? apply_account(tx, row, applied, error)
                                   : apply_contact(tx, row, applied, error);
}
