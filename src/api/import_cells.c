/* SPDX-License-Identifier: Apache-2.0 */
/* From the cells of a row to the object that POST would take, more or less: texts as they stand,
 * lists, yes and no, and times as exports write them. Pure. */
#include "api/import.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "mail/address.h"

#include <string.h>

const char *const import_kind_names[] = {"accounts", "contacts", "tickets", NULL};

typedef enum { CELL_TEXT, CELL_FLAG, CELL_LIST, CELL_TIME } CellType;

#define A (1 << IMPORT_ACCOUNTS)
#define C (1 << IMPORT_CONTACTS)
#define T (1 << IMPORT_TICKETS)

static const struct {
    const char *name;
    unsigned of; /* kinds */
    CellType type;
} fields_known[] = {
    {"number", A, CELL_TEXT},
    {"account", C | T, CELL_TEXT},
    {"name", A | C, CELL_TEXT},
    {"account_reference", C | T, CELL_TEXT},
    {"email", A | C, CELL_TEXT},
    {"email2", A, CELL_TEXT},
    {"emails", C, CELL_LIST},
    {"domains", A, CELL_LIST},
    {"on_every_ticket", C, CELL_FLAG},
    {"language", A | C, CELL_TEXT},
    {"time_zone", A, CELL_TEXT},
    {"active", A | C, CELL_FLAG},
    {"reference", A | T, CELL_TEXT},
    {"manager", A | T, CELL_TEXT},
    {"contact", T, CELL_TEXT},
    {"title", T, CELL_TEXT},
    {"description", T, CELL_TEXT},
    {"type", T, CELL_TEXT},
    {"priority", T, CELL_TEXT},
    {"status", T, CELL_TEXT},
    {"opened", T, CELL_TIME},
    {"closed", T, CELL_TIME},
    {"due", T, CELL_TIME},
    {"resolution", T, CELL_TEXT},
    {"recipients", T, CELL_LIST},
};

const char *import_field(ImportKind kind, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields_known); i++)
        if ((fields_known[i].of & (1U << kind)) != 0 &&
            g_ascii_strcasecmp(fields_known[i].name, name) == 0)
            return fields_known[i].name;
    return NULL;
}

static CellType type_of(const char *field)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields_known); i++)
        if (strcmp(fields_known[i].name, field) == 0)
            return fields_known[i].type;
    return CELL_TEXT;
}

/* ---- cells ---- */

static void refuse(const char *field, const char *what, GError **error)
{
    g_autofree char *path = g_strconcat("/", field, NULL);
    error_set_problem(error, TD_ERROR_INVALID, "invalid", path, "%s must be %s", field, what);
}

static json_t *read_flag(const char *cell, const char *field, GError **error)
{
    static const char *const yes[] = {"yes", "true", "1", "y", NULL};
    static const char *const no[] = {"no", "false", "0", "n", NULL};
    g_autofree char *lower = g_ascii_strdown(cell, -1);
    if (g_strv_contains(yes, lower))
        return json_true();
    if (g_strv_contains(no, lower))
        return json_false();
    refuse(field, "yes or no", error);
    return NULL;
}

static json_t *read_list(const char *cell)
{
    json_t *list = json_array();
    g_auto(GStrv) parts = g_strsplit_set(cell, " ,;\n\r\t", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
            json_array_append_new(list, json_string(*part));
    return list;
}

/* "2026-11-23" or "2026-11-23 18:30", with seconds and an offset if need be (ISO 8601). Days and
 * months in another order could be taken for each other. */
static json_t *read_time(const char *cell, const char *field, GTimeZone *zone, GError **error)
{
    bool day = strlen(cell) == strlen("2026-11-23");
    bool minute = strlen(cell) == strlen("2026-11-23 18:30");
    g_autofree char *full = g_strconcat(cell, day ? "T00:00:00" : minute ? ":00" : "", NULL);
    bool dashes = strlen(cell) >= strlen("2026-11-23") && cell[4] == '-' && cell[7] == '-';
    g_autoptr(GDateTime) time = dashes ? g_date_time_new_from_iso8601(full, zone) : NULL;
    if (time == NULL) {
        refuse(field, "a time such as 2026-11-23 18:30 or 2026-11-23T18:30:00Z", error);
        return NULL;
    }
    g_autofree char *text = text_from_time(g_date_time_to_unix(time) * G_USEC_PER_SEC);
    return json_string(text);
}

static json_t *read_cell(const char *cell, const char *field, GTimeZone *zone, GError **error)
{
    switch (type_of(field)) {
    case CELL_FLAG:
        return read_flag(cell, field, error);
    case CELL_LIST:
        return read_list(cell);
    case CELL_TIME:
        return read_time(cell, field, zone, error);
    default:
        return json_string(cell);
    }
}

static const char *mapped(const char *cell, const char *field, const json_t *values)
{
    const json_t *known = json_object_get(values, field);
    const char *value = json_string_value(json_object_get(known, cell));
    return value != NULL ? value : cell;
}

json_t *import_row_read(const CsvRow *row, const ImportMapping *mapping, GError **error)
{
    json_auto_t *object = json_object();
    for (size_t i = 0; row->cells[i] != NULL; i++) {
        const char *field = mapping->fields[i];
        const char *cell = field != NULL ? mapped(row->cells[i], field, mapping->values) : "";
        if (*cell == '\0')
            continue;
        json_t *value = read_cell(cell, field, mapping->zone, error);
        if (value == NULL)
            return NULL;
        json_object_set_new(object, field, value);
    }
    return json_incref(object);
}

/* ---- which record it is ---- */

static char *key_of_account(const json_t *row)
{
    const char *number = json_get_text(row, "number");
    const char *reference = json_get_text(row, "reference");
    const char *name = json_get_text(row, "name");
    if (*number != '\0')
        return g_strconcat("#", number, NULL);
    if (*reference != '\0')
        return g_strconcat("@", reference, NULL);
    return *name != '\0' ? g_strdup(name) : NULL;
}

static char *key_of_contact(const json_t *row)
{
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    if (!address_parse(json_get_text(row, "email"), NULL, &address, &key, NULL))
        return NULL;
    return g_strdup_printf("%s\n%s\n%s", json_get_text(row, "account"),
                           json_get_text(row, "account_reference"), key);
}

char *import_row_key(ImportKind kind, const json_t *row)
{
    if (kind == IMPORT_ACCOUNTS)
        return key_of_account(row);
    if (kind == IMPORT_CONTACTS)
        return key_of_contact(row);
    const char *reference = json_get_text(row, "reference");
    return *reference != '\0' ? g_strdup(reference) : NULL;
}
