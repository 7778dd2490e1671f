/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ticket_template.h"

#include "base/error.h"

/* Behind the name of a deleted template, with its id: no name from a door has a control character,
 * so a freed name never meets another. */
#define DELETED_MARK "\x1f"

static bool write_texts(DbTx *tx, const TicketTemplate *record, const TemplateSave *save,
                        GError **error)
{
    const TemplateText *own = record->texts->pdata[0];
    if (!db_exec(tx, NULL, error,
                 "INSERT INTO template_version (template, version, language, subject, body_text,"
                 " body_html, author_kind, author_id, author_name, created_at, restored_from,"
                 " built_in) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                 "iisssssnsini", record->id, record->version, own->language, own->subject,
                 own->text, own->html, actor_kind_name(save->author->kind), save->author->id,
                 save->author->name, save->at, save->restored_from, (int64_t)save->built_in))
        return false;
    for (guint i = 1; i < record->texts->len; i++) {
        const TemplateText *text = record->texts->pdata[i];
        if (!db_exec(tx, NULL, error,
                     "INSERT INTO template_translation (template, version, language, subject,"
                     " body_text, body_html) VALUES ($1, $2, $3, $4, $5, $6)",
                     "iissss", record->id, record->version, text->language, text->subject,
                     text->text, text->html))
            return false;
    }
    return true;
}

static bool check_name(DbTx *tx, const TicketTemplate *record, GError **error)
{
    bool found;
    int64_t id = 0;
    if (!db_query_int(tx, &found, &id, error, "SELECT id FROM template WHERE name = $1", "s",
                      record->name))
        return false;
    if (!found || id == record->id)
        return true;
    error_set_problem(error, TD_ERROR_CONFLICT, "name-taken", "/name",
                      "Template %" G_GINT64_FORMAT
                      " is called \"%s\" already; choose another name. Nothing was changed",
                      id, record->name);
    return false;
}

bool ticket_template_insert(DbTx *tx, TicketTemplate *record, const TemplateSave *save,
                            GError **error)
{
    bool found;
    record->id = 0;
    record->version = 1;
    return check_name(tx, record, error) &&
           db_query_int(tx, &found, &record->id, error,
                        "INSERT INTO template (name, kind, builtin, version) VALUES ($1, $2, $3, 1)"
                        " RETURNING id",
                        "sss", record->name, record->kind, record->builtin) &&
           write_texts(tx, record, save, error);
}

bool ticket_template_save(DbTx *tx, TicketTemplate *record, const TemplateSave *save,
                          GError **error)
{
    int64_t changed = 0;
    if (!check_name(tx, record, error) ||
        !db_exec(tx, &changed, error,
                 "UPDATE template SET version = version + 1, name = $3"
                 " WHERE id = $1 AND version = $2 AND deleted_at IS NULL",
                 "iis", record->id, record->version, record->name))
        return false;
    if (changed == 0) {
        error_set_problem(error, TD_ERROR_CONFLICT, "template-changed", NULL,
                          "Version %" G_GINT64_FORMAT " of template %" G_GINT64_FORMAT
                          " is not the newest any more: somebody else has changed it. Nothing was"
                          " changed; look at the newest version and change that",
                          record->version, record->id);
        return false;
    }
    record->version++;
    return write_texts(tx, record, save, error);
}

bool ticket_template_delete(DbTx *tx, int64_t id, int64_t now_us, GError **error)
{
    g_autofree char *mark = g_strdup_printf(DELETED_MARK "%" G_GINT64_FORMAT, id);
    int64_t changed = 0;
    if (!db_exec(tx, &changed, error,
                 "UPDATE template SET deleted_at = $2, name = name || $3"
                 " WHERE id = $1 AND deleted_at IS NULL",
                 "iis", id, now_us, mark))
        return false;
    if (changed == 0)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-template", NULL,
                          "There is no template %" G_GINT64_FORMAT, id);
    return changed != 0;
}
