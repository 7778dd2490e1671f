/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row becomes the object that POST or PATCH would take, and is read by the same code: what is
 * refused there is refused here, in the same words.
 */
#include "api/import.h"

#include "api/people.h"
#include "api/render.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "desk/people.h"
#include "mail/address.h"

#include <string.h>

const char *const import_kind_names[] = {"accounts", "contacts", NULL};

typedef enum { CELL_TEXT, CELL_FLAG, CELL_LIST } CellType;

static const struct {
    const char *name;
    bool of[IMPORT_N_KINDS];
    CellType type;
} fields_known[] = {
    {"number", {true, false}, CELL_TEXT},  {"account", {false, true}, CELL_TEXT},
    {"name", {true, true}, CELL_TEXT},     {"email", {true, true}, CELL_TEXT},
    {"email2", {true, false}, CELL_TEXT},  {"emails", {false, true}, CELL_LIST},
    {"domains", {true, false}, CELL_LIST}, {"on_every_ticket", {false, true}, CELL_FLAG},
    {"language", {true, true}, CELL_TEXT}, {"time_zone", {true, false}, CELL_TEXT},
    {"active", {true, true}, CELL_FLAG},
};

const char *import_field(ImportKind kind, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields_known); i++)
        if (fields_known[i].of[kind] && g_ascii_strcasecmp(fields_known[i].name, name) == 0)
            return fields_known[i].name;
    return NULL;
}

/* ---- cells ---- */

static json_t *read_flag(const char *cell, const char *field, GError **error)
{
    static const char *const yes[] = {"yes", "true", "1", "y", NULL};
    static const char *const no[] = {"no", "false", "0", "n", NULL};
    g_autofree char *lower = g_ascii_strdown(cell, -1);
    if (g_strv_contains(yes, lower))
        return json_true();
    if (g_strv_contains(no, lower))
        return json_false();
    g_autofree char *path = g_strconcat("/", field, NULL);
    error_set_problem(error, TD_ERROR_INVALID, "invalid", path, "%s must be yes or no", field);
    return NULL;
}

static json_t *read_list(const char *cell)
{
    json_t *list = json_array();
    g_auto(GStrv) parts = g_strsplit_set(cell, " ,;\n\r\t", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
            json_array_append_new(list, json_string(*part));
    return list;
}

static CellType type_of(const char *field)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields_known); i++)
        if (strcmp(fields_known[i].name, field) == 0)
            return fields_known[i].type;
    return CELL_TEXT;
}

static json_t *read_cell(const char *cell, const char *field, GError **error)
{
    switch (type_of(field)) {
    case CELL_FLAG:
        return read_flag(cell, field, error);
    case CELL_LIST:
        return read_list(cell);
    default:
        return json_string(cell);
    }
}

json_t *import_row_read(const CsvRow *row, const char *const *fields, GError **error)
{
    json_auto_t *object = json_object();
    for (size_t i = 0; row->cells[i] != NULL; i++) {
        if (fields[i] == NULL || *row->cells[i] == '\0')
            continue;
        json_t *value = read_cell(row->cells[i], fields[i], error);
        if (value == NULL)
            return NULL;
        json_object_set_new(object, fields[i], value);
    }
    return json_incref(object);
}

char *import_row_key(ImportKind kind, const json_t *row)
{
    if (kind == IMPORT_ACCOUNTS) {
        const char *number = json_get_text(row, "number");
        const char *name = json_get_text(row, "name");
        return *number != '\0' ? g_strconcat("#", number, NULL)
               : *name != '\0' ? g_strdup(name)
                               : NULL;
    }
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    if (!address_parse(json_get_text(row, "email"), NULL, &address, &key, NULL))
        return NULL;
    return g_strdup_printf("%s\n%s", json_get_text(row, "account"), key);
}

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

static bool apply_account(DeskTx *tx, json_t *row, ImportOutcome *outcome, int64_t *id,
                          GError **error)
{
    g_autofree char *number = g_strdup(json_get_text(row, "number"));
    json_object_del(row, "number");
    bool found = *number != '\0'
                     ? find_number(tx->db, number, "/number", id, error)
                     : find_account(tx->db, json_get_text(row, "name"), "/name", id, error);
    if (!found)
        return false;
    if (*id != 0)
        return change_account(tx, *id, row, outcome, error);
    g_autoptr(Account) account = account_read_new(row, error);
    if (account == NULL || !account_create(tx, account, error))
        return false;
    *id = account->number;
    *outcome = IMPORT_CREATED;
    return true;
}

/* ---- contacts ---- */

static bool find_owner(DeskTx *tx, json_t *row, int64_t *account, GError **error)
{
    const char *text = json_get_text(row, "account");
    if (*text == '\0')
        return refuse("/account", error, "the row does not say whose contact it is", "account");
    if (strspn(text, "0123456789") == strlen(text))
        return find_number(tx->db, text, "/account", account, error);
    if (!find_account(tx->db, text, "/account", account, error))
        return false;
    return *account != 0 || refuse("/account", error, "no account is called so", text);
}

static bool change_contact(DeskTx *tx, int64_t id, json_t *row, ImportOutcome *outcome,
                           GError **error)
{
    g_autoptr(Contact) contact = contact_lock(tx->db, id, error);
    if (contact == NULL)
        return false;
    json_t *before = render_contact(contact);
    json_object_del(row, "account");
    if (!contact_read(row, contact, false, error)) {
        json_decref(before);
        return false;
    }
    *outcome = outcome_of(before, render_contact(contact));
    return *outcome == IMPORT_UNCHANGED || contact_change(tx, contact, error);
}

static bool find_contact(DeskTx *tx, int64_t account, const json_t *row, int64_t *id,
                         GError **error)
{
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    return address_parse(json_get_text(row, "email"), "/email", &address, &key, error) &&
           contact_find(tx->db, account, key, id, error);
}

static bool apply_contact(DeskTx *tx, json_t *row, ImportOutcome *outcome, int64_t *id,
                          GError **error)
{
    int64_t account = 0;
    if (!find_owner(tx, row, &account, error) || !find_contact(tx, account, row, id, error))
        return false;
    json_object_set_new(row, "account", json_integer(account));
    if (*id != 0)
        return change_contact(tx, *id, row, outcome, error);
    g_autoptr(Contact) contact = contact_read_new(row, error);
    if (contact == NULL || !contact_create(tx, contact, error))
        return false;
    *id = contact->id;
    *outcome = IMPORT_CREATED;
    return true;
}

bool import_row_apply(DeskTx *tx, ImportKind kind, const json_t *row, ImportOutcome *outcome,
                      int64_t *id, GError **error)
{
    json_auto_t *copy = json_copy((json_t *)row);
    *id = 0;
    return kind == IMPORT_ACCOUNTS ? apply_account(tx, copy, outcome, id, error)
                                   : apply_contact(tx, copy, outcome, id, error);
}
