/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one mail: its header here, its parts in inbound_body.c.
 *
 * Nothing in a mail is believed. Fields that may stand once and stand twice are read so that the
 * reader is not fooled: all From fields count together (many From addresses are nobody), of all
 * others the topmost, which is the one that the nearest server wrote.
 */
#include "mail/inbound-private.h"

#include "base/error.h"
#include "base/secret.h"
#include "mail/address.h"
#include "mail/quoted.h"

#include <string.h>

#define AUTH_RESULTS_FIELDS 50
#define AUTH_RESULTS_BYTES  (16 * 1024)
#define RULE_VALUE_BYTES    1000
#define FROM_TEXT_CHARS     500

static void attachment_free(gpointer data)
{
    InboundAttachment *attachment = data;
    g_free(attachment->name);
    g_free(attachment->content_type);
    g_free(attachment->content_id);
    g_bytes_unref(attachment->bytes);
    g_free(attachment);
}

static void auth_result_free(gpointer data)
{
    InboundAuthResult *result = data;
    g_free(result->value);
    g_free(result);
}

static InboundMail *mail_new(void)
{
    InboundMail *mail = g_new0(InboundMail, 1);
    mail->from = inbound_addresses_new();
    mail->sender = inbound_addresses_new();
    mail->reply_to = inbound_addresses_new();
    mail->to = inbound_addresses_new();
    mail->cc = inbound_addresses_new();
    mail->delivered_to = inbound_addresses_new();
    mail->authentication_results = g_ptr_array_new_with_free_func(auth_result_free);
    mail->attachments = g_ptr_array_new_with_free_func(attachment_free);
    mail->defects = g_ptr_array_new();
    return mail;
}

void inbound_mail_free(InboundMail *mail)
{
    if (mail == NULL)
        return;
    GPtrArray *lists[] = {
        mail->from,
        mail->sender,
        mail->reply_to,
        mail->to,
        mail->cc,
        mail->delivered_to,
        mail->authentication_results,
        mail->attachments,
        mail->defects,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_ptr_array_unref(lists[i]);
    char *texts[] = {
        mail->content_hash,
        mail->message_id,
        mail->from_text,
        mail->subject,
        mail->return_path,
        mail->auto_submitted,
        mail->precedence,
        mail->x_auto_response_suppress,
        mail->x_loop,
        mail->x_autoreply,
        mail->hop,
        mail->list_id,
        mail->x_failed_recipients,
        mail->text,
        mail->new_text,
        mail->quoted_text,
        mail->content_type,
        mail->report_type,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(mail->in_reply_to);
    g_strfreev(mail->references);
    GBytes *parts[] = {mail->delivery_status, mail->feedback_report, mail->returned};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i] != NULL)
            g_bytes_unref(parts[i]);
    g_free(mail);
}

bool inbound_has_defect(const InboundMail *mail, const char *defect)
{
    for (guint i = 0; i < mail->defects->len; i++)
        if (strcmp(g_ptr_array_index(mail->defects, i), defect) == 0)
            return true;
    return false;
}

void inbound_defect(InboundMail *mail, const char *defect)
{
    if (!inbound_has_defect(mail, defect))
        g_ptr_array_add(mail->defects, (gpointer)defect);
}

const InboundAddress *inbound_author(const InboundMail *mail)
{
    return mail->from->len == 1 && !inbound_has_defect(mail, "many-from")
               ? g_ptr_array_index(mail->from, 0)
               : NULL;
}

/* At most n characters. */
static char *cut_chars(const char *text, long n)
{
    return g_utf8_strlen(text, -1) > n ? g_utf8_substring(text, 0, n) : g_strdup(text);
}

/* More than one author, or one and something that is no address: a reader who shows another one
 * than we do must not be able to lend a name. */
static void judge_from(InboundMail *mail, int fields, bool all_read)
{
    if (mail->from->len == 0)
        inbound_defect(mail, "no-from");
    else if (mail->from->len > 1 || fields > 1 || !all_read)
        inbound_defect(mail, "many-from");
}

static void read_address_fields(InboundMail *mail, const MimePart *root)
{
    const struct {
        const char *name;
        GPtrArray *list;
    } fields[] = {
        {"From", mail->from},
        {"Sender", mail->sender},
        {"Reply-To", mail->reply_to},
        {"To", mail->to},
        {"Cc", mail->cc},
        {"Delivered-To", mail->delivered_to},
        {"X-Original-To", mail->delivered_to},
        {"Envelope-To", mail->delivered_to},
    };
    g_autoptr(GString) from = g_string_new(NULL);
    int from_fields = 0;
    bool from_read = true;
    for (guint i = 0; i < root->fields->len; i++) {
        const MimeField *field = &g_array_index(root->fields, MimeField, i);
        for (size_t k = 0; k < G_N_ELEMENTS(fields); k++) {
            if (!mime_field_is(field, fields[k].name))
                continue;
            g_autofree char *value = mime_field_value(field, NULL);
            bool read = inbound_add_addresses(mail, fields[k].list, value);
            if (k > 0)
                continue;
            from_fields++;
            from_read = from_read && read;
            if (from->len < MIME_VALUE_BYTES)
                g_string_append_printf(from, "%s%s", from->len > 0 ? ", " : "", value);
        }
    }
    g_autofree char *decoded = mime_decode_words(from->str);
    mail->from_text = cut_chars(decoded, FROM_TEXT_CHARS);
    judge_from(mail, from_fields, from_read);
}

static void read_return_path(InboundMail *mail, const MimePart *root)
{
    g_autofree char *value = mime_value(root, "Return-Path");
    if (value == NULL)
        return;
    mail->has_return_path = true;
    char *open = strchr(value, '<');
    char *close = open != NULL ? strrchr(open, '>') : NULL;
    if (close != NULL)
        *close = '\0';
    char *address = close != NULL ? g_strstrip(open + 1) : value;
    mail->null_return_path = *address == '\0';
    if (*address == '\0' || !address_parse(address, NULL, NULL, &mail->return_path, NULL))
        mail->return_path = g_strdup("");
}

static void read_ids(InboundMail *mail, const MimePart *root)
{
    g_autofree char *id = mime_value(root, "Message-ID");
    g_auto(GStrv) ids = inbound_message_ids(mail, id != NULL ? id : "");
    mail->message_id = g_strdup(ids[0]);
    if (mail->message_id == NULL)
        inbound_defect(mail, "no-message-id");
    g_autofree char *in_reply_to = mime_value(root, "In-Reply-To");
    mail->in_reply_to = inbound_message_ids(mail, in_reply_to != NULL ? in_reply_to : "");
    g_autofree char *references = mime_value(root, "References");
    mail->references = inbound_message_ids(mail, references != NULL ? references : "");
}

static void read_date(InboundMail *mail, const MimePart *root)
{
    g_autofree char *value = mime_value(root, "Date");
    g_autoptr(GDateTime) date = value != NULL ? g_mime_utils_header_decode_date(value) : NULL;
    int year = date != NULL ? g_date_time_get_year(date) : 0;
    if (year >= 1970 && year < 2200)
        mail->date_us = g_date_time_to_unix(date) * G_USEC_PER_SEC;
    else if (value != NULL)
        inbound_defect(mail, "bad-date");
}

static char *rule_value(const MimePart *root, const char *name)
{
    g_autofree char *value = mime_value(root, name);
    return value != NULL ? cut_chars(value, RULE_VALUE_BYTES) : NULL;
}

/* What automatic.h and the connector's rules ask for. */
static void read_rule_fields(InboundMail *mail, const MimePart *root)
{
    static const char *const autoreply[] = {"X-Autoreply", "X-Autorespond", "X-Autoresponder"};
    mail->auto_submitted = rule_value(root, "Auto-Submitted");
    mail->precedence = rule_value(root, "Precedence");
    mail->x_auto_response_suppress = rule_value(root, "X-Auto-Response-Suppress");
    mail->x_loop = rule_value(root, "X-Loop");
    mail->hop = rule_value(root, "X-Tidings-Hop");
    mail->x_failed_recipients = rule_value(root, "X-Failed-Recipients");
    mail->list_id = rule_value(root, "List-Id");
    for (size_t i = 0; i < G_N_ELEMENTS(autoreply) && mail->x_autoreply == NULL; i++)
        mail->x_autoreply = rule_value(root, autoreply[i]);
    for (guint i = 0; i < root->fields->len && mail->list_id == NULL; i++) {
        const MimeField *field = &g_array_index(root->fields, MimeField, i);
        if (field->name_bytes > 5 && g_ascii_strncasecmp(field->name, "List-", 5) == 0) {
            g_autofree char *value = mime_field_value(field, NULL);
            mail->list_id = cut_chars(value, RULE_VALUE_BYTES);
        }
    }
}

static void read_trace(InboundMail *mail, const MimePart *root)
{
    for (guint i = 0; i < root->fields->len; i++) {
        const MimeField *field = &g_array_index(root->fields, MimeField, i);
        if (mime_field_is(field, "Received"))
            mail->received++;
        if (!mime_field_is(field, "Authentication-Results") ||
            mail->authentication_results->len >= AUTH_RESULTS_FIELDS ||
            field->value_bytes > AUTH_RESULTS_BYTES)
            continue;
        InboundAuthResult *result = g_new0(InboundAuthResult, 1);
        result->value = mime_field_value(field, NULL);
        result->received_above = mail->received;
        g_ptr_array_add(mail->authentication_results, result);
    }
}

/* A mail from before there were line feeds: carriage returns alone. NULL where it is none. */
static char *with_line_feeds(const char *data, size_t bytes)
{
    if (memchr(data, '\n', bytes) != NULL || memchr(data, '\r', bytes) == NULL)
        return NULL;
    char *copy = g_memdup2(data, bytes);
    for (char *p = copy; p < copy + bytes; p++)
        if (*p == '\r')
            *p = '\n';
    return copy;
}

static void read_header(InboundMail *mail, const MimePart *root)
{
    read_address_fields(mail, root);
    read_return_path(mail, root);
    read_ids(mail, root);
    read_date(mail, root);
    read_rule_fields(mail, root);
    read_trace(mail, root);
    g_autofree char *subject = mime_value_decoded(root, "Subject");
    mail->subject = cut_chars(subject != NULL ? subject : "", INBOUND_SUBJECT_CHARS);
}

/* What the whole of the bytes shows, and the structure's defects. */
static void note_defects(InboundMail *mail, const char *data, size_t bytes,
                         const MimeDefects *defects)
{
    if (memchr(data, '\0', bytes) != NULL)
        inbound_defect(mail, "nul-byte");
    const char *end = data + bytes;
    for (const char *cr = data; (cr = memchr(cr, '\r', (size_t)(end - cr))) != NULL; cr++)
        if (cr + 1 == end || cr[1] != '\n') {
            inbound_defect(mail, "bare-cr");
            break;
        }
    if (defects->bad_header)
        inbound_defect(mail, "header-defect");
    if (defects->no_boundary)
        inbound_defect(mail, "no-boundary");
    if (defects->bad_encoding)
        inbound_defect(mail, "bad-encoding");
}

InboundMail *inbound_read(GBytes *raw, GError **error)
{
    gsize bytes;
    const char *data = g_bytes_get_data(raw, &bytes);
    if (bytes > LIMIT_INBOUND_MAIL_BYTES) {
        error_set_problem(error, TD_ERROR_LIMIT, "mail-too-large", NULL,
                          "The mail has %" G_GSIZE_FORMAT
                          " bytes, more than the 25 MiB that are taken. It was not filed; ask the"
                          " sender for a smaller one",
                          bytes);
        return NULL;
    }
    g_autofree char *copy = bytes > 0 ? with_line_feeds(data, bytes) : NULL;
    MimeDefects defects = {0};
    unsigned parts = 0;
    g_autoptr(MimePart) root = mime_read(copy != NULL ? copy
                                         : bytes > 0  ? data
                                                      : "",
                                         bytes, &defects, &parts, error);
    if (root == NULL)
        return NULL;
    g_autoptr(InboundMail) mail = mail_new();
    mail->bytes = bytes;
    mail->content_hash = secret_hash(data, bytes);
    mail->parts = parts;
    read_header(mail, root);
    inbound_read_body(mail, root, &defects);
    quoted_split(mail->text, &mail->new_text, &mail->quoted_text);
    note_defects(mail, data, bytes, &defects);
    return g_steal_pointer(&mail);
}
