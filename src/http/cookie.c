/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cookie.h"

#include <string.h>

char *http_cookie_find(const char *header, const char *name)
{
    size_t name_bytes = strlen(name);
    for (const char *at = header; at != NULL && *at != '\0';) {
        at += strspn(at, " \t;");
        size_t bytes = strcspn(at, ";");
        if (bytes > name_bytes && at[name_bytes] == '=' && strncmp(at, name, name_bytes) == 0)
            return g_strstrip(g_strndup(at + name_bytes + 1, bytes - name_bytes - 1));
        at += bytes;
    }
    return NULL;
}

char *http_cookie_make(const char *name, const char *value, int max_age_s, bool secure)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s=%s; Path=/; HttpOnly; SameSite=Lax", name, value);
    if (max_age_s != 0)
        g_string_append_printf(text, "; Max-Age=%d", MAX(max_age_s, 0));
    if (secure)
        g_string_append(text, "; Secure");
    return g_string_free(text, FALSE);
}
