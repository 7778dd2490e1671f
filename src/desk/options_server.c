/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "alerts-server". */
#include "base/error.h"
#include "base/secret.h"
#include "desk/options-private.h"
#include "desk/options.h"
#include "mail/address.h"
#include "mail/signed_address.h"
#include "outbox/outbox.h"
#include "records/mailbox_settings.h"
#include "records/option.h"
#include "records/signing_key.h"

#include <string.h>

static bool check_active(const json_t *stored, GError **error)
{
    const char *transport = json_get_text(stored, "transport");
    if (!json_get_bool(stored, "active", false))
        return true;
    if (*json_get_text(stored, "from_address") == '\0') {
        error_set_problem(error, TD_ERROR_CONFLICT, "sender-missing", "/from_address",
                          "The Alerts Server cannot be activated without a sender address;"
                          " set from_address first");
        return false;
    }
    if (strcmp(transport, "smtp") == 0 && *json_get_text(stored, "host") == '\0') {
        error_set_problem(
            error, TD_ERROR_CONFLICT, "relay-missing", "/host",
            "The Alerts Server cannot be activated without a mail server to hand mail to;"
            " set host first");
        return false;
    }
    return true;
}

/* An address that is to be signed must leave room for it in its local part. */
static bool check_fits(const char *address, const char *field, SignedKind kind, GError **error)
{
    if (*address == '\0' || signed_address_fits(address, kind))
        return true;
    error_set_problem(error, TD_ERROR_INVALID, "too-long", field,
                      "%s cannot be signed: a local part has at most 64 octets, and the signature"
                      " needs %d of them. Use a shorter address there, or switch the signature off."
                      " Nothing was changed",
                      address, kind == SIGNED_REPLY ? SIGNED_REPLY_OCTETS : SIGNED_BOUNCE_OCTETS);
    return false;
}

static bool check_signed(DeskTx *tx, const json_t *stored, GError **error)
{
    const char *from = json_get_text(stored, "from_address");
    const char *reply_to = json_get_text(stored, "reply_to");
    const char *bounce = json_get_text(stored, "bounce_address");
    bool reply = json_get_bool(stored, "signed_reply", false);
    bool bounces = json_get_bool(stored, "signed_bounce", false);
    bool has_reply_to = *reply_to != '\0';
    bool has_bounce = *bounce != '\0';
    return (!reply ||
            check_fits(has_reply_to ? reply_to : from, has_reply_to ? "/reply_to" : "/from_address",
                       SIGNED_REPLY, error)) &&
           (!bounces ||
            check_fits(has_bounce ? bounce : from, has_bounce ? "/bounce_address" : "/from_address",
                       SIGNED_BOUNCE, error)) &&
           ((!reply && !bounces) || signing_key_ensure(tx->db, tx->random, tx->now_us, error));
}

/* ---- the test ---- */

/* What a test mail proves nothing about. */
static const char *const untested[] = {"active", "concurrency", "fallback_relays", "uncertain",
                                       "canary"};

/* What was not an option when a test mail was accepted, and is not used, makes it no other test. */
static void forget_unsigned(json_t *all)
{
    bool reply = json_get_bool(all, "signed_reply", false);
    bool bounce = json_get_bool(all, "signed_bounce", false);
    if (!reply)
        json_object_del(all, "signed_reply");
    if (!bounce)
        json_object_del(all, "signed_bounce");
    if (!reply && !bounce)
        json_object_del(all, "address_separator");
    if (*json_get_text(all, "bounce_address") == '\0')
        json_object_del(all, "bounce_address");
}

/* Stands for the settings that a test mail is sent with: all of them, with their defaults and with
 * the marks of when a secret was changed. A secret itself is not in it. */
static char *fingerprint(const json_t *stored)
{
    g_auto(AlertsServerSettings) settings = {0};
    alerts_server_settings_read(stored, &settings);
    json_auto_t *defaults = alerts_server_settings_json(&settings);
    json_auto_t *all = json_deep_copy(stored);
    json_object_update_missing(all, defaults);
    for (size_t i = 0; i < G_N_ELEMENTS(untested); i++)
        json_object_del(all, untested[i]);
    forget_unsigned(all);
    char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    char *hash = secret_hash(text, strlen(text));
    free(text);
    return hash;
}

/* The last test mail that was accepted, an empty object where there was none. Caller owns. */
static json_t *load_test(DbTx *tx, int64_t *version, GError **error)
{
    return option_load(tx, OPTIONS_ALERTS_SERVER_TEST, version, error);
}

static bool is_tested(DbTx *tx, const json_t *stored, bool *tested, GError **error)
{
    int64_t version;
    json_auto_t *test = load_test(tx, &version, error);
    g_autofree char *present = fingerprint(stored);
    *tested = strcmp(json_get_text(test, "fingerprint"), present) == 0;
    return test != NULL;
}

static bool check_tested(DbTx *tx, const json_t *stored, GError **error)
{
    bool tested;
    if (!is_tested(tx, stored, &tested, error))
        return false;
    if (!tested)
        error_set_problem(error, TD_ERROR_CONFLICT, "not-tested", "/active",
                          "The Alerts Server can be activated only after a test mail was accepted"
                          " with exactly these settings. Send one (POST"
                          " /options/alerts-server/test, or `tidings options test --to"
                          " you@example.com`), then activate. Nothing was changed");
    return tested;
}

bool options_test_begin(DbTx *tx, int64_t *version, GError **error)
{
    json_auto_t *stored = option_load(tx, OPTIONS_ALERTS_SERVER, version, error);
    return stored != NULL;
}

bool options_test_accepted(DeskTx *tx, int64_t version, const char *to, bool *tested,
                           GError **error)
{
    int64_t present, former_version;
    json_auto_t *stored = option_load(tx->db, OPTIONS_ALERTS_SERVER, &present, error);
    json_auto_t *former = stored != NULL ? load_test(tx->db, &former_version, error) : NULL;
    if (former == NULL)
        return false;
    if (present != version) {
        *tested = false;
        return true;
    }
    g_autofree char *hash = fingerprint(stored);
    json_auto_t *test = json_object();
    json_set_text(test, "fingerprint", hash);
    json_set_text(test, "to", to);
    json_set_time(test, "at", tx->now_us);
    json_set_text(test, "by", tx->actor->name);
    *tested = true;
    return option_store(tx->db, OPTIONS_ALERTS_SERVER_TEST, former_version, former, test, tx->actor,
                        tx->now_us, error);
}

json_t *options_test_get(DbTx *tx, GError **error)
{
    int64_t version;
    bool tested;
    json_auto_t *stored = option_load(tx, OPTIONS_ALERTS_SERVER, &version, error);
    json_auto_t *test = stored != NULL ? load_test(tx, &version, error) : NULL;
    if (test == NULL || !is_tested(tx, stored, &tested, error))
        return NULL;
    json_t *shown = json_object();
    json_set_bool(shown, "tested", tested);
    json_set_text(shown, "at", json_string_value(json_object_get(test, "at")));
    json_set_text(shown, "to", json_string_value(json_object_get(test, "to")));
    json_set_text(shown, "by", json_string_value(json_object_get(test, "by")));
    return shown;
}

bool options_activate_sample(DeskTx *tx, GError **error)
{
    int64_t version;
    json_auto_t *before = option_load(tx->db, OPTIONS_ALERTS_SERVER, &version, error);
    json_auto_t *after = json_deep_copy(before);
    if (before == NULL)
        return false;
    json_set_bool(after, "active", true);
    return option_store(tx->db, OPTIONS_ALERTS_SERVER, version, before, after, tx->actor,
                        tx->now_us, error);
}

/* ---- the canary ---- */

#define CANARY_SECONDS_MIN 30
#define CANARY_SECONDS_MAX 86400

static void merge_canary(JsonReader *reader, int64_t now_us, json_t *stored)
{
    json_t *patch;
    if (!json_read_object(reader, "canary", &patch))
        return;
    json_t *canary = option_group(stored, "canary");
    g_autofree char *path = json_reader_path(reader, "canary");
    GError *failure = NULL;
    JsonReader fields;
    json_reader_init(&fields, patch, path);
    option_merge_bool(&fields, "enabled", canary);
    option_merge_address(&fields, "to", canary);
    option_merge_int(&fields, "every_seconds", CANARY_SECONDS_MIN, CANARY_SECONDS_MAX, canary);
    if (json_reader_end(&fields, &failure))
        json_set_int(canary, "since", now_us);
    else
        json_reader_fail(reader, failure);
}

static bool has_domain_of(const char *to, const char *address)
{
    return *address != '\0' && g_ascii_strcasecmp(address_domain(to), address_domain(address)) == 0;
}

static bool is_own_mailbox(const Settings *settings, const json_t *stored, const char *to)
{
    const EmailConnectorSettings *connector = &settings->email_connector;
    bool own = has_domain_of(to, json_get_text(stored, "from_address")) ||
               has_domain_of(to, connector->address);
    for (guint i = 0; i < connector->mailboxes->len && !own; i++)
        own = g_ascii_strcasecmp(
                  ((const MailboxSettings *)connector->mailboxes->pdata[i])->username, to) == 0;
    return own;
}

/* It goes to nobody but the desk: 1,440 mails a day are a nuisance to anybody else. */
static bool check_canary(DeskTx *tx, const json_t *stored, GError **error)
{
    const json_t *canary = json_object_get(stored, "canary");
    const char *to = json_get_text(canary, "to");
    if (!json_get_bool(canary, "enabled", false))
        return true;
    if (*to == '\0') {
        error_set_problem(error, TD_ERROR_CONFLICT, "canary-missing", "/canary/to",
                          "The canary needs a mailbox of the desk's own to go to; set canary.to."
                          " Nothing was changed");
        return false;
    }
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL)
        return false;
    if (!is_own_mailbox(settings, stored, to)) {
        error_set_problem(error, TD_ERROR_INVALID, "not-own-mailbox", "/canary/to",
                          "%s is no mailbox of the desk's own: it is none that the Email Connector"
                          " reads, and of another domain than the sender's and the connector's"
                          " address. A canary goes nowhere else. Nothing was changed",
                          to);
        return false;
    }
    /* Without a signature it could not be told from a forged one. */
    return signing_key_ensure(tx->db, tx->random, tx->now_us, error);
}

/* ---- the page ---- */

bool option_merge_alerts_server(DeskTx *tx, json_t *stored, json_t *patch, GError **error)
{
    static const char *const transports[] = {"smtp", "sendmail", "maildir", NULL};
    static const char *const when_uncertain[] = {"repeat", "ask", NULL};
    static const char *const separators[] = {"+", "-", "none", NULL};
    bool was_active = json_get_bool(stored, "active", false);
    g_auto(RelayChange) relays;
    relay_change_init(&relays, stored);
    JsonReader reader;
    json_reader_init(&reader, patch, "");
    option_merge_bool(&reader, "active", stored);
    option_merge_choice(&reader, "transport", transports, stored);
    relay_change_read(&relays, &reader, stored);
    option_merge_line(&reader, "from_name", LIMIT_NAME_CHARS, stored);
    option_merge_address(&reader, "from_address", stored);
    option_merge_address(&reader, "reply_to", stored);
    option_merge_bool(&reader, "signed_reply", stored);
    option_merge_bool(&reader, "signed_bounce", stored);
    option_merge_choice(&reader, "address_separator", separators, stored);
    option_merge_address(&reader, "bounce_address", stored);
    option_merge_int(&reader, "concurrency", 1, 64, stored);
    option_merge_choice(&reader, "uncertain", when_uncertain, stored);
    merge_canary(&reader, tx->now_us, stored);
    if (!json_reader_end(&reader, error) || !check_active(stored, error) ||
        !check_signed(tx, stored, error) || !check_canary(tx, stored, error) ||
        !relay_change_store(&relays, tx, stored, error))
        return false;
    bool is_active = json_get_bool(stored, "active", false);
    if (is_active && !was_active && json_object_get(stored, "canary") != NULL)
        json_set_int(option_group(stored, "canary"), "since", tx->now_us);
    if (is_active && !was_active && !check_tested(tx->db, stored, error))
        return false;
    tx->queued = true; /* the sender must look at its settings again */
    return !was_active || is_active ||
           outbox_hold_waiting(tx->db, "alerts_server_inactive", G_MAXINT, tx->now_us, NULL, error);
}
