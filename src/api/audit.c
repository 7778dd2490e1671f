/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has changed what. A route of the list below leaves a row in the transaction of its change
 * (api_write()); where it works in several, or talks to others, the row follows it.
 */
#include "records/audit.h"

#include "api/render.h"
#include "api/resources.h"

static const ApiHandler audited[] = {
    copies_retry,        copies_cancel,        copies_release,        alerts_retry_all,
    alerts_cancel_all,   alerts_release_all,   alerts_retry,          alerts_cancel,
    alerts_release,      suppressions_post,    suppressions_delete,   inbox_post_discard,
    inbox_forward_retry, inbox_forward_cancel, inbox_forward_release, health_resume,
    accounts_post,       accounts_patch,       contacts_post,         contacts_patch,
    employees_post,      employees_patch,      tokens_post,           tokens_delete,
    imports_post,        templates_delete,     people_erase,
};

static bool is_audited(const ApiRoute *route)
{
    for (size_t i = 0; i < G_N_ELEMENTS(audited); i++)
        if (audited[i] == route->handler)
            return true;
    return false;
}

bool api_note(ApiCall *call, DeskTx *tx, GError **error)
{
    if (call->noted || !is_audited(call->route))
        return true;
    size_t bytes;
    const char *body = http_request_body(call->request, &bytes);
    /* Where a request has a secret in it, its fingerprint stands for it. */
    const char *request = call->fingerprint != NULL ? call->fingerprint : body;
    return audit_insert(tx->db, &call->actor, tx->now_us, http_request_method(call->request),
                        http_request_path(call->request), *request != '\0' ? request : NULL, error);
}

static bool note(DeskTx *tx, void *data, GError **error)
{
    return api_note(data, tx, error);
}

void api_note_afterwards(ApiCall *call, const HttpResponse *response)
{
    bool done = http_response_status(response) < 300 &&
                http_response_header(response, "Idempotency-Replayed") == NULL;
    if (done && !call->noted && is_audited(call->route))
        desk_write(call->api->desk, &call->actor, note, call, NULL);
}

static json_t *render_audit(const Audit *audit)
{
    json_t *value = json_object();
    json_t *request = audit->request != NULL ? json_loads(audit->request, 0, NULL) : NULL;
    json_set_int(value, "id", audit->id);
    json_set_time(value, "at", audit->at);
    json_object_set_new(value, "actor", render_actor(&audit->actor));
    json_set_text(value, "channel", channel_name(audit->actor.channel));
    json_set_text(value, "action", audit->action);
    json_set_text(value, "target", audit->target);
    json_object_set_new(value, "request", request != NULL ? request : json_null());
    return value;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const ApiPage *page = data;
    g_autoptr(GPtrArray) all = audit_list(tx, page->cursor, page->limit + 1, error);
    if (all == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < all->len && i < (guint)page->limit; i++) {
        const Audit *audit = all->pdata[i];
        json_array_append_new(items, render_audit(audit));
        last = audit->id;
    }
    return render_page(items, all->len > (guint)page->limit ? last : 0);
}

HttpResponse *audit_show(ApiCall *call, GError **error)
{
    ApiPage page;
    return api_page(call, &page, error) ? api_read(call, list, &page, error) : NULL;
}
