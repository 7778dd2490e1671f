/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/import_file.h"

#include "base/csv.h"
#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PART_ROWS    500
#define PART_BYTES   (512 * 1024)      /* as JSON a text may become twice as long */
#define ROW_BYTES    (2 * 1024 * 1024) /* more than one request can carry */
#define ERROR_COLUMN "import_error"

struct ImportFile {
    FILE *stream;
    char *columns; /* the first line; NULL: not read yet */
    GString *text; /* read, but not given out */
    int line;      /* where the text begins */
    bool ended;
};

ImportFile *import_file_open(const char *path, GError **error)
{
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (stream == NULL) {
        error_set(error, TD_ERROR_NOT_FOUND, "The file %s cannot be read: %s", path,
                  g_strerror(errno));
        return NULL;
    }
    ImportFile *file = g_new0(ImportFile, 1);
    file->stream = stream;
    file->text = g_string_new(NULL);
    file->line = 1;
    return file;
}

void import_file_free(ImportFile *file)
{
    if (file == NULL)
        return;
    if (file->stream != stdin)
        fclose(file->stream);
    g_free(file->columns);
    g_string_free(file->text, TRUE);
    g_free(file);
}

static bool fill(ImportFile *file, size_t wanted, GError **error)
{
    char buffer[64 * 1024];
    while (!file->ended && file->text->len < wanted) {
        size_t n = fread(buffer, 1, sizeof buffer, file->stream);
        g_string_append_len(file->text, buffer, (gssize)n);
        if (n == sizeof buffer)
            continue;
        if (ferror(file->stream) != 0) {
            error_set(error, TD_ERROR_UNAVAILABLE, "The file cannot be read on at line %d: %s",
                      file->line, g_strerror(errno));
            return false;
        }
        file->ended = true;
    }
    return true;
}

/* Takes whole rows off the front of the text. An empty text at the end of the file. */
static char *take_rows(ImportFile *file, guint max_rows, GError **error)
{
    CsvPart part = {0};
    for (size_t wanted = PART_BYTES; part.bytes == 0; wanted *= 2) {
        if (!fill(file, wanted, error))
            return NULL;
        size_t n = MIN(file->text->len, wanted);
        part = csv_cut(file->text->str, n, file->ended && n == file->text->len, max_rows);
        if (part.bytes == 0 && file->ended && n == file->text->len)
            return g_strdup("");
        if (part.bytes == 0 && n >= ROW_BYTES) {
            error_set(error, TD_ERROR_LIMIT,
                      "The row at line %d is longer than an import takes; is a quote not closed?",
                      file->line);
            return NULL;
        }
    }
    char *rows = g_strndup(file->text->str, part.bytes);
    g_string_erase(file->text, 0, (gssize)part.bytes);
    if (!g_utf8_validate(rows, (gssize)part.bytes, NULL)) {
        error_set_problem(error, TD_ERROR_MALFORMED, "not-utf8", NULL,
                          "The file is not text in UTF-8 (at line %d or soon below it): save it"
                          " again as \"CSV UTF-8\"",
                          file->line);
        g_free(rows);
        return NULL;
    }
    file->line += part.lines;
    return rows;
}

char *import_file_next(ImportFile *file, int *line, GError **error)
{
    bool first = file->columns == NULL;
    if (first) {
        file->columns = take_rows(file, 1, error);
        if (file->columns == NULL)
            return NULL;
    }
    int begins = file->line;
    g_autofree char *rows = take_rows(file, PART_ROWS, error);
    if (rows == NULL || (*rows == '\0' && !first))
        return NULL;
    *line = MAX(begins, 2);
    return g_strconcat(file->columns, rows, NULL);
}

/* ---- what was refused ---- */

struct ImportRefused {
    FILE *stream;
    char *path;
    bool begun; /* the columns stand there */
};

ImportRefused *import_refused_open(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set(error, errno == EEXIST ? TD_ERROR_CONFLICT : TD_ERROR_UNAVAILABLE,
                  "The file %s for the refused rows cannot be made: %s. Nothing was imported.",
                  path, g_strerror(errno));
        return NULL;
    }
    ImportRefused *refused = g_new0(ImportRefused, 1);
    refused->stream = fdopen(fd, "w");
    refused->path = g_strdup(path);
    return refused;
}

void import_refused_free(ImportRefused *refused)
{
    if (refused == NULL)
        return;
    fclose(refused->stream);
    g_free(refused->path);
    g_free(refused);
}

/* The cells and one more; a file that was made here before has that column already. */
static void append(GString *text, const CsvTable *table, char **cells, const char *last)
{
    guint n = table->n_columns;
    if (strcmp(table->columns[n - 1], ERROR_COLUMN) == 0)
        n--;
    g_autofree const char **all = g_new0(const char *, n + 2);
    for (guint i = 0; i < n; i++)
        all[i] = cells[i];
    all[n] = last;
    csv_append_row(text, all);
}

static const char *why(const json_t *items, int line)
{
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) if (json_get_int(item, "line") == line &&
                                           strcmp(json_get_text(item, "result"), "error") == 0)
    {
        return json_get_text(item, "message");
    }
    return NULL;
}

bool import_refused_add(ImportRefused *refused, const char *csv, int line, const json_t *items,
                        GError **error)
{
    g_autoptr(CsvTable) table = csv_read(csv, strlen(csv), line, error);
    g_autoptr(GString) text = g_string_new(NULL);
    if (table == NULL)
        return false;
    for (guint i = 0; i < table->rows->len; i++) {
        const CsvRow *row = table->rows->pdata[i];
        const char *message = why(items, row->line);
        if (message == NULL)
            continue;
        if (!refused->begun)
            append(text, table, table->columns, ERROR_COLUMN);
        refused->begun = true;
        append(text, table, row->cells, message);
    }
    if (fwrite(text->str, 1, text->len, refused->stream) == text->len &&
        fflush(refused->stream) == 0)
        return true;
    error_set(error, TD_ERROR_UNAVAILABLE, "The refused rows cannot be written to %s: %s",
              refused->path, g_strerror(errno));
    return false;
}
