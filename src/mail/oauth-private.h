/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a source, shared by oauth.c (threads) and oauth_grant.c (one request). */
#pragma once

#include "base/monitor.h"
#include "mail/oauth.h"

struct OAuthSource {
    int users;
    char *token_url;
    char *host;
    char *client_id;
    char *client_secret;
    char *scope;
    char *ca_file;
    int timeout_ms;
    const Clock *clock;
    OAuthKeeper keeper;
    OAuthFetch fetch;
    void *fetch_data;

    char *former; /* the worker's */
    char *unsaved;
    int64_t save_again_us;

    Monitor lock; /* guards what follows */
    bool working;
    bool has_unsaved; /* as the last worker left it */
    unsigned rounds;  /* requests that have ended */
    GError *failure;  /* of the last one; NULL: it gave a token */
    char *token;
    int64_t good_until_us; /* boot time */
};

void oauth_forget(char **secret);

/* The worker's, without the lock. */

/* Asks for an access token; stores a refresh token that came with it. Blocks. */
bool oauth_request_token(OAuthSource *source, GCancellable *cancellable, OAuthAnswer *answer,
                         GError **error);

/* Stores what replaced `former`; keeps both where that fails. */
void oauth_save(OAuthSource *source);
