/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link to a ticket in its mails: there where the options say so, for this recipient, none for
 * employees; and the same for ever, whatever the options are by then.
 */
#include "alerts/web_link.h"

#include "alerts/compose.h"
#include "alerts/mail_kind.h"
#include "desk/answer.h"
#include "outbox/outbox.h"
#include "records/signing_key.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

#define ANNA "anna@bluebird.example"

typedef struct {
    TestDesk *desk;
    Composer *composer;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

static void set_options(Fixture *fixture, const char *web, const char *alerts)
{
    test_desk_options(fixture->desk, "web-interface", web);
    test_desk_options(fixture->desk, "alerts-to-customers", alerts);
}

typedef struct {
    Fixture *fixture;
    const char *kind;
    int64_t ref;
    GBytes *mail;
} Making;

/* The mail as it would leave now, by the way that a sender takes. */
static bool make(DbTx *tx, void *data, GError **error)
{
    Making *making = data;
    Composer *composer = making->fixture->composer;
    const MailKind *kind = composer_find(composer, making->kind);
    g_autoptr(Settings) settings = settings_load(tx, error);
    void *source = NULL;
    int64_t key;
    if (settings == NULL || !composer_load_keys(composer, tx, error) ||
        !signing_key_current(tx, &key, error) ||
        !kind->load(tx, composer, &making->ref, 1, &source, error))
        return false;
    g_autofree char *sender = sender_identity(&settings->desk, &settings->alerts_server, key);
    g_clear_pointer(&making->mail, g_bytes_unref);
    making->mail = kind->compose(composer, source, sender, TEST_NOW_US, error);
    kind->free_source(source);
    return making->mail != NULL;
}

/* Its text, quoted-printable undone as far as links need. */
static char *mail_text(Fixture *fixture, const char *kind, int64_t ref)
{
    g_autoptr(GError) error = NULL;
    Making making = {fixture, kind, ref, NULL};
    db_read(test_db_handle(fixture->desk->db), make, &making, &error);
    g_assert_no_error(error);
    gsize bytes;
    const char *data = g_bytes_get_data(making.mail, &bytes);
    GString *text = g_string_new_len(data, (gssize)bytes);
    g_string_replace(text, "=\r\n", "", 0);
    g_string_replace(text, "=3D", "=", 0);
    g_bytes_unref(making.mail);
    return g_string_free(text, FALSE);
}

static void assert_link(const char *text, const char *url, bool there)
{
    g_autofree char *start = g_strconcat(url, WEB_LINK_PATH, NULL);
    if ((strstr(text, start) != NULL) != there || (!there && strstr(text, WEB_LINK_PATH) != NULL))
        g_error("%s: %s", start, text);
}

static const struct {
    const char *name, *web, *alerts;
    bool there;
} cases[] = {
    {"on", "{\"enabled\":true,\"public_url\":\"https://help.example/\"}", "{\"web_link\":true}",
     true},
    {"off", "{\"enabled\":true,\"public_url\":\"https://help.example\"}", "{}", false},
    {"no pages", "{\"public_url\":\"https://help.example\"}", "{\"web_link\":true}", false},
    {"nowhere", "{\"enabled\":true}", "{\"web_link\":true}", false},
};

static void test_options(Fixture *fixture, gconstpointer data)
{
    size_t i = (size_t)GPOINTER_TO_INT(data);
    set_options(fixture, cases[i].web, cases[i].alerts);
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    g_autofree char *text = mail_text(fixture, "alert", 1);
    assert_link(text, "https://help.example", cases[i].there);
}

/* The letters of the link in the text. */
static char *letters_in(const char *text)
{
    const char *path = strstr(text, WEB_LINK_PATH);
    g_assert_nonnull(path);
    return g_strndup(path + strlen(WEB_LINK_PATH), WEB_LINK_LETTERS);
}

static bool load_keys(DbTx *tx, void *data, GError **error)
{
    SigningKeys **keys = data;
    *keys = signing_keys_load(tx, error);
    return *keys != NULL;
}

static void test_whose(Fixture *fixture, gconstpointer data)
{
    const char *listed[] = {"bert@bluebird.example", NULL};
    set_options(fixture, "{\"enabled\":true,\"public_url\":\"https://help.example\"}",
                "{\"web_link\":true}");
    test_desk_open(fixture->desk, &fixture->desk->employee, listed, true);
    g_autoptr(SigningKeys) keys = NULL;
    db_read(test_db_handle(fixture->desk->db), load_keys, &keys, NULL);
    static const char *const whose[] = {"bert@bluebird.example", ANNA};
    for (int i = 0; i < 2; i++) {
        g_autofree char *text = mail_text(fixture, "alert", i + 1);
        g_autofree char *letters = letters_in(text);
        WebLink link;
        g_assert_true(web_link_read(keys, letters, &link));
        g_assert_cmpint(link.ticket, ==, 1);
        g_assert_true(web_link_is_for(keys, &link, whose[i]));
        g_assert_false(web_link_is_for(keys, &link, whose[1 - i]));
        /* Any other letter, one more, one less. */
        for (size_t at = 0; at < WEB_LINK_LETTERS; at++) {
            g_autofree char *forged = g_strdup(letters);
            forged[at] = forged[at] == 'a' ? 'b' : 'a';
            g_assert_false(web_link_read(keys, forged, &link));
        }
        g_autofree char *longer = g_strconcat(letters, "a", NULL);
        letters[WEB_LINK_LETTERS - 1] = '\0';
        g_assert_false(web_link_read(keys, longer, &link));
        g_assert_false(web_link_read(keys, letters, &link));
    }
}

static void test_for_ever(Fixture *fixture, gconstpointer data)
{
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    g_autofree char *before = mail_text(fixture, "alert", 1);
    set_options(fixture, "{\"enabled\":true,\"public_url\":\"https://help.example\"}",
                "{\"web_link\":true}");
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    g_autofree char *with = mail_text(fixture, "alert", 2);
    set_options(fixture, "{\"enabled\":false,\"public_url\":\"https://other.example\"}",
                "{\"web_link\":false}");
    g_autofree char *before_again = mail_text(fixture, "alert", 1);
    g_autofree char *with_again = mail_text(fixture, "alert", 2);
    g_assert_cmpstr(before_again, ==, before);
    g_assert_cmpstr(with_again, ==, with);
    assert_link(before, "https://help.example", false);
    assert_link(with, "https://help.example", true);
}

static bool answer(DeskTx *tx, void *data, GError **error)
{
    const AutoResponse response = {.to = ANNA, .to_key = ANNA};
    const AnswerDraft draft = {.visibility = MESSAGE_INTERNAL, .text = "See here"};
    g_autoptr(TicketMessage) automatic = ticket_auto_respond(tx, 1, &response, error);
    g_autoptr(TicketMessage) note = automatic != NULL ? ticket_answer(tx, 1, &draft, error) : NULL;
    return note != NULL;
}

/* An automatic response has one; an employee's copy has none, even where its words ask for it. */
static void test_copies(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    TestDesk *desk = fixture->desk;
    const Actor program = {ACTOR_API, 1, (char *)"program", CHANNEL_API};
    set_options(fixture, "{\"enabled\":true,\"public_url\":\"https://help.example\"}",
                "{\"web_link\":true}");
    test_desk_run(desk, "UPDATE account SET manager = 1 WHERE number = 1");
    test_desk_run(desk, "UPDATE template_version SET body_text = '{{ticket.link}} ' || body_text"
                        " WHERE template = (SELECT id FROM template WHERE builtin ="
                        " 'employee_copy')");
    test_desk_open(desk, &desk->employee, NULL, true);
    desk_write(desk->desk, &program, answer, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *rows =
        test_desk_rows(desk, "SELECT kind, ref FROM outbox WHERE kind <> 'alert' ORDER BY id", 2);
    g_assert_cmpstr(rows, ==, "auto_response 1; message 2");
    g_autofree char *automatic = mail_text(fixture, "auto_response", 1);
    assert_link(automatic, "https://help.example", true);
    g_autofree char *copy = mail_text(fixture, "message", 2);
    assert_link(copy, "https://help.example", false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/web-link/options/%s", cases[i].name);
        g_test_add(path, Fixture, GINT_TO_POINTER((int)i), set_up, test_options, tear_down);
    }
    g_test_add("/web-link/whose", Fixture, NULL, set_up, test_whose, tear_down);
    g_test_add("/web-link/for-ever", Fixture, NULL, set_up, test_for_ever, tear_down);
    g_test_add("/web-link/copies", Fixture, NULL, set_up, test_copies, tear_down);
    return g_test_run();
}
