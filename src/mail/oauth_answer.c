/* SPDX-License-Identifier: Apache-2.0 */
/* What a token server answers (RFC 6749 §5.1 and §5.2): bytes from a stranger. */
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "mail/oauth.h"
#include "mail/smtp_reply.h"

#include <string.h>

#define EXPIRES_MAX_S INT64_C(86400)

void oauth_answer_clear(OAuthAnswer *answer)
{
    secret_free(answer->access_token);
    secret_free(answer->refresh_token);
    *answer = (OAuthAnswer){0};
}

/* As one line; NULL where there is none. */
static char *words(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    return text != NULL && *text != '\0' ? smtp_text_shown(text, json_string_length(value)) : NULL;
}

static bool refused(int status, const json_t *object, OAuthAnswer *answer, GError **error)
{
    g_autofree char *code = words(object, "error");
    g_autofree char *description = words(object, "error_description");
    if (code == NULL) {
        error_set(error, status / 100 == 5 ? TD_ERROR_UNAVAILABLE : TD_ERROR_DENIED,
                  "it answered HTTP %d%s", status,
                  status / 100 == 3 ? ", a redirection; token_url must name the place itself" : "");
        return false;
    }
    answer->grant_refused = strcmp(code, "invalid_grant") == 0;
    error_set(error, status / 100 == 5 ? TD_ERROR_UNAVAILABLE : TD_ERROR_DENIED,
              "it refused (HTTP %d): %s%s%s", status, code, description != NULL ? ": " : "",
              description != NULL ? description : "");
    return false;
}

/* Visible ASCII alone: it goes into a line of SMTP, or into a form. */
static bool is_token(const json_t *value, size_t max_bytes)
{
    const char *text = json_string_value(value);
    size_t bytes = json_string_length(value);
    if (text == NULL || bytes == 0 || bytes > max_bytes)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

/* A number, or (by some servers) a text of digits. */
static int64_t read_expiry(const json_t *value)
{
    int64_t seconds = OAUTH_UNSAID_S;
    if (json_is_integer(value))
        seconds = json_integer_value(value);
    else if (json_is_real(value) && json_real_value(value) < (double)EXPIRES_MAX_S)
        seconds = (int64_t)MAX(json_real_value(value), 0.0);
    else if (json_is_string(value))
        seconds = g_ascii_strtoll(json_string_value(value), NULL, 10);
    return CLAMP(seconds, 0, EXPIRES_MAX_S);
}

static bool malformed(GError **error, const char *what)
{
    error_set(error, TD_ERROR_MALFORMED, "its answer %s", what);
    return false;
}

static bool granted(const json_t *object, OAuthAnswer *answer, GError **error)
{
    const json_t *access = json_object_get(object, "access_token");
    const json_t *refresh = json_object_get(object, "refresh_token");
    const json_t *type = json_object_get(object, "token_type");
    if (!is_token(access, OAUTH_ACCESS_TOKEN_MAX))
        return malformed(error, access == NULL ? "has no access_token"
                                               : "has an access_token that cannot be used");
    if (type != NULL &&
        (!json_is_string(type) || g_ascii_strcasecmp(json_string_value(type), "bearer") != 0))
        return malformed(error, "has a token_type other than Bearer");
    if (refresh != NULL && !json_is_null(refresh) && !is_token(refresh, OAUTH_REFRESH_TOKEN_MAX))
        return malformed(error, "has a refresh_token that cannot be used");
    answer->access_token = g_strdup(json_string_value(access));
    answer->refresh_token = g_strdup(json_string_value(refresh));
    answer->expires_in_s = read_expiry(json_object_get(object, "expires_in"));
    return true;
}

bool oauth_answer_read(int status, const char *body, size_t bytes, OAuthAnswer *answer,
                       GError **error)
{
    *answer = (OAuthAnswer){0};
    json_auto_t *object = bytes <= OAUTH_ANSWER_BYTES_MAX
                              ? json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL)
                              : NULL;
    if (status != 200)
        return refused(status, object, answer, error);
    if (!json_is_object(object))
        return malformed(error, "is not a JSON object");
    /* Some servers refuse with 200. */
    if (json_is_string(json_object_get(object, "error")))
        return refused(status, object, answer, error);
    return granted(object, answer, error);
}
