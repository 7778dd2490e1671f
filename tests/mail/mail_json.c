/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/mail/mail_json.h"

#include "base/error.h"
#include "base/text.h"
#include "mail/automatic.h"
#include "mail/inbound.h"
#include "mail/report.h"

#include <string.h>

static void put_text(json_t *object, const char *name, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    json_t *value = json_string(text);
    g_assert_nonnull(value); /* UTF-8 */
    json_object_set_new(object, name, value);
}

static void put_present(json_t *object, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, name, json_string(text));
}

static void put_number(json_t *object, const char *name, json_int_t n)
{
    if (n != 0)
        json_object_set_new(object, name, json_integer(n));
}

static void put_flag(json_t *object, const char *name, bool flag)
{
    if (flag)
        json_object_set_new(object, name, json_true());
}

static void put_array(json_t *object, const char *name, json_t *array)
{
    if (json_array_size(array) > 0)
        json_object_set_new(object, name, array);
    else
        json_decref(array);
}

static void put_addresses(json_t *object, const char *name, const GPtrArray *list)
{
    json_t *array = json_array();
    for (guint i = 0; i < list->len; i++) {
        const InboundAddress *address = g_ptr_array_index(list, i);
        json_t *one = json_object();
        put_text(one, "email", address->email);
        if (strcmp(address->email, address->key) != 0)
            put_text(one, "key", address->key);
        put_text(one, "name", address->name);
        json_array_append_new(array, one);
    }
    put_array(object, name, array);
}

static void put_strings(json_t *object, const char *name, char *const *strings)
{
    json_t *array = json_array();
    for (; *strings != NULL; strings++)
        json_array_append_new(array, json_string(*strings));
    put_array(object, name, array);
}

static void put_attachments(json_t *object, const InboundMail *mail)
{
    json_t *array = json_array();
    for (guint i = 0; i < mail->attachments->len; i++) {
        const InboundAttachment *attachment = g_ptr_array_index(mail->attachments, i);
        json_t *one = json_object();
        put_text(one, "name", attachment->name);
        put_text(one, "type", attachment->content_type);
        put_text(one, "id", attachment->content_id);
        json_object_set_new(one, "bytes",
                            json_integer((json_int_t)g_bytes_get_size(attachment->bytes)));
        put_flag(one, "inline", attachment->is_inline);
        json_array_append_new(array, one);
    }
    put_array(object, "attachments", array);
}

static void put_header(json_t *object, const InboundMail *mail)
{
    put_text(object, "message_id", mail->message_id);
    put_addresses(object, "from", mail->from);
    put_text(object, "from_text", mail->from_text);
    put_addresses(object, "sender", mail->sender);
    put_addresses(object, "reply_to", mail->reply_to);
    put_addresses(object, "to", mail->to);
    put_addresses(object, "cc", mail->cc);
    put_addresses(object, "delivered_to", mail->delivered_to);
    put_text(object, "subject", mail->subject);
    g_autofree char *date = mail->date_us != 0 ? text_from_time(mail->date_us) : NULL;
    put_text(object, "date", date);
    put_strings(object, "in_reply_to", mail->in_reply_to);
    put_strings(object, "references", mail->references);
    put_present(object, "return_path", mail->return_path);
    put_flag(object, "null_return_path", mail->null_return_path);
    put_text(object, "auto_submitted", mail->auto_submitted);
    put_text(object, "precedence", mail->precedence);
    put_text(object, "x_auto_response_suppress", mail->x_auto_response_suppress);
    put_text(object, "x_loop", mail->x_loop);
    put_text(object, "x_autoreply", mail->x_autoreply);
    put_text(object, "hop", mail->hop);
    put_text(object, "list_id", mail->list_id);
    put_text(object, "x_failed_recipients", mail->x_failed_recipients);
    put_number(object, "received", mail->received);
    put_number(object, "authentication_results", mail->authentication_results->len);
}

static void put_body(json_t *object, const InboundMail *mail)
{
    put_text(object, "new_text", mail->new_text);
    put_text(object, "quoted_text", mail->quoted_text);
    put_flag(object, "text_is_html", mail->text_is_html);
    put_attachments(object, mail);
    put_number(object, "parts", mail->parts);
    put_text(object, "content_type", mail->content_type);
    put_text(object, "report_type", mail->report_type);
    json_t *defects = json_array();
    for (guint i = 0; i < mail->defects->len; i++)
        json_array_append_new(defects, json_string(g_ptr_array_index(mail->defects, i)));
    put_array(object, "defects", defects);
}

static json_t *recipient_to_json(const ReportRecipient *recipient)
{
    json_t *object = json_object();
    put_text(object, "action", report_action_name(recipient->action));
    put_text(object, "final_recipient", recipient->final_recipient);
    put_text(object, "original_recipient", recipient->original_recipient);
    put_text(object, "status", recipient->status);
    put_number(object, "reply_code", recipient->reply_code);
    put_text(object, "diagnostic", recipient->diagnostic);
    put_text(object, "remote", recipient->remote);
    put_flag(object, "no_mailbox", recipient->no_mailbox);
    put_flag(object, "soft", recipient->soft);
    return object;
}

static void put_report(json_t *object, const InboundMail *mail)
{
    g_autoptr(MailReport) read = report_read(mail);
    if (read->kind == REPORT_NONE)
        return;
    json_t *report = json_object();
    put_text(report, "kind", report_kind_name(read->kind));
    put_text(report, "form", read->form);
    put_text(report, "original_message_id", read->original_message_id);
    put_text(report, "original_to", read->original_to);
    put_text(report, "envelope_id", read->envelope_id);
    put_text(report, "feedback_type", read->feedback_type);
    json_t *recipients = json_array();
    for (guint i = 0; i < read->recipients->len; i++)
        json_array_append_new(recipients,
                              recipient_to_json(g_ptr_array_index(read->recipients, i)));
    put_array(report, "recipients", recipients);
    json_object_set_new(object, "report", report);
}

static void put_nature(json_t *object, const InboundMail *mail)
{
    InboundNature nature = inbound_nature(mail);
    const char *reason = NULL;
    automatic_may_respond(mail, NULL, NULL, &reason);
    if (nature.kind != NATURE_PERSON)
        put_text(object, "nature", inbound_nature_name(nature.kind));
    put_text(object, "no_response", reason);
}

json_t *mail_to_json(GBytes *raw)
{
    json_t *object = json_object();
    g_autoptr(GError) error = NULL;
    g_autoptr(InboundMail) mail = inbound_read(raw, &error);
    if (mail == NULL) {
        put_text(object, "problem", error_problem(error));
        put_text(object, "error", error->message);
        return object;
    }
    put_header(object, mail);
    put_body(object, mail);
    put_nature(object, mail);
    put_report(object, mail);
    return object;
}
