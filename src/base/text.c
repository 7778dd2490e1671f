/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIME_CHARS 32 /* of what text_from_time() gives */

static bool refuse(GError **error, const char *field, const char *why)
{
    error_set_problem(error, TD_ERROR_INVALID, NULL, field, "%s %s", field ? field : "The text",
                      why);
    return false;
}

static bool check_utf8(const char *in, size_t bytes, const char *field, GError **error)
{
    if (memchr(in, '\0', bytes) != NULL)
        return refuse(error, field, "contains a NUL character, which no text may");
    if (!g_utf8_validate(in, (gssize)bytes, NULL))
        return refuse(error, field, "is not valid UTF-8");
    return true;
}

static bool is_control(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static bool check_line(const char *in, size_t bytes, const char *field, GError **error)
{
    if (!check_utf8(in, bytes, field, error))
        return false;
    if (memchr(in, '\r', bytes) != NULL || memchr(in, '\n', bytes) != NULL)
        return refuse(error, field, "contains a line break, and must be one line");
    return true;
}

static bool check_length(const char *text, size_t max_chars, const char *field, GError **error)
{
    glong chars = g_utf8_strlen(text, -1);
    if ((size_t)chars <= max_chars)
        return true;
    error_set_problem(error, TD_ERROR_INVALID, "too-long", field,
                      "%s is %ld characters long; at most %zu are allowed",
                      field ? field : "The text", chars, max_chars);
    return false;
}

bool text_one_line(const char *in, size_t bytes, size_t max_chars, const char *field, char **out,
                   GError **error)
{
    if (!check_line(in, bytes, field, error))
        return false;
    g_autoptr(GString) clean = g_string_sized_new(bytes);
    for (const char *p = in; p < in + bytes; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(clean, is_control(c) ? ' ' : c);
    }
    g_strstrip(clean->str);
    if (!check_length(clean->str, max_chars, field, error))
        return false;
    *out = g_strdup(clean->str);
    return true;
}

bool text_secret(const char *in, size_t bytes, size_t max_chars, const char *field, char **out,
                 GError **error)
{
    if (!check_line(in, bytes, field, error))
        return false;
    char *exact = g_strndup(in, bytes);
    if (check_length(exact, max_chars, field, error)) {
        *out = exact;
        return true;
    }
    g_free(exact);
    return false;
}

bool text_block(const char *in, size_t bytes, size_t max_bytes, const char *field, char **out,
                GError **error)
{
    if (bytes > max_bytes) {
        error_set_problem(error, TD_ERROR_INVALID, "too-long", field,
                          "%s is %zu bytes long; at most %zu are allowed",
                          field ? field : "The text", bytes, max_bytes);
        return false;
    }
    if (!check_utf8(in, bytes, field, error))
        return false;
    g_autoptr(GString) clean = g_string_sized_new(bytes);
    for (const char *p = in; p < in + bytes; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '\r') {
            if (p + 1 >= in + bytes || p[1] != '\n')
                g_string_append_c(clean, '\n');
        } else {
            g_string_append_unichar(clean, is_control(c) && c != '\n' && c != '\t' ? ' ' : c);
        }
    }
    *out = g_string_free(g_steal_pointer(&clean), FALSE);
    return true;
}

char *text_from_time(int64_t time_us)
{
    int64_t seconds = time_us / US_PER_SECOND;
    int64_t rest_us = time_us % US_PER_SECOND;
    if (rest_us < 0) {
        rest_us += US_PER_SECOND;
        seconds--;
    }
    time_t time = seconds;
    struct tm at;
    char text[TIME_CHARS];
    if (gmtime_r(&time, &at) == NULL || at.tm_year + 1900 < 1 || at.tm_year + 1900 > 9999)
        return g_strdup("0000-00-00T00:00:00Z");
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &at);
    if (rest_us != 0)
        n += (size_t)g_snprintf(text + n, (gulong)(sizeof text - n), ".%06" G_GINT64_FORMAT,
                                rest_us);
    text[n] = 'Z';
    return g_strndup(text, n + 1);
}

bool text_to_time(const char *text, const char *field, int64_t *time_us, GError **error)
{
    /* GLib also reads week dates and times without a zone, which RFC 3339 does not have; and it
     * does not read the small "t" and "z" that RFC 3339 has. */
    g_autofree char *upper = g_ascii_strup(text, -1);
    bool shaped = strlen(upper) >= 20 && upper[4] == '-' && upper[7] == '-' && upper[10] == 'T' &&
                  upper[13] == ':' && upper[16] == ':';
    g_autoptr(GDateTime) time = shaped ? g_date_time_new_from_iso8601(upper, NULL) : NULL;
    if (time == NULL) {
        error_set_problem(error, TD_ERROR_INVALID, "bad-time", field,
                          "%s is not a time; write it as 2026-11-23T18:30:00Z",
                          field ? field : "The text");
        return false;
    }
    *time_us = g_date_time_to_unix(time) * US_PER_SECOND + g_date_time_get_microsecond(time);
    return true;
}

bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *value)
{
    gint64 parsed;
    if (min > max || !g_ascii_string_to_signed(text, 10, min, max, &parsed, NULL))
        return false;
    *value = parsed;
    return true;
}

char *text_hex(const void *data, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = data;
    char *out = g_malloc(bytes * 2 + 1);
    for (size_t i = 0; i < bytes; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[bytes * 2] = '\0';
    return out;
}
