/* SPDX-License-Identifier: Apache-2.0 */
/* Ticket email templates: as they are now, and changing them. */
#include "desk/templates.h"
#include "api/call.h"
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"

#define LANGUAGES_MAX 40 /* that one change can name */

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const int64_t *id = data;
    g_autoptr(TicketTemplate) record = ticket_template_load(tx, *id, 0, error);
    return record != NULL ? render_template(record) : NULL;
}

HttpResponse *templates_get(ApiCall *call, GError **error)
{
    int64_t id;
    return api_param_id(call, "id", "unknown-template", &id, error)
               ? api_read(call, get_one, &id, error)
               : NULL;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const ApiPage *page = data;
    g_autoptr(GPtrArray) records = ticket_template_list(tx, page->cursor, page->limit + 1, error);
    if (records == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < records->len && i < (guint)page->limit; i++) {
        const TicketTemplate *record = records->pdata[i];
        json_array_append_new(items, render_template(record));
        last = record->id;
    }
    return render_page(items, records->len > (guint)page->limit ? last : 0);
}

HttpResponse *templates_list(ApiCall *call, GError **error)
{
    ApiPage page;
    return api_page(call, &page, error) ? api_read(call, list, &page, error) : NULL;
}

/* ---- writing ---- */

typedef struct {
    int64_t id;
    TemplateChange change;
    TemplatePlan *plan;
} Edit;

static void edit_clear(Edit *edit)
{
    template_change_clear(&edit->change);
    g_clear_pointer(&edit->plan, template_plan_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Edit, edit_clear)

static bool read_id(const ApiCall *call, Edit *edit, GError **error)
{
    return api_param_id(call, "id", "unknown-template", &edit->id, error);
}

static json_t *write_plan(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    g_autoptr(TicketTemplate) record = template_write(tx, edit->plan, error);
    return record != NULL ? render_template(record) : NULL;
}

static HttpResponse *write_edit(ApiCall *call, int status, Edit *edit, GError **error)
{
    return edit->plan != NULL ? api_write(call, status, write_plan, edit, error) : NULL;
}

/* {"de": {"subject","text","html"?} or null}. */
static TemplateText *read_translation(json_t *value, const char *language, GError **error)
{
    if (!input_is_language(language)) {
        error_set_problem(error, TD_ERROR_INVALID, "invalid", "/translations",
                          "/translations: \"%s\" is no language tag such as \"de\" or \"en-GB\"",
                          language);
        return NULL;
    }
    g_autoptr(TemplateText) text = template_text_new(language, NULL, NULL, NULL);
    if (json_is_null(value))
        return g_steal_pointer(&text);
    g_autofree char *path = g_strconcat("/translations/", language, NULL);
    JsonReader reader;
    json_reader_init(&reader, value, path);
    json_require(&reader, "subject");
    json_read_block(&reader, "subject", INPUT_SUBJECT_BYTES, &text->subject);
    json_read_block(&reader, "text", LIMIT_TEMPLATE_BYTES, &text->text);
    input_html(&reader, "html", LIMIT_TEMPLATE_BYTES, &text->html);
    if (text->text == NULL)
        text->text = g_strdup("");
    return json_reader_end(&reader, error) ? g_steal_pointer(&text) : NULL;
}

static void read_translations(JsonReader *reader, TemplateChange *change)
{
    json_t *object, *value;
    const char *language;
    if (!json_read_object(reader, "translations", &object))
        return;
    change->translations = g_ptr_array_new_with_free_func((GDestroyNotify)template_text_free);
    json_object_foreach(object, language, value)
    {
        GError *failure = NULL;
        TemplateText *text = NULL;
        if (change->translations->len == LANGUAGES_MAX)
            error_set_problem(&failure, TD_ERROR_INVALID, "too-many", "/translations",
                              "A template can have at most %d translations", LANGUAGES_MAX);
        else
            text = read_translation(value, language, &failure);
        if (text == NULL) {
            json_reader_fail(reader, failure);
            return;
        }
        g_ptr_array_add(change->translations, text);
    }
}

static void read_words(JsonReader *reader, TemplateChange *change)
{
    input_name(reader, "name", LIMIT_NAME_CHARS, &change->name);
    input_language(reader, "language", &change->language);
    json_read_block(reader, "subject", INPUT_SUBJECT_BYTES, &change->subject);
    json_read_block(reader, "text", LIMIT_TEMPLATE_BYTES, &change->text);
    change->set_html = input_html(reader, "html", LIMIT_TEMPLATE_BYTES, &change->html);
    read_translations(reader, change);
}

HttpResponse *templates_post(ApiCall *call, GError **error)
{
    static const char *const kinds[] = {"ticket", "auto_response", "reply", "sign_in", NULL};
    g_auto(Edit) edit = {0};
    json_t *body = api_body(call, error);
    if (body == NULL)
        return NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "name");
    json_require(&reader, "subject");
    input_choice(&reader, "kind", kinds, &edit.change.kind);
    read_words(&reader, &edit.change);
    if (!json_reader_end(&reader, error))
        return NULL;
    edit.plan = template_plan_new(call->api->desk, &edit.change, error);
    return write_edit(call, 201, &edit, error);
}

HttpResponse *templates_patch(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    json_t *body = api_body(call, error);
    if (body == NULL || !read_id(call, &edit, error))
        return NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    read_words(&reader, &edit.change);
    json_read_int(&reader, "version", 1, INT64_MAX, &edit.change.version);
    if (!json_reader_end(&reader, error))
        return NULL;
    edit.plan = template_plan_change(call->api->desk, edit.id, &edit.change, error);
    return write_edit(call, 200, &edit, error);
}

HttpResponse *templates_copy(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    json_t *body = api_body(call, error);
    if (body == NULL || !read_id(call, &edit, error))
        return NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "name");
    input_name(&reader, "name", LIMIT_NAME_CHARS, &edit.change.name);
    if (!json_reader_end(&reader, error))
        return NULL;
    edit.plan = template_plan_copy(call->api->desk, edit.id, edit.change.name, error);
    return write_edit(call, 201, &edit, error);
}

/* {"version"} or {"built_in": true}. */
HttpResponse *templates_restore(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    json_t *body = api_body(call, error);
    if (body == NULL || !read_id(call, &edit, error))
        return NULL;
    bool built_in = false;
    int64_t version = 0;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_read_bool(&reader, "built_in", &built_in);
    json_read_int(&reader, "version", 1, INT64_MAX, &version);
    if (!json_reader_end(&reader, error))
        return NULL;
    if (built_in == (version != 0)) {
        error_set_problem(error, TD_ERROR_INVALID, "invalid", "/version",
                          "Say what to restore: either \"version\", or \"built_in\": true."
                          " Nothing was changed");
        return NULL;
    }
    edit.plan = template_plan_restore(call->api->desk, edit.id, version, error);
    return write_edit(call, 201, &edit, error);
}

static json_t *remove_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    return template_remove(tx, edit->id, error) ? json_true() : NULL;
}

HttpResponse *templates_delete(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    return read_id(call, &edit, error) && api_no_body(call, error)
               ? api_write(call, 204, remove_one, &edit, error)
               : NULL;
}
