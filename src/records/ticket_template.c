/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ticket_template.h"

#include "base/error.h"

#include <string.h>

#define SELECT                                                                                     \
    "SELECT t.id, t.name, t.kind, t.builtin, v.version, v.language, v.subject, v.body_text, "      \
    "v.body_html FROM template t JOIN template_version v ON v.template = t.id "

/* ---- structs ---- */

TemplateText *template_text_new(const char *language, const char *subject, const char *text,
                                const char *html)
{
    TemplateText *made = g_new0(TemplateText, 1);
    made->language = g_strdup(language);
    made->subject = g_strdup(subject);
    made->text = g_strdup(text);
    made->html = g_strdup(html);
    return made;
}

void template_text_free(TemplateText *text)
{
    if (text == NULL)
        return;
    g_free(text->language);
    g_free(text->subject);
    g_free(text->text);
    g_free(text->html);
    g_free(text);
}

bool template_text_equal(const TemplateText *a, const TemplateText *b)
{
    return strcmp(a->language, b->language) == 0 && strcmp(a->subject, b->subject) == 0 &&
           strcmp(a->text, b->text) == 0 && g_strcmp0(a->html, b->html) == 0;
}

TicketTemplate *ticket_template_new(void)
{
    TicketTemplate *record = g_new0(TicketTemplate, 1);
    record->texts = g_ptr_array_new_with_free_func((GDestroyNotify)template_text_free);
    return record;
}

void ticket_template_free(TicketTemplate *record)
{
    if (record == NULL)
        return;
    g_free(record->name);
    g_free(record->kind);
    g_free(record->builtin);
    g_ptr_array_unref(record->texts);
    g_free(record);
}

TemplateText *ticket_template_text(const TicketTemplate *record, const char *language)
{
    for (guint i = 0; i < record->texts->len; i++) {
        TemplateText *text = record->texts->pdata[i];
        if (g_ascii_strcasecmp(text->language, language) == 0)
            return text;
    }
    return NULL;
}

bool ticket_template_same_texts(const TicketTemplate *a, const TicketTemplate *b)
{
    if (a->texts->len != b->texts->len)
        return false;
    for (guint i = 0; i < a->texts->len; i++)
        if (!template_text_equal(a->texts->pdata[i], b->texts->pdata[i]))
            return false;
    return true;
}

/* ---- loading ---- */

/* Without translations. */
static TicketTemplate *from_row(const DbRows *rows)
{
    TicketTemplate *record = ticket_template_new();
    record->id = db_rows_int(rows, 0);
    record->name = db_rows_dup(rows, 1);
    record->kind = db_rows_dup(rows, 2);
    record->builtin = db_rows_dup(rows, 3);
    record->version = db_rows_int(rows, 4);
    char *language = db_rows_dup(rows, 5);
    char *subject = db_rows_dup(rows, 6);
    char *text = db_rows_dup(rows, 7);
    TemplateText *own = g_new0(TemplateText, 1);
    *own = (TemplateText){language, subject, text, db_rows_dup(rows, 8)};
    g_ptr_array_add(record->texts, own);
    return record;
}

static TicketTemplate *take_one(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(TicketTemplate) record = db_rows_next(rows) ? from_row(rows) : NULL;
    return db_rows_end(rows, error) ? g_steal_pointer(&record) : NULL;
}

static bool add_translations(DbTx *tx, TicketTemplate *record, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT language, subject, body_text, body_html"
                            " FROM template_translation WHERE template = $1 AND version = $2"
                            " ORDER BY language",
                            "ii", record->id, record->version);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        g_autofree char *language = db_rows_dup(rows, 0);
        g_autofree char *subject = db_rows_dup(rows, 1);
        g_autofree char *text = db_rows_dup(rows, 2);
        g_autofree char *html = db_rows_dup(rows, 3);
        g_ptr_array_add(record->texts, template_text_new(language, subject, text, html));
    }
    return db_rows_end(rows, error);
}

static void set_unknown(GError **error, int64_t id)
{
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-template", NULL,
                      "There is no template %" G_GINT64_FORMAT, id);
}

TicketTemplate *ticket_template_load(DbTx *tx, int64_t id, int64_t version, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(TicketTemplate) record =
        take_one(db_query(tx, &failure,
                          SELECT "WHERE t.id = $1 AND t.deleted_at IS NULL AND v.version ="
                                 " CASE WHEN $2 = 0 THEN t.version ELSE $2 END",
                          "ii", id, version),
                 &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (record == NULL && version != 0)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-version", NULL,
                          "There is no version %" G_GINT64_FORMAT " of template %" G_GINT64_FORMAT,
                          version, id);
    else if (record == NULL)
        set_unknown(error, id);
    return record != NULL && add_translations(tx, record, error) ? g_steal_pointer(&record) : NULL;
}

TicketTemplate *ticket_template_load_text(DbTx *tx, int64_t id, int64_t version,
                                          const char *language, GError **error)
{
    static const char select[] =
        "SELECT t.id, t.name, t.kind, t.builtin, v.version, COALESCE(x.language, v.language),"
        " COALESCE(x.subject, v.subject), COALESCE(x.body_text, v.body_text),"
        " CASE WHEN x.language IS NULL THEN v.body_html ELSE x.body_html END"
        " FROM template t JOIN template_version v ON v.template = t.id"
        " LEFT JOIN template_translation x ON x.template = v.template AND x.version = v.version"
        " AND x.language = $3 WHERE t.id = $1 AND v.version = $2";
    g_autoptr(GError) failure = NULL;
    TicketTemplate *record =
        take_one(db_query(tx, &failure, select, "iis", id, version, language), &failure);
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    else if (record == NULL)
        set_unknown(error, id);
    return record;
}

/* ---- what an event chooses from ---- */

void template_offer_free(TemplateOffer *offer)
{
    if (offer == NULL)
        return;
    g_strfreev(offer->languages);
    g_free(offer);
}

/* A row for each translation, or one without. */
#define OFFER(which)                                                                               \
    "SELECT t.id, t.version, v.language, x.language FROM template t"                               \
    " JOIN template_version v ON v.template = t.id AND v.version = t.version"                      \
    " LEFT JOIN template_translation x ON x.template = t.id AND x.version = t.version"             \
    " WHERE " which " ORDER BY x.language"

static TemplateOffer *offer_from_rows(DbRows *rows)
{
    TemplateOffer *offer = g_new0(TemplateOffer, 1);
    g_autoptr(GPtrArray) languages = g_ptr_array_new();
    while (db_rows_next(rows)) {
        offer->id = db_rows_int(rows, 0);
        offer->version = db_rows_int(rows, 1);
        if (languages->len == 0)
            g_ptr_array_add(languages, db_rows_dup(rows, 2));
        if (!db_rows_is_null(rows, 3))
            g_ptr_array_add(languages, db_rows_dup(rows, 3));
    }
    g_ptr_array_add(languages, NULL);
    offer->languages = (char **)g_ptr_array_free(g_steal_pointer(&languages), FALSE);
    return offer;
}

TemplateOffer *ticket_template_offer(DbTx *tx, int64_t id, const char *builtin, GError **error)
{
    DbRows *rows = id != 0 ? db_query(tx, error, OFFER("t.id = $1"), "i", id)
                           : db_query(tx, error, OFFER("t.builtin = $1"), "s", builtin);
    if (rows == NULL)
        return NULL;
    g_autoptr(TemplateOffer) offer = offer_from_rows(rows);
    if (!db_rows_end(rows, error))
        return NULL;
    if (offer->id == 0) {
        set_unknown(error, id);
        return NULL;
    }
    return g_steal_pointer(&offer);
}

bool ticket_template_find_builtin(DbTx *tx, const char *builtin, int64_t *id, GError **error)
{
    bool found;
    int64_t value = 0;
    if (!db_query_int(tx, &found, &value, error, "SELECT id FROM template WHERE builtin = $1", "s",
                      builtin))
        return false;
    *id = found ? value : 0;
    return true;
}

/* ---- lists ---- */

GPtrArray *ticket_template_list(DbTx *tx, int64_t after, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            SELECT "WHERE t.id > $1 AND t.deleted_at IS NULL"
                                   " AND v.version = t.version ORDER BY t.id LIMIT $2",
                            "ii", after, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)ticket_template_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    if (!db_rows_end(rows, error))
        return NULL;
    for (guint i = 0; i < list->len; i++)
        if (!add_translations(tx, list->pdata[i], error))
            return NULL;
    return g_steal_pointer(&list);
}

void template_version_free(TemplateVersion *version)
{
    if (version == NULL)
        return;
    actor_clear(&version->author);
    g_free(version);
}

GPtrArray *ticket_template_versions(DbTx *tx, int64_t id, int64_t before, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT version, author_kind, author_id, author_name, created_at,"
                            " restored_from, built_in FROM template_version"
                            " WHERE template = $1 AND version < $2 ORDER BY version DESC LIMIT $3",
                            "iii", id, before != 0 ? before : INT64_MAX, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)template_version_free);
    while (db_rows_next(rows)) {
        TemplateVersion *version = g_new0(TemplateVersion, 1);
        version->version = db_rows_int(rows, 0);
        actor_kind_from_name(db_rows_text(rows, 1), &version->author.kind);
        version->author.id = db_rows_int(rows, 2);
        version->author.name = db_rows_dup(rows, 3);
        version->at = db_rows_int(rows, 4);
        version->restored_from = db_rows_int(rows, 5);
        version->built_in = db_rows_int(rows, 6) != 0;
        g_ptr_array_add(list, version);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
