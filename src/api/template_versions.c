/* SPDX-License-Identifier: Apache-2.0 */
/* A template's versions, and what differs between two of them. */
#include "api/call.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/diff.h"
#include "base/error.h"

#define DIFF_LINES_MAX 2000 /* of one answer */

typedef struct {
    int64_t id;
    int64_t version, other; /* 0: the newest */
    ApiPage page;
} Asked;

static bool read_id(const ApiCall *call, Asked *asked, GError **error)
{
    return api_param_id(call, "id", "unknown-template", &asked->id, error);
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Asked *asked = data;
    guint limit = (guint)asked->page.limit;
    g_autoptr(TicketTemplate) record = ticket_template_load(tx, asked->id, 0, error);
    g_autoptr(GPtrArray) versions =
        record != NULL ? ticket_template_versions(tx, asked->id, asked->page.cursor,
                                                  asked->page.limit + 1, error)
                       : NULL;
    if (versions == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < versions->len && i < limit; i++) {
        const TemplateVersion *version = versions->pdata[i];
        json_array_append_new(items, render_template_version(version));
        last = version->version;
    }
    return render_page(items, versions->len > limit ? last : 0);
}

HttpResponse *templates_versions(ApiCall *call, GError **error)
{
    Asked asked = {0};
    return read_id(call, &asked, error) && api_page(call, &asked.page, error)
               ? api_read(call, list, &asked, error)
               : NULL;
}

static json_t *get_version(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Asked *asked = data;
    g_autoptr(TicketTemplate) record = ticket_template_load(tx, asked->id, asked->version, error);
    return record != NULL ? render_template(record) : NULL;
}

HttpResponse *templates_get_version(ApiCall *call, GError **error)
{
    Asked asked = {0};
    return read_id(call, &asked, error) &&
                   api_param_id(call, "version", "unknown-version", &asked.version, error)
               ? api_read(call, get_version, &asked, error)
               : NULL;
}

/* ---- difference ---- */

/* False when the answer is full. */
static bool add_part(json_t *parts, int *left, const char *language, const char *part,
                     const char *before, const char *after)
{
    g_autoptr(GPtrArray) lines =
        diff_lines(before != NULL ? before : "", after != NULL ? after : "");
    if (lines->len == 0)
        return true;
    json_t *shown = json_array();
    for (guint i = 0; i<lines->len && * left> 0; i++, (*left)--) {
        const DiffLine *line = lines->pdata[i];
        json_t *value = json_object();
        json_set_text(value, "change", line->kind == DIFF_GONE ? "-" : "+");
        json_set_int(value, "line", (int64_t)line->line);
        json_set_text(value, "text", line->text);
        json_array_append_new(shown, value);
    }
    bool all = json_array_size(shown) == lines->len;
    json_t *value = json_object();
    json_set_text(value, "language", language);
    json_set_text(value, "part", part);
    json_object_set_new(value, "lines", shown);
    json_array_append_new(parts, value);
    return all;
}

static bool add_text(json_t *parts, int *left, const TemplateText *before,
                     const TemplateText *after)
{
    static const TemplateText none = {0};
    const char *language = before != NULL ? before->language : after->language;
    before = before != NULL ? before : &none;
    after = after != NULL ? after : &none;
    return add_part(parts, left, language, "subject", before->subject, after->subject) &&
           add_part(parts, left, language, "text", before->text, after->text) &&
           add_part(parts, left, language, "html", before->html, after->html);
}

static json_t *render_difference(const TicketTemplate *before, const TicketTemplate *after)
{
    json_t *parts = json_array();
    int left = DIFF_LINES_MAX;
    bool all = true;
    for (guint i = 0; all && i < before->texts->len; i++) {
        const TemplateText *text = before->texts->pdata[i];
        all = add_text(parts, &left, text, ticket_template_text(after, text->language));
    }
    for (guint i = 0; all && i < after->texts->len; i++) {
        const TemplateText *text = after->texts->pdata[i];
        if (ticket_template_text(before, text->language) == NULL)
            all = add_text(parts, &left, NULL, text);
    }
    json_t *value = json_object();
    json_set_int(value, "from", before->version);
    json_set_int(value, "to", after->version);
    json_object_set_new(value, "parts", parts);
    json_set_bool(value, "cut", !all);
    return value;
}

static json_t *diff(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Asked *asked = data;
    g_autoptr(TicketTemplate) after = ticket_template_load(tx, asked->id, asked->other, error);
    if (after == NULL)
        return NULL;
    int64_t from = asked->version != 0 ? asked->version : MAX(after->version - 1, 1);
    g_autoptr(TicketTemplate) before = ticket_template_load(tx, asked->id, from, error);
    return before != NULL ? render_difference(before, after) : NULL;
}

HttpResponse *templates_diff(ApiCall *call, GError **error)
{
    Asked asked = {0};
    return read_id(call, &asked, error) && api_query_id(call, "from", &asked.version, error) &&
                   api_query_id(call, "to", &asked.other, error)
               ? api_read(call, diff, &asked, error)
               : NULL;
}
