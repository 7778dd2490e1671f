/* SPDX-License-Identifier: Apache-2.0 */
/* The encoders' exact output where it is promised, and their limits where only those are. */
#include "mail/encode.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *in;
    BodyEncoding chosen;
    const char *out; /* in quoted-printable */
} BodyCase;

#define S76 "1234567890123456789012345678901234567890123456789012345678901234567890123456"

static const BodyCase bodies[] = {
    {"empty", "", ENCODE_7BIT, ""},
    {"plain", "one\ntwo\n", ENCODE_7BIT, "one\r\ntwo\r\n"},
    {"no-newline-at-end", "one", ENCODE_7BIT, "one\r\n"},
    {"crlf-and-cr", "a\r\nb\rc\n", ENCODE_QUOTED_PRINTABLE, "a\r\nb\r\nc\r\n"},
    {"empty-lines", "\n\na\n\n", ENCODE_7BIT, "\r\n\r\na\r\n\r\n"},
    {"umlaut", "Guten Tag, Herr M\u00fcller\n", ENCODE_QUOTED_PRINTABLE,
     "Guten Tag, Herr M=C3=BCller\r\n"},
    {"equals", "1 + 1 = 2\n", ENCODE_7BIT, "1 + 1 =3D 2\r\n"},
    {"space-at-end", "a \nb\t\n", ENCODE_QUOTED_PRINTABLE, "a=20\r\nb=09\r\n"},
    {"from-line", "From here\nFrom", ENCODE_QUOTED_PRINTABLE, "=46rom here\r\nFrom\r\n"},
    {"dot-line", ".\n..x\n", ENCODE_QUOTED_PRINTABLE, "=2E\r\n=2E.x\r\n"},
    {"control", "a\x01z\n", ENCODE_QUOTED_PRINTABLE, "a=01z\r\n"},
    {"line-76", S76 "\n", ENCODE_7BIT, S76 "\r\n"},
    {"line-77", S76 "7\n", ENCODE_QUOTED_PRINTABLE,
     "123456789012345678901234567890123456789012345678901234567890123456789012345=\r\n67\r\n"},
    {"dot-after-soft-break",
     "123456789012345678901234567890123456789012345678901234567890123456789012345.b\n",
     ENCODE_QUOTED_PRINTABLE,
     "123456789012345678901234567890123456789012345678901234567890123456789012345=\r\n=2Eb\r\n"},
    {"japanese", "\u65e5\u672c\u8a9e\n", ENCODE_BASE64, "=E6=97=A5=E6=9C=AC=E8=AA=9E\r\n"},
};

static void test_body(gconstpointer data)
{
    const BodyCase *c = data;
    size_t n = strlen(c->in);
    g_assert_cmpint(encode_body_choose(c->in, n, true), ==, c->chosen);
    g_assert_cmpint(encode_body_choose(c->in, n, false), !=, ENCODE_7BIT);
    g_autoptr(GString) out = g_string_new(NULL);
    encode_body(out, c->in, n, ENCODE_QUOTED_PRINTABLE);
    g_assert_cmpstr(out->str, ==, c->out);
}

typedef struct {
    const char *name;
    bool phrase;
    const char *in;
    const char *out;
} FieldCase;

static const FieldCase fields[] = {
    {"subject-plain", false, "Ticket 7 was opened", "X: Ticket 7 was opened\r\n"},
    {"subject-empty", false, "", "X:\r\n"},
    {"subject-folds", false,
     "The quick brown fox jumps over the lazy dog and then it rests for a while in the sun",
     "X: The quick brown fox jumps over the lazy dog and then it rests for a while\r\n"
     " in the sun\r\n"},
    {"subject-two-spaces", false, "a  b", "X: =?UTF-8?Q?a__b?=\r\n"},
    {"subject-looks-encoded", false, "=?UTF-8?Q?x?=", "X: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n"},
    {"subject-umlaut", false, "Drucker l\u00e4uft nicht",
     "X: =?UTF-8?Q?Drucker_l=C3=A4uft_nicht?=\r\n"},
    {"subject-emoji", false, "\U0001F680", "X: =?UTF-8?B?8J+agA==?=\r\n"},
    {"name-atoms", true, "Ann Lee", "X: Ann Lee\r\n"},
    {"name-quoted", true, "Lee, Ann (IT) \"x\\y\"", "X: \"Lee, Ann (IT) \\\"x\\\\y\\\"\"\r\n"},
    {"name-dot", true, "A. Lee", "X: \"A. Lee\"\r\n"},
    {"name-umlaut", true, "J\u00fcrgen", "X: =?UTF-8?Q?J=C3=BCrgen?=\r\n"},
    {"name-specials-in-word", true, "M\u00fc <a@b>", "X: =?UTF-8?B?TcO8IDxhQGI+?=\r\n"},
};

static void test_field(gconstpointer data)
{
    const FieldCase *c = data;
    g_autoptr(GString) out = g_string_new(NULL);
    HeaderField field;
    encode_field(&field, out, "X");
    if (c->phrase)
        encode_phrase(&field, c->in);
    else
        encode_unstructured(&field, c->in);
    encode_field_end(&field);
    g_assert_cmpstr(out->str, ==, c->out);
}

/* 255 emoji: no line over 78, no encoded word over 75, each word whole characters on its own. */
static void test_long_words(void)
{
    g_autoptr(GString) subject = g_string_new(NULL);
    for (int i = 0; i < 255; i++)
        g_string_append(subject, i % 3 ? "\U0001F680" : "\u00e4");
    g_autoptr(GString) out = g_string_new(NULL);
    HeaderField field;
    encode_field(&field, out, "Subject");
    encode_unstructured(&field, subject->str);
    encode_field_end(&field);

    g_autoptr(GString) decoded = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(out->str, "\r\n", -1);
    for (size_t i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
        g_assert_cmpuint(strlen(lines[i]), <=, ENCODE_LINE_CHARS);
        char *word = strstr(lines[i], "=?UTF-8?B?");
        g_assert_nonnull(word);
        g_assert_cmpuint(strlen(word), <=, 75);
        g_assert_true(g_str_has_suffix(word, "?="));
        gsize n;
        g_autofree guchar *bytes = g_base64_decode(word + strlen("=?UTF-8?B?"), &n);
        g_assert_true(g_utf8_validate((char *)bytes, (gssize)n, NULL));
        g_string_append_len(decoded, (char *)bytes, (gssize)n);
    }
    g_assert_cmpstr(decoded->str, ==, subject->str);
}

static void test_base64_lines(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append(text, i % 40 ? "\u65e5" : "\n");
    g_autoptr(GString) out = g_string_new(NULL);
    encode_body(out, text->str, text->len, ENCODE_BASE64);
    g_auto(GStrv) lines = g_strsplit(out->str, "\r\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++)
        g_assert_cmpuint(strlen(lines[i]), <=, 76);
    gsize n;
    g_autofree guchar *bytes = g_base64_decode(out->str, &n);
    g_autoptr(GString) back = g_string_new_len((char *)bytes, (gssize)n);
    g_string_replace(back, "\r\n", "\n", 0);
    g_string_truncate(back, back->len - 1); /* the newline that every text ends in */
    g_assert_cmpstr(back->str, ==, text->str);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *path = g_strconcat("/mail/encode/body/", bodies[i].name, NULL);
        g_test_add_data_func(path, &bodies[i], test_body);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *path = g_strconcat("/mail/encode/field/", fields[i].name, NULL);
        g_test_add_data_func(path, &fields[i], test_field);
    }
    g_test_add_func("/mail/encode/long-words", test_long_words);
    g_test_add_func("/mail/encode/base64-lines", test_base64_lines);
    return g_test_run();
}
