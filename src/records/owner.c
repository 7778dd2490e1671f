/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Full addresses on accounts and contacts come first, then the domains of accounts. What two
 * accounts have is nobody's: a guess would show one customer's mail to another.
 */
#include "records/owner.h"

#include <string.h>

#define OWNERS_MAX 50 /* rows that are looked at; beyond two accounts nothing changes */

void address_owner_clear(AddressOwner *owner)
{
    g_free(owner->employee_name);
    g_free(owner->account_name);
    g_free(owner->contact_name);
}

static bool find_employee(DbTx *tx, const char *email_key, AddressOwner *owner, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT id, name, active FROM employee WHERE email_key = $1"
                            " UNION SELECT id, name, active FROM employee WHERE email2_key = $1"
                            " ORDER BY 3 DESC, 1 LIMIT 1",
                            "s", email_key);
    if (rows == NULL)
        return false;
    if (db_rows_next(rows)) {
        owner->employee = db_rows_int(rows, 0);
        owner->employee_name = db_rows_dup(rows, 1);
        owner->employee_active = db_rows_int(rows, 2) != 0;
    }
    return db_rows_end(rows, error);
}

/* Columns: account, its name, active, contact, its name. Active accounts first, then by account,
 * contacts that are active first. */
static void read_row(const DbRows *rows, AddressOwner *owner)
{
    int64_t account = db_rows_int(rows, 0);
    bool active = db_rows_int(rows, 2) != 0;
    int64_t contact = db_rows_int(rows, 3);
    if (owner->accounts > 0 && owner->account_active && !active)
        return;
    if (owner->accounts == 0) {
        owner->accounts = 1;
        owner->account = account;
        owner->account_name = db_rows_dup(rows, 1);
        owner->account_active = active;
    } else if (account != owner->account) {
        owner->accounts++;
    }
    if (account == owner->account && owner->contact == 0 && contact != 0) {
        owner->contact = contact;
        owner->contact_name = db_rows_dup(rows, 4);
    }
}

/* Takes `rows`. */
static bool read_owners(DbRows *rows, AddressOwner *owner, GError **error)
{
    if (rows == NULL)
        return false;
    while (db_rows_next(rows))
        read_row(rows, owner);
    if (owner->accounts > 1) {
        owner->account = 0;
        owner->contact = 0;
        g_clear_pointer(&owner->account_name, g_free);
        g_clear_pointer(&owner->contact_name, g_free);
    }
    return db_rows_end(rows, error);
}

static bool find_by_address(DbTx *tx, const char *email_key, AddressOwner *owner, GError **error)
{
    return read_owners(
        db_query(tx, error,
                 "SELECT a.number, a.name, a.active, c.id, c.name, c.active"
                 " FROM contact_address x JOIN contact c ON c.id = x.contact"
                 " JOIN account a ON a.number = c.account WHERE x.email_key = $1"
                 " UNION SELECT number, name, active, 0, '', 0 FROM account WHERE email_key = $1"
                 " UNION SELECT number, name, active, 0, '', 0 FROM account WHERE email2_key = $1"
                 " ORDER BY 3 DESC, 1, 6 DESC, 4 LIMIT $2",
                 "si", email_key, (int64_t)OWNERS_MAX),
        owner, error);
}

/* The domains are JSON, of checked names: letters, digits, dots, hyphens; so the quoted name is in
 * the text exactly where it is in the list. */
static bool find_by_domain(DbTx *tx, const char *domain, AddressOwner *owner, GError **error)
{
    if (*domain == '\0' || strpbrk(domain, "%_!\"\\") != NULL)
        return true;
    g_autofree char *pattern = g_strdup_printf("%%\"%s\"%%", domain);
    return read_owners(db_query(tx, error,
                                "SELECT number, name, active, 0, '' FROM account"
                                " WHERE domains LIKE $1 ORDER BY active DESC, number LIMIT $2",
                                "si", pattern, (int64_t)OWNERS_MAX),
                       owner, error);
}

bool address_owner_find(DbTx *tx, const char *email_key, AddressOwner *owner, GError **error)
{
    const char *at = strrchr(email_key, '@');
    return find_employee(tx, email_key, owner, error) &&
           find_by_address(tx, email_key, owner, error) &&
           (owner->accounts > 0 || find_by_domain(tx, at != NULL ? at + 1 : "", owner, error));
}

bool account_find_by_name(DbTx *tx, const char *name, int64_t *number, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT number FROM account WHERE LOWER(name) = LOWER($1)"
                            " AND active = 1 ORDER BY number LIMIT 2",
                            "s", name);
    if (rows == NULL)
        return false;
    int64_t found = db_rows_next(rows) ? db_rows_int(rows, 0) : 0;
    *number = db_rows_next(rows) ? 0 : found;
    return db_rows_end(rows, error);
}

bool account_find_by_reference(DbTx *tx, const char *reference, int64_t *number, GError **error)
{
    bool found;
    g_autofree char *key = g_utf8_casefold(reference, -1);
    *number = 0;
    return db_query_int(tx, &found, number, error,
                        "SELECT number FROM account WHERE reference_key = $1 AND active = 1", "s",
                        key);
}
