/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *in;
    gssize bytes; /* -1: strlen */
    size_t max;
    const char *want; /* NULL: refused */
    const char *problem;
} TextCase;

static const TextCase one_line_cases[] = {
    {"plain", "Printer on fire", -1, 255, "Printer on fire", NULL},
    {"empty", "", -1, 255, "", NULL},
    {"spaces at both ends", "  a b  ", -1, 255, "a b", NULL},
    {"tab becomes a space", "a\tb", -1, 255, "a b", NULL},
    {"escape becomes a space", "a\033[31mb", -1, 255, "a [31mb", NULL},
    {"C1 control becomes a space",
     "a\xc2\x85"
     "b",
     -1, 255, "a b", NULL},
    {"line separator becomes a space",
     "a\xe2\x80\xa8"
     "b",
     -1, 255, "a b", NULL},
    {"umlauts", "Grüße", -1, 5, "Grüße", NULL},
    {"emoji count as characters", "🔥🔥🔥", -1, 3, "🔥🔥🔥", NULL},
    {"one too long", "🔥🔥🔥🔥", -1, 3, NULL, "too-long"},
    {"carriage return", "a\rb", -1, 255, NULL, "invalid"},
    {"line feed", "Subject\nBcc: all@example.com", -1, 255, NULL, "invalid"},
    {"NUL", "a\0b", 3, 255, NULL, "invalid"},
    {"broken UTF-8", "a\xff", -1, 255, NULL, "invalid"},
    {"half a character at the end", "a\xe2\x82", -1, 255, NULL, "invalid"},
    {"surrogate", "\xed\xa0\x80", -1, 255, NULL, "invalid"},
};

static const TextCase secret_cases[] = {
    {"blanks are kept", " a\tb \x01 ", -1, 255, " a\tb \x01 ", NULL},
    {"umlauts count as characters", "Größe", -1, 5, "Größe", NULL},
    {"one too long", "abcd", -1, 3, NULL, "too-long"},
    {"a blank too long", "abc ", -1, 3, NULL, "too-long"},
    {"line feed", "a\n", -1, 255, NULL, "invalid"},
    {"carriage return", "a\r", -1, 255, NULL, "invalid"},
    {"NUL", "a\0b", 3, 255, NULL, "invalid"},
    {"broken UTF-8", "a\xff", -1, 255, NULL, "invalid"},
};

static const TextCase block_cases[] = {
    {"plain", "a\nb\n", -1, 100, "a\nb\n", NULL},
    {"CRLF becomes LF", "a\r\nb\r\n", -1, 100, "a\nb\n", NULL},
    {"bare CR becomes LF", "a\rb", -1, 100, "a\nb", NULL},
    {"CR at the end", "a\r", -1, 100, "a\n", NULL},
    {"tab stays", "a\tb", -1, 100, "a\tb", NULL},
    {"bell becomes a space", "a\ab", -1, 100, "a b", NULL},
    {"exactly the maximum", "abcd", -1, 4, "abcd", NULL},
    {"one byte more", "abcde", -1, 4, NULL, "too-long"},
    {"NUL", "a\0b", 3, 100, NULL, "invalid"},
    {"broken UTF-8", "\xc0\xaf", -1, 100, NULL, "invalid"},
};

typedef bool (*TextCheck)(const char *, size_t, size_t, const char *, char **, GError **);

static void run_cases(const TextCase *cases, size_t n, TextCheck check)
{
    for (size_t i = 0; i < n; i++) {
        const TextCase *c = &cases[i];
        g_test_message("%s", c->name);
        g_autofree char *out = NULL;
        g_autoptr(GError) error = NULL;
        size_t bytes = c->bytes < 0 ? strlen(c->in) : (size_t)c->bytes;
        bool ok = check(c->in, bytes, c->max, "/title", &out, &error);
        g_assert_cmpint(ok, ==, c->want != NULL);
        g_assert_cmpstr(out, ==, c->want);
        if (!ok) {
            g_assert_cmpstr(error_problem(error), ==, c->problem);
            g_assert_cmpstr(error_field(error), ==, "/title");
        }
    }
}

static void test_one_line(void)
{
    run_cases(one_line_cases, G_N_ELEMENTS(one_line_cases), text_one_line);
}

static void test_secret(void)
{
    run_cases(secret_cases, G_N_ELEMENTS(secret_cases), text_secret);
}

static void test_block(void)
{
    run_cases(block_cases, G_N_ELEMENTS(block_cases), text_block);
}

static void test_time(void)
{
    const struct {
        const char *in;
        const char *out; /* NULL: refused */
    } cases[] = {
        {"2026-11-23T18:30:00Z", "2026-11-23T18:30:00Z"},
        {"2026-11-23t18:30:00z", "2026-11-23T18:30:00Z"},
        {"2026-11-23T18:30:00+01:00", "2026-11-23T17:30:00Z"},
        {"2026-11-23T18:30:00.5Z", "2026-11-23T18:30:00.500000Z"},
        {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
        {"2026-11-23T18:30:00", NULL},
        {"2026-W47-1T18:30:00Z", NULL},
        {"2026-02-30T18:30:00Z", NULL},
        {"tomorrow", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].in);
        int64_t time_us = 0;
        g_autoptr(GError) error = NULL;
        bool ok = text_to_time(cases[i].in, "/due", &time_us, &error);
        g_assert_cmpint(ok, ==, cases[i].out != NULL);
        g_autofree char *out = ok ? text_from_time(time_us) : NULL;
        g_assert_cmpstr(out, ==, cases[i].out);
    }
}

static void test_int(void)
{
    const struct {
        const char *in;
        bool ok;
    } cases[] = {{"1", true}, {"9", true},   {"0", false}, {"10", false},
                 {"", false}, {"1x", false}, {" 1", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t value;
        g_assert_cmpint(text_to_int(cases[i].in, 1, 9, &value), ==, cases[i].ok);
    }
    int64_t place;
    g_assert_false(text_to_int("1", 1, 0, &place));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/text/one-line", test_one_line);
    g_test_add_func("/base/text/secret", test_secret);
    g_test_add_func("/base/text/block", test_block);
    g_test_add_func("/base/text/time", test_time);
    g_test_add_func("/base/text/int", test_int);
    return g_test_run();
}
