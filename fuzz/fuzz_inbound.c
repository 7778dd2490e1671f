/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mail, from any bytes. What must hold: it is read or refused in words; every text is valid
 * UTF-8 and as long as inbound.h allows, one-line fields are one line, addresses are such as can be
 * sent to, names of attachments harm no file system, and the text is its two halves.
 */
#include "fuzz_mail.h"

#include "base/error.h"
#include "mail/automatic.h"

static void check_addresses(const GPtrArray *list)
{
    FUZZ_CHECK(list->len <= INBOUND_ADDRESSES);
    for (guint i = 0; i < list->len; i++) {
        const InboundAddress *address = g_ptr_array_index(list, i);
        g_autofree char *key = NULL;
        FUZZ_CHECK(address_parse(address->email, NULL, NULL, &key, NULL));
        FUZZ_CHECK(strcmp(key, address->key) == 0);
        check_line(address->name);
    }
}

static void check_attachments(const InboundMail *mail)
{
    FUZZ_CHECK(mail->attachments->len <= INBOUND_ATTACHMENTS);
    for (guint i = 0; i < mail->attachments->len; i++) {
        const InboundAttachment *attachment = g_ptr_array_index(mail->attachments, i);
        check_line(attachment->name);
        FUZZ_CHECK(*attachment->name != '\0' && *attachment->name != '.');
        FUZZ_CHECK(strpbrk(attachment->name, "/\\:<>|\"?*") == NULL);
        FUZZ_CHECK(g_utf8_strlen(attachment->name, -1) <= INBOUND_NAME_CHARS);
        FUZZ_CHECK(strpbrk(attachment->content_type, " \t;\"\r\n") == NULL);
        FUZZ_CHECK(strchr(attachment->content_type, '/') != NULL);
        check_line(attachment->content_type);
        check_line(attachment->content_id);
        FUZZ_CHECK(g_bytes_get_size(attachment->bytes) <= mail->bytes);
    }
}

static void check_ids(char *const *ids)
{
    FUZZ_CHECK(g_strv_length((char **)ids) <= INBOUND_REFERENCES);
    for (; *ids != NULL; ids++) {
        check_line(*ids);
        FUZZ_CHECK(**ids != '\0' && strpbrk(*ids, "<> \t") == NULL);
    }
}

static void check_texts(const InboundMail *mail)
{
    check_text(mail->text);
    check_text(mail->new_text);
    check_text(mail->quoted_text);
    FUZZ_CHECK(strlen(mail->text) <= INBOUND_TEXT_BYTES);
    FUZZ_CHECK(g_str_has_suffix(mail->text, mail->quoted_text));
    FUZZ_CHECK(strstr(mail->text, mail->new_text) != NULL);
    const char *lines[] = {mail->message_id,  mail->from_text,   mail->subject,
                           mail->return_path, mail->list_id,     mail->precedence,
                           mail->x_loop,      mail->hop,         mail->auto_submitted,
                           mail->report_type, mail->content_type};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        check_line(lines[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(InboundMail) mail = fuzz_mail(data, size);
    if (mail == NULL)
        return 0;
    const GPtrArray *lists[] = {mail->from, mail->sender, mail->reply_to,
                                mail->to,   mail->cc,     mail->delivered_to};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        check_addresses(lists[i]);
    check_attachments(mail);
    check_ids(mail->in_reply_to);
    check_ids(mail->references);
    check_texts(mail);
    FUZZ_CHECK(mail->parts <= INBOUND_PARTS);
    FUZZ_CHECK(mail->bytes == size && strlen(mail->content_hash) == 64);
    const char *reason = NULL;
    bool may = automatic_may_respond(mail, NULL, NULL, &reason);
    FUZZ_CHECK(may == (reason == NULL));
    FUZZ_CHECK(!may || inbound_author(mail) != NULL);
    return 0;
}
