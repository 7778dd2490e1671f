/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: what RFC 4180 has and what spreadsheets write is read, what is broken is refused with its
 * line. */
#include "base/csv.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* The columns, then each row with its line: "a|b;2:x|y". */
static char *shown(const CsvTable *table)
{
    g_autofree char *columns = g_strjoinv("|", table->columns);
    GString *text = g_string_new(columns);
    for (guint i = 0; i < table->rows->len; i++) {
        const CsvRow *row = table->rows->pdata[i];
        g_autofree char *cells = g_strjoinv("|", row->cells);
        g_string_append_printf(text, ";%d:%s", row->line, cells);
    }
    return g_string_free(text, FALSE);
}

static void test_read(void)
{
    static const struct {
        const char *name, *csv, *want;
    } cases[] = {
        {"plain", "a,b\nx,y\n", "a|b;2:x|y"},
        {"no line end at the end", "a,b\nx,y", "a|b;2:x|y"},
        {"CRLF", "a,b\r\nx,y\r\n", "a|b;2:x|y"},
        {"CR alone", "a,b\rx,y\r", "a|b;2:x|y"},
        {"byte order mark", "\xEF\xBB\xBF a,b\nx,y\n", "a|b;2:x|y"},
        {"semicolons", "a;b\nx,1;y\n", "a|b;2:x,1|y"},
        {"tabs", "a\tb\nx;1\ty,2\n", "a|b;2:x;1|y,2"},
        {"separator inside quotes", "\"a,1,2\";b\nx;y\n", "a,1,2|b;2:x|y"},
        {"quotes", "a,b\n\"x, \"\"1\"\"\",\"\"\n", "a|b;2:x, \"1\"|"},
        {"line ends inside", "a,b\n\"1\n2\",x\ny,z\n", "a|b;2:1\n2|x;4:y|z"},
        {"spaces around", " a , b \n x , \"y\" \n", "a|b;2:x|y"},
        {"empty lines", "a,b\n\nx,y\n\n\n", "a|b;3:x|y"},
        {"empty cells", "a,b\n,\n", "a|b;2:|"},
        {"one column", "a\nx\n\ny\n", "a;2:x;4:y"},
        {"columns alone", "a,b", "a|b"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CsvTable) table = csv_read(cases[i].csv, strlen(cases[i].csv), 2, &error);
        g_test_message("%s", cases[i].name);
        g_assert_no_error(error);
        g_autofree char *text = shown(table);
        g_assert_cmpstr(text, ==, cases[i].want);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *csv, *problem, *detail;
    } cases[] = {
        {"", "bad-csv", "Line 1"},
        {"a,\n", "bad-csv", "a column has no name"},
        {"a,a\n", "bad-csv", "the same name"},
        {"a,b\nx\n", "bad-csv", "Line 2"},
        {"a,b\n\"1\n2\",x\ny\n", "bad-csv", "Line 4"},
        {"a,b\nx,y,z\n", "bad-csv", "another number of fields"},
        {"a,b\n\"x,y\n", "bad-csv", "does not end"},
        {"a,b\n\"x\"1,y\n", "bad-csv", "follows a quoted field"},
        {"a,b\nx\"1,y\n", "bad-csv", "not quoted"},
        {"a,b\n\xff,y\n", "not-utf8", "UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CsvTable) table = csv_read(cases[i].csv, strlen(cases[i].csv), 2, &error);
        g_assert_null(table);
        g_assert_cmpstr(error_problem(error), ==, cases[i].problem);
        g_assert_nonnull(strstr(error->message, cases[i].detail));
    }
}

static void test_limits(void)
{
    g_autoptr(GString) rows = g_string_new("a\n");
    for (int i = 0; i < LIMIT_CSV_ROWS; i++)
        g_string_append(rows, "x\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(CsvTable) table = csv_read(rows->str, rows->len, 2, &error);
    g_assert_no_error(error);
    g_string_append(rows, "x\n");
    g_assert_null(csv_read(rows->str, rows->len, 2, &error));
    g_assert_true(error_is(error, TD_ERROR_LIMIT));
    g_clear_error(&error);
    g_autoptr(GString) wide = g_string_new("c0");
    for (int i = 1; i <= LIMIT_CSV_COLUMNS; i++)
        g_string_append_printf(wide, ",c%d", i);
    g_assert_null(csv_read(wide->str, wide->len, 2, &error));
    g_assert_true(error_is(error, TD_ERROR_LIMIT));
}

static void test_cut(void)
{
    static const struct {
        const char *name, *text;
        bool last;
        guint max_rows;
        CsvPart want;
    } cases[] = {
        {"nothing", "", true, 9, {0, 0, 0}},
        {"whole rows", "a\nb\n", false, 9, {4, 2, 2}},
        {"the rest may follow", "a\nb", false, 9, {2, 1, 1}},
        {"nothing follows", "a\nb", true, 9, {3, 2, 2}},
        {"so many", "a\nb\nc\n", true, 2, {4, 2, 2}},
        {"quoted line ends", "\"a\nb\",\"\"\"\n\"\nc\nd", false, 9, {14, 2, 4}},
        {"an open quote", "a\n\"b\nc\n", false, 9, {2, 1, 1}},
        {"an open quote at the end", "a\n\"b\nc\n", true, 9, {7, 2, 4}},
        {"CRLF", "a\r\nb\r\n", false, 9, {6, 2, 2}},
        {"CR alone", "a\rb\rc", false, 9, {4, 2, 2}},
        {"a CR that may be half", "a\nb\r", false, 9, {2, 1, 1}},
        {"a CR at the end", "a\nb\r", true, 9, {4, 2, 2}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CsvPart part =
            csv_cut(cases[i].text, strlen(cases[i].text), cases[i].last, cases[i].max_rows);
        g_test_message("%s", cases[i].name);
        g_assert_cmpuint(part.bytes, ==, cases[i].want.bytes);
        g_assert_cmpuint(part.rows, ==, cases[i].want.rows);
        g_assert_cmpint(part.lines, ==, cases[i].want.lines);
    }
}

/* A part has the lines of the whole. */
static void test_part(void)
{
    static const char csv[] = "a,b\nx,y\n\nz\n";
    g_autoptr(GError) error = NULL;
    g_assert_null(csv_read(csv, strlen(csv), 100, &error));
    g_assert_nonnull(strstr(error->message, "Line 102"));
    g_autoptr(CsvTable) table = csv_read(csv, strlen(csv) - 2, 100, NULL);
    g_assert_cmpint(((const CsvRow *)table->rows->pdata[0])->line, ==, 100);
}

static void test_written(void)
{
    const char *cells[] = {"plain", "", "a \"b\", c", "two\nlines", "ü", NULL};
    g_autoptr(GString) text = g_string_new("1,2,3,4,5\n");
    csv_append_row(text, cells);
    g_autoptr(CsvTable) table = csv_read(text->str, text->len, 2, NULL);
    const CsvRow *row = table->rows->pdata[0];
    for (size_t i = 0; cells[i] != NULL; i++)
        g_assert_cmpstr(row->cells[i], ==, cells[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/read", test_read);
    g_test_add_func("/csv/refused", test_refused);
    g_test_add_func("/csv/limits", test_limits);
    g_test_add_func("/csv/cut", test_cut);
    g_test_add_func("/csv/part", test_part);
    g_test_add_func("/csv/written", test_written);
    return g_test_run();
}
