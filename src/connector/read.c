/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/read.h"

#include "base/error.h"
#include "base/secret.h"

#include <string.h>

void mail_read_free(MailRead *read)
{
    if (read == NULL)
        return;
    g_bytes_unref(read->raw);
    inbound_mail_free(read->mail);
    mail_report_free(read->report);
    g_free(read->unreadable);
    g_free(read->content_hash);
    g_free(read->text_hash);
    g_free(read);
}

static char *hash_bytes(GBytes *bytes)
{
    size_t n;
    const void *data = g_bytes_get_data(bytes, &n);
    return secret_hash(data != NULL ? data : "", n);
}

/* The header fields of the way differ where one mail came by two ways; what is read does not. */
static char *hash_text(const InboundMail *mail)
{
    g_autoptr(GString) seen = g_string_new(mail->subject);
    g_string_append_c(seen, '\n');
    g_string_append(seen, mail->text);
    for (guint i = 0; i < mail->attachments->len; i++) {
        const InboundAttachment *attachment = mail->attachments->pdata[i];
        g_autofree char *hash = hash_bytes(attachment->bytes);
        g_string_append_printf(seen, "\n%s %s", attachment->name, hash);
    }
    return secret_hash(seen->str, seen->len);
}

MailRead *mail_read(GBytes *raw, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(MailRead) read = g_new0(MailRead, 1);
    read->raw = g_bytes_ref(raw);
    read->mail = inbound_read(raw, &failure);
    if (read->mail == NULL && error_code(failure) == TD_ERROR_LIMIT) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    read->content_hash = hash_bytes(raw);
    if (read->mail == NULL) {
        read->unreadable = g_strdup(failure->message);
        read->text_hash = g_strdup(read->content_hash);
        return g_steal_pointer(&read);
    }
    read->report = report_read(read->mail);
    read->nature = inbound_nature(read->mail);
    read->text_hash = hash_text(read->mail);
    return g_steal_pointer(&read);
}

MailRead *mail_read_nothing(GBytes *raw, const char *why)
{
    MailRead *read = g_new0(MailRead, 1);
    read->raw = g_bytes_ref(raw);
    read->unreadable = g_strdup(why);
    /* where there are no bytes, one mail is told from another by what is said of it */
    read->content_hash =
        g_bytes_get_size(raw) > 0 ? hash_bytes(raw) : secret_hash(why, strlen(why));
    read->text_hash = g_strdup(read->content_hash);
    return read;
}
