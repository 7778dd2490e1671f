/* SPDX-License-Identifier: Apache-2.0 */
/* One mail out of a simulation, made by the composer that makes every mail. */
#include "alerts/simulate-private.h"

#include "base/error.h"
#include "base/json.h"
#include "records/contact.h"
#include "records/ticket_template.h"

void simulated_mail_clear(SimulatedMail *mail)
{
    g_clear_pointer(&mail->alert, alert_free);
    g_clear_pointer(&mail->source, compose_source_free);
    g_clear_pointer(&mail->from_name, g_free);
    g_clear_pointer(&mail->from_address, g_free);
    g_clear_pointer(&mail->reply_to, g_free);
}

static OptionsThen *load_options(DbTx *tx, const Event *event, const SimulatedOptions *options,
                                 GError **error)
{
    OptionVersions versions = event->options;
    return options_find_versions(tx, event->at, &versions, error)
               ? options_then_load(tx, &versions, options, error)
               : NULL;
}

/* NULL: none, or nobody in the database. */
static bool contact_language(DbTx *tx, int64_t id, char **language, GError **error)
{
    if (id == 0)
        return true;
    g_autoptr(Contact) contact = contact_load(tx, id, error);
    if (contact != NULL)
        *language = g_strdup(contact->language);
    return contact != NULL;
}

/* What was really sent keeps its template, unless another one is asked for. */
static bool choose_template(DbTx *tx, const Event *event, const OptionsThen *then,
                            const Settings *now, const SimulatedOptions *options, Alert *alert,
                            GError **error)
{
    const json_t *changed =
        json_object_get(options->alerts_to_customers, alert_kind_name(alert->kind));
    bool asked_for = json_object_get(changed, "template") != NULL;
    if (alert->template_id != 0 && !asked_for)
        return true;
    int64_t id = alert_settings(&then->is, alert->kind)->template_id;
    g_autofree char *language = NULL;
    g_autoptr(TemplateOffer) offer =
        ticket_template_offer(tx, id, alert_kind_name(alert->kind), error);
    if (offer == NULL || !contact_language(tx, alert->contact, &language, error))
        return false;
    json_auto_t *facts = json_loads(event->facts, 0, NULL);
    alert->template_id = offer->id;
    alert->template_version = offer->version;
    g_free(alert->language);
    alert->language = g_strdup(alert_language(offer, language, facts, now));
    return true;
}

static void choose_sender(const OptionsThen *then, const Settings *now, SimulatedMail *mail)
{
    const AlertSettings *alert = alert_settings(&then->is, mail->alert->kind);
    g_autofree char *sender = sender_identity(&now->desk, &now->alerts_server, 0);
    json_auto_t *identity = json_loads(sender, 0, NULL);
    mail->from_address = g_strdup(json_get_text(identity, "from_address"));
    mail->from_name = g_strdup(*alert->sender_name != '\0' ? alert->sender_name
                                                           : json_get_text(identity, "from_name"));
    mail->reply_to =
        g_strdup(*alert->reply_to != '\0' ? alert->reply_to : json_get_text(identity, "reply_to"));
}

static Event *load_event(DbTx *tx, int64_t id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Event *event = event_load(tx, id, &failure);
    if (event != NULL)
        return event;
    if (error_is(failure, TD_ERROR_NOT_FOUND))
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-event", "/event", "%s",
                          failure->message);
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

bool simulate_mail(DbTx *tx, int64_t event_id, const char *recipient_key,
                   const SimulatedOptions *options, SimulatedMail *mail, GError **error)
{
    g_auto(SimulatedMail) made = {0};
    g_autoptr(Event) event = load_event(tx, event_id, error);
    if (event == NULL)
        return false;
    made.alert = alert_of_recipient(tx, event_id, recipient_key, error);
    if (made.alert == NULL)
        return false;
    g_autoptr(Settings) now = settings_load(tx, error);
    g_autoptr(OptionsThen) then = now != NULL ? load_options(tx, event, options, error) : NULL;
    if (then == NULL || !choose_template(tx, event, then, now, options, made.alert, error))
        return false;
    made.alert->decision = DECISION_SEND;
    made.source = compose_source_load(tx, made.alert, error);
    if (made.source == NULL)
        return false;
    choose_sender(then, now, &made);
    simulated_mail_clear(mail);
    *mail = made;
    made = (SimulatedMail){0};
    return true;
}
