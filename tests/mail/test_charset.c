/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes and what they are said to be; flowed text. */
#include "mail/charset.h"
#include "mail/flowed.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *charset; /* NULL: nothing is said */
    const char *bytes;
    const char *text;
    bool wrong;
} Row;

static const Row rows[] = {
    {"ascii", "us-ascii", "abc", "abc", false},
    {"ascii with latin", "us-ascii",
     "Gr\xfc\xdf"
     "e",
     "Grüße", false},
    {"utf-8", "UTF-8", "Grüße", "Grüße", false},
    {"utf8 misspelt", "utf8", "Grüße", "Grüße", false},
    {"utf-8 in quotes", "\"utf-8\"", "Grüße", "Grüße", false},
    {"utf-8 that is latin", "utf-8",
     "Gr\xfc\xdf"
     "e",
     "Grüße", true},
    {"utf-8 cut", "utf-8", "Grüße \xc3", "Grüße \ufffd", true},
    {"utf-8 as good as bad", "utf-8", "ü \xc3", "ü \ufffd", true},
    {"utf-8 of surrogates", "utf-8", "\xed\xa0\x80", "í\u00a0€", true},
    {"latin", "iso-8859-1",
     "Gr\xfc\xdf"
     "e \x80",
     "Grüße €", false},
    {"latin that is utf-8", "ISO-8859-1", "Grüße", "Grüße", true},
    {"windows", "Windows-1252", "\x93x\x94", "“x”", false},
    {"windows' gaps", "Windows-1252", "a\x81z", "a\ufffdz", false},
    {"latin 2", "iso-8859-2", "\xb1", "ą", false},
    {"latin 9", "iso-8859-15", "\xa4", "€", false},
    {"latin 5", "iso-8859-9", "\xfd", "ı", false},
    {"cyrillic", "windows-1251", "\xcf\xf0", "Пр", false},
    {"cp1251", "cp1251", "\xcf\xf0", "Пр", false},
    {"koi8-u", "koi8-u", "\xa4", "є", false},
    {"dos", "ibm850", "\x81", "ü", false},
    {"thai", "tis-620", "\xa1", "ก", false},
    {"chinese", "gb2312", "\xd6\xec", "朱", false},
    {"big5", "big5", "\xa4\xa4", "中", false},
    {"korean", "ks_c_5601-1987", "\xb0\xa1", "가", false},
    {"japanese", "shift_jis", "\x93\xfa", "日", false},
    {"euc-jp", "euc-jp", "\xc6\xfc", "日", false},
    {"iso-2022-jp", "iso-2022-jp", "\x1b$BF|\x1b(B", "日", false},
    {"iso-2022-jp unsaid", NULL, "\x1b$BF|\x1b(B", "日", false},
    {"iso-2022-jp as ascii", "us-ascii", "\x1b$BF|\x1b(B", "日", false},
    {"japanese that is utf-8", "shift_jis", "日本語", "日本語", true},
    {"utf-7", "utf-7", "+ZeU-", "日", false},
    {"unsaid utf-8", NULL, "Grüße", "Grüße", false},
    {"unsaid latin", NULL,
     "Gr\xfc\xdf"
     "e",
     "Grüße", true},
    {"empty name", "", "Grüße", "Grüße", false},
    {"unknown", "klingon",
     "Gr\xfc\xdf"
     "e",
     "Grüße", true},
    {"a name of iconv's that is none of ours", "UTF-8//TRANSLIT", "ü", "ü", true},
    {"a path", "../../x", "ü", "ü", true},
    {"a rare converter", "IBM1399", "ü", "ü", true},
    {"empty", "utf-8", "", "", false},
};

static void test_row(gconstpointer data)
{
    const Row *row = data;
    bool wrong = false;
    g_autofree char *text = charset_to_utf8(row->bytes, strlen(row->bytes), row->charset, &wrong);
    g_assert_cmpstr(text, ==, row->text);
    g_assert_true(wrong == row->wrong);
}

static void test_nul(void)
{
    static const char *const charsets[] = {"utf-8", "iso-8859-1", "windows-1251", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
        g_autofree char *text = charset_to_utf8("a\0b\0", 4, charsets[i], NULL);
        g_assert_cmpstr(text, ==, "ab");
    }
    g_autofree char *wide = charset_to_utf8("a\0b\0\0\0c\0", 8, "utf-16le", NULL);
    g_assert_cmpstr(wide, ==, "abc");
    g_autofree char *odd = charset_to_utf8("a\0b", 3, "utf-16le", NULL);
    g_assert_true(g_utf8_validate(odd, -1, NULL));
}

/* Any bytes in any charset give UTF-8. */
static void test_any(void)
{
    static const char *const charsets[] = {
        "utf-8",       "utf-7",      "utf-16",       "utf-16be", "utf-32",      "iso-2022-jp",
        "iso-2022-kr", "shift_jis",  "euc-jp",       "gb18030",  "big5",        "euc-tw",
        "euc-kr",      "johab",      "viscii",       "tcvn",     "georgian-ps", "armscii-8",
        "koi8-r",      "macintosh",  "iso-8859-8-i", "cp864",    "windows-874", "cp950",
        "ucs-2",       "iso-8859-16"};
    GRand *random = g_rand_new_with_seed(5);
    for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++)
        for (int round = 0; round < 50; round++) {
            char bytes[200];
            for (size_t k = 0; k < sizeof bytes; k++)
                bytes[k] = (char)g_rand_int_range(random, 0, 256);
            g_autofree char *text = charset_to_utf8(bytes, sizeof bytes, charsets[i], NULL);
            g_assert_true(g_utf8_validate(text, -1, NULL));
            g_assert_cmpuint(strlen(text), <=, 6 * sizeof bytes);
        }
    g_rand_free(random);
}

static void test_flowed(void)
{
    static const struct {
        const char *text;
        bool delete_space;
        const char *joined;
    } cases[] = {
        {"", false, ""},
        {"a\nb\n", false, "a\nb\n"},
        {"a \nb \nc\nd", false, "a b c\nd"},
        {"a \nb", true, "ab"},
        {" From\n  x", false, "From\n x"},
        {"> a \n> b\n>> c \nd", false, "> a b\n>> c \nd"},
        {"a \n-- \nb", false, "a \n-- \nb"},
        {"a \n\nb", false, "a \nb"},
        {"a ", false, "a "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *joined = flowed_join(cases[i].text, cases[i].delete_space);
        g_assert_cmpstr(joined, ==, cases[i].joined);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/mail/charset/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/mail/charset/nul", test_nul);
    g_test_add_func("/mail/charset/any", test_any);
    g_test_add_func("/mail/charset/flowed", test_flowed);
    return g_test_run();
}
