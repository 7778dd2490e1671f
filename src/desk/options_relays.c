/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relays of the page "alerts-server": the first one's fields stand on the page itself, the
 * others in its list "fallback_relays", which is replaced whole.
 *
 * Secrets are never shown, so a list that is read, changed and put back comes without them. A relay
 * is therefore known again by host, port and user name, and keeps what it had wherever in the order
 * it stands now; another host, port or user name is another relay, which gets no secret of the
 * former. (The first relay alone keeps its secrets whatever becomes of its fields, as these are put
 * one by one; unless it has moved into the list.) The history shows when a secret was changed,
 * never what it is.
 */
#include "base/error.h"
#include "base/secret.h"
#include "desk/options-private.h"
#include "mail/oauth.h"
#include "records/option.h"

#include <string.h>

#define SCOPE_CHARS 1024

static const char *const securities[] = {"none", "starttls", "tls", NULL};
static const char *const auths[] = {"password", "xoauth2", NULL};

/* The relay's object in the section: 0 is the section itself. NULL: there are not so many. */
static json_t *relay_at(const json_t *section, size_t i)
{
    return i == 0 ? (json_t *)section
                  : json_array_get(json_object_get(section, "fallback_relays"), i - 1);
}

void relay_change_init(RelayChange *change, const json_t *stored)
{
    *change = (RelayChange){.before = json_deep_copy(stored)};
}

void relay_change_clear(RelayChange *change)
{
    json_decref(change->before);
    for (size_t i = 0; i < RELAYS_MAX; i++)
        for (size_t k = 0; k < RELAY_N_SECRETS; k++)
            secret_free(change->values[i][k]);
}

/* ---- reading ---- */

/* A secret is sent there: not just anywhere. */
static void merge_token_url(JsonReader *reader, json_t *relay)
{
    GError *failure = NULL;
    g_autofree char *path = json_reader_path(reader, "token_url");
    option_merge_line(reader, "token_url", 1024, relay);
    const char *url = json_get_text(relay, "token_url");
    if (*url != '\0' && !oauth_check_url(url, path, &failure))
        json_reader_fail(reader, failure);
}

static void read_relay(RelayChange *change, size_t i, JsonReader *reader, json_t *relay)
{
    option_merge_line(reader, "host", 253, relay);
    option_merge_int(reader, "port", 1, 65535, relay);
    option_merge_choice(reader, "security", securities, relay);
    option_merge_line(reader, "username", LIMIT_NAME_CHARS, relay);
    option_merge_choice(reader, "auth", auths, relay);
    merge_token_url(reader, relay);
    option_merge_line(reader, "client_id", LIMIT_NAME_CHARS, relay);
    option_merge_line(reader, "scope", SCOPE_CHARS, relay);
    option_merge_line(reader, "ca_file", 1024, relay);
    for (size_t k = 0; k < RELAY_N_SECRETS; k++)
        change->given[i][k] = json_read_secret(reader, relay_secrets[k].field,
                                               relay_secrets[k].max_chars, &change->values[i][k]);
}

static json_t *read_fallback(RelayChange *change, size_t i, json_t *patch, const char *path,
                             GError **error)
{
    json_auto_t *relay = json_object();
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    json_require(&reader, "host");
    read_relay(change, i, &reader, relay);
    if (!json_reader_end(&reader, error))
        return NULL;
    if (*json_get_text(relay, "host") == '\0') {
        g_autofree char *host = g_strconcat(path, "/host", NULL);
        error_set_problem(error, TD_ERROR_INVALID, "missing-field", host,
                          "%s is empty; a relay needs a host", host);
        return NULL;
    }
    return json_incref(relay);
}

void relay_change_read(RelayChange *change, JsonReader *reader, json_t *stored)
{
    json_t *patches;
    read_relay(change, 0, reader, stored);
    if (!json_read_array(reader, "fallback_relays", RELAYS_MAX - 1, &patches))
        return;
    json_auto_t *list = json_array();
    size_t i;
    json_t *patch;
    json_array_foreach(patches, i, patch)
    {
        g_autofree char *path = json_reader_path_at(reader, "fallback_relays", i);
        GError *failure = NULL;
        json_t *relay = read_fallback(change, i + 1, patch, path, &failure);
        if (relay == NULL) {
            json_reader_fail(reader, failure);
            return;
        }
        json_array_append_new(list, relay);
    }
    json_object_set(stored, "fallback_relays", list);
}

/* ---- which is which ---- */

static bool is_same(const json_t *a, const json_t *b)
{
    g_auto(RelaySettings) first = {0};
    g_auto(RelaySettings) second = {0};
    relay_settings_read(a, &first);
    relay_settings_read(b, &second);
    return g_ascii_strcasecmp(first.host, second.host) == 0 && first.port == second.port &&
           strcmp(first.username, second.username) == 0;
}

/* What AUTH XOAUTH2 cannot do without. */
static bool check_auth(const json_t *stored, GError **error)
{
    static const char *const needed[] = {"username", "token_url", "client_id"};
    for (size_t i = 0; relay_at(stored, i) != NULL; i++) {
        const json_t *relay = relay_at(stored, i);
        if (strcmp(json_get_text(relay, "auth"), "xoauth2") != 0)
            continue;
        for (size_t k = 0; k < G_N_ELEMENTS(needed); k++) {
            if (*json_get_text(relay, needed[k]) != '\0')
                continue;
            g_autofree char *path =
                i == 0 ? g_strconcat("/", needed[k], NULL)
                       : g_strdup_printf("/fallback_relays/%zu/%s", i - 1, needed[k]);
            error_set_problem(error, TD_ERROR_INVALID, "missing-field", path,
                              "%s is missing; auth xoauth2 needs username, token_url and client_id",
                              path);
            return false;
        }
    }
    return true;
}

static bool check_twins(const json_t *stored, GError **error)
{
    for (size_t i = 1; relay_at(stored, i) != NULL; i++)
        for (size_t j = 0; j < i; j++)
            if (is_same(relay_at(stored, i), relay_at(stored, j))) {
                g_autofree char *path = g_strdup_printf("/fallback_relays/%zu", i - 1);
                error_set_problem(error, TD_ERROR_INVALID, "invalid", path,
                                  "%s has the host, port and user name of relay %zu already;"
                                  " a relay stands in the list once",
                                  path, j + 1);
                return false;
            }
    return true;
}

/* Where the relay stands in the section; -1: nowhere. */
static int place_of(const json_t *relay, const json_t *section)
{
    for (size_t j = 0; relay_at(section, j) != NULL; j++)
        if (is_same(relay, relay_at(section, j)))
            return (int)j;
    return -1;
}

/* Where the relay stood before the change; -1: nowhere. The first one stays the first one whatever
 * becomes of its fields, unless it stands elsewhere now. */
static int former_place(const RelayChange *change, const json_t *stored, size_t i)
{
    int place = place_of(relay_at(stored, i), change->before);
    bool stays = i == 0 && place_of(change->before, stored) < 0;
    return place < 0 && stays ? 0 : place;
}

/* ---- secrets ---- */

static bool put_secret(DeskTx *tx, size_t i, size_t k, const char *was, const char *value,
                       GError **error)
{
    g_autofree char *name = relay_secret_name(i, k);
    if (g_strcmp0(was, value) == 0)
        return true;
    return value != NULL ? secret_store(tx->db, name, value, error)
                         : secret_delete(tx->db, name, error);
}

/* One secret of all relays. `was` are the values before the change. */
static bool move_secret(const RelayChange *change, DeskTx *tx, json_t *stored, size_t k,
                        char *const *was, GError **error)
{
    g_autofree char *mark = g_strconcat(relay_secrets[k].field, "_changed", NULL);
    for (size_t i = 0; i < RELAYS_MAX; i++) {
        json_t *relay = relay_at(stored, i);
        int from = relay != NULL ? former_place(change, stored, i) : -1;
        const char *value = from >= 0 ? was[from] : NULL;
        if (relay != NULL && change->given[i][k]) {
            value = change->values[i][k];
            json_set_time(relay, mark, tx->now_us);
        } else if (relay != NULL) {
            json_t *changed = json_object_get(relay_at(change->before, (size_t)MAX(from, 0)), mark);
            if (from >= 0 && changed != NULL)
                json_object_set(relay, mark, changed);
            else
                json_object_del(relay, mark);
        }
        if (!put_secret(tx, i, k, was[i], value, error))
            return false;
    }
    return true;
}

bool relay_change_store(RelayChange *change, DeskTx *tx, json_t *stored, GError **error)
{
    if (!check_twins(stored, error) || !check_auth(stored, error))
        return false;
    bool ok = true;
    for (size_t k = 0; ok && k < RELAY_N_SECRETS; k++) {
        char *was[RELAYS_MAX] = {0};
        for (size_t i = 0; ok && i < RELAYS_MAX; i++) {
            g_autofree char *name = relay_secret_name(i, k);
            ok = secret_load(tx->db, name, &was[i], error);
        }
        ok = ok && move_secret(change, tx, stored, k, was, error);
        for (size_t i = 0; i < RELAYS_MAX; i++)
            secret_free(was[i]);
    }
    return ok;
}
