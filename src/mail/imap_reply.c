/* SPDX-License-Identifier: Apache-2.0 */
/* What the responses mean that we ask for: SEARCH, FETCH, response codes, times. */
#include "mail/imap_reply.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define NESTING_MAX 32 /* of lists in a FETCH */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* ---- words and codes ---- */

bool imap_has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    while (*list != '\0') {
        size_t length = strcspn(list, " ");
        if (length == n && g_ascii_strncasecmp(list, word, n) == 0)
            return true;
        list += length;
        list += strspn(list, " ");
    }
    return false;
}

static bool read_number(const char *text, size_t bytes, int64_t max, int64_t *number)
{
    g_autofree char *digits = g_strndup(text, bytes);
    return g_ascii_isdigit(digits[0]) && text_to_int(digits, 0, max, number);
}

bool imap_code_number(const char *code, const char *name, uint32_t *number)
{
    size_t n = strlen(name);
    int64_t value;
    if (code == NULL || g_ascii_strncasecmp(code, name, n) != 0 || code[n] != ' ' ||
        !read_number(code + n + 1, strlen(code + n + 1), UINT32_MAX, &value))
        return false;
    *number = (uint32_t)value;
    return true;
}

/* ---- SEARCH ---- */

bool imap_read_search(const ImapResponse *response, uint32_t first, GArray *uids, GError **error)
{
    const char *at = response->text->str;
    while (*(at += strspn(at, " ")) != '\0') {
        size_t n = strcspn(at, " ");
        int64_t number;
        if (*at == '(') /* (MODSEQ n), RFC 7162 */
            break;
        if (!read_number(at, n, UINT32_MAX, &number)) {
            error_set(error, TD_ERROR_MALFORMED, "The server's answer to a search is no list");
            return false;
        }
        if (uids->len >= IMAP_UIDS_MAX) {
            error_set(error, TD_ERROR_LIMIT, "The server found more than %d mails at once",
                      IMAP_UIDS_MAX);
            return false;
        }
        uint32_t uid = (uint32_t)number;
        if (uid >= first && uid > 0)
            g_array_append_val(uids, uid);
        at += n;
    }
    return true;
}

/* ---- FETCH ---- */

typedef struct {
    const ImapResponse *response;
    const char *at;
    const char *end;
    guint literal; /* the next one */
} Cursor;

static bool fail(GError **error)
{
    error_set(error, TD_ERROR_MALFORMED, "The server's answer about a mail cannot be read");
    return false;
}

static bool skip(Cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

/* The name of what follows, such as UID or BODY[HEADER]<0>. */
static char *read_name(Cursor *cursor)
{
    const char *start = cursor->at;
    while (cursor->at < cursor->end && strchr(" ()\"", *cursor->at) == NULL) {
        if (*cursor->at == '[') {
            const char *close = memchr(cursor->at, ']', (size_t)(cursor->end - cursor->at));
            if (close == NULL || memchr(cursor->at, '\0', (size_t)(close - cursor->at)) != NULL)
                return NULL;
            cursor->at = close;
        }
        cursor->at++;
    }
    return cursor->at > start ? g_ascii_strup(start, cursor->at - start) : NULL;
}

/* A quoted string, behind its first quote. */
static bool read_quoted(Cursor *cursor, GBytes **value)
{
    GString *text = g_string_new(NULL);
    while (cursor->at < cursor->end && *cursor->at != '"' && *cursor->at != '\0') {
        cursor->at += *cursor->at == '\\' && cursor->at + 1 < cursor->end;
        g_string_append_c(text, *cursor->at++);
    }
    *value = g_string_free_to_bytes(text);
    return skip(cursor, '"');
}

/* Anything in parentheses, behind the first one. */
static bool skip_list(Cursor *cursor)
{
    int depth = 1;
    while (depth > 0 && cursor->at < cursor->end) {
        g_autoptr(GBytes) ignored = NULL;
        char c = *cursor->at++;
        depth += (c == '(') - (c == ')');
        if (depth > NESTING_MAX || (c == '"' && !read_quoted(cursor, &ignored)))
            return false;
        cursor->literal += c == '\0';
    }
    return depth == 0;
}

/* *value stays NULL for NIL and for a list. */
static bool read_value(Cursor *cursor, GBytes **value)
{
    const GPtrArray *literals = cursor->response->literals;
    if (cursor->at == cursor->end)
        return false;
    if (skip(cursor, '('))
        return skip_list(cursor);
    if (skip(cursor, '"'))
        return read_quoted(cursor, value);
    if (skip(cursor, '\0')) {
        if (cursor->literal >= literals->len)
            return false;
        *value = g_bytes_ref(literals->pdata[cursor->literal++]);
        return true;
    }
    const char *start = cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '\0' && strchr(" ()\"", *cursor->at) == NULL)
        cursor->at++;
    size_t n = (size_t)(cursor->at - start);
    if (n != 3 || g_ascii_strncasecmp(start, "NIL", 3) != 0)
        *value = g_bytes_new(start, n);
    return n > 0;
}

/* NUL-terminated, cut off; free with g_free(). */
static char *text_of(GBytes *value)
{
    gsize bytes;
    const char *data = g_bytes_get_data(value, &bytes);
    return g_strndup(data != NULL ? data : "", MIN(bytes, 64));
}

static bool take(ImapFetched *fetched, const char *name, GBytes *value)
{
    int64_t number;
    if (value == NULL)
        return true;
    if (g_str_has_prefix(name, "BODY[")) {
        g_clear_pointer(&fetched->body, g_bytes_unref);
        fetched->body = g_bytes_ref(value);
        return true;
    }
    g_autofree char *text = text_of(value);
    if (strcmp(name, "UID") == 0) {
        if (!read_number(text, strlen(text), UINT32_MAX, &number))
            return false;
        fetched->uid = (uint32_t)number;
    } else if (strcmp(name, "RFC822.SIZE") == 0) {
        return read_number(text, strlen(text), INT64_MAX, &fetched->bytes);
    } else if (strcmp(name, "INTERNALDATE") == 0) {
        fetched->arrived_us = imap_read_time(text);
    }
    return true;
}

void imap_fetched_clear(ImapFetched *fetched)
{
    g_clear_pointer(&fetched->body, g_bytes_unref);
}

static bool read_all(Cursor *cursor, ImapFetched *fetched)
{
    if (!skip(cursor, '('))
        return false;
    while (!skip(cursor, ')')) {
        g_autoptr(GBytes) value = NULL;
        g_autofree char *name = read_name(cursor);
        if (name == NULL || !skip(cursor, ' ') || !read_value(cursor, &value) ||
            !take(fetched, name, value))
            return false;
        while (skip(cursor, ' '))
            ;
    }
    return true;
}

bool imap_read_fetch(const ImapResponse *response, ImapFetched *fetched, GError **error)
{
    g_auto(ImapFetched) found = {.bytes = -1};
    Cursor cursor = {response, response->text->str, response->text->str + response->text->len, 0};
    if (!read_all(&cursor, &found))
        return fail(error);
    *fetched = found;
    found.body = NULL;
    return true;
}

/* ---- times ---- */

static int month_of(const char *name)
{
    for (int i = 0; i < 12; i++)
        if (g_ascii_strncasecmp(name, months + (ptrdiff_t)3 * i, 3) == 0)
            return i + 1;
    return 0;
}

static bool read_digits(const char *text, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++) {
        if (!g_ascii_isdigit(text[i]))
            return false;
        *value = 10 * *value + (text[i] - '0');
    }
    return true;
}

int64_t imap_read_time(const char *text)
{
    int day, year, hour, minute, second, zone;
    g_autofree char *all = g_strdup(text);
    if (all[0] == ' ')
        all[0] = '0';
    if (strlen(all) != 26 || all[2] != '-' || all[6] != '-' || all[11] != ' ' || all[14] != ':' ||
        all[17] != ':' || all[20] != ' ' || (all[21] != '+' && all[21] != '-') ||
        !read_digits(all, 2, &day) || !read_digits(all + 7, 4, &year) ||
        !read_digits(all + 12, 2, &hour) || !read_digits(all + 15, 2, &minute) ||
        !read_digits(all + 18, 2, &second) || !read_digits(all + 22, 4, &zone) || year < 1970)
        return 0;
    g_autoptr(GDateTime) time =
        g_date_time_new_utc(year, month_of(all + 3), day, hour, minute, MIN(second, 59));
    int64_t offset_s = (zone / 100) * INT64_C(3600) + (zone % 100) * INT64_C(60);
    if (time == NULL)
        return 0;
    int64_t unix_s = g_date_time_to_unix(time) + (all[21] == '-' ? offset_s : -offset_s);
    return MAX(unix_s, 0) * US_PER_SECOND;
}

char *imap_write_day(int64_t time_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_us / US_PER_SECOND);
    int year, month, day;
    if (time == NULL)
        return g_strdup("1-Jan-1970");
    g_date_time_get_ymd(time, &year, &month, &day);
    return g_strdup_printf("%d-%.3s-%04d", day, months + (ptrdiff_t)3 * (month - 1), year);
}
