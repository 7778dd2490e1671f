/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens of the relays, and their refresh tokens in the database.
 *
 * The settings are read before each claim, a token is good for an hour: so the sources are kept
 * here, each by the settings that it was made from. A refresh token is no part of them. It may be
 * replaced with every use, and is read and written where it stands at that moment.
 */
#include "delivery/tokens.h"

#include "base/error.h"
#include "base/log.h"
#include "base/monitor.h"
#include "base/secret.h"
#include "records/option.h"

#include <string.h>

/* More than there are relays: those of former settings stay until then. */
#define SOURCES_MAX (4 * RELAYS_MAX)

struct DeliveryTokens {
    Monitor lock;
    GHashTable *sources; /* by key(); of OAuthSource * */
};

DeliveryTokens *delivery_tokens_new(void)
{
    DeliveryTokens *tokens = g_new0(DeliveryTokens, 1);
    monitor_init(&tokens->lock);
    tokens->sources =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)oauth_source_unref);
    return tokens;
}

void delivery_tokens_free(DeliveryTokens *tokens)
{
    if (tokens == NULL)
        return;
    g_hash_table_unref(tokens->sources);
    monitor_clear(&tokens->lock);
    g_free(tokens);
}

/* ---- where the refresh token stands ---- */

/* Which relay it is, wherever in the order it stands now. */
typedef struct {
    Db *db;
    char *host;
    int port;
    char *username;
    char *token_url;
    char *client_id;
    bool failing;
} Keeper;

static void keeper_free(void *data)
{
    Keeper *keeper = data;
    g_free(keeper->host);
    g_free(keeper->username);
    g_free(keeper->token_url);
    g_free(keeper->client_id);
    g_free(keeper);
}

static bool is_relay(const Keeper *keeper, const RelaySettings *relay)
{
    return strcmp(keeper->host, relay->host) == 0 && keeper->port == relay->port &&
           strcmp(keeper->username, relay->username) == 0 &&
           strcmp(keeper->token_url, relay->token_url) == 0 &&
           strcmp(keeper->client_id, relay->client_id) == 0;
}

typedef struct {
    const Keeper *keeper;
    const char *former;
    char *refresh_token;
} Keeping;

static bool find(DbTx *tx, void *data, GError **error)
{
    Keeping *keeping = data;
    int64_t version;
    secret_free(g_steal_pointer(&keeping->refresh_token));
    json_auto_t *stored = option_load(tx, OPTIONS_ALERTS_SERVER, &version, error);
    if (stored == NULL)
        return false;
    g_auto(AlertsServerSettings) settings = {0};
    alerts_server_settings_read(stored, &settings);
    for (guint i = 0; i < settings.relays->len; i++) {
        g_autofree char *name = relay_secret_name(i, RELAY_REFRESH_TOKEN);
        if (is_relay(keeping->keeper, settings.relays->pdata[i]))
            return secret_load(tx, name, &keeping->refresh_token, error);
    }
    error_set(error, TD_ERROR_CONFLICT,
              "the options of this relay were changed; the next try uses the new ones");
    return false;
}

static bool load(void *data, char **refresh_token, GError **error)
{
    const Keeper *keeper = data;
    Keeping keeping = {.keeper = keeper};
    bool well = db_read(keeper->db, find, &keeping, error);
    if (well)
        *refresh_token = g_steal_pointer(&keeping.refresh_token);
    secret_free(keeping.refresh_token);
    return well;
}

static bool replace(DbTx *tx, void *data, GError **error)
{
    const Keeping *keeping = data;
    return secret_replace(tx, OPTIONS_ALERTS_SERVER "%refresh_token", keeping->former,
                          keeping->refresh_token, error);
}

static bool store(void *data, const char *former, const char *refresh_token, GError **error)
{
    Keeper *keeper = data;
    Keeping keeping = {.keeper = keeper, .former = former, .refresh_token = (char *)refresh_token};
    g_autoptr(GError) failure = NULL;
    bool well = db_write(keeper->db, replace, &keeping, &failure);
    if (!well && !keeper->failing)
        log_warning("The new refresh token for %s, port %d, cannot be stored: %s. Mail goes on; the"
                    " token is kept in memory beside the old one and stored as soon as it can be."
                    " If the server ends before, this relay may need a new one in the options",
                    keeper->host, keeper->port, failure->message);
    if (well && keeper->failing)
        log_info("The refresh token for %s, port %d, is stored", keeper->host, keeper->port);
    keeper->failing = !well;
    if (!well)
        g_propagate_error(error, g_steal_pointer(&failure));
    return well;
}

/* ---- sources ---- */

static OAuthSource *make(const DeliverySetup *setup, const RelaySettings *relay,
                         const char *client_secret)
{
    Keeper *keeper = g_new0(Keeper, 1);
    int percent = setup->timeout_scale > 0 ? setup->timeout_scale : 100;
    keeper->db = setup->db;
    keeper->host = g_strdup(relay->host);
    keeper->port = relay->port;
    keeper->username = g_strdup(relay->username);
    keeper->token_url = g_strdup(relay->token_url);
    keeper->client_id = g_strdup(relay->client_id);
    OAuthSetup source = {
        .token_url = relay->token_url,
        .client_id = relay->client_id,
        .client_secret = client_secret,
        .scope = relay->scope,
        .ca_file = relay->ca_file,
        .timeout_ms = OAUTH_TIMEOUT_MS / 100 * percent,
        .clock = setup->clock,
        .keeper = {.load = load, .store = store, .data = keeper, .free_data = keeper_free},
    };
    return oauth_source_new(&source);
}

/* A refresh token that a person has put in is another sign-in, perhaps of another account. */
static char *key(const RelaySettings *relay, const char *client_secret)
{
    char *all = g_strdup_printf("%s\n%d\n%s\n%s\n%s\n%s\n%s\n%s\n%s", relay->host, relay->port,
                                relay->username, relay->token_url, relay->client_id,
                                client_secret != NULL ? client_secret : "", relay->scope,
                                relay->ca_file, relay->refresh_token_changed);
    char *hash = secret_hash(all, strlen(all));
    secret_free(all);
    return hash;
}

OAuthSource *delivery_token_source(const DeliverySetup *setup, const RelaySettings *relay,
                                   const char *client_secret)
{
    DeliveryTokens *tokens = setup->tokens;
    if (tokens == NULL)
        return make(setup, relay, client_secret);
    g_autofree char *name = key(relay, client_secret);
    monitor_lock(&tokens->lock);
    OAuthSource *source = g_hash_table_lookup(tokens->sources, name);
    if (source == NULL) {
        if (g_hash_table_size(tokens->sources) >= SOURCES_MAX)
            g_hash_table_remove_all(tokens->sources);
        source = make(setup, relay, client_secret);
        g_hash_table_insert(tokens->sources, g_steal_pointer(&name), source);
    }
    oauth_source_ref(source);
    monitor_unlock(&tokens->lock);
    return source;
}
