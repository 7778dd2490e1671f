/* SPDX-License-Identifier: Apache-2.0 */
/* The options pages, their history, and the Alerts Server's test mail. */
#include "desk/options.h"

#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "records/settings.h"

#include <string.h>

typedef struct {
    const char *section;
    json_t *body; /* borrowed */
    ApiPage page;
} Work;

/* Each page has a route of its own, whose last part is the section's name. */
static const char *section_of(const ApiCall *call)
{
    return strrchr(call->route->pattern, '/') + 1;
}

static json_t *show(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    return options_get(tx, work->section, error);
}

HttpResponse *options_show(ApiCall *call, GError **error)
{
    Work work = {.section = section_of(call)};
    return api_read(call, show, &work, error);
}

static json_t *put(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    return options_put(tx, work->section, work->body, error);
}

HttpResponse *options_change(ApiCall *call, GError **error)
{
    Work work = {.section = section_of(call), .body = api_body(call, error)};
    return work.body != NULL ? api_write(call, 200, put, &work, error) : NULL;
}

/* ---- history ---- */

static json_t *changes(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    int limit = work->page.limit;
    json_auto_t *known = options_get(tx, work->section, error);
    if (known == NULL)
        return NULL;
    g_autoptr(GPtrArray) list =
        option_change_list(tx, work->section, work->page.cursor, limit + 1, error);
    if (list == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < list->len && i < (guint)limit; i++) {
        const OptionChange *change = list->pdata[i];
        json_array_append_new(items, render_option_change(change));
        last = change->id;
    }
    return render_page(items, list->len > (guint)limit ? last : 0);
}

HttpResponse *options_changes(ApiCall *call, GError **error)
{
    Work work = {.section = http_request_param(call->request, "section")};
    return api_page(call, &work.page, error) ? api_read(call, changes, &work, error) : NULL;
}

/* ---- the test mail ---- */

typedef struct {
    char *to;
    int64_t relay;
} TestMail;

static json_t *send_test(ApiCall *call, void *data, GError **error)
{
    const TestMail *mail = data;
    return call->api->test_send(mail->to, (int)mail->relay, call->api->test_send_data, error);
}

HttpResponse *options_test_send(ApiCall *call, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return NULL;
    g_autofree char *to = NULL;
    g_autofree char *key = NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "to");
    input_address(&reader, "to", &to, &key);
    TestMail mail = {.relay = 1};
    json_read_int(&reader, "relay", 1, RELAYS_MAX, &mail.relay);
    if (!json_reader_end(&reader, error))
        return NULL;
    if (call->api->test_send == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "This process does not send mail; ask the one that runs the role \"alerts\"."
                  " Nothing was sent.");
        return NULL;
    }
    mail.to = to;
    return api_work(call, send_test, &mail, error);
}
