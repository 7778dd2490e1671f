/* SPDX-License-Identifier: Apache-2.0 */
/* The options pages, their history, and the Alerts Server's test mail. */
#include "desk/options.h"

#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "base/log.h"
#include "mail/step_words.h"
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
    int64_t version; /* of the settings that it is sent with */
    bool tested;     /* those settings can be activated now */
} TestMail;

static bool begin_test(DbTx *tx, void *data, GError **error)
{
    TestMail *mail = data;
    return options_test_begin(tx, &mail->version, error);
}

static bool end_test(DeskTx *tx, void *data, GError **error)
{
    TestMail *mail = data;
    return options_test_accepted(tx, mail->version, mail->to, &mail->tested, error);
}

/* The last step of a test that failed is the one it failed at, or how it ended. */
static void add_words(const json_t *result)
{
    const json_t *steps = json_object_get(result, "steps");
    size_t last = json_array_size(steps);
    if (last > 1 && strcmp(json_get_text(json_array_get(steps, last - 1), "step"), "outcome") == 0)
        last--;
    size_t i;
    json_t *step;
    json_array_foreach((json_t *)steps, i, step)
    {
        bool failed = !json_get_bool(result, "ok", false) && i + 1 >= last;
        json_set_text(
            step, "words",
            step_words(json_get_text(step, "step"), json_get_text(step, "reply"), failed));
    }
}

static json_t *send_test(ApiCall *call, void *data, GError **error)
{
    TestMail *mail = data;
    const Api *api = call->api;
    if (!db_read(desk_db(api->desk), begin_test, mail, error))
        return NULL;
    json_t *result = api->test_send(mail->to, (int)mail->relay, api->test_send_data, error);
    if (result == NULL)
        return NULL;
    add_words(result);
    /* The mail has left: that this could not be noted must not look as if it had not. */
    g_autoptr(GError) failure = NULL;
    if (json_get_bool(result, "ok", false) && mail->relay == 1 &&
        !desk_write(api->desk, &call->actor, end_test, mail, &failure))
        log_warning("The accepted test mail could not be noted: %s", failure->message);
    json_set_bool(result, "tested", failure == NULL && mail->tested);
    return result;
}

static json_t *show_test(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    return options_test_get(tx, error);
}

HttpResponse *options_test_show(ApiCall *call, GError **error)
{
    return api_read(call, show_test, NULL, error);
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
