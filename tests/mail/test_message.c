/* SPDX-License-Identifier: Apache-2.0 */
/* What is built is read back by two strangers: Python's email package (read_message.py) and GMime.
 */
#include "base/error.h"
#include "base/json.h"
#include "mail/message.h"

#include <glib/gstdio.h>
#include <string.h>

#define DATE_US (INT64_C(1763922728) * 1000000 + 999999)
#define ROOT    "t7.root@desk.example"

typedef struct {
    const char *name;
    const char *from_name;
    const char *to_name;
    const char *to_address;
    const char *to_read; /* NULL: as to_address */
    const char *subject;
    const char *text;
    const char *html;
    bool not_7bit;
} Case;

static const Case cases[] = {
    {"plain", "Desk", "Ann Lee", "ann@example.com", NULL, "Ticket 7 was opened",
     "Hello,\n\nit works.\n", NULL, false},
    {"nameless", NULL, NULL, "ann@example.com", NULL, "x", "y\n", NULL, false},
    {"empty", "", "", "ann@example.com", NULL, "", "\n", NULL, false},
    {"german", "M\u00fcller & S\u00f6hne, IT", "J\u00fcrgen Gro\u00df", "j@example.com", NULL,
     "Ticket 7: Drucker l\u00e4uft nicht, \u00fcberpr\u00fcfen",
     "Sehr geehrter Herr Gro\u00df,\n\nder Drucker l\u00e4uft wieder. 1 = 1; Gr\u00fc\u00dfe\n",
     "<p>Gr\u00fc\u00dfe</p>\n", false},
    {"japanese", "\u30b5\u30dd\u30fc\u30c8", "\u5c71\u7530 \u592a\u90ce",
     "taro@\u65e5\u672c\u8a9e.jp", "taro@xn--wgv71a119e.jp",
     "\u30c1\u30b1\u30c3\u30c8\uff17\u304c\u958b\u304b\u308c\u307e\u3057\u305f\u3002\u30d7\u30ea"
     "\u30f3\u30bf\u30fc\u304c\u52d5\u304d\u307e\u305b\u3093\u3002\u3088\u308d\u3057\u304f\u304a"
     "\u9858\u3044\u3057\u307e\u3059",
     "\u3053\u3093\u306b\u3061\u306f\n\n\u30d7\u30ea\u30f3\u30bf\u30fc\u304c\u52d5\u304d\u307e"
     "\u305b\u3093\u3002\n",
     NULL, false},
    {"emoji", "\U0001F680 Desk", "\U0001F469\u200D\U0001F4BB", "a@example.com", NULL,
     "\U0001F525\U0001F525 server \U0001F469\u200D\U0001F4BB down", "\U0001F525\n",
     "<b>\U0001F525</b>\n", false},
    {"arabic", "\u0627\u0644\u062f\u0639\u0645", "\u0645\u062d\u0645\u062f", "m@example.com", NULL,
     "\u0627\u0644\u062a\u0630\u0643\u0631\u0629 7: \u0627\u0644\u0637\u0627\u0628\u0639\u0629 "
     "\u0644\u0627 \u062a\u0639\u0645\u0644",
     "\u0645\u0631\u062d\u0628\u0627\n", NULL, false},
    {"quoted-names", "Lee, Ann (\"IT\") \\ desk", "a@b; c:d", "a@example.com", NULL, "x", "y\n",
     NULL, false},
    {"subject-spaces", "D", NULL, "a@example.com", NULL,
     "two  spaces and =?UTF-8?Q?not_encoded?= words", "y\n", NULL, false},
    {"subject-long-word", "D", NULL, "a@example.com", NULL,
     "https://example.com/"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaa end",
     "y\n", NULL, false},
    {"lines", "D", NULL, "a@example.com", NULL, "x",
     "From here\n>From there\n.\n..\n. \n \t\ntrailing \n--=_0123\n--\nsig\n",
     "<p>.\n.\nFrom x</p>\n", false},
    {"long-lines", "D", NULL, "a@example.com", NULL, "x",
     "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012"
     "3456789\n"
     "\u00e4\u00e4\u00e4\u00e4\u00e4 "
     "0123456789012345678901234567890123456789012345678901234567890123456789\n",
     NULL, false},
    {"controls", "D", NULL, "a@example.com", NULL, "x", "tab\there\x01 esc\x1b[0m\n", NULL, false},
    {"smtputf8", "D", "J\u00fcrgen", "j\u00fcrgen@example.com", NULL, "x", "y\n", NULL, true},
};

static const char *const references[] = {ROOT, "a1.opened@desk.example", "a2.changed@desk.example",
                                         NULL};

static MessageParts parts_of(const Case *c)
{
    return (MessageParts){
        .from_name = c->from_name,
        .from_address = "desk@example.org",
        .to_name = c->to_name,
        .to_address = c->to_address,
        .reply_to = "desk+t7.abc@example.org",
        .subject = c->subject,
        .date_us = DATE_US,
        .message_id = "a3.closed@desk.example",
        .in_reply_to = "a2.changed@desk.example",
        .references = references,
        .language = "de-AT",
        .automatic = MESSAGE_AUTO_GENERATED,
        .text = c->text,
        .html = c->html,
    };
}

static GBytes *build(const Case *c)
{
    MessageParts parts = parts_of(c);
    g_autoptr(GError) error = NULL;
    GBytes *message = message_build(&parts, &error);
    g_assert_no_error(error);
    return message;
}

static const char *inner(const json_t *object, const char *name, const char *member)
{
    return json_get_text(json_object_get(object, name), member);
}

static void check_case(const Case *c, const json_t *read)
{
    g_test_message("%s", c->name);
    const json_t *defects = json_object_get(read, "defects");
    g_autofree char *listed = json_text(defects);
    g_assert_cmpstr(listed, ==, "[]");
    g_assert_cmpstr(json_get_text(read, "subject"), ==, c->subject);
    g_assert_cmpstr(inner(read, "from", "name"), ==, c->from_name != NULL ? c->from_name : "");
    g_assert_cmpstr(inner(read, "from", "address"), ==, "desk@example.org");
    g_assert_cmpstr(inner(read, "to", "name"), ==, c->to_name != NULL ? c->to_name : "");
    g_assert_cmpstr(inner(read, "to", "address"), ==,
                    c->to_read != NULL ? c->to_read : c->to_address);
    g_assert_cmpstr(inner(read, "reply_to", "address"), ==, "desk+t7.abc@example.org");
    g_assert_cmpstr(json_get_text(read, "date"), ==, "2025-11-23T18:32:08+00:00");
    g_assert_cmpstr(json_get_text(read, "message_id"), ==, "a3.closed@desk.example");
    g_assert_cmpstr(json_get_text(read, "in_reply_to"), ==, "<a2.changed@desk.example>");
    g_assert_cmpstr(json_get_text(read, "references"), ==,
                    "<" ROOT "> <a1.opened@desk.example> <a2.changed@desk.example>");
    g_assert_cmpstr(json_get_text(read, "language"), ==, "de-AT");
    g_assert_cmpstr(json_get_text(read, "auto"), ==, "auto-generated");
    g_assert_cmpstr(json_get_text(read, "suppress"), ==, "All");
    g_assert_cmpstr(json_get_text(read, "text"), ==, c->text);
    g_assert_cmpstr(json_get_text(read, "html"), ==, c->html != NULL ? c->html : "");
    g_assert_cmpint(json_get_int(read, "longest_line"), <=, 78);
    g_assert_cmpint(json_get_bool(read, "is_7bit", false), ==, !c->not_7bit);
    g_assert_cmpint(json_get_int(read, "lines_with_from"), ==, 0);
}

/* Builds all cases into files of a temporary folder and has them read in one go. */
static json_t *read_all(const char *reader, const char *folder)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup("python3"));
    g_ptr_array_add(argv, g_strdup(reader));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) message = build(&cases[i]);
        char *path = g_strdup_printf("%s/%zu.eml", folder, i);
        g_assert_true(g_file_set_contents(path, g_bytes_get_data(message, NULL),
                                          (gssize)g_bytes_get_size(message), NULL));
        g_ptr_array_add(argv, path);
    }
    g_ptr_array_add(argv, NULL);
    g_autofree char *output = NULL;
    g_autofree char *errors = NULL;
    int status;
    g_assert_true(g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               &output, &errors, &status, NULL));
    for (guint i = 2; i + 1 < argv->len; i++)
        g_unlink(argv->pdata[i]);
    g_assert_cmpstr(errors, ==, "");
    g_assert_cmpint(status, ==, 0);
    g_autoptr(GError) error = NULL;
    json_t *read = json_parse(output, strlen(output), &error);
    g_assert_no_error(error);
    return read;
}

static void test_python_reads_it(void)
{
    const char *reader = g_getenv("TEST_READER");
    g_autofree char *python = g_find_program_in_path("python3");
    if (reader == NULL || python == NULL) {
        g_test_skip("needs python3 and TEST_READER");
        return;
    }
    g_autofree char *folder = g_dir_make_tmp("tidings-mail-XXXXXX", NULL);
    json_t *read = read_all(reader, folder);
    g_assert_cmpuint(json_array_size(read), ==, G_N_ELEMENTS(cases));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        check_case(&cases[i], json_array_get(read, i));
    json_decref(read);
    g_rmdir(folder);
}

static void test_gmime_reads_it(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(GBytes) message = build(c);
    g_autofree char *readable = message_to_readable(message);
    g_assert_nonnull(readable);
    g_autofree char *subject = g_strdup_printf("\nSubject: %s\n", c->subject);
    g_assert_nonnull(strstr(readable, subject));
    char *text = strstr(readable, "\n\n");
    g_assert_nonnull(text);
    g_assert_cmpstr(text + 2, ==, c->text);
}

/* A known message, byte by byte: when this changes, MESSAGE_COMPOSER_VERSION must too. */
static void test_exact_bytes(void)
{
    static const char expected[] =
        "Date: Sun, 23 Nov 2025 18:32:08 +0000\r\n"
        "From: =?UTF-8?B?TcO8bGxlciAmIFPDtmhuZSwgSVQ=?= <desk@example.org>\r\n"
        "To: =?UTF-8?B?SsO8cmdlbiBHcm/Dnw==?= <j@example.com>\r\n"
        "Reply-To: desk+t7.abc@example.org\r\n"
        "Subject: =?UTF-8?Q?Ticket_7=3A_Drucker_l=C3=A4uft_nicht=2C_=C3=BCberpr=C3=BC?=\r\n"
        " =?UTF-8?Q?fen?=\r\n"
        "Message-ID: <a3.closed@desk.example>\r\n"
        "In-Reply-To: <a2.changed@desk.example>\r\n"
        "References: <t7.root@desk.example> <a1.opened@desk.example>\r\n"
        " <a2.changed@desk.example>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: All\r\n"
        "Content-Language: de-AT\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative;\r\n boundary=\"=_BOUNDARY\"\r\n"
        "\r\n"
        "--=_BOUNDARY\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Sehr geehrter Herr Gro=C3=9F,\r\n"
        "\r\n"
        "der Drucker l=C3=A4uft wieder. 1 =3D 1; Gr=C3=BC=C3=9Fe\r\n"
        "\r\n--=_BOUNDARY\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "\r\n"
        "PHA+R3LDvMOfZTwvcD4NCg==\r\n"
        "\r\n--=_BOUNDARY--\r\n";
    g_autoptr(GBytes) message = build(&cases[3]);
    g_autoptr(GString) text =
        g_string_new_len(g_bytes_get_data(message, NULL), (gssize)g_bytes_get_size(message));
    g_autofree char *digest =
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, "a3.closed@desk.example", -1);
    digest[32] = '\0';
    g_string_replace(text, digest, "BOUNDARY", 0);
    g_assert_cmpstr(text->str, ==, expected);
    g_assert_cmpint(MESSAGE_COMPOSER_VERSION, ==, 1);
    g_autoptr(GBytes) again = build(&cases[3]);
    g_assert_true(g_bytes_equal(message, again));
}

typedef struct {
    const char *name;
    size_t offset; /* of a char * in MessageParts */
    const char *value;
} BadCase;

#define AT(member) offsetof(MessageParts, member)

static const BadCase bad_cases[] = {
    {"subject-crlf", AT(subject), "x\r\nBcc: eve@example.com"},
    {"subject-lf", AT(subject), "x\nBcc: eve@example.com"},
    {"subject-cr", AT(subject), "x\rBcc: eve@example.com"},
    {"subject-control", AT(subject), "x\x01"},
    {"subject-not-utf8", AT(subject), "\xff"},
    {"from-name-crlf", AT(from_name), "x\r\nBcc: e"},
    {"to-name-lf", AT(to_name), "x\n y"},
    {"from-address-crlf", AT(from_address), "a@example.com\r\nBcc: e"},
    {"from-address-none", AT(from_address), NULL},
    {"to-address-list", AT(to_address), "a@example.com, b@example.com"},
    {"to-address-bracket", AT(to_address), "x> <b@example.com"},
    {"reply-to-crlf", AT(reply_to), "a@example.com\r\n"},
    {"reply-to-empty", AT(reply_to), ""},
    {"message-id-none", AT(message_id), NULL},
    {"message-id-empty", AT(message_id), ""},
    {"message-id-crlf", AT(message_id), "a@b\r\nX: y"},
    {"message-id-bracket", AT(message_id), "a@b> <c@d"},
    {"message-id-space", AT(message_id), "a b@c"},
    {"message-id-not-ascii", AT(message_id), "\u00e4@c"},
    {"in-reply-to-lf", AT(in_reply_to), "a@b\n"},
    {"language-crlf", AT(language), "de\r\nX: y"},
    {"language-empty", AT(language), ""},
    {"text-none", AT(text), NULL},
    {"text-not-utf8", AT(text), "\xc3("},
    {"html-not-utf8", AT(html), "\xc3("},
};

static void test_bad(gconstpointer data)
{
    const BadCase *c = data;
    MessageParts parts = parts_of(&cases[0]);
    memcpy((char *)&parts + c->offset, &c->value, sizeof c->value);
    g_autoptr(GError) error = NULL;
    g_assert_null(message_build(&parts, &error));
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_assert_cmpstr(error_problem(error), ==, "bad-message");
}

static void test_bad_references_and_date(void)
{
    MessageParts parts = parts_of(&cases[0]);
    parts.references = (const char *const[]){"a@b", "c@d\r\nX: y", NULL};
    g_assert_null(message_build(&parts, NULL));
    parts.references = (const char *const[]){NULL};
    g_autoptr(GBytes) without = message_build(&parts, NULL);
    g_assert_nonnull(without);
    parts.date_us = INT64_MAX;
    g_assert_null(message_build(&parts, NULL));
    parts.date_us = INT64_MIN;
    g_assert_null(message_build(&parts, NULL));
}

/* The largest subject and text there can be. */
static void test_large(void)
{
    g_autoptr(GString) subject = g_string_new(NULL);
    for (int i = 0; i < 255; i++)
        g_string_append(subject, "\U0001F680");
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len < 1024 * 1024 - 200)
        g_string_append(text, text->len % 7 ? "Zeile mit \u00e4 und sonst nichts. " : "\n");
    g_string_append_c(text, '\n');
    MessageParts parts = parts_of(&cases[0]);
    parts.subject = subject->str;
    parts.text = text->str;
    parts.html = text->str;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) message = message_build(&parts, &error);
    g_assert_no_error(error);
    g_autofree char *readable = message_to_readable(message);
    g_assert_nonnull(strstr(readable, subject->str));
    g_assert_cmpstr(strstr(readable, "\n\n") + 2, ==, text->str);
}

/* A text cannot end its part early, even when it knows the boundary. */
static void test_boundary_in_text(void)
{
    g_autofree char *digest =
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, "a3.closed@desk.example", -1);
    digest[32] = '\0';
    g_autofree char *text = g_strdup_printf(
        "before\n--=_%s\nContent-Type: text/html\n\n<b>forged</b>\n--=_%s--\nafter\n", digest,
        digest);
    MessageParts parts = parts_of(&cases[3]);
    parts.text = text;
    g_autoptr(GBytes) message = message_build(&parts, NULL);
    g_autofree char *readable = message_to_readable(message);
    g_assert_cmpstr(strstr(readable, "\n\n") + 2, ==, text);
}

static void test_not_a_message(void)
{
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_assert_null(message_to_readable(empty));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mail/message/python-reads-it", test_python_reads_it);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/mail/message/gmime-reads-it/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_gmime_reads_it);
    }
    g_test_add_func("/mail/message/exact-bytes", test_exact_bytes);
    for (size_t i = 0; i < G_N_ELEMENTS(bad_cases); i++) {
        g_autofree char *path = g_strconcat("/mail/message/refused/", bad_cases[i].name, NULL);
        g_test_add_data_func(path, &bad_cases[i], test_bad);
    }
    g_test_add_func("/mail/message/refused/references-and-date", test_bad_references_and_date);
    g_test_add_func("/mail/message/large", test_large);
    g_test_add_func("/mail/message/boundary-in-text", test_boundary_in_text);
    g_test_add_func("/mail/message/not-a-message", test_not_a_message);
    return g_test_run();
}
