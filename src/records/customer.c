/* SPDX-License-Identifier: Apache-2.0 */
#include "records/customer.h"

#include "records/web_interface.h"

#include <string.h>

static void place_free(CustomerPlace *place)
{
    g_free(place->account_name);
    g_free(place);
}

void customer_free(Customer *customer)
{
    if (customer == NULL)
        return;
    g_free(customer->email);
    g_free(customer->email_key);
    g_free(customer->name);
    g_free(customer->language);
    g_free(customer->time_zone);
    g_ptr_array_unref(customer->places);
    g_free(customer);
}

/* Columns: account, its name, contact, its name, address, language, time zone, sees. */
static void add_place(Customer *customer, const DbRows *rows, bool see_own)
{
    const char *sees = db_rows_text(rows, 7);
    CustomerPlace *place = g_new0(CustomerPlace, 1);
    place->account = db_rows_int(rows, 0);
    place->account_name = db_rows_dup(rows, 1);
    place->contact = db_rows_int(rows, 2);
    place->sees_own = sees != NULL ? strcmp(sees, SEES_OWN) == 0 : see_own;
    g_ptr_array_add(customer->places, place);
    if (customer->places->len > 1)
        return;
    customer->name = db_rows_dup(rows, 3);
    customer->email = db_rows_dup(rows, 4);
    customer->language = db_rows_dup(rows, 5);
    customer->time_zone = db_rows_dup(rows, 6);
}

/* A contact's further addresses are kept without the way they are written; their compared form is
 * an address, too. */
#define AS_CONTACT                                                                                 \
    "SELECT a.number AS account, a.name AS account_name, c.id AS contact, c.name AS name,"         \
    " CASE WHEN c.email_key = $1 THEN c.email ELSE $1 END AS email,"                               \
    " COALESCE(c.language, a.language) AS language, a.time_zone AS time_zone, c.sees AS sees"      \
    " FROM contact_address x"                                                                      \
    " JOIN contact c ON c.id = x.contact JOIN account a ON a.number = c.account"                   \
    " WHERE x.email_key = $1 AND c.active = 1 AND a.active = 1"
#define AS_ACCOUNT(column)                                                                         \
    " UNION SELECT number, name, 0, name, " column ", language, time_zone, NULL FROM account"      \
    " WHERE " column "_key = $1 AND active = 1"

Customer *customer_load(DbTx *tx, const char *email_key, bool see_own, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT * FROM (" AS_CONTACT AS_ACCOUNT("email")
                                AS_ACCOUNT("email2") ") AS places ORDER BY contact = 0, account,"
                                                     " contact LIMIT $2",
                            "si", email_key, (int64_t)CUSTOMER_PLACES_MAX);
    if (rows == NULL)
        return NULL;
    g_autoptr(Customer) customer = g_new0(Customer, 1);
    customer->email_key = g_strdup(email_key);
    customer->places = g_ptr_array_new_with_free_func((GDestroyNotify)place_free);
    while (db_rows_next(rows))
        add_place(customer, rows, see_own);
    if (!db_rows_end(rows, error) || customer->places->len == 0)
        return NULL;
    return g_steal_pointer(&customer);
}

bool customer_set_language(DbTx *tx, const Customer *customer, const char *language, GError **error)
{
    for (guint i = 0; i < customer->places->len; i++) {
        const CustomerPlace *place = customer->places->pdata[i];
        if (place->contact != 0 &&
            !db_exec(tx, NULL, error, "UPDATE contact SET language = $2 WHERE id = $1", "is",
                     place->contact, language))
            return false;
    }
    return true;
}
