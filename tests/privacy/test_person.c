/* SPDX-License-Identifier: Apache-2.0 */
/* One person: everything the desk knows of them, and forgetting it. */
#include "privacy/erase.h"

#include "api/world.h"
#include "delivery/delivery.h"
#include "mail/transport.h"
#include "privacy/erase_tables.h"

#include <string.h>

static const char *engine;

#define ERASE  "/api/v1/people/erase"
#define EXPORT "/api/v1/people/export"
#define ANNA   "{\"email\":\" ANNA@Bluebird.example\"}"

static const CallOptions as_mail = {.content_type = "message/rfc822; charset=utf-8"};

static void bring(World *world, const char *mail)
{
    g_autoptr(Answer) answer = world_call_with(world, "POST", "/api/v1/inbox", mail, &as_mail);
    g_assert_cmpint(answer->status, ==, 201);
}

static void wait_for_none(World *world, const char *sql)
{
    gint64 until = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (world_sql_int(world, sql) != 0 && g_get_monotonic_time() < until)
        g_usleep(2000);
    g_assert_cmpint(world_sql_int(world, sql), ==, 0);
}

static void deliver(World *world)
{
    g_autoptr(GError) error = NULL;
    const DeliverySetup setup = {.db = test_db_handle(world->db),
                                 .clock = &world->clock.clock,
                                 .random = random_system(),
                                 .composer = world->composer,
                                 .memory = "memory"};
    Delivery *delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
    wait_for_none(world, "SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'sending')");
    delivery_stop(delivery, 2000);
}

/* Everywhere a person can stand: ticket 1 is theirs and told, 2 has only their second address, 3
 * came by mail, 4 is another contact's with their name in a text; a mail waits for them. */
static World *known_world(void)
{
    World *world = world_new(engine);
    g_ptr_array_unref(transport_memory_take());
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PUT", "/api/v1/options/email-connector",
                         "{\"enabled\":true,\"address\":\"support@desk.example\","
                         "\"auto_response\":{\"enabled\":true}}",
                         200));
    json_decref(world_ok(world, "PATCH", "/api/v1/contacts/1",
                         "{\"name\":\"Anna Field\",\"emails\":[\"anna@private.example\"]}", 200));
    world_open_ticket(world, "\"contact\":1,\"description\":\"Anna Field (anna@bluebird.example)"
                             " cannot print.\",\"recipients\":[{\"email\":\"bob@other.example\","
                             "\"name\":\"Bob Other\"}]");
    world_open_ticket(world, "\"recipients\":[{\"email\":\"Anna@PRIVATE.example\","
                             "\"name\":\"Anna F.\"}]");
    bring(world, "From: Anna Field <anna@bluebird.example>\nTo: support@desk.example\n"
                 "Message-ID: <anna@bluebird.example>\nSubject: From Anna Field\n"
                 "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
                 "Content-Type: text/plain\n\nYours,\nAnna Field\n--b\n"
                 "Content-Type: text/plain; name=\"anna@bluebird.example.txt\"\n"
                 "Content-Disposition: attachment\n\nI am anna@bluebird.example\n--b--\n");
    bring(world, "From: stranger@elsewhere.example\nTo: support@desk.example\n"
                 "Cc: anna@bluebird.example\nSubject: About anna@bluebird.example\n\nx\n");
    world_open_ticket(world, "\"description\":\"Ask joanna@bluebird.example\"");
    deliver(world);
    json_decref(world_ok(world, "POST", "/api/v1/tickets/1/messages",
                         "{\"text\":\"Hello Anna Field, your address is ANNA@bluebird.example.\","
                         "\"visibility\":\"public\"}",
                         201));
    const CallOptions keyed = {.key = "k1"};
    g_autoptr(Answer) kept = world_call_with(
        world, "POST", "/api/v1/suppressions",
        "{\"email\":\"anna@private.example\",\"note\":\"anna@private.example asked\"}", &keyed);
    g_assert_cmpint(kept->status, ==, 201);
    world_sql(world, "INSERT INTO outbox_attempt (outbox, at, outcome, reply_code, reply)"
                     " SELECT id, queued_at, 'deferred', 450,"
                     " '450 <anna@bluebird.example>: later' FROM outbox WHERE state = 'queued'");
    world_sql(world, "INSERT INTO session (hash, kind, person, email, created_at, seen_at,"
                     " expires_at, peer, agent) VALUES ('h', 'contact', 1,"
                     " 'anna@bluebird.example', 1, 1, 9000000000000000000, '::1', 'Browser')");
    world_sql(world, "INSERT INTO sign_in_failure (name, peer, at) VALUES"
                     " ('anna@bluebird.example', '::1', 1795545128000000)");
    world_sql(world, "INSERT INTO one_time_link (purpose, hash, typed_key, account, contact, email,"
                     " email_key, name, template, template_version, language, created_at,"
                     " expires_at) VALUES ('customer_sign_in', 'x', 'anna@bluebird.example', 1, 1,"
                     " 'anna@bluebird.example', 'anna@bluebird.example', 'Anna Field', 1, 1, 'en',"
                     " 1795545128000000, 1795545128000000)");
    return world;
}

/* ---- the whole database as text ---- */

typedef struct {
    char *text;
} Dump;

static bool list_columns(DbTx *tx, GPtrArray *columns, GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 db_tx_engine(tx) == DB_SQLITE
                     ? "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p"
                       " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1, 2"
                     : "SELECT table_name, column_name FROM information_schema.columns"
                       " WHERE table_schema = current_schema() ORDER BY 1, 2",
                 "");
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        g_ptr_array_add(columns, db_rows_dup(rows, 0));
        g_ptr_array_add(columns, db_rows_dup(rows, 1));
    }
    return db_rows_end(rows, error);
}

static bool dump(DbTx *tx, void *data, GError **error)
{
    Dump *dumped = data;
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) text = g_string_new(NULL);
    if (!list_columns(tx, columns, error))
        return false;
    for (guint i = 0; i < columns->len; i += 2) {
        const char *table = columns->pdata[i];
        const char *column = columns->pdata[i + 1];
        bool blob = strcmp(column, "content") == 0;
        g_autofree char *sql =
            blob && db_tx_engine(tx) == DB_POSTGRESQL
                ? g_strdup_printf("SELECT encode(%s, 'escape') FROM %s", column, table)
                : g_strdup_printf("SELECT CAST(%s AS TEXT) FROM %s", column, table);
        DbRows *rows = db_query(tx, error, sql, "");
        if (rows == NULL)
            return false;
        while (db_rows_next(rows))
            if (!db_rows_is_null(rows, 0))
                g_string_append_printf(text, "%s.%s: %s\n", table, column, db_rows_text(rows, 0));
        if (!db_rows_end(rows, error))
            return false;
    }
    g_free(dumped->text);
    dumped->text = g_strdup(text->str);
    return true;
}

static char *dump_all(World *world)
{
    g_autoptr(GError) error = NULL;
    Dump dumped = {0};
    db_read(test_db_handle(world->db), dump, &dumped, &error);
    g_assert_no_error(error);
    return dumped.text;
}

/* How many lines of the dump have it, in any letter case, by itself; the first is named. */
static int count_lines(const char *text, const char *needle)
{
    g_autofree char *lower = g_utf8_strdown(needle, -1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    int n = 0;
    for (int i = 0; lines[i] != NULL; i++) {
        g_autofree char *line = g_utf8_make_valid(lines[i], -1);
        g_autofree char *low = g_utf8_strdown(line, -1);
        const char *found = strstr(low, lower);
        if (found == NULL || (found > low && g_ascii_isalpha(found[-1])))
            continue;
        g_test_message("%s", lines[i]);
        n++;
    }
    return n;
}

static const char *const traces[] = {"anna@bluebird.example", "anna%40bluebird.example",
                                     "anna@private.example", "Anna Field", "Anna F."};

static void assert_traces(World *world, bool there)
{
    g_autofree char *text = dump_all(world);
    for (size_t i = 0; i < G_N_ELEMENTS(traces); i++) {
        int n = count_lines(text, traces[i]);
        if (there && i != 1)
            g_assert_cmpint(n, >, 0);
        if (!there)
            g_assert_cmpint(n, ==, 0);
    }
}

static char *totals(World *world)
{
    json_auto_t *answer = world_ok(world, "GET", "/api/v1/retention/decisions", NULL, 200);
    return json_dumps(answer, JSON_COMPACT);
}

/* ---- erasing ---- */

static char *mail_of(World *world, const char *sql)
{
    return target_new("/alerts/%" G_GINT64_FORMAT "/message", world_sql_int(world, sql));
}

/* New reference; NULL: it is a mail. */
static json_t *show_mail(World *world, const char *target, int status)
{
    g_autoptr(Answer) answer = world_call(world, "GET", target, NULL);
    g_assert_cmpint(answer->status, ==, status);
    return json_incref(answer->json);
}

static void test_erase(void)
{
    g_autoptr(World) world = known_world();
    assert_traces(world, true);
    json_auto_t *asked = world_ok(world, "POST", ERASE,
                                  "{\"email\":\"anna@bluebird.example\",\"dry_run\":true}", 200);
    g_assert_cmpint(json_array_size(json_at(asked, "/addresses")), ==, 2);
    g_assert_cmpint(int_at(asked, "/counts/recipients"), ==, 3);
    g_assert_cmpint(int_at(asked, "/counts/waiting"), ==, 1);
    g_assert_cmpint(int_at(asked, "/counts/mails"), ==, 1);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM erasure"), ==, 0);
    /* What waits is cancelled first, with a reason of its own; no decision changes. */
    int64_t decisions = world_sql_int(world, "SELECT COUNT(*) FROM alert");
    g_autofree char *reasons = totals(world);
    g_autofree char *theirs =
        mail_of(world, "SELECT MIN(id) FROM alert WHERE recipient_key = 'anna@bluebird.example'");
    g_autofree char *of_others = mail_of(
        world, "SELECT MAX(a.id) FROM alert a JOIN outbox o ON o.kind = 'alert' AND o.ref = a.id"
               " WHERE a.ticket = 4 AND o.state = 'accepted'");
    json_decref(show_mail(world, theirs, 200));
    json_auto_t *done = world_ok(world, "POST", ERASE, ANNA, 200);
    g_assert_cmpstr(text_at(done, "/state"), ==, "done");
    /* A mail that names them is not shown with other bytes; one that does not is. */
    json_auto_t *gone = show_mail(world, theirs, 409);
    g_assert_nonnull(strstr(text_at(gone, "/detail"), "erased on 24 November 2026"));
    json_decref(show_mail(world, of_others, 200));
    g_assert_cmpstr(text_at(done, "/pseudonym"), ==, "erased-1@erased.invalid");
    assert_traces(world, false);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM alert"), ==, decisions);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE"
                                         " state = 'cancelled' AND state_reason = 'erased'"),
                    ==, 1);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE state = 'queued'"), ==,
                    1); /* Bob's copy goes on */
    json_auto_t *after = world_ok(world, "GET", "/api/v1/retention/decisions", NULL, 200);
    json_auto_t *before = json_loads(reasons, 0, NULL);
    int64_t sums[2] = {0, 0};
    size_t i;
    json_t *one;
    json_array_foreach(json_at(before, "/items"), i, one) sums[0] += int_at(one, "/kept");
    json_array_foreach(json_at(after, "/items"), i, one) sums[1] += int_at(one, "/kept");
    g_assert_cmpint(sums[0], ==, sums[1]);
    /* Who only looks like them is as before. */
    json_auto_t *other = world_ok(world, "GET", "/api/v1/tickets/4", NULL, 200);
    g_assert_cmpstr(text_at(other, "/description"), ==, "Ask joanna@bluebird.example");
    json_auto_t *list = world_ok(world, "GET", "/api/v1/tickets/1/recipients", NULL, 200);
    bool bob = false;
    json_array_foreach(json_at(list, "/items"), i, one) bob =
        bob || strcmp(text_at(one, "/name"), "Bob Other") == 0;
    g_assert_true(bob);
    json_auto_t *ticket = world_ok(world, "GET", "/api/v1/tickets/1", NULL, 200);
    g_assert_cmpstr(text_at(ticket, "/description"), ==,
                    "Erased person 1 (erased-1@erased.invalid) cannot print.");
    json_auto_t *tickets = json_incref(json_at(done, "/tickets"));
    g_assert_cmpuint(json_array_size(tickets), ==, 3);
    json_auto_t *shown = world_ok(world, "GET", "/api/v1/people/erasures/1", NULL, 200);
    g_assert_cmpstr(text_at(shown, "/state"), ==, "done");
    /* Nothing more is ever sent to the pseudonym. */
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":\"Completed\"}", 200));
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM alert WHERE kind = 'ticket_closed'"
                                         " AND reason = 'address_suppressed'"),
                    ==, 1);
    json_auto_t *contact = world_ok(world, "GET", "/api/v1/contacts/1", NULL, 200);
    g_assert_cmpstr(text_at(contact, "/email"), ==, "erased-1@erased.invalid");
    g_assert_true(json_is_false(json_at(contact, "/active")));
    json_auto_t *audit = world_ok(world, "GET", "/api/v1/audit?limit=1", NULL, 200);
    g_assert_cmpint(int_at(audit, "/items/0/request/erasure"), ==, 1);
}

static void test_refused(void)
{
    g_autoptr(World) world = known_world();
    static const struct {
        const char *body;
        int status;
        const char *problem;
    } refused[] = {
        {"{\"email\":\"erika@harbour-it.example\"}", 409, "employee-address"},
        {"{\"email\":\"office@bluebird.example\"}", 409, "account-address"},
        {"{\"email\":\"support@harbour-it.example\"}", 409, "own-address"},
        {"{\"email\":\"nonsense\"}", 422, "bad-address"},
        {"{}", 422, "missing-field"},
        {"{\"email\":\"a@b.example\",\"name\":\"x\"}", 422, "unknown-field"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(Answer) answer = world_call(world, "POST", ERASE, refused[i].body);
        assert_problem(answer, refused[i].status, refused[i].problem);
    }
    world_sql(world, "UPDATE outbox SET state = 'sending' WHERE state = 'queued' AND"
                     " recipient = 'anna@bluebird.example'");
    g_autoptr(Answer) sending = world_call(world, "POST", ERASE, ANNA);
    assert_problem(sending, 409, "being-sent");
    json_decref(world_ok(world, "POST", "/api/v1/contacts",
                         "{\"account\":1,\"name\":\"Second\",\"email\":\"second@b.example\","
                         "\"emails\":[\"anna@private.example\"]}",
                         201));
    g_autoptr(Answer) shared = world_call(world, "POST", ERASE, ANNA);
    assert_problem(shared, 409, "address-shared");
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM erasure"), ==, 0);
}

static void test_keep_tickets(void)
{
    g_autoptr(World) world = known_world();
    json_decref(world_ok(world, "POST", ERASE,
                         "{\"email\":\"anna@bluebird.example\",\"keep_tickets\":true}", 200));
    json_auto_t *ticket = world_ok(world, "GET", "/api/v1/tickets/1", NULL, 200);
    g_assert_cmpstr(text_at(ticket, "/description"), ==,
                    "Anna Field (anna@bluebird.example) cannot print.");
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM attachment WHERE bytes > 0"), ==, 1);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM recipient WHERE"
                                         " email_key LIKE 'anna@%'"),
                    ==, 0);
}

/* One address of theirs within the other, and a mail to each waits. */
static void test_alike(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PATCH", "/api/v1/contacts/1",
                         "{\"emails\":[\"joanna@bluebird.example\"]}", 200));
    world_open_ticket(world, "\"contact\":1,\"recipients\":[{\"email\":"
                             "\"joanna@bluebird.example\"}]");
    json_auto_t *done = world_ok(world, "POST", ERASE, ANNA, 200);
    g_assert_cmpstr(text_at(done, "/state"), ==, "done");
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE recipient IN"
                                         " ('erased-1@erased.invalid', 'erased-1-2@erased.invalid')"
                                         " AND state_reason = 'erased'"),
                    ==, 2);
}

/* ---- in pieces ---- */

typedef struct {
    int64_t id, now_us;
    bool done;
    int steps;
} Pieces;

static bool begin(DbTx *tx, void *data, GError **error)
{
    Pieces *pieces = data;
    g_autoptr(Person) person =
        person_load(tx, "anna@bluebird.example", "anna@bluebird.example", error);
    return person != NULL &&
           erasure_begin(tx, person, false, "Erika Muster", pieces->now_us, &pieces->id, error);
}

static bool piece(DbTx *tx, void *data, GError **error)
{
    Pieces *pieces = data;
    return erasure_step(tx, pieces->id, pieces->now_us, &pieces->done, error);
}

/* Stopped after any number of steps, and asked for again: always the same end. What is written
 * meanwhile with the old address goes, too. */
static void test_stopped(void)
{
    for (int stop_after = 1; stop_after < 60; stop_after += 25) {
        g_autoptr(World) world = known_world();
        g_autoptr(GError) error = NULL;
        Pieces pieces = {.now_us = WORLD_START_US};
        db_write(test_db_handle(world->db), begin, &pieces, &error);
        g_assert_no_error(error);
        for (int i = 0; i < stop_after && !pieces.done; i++) {
            db_write(test_db_handle(world->db), piece, &pieces, &error);
            g_assert_no_error(error);
        }
        world_sql(world, "INSERT INTO recipient (ticket, email, email_key, name, muted, added_at)"
                         " VALUES (4, 'anna@bluebird.example', 'anna@bluebird.example',"
                         " 'Anna Field', 0, 1)");
        json_auto_t *done = world_ok(world, "POST", ERASE, ANNA, 200);
        g_assert_cmpint(int_at(done, "/id"), ==, 1);
        assert_traces(world, false);
    }
}

/* Who asked for it is gone, the process was killed: the housekeeping goes on after a minute. */
static void test_left(void)
{
    g_autoptr(World) world = known_world();
    g_autoptr(GError) error = NULL;
    Pieces pieces = {.now_us = WORLD_START_US};
    db_write(test_db_handle(world->db), begin, &pieces, &error);
    g_assert_no_error(error);
    json_decref(world_ok(world, "PUT", "/api/v1/options/retention", "{\"audit\":90}", 200));
    world_sql(world, "INSERT INTO audit (at, actor_kind, actor_id, actor_name, channel, action,"
                     " target) VALUES (1, 'api', 1, 'old', 'api', 'PUT', 'x')");
    deliver(world);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM erasure WHERE state = 'running'"),
                    ==, 1);
    wait_for_none(world, "SELECT COUNT(*) FROM audit WHERE actor_name = 'old'");
    manual_clock_advance(&world->clock, 2 * US_PER_MINUTE);
    const DeliverySetup setup = {.db = test_db_handle(world->db),
                                 .clock = &world->clock.clock,
                                 .random = random_system(),
                                 .composer = world->composer,
                                 .memory = "memory"};
    Delivery *delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
    gint64 until = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (world_sql_int(world, "SELECT COUNT(*) FROM erasure WHERE state = 'running'") != 0 &&
           g_get_monotonic_time() < until) {
        manual_clock_advance(&world->clock, 20 * US_PER_SECOND);
        delivery_wake(delivery);
        g_usleep(20000);
    }
    delivery_stop(delivery, 2000);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM erasure WHERE state = 'done'"), ==,
                    1);
    assert_traces(world, false);
}

typedef struct {
    World *world;
    gint go; /* atomic */
} Closer;

static gpointer close_again(gpointer data)
{
    Closer *closer = data;
    for (int i = 0; i < 60 && g_atomic_int_get(&closer->go); i++) {
        g_autoptr(Answer) closed =
            world_call(closer->world, "PATCH", "/api/v1/tickets/1", "{\"status\":\"Completed\"}");
        g_autoptr(Answer) opened =
            world_call(closer->world, "PATCH", "/api/v1/tickets/1", "{\"status\":\"New\"}");
    }
    return NULL;
}

/* The ticket is closed and opened again meanwhile. */
static void test_while_closing(void)
{
    g_autoptr(World) world = known_world();
    Closer closer = {.world = world, .go = 1};
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_try_new("closer", close_again, &closer, &error);
    g_assert_no_error(error);
    json_auto_t *done = world_ok(world, "POST", ERASE, ANNA, 200);
    g_atomic_int_set(&closer.go, 0);
    g_thread_join(thread);
    g_assert_cmpstr(text_at(done, "/state"), ==, "done");
    assert_traces(world, false);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE"
                                         " recipient LIKE 'erased-%' AND state = 'queued'"),
                    ==, 0);
}

/* ---- export ---- */

static json_t *export_all(World *world, const char *email, int *pages)
{
    json_t *all = json_array();
    g_autofree char *cursor = NULL;
    *pages = 0;
    do {
        json_auto_t *body = json_object();
        json_object_set_new(body, "email", json_string(email));
        if (cursor != NULL)
            json_object_set_new(body, "cursor", json_string(cursor));
        g_autofree char *text = json_dumps(body, 0);
        json_auto_t *page = world_ok(world, "POST", EXPORT, text, 200);
        json_array_extend(all, json_at(page, "/items"));
        g_free(cursor);
        cursor = g_strdup(json_string_value(json_at(page, "/next_cursor")));
        (*pages)++;
    } while (cursor != NULL);
    return all;
}

static int count_type(json_t *all, const char *type)
{
    int n = 0;
    size_t i;
    json_t *item;
    json_array_foreach(all, i, item) n += strcmp(text_at(item, "/type"), type) == 0;
    return n;
}

static json_t *first_of(json_t *all, const char *type)
{
    size_t i;
    json_t *item;
    json_array_foreach(all, i, item)
    {
        if (strcmp(text_at(item, "/type"), type) == 0)
            return item;
    }
    return NULL;
}

static void test_export(void)
{
    g_autoptr(World) world = known_world();
    int pages;
    json_auto_t *all = export_all(world, "Anna@bluebird.EXAMPLE", &pages);
    g_assert_cmpint(pages, >, 3);
    static const struct {
        const char *type;
        int n;
    } want[] = {
        {"person", 1},       {"contact", 1},         {"recipient", 3},   {"decision", 3},
        {"copy", 2},         {"attempt", 1},         {"message", 1},     {"attachment", 1},
        {"mail", 1},         {"auto_response", 1},   {"suppression", 1}, {"session", 1},
        {"sign_in_link", 1}, {"sign_in_failure", 1}, {"employee", 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
        g_test_message("%s", want[i].type);
        g_assert_cmpint(count_type(all, want[i].type), ==, want[i].n);
    }
    g_assert_cmpint(count_type(all, "audit"), >=, 1);
    g_assert_cmpstr(text_at(first_of(all, "contact"), "/account_name"), !=, "");
    const char *mail = text_at(first_of(all, "decision"), "/mail");
    g_assert_nonnull(strstr(mail, "Hello Anna Field"));
    gsize bytes;
    g_autofree guchar *raw = g_base64_decode(text_at(first_of(all, "mail"), "/content"), &bytes);
    g_assert_nonnull(g_strstr_len((const char *)raw, (gssize)bytes, "Yours,"));
    g_autofree guchar *file =
        g_base64_decode(text_at(first_of(all, "attachment"), "/content"), &bytes);
    g_assert_nonnull(g_strstr_len((const char *)file, (gssize)bytes, "I am anna"));
    /* An employee has a profile, and what they changed. */
    json_auto_t *employee = export_all(world, "erika@harbour-it.example", &pages);
    g_assert_cmpint(count_type(employee, "employee"), ==, 1);
    /* Nobody is known: the address alone. */
    json_auto_t *nobody = export_all(world, "nobody@nowhere.example", &pages);
    g_assert_cmpuint(json_array_size(nobody), ==, 1);
    g_autoptr(Answer) bad =
        world_call(world, "POST", EXPORT, "{\"email\":\"a@b.example\",\"cursor\":\"1.2\"}");
    assert_problem(bad, 422, "bad-cursor");
    g_autoptr(Answer) far =
        world_call(world, "POST", EXPORT, "{\"email\":\"a@b.example\",\"cursor\":\"99.0.0\"}");
    assert_problem(far, 422, "bad-cursor");
    g_autoptr(Answer) which =
        world_call(world, "POST", EXPORT, "{\"email\":\"a@b.example\",\"cursor\":\"3.9.0\"}");
    g_assert_cmpint(which->status, ==, 200);
    /* Nothing is left of whom was erased, and to erase them again finds nothing. */
    json_decref(world_ok(world, "POST", ERASE, ANNA, 200));
    json_auto_t *nothing = export_all(world, "anna@bluebird.example", &pages);
    g_assert_cmpuint(json_array_size(nothing), ==, 1);
    json_auto_t *again = world_ok(world, "POST", ERASE, ANNA, 200);
    g_assert_cmpint(int_at(again, "/n_tickets"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/privacy/person/erase", test_erase);
    g_test_add_func("/privacy/person/refused", test_refused);
    g_test_add_func("/privacy/person/keep tickets", test_keep_tickets);
    g_test_add_func("/privacy/person/alike", test_alike);
    g_test_add_func("/privacy/person/stopped", test_stopped);
    g_test_add_func("/privacy/person/left", test_left);
    g_test_add_func("/privacy/person/while closing", test_while_closing);
    g_test_add_func("/privacy/person/export", test_export);
    return g_test_run();
}
