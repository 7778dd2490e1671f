/* SPDX-License-Identifier: Apache-2.0 */
/* Ticket email templates, as they are now. */
#include "api/call.h"
#include "api/render.h"
#include "api/resources.h"

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
