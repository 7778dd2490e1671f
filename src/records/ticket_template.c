/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ticket_template.h"

#include "base/error.h"

#define SELECT                                                                                     \
    "SELECT t.id, t.name, t.kind, t.builtin, v.version, v.language, v.subject, v.body_text, "      \
    "v.body_html FROM template t JOIN template_version v ON v.template = t.id "

void ticket_template_free(TicketTemplate *record)
{
    if (record == NULL)
        return;
    g_free(record->name);
    g_free(record->kind);
    g_free(record->builtin);
    g_free(record->language);
    g_free(record->subject);
    g_free(record->text);
    g_free(record->html);
    g_free(record);
}

static TicketTemplate *from_row(const DbRows *rows)
{
    TicketTemplate *record = g_new0(TicketTemplate, 1);
    record->id = db_rows_int(rows, 0);
    record->name = db_rows_dup(rows, 1);
    record->kind = db_rows_dup(rows, 2);
    record->builtin = db_rows_dup(rows, 3);
    record->version = db_rows_int(rows, 4);
    record->language = db_rows_dup(rows, 5);
    record->subject = db_rows_dup(rows, 6);
    record->text = db_rows_dup(rows, 7);
    record->html = db_rows_dup(rows, 8);
    return record;
}

static TicketTemplate *take_one(DbRows *rows, const char *what, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(TicketTemplate) record = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (record == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-template", NULL,
                          "There is no template %s", what);
    return g_steal_pointer(&record);
}

TicketTemplate *ticket_template_load(DbTx *tx, int64_t id, int64_t version, GError **error)
{
    g_autofree char *what = g_strdup_printf("%" G_GINT64_FORMAT, id);
    return take_one(db_query(tx, error,
                             SELECT "WHERE t.id = $1"
                                    " AND v.version = CASE WHEN $2 = 0 THEN t.version ELSE $2 END",
                             "ii", id, version),
                    what, error);
}

TicketTemplate *ticket_template_load_builtin(DbTx *tx, const char *builtin, GError **error)
{
    return take_one(
        db_query(tx, error, SELECT "WHERE t.builtin = $1 AND v.version = t.version", "s", builtin),
        builtin, error);
}

bool ticket_template_insert(DbTx *tx, TicketTemplate *record, const Actor *author, int64_t now_us,
                            GError **error)
{
    record->version = 1;
    return db_insert(tx, &record->id, error,
                     "INSERT INTO template (name, kind, builtin, version) VALUES ($1, $2, $3, 1)"
                     " RETURNING id",
                     "sss", record->name, record->kind, record->builtin) &&
           db_exec(tx, NULL, error,
                   "INSERT INTO template_version (template, version, language, subject, body_text,"
                   " body_html, author_kind, author_id, author_name, created_at)"
                   " VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9)",
                   "isssssnsi", record->id, record->language, record->subject, record->text,
                   record->html, actor_kind_name(author->kind), author->id, author->name, now_us);
}

GPtrArray *ticket_template_list(DbTx *tx, int64_t after, int limit, GError **error)
{
    DbRows *rows = db_query(
        tx, error, SELECT "WHERE t.id > $1 AND v.version = t.version ORDER BY t.id LIMIT $2", "ii",
        after, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)ticket_template_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
