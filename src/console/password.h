/* SPDX-License-Identifier: Apache-2.0 */
/* New passwords. */
#pragma once

#include <glib.h>

/* The hash of what was typed; takes a tenth of a second by intention. `field` is the form's.
 * Errors: INVALID (problem "password-too-short", and those of text_secret()). Free with g_free().
 */
char *password_hash(const char *typed, const char *field, GError **error);
