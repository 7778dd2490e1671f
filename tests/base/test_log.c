/* SPDX-License-Identifier: Apache-2.0 */
/* What a log line looks like, and what never stands in one. */
#include "base/json.h"
#include "base/log_line.h"

#include <string.h>

#define AT_US INT64_C(1795545128000000) /* 2026-11-24T18:32:08Z */

static LogLine line_of(const char *message)
{
    LogLine line = {.at_us = AT_US, .level = LOG_WARNING, .message = message};
    return line;
}

static void test_text(void)
{
    static const char *const cases[][2] = {
        {"hello", "hello"},
        {"two\r\nlines", "two  lines"},
        {"\x1b[31mred\x07", " [31mred "},
        {"\xc2\x9bred", "  red"},
        {"bad \xff\xfe utf-8", "bad \xef\xbf\xbd\xef\xbf\xbd utf-8"},
        {"Grüße", "Grüße"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        LogLine line = line_of(cases[i][0]);
        g_autofree char *text = log_line_text(&line);
        g_autofree char *wanted = g_strdup_printf("2026-11-24T18:32:08Z warning %s\n", cases[i][1]);
        g_assert_cmpstr(text, ==, wanted);
    }
}

static void test_fields(void)
{
    LogLine line = line_of("refused");
    line.fields[LOG_REQUEST] = "abc";
    line.fields[LOG_TICKET] = "";
    line.fields[LOG_ALERT] = "7";
    line.fields[LOG_RELAY] = "x\ny";
    g_autofree char *text = log_line_text(&line);
    g_assert_true(g_str_has_suffix(text, " refused [request=abc alert=7 relay=x y]\n"));
    g_autofree char *one = log_line_json(&line);
    g_assert_cmpint(strcspn(one, "\n"), ==, strlen(one) - 1);
    json_auto_t *json = json_loads(one, 0, NULL);
    g_assert_cmpstr(json_get_text(json, "level"), ==, "warning");
    g_assert_cmpstr(json_get_text(json, "message"), ==, "refused");
    g_assert_cmpstr(json_get_text(json, "request_id"), ==, "abc");
    g_assert_cmpstr(json_get_text(json, "alert_id"), ==, "7");
    g_assert_cmpstr(json_get_text(json, "relay"), ==, "x\ny");
    g_assert_null(json_object_get(json, "ticket"));
}

static void test_json_escapes(void)
{
    LogLine line = line_of("a\"b\\c\n\x01 \xff");
    g_autofree char *one = log_line_json(&line);
    json_auto_t *json = json_loads(one, 0, NULL);
    g_assert_cmpstr(json_get_text(json, "message"), ==, "a\"b\\c\n\x01 \xef\xbf\xbd");
}

static void test_journal(void)
{
    GLogField fields[LOG_JOURNAL_FIELDS];
    LogLine line = line_of("refused");
    line.fields[LOG_ALERT] = "7";
    line.fields[LOG_REQUEST] = "abc";
    g_assert_cmpint(log_line_journal(&line, fields), ==, 5);
    static const char *const wanted[][2] = {{"MESSAGE", "refused"},
                                            {"PRIORITY", "4"},
                                            {"SYSLOG_IDENTIFIER", "tidings"},
                                            {"REQUEST_ID", "abc"},
                                            {"ALERT_ID", "7"}};
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_assert_cmpstr(fields[i].key, ==, wanted[i][0]);
        g_assert_cmpstr(fields[i].value, ==, wanted[i][1]);
    }
}

static void test_redact(void)
{
    static const char *const cases[][2] = {
        {"nothing to hide", "nothing to hide"},
        {"550 5.1.1 <bob.smith@example.com>: unknown", "550 5.1.1 <...@example.com>: unknown"},
        {"bob@example.com", "...@example.com"},
        {"to=bob+tag@example.com, x", "...@example.com, x"},
        {"mailto:bob@example.com", "...@example.com"},
        {"<\"bob smith\"@example.com>", "<...@example.com>"},
        {"b\xc3\xb6"
         "b@example.com and eve@example.org",
         "...@example.com and ...@example.org"},
        {"a@b@c", "...@c"},
        {"\"@x", "...@x"},
        {"@", "@"},
        {"bob%40example.com", "...%40example.com"},
        {"postgresql://desk:secret@db.example/desk", "...@db.example/desk"},
        {"token td_ujm7abcdefgh is no good", "token td_... is no good"},
        {"mtd_x is no token", "mtd_x is no token"},
        {"\xff\xfe@\xff", "...@\xff"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = log_redact(cases[i][0]);
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void test_names(void)
{
    LogFormat format;
    LogLevel level;
    g_assert_true(log_format_from_name("journal", &format) && format == LOG_JOURNAL);
    g_assert_false(log_format_from_name("xml", &format));
    g_assert_true(log_level_from_name("debug", &level) && level == LOG_DEBUG);
    g_assert_false(log_level_from_name("", &level));
}

static void test_context(void)
{
    g_autofree char *longer = g_strnfill(3 * LOG_VALUE_BYTES, 'x');
    log_set(LOG_RELAY, longer);
    log_set_id(LOG_ALERT, 12);
    g_assert_cmpint(strlen(log_get(LOG_RELAY)), ==, LOG_VALUE_BYTES - 1);
    g_assert_cmpstr(log_get(LOG_ALERT), ==, "12");
    log_set_id(LOG_ALERT, 0);
    g_assert_cmpstr(log_get(LOG_ALERT), ==, "");
    log_clear();
    g_assert_cmpstr(log_get(LOG_RELAY), ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/text", test_text);
    g_test_add_func("/log/fields", test_fields);
    g_test_add_func("/log/json escapes", test_json_escapes);
    g_test_add_func("/log/journal", test_journal);
    g_test_add_func("/log/redact", test_redact);
    g_test_add_func("/log/names", test_names);
    g_test_add_func("/log/context", test_context);
    return g_test_run();
}
