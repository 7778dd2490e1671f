/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts, contacts and tickets from a CSV file: first what it would do, row by row, then the
 * doing. The text travels with the forms, so nothing is kept between the two; what is imported is
 * what was previewed, or it is previewed again.
 */
#include "console/import.h"
#include "base/error.h"
#include "base/text.h"
#include "console/pages.h"

#include <string.h>

#define CSV_BYTES  (1024 * 1024) /* of a page's form; the API and the command line take more */
#define ROWS_SHOWN 300

static const char *kind_of(const Page *page)
{
    static const char *const kinds[] = {"contacts", "tickets"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(page_field(page, "kind"), kinds[i]) == 0)
            return kinds[i];
    return "accounts";
}

static HttpResponse *show(Page *page, int status, GError **error)
{
    json_t *marks = json_object();
    const char *kind = page->form != NULL ? kind_of(page) : "accounts";
    json_set_bool(marks, kind, true);
    json_set_text(page->data, "kind_name", kind);
    json_object_set_new(page->data, "kind", marks);
    return page_view(page, status, "import", "Import", error);
}

HttpResponse *import_show(Page *page, GError **error)
{
    return show(page, 200, error);
}

/* ---- the text ---- */

/* Lines as a browser's text field gives them back, but for its CR: so the text stays the same. */
static char *with_plain_lines(const char *text, size_t bytes)
{
    GString *plain = g_string_sized_new(bytes + 1);
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\r')
            g_string_append_c(plain, text[i]);
        else if (i + 1 == bytes || text[i + 1] != '\n')
            g_string_append_c(plain, '\n');
    }
    return g_string_free(plain, FALSE);
}

/* The file, or what was pasted. Errors: INVALID. Free with g_free(). */
static char *read_csv(const Page *page, GError **error)
{
    bool file = http_form_n_files(page->form) > 0;
    size_t bytes = strlen(page_field(page, "csv"));
    const char *text = file ? g_bytes_get_data(http_form_file(page->form, 0)->content, &bytes)
                            : page_field(page, "csv");
    if (bytes == 0)
        error_set_problem(error, TD_ERROR_INVALID, "empty", "/csv",
                          "Choose a file, or paste what is in it");
    else if (bytes > CSV_BYTES)
        error_set_problem(error, TD_ERROR_INVALID, "too-long", "/csv",
                          "A file of at most 1 MiB can be imported here; cut it into several, or"
                          " use \"tidings import\"");
    else if (!g_utf8_validate_len(text, bytes, NULL))
        error_set_problem(error, TD_ERROR_INVALID, "not-utf8", "/csv",
                          "The file is not in UTF-8. Save it again as \"CSV UTF-8\". Nothing was"
                          " changed");
    else
        return with_plain_lines(text, bytes);
    return NULL;
}

/* ---- the columns ---- */

/* {"Customer": "name", "Fax": null} as the form has it; NULL: it has none yet. New reference. */
static json_t *typed_columns(const Page *page)
{
    json_t *columns = json_object();
    for (int i = 0;; i++) {
        char name[24], field[24];
        g_snprintf(name, sizeof name, "name%d", i);
        g_snprintf(field, sizeof field, "column%d", i);
        if (http_form_text(page->form, name) == NULL)
            break;
        const char *chosen = page_field(page, field);
        json_set_text(columns, page_field(page, name), *chosen != '\0' ? chosen : NULL);
    }
    if (json_object_size(columns) > 0)
        return columns;
    json_decref(columns);
    return NULL;
}

/* By this a form shows that somebody has seen what these columns do. Free with g_free(). */
static char *mark_of(const char *csv, const json_t *columns)
{
    g_autofree char *text = json_dumps(columns, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree char *all = g_strconcat(text, "\n", csv, NULL);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
}

static void add_mapping(Page *page, const char *csv, const json_t *columns)
{
    json_t *list = json_array();
    const char *column;
    json_t *field;
    int i = 0;
    json_object_foreach((json_t *)columns, column, field)
    {
        json_t *row = json_object();
        json_set_int(row, "index", i++);
        json_set_text(row, "column", column);
        json_object_set_new(row, "choices",
                            import_choices(kind_of(page), json_string_value(field)));
        json_array_append_new(list, row);
    }
    g_autofree char *mark = mark_of(csv, columns);
    json_object_set_new(page->data, "mapping", list);
    json_set_bool(page->data, "has_mapping", i > 0);
    json_set_text(page->data, "csv", csv);
    json_set_text(page->data, "mark", mark);
}

/* ---- what it does ---- */

static void dress(json_t *item)
{
    static const char *const results[][3] = {{"create", "new", "success"},
                                             {"update", "changed", "info"},
                                             {"unchanged", "as it is", "secondary"},
                                             {"error", "refused", "danger"}};
    const char *result = json_get_text(item, "result");
    for (size_t i = 0; i < G_N_ELEMENTS(results); i++) {
        if (strcmp(results[i][0], result) != 0)
            continue;
        json_set_text(item, "words", results[i][1]);
        json_set_text(item, "tone", results[i][2]);
    }
}

/* Those that were refused come first: the rest of a long list is left out. */
static void add_rows(Page *page, const json_t *items)
{
    json_t *shown = json_array();
    for (int refused = 1; refused >= 0; refused--) {
        size_t i;
        json_t *item;
        json_array_foreach(items, i, item)
        {
            bool error = strcmp(json_get_text(item, "result"), "error") == 0;
            if (error != (refused == 1) || json_array_size(shown) >= ROWS_SHOWN)
                continue;
            dress(item);
            json_array_append(shown, item);
        }
    }
    json_set_int(page->data, "more_rows",
                 (int64_t)(json_array_size(items) - json_array_size(shown)));
    json_set_bool(page->data, "has_rows", json_array_size(shown) > 0);
    json_object_set_new(page->data, "rows", shown);
}

static void add_result(Page *page, json_t *result, bool applied)
{
    int64_t changes = json_get_int(result, "create") + json_get_int(result, "update");
    json_set_bool(page->data, "applied", applied);
    json_set_int(page->data, "changes", changes);
    json_set_bool(page->data, "one_change", changes == 1);
    json_object_set(page->data, "result", result);
    add_rows(page, json_object_get(result, "items"));
}

static json_t *request(const Page *page, const char *csv, json_t *columns)
{
    json_t *body = json_object();
    json_set_text(body, "kind", kind_of(page));
    json_set_text(body, "csv", csv);
    if (columns != NULL)
        json_object_set(body, "columns", columns);
    return body;
}

/* The form again, with why it was refused. */
static HttpResponse *refuse(Page *page, const char *csv, const json_t *columns, GError *failure,
                            GError **error)
{
    if (!page_refused(page, failure)) {
        g_propagate_error(error, failure);
        return NULL;
    }
    int status = page_status(failure);
    g_error_free(failure);
    if (columns != NULL)
        add_mapping(page, csv, columns);
    else
        json_set_text(page->data, "csv", csv);
    return show(page, status, error);
}

/* A new reference; asked a second time where the columns' names let guess what they are. */
static json_t *ask(Page *page, const char *csv, json_t *columns, GError **error)
{
    json_t *result = page_ask(page, request(page, csv, columns), error, "/imports/preview");
    if (result == NULL || columns != NULL)
        return result;
    json_auto_t *guess = import_guess(kind_of(page), json_object_get(result, "columns"));
    if (json_equal(guess, json_object_get(result, "columns")))
        return result;
    json_decref(result);
    return page_ask(page, request(page, csv, guess), error, "/imports/preview");
}

static HttpResponse *preview(Page *page, const char *csv, json_t *columns, GError **error)
{
    GError *failure = NULL;
    json_auto_t *result = ask(page, csv, columns, &failure);
    if (result == NULL)
        return refuse(page, csv, columns, failure, error);
    add_mapping(page, csv, json_object_get(result, "columns"));
    add_result(page, result, false);
    return show(page, 200, error);
}

static HttpResponse *apply(Page *page, const char *csv, json_t *columns, GError **error)
{
    GError *failure = NULL;
    json_auto_t *result =
        page_send(page, "POST", request(page, csv, columns), &failure, "/imports");
    if (result == NULL)
        return refuse(page, csv, columns, failure, error);
    add_result(page, result, true);
    return show(page, 200, error);
}

HttpResponse *import_post(Page *page, GError **error)
{
    GError *failure = NULL;
    g_autofree char *csv = read_csv(page, &failure);
    if (csv == NULL)
        return refuse(page, "", NULL, failure, error);
    json_auto_t *columns = typed_columns(page);
    bool wanted = strcmp(page_field(page, "verb"), "apply") == 0 && columns != NULL;
    g_autofree char *mark = wanted ? mark_of(csv, columns) : g_strdup("");
    if (wanted && strcmp(mark, page_field(page, "mark")) == 0)
        return apply(page, csv, columns, error);
    json_set_bool(page->data, "look_first", wanted);
    return preview(page, csv, columns, error);
}
