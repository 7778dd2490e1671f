/* SPDX-License-Identifier: Apache-2.0 */
#include "records/customer.h"

#include "records/search.h"
#include "records/ticket-private.h"
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

/* ---- what they see ---- */

/* A ticket of the place's account: any, or one that the contact is of, or that they are told of. $1
 * account, $2 own, $3 contact, $4 address. */
#define SEEN                                                                                       \
    " account = $1 AND ($2 = 0 OR ($3 <> 0 AND contact = $3) OR EXISTS (SELECT 1 FROM recipient r" \
    " WHERE r.ticket = ticket.number AND (r.email_key = $4 OR ($3 <> 0 AND r.contact = $3))))"

static GPtrArray *list_of_place(DbTx *tx, const Customer *customer, const CustomerPlace *place,
                                const CustomerFilter *filter, GError **error)
{
    g_autofree char *like = search_pattern(filter->q);
    return ticket_take_list(
        db_query(tx, error,
                 "SELECT " TICKET_COLUMNS " FROM ticket WHERE" SEEN " AND number < $5"
                 " AND ($6 = 0 OR (status <> 900 AND status <> 1000))"
                 " AND LOWER(title) LIKE $7 ESCAPE '!' ORDER BY number DESC LIMIT $8",
                 "iiisiisi", place->account, (int64_t)place->sees_own, place->contact,
                 customer->email_key, filter->before != 0 ? filter->before : INT64_MAX,
                 (int64_t)filter->open, like, (int64_t)filter->limit),
        error);
}

static int newest_first(const void *a, const void *b)
{
    const Ticket *first = *(const Ticket *const *)a;
    const Ticket *second = *(const Ticket *const *)b;
    return first->number > second->number ? -1 : first->number < second->number;
}

/* Sorted; two contacts of one account may both have given a ticket. */
static void drop_doubles(GPtrArray *list)
{
    for (guint i = list->len; i > 1; i--) {
        const Ticket *ticket = list->pdata[i - 1];
        const Ticket *former = list->pdata[i - 2];
        if (ticket->number == former->number)
            g_ptr_array_remove_index(list, i - 1);
    }
}

GPtrArray *customer_ticket_list(DbTx *tx, const Customer *customer, const CustomerFilter *filter,
                                GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)ticket_free);
    for (guint i = 0; i < customer->places->len; i++) {
        g_autoptr(GPtrArray) list =
            list_of_place(tx, customer, customer->places->pdata[i], filter, error);
        if (list == NULL)
            return NULL;
        g_ptr_array_extend_and_steal(all, g_steal_pointer(&list));
    }
    if (customer->places->len > 1) {
        g_ptr_array_sort(all, newest_first);
        drop_doubles(all);
    }
    if (all->len > (guint)filter->limit)
        g_ptr_array_set_size(all, filter->limit);
    return g_steal_pointer(&all);
}

bool customer_sees_ticket(DbTx *tx, const Customer *customer, int64_t number, bool *sees,
                          GError **error)
{
    bool found = false;
    for (guint i = 0; i < customer->places->len && !found; i++) {
        const CustomerPlace *place = customer->places->pdata[i];
        int64_t one;
        if (!db_query_int(tx, &found, &one, error,
                          "SELECT number FROM ticket WHERE" SEEN " AND number = $5", "iiisi",
                          place->account, (int64_t)place->sees_own, place->contact,
                          customer->email_key, number))
            return false;
    }
    *sees = found;
    return true;
}
