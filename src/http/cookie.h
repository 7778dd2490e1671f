/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies (RFC 6265): one looked up in a request, one written for an answer. Pure. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The value of the first cookie of this name in a Cookie header (NULL: none was sent), as it came;
 * NULL: there is none. Free with g_free(). */
char *http_cookie_find(const char *header, const char *name);

/* A Set-Cookie value for the whole site, out of reach of scripts (HttpOnly) and sent with links
 * from elsewhere but not with their forms (SameSite=Lax). `max_age_s` 0: until the browser ends; a
 * negative one removes the cookie. Name and value are ours and need no quoting. Free with g_free().
 */
char *http_cookie_make(const char *name, const char *value, int max_age_s, bool secure);
