/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One access token: by client credentials, or by the refresh token. The worker alone is here.
 *
 * The refresh token is read from the keeper for each request, never remembered: another process may
 * have put a newer one there, or a person. A server that gives each refresh token once only, and
 * revokes all of them when an old one comes, would not forgive otherwise. `unsaved` is the
 * exception: it replaced `former`, which the keeper still has because it could not be told.
 */
#include "base/error.h"
#include "base/secret.h"
#include "mail/oauth-private.h"

#include <string.h>

#define SAVE_AGAIN_US  (5 * US_PER_SECOND)
#define FORM_BYTES     32768
#define MASK_BYTES_MIN 6

/* ---- one request ---- */

static void append_field(GString *form, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    char *escaped = g_uri_escape_string(value, NULL, FALSE);
    g_string_append(form, form->len > 0 ? "&" : "");
    g_string_append(form, name);
    g_string_append_c(form, '=');
    g_string_append(form, escaped);
    secret_free(escaped);
}

static GString *make_form(const OAuthSource *source, const char *refresh_token)
{
    GString *form =
        g_string_sized_new(FORM_BYTES); /* large enough never to move and leave a copy */
    append_field(form, "grant_type",
                 refresh_token != NULL ? "refresh_token" : "client_credentials");
    append_field(form, "client_id", source->client_id);
    append_field(form, "client_secret", source->client_secret);
    append_field(form, "refresh_token", refresh_token);
    append_field(form, "scope", source->scope);
    return form;
}

static void wipe(GString *text)
{
    explicit_bzero(text->str, text->allocated_len);
    g_string_free(text, TRUE);
}

/* A server may repeat in its words what it was sent. What is shorter than this is not worth
 * guarding, and would be found in every other word. */
static void mask(GString *text, const char *secret)
{
    if (secret != NULL && strlen(secret) >= MASK_BYTES_MIN)
        g_string_replace(text, secret, "********", 0);
}

static void explain(const OAuthSource *source, const char *refresh_token, GError **error)
{
    if (error == NULL || *error == NULL)
        return;
    g_autoptr(GString) words = g_string_new((*error)->message);
    mask(words, source->client_secret);
    mask(words, refresh_token);
    TdErrorCode code = error_code(*error);
    g_clear_error(error);
    error_set(error, code, "%s gave no access token: %s", source->host, words->str);
}

/* `refresh_token` NULL: client credentials. */
static bool ask(OAuthSource *source, const char *refresh_token, GCancellable *cancellable,
                OAuthAnswer *answer, GError **error)
{
    GString *form = make_form(source, refresh_token);
    GString *body = g_string_sized_new(OAUTH_ANSWER_BYTES_MAX);
    OAuthRequest request = {.url = source->token_url,
                            .form = form->str,
                            .ca_file = source->ca_file,
                            .timeout_ms = source->timeout_ms};
    int status = 0;
    *answer = (OAuthAnswer){0};
    bool well = source->fetch(&request, &status, body, cancellable, source->fetch_data, error) &&
                oauth_answer_read(status, body->str, body->len, answer, error);
    wipe(form);
    wipe(body);
    if (!well)
        explain(source, refresh_token, error);
    return well;
}

/* ---- the refresh token ---- */

static bool load(OAuthSource *source, char **refresh_token, GError **error)
{
    if (source->keeper.load == NULL)
        return true;
    if (source->keeper.load(source->keeper.data, refresh_token, error))
        return true;
    g_prefix_error(error, "The refresh token cannot be read: ");
    return false;
}

void oauth_save(OAuthSource *source)
{
    if (!source->keeper.store(source->keeper.data, source->former, source->unsaved, NULL)) {
        source->save_again_us = clock_boot_us(source->clock) + SAVE_AGAIN_US;
        return;
    }
    oauth_forget(&source->former);
    oauth_forget(&source->unsaved);
}

/* After `tried` was good. `kept` is what the keeper had before; a `tried` that is neither that nor
 * the unsaved one is what it has now. */
static void note_refresh_token(OAuthSource *source, const char *kept, const char *tried,
                               const char *given)
{
    bool was_unsaved = g_strcmp0(tried, source->unsaved) == 0;
    bool is_new = given != NULL && strcmp(given, tried) != 0;
    if (was_unsaved && !is_new)
        return;
    oauth_forget(&source->former);
    oauth_forget(&source->unsaved);
    if (!is_new)
        return;
    source->former = g_strdup(was_unsaved ? kept : tried);
    source->unsaved = g_strdup(given);
    oauth_save(source);
}

/* What is worth another try after `tried` was refused: the one before it, or the one that somebody
 * else has stored meanwhile. NULL: nothing. */
static char *second_choice(OAuthSource *source, const char *kept, const char *tried)
{
    char *now = NULL;
    if (g_strcmp0(kept, tried) != 0)
        return g_strdup(kept);
    if (!load(source, &now, NULL) || g_strcmp0(now, tried) == 0)
        oauth_forget(&now);
    return now;
}

/* With `kept`, what the keeper has. */
static bool refresh(OAuthSource *source, const char *kept, GCancellable *cancellable,
                    OAuthAnswer *answer, GError **error)
{
    char *second = NULL;
    g_autoptr(GError) failure = NULL;
    const char *tried = source->unsaved != NULL ? source->unsaved : kept;
    bool well = ask(source, tried, cancellable, answer, &failure);
    if (!well && answer->grant_refused) {
        second = second_choice(source, kept, tried);
        if (second != NULL) {
            g_clear_error(&failure);
            tried = second;
            well = ask(source, tried, cancellable, answer, &failure);
        }
    }
    if (well)
        note_refresh_token(source, kept, tried, answer->refresh_token);
    secret_free(second);
    if (!well)
        g_propagate_error(error, g_steal_pointer(&failure));
    return well;
}

bool oauth_request_token(OAuthSource *source, GCancellable *cancellable, OAuthAnswer *answer,
                         GError **error)
{
    char *kept = NULL;
    if (!load(source, &kept, source->unsaved != NULL ? NULL : error)) {
        if (source->unsaved == NULL)
            return false;
        kept = g_strdup(source->former);
    }
    if (source->unsaved != NULL && g_strcmp0(kept, source->former) != 0) {
        oauth_forget(&source->former); /* somebody has stored another one, which counts */
        oauth_forget(&source->unsaved);
    }
    bool well = kept != NULL && *kept != '\0' ? refresh(source, kept, cancellable, answer, error)
                                              : ask(source, NULL, cancellable, answer, error);
    secret_free(kept);
    return well;
}
