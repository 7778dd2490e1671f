/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes as the options name them, filed into a desk: access tokens whose refresh token the
 * token server replaces, and several processes that read one mailbox. */
#include "connector/mailboxes.h"
#include "records/mailbox.h"
#include "tests/connector/mail_desk.h"
#include "tests/mail/imap_server.h"
#include "tests/mail/token_server.h"

#include <string.h>

#define MAIL                                                                                       \
    "From: anna@bluebird.example\r\nTo: support@desk.example\r\nSubject: Mail "                    \
    "%d\r\n\r\nHello.\r\n"

static const char *engine;

typedef struct {
    TestDesk *desk;
    ImapServer *server;
    MailboxDoor door;
    char *options; /* of the mailbox, but for how it signs in */
} World;

static void world_init(World *world, const ImapServerPlan *plan)
{
    world->desk = mail_desk_new(engine);
    world->server = imap_server_start(plan);
    world->door = (MailboxDoor){world->desk->desk, clock_system()};
    world->options = g_strdup_printf("\"host\":\"127.0.0.1\",\"port\":%u,\"security\":\"none\","
                                     "\"username\":\"desk\",\"poll_seconds\":1",
                                     imap_server_port(world->server));
}

static void world_clear(World *world)
{
    imap_server_stop(world->server);
    test_desk_free(world->desk);
    g_free(world->options);
}

static void set_mailbox(World *world, const char *sign_in)
{
    g_autofree char *patch = g_strdup_printf("{\"mailboxes\":[{%s,%s}]}", world->options, sign_in);
    test_desk_options(world->desk, OPTIONS_EMAIL_CONNECTOR, patch);
}

static void add_mail(World *world, int n)
{
    g_autofree char *text = g_strdup_printf(MAIL, n);
    imap_server_add(world->server, (uint32_t)n, text, NULL);
}

static Poller *start(World *world)
{
    g_autoptr(GError) error = NULL;
    PollerSetup setup = {
        .db = test_db_handle(world->desk->db),
        .clock = clock_system(),
        .random = random_system(),
        .mailboxes = mailbox_door_list,
        .mailboxes_data = &world->door,
        .file = mailbox_door_file,
        .file_data = &world->door,
        .timeout_ms = 5000,
        .look_ms = 20,
    };
    Poller *poller = poller_start(&setup, &error);
    g_assert_no_error(error);
    return poller;
}

static void wait_filed(World *world, int count)
{
    g_autofree char *want = g_strdup_printf("%d", count);
    test_desk_wait(world->desk, "SELECT COUNT(*) FROM inbound_mail", 1, want);
}

/* ---- refresh tokens ---- */

static void assert_asked(TokenServer *tokens, const char *refresh_token)
{
    g_autofree char *text = token_server_text(tokens);
    g_autofree char *form = g_strdup_printf("refresh_token=%s", refresh_token);
    g_assert_nonnull(strstr(text, form));
}

#define STORED "SELECT value FROM secret WHERE name LIKE '%refresh_token'"

/* The server gives a new refresh token with each access token; the first of these is of no use. */
static void test_rotated_token(void)
{
    static const TokenAnswer answers[] = {
        {.body = "{\"access_token\":\"a1\",\"expires_in\":3600,\"refresh_token\":\"r2\"}"},
        {.body = "{\"access_token\":\"a2\",\"expires_in\":3600,\"refresh_token\":\"r3\"}"},
        {.body = "{\"access_token\":\"a2\",\"expires_in\":3600}"},
        {0}};
    World world;
    ImapServerPlan plan = {.access_token = "a2"};
    world_init(&world, &plan);
    g_autoptr(TokenServer) tokens = token_server_start(answers, NULL);
    g_autofree char *url = token_server_url(tokens, "127.0.0.1");
    g_autofree char *sign_in =
        g_strdup_printf("\"auth\":\"xoauth2\",\"token_url\":\"%s\",\"client_id\":\"desk\","
                        "\"refresh_token\":\"r1\"",
                        url);
    set_mailbox(&world, sign_in);
    add_mail(&world, 1);
    Poller *poller = start(&world);
    wait_filed(&world, 1);
    poller_stop(poller);
    assert_asked(tokens, "r1");
    assert_asked(tokens, "r2");
    assert_rows(world.desk, STORED, 1, "r3");
    g_assert_cmpint(token_server_requests(tokens), ==, 2);
    /* Another start goes on with what is stored; an answer without one leaves it. */
    add_mail(&world, 2);
    poller = start(&world);
    wait_filed(&world, 2);
    poller_stop(poller);
    assert_asked(tokens, "r3");
    assert_rows(world.desk, STORED, 1, "r3");
    world_clear(&world);
}

/* ---- several processes ---- */

/* Only one of them is signed in, however often both look; when it ends the other goes on. */
static void test_two_pollers(void)
{
    World world;
    ImapServerPlan plan = {0};
    world_init(&world, &plan);
    set_mailbox(&world, "\"password\":\"secret\"");
    Poller *pollers[] = {start(&world), start(&world)};
    for (int n = 1; n <= 20; n++) {
        add_mail(&world, n);
        poller_wake(pollers[n % 2]);
        poller_wake(pollers[(n + 1) % 2]);
        wait_filed(&world, n);
    }
    /* Two processes can only be there on PostgreSQL. */
    bool shared = db_engine(test_db_handle(world.desk->db)) == DB_POSTGRESQL;
    g_assert_cmpint(imap_server_connections(world.server), ==, shared ? 1 : 2);
    poller_stop(pollers[0]);
    add_mail(&world, 21);
    poller_wake(pollers[1]);
    wait_filed(&world, 21);
    g_assert_cmpint(imap_server_connections(world.server), <=, 2);
    poller_stop(pollers[1]);
    assert_rows(world.desk, "SELECT COUNT(*), COUNT(DISTINCT subject) FROM inbound_mail", 2,
                "21 21");
    assert_rows(world.desk, "SELECT COUNT(holder), SUM(filed) FROM mailbox", 2, "0 21");
    world_clear(&world);
}

typedef struct {
    const char *holder;
    int64_t now_us;
    bool taken;
} Take;

static bool take(DbTx *tx, void *data, GError **error)
{
    Take *one = data;
    bool first = false;
    return mailbox_position_file(tx, "box", 1, 1, &first, error) &&
           mailbox_take(tx, "box", one->holder, one->now_us, one->now_us + 2 * US_PER_MINUTE,
                        &one->taken, error);
}

static bool takes(World *world, const char *holder, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    Take one = {holder, now_us, false};
    db_write(test_db_handle(world->desk->db), take, &one, &error);
    g_assert_no_error(error);
    return one.taken;
}

/* What a process has that has died is free after two minutes without a word. */
static void test_dead_holder(void)
{
    World world;
    ImapServerPlan plan = {0};
    world_init(&world, &plan);
    g_assert_true(takes(&world, "one", US_PER_MINUTE));
    g_assert_false(takes(&world, "two", 2 * US_PER_MINUTE));
    g_assert_true(takes(&world, "one", 2 * US_PER_MINUTE));
    g_assert_false(takes(&world, "two", 4 * US_PER_MINUTE));
    g_assert_true(takes(&world, "two", 4 * US_PER_MINUTE + 1));
    g_assert_false(takes(&world, "one", 5 * US_PER_MINUTE));
    world_clear(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/mailboxes/rotated refresh token", test_rotated_token);
    g_test_add_func("/mailboxes/two pollers", test_two_pollers);
    g_test_add_func("/mailboxes/dead holder", test_dead_holder);
    return g_test_run();
}
