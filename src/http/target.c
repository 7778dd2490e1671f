/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes a request's target apart. The path is split at its slashes before anything is decoded, so
 * that "%2F" stays inside its segment: "/files/a%2Fb" has two segments and no way to reach a third.
 * Everything that two readers could understand differently is refused rather than guessed.
 */
#include "http/target.h"

#include "base/error.h"
#include "http/fields.h"

#include <string.h>

static void set_bad_request(GError **error, const char *what)
{
    error_set_problem(error, TD_ERROR_MALFORMED, "bad-request", NULL,
                      "The address of the request %s. Nothing was changed.", what);
}

char *http_percent_decode(const char *text, size_t bytes, bool plus, GError **error)
{
    g_autofree char *out = g_malloc(bytes + 1);
    size_t length = 0;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if (c == '+' && plus)
            c = ' ';
        if (c == '%') {
            int high = i + 2 < bytes ? g_ascii_xdigit_value(text[i + 1]) : -1;
            int low = i + 2 < bytes ? g_ascii_xdigit_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                set_bad_request(error,
                                "has a \"%\" that is not followed by two hexadecimal digits");
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[length++] = c;
    }
    out[length] = '\0';
    /* It takes no NUL either. */
    if (!g_utf8_validate_len(out, length, NULL)) {
        set_bad_request(error, "is not UTF-8, or contains a NUL character");
        return NULL;
    }
    return g_steal_pointer(&out);
}

static bool parse_path(HttpTarget *target, const char *text, size_t bytes, GError **error)
{
    const char *end = text + bytes;
    const char *start = text + 1;
    while (start <= end) {
        const char *slash = memchr(start, '/', (size_t)(end - start));
        const char *stop = slash != NULL ? slash : end;
        char *segment = http_percent_decode(start, (size_t)(stop - start), false, error);
        if (segment == NULL)
            return false;
        g_ptr_array_add(target->segments, segment);
        start = stop + 1;
    }
    g_autoptr(GString) path = g_string_new(NULL);
    for (guint i = 0; i < target->segments->len; i++) {
        g_string_append_c(path, '/');
        g_string_append(path, target->segments->pdata[i]);
    }
    target->path = g_string_free(g_steal_pointer(&path), FALSE);
    return true;
}

static bool add_parameter(HttpTarget *target, const char *text, size_t bytes, GError **error)
{
    if (target->query->len >= HTTP_QUERY_PARAMETERS_MAX) {
        set_bad_request(error, "has too many parameters");
        return false;
    }
    const char *equals = memchr(text, '=', bytes);
    size_t name_bytes = equals != NULL ? (size_t)(equals - text) : bytes;
    g_autofree char *name = http_percent_decode(text, name_bytes, true, error);
    if (name == NULL)
        return false;
    size_t skip = equals != NULL ? name_bytes + 1 : bytes;
    g_autofree char *value = http_percent_decode(text + skip, bytes - skip, true, error);
    if (value == NULL)
        return false;
    if (http_fields_exact(target->query, name) != NULL) {
        g_autofree char *what = g_strdup_printf("names the parameter \"%s\" twice", name);
        set_bad_request(error, what);
        return false;
    }
    http_fields_add(target->query, name, value);
    guint last = target->query->len - 1;
    g_ptr_array_add(target->query_names, g_array_index(target->query, HttpField, last).name);
    return true;
}

static bool parse_query(HttpTarget *target, const char *text, GError **error)
{
    while (*text != '\0') {
        size_t bytes = strcspn(text, "&");
        if (bytes > 0 && !add_parameter(target, text, bytes, error))
            return false;
        text += bytes;
        if (*text == '&')
            text++;
    }
    return true;
}

/* RFC 9112 §3.2.2: a server takes the absolute form too. Points at the path. */
static const char *skip_origin(const char *text)
{
    if (g_ascii_strncasecmp(text, "http://", 7) != 0 &&
        g_ascii_strncasecmp(text, "https://", 8) != 0)
        return text;
    const char *host = strstr(text, "//") + 2;
    return host + strcspn(host, "/?#");
}

HttpTarget *http_target_parse(const char *text, GError **error)
{
    g_autoptr(HttpTarget) target = g_new0(HttpTarget, 1);
    target->segments = g_ptr_array_new_with_free_func(g_free);
    target->query = http_fields_new();
    target->query_names = g_ptr_array_new();
    const char *path = skip_origin(text);
    if (*path != '/') {
        set_bad_request(error, "does not begin with a slash");
        return NULL;
    }
    size_t bytes = strcspn(path, "?");
    if (!parse_path(target, path, bytes, error))
        return NULL;
    if (path[bytes] == '?' && !parse_query(target, path + bytes + 1, error))
        return NULL;
    g_ptr_array_add(target->query_names, NULL);
    return g_steal_pointer(&target);
}

void http_target_free(HttpTarget *target)
{
    if (target == NULL)
        return;
    g_ptr_array_unref(target->segments);
    g_free(target->path);
    g_array_unref(target->query);
    g_ptr_array_unref(target->query_names);
    g_free(target);
}
