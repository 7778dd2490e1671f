/* SPDX-License-Identifier: Apache-2.0 */
/* One mail out of a simulation. */
#include "alerts/simulate.h"
#include "api/call.h"
#include "api/input.h"
#include "api/resources.h"
#include "api/simulated.h"
#include "desk/options.h"

void simulated_changes_clear(SimulatedChanges *changes)
{
    g_clear_pointer(&changes->server, json_decref);
    g_clear_pointer(&changes->alerts, json_decref);
}

bool simulated_changes_read(DbTx *tx, void *data, GError **error)
{
    SimulatedChanges *changes = data;
    simulated_changes_clear(changes);
    return changes->options == NULL ||
           options_read_simulated(tx, changes->options, "/options", &changes->server,
                                  &changes->alerts, error);
}

typedef struct {
    SimulatedChanges changes;
    int64_t event;
    char *recipient_key;
    SimulatedMail mail;
} MailRequest;

static void mail_request_clear(MailRequest *request)
{
    simulated_changes_clear(&request->changes);
    g_clear_pointer(&request->recipient_key, g_free);
    simulated_mail_clear(&request->mail);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MailRequest, mail_request_clear)

static bool load_mail(DbTx *tx, void *data, GError **error)
{
    MailRequest *request = data;
    if (!simulated_changes_read(tx, &request->changes, error))
        return false;
    SimulatedOptions options = {request->changes.server, request->changes.alerts};
    return simulate_mail(tx, request->event, request->recipient_key, &options, &request->mail,
                         error);
}

static json_t *render_mail(const SimulatedMail *mail, const ComposedText *text)
{
    const Alert *alert = mail->alert;
    json_t *value = json_object();
    json_set_int(value, "event", alert->event);
    json_set_int(value, "ticket", alert->ticket);
    json_set_text(value, "kind", alert_kind_name(alert->kind));
    json_set_text(value, "recipient", alert->recipient);
    json_set_text(value, "from_name", mail->from_name);
    json_set_text(value, "from_address", mail->from_address);
    json_set_text(value, "reply_to", mail->reply_to);
    json_set_int(value, "template", alert->template_id);
    json_set_int(value, "template_version", alert->template_version);
    json_set_text(value, "language", alert->language);
    json_set_text(value, "subject", text->subject);
    json_set_text(value, "text", text->text);
    json_set_text(value, "html", text->html);
    return value;
}

HttpResponse *simulate_message(ApiCall *call, GError **error)
{
    g_auto(MailRequest) request = {0};
    g_autofree char *recipient = NULL;
    json_t *body = api_body(call, error);
    if (body == NULL)
        return NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "event");
    json_read_int(&reader, "event", 1, INT64_MAX, &request.event);
    json_require(&reader, "recipient");
    input_address(&reader, "recipient", &recipient, &request.recipient_key);
    json_read_object(&reader, "options", &request.changes.options);
    ComposedText text = {0};
    if (!json_reader_end(&reader, error) ||
        !db_read(desk_db(call->api->desk), load_mail, &request, error) ||
        !compose_text(call->api->composer, request.mail.source, &text, error))
        return NULL;
    json_t *value = render_mail(&request.mail, &text);
    composed_text_clear(&text);
    return http_response_json(200, value);
}
