/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ticket_people.h"

void ticket_people_free(TicketPeople *people)
{
    if (people == NULL)
        return;
    g_free(people->account.name);
    g_free(people->account.email);
    g_free(people->account.email_key);
    g_free(people->account.language);
    g_free(people->account.time_zone);
    g_free(people->contact.name);
    g_free(people->contact.email);
    g_free(people->contact.email_key);
    g_free(people->manager_name);
    g_free(people);
}

static TicketPeople *from_row(const DbRows *rows)
{
    TicketPeople *people = g_new0(TicketPeople, 1);
    people->account.name = db_rows_dup(rows, 0);
    people->account.email = db_rows_dup(rows, 1);
    people->account.email_key = db_rows_dup(rows, 2);
    people->account.language = db_rows_dup(rows, 3);
    people->account.time_zone = db_rows_dup(rows, 4);
    people->account.manager = db_rows_int(rows, 5);
    people->contact.account = db_rows_int(rows, 6);
    people->contact.name = db_rows_dup(rows, 7);
    people->contact.email = db_rows_dup(rows, 8);
    people->contact.email_key = db_rows_dup(rows, 9);
    people->manager_name = db_rows_dup(rows, 10);
    people->account.has_always = db_rows_int(rows, 11) != 0;
    return people;
}

TicketPeople *ticket_people_load(DbTx *tx, int64_t account, int64_t contact, int64_t manager,
                                 GError **error)
{
    DbRows *rows = db_query(
        tx, error,
        "SELECT a.name, a.email, a.email_key, a.language, a.time_zone, a.manager, c.account,"
        " c.name, c.email, c.email_key, m.name, EXISTS (SELECT 1 FROM contact k WHERE"
        " k.account = a.number AND k.on_every_ticket = 1 AND k.active = 1) FROM account a LEFT "
        "JOIN contact c ON c.id = $2"
        " LEFT JOIN employee m ON m.id = CASE WHEN $3 = 0 THEN a.manager ELSE $3 END"
        " WHERE a.number = $1",
        "iii", account, contact, manager);
    if (rows == NULL)
        return NULL;
    g_autoptr(TicketPeople) people = db_rows_next(rows) ? from_row(rows) : g_new0(TicketPeople, 1);
    return db_rows_end(rows, error) ? g_steal_pointer(&people) : NULL;
}
