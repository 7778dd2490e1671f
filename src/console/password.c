/* SPDX-License-Identifier: Apache-2.0 */
#include "console/password.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

#include <string.h>

#define PASSWORD_CHARS_MIN 8

char *password_hash(const char *typed, const char *field, GError **error)
{
    char *checked = NULL;
    if (g_utf8_strlen(typed, -1) < PASSWORD_CHARS_MIN) {
        error_set_problem(error, TD_ERROR_INVALID, "password-too-short", field,
                          "A password must have at least %d characters", PASSWORD_CHARS_MIN);
        return NULL;
    }
    if (!text_secret(typed, strlen(typed), LIMIT_NAME_CHARS, field, &checked, error))
        return NULL;
    char *hash = secret_hash_password(checked, error);
    secret_free(checked);
    return hash;
}
