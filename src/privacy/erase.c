/* SPDX-License-Identifier: Apache-2.0 */
/* The job: its row, which step is next, when it has come to its end. The steps: erase_steps.c. */
#include "privacy/erase.h"

#include "base/error.h"
#include "base/json.h"
#include "privacy/erase-private.h"
#include "privacy/erase_tables.h"

#include <string.h>

#define PASSES_MAX 6
#define STATE_RUNS "running"
#define STATE_DONE "done"

static void work_clear(ErasureWork *work)
{
    erased_words_free((ErasedWords *)work->erasing.words);
    json_decref(work->person);
    json_decref(work->counts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ErasureWork, work_clear)

/* ---- beginning ---- */

static char *pseudonym(int64_t id, guint address)
{
    if (address == 0)
        return g_strdup_printf("erased-%" G_GINT64_FORMAT "@" ERASED_DOMAIN, id);
    return g_strdup_printf("erased-%" G_GINT64_FORMAT "-%u@" ERASED_DOMAIN, id, address + 1);
}

static json_t *describe(const Person *person, int64_t id)
{
    json_t *value = json_object();
    json_t *addresses = json_array();
    json_t *names = json_array();
    json_t *contacts = json_array();
    for (guint i = 0; i < person->keys->len; i++) {
        g_autofree char *by = pseudonym(id, i);
        json_t *one = json_object();
        json_set_text(one, "address", person->addresses->pdata[i]);
        json_set_text(one, "key", person->keys->pdata[i]);
        json_set_text(one, "pseudonym", by);
        json_array_append_new(addresses, one);
    }
    for (guint i = 0; i < person->names->len; i++)
        json_array_append_new(names, json_string(person->names->pdata[i]));
    for (guint i = 0; i < person->contacts->len; i++)
        json_array_append_new(contacts, json_integer(g_array_index(person->contacts, int64_t, i)));
    g_autofree char *name = g_strdup_printf("Erased person %" G_GINT64_FORMAT, id);
    json_object_set_new(value, "addresses", addresses);
    json_object_set_new(value, "names", names);
    json_object_set_new(value, "contacts", contacts);
    json_set_text(value, "name", name);
    return value;
}

/* The running job that has this address; *id 0: none. There are few at any time. */
static bool find_running(DbTx *tx, const char *key, int64_t *id, GError **error)
{
    DbRows *rows = db_query(
        tx, error, "SELECT id, person FROM erasure WHERE state = 'running' ORDER BY id", "");
    if (rows == NULL)
        return false;
    *id = 0;
    while (db_rows_next(rows)) {
        json_auto_t *person = json_loads(db_rows_text(rows, 1), 0, NULL);
        size_t i;
        json_t *one;
        json_array_foreach(json_object_get(person, "addresses"), i, one)
        {
            if (strcmp(json_get_text(one, "key"), key) == 0)
                *id = db_rows_int(rows, 0);
        }
    }
    return db_rows_end(rows, error);
}

static bool check_sending(DbTx *tx, const json_t *described, GError **error)
{
    g_autoptr(ErasedWords) words = erased_words_new(described);
    bool sending = false;
    g_autoptr(GArray) waiting = erasure_waiting(tx, words, &sending, error);
    return waiting != NULL && (!sending || erasure_refuse_sending(error));
}

bool erasure_begin(DbTx *tx, const Person *person, bool keep_tickets, const char *actor_name,
                   int64_t now_us, int64_t *id, GError **error)
{
    if (!find_running(tx, person->email_key, id, error))
        return false;
    if (*id != 0)
        return true;
    if (!db_insert(tx, id, error,
                   "INSERT INTO erasure (state, keep_tickets, pass, step, cursor, changed, counts,"
                   " actor_name, started_at, updated_at)"
                   " VALUES ('running', $1, 1, 0, 0, 0, '{}', $2, $3, $3) RETURNING id",
                   "isi", (int64_t)keep_tickets, actor_name, now_us))
        return false;
    json_auto_t *described = describe(person, *id);
    g_autofree char *text = json_text(described);
    return check_sending(tx, described, error) &&
           db_exec(tx, NULL, error, "UPDATE erasure SET person = $2 WHERE id = $1", "is", *id,
                   text);
}

/* ---- the job ---- */

/* The first statement is the lock: two who work on one job take turns. */
static bool load(DbTx *tx, int64_t id, int64_t now_us, ErasureWork *work, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "UPDATE erasure SET updated_at = $2 WHERE id = $1"
                            " AND state = 'running'"
                            " RETURNING person, keep_tickets, pass, step, cursor, changed, counts",
                            "ii", id, now_us);
    if (rows == NULL)
        return false;
    if (db_rows_next(rows)) {
        work->person = json_loads(db_rows_text(rows, 0), 0, NULL);
        work->erasing.keep_tickets = db_rows_int(rows, 1) != 0;
        work->pass = db_rows_int(rows, 2);
        work->step = db_rows_int(rows, 3);
        work->cursor = db_rows_int(rows, 4);
        work->changed = db_rows_int(rows, 5);
        work->counts = json_loads(db_rows_text(rows, 6), 0, NULL);
        work->erasing.words = erased_words_new(work->person);
    }
    work->erasing.tx = tx;
    work->erasing.erasure = id;
    work->erasing.now_us = now_us;
    return db_rows_end(rows, error);
}

static bool store(const ErasureWork *work, GError **error)
{
    g_autofree char *counts = json_text(work->counts);
    return db_exec(work->erasing.tx, NULL, error,
                   "UPDATE erasure SET pass = $2, step = $3, cursor = $4, changed = $5, counts = $6"
                   " WHERE id = $1",
                   "iiiiis", work->erasing.erasure, work->pass, work->step, work->cursor,
                   work->changed, counts);
}

static bool finish(const ErasureWork *work, GError **error)
{
    return store(work, error) &&
           db_exec(work->erasing.tx, NULL, error,
                   "UPDATE erasure SET state = '" STATE_DONE "', person = NULL, finished_at = $2"
                   " WHERE id = $1",
                   "ii", work->erasing.erasure, work->erasing.now_us);
}

/* Behind the last step the next pass begins, unless this one has found nothing. */
static bool go_on(ErasureWork *work, bool *done, GError **error)
{
    work->step++;
    work->cursor = 0;
    if (work->step < erasure_n_steps())
        return store(work, error);
    *done = work->changed == 0 || work->pass >= PASSES_MAX;
    if (*done)
        return finish(work, error);
    work->pass++;
    work->step = 0;
    work->changed = 0;
    return store(work, error);
}

bool erasure_step(DbTx *tx, int64_t id, int64_t now_us, bool *done, GError **error)
{
    g_auto(ErasureWork) work = {0};
    if (!load(tx, id, now_us, &work, error))
        return false;
    *done = work.person == NULL;
    if (*done)
        return true;
    bool end = false;
    bool well = false;
    const char *name = erasure_run(&work, &end, &well, error);
    if (!well)
        return false;
    work.changed += work.erasing.changed;
    if (work.erasing.changed > 0)
        json_set_int(work.counts, name, json_get_int(work.counts, name) + work.erasing.changed);
    return end ? go_on(&work, done, error) : store(&work, error);
}

bool erasure_find_left(DbTx *tx, int64_t before_us, int64_t *id, GError **error)
{
    bool found;
    int64_t value = 0;
    if (!db_query_int(tx, &found, &value, error,
                      "SELECT id FROM erasure WHERE state = 'running' AND updated_at < $1"
                      " ORDER BY id LIMIT 1",
                      "i", before_us))
        return false;
    *id = found ? value : 0;
    return true;
}

/* ---- showing it ---- */

static json_t *list_tickets(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT ticket FROM erasure_ticket WHERE erasure = $1 ORDER BY ticket"
                            " LIMIT $2",
                            "ii", id, (int64_t)ERASURE_TICKETS);
    if (rows == NULL)
        return NULL;
    json_t *list = json_array();
    while (db_rows_next(rows))
        json_array_append_new(list, json_integer(db_rows_int(rows, 0)));
    if (db_rows_end(rows, error))
        return list;
    json_decref(list);
    return NULL;
}

/* NULL without an error where there is none. */
static json_t *load_row(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT state, keep_tickets, started_at, finished_at, counts"
                            " FROM erasure WHERE id = $1",
                            "i", id);
    if (rows == NULL)
        return NULL;
    json_t *value = NULL;
    if (db_rows_next(rows)) {
        g_autofree char *by = pseudonym(id, 0);
        json_t *counts = json_loads(db_rows_text(rows, 4), 0, NULL);
        value = json_object();
        json_set_int(value, "id", id);
        json_set_text(value, "state", db_rows_text(rows, 0));
        json_set_text(value, "pseudonym", by);
        json_set_bool(value, "keep_tickets", db_rows_int(rows, 1) != 0);
        json_set_time(value, "started_at", db_rows_int(rows, 2));
        json_set_time(value, "finished_at", db_rows_int(rows, 3));
        json_object_set_new(value, "changed", counts != NULL ? counts : json_object());
    }
    if (db_rows_end(rows, error))
        return value;
    json_decref(value);
    return NULL;
}

json_t *erasure_show(DbTx *tx, int64_t id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    json_auto_t *value = load_row(tx, id, &failure);
    if (value == NULL && failure == NULL)
        error_set_problem(&failure, TD_ERROR_NOT_FOUND, "unknown-erasure", NULL,
                          "There is no erasure %" G_GINT64_FORMAT, id);
    bool found;
    int64_t n = 0;
    json_t *tickets = NULL;
    if (failure == NULL)
        tickets = list_tickets(tx, id, &failure);
    if (tickets == NULL ||
        !db_query_int(tx, &found, &n, &failure,
                      "SELECT COUNT(*) FROM erasure_ticket WHERE erasure = $1", "i", id)) {
        json_decref(tickets);
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    json_set_int(value, "n_tickets", n);
    json_object_set_new(value, "tickets", tickets);
    return json_incref(value);
}
