/* SPDX-License-Identifier: Apache-2.0 */
/* From a forward to its mail: who wrote what to the desk, why it waits, what to do, and the mail as
 * it came beside it. Nothing of what it is made from changes: the inbox keeps what describes a mail
 * and its bytes as they came. */
#include "connector/forward.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "mail/message.h"

#include <string.h>

typedef struct {
    MailForward *forward;
    InboxMail *mail;
    GBytes *raw;     /* NULL: it is too large to go with it */
    GError *problem; /* why no mail can be made of it; NULL: none is known */
} ForwardSource;

static void source_free(void *data)
{
    ForwardSource *source = data;
    if (source == NULL)
        return;
    mail_forward_free(source->forward);
    inbox_mail_free(source->mail);
    g_clear_pointer(&source->raw, g_bytes_unref);
    g_clear_error(&source->problem);
    g_free(source);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ForwardSource, source_free)

/* ---- reading ---- */

static bool fill(DbTx *tx, ForwardSource *source, int64_t id, GError **error)
{
    source->forward = mail_forward_load(tx, id, error);
    source->mail = source->forward != NULL ? inbox_load(tx, source->forward->mail, error) : NULL;
    if (source->mail == NULL)
        return false;
    if (source->mail->bytes > LIMIT_ATTACHED_MAIL_BYTES)
        return true;
    source->raw = inbox_raw(tx, source->mail->id, error);
    return source->raw != NULL;
}

/* One that can never be composed must not hold up the others: its problem is kept. */
static ForwardSource *load_one(DbTx *tx, int64_t id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(ForwardSource) source = g_new0(ForwardSource, 1);
    if (fill(tx, source, id, &failure))
        return g_steal_pointer(&source);
    if (error_try_again(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    source->problem = g_steal_pointer(&failure);
    return g_steal_pointer(&source);
}

static bool load(DbTx *tx, Composer *composer, const int64_t *refs, size_t n, void **sources,
                 GError **error)
{
    for (size_t i = 0; i < n; i++) {
        sources[i] = load_one(tx, refs[i], error);
        if (sources[i] == NULL)
            return false;
    }
    return true;
}

/* ---- writing ---- */

char *mail_forward_message_id(const char *desk_id, int64_t forward)
{
    return g_strdup_printf("forward.%" G_GINT64_FORMAT "@%s.tidings", forward, desk_id);
}

static const char *or_else(const char *text, const char *nothing)
{
    return *text != '\0' ? text : nothing;
}

static char *write_text(const ForwardSource *source)
{
    const InboxMail *mail = source->mail;
    g_autoptr(GString) text = g_string_new("A mail to the desk waits for a person.\n\n");
    g_autofree char *received = text_from_time(mail->received_at);
    g_string_append_printf(text, "From:      %s", or_else(mail->from, "(nobody)"));
    if (mail->from_name != NULL)
        g_string_append_printf(text, " (%s)", mail->from_name);
    g_string_append_printf(text, "\nSubject:   %s\nReceived:  %s\nWhy:       %s\n\n",
                           or_else(mail->subject, "(none)"), received, source->forward->waits_for);
    g_string_append_printf(
        text,
        "tidings inbox open %" G_GINT64_FORMAT " --account NUMBER    makes a ticket of it\n"
        "tidings inbox attach %" G_GINT64_FORMAT " --ticket NUMBER   puts it on a ticket\n"
        "tidings inbox discard %" G_GINT64_FORMAT "                  takes it off the list\n\n",
        mail->id, mail->id, mail->id);
    g_string_append(text, source->raw != NULL
                              ? "The mail goes with this one as it came.\n"
                              : "The mail is too large to go with this one; the desk has it.\n");
    if (*source->forward->text != '\0')
        g_string_append_printf(text, "\n%s\n", source->forward->text);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static GBytes *build(Composer *composer, const ForwardSource *source,
                     const SenderIdentity *identity, int64_t dated_at, GError **error)
{
    const MailForward *forward = source->forward;
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    g_autofree char *message_id = mail_forward_message_id(composer_desk_id(composer), forward->id);
    g_autofree char *hop = NULL;
    if (!sender_hop(identity, keys, (int)forward->hops + 1, message_id, &hop, error))
        return NULL;
    g_autofree char *text = write_text(source);
    g_autofree char *name = g_strdup_printf("mail-%" G_GINT64_FORMAT ".eml", forward->mail);
    g_autofree char *subject = g_strdup_printf("Mail %" G_GINT64_FORMAT " waits: %s", forward->mail,
                                               or_else(source->mail->subject, "(no subject)"));
    /* Not message/rfc822, which may not be encoded (RFC 2046 §5.2.1). */
    MessageAttachment attachment = {name, "application/octet-stream", source->raw};
    MessageParts parts = {
        .from_name = *identity->from_name != '\0' ? identity->from_name : NULL,
        .from_address = identity->from_address,
        .to_address = forward->recipient,
        .reply_to = *identity->reply_to != '\0' ? identity->reply_to : NULL,
        .subject = subject,
        .date_us = dated_at,
        .message_id = message_id,
        .language = "en",
        .automatic = MESSAGE_AUTO_GENERATED,
        .hop = hop,
        .text = text,
        .attachments = &attachment,
        .n_attachments = source->raw != NULL ? 1 : 0,
    };
    return message_build(&parts, error);
}

static GBytes *compose(Composer *composer, const void *data, const char *sender, int64_t dated_at,
                       GError **error)
{
    const ForwardSource *source = data;
    if (source->problem != NULL) {
        g_propagate_error(error, g_error_copy(source->problem));
        return NULL;
    }
    g_autoptr(SenderIdentity) identity = composer_sender(composer, sender, error);
    return identity != NULL ? build(composer, source, identity, dated_at, error) : NULL;
}

const MailKind mail_kind_forward = {.kind = OUTBOX_KIND_FORWARD,
                                    .load = load,
                                    .compose = compose,
                                    .free_source = source_free,
                                    .null_sender = true,
                                    .at_once = 2};
