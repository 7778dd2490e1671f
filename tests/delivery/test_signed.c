/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mails that leave with signed addresses: what stands in them names the ticket, the recipient and
 * the row of the outbox, and they are shown again byte for byte, also when the options have changed
 * since and the key was retired.
 */
#include "alerts/mail_kind.h"
#include "alerts/own_address.h"
#include "delivery/delivery.h"
#include "desk/create.h"
#include "desk/options.h"
#include "mail/hop.h"
#include "mail/signed_address.h"
#include "mail/transport.h"
#include "records/signing_key.h"
#include "records/status.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

typedef struct {
    TestDesk *desk;
    Composer *composer;
    Delivery *delivery;
} Fixture;

static DeliverySetup setup_of(Fixture *fixture)
{
    return (DeliverySetup){.db = test_db_handle(fixture->desk->db),
                           .clock = &fixture->desk->clock.clock,
                           .random = random_system(),
                           .composer = fixture->composer,
                           .memory = "memory"};
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    fixture->desk = test_desk_new(engine, true);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    g_ptr_array_unref(transport_memory_take());
    DeliverySetup setup = setup_of(fixture);
    fixture->delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    delivery_stop(fixture->delivery, 2000);
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

/* The field's value; NULL where there is none. Folded lines are joined. */
static char *header(GBytes *message, const char *name)
{
    gsize bytes;
    const char *text = g_bytes_get_data(message, &bytes);
    g_autofree char *all = g_strndup(text, bytes);
    g_autofree char *start = g_strdup_printf("\r\n%s: ", name);
    const char *found = strstr(all, start);
    if (found == NULL)
        return NULL;
    GString *value = g_string_new(NULL);
    for (const char *p = found + strlen(start); *p != '\0'; p++) {
        if (p[0] == '\r' && p[1] == '\n' && p[2] != ' ' && p[2] != '\t')
            break;
        if (*p != '\r' && *p != '\n')
            g_string_append_c(value, *p);
    }
    return g_strstrip(g_string_free(value, FALSE));
}

static bool load_keys(DbTx *tx, void *data, GError **error)
{
    SigningKeys **keys = data;
    g_clear_pointer(keys, signing_keys_unref);
    *keys = signing_keys_load(tx, error);
    return *keys != NULL;
}

static SigningKeys *keys_of(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    SigningKeys *keys = NULL;
    db_read(test_db_handle(fixture->desk->db), load_keys, &keys, &error);
    g_assert_no_error(error);
    return keys;
}

/* Opens a ticket and gives its one mail, which the caller frees. */
static GPtrArray *open_and_take(Fixture *fixture)
{
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, "SELECT COUNT(*) FROM outbox WHERE state <> 'accepted'", 1, "0");
    GPtrArray *mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 1);
    return mails;
}

static void test_off(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) mails = open_and_take(fixture);
    const MemoryMail *mail = mails->pdata[0];
    g_assert_cmpstr(mail->envelope_from, ==, "support@desk.example");
    g_autofree char *reply_to = header(mail->message, "Reply-To");
    g_assert_null(reply_to);
}

#define SIGNED "{\"signed_reply\":true,\"signed_bounce\":true}"

static void test_signed(Fixture *fixture, gconstpointer data)
{
    test_desk_options(fixture->desk, "alerts-server", SIGNED);
    g_autoptr(GPtrArray) mails = open_and_take(fixture);
    const MemoryMail *mail = mails->pdata[0];
    g_autoptr(SigningKeys) keys = keys_of(fixture);
    SignedAddress read;
    g_autofree char *reply_to = header(mail->message, "Reply-To");
    g_assert_true(g_str_has_prefix(reply_to, "support+r"));
    g_assert_true(signed_address_check(keys, reply_to, &read));
    g_assert_cmpint(read.ticket, ==, 1);
    g_assert_true(signed_address_is_for(keys, &read, "anna@bluebird.example"));
    g_assert_true(g_str_has_prefix(mail->envelope_from, "support+b"));
    g_assert_true(signed_address_check(keys, mail->envelope_from, &read));
    g_autofree char *row = test_desk_ask(fixture->desk, "SELECT id FROM outbox");
    g_assert_cmpint(read.outbox, ==, g_ascii_strtoll(row, NULL, 10));
    g_autofree char *from = header(mail->message, "From");
    g_assert_cmpstr(from, ==, "support@desk.example");
    g_autofree char *hop = header(mail->message, HOP_FIELD);
    g_autofree char *id = header(mail->message, "Message-ID");
    id[strlen(id) - 1] = '\0';
    g_assert_true(hop_read(keys, hop, id + 1).own);
}

static void test_elsewhere(Fixture *fixture, gconstpointer data)
{
    test_desk_options(
        fixture->desk, "alerts-server",
        "{\"signed_reply\":true,\"signed_bounce\":true,\"address_separator\":\"none\","
        "\"reply_to\":\"help@desk.example\",\"bounce_address\":\"b@out.example\"}");
    g_autoptr(GPtrArray) mails = open_and_take(fixture);
    const MemoryMail *mail = mails->pdata[0];
    g_autofree char *reply_to = header(mail->message, "Reply-To");
    g_assert_true(g_str_has_prefix(reply_to, "helpr"));
    g_assert_true(g_str_has_suffix(reply_to, "@desk.example"));
    g_assert_true(g_str_has_prefix(mail->envelope_from, "bb"));
    g_assert_true(g_str_has_suffix(mail->envelope_from, "@out.example"));
    /* Unsigned, bounces still go where the option says. */
    test_desk_options(fixture->desk, "alerts-server", "{\"signed_bounce\":false}");
    g_autoptr(GPtrArray) more = open_and_take(fixture);
    g_assert_cmpstr(((const MemoryMail *)more->pdata[0])->envelope_from, ==, "b@out.example");
}

typedef struct {
    Composer *composer;
    ComposeSource *source;
    char *sender;
    char *hash;
    int64_t dated_at;
} Again;

static bool load_again(DbTx *tx, void *data, GError **error)
{
    Again *again = data;
    g_autoptr(Alert) alert = alert_load(tx, 1, error);
    again->source = alert != NULL ? compose_source_load(tx, alert, error) : NULL;
    g_autoptr(OutboxMessage) message = outbox_find(tx, OUTBOX_KIND_ALERT, 1, error);
    if (again->source == NULL || message == NULL)
        return false;
    again->sender = g_strdup(message->sender);
    again->hash = g_strdup(message->message_hash);
    again->dated_at = message->dated_at;
    return composer_load_keys(again->composer, tx, error);
}

static void assert_same_bytes(Fixture *fixture, GBytes *sent)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    g_autoptr(Composer) composer = composer_new(desk_id);
    Again again = {.composer = composer};
    db_read(test_db_handle(fixture->desk->db), load_again, &again, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) bytes =
        compose_message(composer, again.source, again.sender, again.dated_at, &error);
    g_assert_no_error(error);
    g_autofree char *hash = compose_hash(bytes);
    g_assert_cmpstr(hash, ==, again.hash);
    g_assert_true(g_bytes_equal(bytes, sent));
    compose_source_free(again.source);
    g_free(again.sender);
    g_free(again.hash);
}

static void test_shown_again(Fixture *fixture, gconstpointer data)
{
    test_desk_options(fixture->desk, "alerts-server", SIGNED);
    g_autoptr(GPtrArray) mails = open_and_take(fixture);
    test_desk_options(fixture->desk, "alerts-server",
                      "{\"signed_reply\":false,\"signed_bounce\":false,"
                      "\"reply_to\":\"other@desk.example\",\"address_separator\":\"-\"}");
    test_desk_run(fixture->desk, "UPDATE signing_key SET retired_at = 7");
    assert_same_bytes(fixture, ((const MemoryMail *)mails->pdata[0])->message);
}

static bool complete(DeskTx *tx, void *data, GError **error)
{
    return desk_complete(tx, error);
}

static bool find_lacks(DbTx *tx, void *data, GError **error)
{
    return desk_lacks(tx, data, error);
}

/* A desk of an earlier program: its waiting mail leaves unsigned, and a key is made. */
static void test_older_desk(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Db *db = test_db_handle(fixture->desk->db);
    bool lacks = false;
    test_desk_run(fixture->desk, "DELETE FROM signing_key");
    g_autoptr(GPtrArray) mails = open_and_take(fixture);
    g_autofree char *hop = header(((const MemoryMail *)mails->pdata[0])->message, HOP_FIELD);
    g_assert_null(hop);
    g_assert_true(db_read(db, find_lacks, &lacks, &error) && lacks);
    for (int i = 0; i < 2; i++)
        g_assert_true(
            desk_write(fixture->desk->desk, &fixture->desk->employee, complete, NULL, &error));
    g_assert_true(db_read(db, find_lacks, &lacks, &error) && !lacks);
    test_desk_wait(fixture->desk, "SELECT COUNT(*) FROM signing_key", 1, "1");
    assert_same_bytes(fixture, ((const MemoryMail *)mails->pdata[0])->message);
}

/* An alert to a signed address of our own would come back as an answer. */
static void test_own_address(Fixture *fixture, gconstpointer data)
{
    test_desk_options(fixture->desk, "alerts-server", SIGNED);
    g_autoptr(SigningKeys) keys = keys_of(fixture);
    g_autofree char *own = signed_address_reply(signing_keys_current(keys), "support@desk.example",
                                                "+", 1, "anna@bluebird.example");
    const char *recipients[] = {own, NULL};
    test_desk_open(fixture->desk, &fixture->desk->employee, recipients, true);
    g_autofree char *rows =
        test_desk_rows(fixture->desk, "SELECT decision, reason FROM alert ORDER BY id", 2);
    g_assert_cmpstr(rows, ==, "suppress own_address; send new_ticket");
}

/* The test mail has what alerts have. */
static void test_activation_test(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    test_desk_options(fixture->desk, "alerts-server", SIGNED);
    DeliverySetup setup = setup_of(fixture);
    json_t *result = delivery_test_send(&setup, "me@desk.example", 1, &error);
    g_assert_no_error(error);
    json_decref(result);
    g_autoptr(GPtrArray) mails = transport_memory_take();
    const MemoryMail *mail = mails->pdata[0];
    g_autoptr(SigningKeys) keys = keys_of(fixture);
    SignedAddress read;
    g_autofree char *reply_to = header(mail->message, "Reply-To");
    g_assert_true(signed_address_check(keys, reply_to, &read) && read.ticket == 0);
    g_assert_true(signed_address_check(keys, mail->envelope_from, &read) && read.outbox == 0);
}

static bool put(DeskTx *tx, void *data, GError **error)
{
    json_auto_t *patch = json_loads(data, 0, NULL);
    json_t *after = options_put(tx, "alerts-server", patch, error);
    json_decref(after);
    return after != NULL;
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    static const char *const patches[] = {
        "{\"signed_reply\":true,\"from_address\":\"twenty-six.letters-of-mine@desk.example\"}",
        "{\"signed_bounce\":true,\"bounce_address\":"
        "\"a-local-part-of-thirty-four-letter@desk.example\"}",
        "{\"address_separator\":\"=\"}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(patches); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(desk_write(fixture->desk->desk, &fixture->desk->employee, put,
                                  (void *)patches[i], &error));
        g_test_message("%s", error->message);
    }
    test_desk_options(fixture->desk, "alerts-server",
                      "{\"signed_bounce\":true,\"bounce_address\":"
                      "\"a-local-part-of-thirty-three-lett@desk.example\"}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    static const struct {
        const char *name;
        void (*fn)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/delivery/signed/off", test_off},
        {"/delivery/signed/on", test_signed},
        {"/delivery/signed/elsewhere", test_elsewhere},
        {"/delivery/signed/shown-again", test_shown_again},
        {"/delivery/signed/older-desk", test_older_desk},
        {"/delivery/signed/own-address", test_own_address},
        {"/delivery/signed/activation-test", test_activation_test},
        {"/delivery/signed/refused", test_refused},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].fn, tear_down);
    return g_test_run();
}
