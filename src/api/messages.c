/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket's correspondence: its messages with who got a copy, and answering. */
#include "api/input.h"
#include "api/render.h"
#include "api/render_message.h"
#include "api/resources.h"
#include "base/error.h"
#include "desk/answer.h"
#include "records/ticket.h"

#include <string.h>

#define ATTACHMENT_BASE64_BYTES (2 * LIMIT_ATTACHMENTS_BYTES) /* more than it can take */

/* ---- reading ---- */

typedef struct {
    int64_t number; /* the ticket */
    int64_t id;
    ApiPage page;
} Asked;

/* With its attachments and copies. */
static json_t *show(ApiCall *call, DbTx *tx, const TicketMessage *message, GError **error)
{
    g_autoptr(GPtrArray) attachments = attachment_list(tx, message->id, false, error);
    g_autoptr(GPtrArray) copies =
        attachments != NULL ? message_copy_stories(tx, message->id, error) : NULL;
    return copies != NULL ? render_ticket_message(message, attachments, copies,
                                                  composer_desk_id(call->api->composer))
                          : NULL;
}

/* A page ends early where its texts are long. */
static json_t *list_messages(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Asked *asked = data;
    int limit = asked->page.limit;
    g_autoptr(Ticket) ticket = ticket_load(tx, asked->number, error);
    g_autoptr(GPtrArray) list =
        ticket != NULL
            ? ticket_message_list(tx, asked->number, asked->page.cursor, limit + 1, error)
            : NULL;
    if (list == NULL)
        return NULL;
    json_auto_t *items = json_array();
    size_t bytes = 0;
    guint i = 0;
    for (; i < list->len && i < (guint)limit && bytes < API_PAGE_BYTES; i++) {
        const TicketMessage *message = list->pdata[i];
        json_t *shown = show(call, tx, message, error);
        if (shown == NULL)
            return NULL;
        json_array_append_new(items, shown);
        bytes += strlen(message->text) + (message->quoted != NULL ? strlen(message->quoted) : 0) +
                 (message->html != NULL ? strlen(message->html) : 0);
    }
    int64_t last = i > 0 ? ((const TicketMessage *)list->pdata[i - 1])->id : 0;
    return render_page(json_incref(items), list->len > i ? last : 0);
}

HttpResponse *messages_list(ApiCall *call, GError **error)
{
    Asked asked = {0};
    return api_param_id(call, "number", "unknown-ticket", &asked.number, error) &&
                   api_page(call, &asked.page, error)
               ? api_read(call, list_messages, &asked, error)
               : NULL;
}

static json_t *get_message(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Asked *asked = data;
    g_autoptr(Ticket) ticket = ticket_load(tx, asked->number, error);
    g_autoptr(TicketMessage) message =
        ticket != NULL ? ticket_message_load(tx, asked->number, asked->id, error) : NULL;
    return message != NULL ? show(call, tx, message, error) : NULL;
}

HttpResponse *messages_get(ApiCall *call, GError **error)
{
    Asked asked = {0};
    return api_param_id(call, "number", "unknown-ticket", &asked.number, error) &&
                   api_param_id(call, "id", "unknown-message", &asked.id, error)
               ? api_read(call, get_message, &asked, error)
               : NULL;
}

/* ---- an attachment's bytes ---- */

typedef struct {
    int64_t number, id;
    Attachment *attachment;
} Download;

static bool load_attachment(DbTx *tx, void *data, GError **error)
{
    Download *download = data;
    g_clear_pointer(&download->attachment, attachment_free);
    download->attachment = attachment_load(tx, download->number, download->id, error);
    return download->attachment != NULL;
}

/* To be saved and never to be run or shown as a page of ours, whatever its type says. */
HttpResponse *messages_attachment(ApiCall *call, GError **error)
{
    Download download = {0};
    if (!api_param_id(call, "number", "unknown-ticket", &download.number, error) ||
        !api_param_id(call, "id", "unknown-attachment", &download.id, error) ||
        !db_read(desk_db(call->api->desk), load_attachment, &download, error))
        return NULL;
    g_autoptr(Attachment) attachment = download.attachment;
    gsize bytes;
    const void *content = g_bytes_get_data(attachment->content, &bytes);
    HttpResponse *response =
        http_response_new(200, attachment->content_type, g_memdup2(content, bytes), bytes);
    g_autofree char *name = g_uri_escape_string(attachment->name, NULL, FALSE);
    g_autofree char *disposition = g_strdup_printf("attachment; filename*=UTF-8''%s", name);
    http_response_set_header(response, "Content-Disposition", disposition);
    http_response_set_header(response, "X-Content-Type-Options", "nosniff");
    http_response_set_header(response, "Content-Security-Policy", "sandbox; default-src 'none'");
    return response;
}

/* ---- answering ---- */

typedef struct {
    int64_t number;
    char *text, *html;
    char *visibility;
    GArray *attachments; /* of AttachmentDraft, whose texts and contents are in the next two */
    GPtrArray *texts, *contents;
} Posting;

static void posting_init(Posting *posting)
{
    *posting = (Posting){
        .attachments = g_array_new(FALSE, TRUE, sizeof(AttachmentDraft)),
        .texts = g_ptr_array_new_with_free_func(g_free),
        .contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref),
    };
}

static void posting_clear(Posting *posting)
{
    g_free(posting->text);
    g_free(posting->html);
    g_free(posting->visibility);
    g_array_unref(posting->attachments);
    g_ptr_array_unref(posting->texts);
    g_ptr_array_unref(posting->contents);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Posting, posting_clear)

/* RFC 4648 §4, with its padding; line breaks do not matter. NULL for anything else. */
static GBytes *decode_base64(const char *text)
{
    g_autoptr(GString) letters = g_string_sized_new(strlen(text));
    for (const char *p = text; *p != '\0'; p++)
        if (*p != '\n')
            g_string_append_c(letters, *p);
    size_t padding = 0;
    while (padding < 2 && padding < letters->len && letters->str[letters->len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < letters->len - padding; i++)
        if (!g_ascii_isalnum(letters->str[i]) && letters->str[i] != '+' && letters->str[i] != '/')
            return NULL;
    if (letters->len % 4 != 0)
        return NULL;
    gsize bytes;
    guchar *data = g_base64_decode(letters->str, &bytes);
    return g_bytes_new_take(data, bytes);
}

static bool read_content(JsonReader *reader, Posting *posting, AttachmentDraft *draft)
{
    g_autofree char *content = NULL;
    json_require(reader, "content");
    if (!json_read_block(reader, "content", ATTACHMENT_BASE64_BYTES, &content))
        return false;
    draft->content = decode_base64(content);
    if (draft->content != NULL) {
        g_ptr_array_add(posting->contents, draft->content);
        return true;
    }
    GError *failure = NULL;
    g_autofree char *path = json_reader_path(reader, "content");
    error_set_problem(&failure, TD_ERROR_INVALID, "not-base64", path,
                      "%s is no base64 (RFC 4648): write it with its padding. Nothing was changed",
                      path);
    json_reader_fail(reader, failure);
    return false;
}

static bool read_attachment(json_t *value, const char *path, Posting *posting, GError **error)
{
    AttachmentDraft draft = {0};
    char *name = NULL;
    char *type = NULL;
    JsonReader reader;
    json_reader_init(&reader, value, path);
    json_require(&reader, "name");
    input_name(&reader, "name", LIMIT_NAME_CHARS, &name);
    input_line(&reader, "content_type", LIMIT_NAME_CHARS, &type);
    read_content(&reader, posting, &draft);
    g_ptr_array_add(posting->texts, name);
    g_ptr_array_add(posting->texts, type);
    draft.name = name;
    draft.content_type = type;
    if (!json_reader_end(&reader, error))
        return false;
    g_array_append_val(posting->attachments, draft);
    return true;
}

static bool read_attachments(const JsonReader *reader, json_t *list, Posting *posting,
                             GError **error)
{
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        g_autofree char *path = json_reader_path_at(reader, "attachments", i);
        if (!read_attachment(value, path, posting, error))
            return false;
    }
    return true;
}

static bool read_posting(ApiCall *call, Posting *posting, GError **error)
{
    static const char *const visibilities[] = {"public", "internal", NULL};
    json_t *body = api_body(call, error);
    if (body == NULL || !api_param_id(call, "number", "unknown-ticket", &posting->number, error))
        return false;
    json_t *list = NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_read_block(&reader, "text", LIMIT_MESSAGE_BYTES, &posting->text);
    json_read_block(&reader, "html", LIMIT_MESSAGE_BYTES, &posting->html);
    input_choice(&reader, "visibility", visibilities, &posting->visibility);
    json_read_array(&reader, "attachments", ATTACHMENTS_MAX, &list);
    return json_reader_end(&reader, error) && read_attachments(&reader, list, posting, error);
}

static json_t *post_message(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Posting *posting = data;
    AnswerDraft draft = {
        .text = posting->text != NULL ? posting->text : "",
        .html = posting->html != NULL && *posting->html != '\0' ? posting->html : NULL,
        .attachments = (const AttachmentDraft *)(void *)posting->attachments->data,
        .n_attachments = posting->attachments->len,
    };
    if (posting->visibility != NULL)
        message_visibility_from_name(posting->visibility, &draft.visibility);
    g_autoptr(TicketMessage) message = ticket_answer(tx, posting->number, &draft, error);
    return message != NULL ? show(call, tx->db, message, error) : NULL;
}

HttpResponse *messages_post(ApiCall *call, GError **error)
{
    g_auto(Posting) posting;
    posting_init(&posting);
    return read_posting(call, &posting, error) ? api_write(call, 201, post_message, &posting, error)
                                               : NULL;
}
