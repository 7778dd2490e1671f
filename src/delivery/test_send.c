/* SPDX-License-Identifier: Apache-2.0 */
/* The test of outgoing mail: one mail, with exactly the sender and reply addresses that alerts use,
 * its dialogue kept. */
#include "base/error.h"
#include "base/json.h"
#include "delivery/delivery.h"
#include "delivery/settings.h"
#include "mail/message.h"

static void keep_step(const char *step, const char *sent, const char *reply, void *data)
{
    json_t *entry = json_object();
    json_set_text(entry, "step", step);
    json_set_text(entry, "sent", sent);
    json_set_text(entry, "reply", reply);
    json_array_append_new(data, entry);
}

static GBytes *build(const DeliverySetup *setup, const json_t *sender, const char *to,
                     GError **error)
{
    g_autofree char *id = random_base32(setup->random, 26);
    g_autofree char *message_id = g_strdup_printf("test.%s@test.tidings", id);
    const char *from_name = json_get_text(sender, "from_name");
    const char *reply_to = json_get_text(sender, "reply_to");
    MessageParts parts = {
        .from_name = *from_name != '\0' ? from_name : NULL,
        .from_address = json_get_text(sender, "from_address"),
        .to_address = to,
        .reply_to = *reply_to != '\0' ? reply_to : NULL,
        .subject = "Test of outgoing mail",
        .date_us = clock_wall_us(setup->clock),
        .message_id = message_id,
        .language = "en",
        .automatic = true,
        .text = "This is a test of the Alerts Server's outgoing mail.\n\n"
                "If you can read it, mail to customers leaves by the same road,\n"
                "with the same sender and reply addresses.\n",
    };
    return message_build(&parts, error);
}

/* The relay's route; NULL where there are not so many. */
static const DeliveryRoute *choose(const DeliverySettings *settings, int relay, GError **error)
{
    if (relay >= 1 && (guint)relay <= settings->routes->len)
        return delivery_settings_route(settings, (guint)relay - 1);
    error_set_problem(error, TD_ERROR_INVALID, "out-of-range", "/relay",
                      "There is no relay %d: the options have %u. Nothing was sent", relay,
                      settings->routes->len);
    return NULL;
}

static json_t *load_sender(const DeliverySettings *settings, GError **error)
{
    json_t *sender = json_loads(settings->sender, 0, NULL);
    if (*json_get_text(sender, "from_address") != '\0')
        return sender;
    json_decref(sender);
    error_set_problem(error, TD_ERROR_INVALID, "sender-missing", NULL,
                      "There is no sender address yet; set from_address first. Nothing was sent");
    return NULL;
}

static json_t *send_message(const DeliverySetup *setup, const DeliveryRoute *route,
                            const json_t *sender, const char *to, GBytes *message, GError **error)
{
    g_autoptr(TransportLink) link = transport_link_new(&route->transport, setup->clock, error);
    if (link == NULL)
        return NULL;
    json_t *steps = json_array();
    transport_link_set_trace(link, keep_step, steps);
    Envelope envelope = {.envelope_from = json_get_text(sender, "from_address"),
                         .envelope_to = to,
                         .message = message};
    DeliveryOutcome outcome = {0};
    transport_send(link, &envelope, NULL, &outcome);
    transport_link_set_trace(link, NULL, NULL);
    if (json_array_size(steps) == 0 || outcome.kind != DELIVERY_SENT)
        keep_step("outcome", NULL, outcome.reply, steps);
    json_t *result = json_object();
    json_set_bool(result, "ok", outcome.kind == DELIVERY_SENT);
    json_object_set_new(result, "steps", steps);
    delivery_outcome_clear(&outcome);
    return result;
}

json_t *delivery_test_send(const DeliverySetup *setup, const char *to, int relay, GError **error)
{
    g_auto(DeliverySettings) settings = {0};
    if (!delivery_settings_load(setup, &settings, error))
        return NULL;
    const DeliveryRoute *route = choose(&settings, relay, error);
    json_auto_t *sender = route != NULL ? load_sender(&settings, error) : NULL;
    g_autoptr(GBytes) message = sender != NULL ? build(setup, sender, to, error) : NULL;
    return message != NULL ? send_message(setup, route, sender, to, message, error) : NULL;
}

json_t *delivery_test_template(const DeliverySetup *setup, const ComposeSource *source,
                               const char *to, GError **error)
{
    g_auto(DeliverySettings) settings = {0};
    if (!delivery_settings_load(setup, &settings, error))
        return NULL;
    const DeliveryRoute *route = choose(&settings, 1, error);
    json_auto_t *sender = route != NULL ? load_sender(&settings, error) : NULL;
    if (sender == NULL)
        return NULL;
    g_autoptr(GBytes) message = compose_message(setup->composer, source, settings.sender,
                                                clock_wall_us(setup->clock), error);
    return message != NULL ? send_message(setup, route, sender, to, message, error) : NULL;
}
