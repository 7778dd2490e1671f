/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_line.h"

#include "base/json.h"
#include "base/text.h"

#include <string.h>

static const char *const level_names[] = {"debug", "info", "warning", "error"};
/* RFC 5424 */
static const char *const priorities[] = {"7", "6", "4", "3"};

static const struct {
    const char *text, *json, *journal;
} names[LOG_N_FIELDS] = {
    {"request", "request_id", "REQUEST_ID"},
    {"ticket", "ticket", "TICKET"},
    {"alert", "alert_id", "ALERT_ID"},
    {"outbox", "outbox_id", "OUTBOX_ID"},
    {"relay", "relay", "RELAY"},
    {"mailbox", "mailbox", "MAILBOX"},
    {"mail", "mail_id", "MAIL_ID"},
};

static bool is_set(const LogLine *line, size_t i)
{
    return line->fields[i] != NULL && *line->fields[i] != '\0';
}

/* A line break from outside must not forge a second log line, nor an escape sequence steer a
 * terminal; C1 controls among them, which are two bytes in UTF-8. */
static char *plain(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    for (unsigned char *c = (unsigned char *)valid; *c != '\0'; c++) {
        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
            c[0] = c[1] = ' ';
        else if (*c < 0x20 || *c == 0x7f)
            *c = ' ';
    }
    return valid;
}

char *log_line_text(const LogLine *line)
{
    g_autofree char *now = text_from_time(line->at_us);
    g_autofree char *message = plain(line->message);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%s %-7s %s", now, level_names[line->level], message);
    const char *before = " [";
    for (size_t i = 0; i < LOG_N_FIELDS; i++) {
        if (!is_set(line, i))
            continue;
        g_autofree char *value = plain(line->fields[i]);
        g_string_append_printf(out, "%s%s=%s", before, names[i].text, value);
        before = " ";
    }
    g_string_append(out, *before == ' ' && before[1] == '\0' ? "]\n" : "\n");
    return g_string_free(out, FALSE);
}

static void set_valid(json_t *object, const char *name, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_set_text(object, name, valid);
}

char *log_line_json(const LogLine *line)
{
    json_auto_t *object = json_object();
    json_set_time(object, "time", line->at_us);
    json_set_text(object, "level", level_names[line->level]);
    set_valid(object, "message", line->message);
    for (size_t i = 0; i < LOG_N_FIELDS; i++)
        if (is_set(line, i))
            set_valid(object, names[i].json, line->fields[i]);
    g_autofree char *text = json_text(object);
    return g_strconcat(text, "\n", NULL);
}

gsize log_line_journal(const LogLine *line, GLogField *fields)
{
    gsize n = 0;
    fields[n++] = (GLogField){"MESSAGE", line->message, -1};
    fields[n++] = (GLogField){"PRIORITY", priorities[line->level], -1};
    fields[n++] = (GLogField){"SYSLOG_IDENTIFIER", "tidings", -1};
    for (size_t i = 0; i < LOG_N_FIELDS; i++)
        if (is_set(line, i))
            fields[n++] = (GLogField){names[i].journal, line->fields[i], -1};
    return n;
}

/* ---- without addresses ---- */

#define HIDDEN "..."

static bool is_border(char c)
{
    return (unsigned char)c <= ' ' || strchr("<>()[],;\"'`|", c) != NULL;
}

/* "@", or as a URL or a page writes it. */
static size_t at_sign_bytes(const char *c)
{
    if (*c == '@')
        return 1;
    if (g_ascii_strncasecmp(c, "%40", 3) == 0)
        return 3;
    return strncmp(c, "\xef\xbc\xa0", 3) == 0 ? 3 : 0; /* the wide one */
}

/* Takes a local part from the end of what was written. It may be quoted, with spaces in it. */
static void hide_end(GString *out)
{
    gsize from = out->len;
    if (from > 0 && out->str[from - 1] == '"') {
        from--;
        while (from > 0 && out->str[from - 1] != '"')
            from--;
        from -= from > 0 ? 1 : 0;
    } else {
        while (from > 0 && !is_border(out->str[from - 1]))
            from--;
    }
    if (from < out->len) {
        g_string_truncate(out, from);
        g_string_append(out, HIDDEN);
    }
}

static bool begins_token(const char *text, const char *c)
{
    return strncmp(c, "td_", 3) == 0 && (c == text || !g_ascii_isalnum(c[-1]));
}

char *log_redact(const char *text)
{
    GString *out = g_string_sized_new(strlen(text));
    for (const char *c = text; *c != '\0';) {
        size_t at = at_sign_bytes(c);
        if (at > 0) {
            hide_end(out);
            g_string_append_len(out, c, (gssize)at);
            c += at;
        } else if (begins_token(text, c)) {
            g_string_append(out, "td_" HIDDEN);
            c += 3;
            while (g_ascii_isalnum(*c) || *c == '_' || *c == '-')
                c++;
        } else {
            g_string_append_c(out, *c++);
        }
    }
    return g_string_free(out, FALSE);
}
