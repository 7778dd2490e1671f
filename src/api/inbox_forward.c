/* SPDX-License-Identifier: Apache-2.0 */
/* The forward of a mail: how it stands, and what a person may do with it on its way. */
#include "api/inbox_forward.h"

#include "api/render.h"
#include "api/resources.h"
#include "api/shown_mail.h"
#include "base/error.h"
#include "connector/forward.h"
#include "outbox/outbox.h"

static json_t *render(const MailForward *forward, const OutboxMessage *row, const char *desk_id)
{
    static const OutboxMessage none = {0};
    const OutboxMessage *shown = row != NULL ? row : &none;
    g_autofree char *message_id =
        forward->sent ? mail_forward_message_id(desk_id, forward->id) : NULL;
    json_t *value = json_object();
    json_set_text(value, "recipient", forward->recipient);
    json_set_text(value, "decision", forward->sent ? "send" : "suppress");
    json_set_text(value, "reason", forward->reason);
    json_set_text(value, "state", row != NULL ? outbox_state_name(row->state) : NULL);
    json_set_text(value, "state_reason", shown->state_reason);
    json_set_int(value, "attempts", shown->attempts);
    json_set_bool(value, "uncertain", shown->uncertain);
    json_set_text(value, "message_id", message_id);
    json_set_text(value, "last_reply", shown->last_reply);
    json_set_time(value, "due_at", row != NULL ? render_next_try(row) : 0);
    json_set_time(value, "accepted_at", shown->accepted_at);
    return value;
}

json_t *render_forward(DbTx *tx, const char *desk_id, int64_t mail, GError **error)
{
    GError *failure = NULL;
    g_autoptr(MailForward) forward = mail_forward_find(tx, mail, &failure);
    g_autoptr(OutboxMessage) row = forward != NULL && forward->sent
                                       ? outbox_find(tx, OUTBOX_KIND_FORWARD, forward->id, &failure)
                                       : NULL;
    if (failure == NULL)
        return forward != NULL ? render(forward, row, desk_id) : json_null();
    g_propagate_error(error, failure);
    return NULL;
}

void explain_forward(const json_t *forward, GString *text)
{
    const char *state = json_string_value(json_object_get(forward, "state"));
    const char *reply = json_string_value(json_object_get(forward, "last_reply"));
    if (state == NULL)
        return;
    g_string_append_printf(text, "Its forward to %s is %s", json_get_text(forward, "recipient"),
                           state);
    if (reply != NULL)
        g_string_append_printf(text, " (%s)", reply);
    g_string_append(text, ".\n");
}

/* ---- its mail ---- */

typedef struct {
    int64_t mail;
    Composer *composer;
    MailForward *forward;
    OutboxMessage *row;
    void *source;
    char *sender_now;
} Shown;

static void shown_clear(Shown *shown)
{
    g_clear_pointer(&shown->forward, mail_forward_free);
    g_clear_pointer(&shown->row, outbox_message_free);
    g_clear_pointer(&shown->source, mail_kind_forward.free_source);
    g_clear_pointer(&shown->sender_now, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shown, shown_clear)

static bool find_row(DbTx *tx, Shown *shown, GError **error)
{
    GError *failure = NULL;
    g_autoptr(InboxMail) mail = inbox_load(tx, shown->mail, error);
    if (mail == NULL)
        return false;
    shown->forward = mail_forward_find(tx, shown->mail, &failure);
    if (shown->forward != NULL && shown->forward->sent)
        shown->row = outbox_find(tx, OUTBOX_KIND_FORWARD, shown->forward->id, &failure);
    if (shown->row != NULL)
        return true;
    if (failure == NULL)
        error_set_problem(&failure, TD_ERROR_NOT_FOUND, "not-forwarded", NULL,
                          "Mail %" G_GINT64_FORMAT " was not sent on to anybody", shown->mail);
    g_propagate_error(error, failure);
    return false;
}

static bool load_shown(DbTx *tx, void *data, GError **error)
{
    Shown *shown = data;
    shown_clear(shown);
    if (!find_row(tx, shown, error) ||
        !mail_kind_forward.load(tx, shown->composer, &shown->forward->id, 1, &shown->source, error))
        return false;
    shown->sender_now = shown_mail_sender(tx, shown->composer, error);
    return shown->sender_now != NULL;
}

HttpResponse *inbox_forward_message(ApiCall *call, GError **error)
{
    g_auto(Shown) shown = {.composer = call->api->composer};
    if (!api_param_id(call, "id", "unknown-mail", &shown.mail, error) ||
        !db_read(desk_db(call->api->desk), load_shown, &shown, error))
        return NULL;
    const ShownMail mail = {shown.row, &mail_kind_forward, shown.source, shown.sender_now, 0};
    return shown_mail(call, &mail, error);
}

/* ---- what a person may do ---- */

typedef struct {
    int64_t mail;
    ForwardVerb verb;
} Act;

static json_t *act(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Act *what = data;
    if (!mail_forward_act(tx, what->mail, what->verb, error))
        return NULL;
    g_autoptr(InboxMail) mail = inbox_load(tx->db, what->mail, error);
    return mail != NULL ? render_inbox_mail(call, tx->db, mail, error) : NULL;
}

static HttpResponse *act_as(ApiCall *call, ForwardVerb verb, GError **error)
{
    Act what = {.verb = verb};
    return api_param_id(call, "id", "unknown-mail", &what.mail, error) && api_no_body(call, error)
               ? api_write(call, 200, act, &what, error)
               : NULL;
}

HttpResponse *inbox_forward_retry(ApiCall *call, GError **error)
{
    return act_as(call, FORWARD_RETRY, error);
}

HttpResponse *inbox_forward_cancel(ApiCall *call, GError **error)
{
    return act_as(call, FORWARD_CANCEL, error);
}

HttpResponse *inbox_forward_release(ApiCall *call, GError **error)
{
    return act_as(call, FORWARD_RELEASE, error);
}
