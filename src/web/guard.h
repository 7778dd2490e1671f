/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps a page's forms from being sent by other pages, and one person's session from
 * another's. Pure, but for the two that make a cookie.
 *
 * A form carries a token that is derived from the secret in the cookie: who cannot read the cookie
 * cannot make it. Before anybody has signed in, a cookie of its own plays the session's part, and
 * it is never taken for a session.
 */
#pragma once

#include "http/http.h"

#include <stdbool.h>

#define WEB_COOKIE_FORM "tidings_form"

/* The token of a secret's forms. Free with g_free(). */
char *web_form_token(const char *secret);

/* Whether `token` (NULL: none was sent) is that of the secret; in a time that does not tell. */
bool web_form_token_fits(const char *secret, const char *token);

/* False for what a browser says comes from another site (Sec-Fetch-Site, Origin). What says nothing
 * is no browser, or an old one, and has the form's token to show. */
bool web_same_site(const HttpRequest *request);

/* Whether the browser reached us by TLS: a proxy on this machine says so. */
bool web_is_secure(const HttpRequest *request);

/* Where a request comes from, for people and for throttling: the last address that a proxy on this
 * machine names, else the peer. Free with g_free(). */
char *web_client(const HttpRequest *request);
