/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports in their standard forms, and the verdict on each recipient.
 *
 * A report is a stranger's word about one of our mails. It can make an address be suppressed, so
 * the verdict "no such mailbox" needs both the stated status and the quoted reply to allow it
 * (verdict.h), and what is said in no known form is left to a person.
 */
#include "mail/report.h"

#include "mail/address.h"
#include "mail/automatic.h"
#include "mail/mime.h"
#include "mail/report-private.h"
#include "mail/verdict.h"

#include <string.h>

#define DIAGNOSTIC_BYTES 512
#define SAID_BYTES       4096 /* of which the verdict is made */

static void recipient_free(gpointer data)
{
    ReportRecipient *recipient = data;
    g_free(recipient->final_recipient);
    g_free(recipient->original_recipient);
    g_free(recipient->diagnostic);
    g_free(recipient->remote);
    g_free(recipient);
}

void mail_report_free(MailReport *report)
{
    if (report == NULL)
        return;
    g_ptr_array_unref(report->recipients);
    g_free(report->original_message_id);
    g_free(report->original_to);
    g_free(report->envelope_id);
    g_free(report->feedback_type);
    g_free(report);
}

const char *report_action_name(ReportAction action)
{
    static const char *const names[] = {
        [REPORT_ACTION_UNKNOWN] = "unknown", [REPORT_ACTION_FAILED] = "failed",
        [REPORT_ACTION_DELAYED] = "delayed", [REPORT_ACTION_DELIVERED] = "delivered",
        [REPORT_ACTION_RELAYED] = "relayed", [REPORT_ACTION_EXPANDED] = "expanded",
    };
    return names[action];
}

const char *report_kind_name(ReportKind kind)
{
    static const char *const names[] = {
        [REPORT_NONE] = "none",           [REPORT_DELIVERY] = "delivery",
        [REPORT_COMPLAINT] = "complaint", [REPORT_AUTO_REPLY] = "auto_reply",
        [REPORT_UNCLEAR] = "unclear",
    };
    return names[kind];
}

char *report_line(const char *text, size_t max_bytes)
{
    GString *out = g_string_new(NULL);
    for (; *text != '\0' && out->len < max_bytes; text++) {
        bool space = g_ascii_isspace(*text);
        if (!space || (out->len > 0 && out->str[out->len - 1] != ' '))
            g_string_append_c(out, space ? ' ' : *text);
    }
    g_autofree char *line = g_string_free(out, FALSE);
    const char *end = NULL;
    g_utf8_validate(line, -1, &end); /* a character may have been cut */
    return g_strchomp(g_strndup(line, (gsize)(end - line)));
}

/* Reads "5.1.1" where it stands (RFC 3463 §2); false where something else does. */
static bool read_status(const char *p, char status[16])
{
    if (*p != '2' && *p != '4' && *p != '5')
        return false;
    size_t n = 1;
    for (int part = 0; part < 2; part++) {
        size_t digits = p[n] == '.' ? strspn(p + n + 1, "0123456789") : 0;
        if (digits == 0 || digits > 3)
            return false;
        n += 1 + digits;
    }
    if (p[n] == '.' && g_ascii_isdigit(p[n + 1])) /* four numbers are an address of the Internet */
        return false;
    memcpy(status, p, n);
    status[n] = '\0';
    return true;
}

/* The reply code and enhanced status in a server's words. */
static void read_reply(const char *text, int *code, char status[16])
{
    bool word = true; /* at the beginning of one */
    for (const char *p = text; *p != '\0'; p++) {
        if (word && *code == 0 && strchr("245", *p) != NULL && g_ascii_isdigit(p[1]) &&
            g_ascii_isdigit(p[2]) && strchr(" -", p[3]) != NULL)
            *code = (*p - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
        if (word && status[0] == '\0')
            read_status(p, status);
        word = !g_ascii_isalnum(*p) && *p != '.';
    }
}

/* Full mailboxes, what passes, and what took too long: nothing that one failure decides. */
static bool is_soft(const ReportRecipient *recipient, const char *text)
{
    static const char *const codes[] = {"5.2.2", "5.4.7", "5.3.1", NULL};
    static const char *const words[] = {"quota",
                                        "mailbox full",
                                        "mailbox is full",
                                        "over its limit",
                                        "storage",
                                        "retry timeout exceeded",
                                        NULL};
    if (recipient->status[0] == '4' || recipient->reply_code / 100 == 4 ||
        g_strv_contains(codes, recipient->status))
        return true;
    g_autofree char *lower = g_ascii_strdown(text, -1);
    for (const char *const *word = words; *word != NULL; word++)
        if (strstr(lower, *word) != NULL)
            return true;
    return false;
}

static void judge(ReportRecipient *recipient, const char *said, const char *words)
{
    if (recipient->action != REPORT_ACTION_FAILED)
        return;
    int code = recipient->reply_code;
    code = code == 0 && (recipient->status[0] == '5' || recipient->status[0] == '\0') ? 550 : code;
    bool by_status = reply_says_no_mailbox(code, recipient->status, words);
    bool by_reply = *said == '\0' || reply_says_no_mailbox(code, said, words);
    recipient->no_mailbox = by_status && by_reply;
    recipient->soft = !recipient->no_mailbox && is_soft(recipient, words);
}

ReportRecipient *report_add(MailReport *report, ReportAction action, const char *address,
                            const char *status, const char *diagnostic)
{
    if (report->recipients->len >= REPORT_RECIPIENTS)
        return NULL;
    ReportRecipient *recipient = g_new0(ReportRecipient, 1);
    recipient->action = action;
    recipient->final_recipient = address != NULL ? report_find_address(address) : NULL;
    g_autofree char *words = report_line(diagnostic != NULL ? diagnostic : "", SAID_BYTES);
    recipient->diagnostic = report_line(words, DIAGNOSTIC_BYTES);
    recipient->remote = g_strdup("");
    char said[16] = "";
    read_reply(words, &recipient->reply_code, said);
    if (status == NULL || !read_status(status, recipient->status) ||
        (g_str_has_suffix(recipient->status, ".0.0") && said[0] == recipient->status[0]))
        memcpy(recipient->status, said, sizeof said);
    judge(recipient, said, words);
    g_ptr_array_add(report->recipients, recipient);
    return recipient;
}

static bool is_address_char(char c)
{
    return (unsigned char)c > ' ' && strchr("<>()[],;:\"'", c) == NULL;
}

char *report_find_address(const char *text)
{
    const char *from = text;
    for (int i = 0; i < 10; i++) {
        const char *at = strchr(from, '@');
        if (at == NULL)
            return NULL;
        const char *start = at;
        const char *end = at + 1;
        while (start > from && is_address_char(start[-1]))
            start--;
        while (is_address_char(*end))
            end++;
        while (end > at && (end[-1] == '.' || end[-1] == '|'))
            end--;
        g_autofree char *one = end - start <= 400 ? g_strndup(start, (gsize)(end - start)) : NULL;
        g_autofree char *key = NULL;
        if (one != NULL && address_parse(one, NULL, NULL, &key, NULL))
            return g_steal_pointer(&key);
        from = at + 1;
    }
    return NULL;
}

static bool says_something(const MailReport *report)
{
    for (guint i = 0; i < report->recipients->len; i++) {
        const ReportRecipient *recipient = g_ptr_array_index(report->recipients, i);
        if (recipient->action != REPORT_ACTION_UNKNOWN)
            return true;
    }
    return false;
}

/* RFC 5965 §3. */
static void read_complaint(MailReport *report, GBytes *bytes)
{
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);
    g_autoptr(MimePart) fields = mime_read_header(n > 0 ? data : "", n);
    report->kind = REPORT_COMPLAINT;
    report->form = "arf";
    report->feedback_type = mime_value(fields, "Feedback-Type");
    g_autofree char *to = mime_value(fields, "Original-Rcpt-To");
    if (to != NULL)
        report_add(report, REPORT_ACTION_UNKNOWN, to, NULL, NULL);
}

static void read_returned(MailReport *report, const InboundMail *mail)
{
    gsize n = 0;
    const char *data = mail->returned != NULL ? g_bytes_get_data(mail->returned, &n) : NULL;
    if (n > 0) {
        g_autoptr(MimePart) header = mime_read_header(data, n);
        g_autofree char *id = mime_value(header, "Message-ID");
        g_autofree char *to = mime_value(header, "To");
        char *close = id != NULL && *id == '<' ? strchr(id, '>') : NULL;
        if (close != NULL && close > id + 1)
            report->original_message_id = g_strndup(id + 1, (gsize)(close - id - 1));
        report->original_to = to != NULL ? report_find_address(to) : NULL;
    }
    if (report->original_message_id == NULL)
        report->original_message_id = report_returned_id(mail->text);
}

/* Standing where bounces come from, whatever they say. */
static bool looks_like_bounce(const InboundMail *mail, InboundNature nature)
{
    if (nature.kind == NATURE_BOUNCE && strcmp(nature.sign, "null_return_path") != 0)
        return true;
    bool daemon = false;
    for (guint i = 0; i < mail->from->len; i++) {
        const InboundAddress *address = g_ptr_array_index(mail->from, i);
        daemon = daemon || automatic_is_daemon(address->key);
    }
    return (daemon || mail->null_return_path) && report_is_bounce_subject(mail->subject);
}

static void read_other(MailReport *report, const InboundMail *mail)
{
    InboundNature nature = inbound_nature(mail);
    if (looks_like_bounce(mail, nature)) {
        report->kind = report_read_words(mail, report) ? REPORT_DELIVERY : REPORT_UNCLEAR;
        if (report->form == NULL)
            report->form = "subject";
    } else if (nature.kind == NATURE_AUTO_REPLY) {
        report->kind = REPORT_AUTO_REPLY;
        report->form = "auto_reply";
    }
}

MailReport *report_read(const InboundMail *mail)
{
    MailReport *report = g_new0(MailReport, 1);
    report->recipients = g_ptr_array_new_with_free_func(recipient_free);
    if (mail->feedback_report != NULL) {
        read_complaint(report, mail->feedback_report);
    } else if (mail->delivery_status != NULL) {
        report->form = "rfc3464";
        report_read_status(report, mail->delivery_status);
        report->kind = says_something(report) ? REPORT_DELIVERY : REPORT_UNCLEAR;
    } else {
        read_other(report, mail);
    }
    if (report->kind != REPORT_NONE && report->kind != REPORT_AUTO_REPLY)
        read_returned(report, mail);
    return report;
}
