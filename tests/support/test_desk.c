/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test_desk.h"

#include "desk/create.h"
#include "desk/options.h"
#include "desk/people.h"
#include "mail/address.h"
#include "records/schema.h"
#include "records/settings.h"

#include <jansson.h>

typedef struct {
    TestDesk *test;
    const DeskPlan *plan;
    char *secret;
} Create;

static bool create(DeskTx *tx, void *data, GError **error)
{
    Create *create = data;
    TestDesk *test = create->test;
    if (!desk_create(tx, create->plan, &create->secret, error))
        return false;
    Account account = {.name = (char *)"Bluebird", .domains = (char *)"[]", .active = true};
    Contact contact = {.name = (char *)"Anna Field", .emails = (char *)"[]", .active = true};
    g_assert_true(
        address_parse("office@bluebird.example", NULL, &account.email, &account.email_key, NULL));
    g_assert_true(
        address_parse("anna@bluebird.example", NULL, &contact.email, &contact.email_key, NULL));
    bool ok = account_create(tx, &account, error);
    contact.account = account.number;
    ok = ok && contact_create(tx, &contact, error);
    test->account = account.number;
    test->contact = contact.id;
    g_free(account.email);
    g_free(account.email_key);
    g_free(contact.email);
    g_free(contact.email_key);
    return ok;
}

TestDesk *test_desk_new(const char *engine, bool on)
{
    g_autoptr(GError) error = NULL;
    TestDesk *test = g_new0(TestDesk, 1);
    test->db = test_db_new(engine);
    manual_clock_init(&test->clock, TEST_NOW_US);
    g_assert_true(
        db_migrate(test_db_handle(test->db), schema_steps, schema_n_steps, TEST_NOW_US, &error));
    g_assert_no_error(error);
    test->desk = desk_new(test_db_handle(test->db), &test->clock.clock, random_system());
    test->employee = (Actor){ACTOR_EMPLOYEE, 1, g_strdup("Erika Muster"), CHANNEL_CLI};
    DeskPlan plan = {
        .admin_login = "admin",
        .admin_name = "Erika Muster",
        .admin_email = "erika@desk.example",
        .password_hash = NULL,
    };
    Create creating = {.test = test, .plan = &plan};
    g_assert_true(desk_write(test->desk, &test->employee, create, &creating, &error));
    g_assert_no_error(error);
    test->token = creating.secret;
    if (on) {
        test_desk_options(test, OPTIONS_ALERTS_SERVER,
                          "{\"active\":true,\"from_address\":\"support@desk.example\"}");
        test_desk_options(
            test, OPTIONS_ALERTS_TO_CUSTOMERS,
            "{\"new_ticket\":{\"enabled\":true},\"ticket_closed\":{\"enabled\":true}}");
    }
    return test;
}

void test_desk_free(TestDesk *test)
{
    if (test == NULL)
        return;
    desk_free(test->desk);
    test_db_free(test->db);
    actor_clear(&test->employee);
    g_free(test->token);
    g_free(test);
}

typedef struct {
    const char *section;
    json_t *patch;
} Put;

/* As if a test mail had been accepted with the settings that the patch makes. */
static bool pass_test(DeskTx *tx, const Put *put, GError **error)
{
    int64_t version;
    bool tested;
    json_auto_t *rest = json_copy(put->patch);
    json_object_del(rest, "active");
    json_auto_t *after = options_put(tx, put->section, rest, error);
    return after != NULL && options_test_begin(tx->db, &version, error) &&
           options_test_accepted(tx, version, "erika@desk.example", &tested, error);
}

static bool put(DeskTx *tx, void *data, GError **error)
{
    Put *put = data;
    if (json_is_true(json_object_get(put->patch, "active")) && !pass_test(tx, put, error))
        return false;
    json_auto_t *after = options_put(tx, put->section, put->patch, error);
    return after != NULL;
}

void test_desk_options(TestDesk *test, const char *section, const char *patch)
{
    g_autoptr(GError) error = NULL;
    json_auto_t *value = json_loads(patch, 0, NULL);
    g_assert_nonnull(value);
    Put putting = {section, value};
    desk_write(test->desk, &test->employee, put, &putting, &error);
    g_assert_no_error(error);
}

typedef struct {
    const TicketDraft *draft;
    int64_t number;
} Open;

static bool open_it(DeskTx *tx, void *data, GError **error)
{
    Open *open = data;
    g_autoptr(Ticket) ticket = ticket_open(tx, open->draft, error);
    open->number = ticket != NULL ? ticket->number : 0;
    return ticket != NULL;
}

int64_t test_desk_try_open(TestDesk *test, const Actor *actor, const char *const *recipients,
                           bool notify, GError **error)
{
    g_auto(TicketDraft) draft = {.account = test->account,
                                 .contact = test->contact,
                                 .title = g_strdup("Printer"),
                                 .notify = notify};
    draft.recipients = g_ptr_array_new_with_free_func((GDestroyNotify)recipient_draft_free);
    for (; recipients != NULL && *recipients != NULL; recipients++) {
        RecipientDraft *recipient = g_new0(RecipientDraft, 1);
        g_assert_true(
            address_parse(*recipients, NULL, &recipient->email, &recipient->email_key, NULL));
        g_ptr_array_add(draft.recipients, recipient);
    }
    Open opening = {&draft, 0};
    return desk_write(test->desk, actor, open_it, &opening, error) ? opening.number : 0;
}

int64_t test_desk_open(TestDesk *test, const Actor *actor, const char *const *recipients,
                       bool notify)
{
    g_autoptr(GError) error = NULL;
    int64_t number = test_desk_try_open(test, actor, recipients, notify, &error);
    g_assert_no_error(error);
    return number;
}

typedef struct {
    int64_t number;
    const TicketChange *change;
} Change;

static bool change_it(DeskTx *tx, void *data, GError **error)
{
    Change *change = data;
    g_autoptr(Ticket) ticket = ticket_change(tx, change->number, change->change, error);
    return ticket != NULL;
}

void test_desk_set_status(TestDesk *test, const Actor *actor, int64_t ticket, int status,
                          bool notify)
{
    g_autoptr(GError) error = NULL;
    TicketChange change = {.fields = TICKET_SET_STATUS, .status = status, .notify = notify};
    Change changing = {ticket, &change};
    desk_write(test->desk, actor, change_it, &changing, &error);
    g_assert_no_error(error);
}

typedef struct {
    const char *sql;
    int columns;
    GString *out;
} Ask;

static bool ask(DbTx *tx, void *data, GError **error)
{
    Ask *ask = data;
    g_string_truncate(ask->out, 0);
    DbRows *rows = db_query(tx, error, ask->sql, "");
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        if (ask->out->len > 0)
            g_string_append(ask->out, "; ");
        for (int i = 0; i < ask->columns; i++) {
            const char *text = db_rows_text(rows, i);
            g_string_append_printf(ask->out, "%s%s", i > 0 ? " " : "", text != NULL ? text : "");
        }
    }
    return db_rows_end(rows, error);
}

char *test_desk_rows(TestDesk *test, const char *sql, int columns)
{
    g_autoptr(GError) error = NULL;
    Ask asking = {sql, columns, g_string_new(NULL)};
    db_read(test_db_handle(test->db), ask, &asking, &error);
    g_assert_no_error(error);
    return g_string_free(asking.out, FALSE);
}

char *test_desk_ask(TestDesk *test, const char *sql)
{
    return test_desk_rows(test, sql, 1);
}

/* What runs slower than usual (sanitizers) says how much. */
static int64_t slow(void)
{
    const char *times = g_getenv("TEST_SLOW");
    return times == NULL ? 1 : MAX(1, g_ascii_strtoll(times, NULL, 10));
}

void test_desk_wait(TestDesk *test, const char *sql, int columns, const char *want)
{
    int64_t end_us = g_get_monotonic_time() + 20 * slow() * G_USEC_PER_SEC;
    for (;;) {
        g_autofree char *rows = test_desk_rows(test, sql, columns);
        if (g_strcmp0(rows, want) == 0)
            return;
        if (g_get_monotonic_time() >= end_us)
            g_assert_cmpstr(rows, ==, want);
        g_usleep(5000);
    }
}

static bool run(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, data, "");
}

void test_desk_run(TestDesk *test, const char *sql)
{
    g_autoptr(GError) error = NULL;
    db_write(test_db_handle(test->db), run, (void *)sql, &error);
    g_assert_no_error(error);
}
