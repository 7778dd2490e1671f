/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of a delivery status (RFC 3464), with the addresses of RFC 6533. */
#include "mail/mime.h"
#include "mail/report-private.h"

#include <string.h>

#define GROUPS       (REPORT_RECIPIENTS + 10)
#define REMOTE_BYTES 255

/* Unicode in an address that only has ASCII: "\x{E4}" (RFC 6533 §3), and "+41" (RFC 3461 §4). */
static char *decode_xtext(const char *text, bool utf8)
{
    GString *out = g_string_new(NULL);
    while (*text != '\0') {
        char *end = NULL;
        if (utf8 && g_str_has_prefix(text, "\\x{")) {
            guint64 c = g_ascii_strtoull(text + 3, &end, 16);
            if (end != text + 3 && *end == '}' && c <= 0x10ffff &&
                g_unichar_validate((gunichar)c) && c != 0) {
                g_string_append_unichar(out, (gunichar)c);
                text = end + 1;
                continue;
            }
        }
        if (!utf8 && *text == '+' && g_ascii_isxdigit(text[1]) && g_ascii_isxdigit(text[2]) &&
            !g_ascii_islower(text[1]) && !g_ascii_islower(text[2])) {
            int c = g_ascii_xdigit_value(text[1]) * 16 + g_ascii_xdigit_value(text[2]);
            if (c > ' ' && c < 0x7f) {
                g_string_append_c(out, (char)c);
                text += 3;
                continue;
            }
        }
        g_string_append_c(out, *text++);
    }
    return g_string_free(out, FALSE);
}

/* The key of "rfc822; anna@example.com" (RFC 3464 §2.3.1). Only Original-Recipient is xtext. */
static char *typed_address(const MimePart *group, const char *name)
{
    g_autofree char *value = mime_value(group, name);
    if (value == NULL)
        return NULL;
    const char *semicolon = strchr(value, ';');
    const char *text = semicolon != NULL ? semicolon + 1 : value;
    bool utf8 = g_ascii_strncasecmp(value, "utf-8", 5) == 0;
    g_autofree char *plain = report_find_address(text);
    g_autofree char *decoded = decode_xtext(text, utf8);
    bool xtext = strcmp(name, "Original-Recipient") == 0 && strchr(text, '+') != NULL;
    char *found = utf8 || xtext ? report_find_address(decoded) : NULL;
    return found != NULL ? found : g_steal_pointer(&plain);
}

/* What stands behind the type: "smtp; 550 ..." is "550 ...". */
static char *typed_text(const MimePart *group, const char *name)
{
    g_autofree char *value = mime_value(group, name);
    if (value == NULL)
        return NULL;
    const char *semicolon = strchr(value, ';');
    size_t type = strcspn(value, "; ");
    return g_strdup(semicolon != NULL && (size_t)(semicolon - value) <= type + 1 ? semicolon + 1
                                                                                 : value);
}

static ReportAction read_action(const MimePart *group)
{
    g_autofree char *value = mime_value(group, "Action");
    size_t n = value != NULL ? strcspn(value, " \t;(") : 0;
    for (int i = REPORT_ACTION_FAILED; i <= REPORT_ACTION_EXPANDED; i++) {
        const char *name = report_action_name((ReportAction)i);
        if (n == strlen(name) && g_ascii_strncasecmp(value, name, n) == 0)
            return (ReportAction)i;
    }
    return REPORT_ACTION_UNKNOWN;
}

static void read_group(MailReport *report, const MimePart *group)
{
    if (report->envelope_id == NULL)
        report->envelope_id = mime_value(group, "Original-Envelope-Id");
    if (mime_find(group, "Final-Recipient") == NULL && mime_find(group, "Action") == NULL)
        return;
    g_autofree char *status = mime_value(group, "Status");
    g_autofree char *diagnostic = typed_text(group, "Diagnostic-Code");
    ReportRecipient *recipient = report_add(report, read_action(group), NULL, status, diagnostic);
    if (recipient == NULL)
        return;
    recipient->final_recipient = typed_address(group, "Final-Recipient");
    recipient->original_recipient = typed_address(group, "Original-Recipient");
    g_autofree char *remote = typed_text(group, "Remote-MTA");
    if (remote != NULL) {
        g_free(recipient->remote);
        recipient->remote = report_line(remote, REMOTE_BYTES);
    }
}

/* Groups of fields with blank lines between them (RFC 3464 §2.1). */
void report_read_status(MailReport *report, GBytes *bytes)
{
    gsize n;
    const char *p = g_bytes_get_data(bytes, &n);
    if (n == 0)
        return; /* there may be no pointer to count from */
    const char *end = p + n;
    for (int i = 0; i < GROUPS && p < end; i++) {
        g_autoptr(MimePart) group = mime_read_header(p, (size_t)(end - p));
        read_group(report, group);
        const char *next = group->body;
        if (group->fields->len == 0) { /* a line that is no field: go on behind it */
            const char *lf = memchr(next, '\n', (size_t)(end - next));
            next = lf != NULL ? lf + 1 : end;
        }
        p = next;
    }
}
