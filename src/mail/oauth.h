/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens for mail servers that take no password (RFC 6749): by client credentials (§4.4), or
 * by a refresh token (§6) where there is one.
 *
 * A source gives the tokens of one client. It keeps the present one in memory until shortly before
 * it ends; threads that need a new one at the same time wait for one request. Thread-safe.
 *
 * A token server may put a new refresh token in place of the old one. It is stored through the
 * keeper before the old one is forgotten; where that fails both stay in memory, the new one is
 * used, and storing it is tried again.
 */
#pragma once

#include "base/clock.h"

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OAUTH_ANSWER_BYTES_MAX (64 * 1024)
#define OAUTH_ACCESS_TOKEN_MAX                                                                     \
    8000 /* so that a SASL response fits into RFC 4954's 12288 octets                              \
          */
#define OAUTH_REFRESH_TOKEN_MAX 4096
#define OAUTH_TIMEOUT_MS        30000
#define OAUTH_EARLY_S           60  /* a token is not used in its last minute */
#define OAUTH_UNSAID_S          600 /* how long a token is good whose server does not say */

/* ---- the network ---- */

typedef struct {
    const char *url;
    const char *form; /* application/x-www-form-urlencoded */
    const char *ca_file;
    int timeout_ms; /* for the whole of it */
} OAuthRequest;

/* POSTs; gives status and body whatever the status is. Blocks. Errors: UNAVAILABLE, TIMEOUT, DENIED
 * (the certificate), LIMIT (the answer is larger than OAUTH_ANSWER_BYTES_MAX). */
typedef bool (*OAuthFetch)(const OAuthRequest *request, int *status, GString *body,
                           GCancellable *cancellable, void *data, GError **error);

/* By libcurl: verified TLS 1.2 or newer by the system's authorities and those of `ca_file`, no
 * redirects. `data` is not used. */
bool oauth_fetch(const OAuthRequest *request, int *status, GString *body, GCancellable *cancellable,
                 void *data, GError **error);

/* Whether a token server may be asked there: https, or http on this machine itself. Errors: INVALID
 * with `field`. */
bool oauth_check_url(const char *url, const char *field, GError **error);

/* ---- the answer ---- */

typedef struct {
    char *access_token;
    char *refresh_token; /* NULL: the old one stays good */
    int64_t expires_in_s;
    bool grant_refused; /* with an error: the refresh token is no (longer) good */
} OAuthAnswer;

void oauth_answer_clear(OAuthAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OAuthAnswer, oauth_answer_clear)

/* Reads an answer (RFC 6749 §5). Pure. Errors: DENIED (a refusal, in the server's words),
 * UNAVAILABLE (5xx), MALFORMED. */
bool oauth_answer_read(int status, const char *body, size_t bytes, OAuthAnswer *answer,
                       GError **error);

/* ---- tokens ---- */

/* Where the refresh token is. Never called by two threads at once; may block. */
typedef struct {
    /* *refresh_token: NULL where there is none, which means client credentials. Owned by the
     * caller, who wipes it. */
    bool (*load)(void *data, char **refresh_token, GError **error);
    /* Durable when it returns. Where another token than `former` is stored by now, somebody else
     * has put it there: it stays, and that is no error. */
    bool (*store)(void *data, const char *former, const char *refresh_token, GError **error);
    void *data;
    GDestroyNotify free_data;
} OAuthKeeper;

/* All texts are copied; NULL or "" where there is none. */
typedef struct {
    const char *token_url;
    const char *client_id;
    const char *client_secret;
    const char *scope;
    const char *ca_file;
    int timeout_ms; /* 0: OAUTH_TIMEOUT_MS */
    const Clock *clock;
    OAuthKeeper keeper; /* `data` is taken; without `load`: client credentials */
    OAuthFetch fetch;   /* NULL: oauth_fetch() */
    void *fetch_data;
} OAuthSetup;

typedef struct OAuthSource OAuthSource;

OAuthSource *oauth_source_new(const OAuthSetup *setup);
OAuthSource *oauth_source_ref(OAuthSource *source);
/* With the last reference: tries once more to store what could not be stored. NULL is allowed. */
void oauth_source_unref(OAuthSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OAuthSource, oauth_source_unref)

/* The token server's host, for people. */
const char *oauth_source_host(const OAuthSource *source);

/* A token to use now; wipe with secret_free(). Another one than `refused` (NULL: none was), which
 * the mail server did not take. Blocks while it is fetched. The error says in words what the token
 * server answered, without any secret. */
char *oauth_token(OAuthSource *source, const char *refused, GCancellable *cancellable,
                  GError **error);
