/* SPDX-License-Identifier: Apache-2.0 */
/* Many callers at once: all that succeeded is there, all that failed is not, and on SQLite they
 * share commits. */
#include "contract.h"

#include "base/error.h"
#include "batch.h"

#define N_WRITERS  8
#define N_EACH     60
#define PATIENCE_S 20

typedef struct {
    Db *db;
    int64_t number;
    int64_t ok, refused;
} Writer;

typedef struct {
    int64_t id;
    bool refuse;
} Insert;

static bool insert_and_count(DbTx *tx, void *data, GError **error)
{
    const Insert *insert = data;
    if (!db_exec(tx, NULL, error, "INSERT INTO thing (id) VALUES ($1)", "i", insert->id) ||
        !db_exec(tx, NULL, error, "UPDATE counter SET n = n + 1 WHERE id = $1", "i",
                 insert->id % 3))
        return false;
    if (insert->refuse)
        error_set(error, TD_ERROR_DENIED, "This one is refused");
    return !insert->refuse;
}

static void *writer_main(void *data)
{
    Writer *writer = data;
    for (int64_t i = 0; i < N_EACH; i++) {
        g_autoptr(GError) error = NULL;
        Insert insert = {.id = writer->number * N_EACH + i, .refuse = i % 4 == 3};
        if (db_write(writer->db, insert_and_count, &insert, &error))
            writer->ok++;
        else if (error_is(error, TD_ERROR_DENIED))
            writer->refused++;
        else
            g_error("%s", error->message);
    }
    return NULL;
}

static void test_writers(void)
{
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    Writer writers[N_WRITERS];
    GThread *threads[N_WRITERS];
    contract_run(db, "CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)");
    contract_run(db, "INSERT INTO counter (id, n) VALUES (0, 0), (1, 0), (2, 0)");
    for (int i = 0; i < N_WRITERS; i++) {
        writers[i] = (Writer){.db = db, .number = i};
        threads[i] = contract_thread(writer_main, &writers[i]);
    }
    int64_t ok = 0, refused = 0;
    for (int i = 0; i < N_WRITERS; i++) {
        g_thread_join(threads[i]);
        ok += writers[i].ok;
        refused += writers[i].refused;
    }
    g_assert_cmpint(ok, ==, N_WRITERS * N_EACH * 3 / 4);
    g_assert_cmpint(refused, ==, N_WRITERS * N_EACH / 4);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing"), ==, ok);
    g_assert_cmpint(contract_int(db, "SELECT sum(n) FROM counter"), ==, ok);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing WHERE id % 4 = 3"), ==, 0);
}

static bool two_statements(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE thing SET amount = amount + 1 WHERE id = 0", "") &&
           contract_exec_fn(tx, data, error);
}

/* The middle one of three fails in a commit that all share: it alone is taken back. */
static void test_shared_commit(void)
{
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    contract_run(db, "INSERT INTO thing (id, amount) VALUES (0, 0)");
    BatchCaller callers[] = {
        {.fn = two_statements, .data = "INSERT INTO thing (id) VALUES (1)"},
        {.fn = two_statements, .data = "INSERT INTO thing (id) VALUES (0)"},
        {.fn = two_statements, .data = "INSERT INTO thing (id) VALUES (3)"},
        {.fn = two_statements, .data = "INSERT INTO thing (id, late) VALUES (4, 99)"},
    };
    batch_run(db, callers, G_N_ELEMENTS(callers));
    g_assert_no_error(callers[0].error);
    g_assert_error(callers[1].error, TD_ERROR, TD_ERROR_CONFLICT);
    g_assert_no_error(callers[2].error);
    g_assert_error(callers[3].error, TD_ERROR, TD_ERROR_CONFLICT);
    g_clear_error(&callers[1].error);
    g_clear_error(&callers[3].error);
    g_assert_cmpint(contract_int(db, "SELECT amount FROM thing WHERE id = 0"), ==, 2);
    g_assert_cmpint(contract_int(db, "SELECT sum(id) FROM thing"), ==, 4);
}

static bool read_twice(DbTx *tx, void *data, GError **error)
{
    Db *db = data;
    int64_t before = -1, after = -1;
    if (!db_query_int(tx, NULL, &before, error, "SELECT count(*) FROM thing", ""))
        return false;
    Writer writer = {.db = db};
    contract_run(db, "INSERT INTO counter (id, n) VALUES (0, 0), (1, 0), (2, 0) "
                     "ON CONFLICT DO NOTHING");
    g_thread_join(contract_thread(writer_main, &writer));
    if (!db_query_int(tx, NULL, &after, error, "SELECT count(*) FROM thing", ""))
        return false;
    g_assert_cmpint(before, ==, 0);
    g_assert_cmpint(after, ==, 0);
    return true;
}

/* Reads see one picture, whatever is committed meanwhile. */
static void test_snapshot(void)
{
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    contract_run(db, "CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)");
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) reader = db_open(test_db_url(test), NULL, &error);
    g_assert_no_error(error);
    contract_read(reader, read_twice, db);
    g_assert_cmpint(contract_int(reader, "SELECT count(*) FROM thing"), >, 0);
}

typedef struct {
    Db *db;
    gint inside, release; /* atomic */
} Occupant;

static bool occupy(DbTx *tx, void *data, GError **error)
{
    Occupant *occupant = data;
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    __atomic_add_fetch(&occupant->inside, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&occupant->release, __ATOMIC_SEQ_CST)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        g_usleep(500);
    }
    return true;
}

/* The short timeout is for the one who is to wait in vain; on a busy machine it may hit an occupant
 * on its way in, which then tries again. */
static void enter(Occupant *occupant, bool (*transaction)(Db *, DbFn, void *, GError **))
{
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < deadline_us) {
        g_autoptr(GError) error = NULL;
        if (transaction(occupant->db, occupy, occupant, &error))
            return;
        g_assert_true(error_try_again(error));
    }
    g_assert_not_reached();
}

static void *occupy_read(void *data)
{
    enter(data, db_read);
    return NULL;
}

static void *occupy_write(void *data)
{
    enter(data, db_write);
    return NULL;
}

static void wait_inside(Occupant *occupant, int n)
{
    while (__atomic_load_n(&occupant->inside, __ATOMIC_SEQ_CST) < n)
        g_usleep(500);
}

/* When nothing gets free in time the answer is BUSY, and afterwards all is well again. */
static void test_busy(void)
{
    const DbOptions options = {.connections = 2, .busy_timeout_ms = 50};
    for (int write = 0; write < 2; write++) {
        g_autoptr(TestDb) test = test_db_new_with(contract_engine, &options);
        Db *db = test_db_handle(test);
        Occupant occupant = {.db = db};
        GThread *threads[2];
        int n = write && db_engine(db) == DB_SQLITE ? 1 : 2;
        for (int i = 0; i < n; i++)
            threads[i] = contract_thread(write ? occupy_write : occupy_read, &occupant);
        wait_inside(&occupant, n);
        g_autoptr(GError) error = NULL;
        bool ok = write ? db_write(db, contract_exec_fn, (void *)"SELECT 1", &error)
                        : db_read(db, contract_exec_fn, (void *)"SELECT 1", &error);
        g_assert_false(ok);
        g_assert_error(error, TD_ERROR, TD_ERROR_BUSY);
        __atomic_store_n(&occupant.release, 1, __ATOMIC_SEQ_CST);
        for (int i = 0; i < n; i++)
            g_thread_join(threads[i]);
        Occupant after = {.db = db, .release = 1};
        enter(&after, write ? db_write : db_read);
    }
}

static bool read_patiently(Db *db, DbFn fn, void *data, GError **error)
{
    return db_read_within(db, PATIENCE_S * 1000, fn, data, error);
}

static void *occupy_asking(void *data)
{
    enter(data, read_patiently);
    return NULL;
}

/* db_read_within() does not stand in line with those who work, and waits for its like only as long
 * as it said. */
static void test_impatient(void)
{
    const DbOptions options = {.connections = 1, .busy_timeout_ms = INT64_C(3600000)};
    g_autoptr(TestDb) test = test_db_new_with(contract_engine, &options);
    Db *db = test_db_handle(test);
    Occupant occupant = {.db = db};
    GThread *threads[3] = {contract_thread(occupy_read, &occupant)};
    wait_inside(&occupant, 1);
    for (int i = 1; i < 3; i++)
        threads[i] = contract_thread(occupy_asking, &occupant);
    wait_inside(&occupant, 3);
    g_autoptr(GError) error = NULL;
    g_assert_false(db_read_within(db, 50, contract_exec_fn, (void *)"SELECT 1", &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_BUSY);
    __atomic_store_n(&occupant.release, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 3; i++)
        g_thread_join(threads[i]);
    g_clear_error(&error);
    g_assert_true(
        db_read_within(db, PATIENCE_S * 1000, contract_exec_fn, (void *)"SELECT 1", &error));
}

static bool count_sharers(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error, "SELECT count(*) FROM thing", "");
}

static void *reader_main(void *data)
{
    Writer *reader = data;
    int64_t last = 0;
    for (int i = 0; i < N_EACH; i++) {
        int64_t n = 0;
        contract_read(reader->db, count_sharers, &n);
        g_assert_cmpint(n, >=, last);
        last = n;
    }
    return NULL;
}

/* Readers beside writers: neither fails, and what was seen once does not vanish. */
static void test_readers_and_writers(void)
{
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    contract_run(db, "CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)");
    contract_run(db, "INSERT INTO counter (id, n) VALUES (0, 0), (1, 0), (2, 0)");
    Writer parts[6];
    GThread *threads[6];
    for (int i = 0; i < 6; i++) {
        parts[i] = (Writer){.db = db, .number = i};
        threads[i] = contract_thread(i % 2 == 0 ? writer_main : reader_main, &parts[i]);
    }
    for (int i = 0; i < 6; i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing"), ==, 3 * N_EACH * 3 / 4);
}

#define N_CLAIMERS 6
#define N_CLAIMS   20

typedef struct {
    Db *db;
    int64_t number;
    int64_t claimed; /* of the last run */
    int64_t total;
} Claimer;

static bool claim_fn(DbTx *tx, void *data, GError **error)
{
    Claimer *claimer = data;
    bool found = false;
    g_assert_cmpint(db_tx_engine(tx), ==, db_engine(claimer->db));
    g_autofree char *sql = g_strconcat(
        "UPDATE thing SET amount = $1 WHERE id = (SELECT id FROM "
        "thing WHERE amount IS NULL ORDER BY id LIMIT 1",
        db_tx_engine(tx) == DB_POSTGRESQL ? " FOR UPDATE SKIP LOCKED" : "", ") RETURNING id", NULL);
    if (!db_query_int(tx, &found, NULL, error, sql, "i", claimer->number))
        return false;
    claimer->claimed = found;
    return true;
}

static void *claimer_main(void *data)
{
    Claimer *claimer = data;
    for (int i = 0; i < N_CLAIMS; i++) {
        contract_write(claimer->db, claim_fn, claimer);
        claimer->total += claimer->claimed;
    }
    return NULL;
}

/* Who claims gets a row that nobody else gets. */
static void test_claims(void)
{
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    Claimer claimers[N_CLAIMERS];
    GThread *threads[N_CLAIMERS];
    contract_run(db, "INSERT INTO thing (id) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
                     " SELECT i + 1 FROM n WHERE i < 120) SELECT i FROM n");
    for (int i = 0; i < N_CLAIMERS; i++) {
        claimers[i] = (Claimer){.db = db, .number = i + 100};
        threads[i] = contract_thread(claimer_main, &claimers[i]);
    }
    int64_t total = 0;
    for (int i = 0; i < N_CLAIMERS; i++) {
        g_thread_join(threads[i]);
        total += claimers[i].total;
    }
    g_assert_cmpint(total, ==, N_CLAIMERS * N_CLAIMS);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing WHERE amount IS NULL"), ==, 0);
}

void contract_add_concurrency(void)
{
    contract_add("concurrency/writers", test_writers);
    contract_add("concurrency/shared-commit", test_shared_commit);
    contract_add("concurrency/snapshot", test_snapshot);
    contract_add("concurrency/busy", test_busy);
    contract_add("concurrency/impatient", test_impatient);
    contract_add("concurrency/claims", test_claims);
    contract_add("concurrency/readers-and-writers", test_readers_and_writers);
}
