/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mails that are made to hurt. Each of these took minutes, gigabytes or the process with a reader
 * that trusts its input; here they end, and say what was wrong. Nothing asserts on time: the test's
 * own limit does.
 */
#include "base/error.h"
#include "mail/html_to_text.h"
#include "mail/inbound.h"

#include <string.h>

#define HEAD "From: anna@customer.example\r\nMessage-ID: <h@customer.example>\r\n"

static InboundMail *read_text(GString *text, GError **error)
{
    g_autoptr(GBytes) raw = g_string_free_to_bytes(text);
    return inbound_read(raw, error);
}

static void append_times(GString *text, const char *what, size_t times)
{
    for (size_t i = 0; i < times; i++)
        g_string_append(text, what);
}

static void assert_refused(GString *text, TdErrorCode code, const char *problem, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(InboundMail) mail = read_text(text, &error);
    g_assert_null(mail);
    g_assert_true(error_is(error, code));
    g_assert_cmpstr(error_problem(error), ==, problem);
    g_assert_nonnull(strstr(error->message, words));
}

static InboundMail *read_well(GString *text)
{
    g_autoptr(GError) error = NULL;
    InboundMail *mail = read_text(text, &error);
    g_assert_no_error(error);
    return mail;
}

static GString *of_size(size_t bytes)
{
    GString *text = g_string_new(HEAD "\r\n");
    while (text->len < bytes)
        g_string_append(text, "A line of sixty-four bytes, as many as it takes to fill a mail\r\n");
    g_string_truncate(text, bytes);
    return text;
}

static void test_size(void)
{
    g_autoptr(InboundMail) mail = read_well(of_size(LIMIT_INBOUND_MAIL_BYTES));
    g_assert_cmpuint(mail->bytes, ==, LIMIT_INBOUND_MAIL_BYTES);
    g_assert_cmpuint(strlen(mail->text), <=, INBOUND_TEXT_BYTES);
    g_assert_true(inbound_has_defect(mail, "text-cut"));
    assert_refused(of_size(LIMIT_INBOUND_MAIL_BYTES + 1), TD_ERROR_LIMIT, "mail-too-large",
                   "26214401 bytes");
}

/* Parts in parts: `depth` multiparts around a text. */
static GString *nest(int depth)
{
    GString *text = g_string_new(HEAD);
    for (int i = 0; i < depth; i++)
        g_string_append_printf(
            text, "Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\n", i, i);
    g_string_append(text, "\r\nThe core.\r\n");
    return text;
}

static void test_nest(void)
{
    g_autoptr(InboundMail) mail = read_well(nest(INBOUND_DEPTH));
    g_assert_cmpstr(mail->text, ==, "The core.");
    assert_refused(nest(INBOUND_DEPTH + 2), TD_ERROR_INVALID, "unreadable-mail", "30 levels");
    assert_refused(nest(1000), TD_ERROR_INVALID, "unreadable-mail", "30 levels");
    assert_refused(nest(100000), TD_ERROR_INVALID, "unreadable-mail", "30 levels");
}

static GString *parts(size_t n)
{
    GString *text = g_string_new(HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    append_times(text, "--b\r\nContent-Type: image/gif\r\n\r\nGIF\r\n", n);
    return text;
}

static void test_parts(void)
{
    g_autoptr(InboundMail) mail = read_well(parts(INBOUND_PARTS - 1));
    g_assert_cmpuint(mail->parts, ==, INBOUND_PARTS);
    g_assert_cmpuint(mail->attachments->len, ==, INBOUND_ATTACHMENTS);
    g_assert_true(inbound_has_defect(mail, "too-many-attachments"));
    assert_refused(parts(INBOUND_PARTS), TD_ERROR_INVALID, "unreadable-mail", "1,000 parts");
    assert_refused(parts(400000), TD_ERROR_INVALID, "unreadable-mail", "1,000 parts");
}

/* Attached mails are one part each, however many are in them. */
static void test_attached_mails(void)
{
    GString *text = g_string_new(HEAD);
    append_times(text, "Content-Type: message/rfc822\r\n\r\n", 500000);
    g_autoptr(InboundMail) mail = read_well(text);
    g_assert_cmpuint(mail->parts, ==, 1);
    g_assert_cmpuint(mail->attachments->len, ==, 1);
}

static void test_header_size(void)
{
    GString *text = g_string_new(HEAD "X-Long: ");
    append_times(text, "0123456789abcde ", INBOUND_HEADER_BYTES / 16);
    g_string_append(text, "\r\n\r\nText.\r\n");
    assert_refused(text, TD_ERROR_INVALID, "unreadable-mail", "larger than 1 MiB");

    text = g_string_new(HEAD);
    append_times(text, "X-Many: x\r\n", INBOUND_HEADERS);
    assert_refused(text, TD_ERROR_INVALID, "unreadable-mail", "2,000 fields");

    text = g_string_new(HEAD);
    append_times(text, "X: x\r\n", 4000000);
    assert_refused(text, TD_ERROR_INVALID, "unreadable-mail", "2,000 fields");
}

/* One field of nearly a megabyte, of everything that has ever made a reader of it slow. */
static void test_long_fields(void)
{
    static const char *const names[] = {"To",
                                        "Subject",
                                        "References",
                                        "Received",
                                        "Content-Type",
                                        "Message-ID",
                                        "Date",
                                        "Return-Path",
                                        "Content-Disposition",
                                        "Authentication-Results"};
    static const char *const pieces[] = {
        "(",
        "a:",
        "<",
        ",",
        "\"",
        "\\",
        "a@b.example, ",
        "<a@b> ",
        "=?utf-8?q?",
        "=?utf-8?B?",
        ";a*0*=x",
        ";a=b",
        "@",
        "[",
        "=?a?q?=20?= ",
        " ",
        "\xff",
        "&",
        "x/y;z*1=",
        "=?utf-8?Q?=F0?= ",
        "\r\n \r\n\t",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        for (size_t k = 0; k < G_N_ELEMENTS(pieces); k++) {
            GString *text = g_string_new(HEAD);
            g_string_append_printf(text, "%s: ", names[i]);
            append_times(text, pieces[k], 200000 / strlen(pieces[k]));
            g_string_append(text, "\r\n\r\nText.\r\n");
            g_autoptr(InboundMail) mail = read_well(text);
            g_assert_nonnull(mail->text);
        }
}

static void test_many_addresses(void)
{
    GString *text = g_string_new(HEAD);
    for (int i = 0; i < 1900; i++)
        g_string_append_printf(text, "To: a%d@x.example, b%d@x.example\r\n", i, i);
    g_autoptr(InboundMail) mail = read_well(text);
    g_assert_cmpuint(mail->to->len, ==, INBOUND_ADDRESSES);
    g_assert_true(inbound_has_defect(mail, "too-many-addresses"));
}

/* A million lines that could each be the boundary of each of 30 multiparts. */
static void test_dashes(void)
{
    GString *text = nest(INBOUND_DEPTH);
    append_times(text, "--\n", 1000 * 1000);
    g_autoptr(InboundMail) mail = read_well(text);
    g_assert_true(inbound_has_defect(mail, "text-cut"));
}

static void test_long_line(void)
{
    GString *text =
        g_string_new(HEAD "Content-Type: multipart/mixed; boundary=\"--------\"\r\n\r\n");
    append_times(text, "----------------", 1500000);
    g_autoptr(InboundMail) mail = read_well(text);
    g_assert_true(inbound_has_defect(mail, "no-boundary"));
}

/* Branches of branches: each text is read once, not once a level. */
static void test_alternatives(void)
{
    GString *text = g_string_new(HEAD);
    for (int i = 0; i < 30; i++)
        g_string_append_printf(text,
                               "Content-Type: multipart/alternative; boundary=\"b%d\"\r\n\r\n--b%d"
                               "\r\nContent-Type: text/html\r\n\r\n<p>%d\r\n--b%d\r\n",
                               i, i, i, i);
    append_times(text, "\r\n \r\n", 400000);
    g_autoptr(InboundMail) mail = read_well(text);
    g_assert_cmpstr(mail->text, ==, "29");
}

static void test_charsets(void)
{
    static const char *const charsets[] = {"utf-8",       "utf-16", "utf-32",  "iso-2022-jp",
                                           "iso-2022-kr", "utf-7",  "gb18030", "no-such"};
    for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
        GString *text = g_string_new(HEAD);
        g_string_append_printf(text, "Content-Type: text/plain; charset=%s\r\n\r\n", charsets[i]);
        append_times(text, "\xff\x1b$B\x80+\xd8", 100000);
        g_autoptr(InboundMail) mail = read_well(text);
        g_assert_true(g_utf8_validate(mail->text, -1, NULL));
    }
}

static void check_html(GString *html)
{
    bool cut = false;
    g_autofree char *text = html_to_text(html->str, html->len, 100000, &cut);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpuint(strlen(text), <=, 100000);
    g_string_free(html, TRUE);
}

static void test_html(void)
{
    static const char *const pieces[] = {
        "<b>",
        "<div>",
        "<p>",
        "<table><tr><td>",
        "<blockquote>",
        "<ul><li>",
        "<a href=x>",
        "</i>",
        "<!--",
        "<script>",
        "<a b='>",
        "&",
        "&#x41",
        "<",
        "</",
        "<pre>",
        "<font>",
        "<b></i>",
        "<x:y z>",
        "<form><form>",
        "<!",
        "<?",
        "]]>",
        "<svg><b/>",
        "<a href='mailto:",
        "&amp",
        "<br>",
        "x<hr>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        GString *html = g_string_new("<p>text");
        append_times(html, pieces[i], 400000 / strlen(pieces[i]));
        check_html(html);
    }
    GString *html = g_string_new("<a ");
    for (int i = 0; i < 200000; i++)
        g_string_append_printf(html, "a%d ", i);
    g_string_append(html, ">text</a>");
    check_html(html);
}

/* Deep, and at its end a text: what is deeper than the limit ends the reading. */
static void test_html_depth(void)
{
    GString *html = g_string_new(NULL);
    append_times(html, "<div>x", HTML_TO_TEXT_DEPTH * 2);
    bool cut = false;
    g_autofree char *text = html_to_text(html->str, html->len, 100000, &cut);
    g_assert_true(cut);
    g_assert_true(g_str_has_prefix(text, "x\nx\nx\n"));
    g_string_free(html, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mail/hostile/size", test_size);
    g_test_add_func("/mail/hostile/nest", test_nest);
    g_test_add_func("/mail/hostile/parts", test_parts);
    g_test_add_func("/mail/hostile/attached mails", test_attached_mails);
    g_test_add_func("/mail/hostile/header size", test_header_size);
    g_test_add_func("/mail/hostile/long fields", test_long_fields);
    g_test_add_func("/mail/hostile/many addresses", test_many_addresses);
    g_test_add_func("/mail/hostile/dashes", test_dashes);
    g_test_add_func("/mail/hostile/long line", test_long_line);
    g_test_add_func("/mail/hostile/alternatives", test_alternatives);
    g_test_add_func("/mail/hostile/charsets", test_charsets);
    g_test_add_func("/mail/hostile/html", test_html);
    g_test_add_func("/mail/hostile/html depth", test_html_depth);
    return g_test_run();
}
