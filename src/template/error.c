/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A position travels at the end of the error's message, so that whoever prints the message shows
 * it, and whoever needs the numbers (problem+json, the editor page) reads them back here. Writing
 * and reading stand side by side because they must agree. Names in a message cannot pretend a
 * position: they hold no spaces, and the last position counts.
 */
#include "template/template.h"

#include "base/error.h"

#include <limits.h>
#include <string.h>

static const char line_words[] = " at line ";
static const char column_words[] = ", column ";

void template_error_set(GError **error, const char *problem, int line, int column,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    error_set_problem(error, TD_ERROR_INVALID, problem, NULL, "%s%s%d%s%d", what, line_words, line,
                      column_words, column);
}

/* Reads digits at *at and steps behind them. */
static bool read_number(const char **at, int *number)
{
    if (!g_ascii_isdigit(**at))
        return false;
    char *after;
    gint64 value = g_ascii_strtoll(*at, &after, 10);
    if (value < 1 || value > INT_MAX)
        return false;
    *at = after;
    *number = (int)value;
    return true;
}

bool template_error_position(const GError *error, int *line, int *column)
{
    const char *at = error == NULL ? NULL : g_strrstr(error->message, line_words);
    if (at == NULL)
        return false;
    at += strlen(line_words);
    int read_line, read_column;
    if (!read_number(&at, &read_line) || !g_str_has_prefix(at, column_words))
        return false;
    at += strlen(column_words);
    if (!read_number(&at, &read_column) || *at != '\0')
        return false;
    *line = read_line;
    *column = read_column;
    return true;
}
