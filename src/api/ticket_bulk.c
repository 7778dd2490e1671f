/* SPDX-License-Identifier: Apache-2.0 */
/* One change of many tickets, and what it would mean. */
#include "desk/ticket_bulk.h"
#include "api/call.h"
#include "api/resources.h"
#include "api/ticket_input.h"
#include "base/error.h"

typedef struct {
    GArray *numbers; /* int64_t */
    TicketChanging input;
} Bulk;

static void bulk_clear(Bulk *bulk)
{
    g_clear_pointer(&bulk->numbers, g_array_unref);
    ticket_changing_clear(&bulk->input);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bulk, bulk_clear)

/* ---- reading the request ---- */

static void refuse_number(JsonReader *reader, size_t i, const char *why)
{
    g_autofree char *path = json_reader_path_at(reader, "tickets", i);
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, "invalid", path, "%s %s", path, why);
    json_reader_fail(reader, failure);
}

static void read_numbers(JsonReader *reader, Bulk *bulk)
{
    json_t *list, *value;
    size_t i;
    json_require(reader, "tickets");
    if (!json_read_array(reader, "tickets", LIMIT_BULK_TICKETS, &list))
        return;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    bulk->numbers = g_array_sized_new(FALSE, FALSE, sizeof(int64_t), LIMIT_BULK_TICKETS);
    json_array_foreach(list, i, value)
    {
        int64_t number = json_is_integer(value) ? json_integer_value(value) : 0;
        if (number < 1) {
            refuse_number(reader, i, "must be a ticket's number");
            return;
        }
        g_array_append_val(bulk->numbers, number);
        /* The array was made large enough: what is in it stays where it is. */
        if (!g_hash_table_add(seen, &g_array_index(bulk->numbers, int64_t, i))) {
            refuse_number(reader, i, "names a ticket a second time");
            return;
        }
    }
}

/* What is one ticket's own is not changed for many at once. */
static bool may_be_bulk(const TicketChange *change, GError **error)
{
    static const struct {
        TicketFields field;
        const char *path;
    } own[] = {
        {TICKET_SET_TITLE, "/change/title"},
        {TICKET_SET_DESCRIPTION, "/change/description"},
        {TICKET_SET_CONTACT, "/change/contact"},
        {TICKET_SET_ACCOUNT, "/change/account"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        if (change->fields & own[i].field) {
            error_set_problem(error, TD_ERROR_INVALID, "not-in-bulk", own[i].path,
                              "%s can only be changed for one ticket at a time. Nothing was"
                              " changed.",
                              own[i].path);
            return false;
        }
    return true;
}

static bool read_bulk(ApiCall *call, Bulk *bulk, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    json_t *change = NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    read_numbers(&reader, bulk);
    json_require(&reader, "change");
    json_read_object(&reader, "change", &change);
    return json_reader_end(&reader, error) &&
           ticket_changing_read(change, "/change", &bulk->input, error) &&
           may_be_bulk(&bulk->input.change, error);
}

static bool settle(DbTx *tx, void *data, GError **error)
{
    Bulk *bulk = data;
    return ticket_changing_settle(tx, &bulk->input, error);
}

static bool find_size(ApiCall *call, Bulk *bulk, BulkSize *size, GError **error)
{
    Desk *desk = call->api->desk;
    return db_read(desk_db(desk), settle, bulk, error) &&
           tickets_bulk_size(desk, &call->actor, bulk->numbers, &bulk->input.change, size, error);
}

/* ---- answers ---- */

static json_t *render_size(const BulkSize *size)
{
    json_t *value = json_object();
    json_set_int(value, "told", size->told);
    json_set_bool(value, "held", size->held);
    return value;
}

static json_t *render_problem(const GError *problem)
{
    if (problem == NULL)
        return json_null();
    json_t *value = json_object();
    json_set_text(value, "name", error_problem(problem));
    json_set_text(value, "detail", problem->message);
    return value;
}

static json_t *render_results(const GPtrArray *results)
{
    json_t *list = json_array();
    for (guint i = 0; i < results->len; i++) {
        const BulkResult *result = results->pdata[i];
        json_t *value = json_object();
        json_set_int(value, "number", result->number);
        json_set_bool(value, "ok", result->problem == NULL);
        json_object_set_new(value, "problem", render_problem(result->problem));
        json_array_append_new(list, value);
    }
    return list;
}

static json_t *change_all(ApiCall *call, void *data, GError **error)
{
    Bulk *bulk = data;
    BulkSize size;
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)bulk_result_free);
    if (!find_size(call, bulk, &size, error))
        return NULL;
    if (!tickets_bulk_change(call->api->desk, &call->actor, bulk->numbers, &bulk->input.change,
                             &size, results, error)) {
        if (results->len > 0)
            g_prefix_error(error, "After %u tickets, which stay changed: ", results->len);
        return NULL;
    }
    json_t *value = render_size(&size);
    json_object_set_new(value, "results", render_results(results));
    return value;
}

HttpResponse *tickets_change_all(ApiCall *call, GError **error)
{
    g_auto(Bulk) bulk = {0};
    return read_bulk(call, &bulk, error) ? api_work(call, change_all, &bulk, error) : NULL;
}

HttpResponse *tickets_preview_all(ApiCall *call, GError **error)
{
    g_auto(Bulk) bulk = {0};
    BulkSize size;
    return read_bulk(call, &bulk, error) && find_size(call, &bulk, &size, error)
               ? http_response_json(200, render_size(&size))
               : NULL;
}
