/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mails as strangers make them, through the whole way on either engine: whatever they are, they are
 * kept byte for byte, they have a state and a reason, and a person can make a ticket of every one
 * that can be read.
 */
#include "base/error.h"
#include "base/limits.h"
#include "connector/by_hand.h"
#include "tests/connector/mail_desk.h"

#include <string.h>

#define TO "To: support@desk.example\n"

static const char *engine;

typedef struct {
    const MailRead *read;
    int64_t mail;
    int64_t ticket;
} Opening;

static bool open_by_hand(DeskTx *tx, void *data, GError **error)
{
    Opening *opening = data;
    const InboxOpening by_hand = {.account = 1};
    g_autoptr(InboxMail) mail = inbox_open(tx, opening->mail, opening->read, &by_hand, error);
    if (mail == NULL)
        return false;
    opening->ticket = mail->ticket;
    return true;
}

static void assert_raw(TestDesk *desk, int64_t mail, size_t bytes)
{
    const char *length =
        db_engine(test_db_handle(desk->db)) == DB_SQLITE ? "LENGTH" : "OCTET_LENGTH";
    g_autofree char *sql = g_strdup_printf(
        "SELECT %s(content) FROM inbound_raw WHERE mail = %" G_GINT64_FORMAT, length, mail);
    g_autofree char *want = g_strdup_printf("%zu", bytes);
    assert_rows(desk, sql, 1, want);
}

/* Files it, and opens a ticket of it where it waits. Gives what became of it at first. */
static char *take(TestDesk *desk, const char *name, GBytes *raw)
{
    g_autoptr(GError) error = NULL;
    g_auto(Filed) filed = mail_desk_file_bytes(desk, raw);
    g_test_message("%s: %s (%s)", name, inbox_state_name(filed.state), filed.reason);
    g_assert_false(filed.seen_before);
    g_assert_cmpstr(filed.reason, !=, "");
    assert_raw(desk, filed.id, g_bytes_get_size(raw));
    if (filed.state == INBOX_UNMATCHED) {
        g_autoptr(MailRead) read = mail_read(raw, &error);
        g_assert_no_error(error);
        Opening opening = {read, filed.id, 0};
        desk_write(desk->desk, &desk->employee, open_by_hand, &opening, &error);
        g_assert_no_error(error);
        g_assert_cmpint(opening.ticket, >, 0);
    }
    return g_strdup_printf("%s %s", inbox_state_name(filed.state), filed.reason);
}

/* ---- those that are kept as files ---- */

static void test_files(void)
{
    const char *folder = g_getenv("TEST_INBOUND");
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    g_assert_no_error(error);
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    int n = 0;
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_suffix(name, ".eml"))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        char *text;
        gsize bytes;
        g_file_get_contents(path, &text, &bytes, &error);
        g_assert_no_error(error);
        g_autoptr(GBytes) raw = g_bytes_new_take(text, bytes);
        /* Many have one Message-ID. */
        test_desk_run(desk, "DELETE FROM inbound_key");
        g_free(take(desk, name, raw));
        n++;
    }
    g_assert_cmpint(n, >, 80);
}

/* ---- those that are made ---- */

static GBytes *text_mail(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

static GBytes *nest(void)
{
    g_autoptr(GString) text = g_string_new("From: a@b.example\n" TO);
    for (int i = 0; i < 1000; i++)
        g_string_append_printf(text, "Content-Type: multipart/mixed; boundary=\"b%d\"\n\n--b%d\n",
                               i, i);
    g_string_append(text, "\ndeep\n");
    return g_bytes_new(text->str, text->len);
}

static GBytes *parts(void)
{
    g_autoptr(GString) text =
        g_string_new("From: a@b.example\n" TO "Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 1000; i++)
        g_string_append_printf(text, "--b\nContent-Disposition: attachment\n\n%d\n", i);
    g_string_append(text, "--b--\n");
    return g_bytes_new(text->str, text->len);
}

static GBytes *header(size_t bytes)
{
    g_autofree char *filler = g_strnfill(bytes, 'x');
    g_autofree char *text = g_strdup_printf("From: a@b.example\n" TO "Subject: %s\n\nx\n", filler);
    return text_mail(text);
}

static GBytes *header_of_a_megabyte(void)
{
    return header((size_t)1024 * 1024 - 100);
}

static GBytes *header_of_more(void)
{
    return header((size_t)1024 * 1024 + 100);
}

static GBytes *nul_bytes(void)
{
    static const char text[] = "From: a\0b@c.example\nSubject: o\0n\0e\n" TO "\nA\0B\0\0C\n";
    return g_bytes_new(text, sizeof text - 1);
}

static GBytes *nul_attachment(void)
{
    static const char text[] =
        "From: a@b.example\n" TO "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n"
        "Content-Type: application/octet-stream; name=\"a\0b\"\n\n\0\1\2\0\n--b--\n";
    return g_bytes_new(text, sizeof text - 1);
}

static GBytes *no_from(void)
{
    return text_mail(TO "Subject: x\n\nx\n");
}

static GBytes *ten_froms(void)
{
    g_autoptr(GString) text = g_string_new(TO);
    for (int i = 0; i < 10; i++)
        g_string_append_printf(text, "From: anna@bluebird.example\n");
    g_string_append(text, "\nx\n");
    return g_bytes_new(text->str, text->len);
}

static GBytes *bare_cr(void)
{
    return text_mail("From: a@b.example\rSubject: no\r" TO "Subject: a\rb\n\none\rtwo\r\rthree\n");
}

static GBytes *no_boundary(void)
{
    return text_mail("From: a@b.example\n" TO "Content-Type: multipart/mixed\n\n--b\n\nlost\n");
}

static GBytes *lying_charset(void)
{
    return text_mail("From: =?utf-8?q?=ff=fe?= <a@b.example>\n" TO
                     "Subject: =?us-ascii?q?=e4=f6?= =?x-none?b?////?=\n"
                     "Content-Type: text/plain; charset=utf-8\n\nGr\xfc\xdf"
                     "e \xed\xa0\x80 \xff\n");
}

static GBytes *groups(void)
{
    return text_mail("From: (it is) anna (Anna) @ (our) bluebird.example (really)\n"
                     "To: Us: support@desk.example, (we) boss@bluebird.example;, Empty:;\n"
                     "Subject: groups\n\nx\n");
}

static GBytes *control_characters(void)
{
    return text_mail("From: a@b.example\n" TO "Subject: \x01\x1b[31m\x7f\xc2\x85\xe2\x80\xae"
                     "x\n\n\x01\x1b[2J\x0c\x0b\n");
}

typedef struct {
    const char *name;
    GBytes *(*make)(void);
    const char *want; /* state and reason */
} Case;

static const Case cases[] = {
    {"1000 multiparts in each other", nest, "quarantined unreadable"},
    {"1000 parts", parts, "quarantined unreadable"},
    {"a header of nearly a megabyte", header_of_a_megabyte, "unmatched unknown_sender"},
    {"a header of more", header_of_more, "quarantined unreadable"},
    {"NUL bytes", nul_bytes, "unmatched unknown_sender"},
    {"NUL bytes attached", nul_attachment, "unmatched unknown_sender"},
    {"no From", no_from, "unmatched no_sender"},
    {"ten Froms", ten_froms, "unmatched no_sender"},
    {"bare CR", bare_cr, "unmatched no_sender"},
    {"no boundary", no_boundary, "unmatched unknown_sender"},
    {"a charset that lies", lying_charset, "unmatched unknown_sender"},
    {"comments and groups in addresses", groups, "filed customer"},
    {"control characters", control_characters, "unmatched unknown_sender"},
};

static void test_case(gconstpointer data)
{
    const Case *one = data;
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    g_autoptr(GBytes) raw = one->make();
    g_autofree char *became = take(desk, one->name, raw);
    g_assert_cmpstr(became, ==, one->want);
}

/* The largest mail is filed, one byte more is refused and leaves nothing. */
static void test_size(void)
{
    static const char head[] = "From: anna@bluebird.example\n" TO "Subject: large\n\n";
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(LIMIT_INBOUND_MAIL_BYTES + 1, 'x');
    for (size_t i = 70; i <= LIMIT_INBOUND_MAIL_BYTES; i += 71)
        text[i] = '\n';
    memcpy(text, head, sizeof head - 1);
    g_autoptr(GBytes) fits = g_bytes_new_static(text, LIMIT_INBOUND_MAIL_BYTES);
    g_autofree char *became = take(desk, "the largest", fits);
    g_assert_cmpstr(became, ==, "filed customer");
    g_autoptr(GBytes) large = g_bytes_new_static(text, LIMIT_INBOUND_MAIL_BYTES + 1);
    MailOrigin origin = {.source = "ingest"};
    g_auto(Filed) filed = {0};
    g_assert_false(connector_file(desk->desk, large, &origin, &filed, &error));
    g_assert_cmpstr(error_problem(error), ==, "mail-too-large");
    assert_rows(desk, "SELECT COUNT(*) FROM inbound_mail", 1, "1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/bad-input/files", test_files);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/bad-input/%s", cases[i].name);
        g_test_add_data_func(name, &cases[i], test_case);
    }
    g_test_add_func("/bad-input/size", test_size);
    return g_test_run();
}
