/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks wants to know how things stand now, not in ten seconds: everything here is over within
 * about a second, and where the database does not answer nothing else is asked of it.
 *
 * What goes wrong by itself and mends itself within minutes (one relay of two, one mailbox) is no
 * reason to be red: metrics and rules tell of it.
 */
#include "api/ready.h"

#include "api/resources.h"
#include "base/error.h"
#include "records/identity.h"

void ready_add(ReadyList *list, const char *name, bool ok, char *text)
{
    ReadyCondition *condition = g_new0(ReadyCondition, 1);
    condition->name = name;
    condition->ok = ok;
    condition->text = text;
    g_ptr_array_add(list->conditions, condition);
}

static void condition_free(void *item)
{
    ReadyCondition *condition = item;
    g_free(condition->text);
    g_free(condition);
}

void ready_list_clear(ReadyList *list)
{
    g_clear_pointer(&list->conditions, g_ptr_array_unref);
}

bool ready_is_well(const ReadyList *list)
{
    for (guint i = 0; i < list->conditions->len; i++)
        if (!((const ReadyCondition *)list->conditions->pdata[i])->ok)
            return false;
    return true;
}

static bool look_for_desk(DbTx *tx, void *data, GError **error)
{
    g_autofree char *desk_id = NULL;
    if (!identity_load(tx, &desk_id, error))
        return false;
    if (desk_id == NULL)
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "There is no desk in this database; make one with `tidings init`");
    return desk_id != NULL;
}

static void add_senders(ReadyList *list, const json_t *server)
{
    bool active = json_get_bool(server, "active", false);
    bool sends = json_array_size(json_object_get(server, "senders")) > 0;
    const char *text = !active ? "The Alerts Server is not activated: nobody needs to send."
                       : sends ? "A process of this desk sends mail."
                               : "The Alerts Server is active, and no process of this desk sends"
                                 " mail. What waits is kept: start one with the role alerts.";
    ready_add(list, "senders", !active || sends, g_strdup(text));
}

/* Without the relay's words: whoever may ask whether the desk is ready need not know them. */
static void add_relays(ReadyList *list, const json_t *server)
{
    size_t i, usable = 0;
    json_t *relay;
    json_array_foreach(json_object_get(server, "relays"), i, relay) usable +=
        g_strcmp0(json_get_text(relay, "state"), "up") == 0;
    bool ok = usable > 0 || i == 0 || !json_get_bool(server, "active", false);
    ready_add(list, "relay", ok,
              g_strdup(ok ? "Mail can be handed to a relay."
                          : "No relay takes mail. What waits is kept, and they are tried again by"
                            " themselves unless the breaker stopped them: `tidings alerts status`"
                            " says what they answer."));
}

/* Where the desk writes to itself: mail leaves, and comes back. */
static void add_canary(ReadyList *list, const json_t *canary)
{
    if (!json_get_bool(canary, "enabled", false))
        return;
    bool ok = json_get_bool(canary, "ok", false);
    ready_add(list, "canary", ok,
              g_strdup(ok ? "The desk's last mail to itself came through."
                          : json_get_text(canary, "problem")));
}

static void add_alerts_server(Api *api, ReadyList *list)
{
    g_autoptr(GError) error = NULL;
    if (api->alerts_server == NULL)
        return;
    json_auto_t *server = api->alerts_server(READY_MS, api->alerts_server_data, &error);
    if (server == NULL) {
        ready_add(list, "database", false, g_strdup(error->message));
        return;
    }
    ready_add(list, "database", true, g_strdup("The database answers."));
    add_senders(list, server);
    add_relays(list, server);
    add_canary(list, json_object_get(server, "canary"));
}

void ready_find_out(Api *api, ReadyList *list)
{
    g_autoptr(GError) error = NULL;
    list->conditions = g_ptr_array_new_with_free_func(condition_free);
    if (!db_read_within(desk_db(api->desk), READY_MS, look_for_desk, NULL, &error))
        ready_add(list, "database", false, g_strdup(error->message));
    else if (api->alerts_server == NULL)
        ready_add(list, "database", true, g_strdup("The database answers."));
    else
        add_alerts_server(api, list);
    for (guint i = 0; i < api->conditions->len; i++) {
        const ApiAsked *asked = &g_array_index(api->conditions, ApiAsked, i);
        asked->condition(list, asked->data);
    }
}

HttpResponse *health_ready(ApiCall *call, GError **error)
{
    g_auto(ReadyList) list = {0};
    ready_find_out(call->api, &list);
    bool well = ready_is_well(&list);
    json_t *value = json_object();
    json_t *conditions = json_array();
    for (guint i = 0; i < list.conditions->len; i++) {
        const ReadyCondition *condition = list.conditions->pdata[i];
        json_t *one = json_object();
        json_set_text(one, "name", condition->name);
        json_set_bool(one, "ok", condition->ok);
        g_autofree char *text = g_utf8_make_valid(condition->text, -1);
        json_set_text(one, "text", text);
        json_array_append_new(conditions, one);
    }
    json_set_text(value, "status", well ? "ready" : "not ready");
    json_object_set_new(value, "conditions", conditions);
    HttpResponse *response = http_response_json(well ? 200 : 503, value);
    if (!well)
        http_response_set_header(response, "Retry-After", "1");
    return response;
}
