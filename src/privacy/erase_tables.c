/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQL is made of the table below alone, once for each table: no text from outside ever stands
 * in it. The engine looks for the rows (a pattern that lets too much through rather than too
 * little), and erase_text.h decides what is replaced.
 */
#include "privacy/erase_tables.h"

#include "records/event.h"

#include <string.h>

#define ROWS_MAX 500 /* written in one transaction */
#define MANY     5000
#define FEW      200

/* What came into the queue meanwhile keeps its address until the next pass cancels it: nothing is
 * to be sent to a pseudonym. */
#define IS_FINAL "t.state IN ('accepted', 'rejected', 'expired', 'bounced', 'cancelled')"

#define OF_MESSAGE "(SELECT m.event FROM ticket_message m WHERE m.id = t.message)"

const ErasedTable erased_tables[] = {
    {"recipient",
     "id",
     "t.ticket",
     NULL,
     NULL,
     MANY,
     {{"email", COLUMN_ADDRESS}, {"name", COLUMN_NAME}, {"email_key", COLUMN_ADDRESS}}},
    {"employee_recipient", "id", "t.ticket", NULL, NULL, MANY, {{"email", COLUMN_ADDRESS}}},
    {"alert",
     "id",
     "t.ticket",
     "t.event",
     NULL,
     MANY,
     {{"recipient", COLUMN_ADDRESS},
      {"recipient_name", COLUMN_NAME},
      {"recipient_key", COLUMN_ADDRESS}}},
    {"message_copy",
     "id",
     "t.ticket",
     OF_MESSAGE,
     NULL,
     MANY,
     {{"recipient", COLUMN_ADDRESS},
      {"recipient_name", COLUMN_NAME},
      {"recipient_key", COLUMN_ADDRESS}}},
    {"auto_response",
     "id",
     "t.ticket",
     NULL,
     NULL,
     MANY,
     {{"recipient", COLUMN_ADDRESS}, {"recipient_key", COLUMN_ADDRESS}}},
    {"outbox",
     "id",
     NULL,
     NULL,
     IS_FINAL,
     MANY,
     {{"recipient", COLUMN_ADDRESS},
      {"order_key", COLUMN_ORDER_KEY},
      {"last_reply", COLUMN_TEXT},
      {"remote_id", COLUMN_TEXT}}},
    {"outbox_attempt", "id", NULL, NULL, NULL, MANY, {{"reply", COLUMN_TEXT}}},
    {"outbox_early_bounce", "outbox", NULL, NULL, NULL, MANY, {{"reply", COLUMN_TEXT}}},
    {"ticket",
     "number",
     "t.number",
     NULL,
     NULL,
     FEW,
     {{"title", COLUMN_WRITTEN},
      {"description", COLUMN_WRITTEN},
      {"resolution", COLUMN_WRITTEN},
      {"opener_name", COLUMN_TEXT}}},
    {"event",
     "id",
     "t.ticket",
     "t.id",
     NULL,
     FEW,
     {{"actor_name", COLUMN_TEXT}, {"facts", COLUMN_JSON}}},
    {"ticket_message",
     "id",
     "t.ticket",
     "t.event",
     NULL,
     FEW,
     {{"from_address", COLUMN_ADDRESS},
      {"author_name", COLUMN_NAME},
      {"from_key", COLUMN_ADDRESS},
      {"message_id", COLUMN_TEXT},
      {"in_reply_to", COLUMN_TEXT}}},
    /* Its texts by themselves: a table has few columns here. */
    {"ticket_message",
     "id",
     "t.ticket",
     "t.event",
     NULL,
     FEW,
     {{"subject", COLUMN_WRITTEN},
      {"body_text", COLUMN_WRITTEN},
      {"quoted", COLUMN_WRITTEN},
      {"body_html", COLUMN_WRITTEN}}},
    {"attachment",
     "id",
     "(SELECT m.ticket FROM ticket_message m WHERE m.id = t.message)",
     OF_MESSAGE,
     NULL,
     MANY,
     {{"name", COLUMN_WRITTEN}}},
    {"inbound_mail",
     "id",
     "t.ticket",
     NULL,
     NULL,
     FEW,
     {{"from_email", COLUMN_ADDRESS},
      {"from_name", COLUMN_NAME},
      {"from_key", COLUMN_ADDRESS},
      {"about_key", COLUMN_ADDRESS},
      {"message_id", COLUMN_TEXT},
      {"subject", COLUMN_TEXT},
      {"steps", COLUMN_JSON}}},
    {"mail_forward",
     "id",
     NULL,
     NULL,
     NULL,
     FEW,
     {{"recipient", COLUMN_ADDRESS},
      {"recipient_key", COLUMN_ADDRESS},
      {"body_text", COLUMN_TEXT}}},
    {"one_time_link",
     "id",
     NULL,
     NULL,
     NULL,
     MANY,
     {{"email", COLUMN_ADDRESS},
      {"name", COLUMN_NAME},
      {"email_key", COLUMN_ADDRESS},
      {"typed_key", COLUMN_ADDRESS},
      {"facts", COLUMN_JSON}}},
    {"sign_in_failure", "id", NULL, NULL, NULL, MANY, {{"name", COLUMN_TEXT}}},
    {"held_notice", "id", NULL, NULL, NULL, MANY, {{"facts", COLUMN_JSON}}},
    {"audit",
     "id",
     NULL,
     NULL,
     NULL,
     MANY,
     {{"target", COLUMN_TEXT}, {"request", COLUMN_JSON}, {"actor_name", COLUMN_TEXT}}},
};
const size_t erased_n_tables = G_N_ELEMENTS(erased_tables);

static int n_columns(const ErasedTable *table)
{
    int n = 0;
    while (n < ERASED_COLUMNS_MAX && table->columns[n].name != NULL)
        n++;
    return n;
}

/* ---- SQL ---- */

typedef struct {
    char *look;      /* $1 behind, $2 up to, $3 pattern, $4 at most */
    char *of_ticket; /* $1 ticket; NULL: the table has none */
    char *limit;     /* $1 behind, $2 rows: how far one look goes */
    char *update;    /* $1 id, then the columns */
} Texts;

static Texts texts[G_N_ELEMENTS(erased_tables)];

static void append_columns(GString *sql, const ErasedTable *table)
{
    g_string_append_printf(sql, "SELECT t.%s, %s, %s", table->key,
                           table->ticket != NULL ? table->ticket : "0",
                           table->event != NULL ? table->event : "0");
    for (int i = 0; i < n_columns(table); i++)
        g_string_append_printf(sql, ", t.%s", table->columns[i].name);
    g_string_append_printf(sql, " FROM %s t WHERE ", table->name);
}

static void make_texts(const ErasedTable *table, Texts *made)
{
    g_autoptr(GString) look = g_string_new(NULL);
    append_columns(look, table);
    g_string_append_printf(look, "t.%s > $1 AND t.%s <= $2 AND (", table->key, table->key);
    for (int i = 0; i < n_columns(table); i++)
        g_string_append_printf(look, "%slower(t.%s) LIKE $3 ESCAPE '!'", i > 0 ? " OR " : "",
                               table->columns[i].name);
    g_string_append_printf(look, ")%s%s ORDER BY t.%s LIMIT $4", table->only != NULL ? " AND " : "",
                           table->only != NULL ? table->only : "", table->key);
    made->look = g_strdup(look->str);
    if (table->ticket != NULL) {
        g_string_truncate(look, 0);
        append_columns(look, table);
        /* By the table's own index: an attachment is found by its message. */
        if (strcmp(table->name, "attachment") == 0)
            g_string_append(look, "t.message IN (SELECT id FROM ticket_message WHERE ticket = $1)");
        else
            g_string_append_printf(look, "%s = $1", table->ticket);
        made->of_ticket = g_strdup(look->str);
    }
    made->limit = g_strdup_printf("SELECT COALESCE(MAX(id), 0) FROM (SELECT %s AS id FROM %s"
                                  " WHERE %s > $1 ORDER BY %s LIMIT $2) AS seen",
                                  table->key, table->name, table->key, table->key);
    g_autoptr(GString) update = g_string_new(NULL);
    g_string_append_printf(update, "UPDATE %s SET", table->name);
    for (int i = 0; i < n_columns(table); i++)
        g_string_append_printf(update, "%s %s = $%d", i > 0 ? "," : "", table->columns[i].name,
                               i + 2);
    g_string_append_printf(update, " WHERE %s = $1", table->key);
    made->update = g_strdup(update->str);
}

static const Texts *texts_of(const ErasedTable *table)
{
    static gsize made;
    if (g_once_init_enter(&made)) {
        for (size_t i = 0; i < erased_n_tables; i++)
            make_texts(&erased_tables[i], &texts[i]);
        g_once_init_leave(&made, 1);
    }
    return &texts[table - erased_tables];
}

/* ---- one row ---- */

typedef struct {
    int64_t id, ticket, event;
    char *values[ERASED_COLUMNS_MAX];
} Row;

static void row_free(gpointer data)
{
    Row *row = data;
    for (int i = 0; i < ERASED_COLUMNS_MAX; i++)
        g_free(row->values[i]);
    g_free(row);
}

static char *other_order_key(const ErasedWords *words, const char *value)
{
    const char *colon = value != NULL ? strchr(value, ':') : NULL;
    const char *by = colon != NULL ? erased_address(words, colon + 1) : NULL;
    return by != NULL ? g_strdup_printf("%.*s:%s", (int)(colon - value), value, by) : NULL;
}

/* What stands there from now on; NULL: what stands there. */
static char *other_value(const Erasing *erasing, ErasedColumnKind kind, const char *value,
                         bool theirs)
{
    const ErasedWords *words = erasing->words;
    switch (kind) {
    case COLUMN_ADDRESS:
        return g_strdup(erased_address(words, value));
    case COLUMN_NAME:
        return value != NULL && strcmp(value, erased_name(words)) != 0 &&
                       (theirs || erased_is_name(words, value))
                   ? g_strdup(erased_name(words))
                   : NULL;
    case COLUMN_ORDER_KEY:
        return other_order_key(words, value);
    case COLUMN_TEXT:
        return erased_text(words, value);
    case COLUMN_JSON:
        return erased_json(words, value);
    case COLUMN_WRITTEN:
        return erasing->keep_tickets ? NULL : erased_text(words, value);
    case COLUMN_NONE:
        break;
    }
    return NULL;
}

static bool rewrite(const Erasing *erasing, const ErasedTable *table, Row *row)
{
    bool changed = false;
    bool theirs = false;
    for (int i = 0; i < n_columns(table); i++) {
        ErasedColumnKind kind = table->columns[i].kind;
        char *other = other_value(erasing, kind, row->values[i], theirs);
        theirs = kind == COLUMN_ADDRESS && other != NULL;
        if (other == NULL)
            continue;
        g_free(row->values[i]);
        row->values[i] = other;
        changed = true;
    }
    return changed;
}

bool erased_note_ticket(Erasing *erasing, int64_t ticket, GError **error)
{
    return ticket == 0 || db_exec(erasing->tx, NULL, error,
                                  "INSERT INTO erasure_ticket (erasure, ticket) VALUES ($1, $2)"
                                  " ON CONFLICT (erasure, ticket) DO NOTHING",
                                  "ii", erasing->erasure, ticket);
}

bool erased_event(Erasing *erasing, int64_t event, GError **error)
{
    return event == 0 || db_exec(erasing->tx, NULL, error,
                                 "UPDATE event SET removed_at = $2,"
                                 " removed_why = '" EVENT_REMOVED_ERASURE "'"
                                 " WHERE id = $1 AND removed_at IS NULL",
                                 "ii", event, erasing->now_us);
}

static bool write_row(Erasing *erasing, const ErasedTable *table, const Row *row, GError **error)
{
    DbParam params[1 + ERASED_COLUMNS_MAX] = {DB_PARAM_INT(row->id)};
    int n = n_columns(table);
    for (int i = 0; i < n; i++)
        params[i + 1] = DB_PARAM_TEXT(row->values[i]);
    erasing->changed++;
    return db_exec_list(erasing->tx, NULL, error, texts_of(table)->update, params, n + 1) &&
           erased_note_ticket(erasing, row->ticket, error) &&
           erased_event(erasing, row->event, error);
}

/* Takes `rows`, which may be NULL with an error. */
static GPtrArray *take_rows(const ErasedTable *table, DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(row_free);
    while (db_rows_next(rows)) {
        Row *row = g_new0(Row, 1);
        row->id = db_rows_int(rows, 0);
        row->ticket = db_rows_int(rows, 1);
        row->event = db_rows_int(rows, 2);
        for (int i = 0; i < n_columns(table); i++)
            row->values[i] = db_rows_dup(rows, 3 + i);
        g_ptr_array_add(list, row);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

/* ---- many ---- */

static bool rewrite_all(Erasing *erasing, const ErasedTable *table, GPtrArray *rows, GError **error)
{
    for (guint i = 0; i < rows->len; i++) {
        Row *row = rows->pdata[i];
        if (rewrite(erasing, table, row) && !write_row(erasing, table, row, error))
            return false;
    }
    return true;
}

bool erased_table_sweep(Erasing *erasing, const ErasedTable *table, int64_t *cursor, bool *end,
                        GError **error)
{
    const Texts *sql = texts_of(table);
    bool found;
    int64_t upto = 0;
    if (!db_query_int(erasing->tx, &found, &upto, error, sql->limit, "ii", *cursor,
                      (int64_t)table->rows))
        return false;
    *end = upto == 0;
    for (guint i = 0; upto != 0 && i < erased_n_patterns(erasing->words); i++) {
        g_autoptr(GPtrArray) rows =
            take_rows(table,
                      db_query(erasing->tx, error, sql->look, "iisi", *cursor, upto,
                               erased_pattern(erasing->words, i), (int64_t)ROWS_MAX),
                      error);
        if (rows == NULL || !rewrite_all(erasing, table, rows, error))
            return false;
        if (rows->len == ROWS_MAX)
            upto = MIN(upto, ((const Row *)rows->pdata[ROWS_MAX - 1])->id);
    }
    if (upto != 0)
        *cursor = upto;
    return true;
}

bool erased_table_of_ticket(Erasing *erasing, const ErasedTable *table, int64_t ticket,
                            GError **error)
{
    const Texts *sql = texts_of(table);
    if (sql->of_ticket == NULL)
        return true;
    g_autoptr(GPtrArray) rows =
        take_rows(table, db_query(erasing->tx, error, sql->of_ticket, "i", ticket), error);
    return rows != NULL && rewrite_all(erasing, table, rows, error);
}
