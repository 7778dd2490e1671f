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

/* Who a test is from, and everything that is signed in it, as alerts have it. */
typedef struct {
    SenderIdentity *identity;
    SigningKeys *keys;
    char *envelope_from;
} TestSender;

static void test_sender_clear(TestSender *sender)
{
    g_clear_pointer(&sender->identity, sender_identity_unref);
    g_clear_pointer(&sender->keys, signing_keys_unref);
    g_clear_pointer(&sender->envelope_from, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestSender, test_sender_clear)

static bool load_keys(DbTx *tx, void *data, GError **error)
{
    return composer_load_keys(data, tx, error);
}

static bool load_sender(const DeliverySetup *setup, const DeliverySettings *settings,
                        TestSender *sender, GError **error)
{
    if (!db_read(setup->db, load_keys, setup->composer, error))
        return false;
    sender->keys = composer_keys(setup->composer);
    sender->identity = composer_sender(setup->composer, settings->sender, error);
    if (sender->identity == NULL)
        return false;
    if (*sender->identity->from_address != '\0')
        return sender_envelope(sender->identity, sender->keys, 0, &sender->envelope_from, error);
    error_set_problem(error, TD_ERROR_INVALID, "sender-missing", NULL,
                      "There is no sender address yet; set from_address first. Nothing was sent");
    return false;
}

static GBytes *build(const DeliverySetup *setup, const TestSender *sender, const char *to,
                     GError **error)
{
    const SenderIdentity *identity = sender->identity;
    g_autofree char *id = random_base32(setup->random, 26);
    g_autofree char *message_id = g_strdup_printf("test.%s@test.tidings", id);
    g_autofree char *reply_to = NULL;
    g_autofree char *hop = NULL;
    if (!sender_reply_to(identity, sender->keys, NULL, 0, to, &reply_to, error) ||
        !sender_hop(identity, sender->keys, 1, message_id, &hop, error))
        return NULL;
    MessageParts parts = {
        .from_name = *identity->from_name != '\0' ? identity->from_name : NULL,
        .from_address = identity->from_address,
        .to_address = to,
        .reply_to = reply_to,
        .subject = "Test of outgoing mail",
        .date_us = clock_wall_us(setup->clock),
        .message_id = message_id,
        .language = "en",
        .automatic = MESSAGE_AUTO_GENERATED,
        .hop = hop,
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

static json_t *send_message(const DeliverySetup *setup, const DeliveryRoute *route,
                            const TestSender *sender, const char *to, GBytes *message,
                            GError **error)
{
    g_autoptr(TransportLink) link = transport_link_new(&route->transport, setup->clock, error);
    if (link == NULL)
        return NULL;
    json_t *steps = json_array();
    transport_link_set_trace(link, keep_step, steps);
    Envelope envelope = {
        .envelope_from = sender->envelope_from, .envelope_to = to, .message = message};
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
    g_auto(TestSender) sender = {0};
    if (!delivery_settings_load(setup, &settings, error))
        return NULL;
    const DeliveryRoute *route = choose(&settings, relay, error);
    if (route == NULL || !load_sender(setup, &settings, &sender, error))
        return NULL;
    g_autoptr(GBytes) message = build(setup, &sender, to, error);
    return message != NULL ? send_message(setup, route, &sender, to, message, error) : NULL;
}

json_t *delivery_test_template(const DeliverySetup *setup, const ComposeSource *source,
                               const char *to, GError **error)
{
    g_auto(DeliverySettings) settings = {0};
    g_auto(TestSender) sender = {0};
    if (!delivery_settings_load(setup, &settings, error))
        return NULL;
    const DeliveryRoute *route = choose(&settings, 1, error);
    if (route == NULL || !load_sender(setup, &settings, &sender, error))
        return NULL;
    g_autoptr(GBytes) message = compose_message(setup->composer, source, settings.sender,
                                                clock_wall_us(setup->clock), error);
    return message != NULL ? send_message(setup, route, &sender, to, message, error) : NULL;
}
