/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts, contacts and tickets from CSV, or what such an import would do.
 *
 * Every row is for itself: one that is refused says why and leaves the others alone. No two rows
 * may name the same record, so rows do not depend on each other, and a preview, which undoes each
 * chunk, says what the import then does. The actor's channel is "import": nobody is told anything.
 *
 * A long table comes in parts, a request each. A row that is imported twice is the same record
 * both times, so an import that was interrupted is repeated from its start.
 */
#include "api/import.h"

#include "api/call.h"
#include "api/input.h"
#include "api/resources.h"
#include "base/error.h"
#include "base/zone.h"

#include <string.h>

#define LINES_MAX 1000000000
#define CHUNK     50 /* rows in one transaction */

typedef struct {
    int line;
    json_t *row;  /* NULL: it could not be read */
    bool refused; /* whatever the database says: it is not asked */
    GError *problem;
    ImportApplied applied;
} Result;

static void result_clear(gpointer data)
{
    Result *result = data;
    json_decref(result->row);
    g_clear_error(&result->problem);
}

typedef struct {
    ImportKind kind;
    CsvTable *table;
    const char **fields;  /* of each column */
    const json_t *values; /* borrowed */
    GArray *results;      /* Result, one for each row */
    bool preview;
    guint first, n; /* of the present chunk */
} Import;

static void import_clear(Import *import)
{
    g_clear_pointer(&import->table, csv_table_free);
    g_clear_pointer(&import->fields, g_free);
    g_clear_pointer(&import->results, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Import, import_clear)

/* ---- reading the request ---- */

static bool refuse_column(const char *column, const char *what, GError **error)
{
    error_set_problem(error, TD_ERROR_INVALID, "unknown-column", "/columns",
                      "The column \"%s\" %s. Nothing was changed.", column, what);
    return false;
}

static int find_column(const CsvTable *table, const char *name)
{
    for (guint i = 0; i < table->n_columns; i++)
        if (strcmp(table->columns[i], name) == 0)
            return (int)i;
    return -1;
}

static bool map_column(Import *import, const char *column, json_t *value, GError **error)
{
    int i = find_column(import->table, column);
    if (i < 0)
        return refuse_column(column, "is not in the CSV", error);
    if (json_is_null(value))
        return true;
    const char *name = json_string_value(value);
    const char *field = name != NULL ? import_field(import->kind, name) : NULL;
    if (field == NULL)
        return refuse_column(column, "is mapped to something that is no field", error);
    for (guint k = 0; k < import->table->n_columns; k++)
        if (import->fields[k] == field)
            return refuse_column(column, "is mapped to a field that another column fills", error);
    import->fields[i] = field;
    return true;
}

/* Columns that are not mapped fill the field that is called as they are. */
static bool map_columns(Import *import, json_t *columns, GError **error)
{
    const char *column;
    json_t *value;
    import->fields = g_new0(const char *, import->table->n_columns + 1);
    json_object_foreach(columns, column,
                        value) if (!map_column(import, column, value, error)) return false;
    for (guint i = 0; i < import->table->n_columns; i++) {
        const char *name = import->table->columns[i];
        const char *field = import_field(import->kind, name);
        if (json_object_get(columns, name) == NULL && field != NULL &&
            !g_strv_contains((const char *const *)import->fields, field))
            import->fields[i] = field;
    }
    return true;
}

/* {"status":{"Solved":"Completed"}} */
static bool take_values(Import *import, json_t *values, GError **error)
{
    const char *field;
    json_t *map;
    json_object_foreach(values, field, map)
    {
        g_autofree char *path = g_strconcat("/values/", field, NULL);
        const char *from;
        json_t *to;
        bool texts = json_is_object(map);
        json_object_foreach(map, from, to) texts = texts && json_is_string(to);
        const char *known = import_field(import->kind, field);
        if (texts && known != NULL && strcmp(known, field) == 0)
            continue;
        error_set_problem(error, TD_ERROR_INVALID, "unknown-column", path,
                          texts ? "There is no field \"%s\". Nothing was changed."
                                : "What stands for the values of \"%s\" must be an object of texts."
                                  " Nothing was changed.",
                          field);
        return false;
    }
    import->values = values;
    return true;
}

static ImportKind read_kind(const char *name)
{
    int kind = 0;
    while (strcmp(import_kind_names[kind], name) != 0)
        kind++;
    return (ImportKind)kind;
}

static bool read_request(ApiCall *call, Import *import, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    g_autofree char *kind = NULL;
    g_autofree char *csv = NULL;
    json_auto_t *none = json_object();
    json_t *columns = none;
    json_t *values = NULL;
    int64_t line = 2;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "kind");
    json_require(&reader, "csv");
    input_choice(&reader, "kind", import_kind_names, &kind);
    json_read_block(&reader, "csv", LIMIT_REQUEST_BODY_BYTES, &csv);
    json_read_object(&reader, "columns", &columns);
    json_read_object(&reader, "values", &values);
    json_read_int(&reader, "line", 2, LINES_MAX, &line);
    if (!json_reader_end(&reader, error))
        return false;
    import->kind = read_kind(kind);
    import->table = csv_read(csv, strlen(csv), (int)line, error);
    return import->table != NULL && map_columns(import, columns, error) &&
           take_values(import, values, error);
}

/* ---- rows ---- */

/* `seen`: key to line. */
static void refuse_twice(Result *result, ImportKind kind, GHashTable *seen)
{
    char *key = import_row_key(kind, result->row);
    if (key == NULL)
        return;
    int before = GPOINTER_TO_INT(g_hash_table_lookup(seen, key));
    if (before != 0)
        error_set_problem(&result->problem, TD_ERROR_INVALID, "row-twice", NULL,
                          "This is of the same record as line %d", before);
    else
        g_hash_table_insert(seen, g_steal_pointer(&key), GINT_TO_POINTER(result->line));
    g_free(key);
}

static bool load_settings(DbTx *tx, void *data, GError **error)
{
    Settings **settings = data;
    settings_free(*settings);
    *settings = settings_load(tx, error);
    return *settings != NULL;
}

static void read_rows(Import *import, GTimeZone *zone)
{
    const GPtrArray *rows = import->table->rows;
    const ImportMapping mapping = {import->fields, import->values, zone};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    import->results = g_array_sized_new(FALSE, TRUE, sizeof(Result), rows->len);
    g_array_set_clear_func(import->results, result_clear);
    for (guint i = 0; i < rows->len; i++) {
        const CsvRow *row = rows->pdata[i];
        Result result = {.line = row->line};
        result.row = import_row_read(row, &mapping, &result.problem);
        if (result.row != NULL)
            refuse_twice(&result, import->kind, seen);
        result.refused = result.problem != NULL;
        g_array_append_val(import->results, result);
    }
}

/* ---- working ---- */

static bool is_about_row(const GError *failure)
{
    return error_is(failure, TD_ERROR_INVALID) || error_is(failure, TD_ERROR_CONFLICT) ||
           error_is(failure, TD_ERROR_NOT_FOUND);
}

/* A row that is refused after it has written something takes the chunk back: the next run leaves
 * the row out. */
static bool apply_row(DeskTx *tx, ImportKind kind, Result *result, GError **error)
{
    g_autoptr(GError) failure = NULL;
    json_auto_t *row = json_copy(result->row);
    g_clear_error(&result->problem);
    if (import_row_apply(tx, kind, row, &result->applied, &failure))
        return true;
    if (!is_about_row(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    result->problem = g_steal_pointer(&failure);
    if (!result->applied.written)
        return true;
    result->refused = true;
    error_set(error, TD_ERROR_INTERNAL, "A row was refused; the chunk begins anew");
    return false;
}

static bool apply_chunk(DeskTx *tx, void *data, GError **error)
{
    Import *import = data;
    for (guint i = import->first; i < import->first + import->n; i++) {
        Result *result = &g_array_index(import->results, Result, i);
        if (!result->refused && !apply_row(tx, import->kind, result, error))
            return false;
    }
    return true;
}

static guint n_refused(const Import *import)
{
    guint n = 0;
    for (guint i = import->first; i < import->first + import->n; i++)
        n += g_array_index(import->results, Result, i).refused;
    return n;
}

/* As often as a row more turns out to be refused. */
static bool write_chunk(ApiCall *call, const Actor *actor, Import *import, GError **error)
{
    for (;;) {
        g_autoptr(GError) failure = NULL;
        guint before = n_refused(import);
        if (import->preview ? desk_try(call->api->desk, actor, apply_chunk, import, &failure)
                            : desk_write(call->api->desk, actor, apply_chunk, import, &failure))
            return true;
        if (n_refused(import) > before)
            continue;
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
}

static bool apply(ApiCall *call, Import *import, GError **error)
{
    Actor actor = call->actor; /* borrows its name */
    actor.channel = CHANNEL_IMPORT;
    for (; import->first < import->results->len; import->first += CHUNK) {
        import->n = MIN(CHUNK, import->results->len - import->first);
        if (!write_chunk(call, &actor, import, error))
            return false;
    }
    return true;
}

/* ---- answers ---- */

static const char *const outcome_names[] = {
    [IMPORT_CREATED] = "create", [IMPORT_UPDATED] = "update", [IMPORT_UNCHANGED] = "unchanged"};

static json_t *render_result(const Result *result, const Import *import)
{
    bool failed = result->problem != NULL;
    bool made = result->applied.outcome == IMPORT_CREATED;
    const char *name = import->kind == IMPORT_TICKETS ? "title" : "name";
    json_t *value = json_object();
    json_set_int(value, "line", result->line);
    json_set_text(value, "result", failed ? "error" : outcome_names[result->applied.outcome]);
    json_set_id(value, "id", failed || (made && import->preview) ? 0 : result->applied.id);
    json_set_text(value, "name", json_string_value(json_object_get(result->row, name)));
    json_set_text(value, "field", failed ? error_field(result->problem) : NULL);
    json_set_text(value, "message", failed ? result->problem->message : NULL);
    return value;
}

static json_t *render_columns(const Import *import)
{
    json_t *columns = json_object();
    for (guint i = 0; i < import->table->n_columns; i++)
        json_set_text(columns, import->table->columns[i], import->fields[i]);
    return columns;
}

static json_t *render(const Import *import)
{
    int64_t counts[G_N_ELEMENTS(outcome_names)] = {0};
    int64_t errors = 0;
    json_t *items = json_array();
    for (guint i = 0; i < import->results->len; i++) {
        const Result *result = &g_array_index(import->results, Result, i);
        json_array_append_new(items, render_result(result, import));
        if (result->problem != NULL)
            errors++;
        else
            counts[result->applied.outcome]++;
    }
    json_t *value = json_object();
    json_set_text(value, "kind", import_kind_names[import->kind]);
    json_object_set_new(value, "columns", render_columns(import));
    for (size_t i = 0; i < G_N_ELEMENTS(outcome_names); i++)
        json_set_int(value, outcome_names[i], counts[i]);
    json_set_int(value, "error", errors);
    json_object_set_new(value, "items", items);
    return value;
}

static json_t *run(ApiCall *call, void *data, GError **error)
{
    Import *import = data;
    g_autoptr(Settings) settings = NULL;
    if (!db_read(desk_db(call->api->desk), load_settings, &settings, error))
        return NULL;
    GTimeZone *zone = zone_find(settings->desk.time_zone);
    read_rows(import, zone != NULL ? zone : zone_find("UTC"));
    if (apply(call, import, error))
        return render(import);
    if (!import->preview && import->first > 0)
        g_prefix_error(
            error, "After %u rows, which stay imported (import the same again): ", import->first);
    return NULL;
}

HttpResponse *imports_post(ApiCall *call, GError **error)
{
    g_auto(Import) import = {0};
    return read_request(call, &import, error) ? api_work(call, run, &import, error) : NULL;
}

HttpResponse *imports_preview(ApiCall *call, GError **error)
{
    g_auto(Import) import = {.preview = true};
    json_t *answer = read_request(call, &import, error) ? run(call, &import, error) : NULL;
    return answer != NULL ? http_response_json(200, answer) : NULL;
}
