/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client's access token, shared by threads.
 *
 * Who finds no usable token and nobody at work becomes the worker: it asks the token server without
 * the lock (oauth_grant.c), and everybody who came meanwhile takes its token, or its error.
 */
#include "mail/oauth-private.h"

#include "base/error.h"
#include "base/secret.h"

#include <string.h>

#define LOOK_US (200 * US_PER_MS) /* how often who waits looks whether it may stop */

/* ---- making and ending ---- */

OAuthSource *oauth_source_new(const OAuthSetup *setup)
{
    OAuthSource *source = g_new0(OAuthSource, 1);
    g_autoptr(GUri) url = g_uri_parse(setup->token_url, G_URI_FLAGS_PARSE_RELAXED, NULL);
    const char *host = url != NULL ? g_uri_get_host(url) : NULL;
    source->users = 1;
    source->token_url = g_strdup(setup->token_url);
    source->host = g_strdup(host != NULL ? host : "the token server");
    source->client_id = g_strdup(setup->client_id);
    source->client_secret = g_strdup(setup->client_secret);
    source->scope = g_strdup(setup->scope);
    source->ca_file = g_strdup(setup->ca_file);
    source->timeout_ms = setup->timeout_ms > 0 ? setup->timeout_ms : OAUTH_TIMEOUT_MS;
    source->clock = setup->clock;
    source->keeper = setup->keeper;
    source->fetch = setup->fetch != NULL ? setup->fetch : oauth_fetch;
    source->fetch_data = setup->fetch_data;
    monitor_init(&source->lock);
    return source;
}

OAuthSource *oauth_source_ref(OAuthSource *source)
{
    g_atomic_int_inc(&source->users);
    return source;
}

void oauth_forget(char **secret)
{
    secret_free(g_steal_pointer(secret));
}

void oauth_source_unref(OAuthSource *source)
{
    if (source == NULL || !g_atomic_int_dec_and_test(&source->users))
        return;
    if (source->unsaved != NULL)
        source->keeper.store(source->keeper.data, source->former, source->unsaved, NULL);
    if (source->keeper.free_data != NULL)
        source->keeper.free_data(source->keeper.data);
    g_free(source->token_url);
    g_free(source->host);
    g_free(source->client_id);
    secret_free(source->client_secret);
    g_free(source->scope);
    g_free(source->ca_file);
    oauth_forget(&source->former);
    oauth_forget(&source->unsaved);
    oauth_forget(&source->token);
    g_clear_error(&source->failure);
    monitor_clear(&source->lock);
    g_free(source);
}

const char *oauth_source_host(const OAuthSource *source)
{
    return source->host;
}

/* ---- who does it ---- */

static bool is_usable(const OAuthSource *source, const char *refused)
{
    return source->token != NULL && clock_boot_us(source->clock) < source->good_until_us &&
           g_strcmp0(source->token, refused) != 0;
}

/* With the lock, which is let go meanwhile. */
static bool work(OAuthSource *source, GCancellable *cancellable, GError **error)
{
    g_auto(OAuthAnswer) answer = {0};
    GError *failure = NULL;
    source->working = true;
    monitor_unlock(&source->lock);
    int64_t asked_us = clock_boot_us(source->clock);
    bool well = oauth_request_token(source, cancellable, &answer, &failure);
    monitor_lock(&source->lock);
    source->working = false;
    source->has_unsaved = source->unsaved != NULL;
    source->rounds++;
    g_clear_error(&source->failure);
    if (well) {
        oauth_forget(&source->token);
        source->token = g_steal_pointer(&answer.access_token);
        source->good_until_us = asked_us + (answer.expires_in_s - OAUTH_EARLY_S) * US_PER_SECOND;
    } else {
        source->failure = g_error_copy(failure);
        g_propagate_error(error, failure);
    }
    monitor_broadcast(&source->lock);
    return well;
}

/* With the lock. True: a request has ended well meanwhile; false without an error: none has, look
 * again. */
static bool wait_for_worker(OAuthSource *source, GCancellable *cancellable, GError **error)
{
    unsigned rounds = source->rounds;
    while (source->working && source->rounds == rounds) {
        if (g_cancellable_is_cancelled(cancellable)) {
            error_set(error, TD_ERROR_UNAVAILABLE, "the request was stopped on this side");
            return false;
        }
        monitor_wait_until(&source->lock, g_get_monotonic_time() + LOOK_US);
    }
    if (source->rounds == rounds)
        return false;
    if (source->failure != NULL)
        g_propagate_error(error, g_error_copy(source->failure));
    return source->failure == NULL;
}

/* With the lock, which is let go meanwhile. */
static void save_now(OAuthSource *source)
{
    source->working = true;
    monitor_unlock(&source->lock);
    if (clock_boot_us(source->clock) >= source->save_again_us)
        oauth_save(source);
    monitor_lock(&source->lock);
    source->working = false;
    source->has_unsaved = source->unsaved != NULL;
    monitor_broadcast(&source->lock);
}

char *oauth_token(OAuthSource *source, const char *refused, GCancellable *cancellable,
                  GError **error)
{
    g_autoptr(GError) failure = NULL;
    monitor_lock(&source->lock);
    if (source->has_unsaved && !source->working)
        save_now(source);
    bool well = is_usable(source, refused);
    while (!well && failure == NULL)
        well = source->working ? wait_for_worker(source, cancellable, &failure)
                               : work(source, cancellable, &failure);
    char *token = well ? g_strdup(source->token) : NULL;
    monitor_unlock(&source->lock);
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return token;
}
