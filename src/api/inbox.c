/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: mails come in as they are (message/rfc822), and are listed with what became of them.
 * A mail that is brought twice is filed once, so POST needs no Idempotency-Key.
 */
#include "api/inbox_forward.h"
#include "api/inbox_opening.h"
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "connector/by_hand.h"
#include "connector/connector.h"
#include "connector/dry_run.h"
#include "connector/mailboxes.h"

#include <string.h>

#define MAIL_TYPE "message/rfc822"

/* ---- coming in ---- */

static GBytes *mail_body(const ApiCall *call, GError **error)
{
    const char *type = http_request_header(call->request, "Content-Type");
    size_t length = type != NULL ? strcspn(type, "; \t") : 0;
    if (length != strlen(MAIL_TYPE) || g_ascii_strncasecmp(type, MAIL_TYPE, length) != 0) {
        error_set_problem(
            error, TD_ERROR_MALFORMED, "not-a-mail", NULL,
            "The request body must be one mail as it is, sent with Content-Type: " MAIL_TYPE
            ". Nothing was changed.");
        return NULL;
    }
    size_t bytes;
    const char *body = http_request_body(call->request, &bytes);
    if (bytes <= LIMIT_INBOUND_MAIL_BYTES)
        return g_bytes_new(body, bytes);
    error_set_problem(error, TD_ERROR_LIMIT, "mail-too-large", NULL,
                      "A mail may have %d bytes, this one has %zu. Nothing was changed.",
                      LIMIT_INBOUND_MAIL_BYTES, bytes);
    return NULL;
}

HttpResponse *inbox_post(ApiCall *call, GError **error)
{
    g_auto(Filed) filed = {0};
    MailOrigin origin = {.source = "ingest"};
    g_autoptr(GBytes) raw = mail_body(call, error);
    if (raw == NULL || !connector_file(call->api->desk, raw, &origin, &filed, error))
        return NULL;
    json_t *value = json_object();
    json_set_int(value, "id", filed.id);
    json_set_text(value, "state", inbox_state_name(filed.state));
    json_set_text(value, "reason", filed.reason);
    json_set_id(value, "ticket", filed.ticket);
    json_set_bool(value, "seen_before", filed.seen_before);
    return http_response_json(filed.seen_before ? 200 : 201, value);
}

static json_t *dry_run(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    return mail_dry_run(tx, data, error);
}

HttpResponse *inbox_dry_run(ApiCall *call, GError **error)
{
    g_autoptr(GBytes) raw = mail_body(call, error);
    g_autoptr(MailRead) read = raw != NULL ? mail_read(raw, error) : NULL;
    return read != NULL ? api_read(call, dry_run, read, error) : NULL;
}

/* ---- looking ---- */

static json_t *show_mailboxes(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    json_t *items = mailboxes_status(tx, error);
    return items != NULL ? render_page(items, 0) : NULL;
}

HttpResponse *inbox_mailboxes(ApiCall *call, GError **error)
{
    return api_read(call, show_mailboxes, NULL, error);
}

typedef struct {
    const char *state;
    int64_t ticket;
    ApiPage page;
} Filter;

static json_t *render_mail(const InboxMail *mail)
{
    json_t *value = json_object();
    json_set_int(value, "id", mail->id);
    json_set_text(value, "source", mail->source);
    json_set_text(value, "message_id", mail->message_id);
    json_set_text(value, "from", mail->from);
    json_set_text(value, "from_name", mail->from_name);
    json_set_text(value, "subject", mail->subject);
    json_set_int(value, "bytes", mail->bytes);
    json_set_time(value, "received_at", mail->received_at);
    json_set_text(value, "state", inbox_state_name(mail->state));
    json_set_text(value, "reason", mail->reason);
    json_set_bool(value, "verified", mail->verified);
    json_set_id(value, "ticket", mail->ticket);
    json_set_id(value, "message", mail->message);
    json_set_id(value, "account", mail->account);
    json_set_id(value, "same_as", mail->same_as);
    return value;
}

json_t *render_inbox_mail(const ApiCall *call, DbTx *tx, const InboxMail *mail, GError **error)
{
    json_t *forward = render_forward(tx, composer_desk_id(call->api->composer), mail->id, error);
    if (forward == NULL)
        return NULL;
    json_t *value = render_mail(mail);
    json_object_set(value, "steps", mail->steps);
    json_object_set_new(value, "forward", forward);
    return value;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Filter *filter = data;
    int limit = filter->page.limit;
    g_autoptr(GPtrArray) mails =
        inbox_list(tx, filter->state, filter->ticket, filter->page.cursor, limit + 1, error);
    if (mails == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < mails->len && i < (guint)limit; i++) {
        const InboxMail *mail = mails->pdata[i];
        json_array_append_new(items, render_mail(mail));
        last = mail->id;
    }
    return render_page(items, mails->len > (guint)limit ? last : 0);
}

HttpResponse *inbox_get_all(ApiCall *call, GError **error)
{
    Filter filter = {.state = http_request_query(call->request, "state")};
    InboxState state;
    if (filter.state != NULL && *filter.state == '\0')
        filter.state = NULL;
    if (filter.state != NULL && strcmp(filter.state, INBOX_PROCESSED) != 0 &&
        !inbox_state_from_name(filter.state, &state)) {
        error_set_problem(error, TD_ERROR_INVALID, "unknown-state", NULL,
                          "\"%s\" is no state of a mail; known are: filed, unmatched, quarantined,"
                          " skipped, stopped, settled, noted, discarded, processed",
                          filter.state);
        return NULL;
    }
    return api_query_id(call, "ticket", &filter.ticket, error) &&
                   api_page(call, &filter.page, error)
               ? api_read(call, list, &filter, error)
               : NULL;
}

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    g_autoptr(InboxMail) mail = inbox_load(tx, *(const int64_t *)data, error);
    return mail != NULL ? render_inbox_mail(call, tx, mail, error) : NULL;
}

HttpResponse *inbox_get(ApiCall *call, GError **error)
{
    int64_t id;
    return api_param_id(call, "id", "unknown-mail", &id, error)
               ? api_read(call, get_one, &id, error)
               : NULL;
}

/* In sentences: what came, what was asked, what became of it. */
static json_t *explain(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    g_autoptr(InboxMail) mail = inbox_load(tx, *(const int64_t *)data, error);
    json_t *shown = mail != NULL ? render_inbox_mail(call, tx, mail, error) : NULL;
    if (shown == NULL)
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "Mail %" G_GINT64_FORMAT " from %s: %s\n", mail->id,
                           *mail->from != '\0' ? mail->from : "nobody",
                           *mail->subject != '\0' ? mail->subject : "(no subject)");
    size_t i;
    const json_t *step;
    json_array_foreach(mail->steps, i, step)
        g_string_append_printf(text, "  %-13s %-3s  %s\n", json_get_text(step, "step"),
                               json_get_text(step, "outcome"), json_get_text(step, "text"));
    g_string_append_printf(text, "It was %s (%s)", inbox_state_name(mail->state), mail->reason);
    if (mail->ticket != 0)
        g_string_append_printf(text, ": ticket #%" G_GINT64_FORMAT, mail->ticket);
    g_string_append(text, ".\n");
    explain_forward(json_object_get(shown, "forward"), text);
    json_t *value = json_object();
    json_object_set_new(value, "mail", shown);
    json_set_text(value, "text", text->str);
    return value;
}

HttpResponse *inbox_explain(ApiCall *call, GError **error)
{
    int64_t id;
    return api_param_id(call, "id", "unknown-mail", &id, error)
               ? api_read(call, explain, &id, error)
               : NULL;
}

typedef struct {
    int64_t id;
    GBytes *raw;
} Raw;

static bool load_raw(DbTx *tx, void *data, GError **error)
{
    Raw *raw = data;
    g_clear_pointer(&raw->raw, g_bytes_unref);
    raw->raw = inbox_raw(tx, raw->id, error);
    return raw->raw != NULL;
}

HttpResponse *inbox_message(ApiCall *call, GError **error)
{
    Raw raw = {0};
    if (!api_param_id(call, "id", "unknown-mail", &raw.id, error) ||
        !db_read(desk_db(call->api->desk), load_raw, &raw, error))
        return NULL;
    size_t bytes;
    char *body = g_bytes_unref_to_data(raw.raw, &bytes);
    HttpResponse *response = http_response_new(200, MAIL_TYPE, body, bytes);
    http_response_set_header(response, "Content-Disposition", "attachment; filename=\"mail.eml\"");
    return response;
}

/* ---- by hand ---- */

typedef struct {
    int64_t id, ticket;
    InboxOpening opening;
    MailRead *read;
} Hand;

static void hand_clear(Hand *hand)
{
    inbox_opening_clear(&hand->opening);
    mail_read_free(hand->read);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Hand, hand_clear)

static json_t *shown(const ApiCall *call, DeskTx *tx, InboxMail *mail, GError **error)
{
    g_autoptr(InboxMail) owned = mail;
    return owned != NULL ? render_inbox_mail(call, tx->db, owned, error) : NULL;
}

static json_t *open_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Hand *hand = data;
    return shown(call, tx, inbox_open(tx, hand->id, hand->read, &hand->opening, error), error);
}

static json_t *attach_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Hand *hand = data;
    return shown(call, tx, inbox_attach(tx, hand->id, hand->read, hand->ticket, error), error);
}

static json_t *discard_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    return shown(call, tx, inbox_discard(tx, ((const Hand *)data)->id, error), error);
}

static bool read_open(ApiCall *call, Hand *hand, GError **error)
{
    return inbox_read_opening(call, &hand->opening, error);
}

static bool read_attach(ApiCall *call, Hand *hand, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "ticket");
    json_read_id(&reader, "ticket", &hand->ticket);
    return json_reader_end(&reader, error);
}

/* The mail is read before the transaction: that may take long. */
static HttpResponse *by_hand(ApiCall *call, bool (*body)(ApiCall *, Hand *, GError **),
                             ApiWriteFn work, GError **error)
{
    g_auto(Hand) hand = {0};
    if (!api_param_id(call, "id", "unknown-mail", &hand.id, error) || !body(call, &hand, error))
        return NULL;
    hand.read = inbox_read_again(desk_db(call->api->desk), hand.id, error);
    return hand.read != NULL ? api_write(call, 200, work, &hand, error) : NULL;
}

HttpResponse *inbox_post_open(ApiCall *call, GError **error)
{
    return by_hand(call, read_open, open_one, error);
}

HttpResponse *inbox_post_attach(ApiCall *call, GError **error)
{
    return by_hand(call, read_attach, attach_one, error);
}

HttpResponse *inbox_post_discard(ApiCall *call, GError **error)
{
    g_auto(Hand) hand = {0};
    return api_param_id(call, "id", "unknown-mail", &hand.id, error) && api_no_body(call, error)
               ? api_write(call, 200, discard_one, &hand, error)
               : NULL;
}
