/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for a terminal: columns as wide as their widest cell, counted in what a terminal shows
 * and not in bytes. Only a terminal has an edge: what goes into a file or a pipe is never cut.
 */
#include "cmd/command.h"
#include "cmd/print.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP       2
#define MIN_WIDTH 6 /* a column is not cut below that */

typedef struct {
    const Shown *columns;
    guint n_columns;
    GPtrArray *cells; /* row by row, the labels first */
    int *widths;
} Table;

static void table_clear(Table *table)
{
    g_ptr_array_unref(table->cells);
    g_free(table->widths);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

/* 0: standard output is no terminal. */
static int terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

static void add_cell(Table *table, guint column, char *text)
{
    table->widths[column] = MAX(table->widths[column], display_width(text));
    g_ptr_array_add(table->cells, text);
}

static void fill(Table *table, const json_t *items)
{
    for (guint i = 0; i < table->n_columns; i++)
        add_cell(table, i, g_strdup(table->columns[i].label));
    size_t index;
    json_t *item;
    json_array_foreach(items, index, item)
    {
        for (guint i = 0; i < table->n_columns; i++) {
            char *text = shown_field(item, &table->columns[i]);
            if (*text == '\0') {
                g_free(text);
                text = g_strdup("-");
            }
            add_cell(table, i, text);
        }
    }
}

/* Takes from the widest column until a row fits, or nothing is left to take. */
static void fit(Table *table, int terminal)
{
    int total = GAP * (int)(table->n_columns - 1);
    for (guint i = 0; i < table->n_columns; i++)
        total += table->widths[i];
    for (; total > terminal; total--) {
        guint widest = 0;
        for (guint i = 1; i < table->n_columns; i++)
            if (table->widths[i] > table->widths[widest])
                widest = i;
        if (table->widths[widest] <= MIN_WIDTH)
            return;
        table->widths[widest]--;
    }
}

/* Prints the text in exactly `width` columns, cut with an ellipsis where it is longer. */
static void print_cell(const char *text, int width, bool last)
{
    int full = display_width(text);
    if (full <= width) {
        command_print("%s%*s", text, last ? 0 : width - full + GAP, "");
        return;
    }
    const char *end = text;
    int used = 0;
    while (*end != '\0') {
        const char *next = g_utf8_next_char(end);
        g_autofree char *one = g_strndup(end, (gsize)(next - end));
        int step = display_width(one);
        if (used + step > width - 1)
            break;
        used += step;
        end = next;
    }
    command_print("%.*s…%*s", (int)(end - text), text, last ? 0 : width - used - 1 + GAP, "");
}

void print_table(const json_t *items, const Shown *columns)
{
    g_auto(Table) table = {.columns = columns, .cells = g_ptr_array_new_with_free_func(g_free)};
    while (columns[table.n_columns].field != NULL)
        table.n_columns++;
    table.widths = g_new0(int, table.n_columns);
    fill(&table, items);
    int terminal = terminal_width();
    if (terminal > 0)
        fit(&table, terminal);
    guint column = 0;
    for (guint i = 0; i < table.cells->len; i++) {
        bool last = column + 1 == table.n_columns;
        print_cell(table.cells->pdata[i], table.widths[column], last);
        if (last)
            command_print("\n");
        column = last ? 0 : column + 1;
    }
}
