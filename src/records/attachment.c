/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/secret.h"
#include "records/ticket_message.h"

#include <string.h>

#define COLUMNS   "a.id, a.message, a.name, a.content_type, a.content_id, a.bytes, a.hash"
#define N_COLUMNS 7

void attachment_free(Attachment *attachment)
{
    if (attachment == NULL)
        return;
    g_free(attachment->name);
    g_free(attachment->content_type);
    g_free(attachment->content_id);
    g_free(attachment->hash);
    g_clear_pointer(&attachment->content, g_bytes_unref);
    g_free(attachment);
}

/* ---- names and types ---- */

/* What no file system, shell or header field should see, and what turns the direction of a name. */
static bool is_unsafe(gunichar character)
{
    return g_unichar_iscntrl(character) || g_unichar_type(character) == G_UNICODE_FORMAT ||
           g_unichar_type(character) == G_UNICODE_LINE_SEPARATOR ||
           g_unichar_type(character) == G_UNICODE_PARAGRAPH_SEPARATOR ||
           (character < 0x80 && strchr("\"<>|:*?;`$&", (int)character) != NULL);
}

char *attachment_name_clean(const char *name)
{
    g_autofree char *valid = g_utf8_make_valid(name != NULL ? name : "", -1);
    const char *last = valid;
    for (const char *p = valid; *p != '\0'; p++)
        if (*p == '/' || *p == '\\')
            last = p + 1;
    g_autoptr(GString) clean = g_string_new(NULL);
    int characters = 0;
    for (const char *p = last; *p != '\0' && characters < ATTACHMENT_NAME_MAX;
         p = g_utf8_next_char(p)) {
        gunichar character = g_utf8_get_char(p);
        bool leading = clean->len == 0 && (character == '.' || g_unichar_isspace(character));
        if (leading)
            continue;
        g_string_append_unichar(clean, is_unsafe(character) ? '_' : character);
        characters++;
    }
    g_strchomp(clean->str);
    return g_strdup(*clean->str != '\0' ? clean->str : "file");
}

/* A token of RFC 2045 §5.1, as long as those of IANA are (RFC 6838 §4.2). */
static bool is_type_part(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (!g_ascii_isalnum(text[i]) && strchr("!#$&-^_.+", text[i]) == NULL)
            return false;
    return bytes > 0 && bytes <= 127;
}

char *attachment_type_clean(const char *content_type)
{
    g_autofree char *type = g_ascii_strdown(content_type != NULL ? content_type : "", -1);
    char *parameters = strchr(type, ';');
    if (parameters != NULL)
        *parameters = '\0';
    g_strstrip(type);
    const char *slash = strchr(type, '/');
    if (slash == NULL || !is_type_part(type, (size_t)(slash - type)) ||
        !is_type_part(slash + 1, strlen(slash + 1)) || g_str_has_prefix(type, "multipart/") ||
        g_str_has_prefix(type, "message/"))
        return g_strdup("application/octet-stream");
    return g_steal_pointer(&type);
}

/* ---- rows ---- */

static Attachment *from_row(const DbRows *rows, bool with_content)
{
    Attachment *attachment = g_new0(Attachment, 1);
    attachment->id = db_rows_int(rows, 0);
    attachment->message = db_rows_int(rows, 1);
    attachment->name = db_rows_dup(rows, 2);
    attachment->content_type = db_rows_dup(rows, 3);
    attachment->content_id = db_rows_dup(rows, 4);
    attachment->bytes = db_rows_int(rows, 5);
    attachment->hash = db_rows_dup(rows, 6);
    if (with_content) {
        size_t bytes = 0;
        const void *content = db_rows_blob(rows, N_COLUMNS, &bytes);
        attachment->content = g_bytes_new(content, bytes);
    }
    return attachment;
}

bool attachment_insert(DbTx *tx, Attachment *attachment, GError **error)
{
    gsize bytes;
    const void *content = g_bytes_get_data(attachment->content, &bytes);
    g_autofree char *hash = secret_hash(content, bytes);
    return db_insert(tx, &attachment->id, error,
                     "INSERT INTO attachment (message, name, content_type, content_id, bytes, hash,"
                     " content) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                     "isssisb", attachment->message, attachment->name, attachment->content_type,
                     attachment->content_id, (int64_t)bytes, hash, content != NULL ? content : "",
                     (size_t)bytes);
}

GPtrArray *attachment_list(DbTx *tx, int64_t message, bool with_content, GError **error)
{
    DbRows *rows =
        with_content
            ? db_query(tx, error,
                       "SELECT " COLUMNS ", a.content FROM attachment a WHERE a.message = $1"
                       " ORDER BY a.id",
                       "i", message)
            : db_query(tx, error,
                       "SELECT " COLUMNS " FROM attachment a WHERE a.message = $1 ORDER BY a.id",
                       "i", message);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)attachment_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows, with_content));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

Attachment *attachment_load(DbTx *tx, int64_t ticket, int64_t id, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT " COLUMNS ", a.content FROM attachment a JOIN ticket_message m"
                            " ON m.id = a.message WHERE a.id = $1 AND m.ticket = $2",
                            "ii", id, ticket);
    if (rows == NULL)
        return NULL;
    g_autoptr(Attachment) attachment = db_rows_next(rows) ? from_row(rows, true) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (attachment == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-attachment", NULL,
                          "Ticket #%" G_GINT64_FORMAT " has no attachment %" G_GINT64_FORMAT,
                          ticket, id);
    return g_steal_pointer(&attachment);
}
