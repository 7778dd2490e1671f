/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes read from a server that fails where it is told to; filing is a list in memory, with the
 * position in the database. */
#include "base/error.h"
#include "base/limits.h"
#include "base/monitor.h"
#include "connector/poller.h"
#include "records/mailbox.h"
#include "records/schema.h"
#include "support/test_db.h"
#include "tests/mail/imap_server.h"

#include <string.h>

#define OLD  "17-Jul-1996 02:44:25 -0700"
#define MAIL "From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"

static const char *engine;

typedef struct {
    TestDb *db;
    ImapServer *server;
    Poller *poller;
    Monitor lock;
    GString
        *filed; /* "uid" of each call that has written, "uid?" with headers only, "uid!" refused */
    uint32_t fails;  /* this UID cannot be filed ... */
    int times;       /* so often; -1: always */
    TdErrorCode how; /* with this error */
    bool move;
    int generation;
} World;

typedef struct {
    const InboxOrigin *origin;
    bool first;
} Position;

static bool move_on(DbTx *tx, void *data, GError **error)
{
    Position *position = data;
    return mailbox_position_file(tx, position->origin->mailbox, position->origin->uidvalidity,
                                 position->origin->uid, &position->first, error);
}

static bool fails_now(World *world, const InboxOrigin *origin)
{
    if (origin->uid != world->fails || world->times == 0 || origin->refused != NULL)
        return false;
    world->times -= world->times > 0;
    return true;
}

static bool file(GBytes *raw, const InboxOrigin *origin, void *data, GError **error)
{
    World *world = data;
    Position position = {.origin = origin};
    monitor_lock(&world->lock);
    bool fail = fails_now(world, origin);
    monitor_unlock(&world->lock);
    if (fail) {
        error_set(error, world->how, "it cannot be filed");
        return false;
    }
    if (!db_write(test_db_handle(world->db), move_on, &position, error))
        return false;
    monitor_lock(&world->lock);
    if (position.first)
        g_string_append_printf(world->filed, "%s%d%s%s", world->filed->len > 0 ? " " : "",
                               (int)origin->uid, origin->headers_only ? "?" : "",
                               origin->refused != NULL ? "!" : "");
    monitor_unlock(&world->lock);
    return true;
}

static GPtrArray *mailboxes(void *data, GError **error)
{
    World *world = data;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)poller_mailbox_free);
    PollerMailbox *mailbox = g_new0(PollerMailbox, 1);
    mailbox->name = g_strdup("desk@there/INBOX");
    mailbox->host = g_strdup("127.0.0.1");
    mailbox->port = imap_server_port(world->server);
    mailbox->security = g_strdup("none");
    mailbox->username = g_strdup("desk");
    mailbox->password = g_strdup("secret");
    mailbox->ca_file = g_strdup("");
    mailbox->folder = g_strdup("INBOX");
    mailbox->after = world->move ? MAILBOX_MOVE : MAILBOX_FLAG;
    mailbox->move_to = g_strdup("Done");
    mailbox->poll_seconds = 1;
    mailbox->fingerprint = g_strdup_printf("%d", world->generation);
    g_ptr_array_add(list, mailbox);
    return list;
}

static void start_poller(World *world)
{
    g_autoptr(GError) error = NULL;
    PollerSetup setup = {
        .db = test_db_handle(world->db),
        .clock = clock_system(),
        .random = random_system(),
        .mailboxes = mailboxes,
        .mailboxes_data = world,
        .file = file,
        .file_data = world,
        .timeout_ms = 5000,
        .look_ms = 20,
    };
    world->poller = poller_start(&setup, &error);
    g_assert_no_error(error);
}

static void stop_poller(World *world)
{
    poller_stop(g_steal_pointer(&world->poller));
}

static World *world_new(const ImapServerPlan *plan)
{
    g_autoptr(GError) error = NULL;
    World *world = g_new0(World, 1);
    world->db = test_db_new(engine);
    db_migrate(test_db_handle(world->db), schema_steps, schema_n_steps, 1, &error);
    g_assert_no_error(error);
    world->server = imap_server_start(plan);
    world->filed = g_string_new(NULL);
    monitor_init(&world->lock);
    return world;
}

static void world_free(World *world)
{
    poller_stop(world->poller);
    imap_server_stop(world->server);
    test_db_free(world->db);
    g_string_free(world->filed, TRUE);
    monitor_clear(&world->lock);
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static char *filed(World *world)
{
    monitor_lock(&world->lock);
    char *copy = g_strdup(world->filed->str);
    monitor_unlock(&world->lock);
    return copy;
}

/* Waits until `show` gives this; wakes the poller meanwhile, so that nothing waits for its time. */
static void until(World *world, const char *wanted, char *(*show)(World *))
{
    for (int i = 0; i < 3000; i++) {
        g_autofree char *shown = show(world);
        if (strcmp(shown, wanted) == 0)
            return;
        poller_wake(world->poller);
        g_usleep(10000);
    }
    g_autofree char *last = show(world);
    g_assert_cmpstr(last, ==, wanted);
}

static char *flagged(World *world)
{
    return imap_server_flagged(world->server);
}

static char *moved(World *world)
{
    return imap_server_moved(world->server);
}

static bool load(DbTx *tx, void *data, GError **error)
{
    MailboxState **state = data;
    g_clear_pointer(state, mailbox_state_free);
    *state = mailbox_state_load(tx, "desk@there/INBOX", error);
    return *state != NULL;
}

static char *state(World *world)
{
    g_autoptr(MailboxState) state = NULL;
    db_read(test_db_handle(world->db), load, &state, NULL);
    return g_strdup_printf("%s %d %d", state->state, (int)state->position.filed_uid,
                           (int)state->position.done_uid);
}

static char *reason(World *world)
{
    g_autoptr(MailboxState) state = NULL;
    db_read(test_db_handle(world->db), load, &state, NULL);
    return g_strdup(state->reason != NULL ? state->reason : "");
}

/* In order, flagged, once; the past is left alone, also where a person moves it about. */
static void test_once(void)
{
    ImapServerPlan plan = {0};
    g_autoptr(World) world = world_new(&plan);
    imap_server_add(world->server, 3, MAIL, OLD);
    imap_server_add(world->server, 5, MAIL, NULL);
    imap_server_add(world->server, 8, MAIL, OLD);
    start_poller(world);
    until(world, "5", filed);
    until(world, "5", flagged);
    until(world, "up 8 8", state);
    imap_server_add(world->server, 9, MAIL, OLD); /* dragged here by a person: it is new here */
    imap_server_add(world->server, 12, MAIL, NULL);
    until(world, "5 9 12", filed);
    until(world, "5,9,12", flagged);
    until(world, "up 12 12", state);
    g_assert_false(imap_server_was_seen(world->server));
    stop_poller(world);
    start_poller(world);
    imap_server_add(world->server, 13, MAIL, NULL);
    until(world, "5 9 12 13", filed);
    g_assert_cmpuint(imap_server_connections(world->server), ==, 2);
}

/* The connection is gone between two looks: that is no failure. */
static void test_dropped(void)
{
    ImapServerPlan plan = {.no_uidnext = true};
    g_autoptr(World) world = world_new(&plan);
    imap_server_add(world->server, 5, MAIL, NULL);
    start_poller(world);
    until(world, "5", flagged);
    imap_server_drop(world->server);
    imap_server_add(world->server, 6, MAIL, NULL);
    until(world, "5 6", filed);
}

/* Filed, then the server refuses or dies before it is flagged: flagged later, and filed once. */
static void test_not_flagged(void)
{
    static const ImapFault faults[] = {
        {"store", IMAP_FAULT_NO, "[CANNOT] not now", 2},
        {"store", IMAP_FAULT_CLOSE, NULL, 1},
        {"store", IMAP_FAULT_HALF, NULL, 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        ImapServerPlan plan = {.fault = faults[i]};
        g_autoptr(World) world = world_new(&plan);
        imap_server_add(world->server, 5, MAIL, NULL);
        imap_server_add(world->server, 6, MAIL, NULL);
        start_poller(world);
        until(world, "5 6", filed);
        until(world, "up 6 6", state);
        until(world, "5,6", flagged);
        until(world, "", reason);
        g_autofree char *all = filed(world);
        g_assert_cmpstr(all, ==, "5 6");
    }
}

/* A folder that cannot be written: mails are filed all the same, and it is said. */
static void test_read_only(void)
{
    ImapServerPlan plan = {.fault = {"store", IMAP_FAULT_NO, "read-only", 0}};
    g_autoptr(World) world = world_new(&plan);
    imap_server_add(world->server, 5, MAIL, NULL);
    start_poller(world);
    until(world, "up 5 0", state);
    imap_server_add(world->server, 6, MAIL, NULL);
    until(world, "5 6", filed);
    g_autofree char *why = reason(world);
    g_assert_nonnull(strstr(why, "read-only"));
}

static void test_moved(void)
{
    ImapServerPlan plan = {.folder_missing = true};
    g_autoptr(World) world = world_new(&plan);
    world->move = true;
    imap_server_add(world->server, 4, MAIL, OLD);
    imap_server_add(world->server, 5, MAIL, NULL);
    imap_server_add(world->server, 6, MAIL, NULL);
    start_poller(world);
    until(world, "5:6", moved);
    until(world, "up 6 6", state);
}

/* What cannot be filed now waits, and all behind it; what never can be is kept, refused. */
static void test_filing_fails(void)
{
    static const struct {
        TdErrorCode how;
        int times;
        const char *filed;
    } rows[] = {
        {TD_ERROR_UNAVAILABLE, 3, "5 6 7"},
        {TD_ERROR_INTERNAL, -1, "5 6! 7"},
        {TD_ERROR_INVALID, -1, "5 6! 7"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ImapServerPlan plan = {0};
        g_autoptr(World) world = world_new(&plan);
        world->fails = 6;
        world->times = rows[i].times;
        world->how = rows[i].how;
        for (uint32_t uid = 5; uid <= 7; uid++)
            imap_server_add(world->server, uid, MAIL, NULL);
        start_poller(world);
        until(world, rows[i].filed, filed);
        until(world, "5,6,7", flagged);
    }
}

/* A mail that the server will not give out does not stop the others for ever. */
static void test_stubborn(void)
{
    ImapServerPlan plan = {.fault = {"body", IMAP_FAULT_NO, "[SERVERBUG] broken", 5}};
    g_autoptr(World) world = world_new(&plan);
    imap_server_add(world->server, 5, MAIL, NULL);
    imap_server_add(world->server, 6, MAIL, NULL);
    start_poller(world);
    until(world, "5! 6", filed);
}

/* The server tells a small size, and sends more than is taken. */
static void test_lies(void)
{
    ImapServerPlan plan = {.lies = true};
    g_autoptr(World) world = world_new(&plan);
    g_autofree char *body = g_strnfill(LIMIT_INBOUND_MAIL_BYTES + 1, 'x');
    imap_server_add(world->server, 5, body, NULL);
    imap_server_add(world->server, 6, MAIL, NULL);
    start_poller(world);
    until(world, "5? 6", filed);
    until(world, "5,6", flagged);
}

/* Another UIDVALIDITY: what may be new is read again. */
static void test_uidvalidity(void)
{
    ImapServerPlan plan = {0};
    g_autoptr(World) world = world_new(&plan);
    imap_server_add(world->server, 50, MAIL, NULL);
    start_poller(world);
    until(world, "50", flagged);
    until(world, "up 50 50", state);
    stop_poller(world);
    imap_server_remove(world->server, 50);
    imap_server_set_uidvalidity(world->server, 18);
    imap_server_add(world->server, 1, MAIL, OLD);
    imap_server_add(world->server, 2, MAIL, NULL);
    start_poller(world);
    until(world, "50 2", filed);
    until(world, "up 2 2", state);
}

/* Faults at every stage, once each: all is filed in the end, once. */
static void test_every_fault(void)
{
    static const char *const stages[] = {"greeting", "login", "select", "search",
                                         "list",     "body",  "store"};
    static const ImapFaultKind kinds[] = {IMAP_FAULT_CLOSE, IMAP_FAULT_HALF, IMAP_FAULT_BYE};
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++)
        for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
            ImapServerPlan plan = {.fault = {stages[i], kinds[k], NULL, 1}};
            g_autoptr(World) world = world_new(&plan);
            g_test_message("%s, %d", stages[i], kinds[k]);
            imap_server_add(world->server, 5, MAIL, NULL);
            imap_server_add(world->server, 6, MAIL, NULL);
            start_poller(world);
            until(world, "5,6", flagged);
            g_autofree char *all = filed(world);
            g_assert_cmpstr(all, ==, "5 6");
        }
}

/* Other options begin anew, where the position is. */
static void test_other_options(void)
{
    ImapServerPlan plan = {0};
    g_autoptr(World) world = world_new(&plan);
    imap_server_add(world->server, 5, MAIL, NULL);
    start_poller(world);
    until(world, "5", flagged);
    __atomic_store_n(&world->generation, 1, __ATOMIC_SEQ_CST);
    imap_server_add(world->server, 6, MAIL, NULL);
    until(world, "5 6", filed);
    for (int i = 0; i < 1000 && imap_server_connections(world->server) < 2; i++)
        g_usleep(10000);
    g_assert_cmpuint(imap_server_connections(world->server), ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_assert_cmpint(argc, ==, 2);
    engine = argv[1];
    g_test_add_func("/connector/poller/once", test_once);
    g_test_add_func("/connector/poller/dropped", test_dropped);
    g_test_add_func("/connector/poller/not-flagged", test_not_flagged);
    g_test_add_func("/connector/poller/read-only", test_read_only);
    g_test_add_func("/connector/poller/moved", test_moved);
    g_test_add_func("/connector/poller/filing-fails", test_filing_fails);
    g_test_add_func("/connector/poller/stubborn", test_stubborn);
    g_test_add_func("/connector/poller/lies", test_lies);
    g_test_add_func("/connector/poller/uidvalidity", test_uidvalidity);
    g_test_add_func("/connector/poller/every-fault", test_every_fault);
    g_test_add_func("/connector/poller/other-options", test_other_options);
    return g_test_run();
}
