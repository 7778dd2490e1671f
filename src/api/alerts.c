/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts across all tickets, and the mail of one of them. */
#include "desk/alerts.h"
#include "api/call.h"
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "api/shown_mail.h"
#include "api/story.h"
#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define CAUSE_CHARS 64 /* of what is no cause, too */

/* ---- the list ---- */

typedef struct {
    ApiPage page;
    const char *state; /* NULL: any */
} Listing;

static json_t *list_page(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Listing *listing = data;
    int limit = listing->page.limit;
    g_autoptr(GPtrArray) alerts =
        alert_list(tx, listing->state, listing->page.cursor, limit + 1, error);
    if (alerts == NULL)
        return NULL;
    bool more = alerts->len > (guint)limit;
    if (more)
        g_ptr_array_set_size(alerts, limit);
    g_autoptr(GPtrArray) stories = story_load_all(tx, alerts, error);
    if (stories == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < stories->len; i++) {
        const AlertStory *story = stories->pdata[i];
        json_array_append_new(items,
                              render_alert(story, composer_desk_id(call->api->composer), false));
        last = story->alert->id;
    }
    return render_page(items, more ? last : 0);
}

static bool check_state(const char *state, GError **error)
{
    OutboxState known;
    if (strcmp(state, "none") == 0 || outbox_state_from_name(state, &known))
        return true;
    g_autoptr(GString) names = g_string_new("none");
    for (int i = 0; i < OUTBOX_N_STATES; i++)
        g_string_append_printf(names, ", %s", outbox_state_name((OutboxState)i));
    error_set_problem(error, TD_ERROR_INVALID, "unknown-state", NULL,
                      "\"%s\" is no state of an alert; known are: %s", state, names->str);
    return false;
}

HttpResponse *alerts_list(ApiCall *call, GError **error)
{
    Listing listing = {0};
    const char *state = http_request_query(call->request, "state");
    if (state != NULL && *state != '\0')
        listing.state = state;
    if (!api_page(call, &listing.page, error) ||
        (listing.state != NULL && !check_state(listing.state, error)))
        return NULL;
    return api_read(call, list_page, &listing, error);
}

/* ---- one alert ---- */

static AlertStory *load_story(DbTx *tx, int64_t id, GError **error)
{
    Alert *alert = alert_load(tx, id, error);
    return alert != NULL ? alert_story_load(tx, alert, error) : NULL;
}

static json_t *show(ApiCall *call, DbTx *tx, int64_t id, GError **error)
{
    g_autoptr(GPtrArray) stories = g_ptr_array_new_with_free_func((GDestroyNotify)alert_story_free);
    AlertStory *story = load_story(tx, id, error);
    if (story != NULL)
        g_ptr_array_add(stories, story);
    return story != NULL && explain_options(tx, stories, error)
               ? render_alert(story, composer_desk_id(call->api->composer), true)
               : NULL;
}

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const int64_t *id = data;
    return show(call, tx, *id, error);
}

HttpResponse *alerts_get(ApiCall *call, GError **error)
{
    int64_t id;
    return api_param_id(call, "id", "unknown-alert", &id, error)
               ? api_read(call, get_one, &id, error)
               : NULL;
}

/* ---- what a person does with it ---- */

typedef struct {
    int64_t id;
    bool (*act)(DeskTx *tx, int64_t alert, GError **error);
    bool force; /* of retry */
} Action;

static json_t *run_action(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Action *action = data;
    return action->act(tx, action->id, error) ? show(call, tx->db, action->id, error) : NULL;
}

static HttpResponse *act(ApiCall *call, bool (*fn)(DeskTx *, int64_t, GError **), GError **error)
{
    Action action = {.act = fn};
    return api_param_id(call, "id", "unknown-alert", &action.id, error) && api_no_body(call, error)
               ? api_write(call, 200, run_action, &action, error)
               : NULL;
}

static json_t *run_retry(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Action *action = data;
    return alert_retry(tx, action->id, action->force, error) ? show(call, tx->db, action->id, error)
                                                             : NULL;
}

/* An empty body, or {"force"?}. */
static bool read_retry(ApiCall *call, Action *action, GError **error)
{
    size_t bytes;
    http_request_body(call->request, &bytes);
    if (bytes == 0)
        return true;
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_read_bool(&reader, "force", &action->force);
    return json_reader_end(&reader, error);
}

HttpResponse *alerts_retry(ApiCall *call, GError **error)
{
    Action action = {0};
    return api_param_id(call, "id", "unknown-alert", &action.id, error) &&
                   read_retry(call, &action, error)
               ? api_write(call, 200, run_retry, &action, error)
               : NULL;
}

HttpResponse *alerts_cancel(ApiCall *call, GError **error)
{
    return act(call, alert_cancel, error);
}

HttpResponse *alerts_release(ApiCall *call, GError **error)
{
    return act(call, alert_release, error);
}

/* ---- the same for all that a filter lets through ---- */

typedef struct {
    AlertVerb verb;
    char *state, *reason, *cause;
    int64_t account, ticket;
} Bulk;

static void bulk_clear(Bulk *bulk)
{
    g_free(bulk->state);
    g_free(bulk->reason);
    g_free(bulk->cause);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bulk, bulk_clear)

static bool read_bulk(ApiCall *call, const char *const *states, Bulk *bulk, GError **error)
{
    static const char *const reasons[] = {"brake", "alerts_server_inactive", NULL};
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "state");
    input_choice(&reader, "state", states, &bulk->state);
    /* No null here: a filter that is left out by mistake would be everything. */
    json_read_int(&reader, "account", 1, INT64_MAX, &bulk->account);
    json_read_int(&reader, "ticket", 1, INT64_MAX, &bulk->ticket);
    input_choice(&reader, "reason", reasons, &bulk->reason);
    if (bulk->verb == ALERT_RETRY)
        json_read_line(&reader, "cause", CAUSE_CHARS, &bulk->cause);
    if (!json_reader_end(&reader, error))
        return false;
    if (bulk->reason == NULL || strcmp(bulk->state, outbox_state_name(OUTBOX_HELD)) == 0)
        return true;
    error_set_problem(error, TD_ERROR_INVALID, "invalid", "/reason",
                      "Only what is held has a reason to choose by. Nothing was changed.");
    return false;
}

/* All that is to leave by itself sooner or later. */
#define WAITING "waiting"

/* Adds to *changed also where it fails. */
static bool act_on_state(ApiCall *call, const Bulk *bulk, const char *state, int64_t *changed,
                         GError **error)
{
    AlertFilter filter = {state, bulk->account, bulk->ticket, bulk->reason, bulk->cause};
    int64_t n;
    bool well = alerts_act_on_all(call->api->desk, &call->actor, bulk->verb, &filter, &n, error);
    *changed += n;
    return well;
}

static json_t *run_bulk(ApiCall *call, void *data, GError **error)
{
    static const char *const waiting[] = {"queued", "deferred", "uncertain", NULL};
    const Bulk *bulk = data;
    const char *const one[] = {bulk->state, NULL};
    const char *const *states = strcmp(bulk->state, WAITING) == 0 ? waiting : one;
    int64_t changed = 0;
    for (size_t i = 0; states[i] != NULL; i++) {
        if (act_on_state(call, bulk, states[i], &changed, error))
            continue;
        if (changed > 0)
            g_prefix_error(error, "After %" G_GINT64_FORMAT " alerts, which stay done: ", changed);
        return NULL;
    }
    json_t *answer = json_object();
    json_set_int(answer, "changed", changed);
    return answer;
}

static HttpResponse *act_on_all(ApiCall *call, AlertVerb verb, const char *const *states,
                                GError **error)
{
    g_auto(Bulk) bulk = {.verb = verb};
    return read_bulk(call, states, &bulk, error) ? api_work(call, run_bulk, &bulk, error) : NULL;
}

HttpResponse *alerts_retry_all(ApiCall *call, GError **error)
{
    static const char *const states[] = {WAITING,   "queued",  "deferred",  "uncertain", "rejected",
                                         "expired", "bounced", "cancelled", NULL};
    return act_on_all(call, ALERT_RETRY, states, error);
}

HttpResponse *alerts_cancel_all(ApiCall *call, GError **error)
{
    static const char *const states[] = {"held", "queued", "deferred", "uncertain", NULL};
    return act_on_all(call, ALERT_CANCEL, states, error);
}

HttpResponse *alerts_release_all(ApiCall *call, GError **error)
{
    static const char *const states[] = {"held", NULL};
    return act_on_all(call, ALERT_RELEASE, states, error);
}

/* ---- its mail ---- */

typedef struct {
    int64_t id;
    Composer *composer;
    AlertStory *story;
    ComposeSource *source;
    char *sender_now;
} Mail;

static void mail_clear(Mail *mail)
{
    g_clear_pointer(&mail->story, alert_story_free);
    g_clear_pointer(&mail->source, compose_source_free);
    g_clear_pointer(&mail->sender_now, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mail, mail_clear)

static bool load_mail(DbTx *tx, void *data, GError **error)
{
    Mail *mail = data;
    mail_clear(mail);
    mail->story = load_story(tx, mail->id, error);
    if (mail->story == NULL)
        return false;
    mail->source = compose_source_load(tx, mail->story->alert, error);
    if (mail->source == NULL)
        return false;
    if (mail->story->message == NULL) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-message", NULL,
                          "The mail of alert %" G_GINT64_FORMAT " is not in the outbox any more",
                          mail->id);
        return false;
    }
    mail->sender_now = shown_mail_sender(tx, mail->composer, error);
    return mail->sender_now != NULL;
}

HttpResponse *alerts_message(ApiCall *call, GError **error)
{
    g_auto(Mail) mail = {.composer = call->api->composer};
    if (!api_param_id(call, "id", "unknown-alert", &mail.id, error) ||
        !db_read(desk_db(call->api->desk), load_mail, &mail, error))
        return NULL;
    const ShownMail shown = {.message = mail.story->message,
                             .kind = &mail_kind_alert,
                             .source = mail.source,
                             .sender_now = mail.sender_now,
                             .event = mail.story->alert->event};
    return shown_mail(call, &shown, error);
}
