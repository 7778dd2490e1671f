/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-db [ENGINE [CALLERS [SECONDS]]]: how many small transactions (ticket, recipient, event,
 * alert) are committed each second, all durable. A measure to look at, not a test.
 */
#include "db/db.h"
#include "support/test_db.h"

#include <stdlib.h>

typedef struct {
    Db *db;
    int64_t until_us;
    int64_t committed;
} Caller;

static const DbMigration steps[] = {
    {1, "bench",
     "CREATE TABLE ticket (number @id@, title TEXT NOT NULL, description TEXT NOT NULL,"
     " status BIGINT NOT NULL, version BIGINT NOT NULL);"
     "CREATE TABLE recipient (id @id@, ticket BIGINT NOT NULL REFERENCES ticket, email TEXT NOT "
     "NULL);"
     "CREATE INDEX recipient_ticket ON recipient (ticket);"
     "CREATE TABLE event (ticket BIGINT NOT NULL REFERENCES ticket, version BIGINT NOT NULL,"
     " facts TEXT NOT NULL, PRIMARY KEY (ticket, version));"
     "CREATE TABLE alert (id @id@, ticket BIGINT NOT NULL, version BIGINT NOT NULL,"
     " email TEXT NOT NULL, state TEXT NOT NULL, due_us BIGINT);"
     "CREATE INDEX alert_due ON alert (due_us) WHERE state = 'queued';"},
};

static bool open_ticket(DbTx *tx, void *data, GError **error)
{
    int64_t number = 0;
    return db_query_int(tx, NULL, &number, error,
                        "INSERT INTO ticket (title, description, status, version)"
                        " VALUES ($1, $2, 100, 1) RETURNING number",
                        "ss", "The printer on the second floor",
                        "It makes a noise and then it stops. We have switched it off and on.") &&
           db_exec(tx, NULL, error, "INSERT INTO recipient (ticket, email) VALUES ($1, $2)", "is",
                   number, "someone@example.com") &&
           db_exec(tx, NULL, error, "INSERT INTO event (ticket, version, facts) VALUES ($1, 1, $2)",
                   "is", number, "{\"number\":1,\"title\":\"The printer on the second floor\"}") &&
           db_exec(tx, NULL, error,
                   "INSERT INTO alert (ticket, version, email, state, due_us)"
                   " VALUES ($1, 1, $2, 'queued', $3)",
                   "isi", number, "someone@example.com", number);
}

static void *caller_main(void *data)
{
    Caller *caller = data;
    while (g_get_monotonic_time() < caller->until_us) {
        g_autoptr(GError) error = NULL;
        if (!db_write(caller->db, open_ticket, NULL, &error))
            g_error("%s", error->message);
        caller->committed++;
    }
    return NULL;
}

static double measure(Db *db, int n_callers, int64_t seconds)
{
    g_autofree Caller *callers = g_new0(Caller, n_callers);
    g_autofree GThread **threads = g_new0(GThread *, n_callers);
    int64_t start_us = g_get_monotonic_time(), committed = 0;
    for (int i = 0; i < n_callers; i++) {
        callers[i] = (Caller){.db = db, .until_us = start_us + seconds * G_USEC_PER_SEC};
        threads[i] = g_thread_new("caller", caller_main, &callers[i]);
    }
    for (int i = 0; i < n_callers; i++) {
        g_thread_join(threads[i]);
        committed += callers[i].committed;
    }
    return (double)committed * G_USEC_PER_SEC / (double)(g_get_monotonic_time() - start_us);
}

int main(int argc, char **argv)
{
    const char *engine = test_db_engine(argc, argv);
    int n_callers = argc > 2 ? atoi(argv[2]) : 16;
    int seconds = argc > 3 ? atoi(argv[3]) : 3;
    DbOptions options = {.connections = n_callers};
    g_autoptr(TestDb) test = test_db_new_with(engine, &options);
    g_autoptr(GError) error = NULL;
    if (!db_migrate(test_db_handle(test), steps, G_N_ELEMENTS(steps), 0, &error))
        g_error("%s", error->message);
    g_print("%s, %d callers: %.0f transactions/s\n", engine, n_callers,
            measure(test_db_handle(test), n_callers, seconds));
    return 0;
}
