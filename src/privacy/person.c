/* SPDX-License-Identifier: Apache-2.0 */
#include "privacy/person.h"

#include "alerts/own_address.h"
#include "base/error.h"
#include "base/json.h"
#include "mail/address.h"
#include "records/contact.h"

#include <string.h>

void person_free(Person *person)
{
    if (person == NULL)
        return;
    g_free(person->email);
    g_free(person->email_key);
    g_ptr_array_unref(person->addresses);
    g_ptr_array_unref(person->keys);
    g_ptr_array_unref(person->names);
    g_array_unref(person->contacts);
    g_free(person);
}

static bool has_text(const GPtrArray *list, const char *text)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)list, text, g_str_equal, NULL);
}

static void add_address(Person *person, const char *text)
{
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    if (!address_parse(text, "email", &address, &key, NULL) || has_text(person->keys, key))
        return;
    g_ptr_array_add(person->addresses, g_steal_pointer(&address));
    g_ptr_array_add(person->keys, g_steal_pointer(&key));
}

static void add_name(Person *person, const char *name)
{
    if (name != NULL && *name != '\0' && !has_text(person->names, name))
        g_ptr_array_add(person->names, g_strdup(name));
}

static bool add_contacts(DbTx *tx, Person *person, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT contact FROM contact_address WHERE email_key = $1"
                            " ORDER BY contact",
                            "s", person->email_key);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(person->contacts, id);
    }
    if (!db_rows_end(rows, error))
        return false;
    for (guint i = 0; i < person->contacts->len; i++) {
        g_autoptr(Contact) contact =
            contact_load(tx, g_array_index(person->contacts, int64_t, i), error);
        if (contact == NULL)
            return false;
        add_name(person, contact->name);
        add_address(person, contact->email);
        json_auto_t *others = json_loads(contact->emails, 0, NULL);
        size_t j;
        json_t *one;
        json_array_foreach(others, j, one) add_address(person, json_string_value(one));
    }
    return true;
}

/* The first of those who have the address elsewhere. */
static bool find_other(DbTx *tx, const char *sql, const char *key, int64_t *id, GError **error)
{
    bool found;
    int64_t value = 0;
    if (*id != 0)
        return true;
    if (!db_query_int(tx, &found, &value, error, sql, "s", key))
        return false;
    *id = found ? value : 0;
    return true;
}

static bool is_own(const Person *person, int64_t contact)
{
    for (guint i = 0; i < person->contacts->len; i++)
        if (g_array_index(person->contacts, int64_t, i) == contact)
            return true;
    return false;
}

static bool find_sharer(DbTx *tx, Person *person, const char *key, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT contact FROM contact_address WHERE email_key = $1", "s", key);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows))
        if (!is_own(person, db_rows_int(rows, 0)))
            person->sharer = db_rows_int(rows, 0);
    return db_rows_end(rows, error);
}

static bool add_recipients_names(DbTx *tx, Person *person, const char *key, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT DISTINCT name FROM recipient WHERE email_key = $1"
                            " AND name IS NOT NULL ORDER BY name LIMIT 100",
                            "s", key);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows))
        add_name(person, db_rows_text(rows, 0));
    return db_rows_end(rows, error);
}

Person *person_load(DbTx *tx, const char *email, const char *email_key, GError **error)
{
    g_autoptr(Person) person = g_new0(Person, 1);
    person->email = g_strdup(email);
    person->email_key = g_strdup(email_key);
    person->addresses = g_ptr_array_new_with_free_func(g_free);
    person->keys = g_ptr_array_new_with_free_func(g_free);
    person->names = g_ptr_array_new_with_free_func(g_free);
    person->contacts = g_array_new(FALSE, FALSE, sizeof(int64_t));
    add_address(person, email);
    if (!add_contacts(tx, person, error))
        return NULL;
    for (guint i = 0; i < person->keys->len; i++) {
        const char *key = person->keys->pdata[i];
        if (!find_other(tx, "SELECT id FROM employee WHERE email_key = $1 OR email2_key = $1", key,
                        &person->employee, error) ||
            !find_other(tx, "SELECT number FROM account WHERE email_key = $1 OR email2_key = $1",
                        key, &person->account, error) ||
            !find_sharer(tx, person, key, error) || !add_recipients_names(tx, person, key, error))
            return NULL;
    }
    return g_steal_pointer(&person);
}

bool person_check_erasable(const Person *person, const Settings *settings, GError **error)
{
    if (person->employee != 0)
        error_set_problem(error, TD_ERROR_CONFLICT, "employee-address", "/email",
                          "This is the address of employee %" G_GINT64_FORMAT
                          ", whose name stands on what they did for customers: employees are not"
                          " erased. Make them inactive instead. Nothing was changed.",
                          person->employee);
    else if (person->account != 0)
        error_set_problem(error, TD_ERROR_CONFLICT, "account-address", "/email",
                          "An address of this person is account %" G_GINT64_FORMAT
                          "'s own, too, and its mail goes there: give the account another address"
                          " first. Nothing was changed.",
                          person->account);
    else if (person->sharer != 0)
        error_set_problem(error, TD_ERROR_CONFLICT, "address-shared", "/email",
                          "Contact %" G_GINT64_FORMAT
                          " has an address of this person, too: take it from one of them first."
                          " Nothing was changed.",
                          person->sharer);
    else {
        bool own = false;
        for (guint i = 0; i < person->keys->len && !own; i++)
            own = own_address_is(settings, person->keys->pdata[i]);
        if (!own)
            return true;
        error_set_problem(error, TD_ERROR_CONFLICT, "own-address", "/email",
                          "This is an address of the desk itself. Nothing was changed.");
    }
    return false;
}

/* ---- counts ---- */

static const struct {
    const char *name;
    const char *sql;
} counted[] = {
    {"recipients", "SELECT COUNT(*) FROM recipient WHERE email_key = $1"},
    {"decisions", "SELECT COUNT(*) FROM alert WHERE recipient_key = $1"},
    {"waiting", "SELECT COUNT(*) FROM outbox WHERE (state = 'held' OR state = 'queued' OR"
                " state = 'sending' OR state = 'deferred' OR state = 'uncertain')"
                " AND lower(recipient) = $1"},
    {"copies", "SELECT COUNT(*) FROM message_copy WHERE recipient_key = $1"},
    {"messages", "SELECT COUNT(*) FROM ticket_message WHERE from_key = $1"},
    {"mails", "SELECT COUNT(*) FROM inbound_mail WHERE from_key = $1"},
    {"sessions", "SELECT COUNT(*) FROM session WHERE email = $1"},
    {"suppressed", "SELECT COUNT(*) FROM suppression WHERE email_key = $1"},
};

json_t *person_counts(DbTx *tx, const Person *person, GError **error)
{
    json_auto_t *counts = json_object();
    json_set_int(counts, "contacts", person->contacts->len);
    for (size_t i = 0; i < G_N_ELEMENTS(counted); i++) {
        int64_t sum = 0;
        for (guint j = 0; j < person->keys->len; j++) {
            bool found;
            int64_t n = 0;
            if (!db_query_int(tx, &found, &n, error, counted[i].sql, "s", person->keys->pdata[j]))
                return NULL;
            sum += n;
        }
        json_set_int(counts, counted[i].name, sum);
    }
    return json_incref(counts);
}
