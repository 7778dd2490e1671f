/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing of what a mail is made from here can change: messages, attachments, events and template
 * versions are never written to again, and what the recipient had before the event was decided
 * before it.
 */
#include "alerts/compose_copy.h"

#include "alerts/compose.h"
#include "alerts/facts.h"
#include "alerts/mail_kind.h"
#include "alerts/web_link.h"
#include "base/error.h"
#include "base/json.h"
#include "records/event.h"

#include <string.h>

struct CopySource {
    MessageCopy *copy;
    TicketMessage *message;
    char *facts; /* the event's, as they are stored */
    Words *words;
    GArray *earlier;        /* of MessageReference */
    GPtrArray *attachments; /* of Attachment *, those that go with it */
    GString *left_out;      /* the names of the others, one a line */
    GError *problem;        /* why no mail can be made of it; NULL: none is known */
};

void copy_source_free(CopySource *source)
{
    if (source == NULL)
        return;
    message_copy_free(source->copy);
    ticket_message_free(source->message);
    g_free(source->facts);
    words_unref(source->words);
    g_clear_pointer(&source->earlier, g_array_unref);
    g_clear_pointer(&source->attachments, g_ptr_array_unref);
    if (source->left_out != NULL)
        g_string_free(source->left_out, TRUE);
    g_clear_error(&source->problem);
    g_free(source);
}

static MessageCopy *copy_of(const MessageCopy *copy)
{
    MessageCopy *made = g_new(MessageCopy, 1);
    *made = *copy;
    made->recipient = g_strdup(copy->recipient);
    made->recipient_key = g_strdup(copy->recipient_key);
    made->recipient_name = g_strdup(copy->recipient_name);
    made->language = g_strdup(copy->language);
    return made;
}

/* ---- reading ---- */

static bool load_words(DbTx *tx, Composer *composer, CopySource *source, GError **error)
{
    const MessageCopy *copy = source->copy;
    source->words =
        composer_find_words(composer, copy->template_id, copy->template_version, copy->language);
    if (source->words != NULL)
        return true;
    g_autoptr(TicketTemplate) record = ticket_template_load_text(
        tx, copy->template_id, copy->template_version, copy->language, error);
    if (record == NULL)
        return false;
    source->words = composer_words(composer, record, error);
    return source->words != NULL;
}

/* In their order, as long as they fit; the others are named. Only what goes is read. */
static bool load_attachments(DbTx *tx, CopySource *source, GError **error)
{
    g_autoptr(GPtrArray) all = attachment_list(tx, source->message->id, false, error);
    source->attachments = g_ptr_array_new_with_free_func((GDestroyNotify)attachment_free);
    source->left_out = g_string_new(NULL);
    int64_t bytes = 0;
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const Attachment *attachment = all->pdata[i];
        if (bytes + attachment->bytes > LIMIT_ATTACHED_MAIL_BYTES) {
            g_string_append_printf(source->left_out, "%s%s", source->left_out->len > 0 ? "\n" : "",
                                   attachment->name);
            continue;
        }
        bytes += attachment->bytes;
        Attachment *loaded = attachment_load(tx, source->message->ticket, attachment->id, error);
        if (loaded == NULL)
            return false;
        g_ptr_array_add(source->attachments, loaded);
    }
    return all != NULL;
}

static bool fill(DbTx *tx, Composer *composer, CopySource *source, GError **error)
{
    if (source->copy->reason != COPY_ANSWERED) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-message", NULL,
                          "There is no mail: this recipient was not sent a copy (%s)",
                          copy_reason_name(source->copy->reason));
        return false;
    }
    source->message = ticket_message_load(tx, 0, source->copy->message, error);
    g_autoptr(Event) event =
        source->message != NULL ? event_load(tx, source->message->event, error) : NULL;
    if (event == NULL)
        return false;
    source->facts = g_strdup(event->facts);
    source->earlier = message_references(tx, source->copy, event->version, error);
    return source->earlier != NULL && load_words(tx, composer, source, error) &&
           load_attachments(tx, source, error);
}

CopySource *copy_source_load(DbTx *tx, Composer *composer, const MessageCopy *copy, GError **error)
{
    g_autoptr(CopySource) source = g_new0(CopySource, 1);
    source->copy = copy_of(copy);
    return fill(tx, composer, source, error) ? g_steal_pointer(&source) : NULL;
}

/* ---- writing ---- */

char *compose_copy_id(const char *desk_id, int64_t copy)
{
    return g_strdup_printf("message.%" G_GINT64_FORMAT "@%s.tidings", copy, desk_id);
}

static char *reference_id(const char *desk_id, const MessageReference *reference)
{
    switch (reference->kind) {
    case REFERENCE_ALERT:
        return compose_message_id(desk_id, reference->id);
    case REFERENCE_COPY:
        return compose_copy_id(desk_id, reference->id);
    case REFERENCE_INCOMING:
        break;
    }
    /* What another program wrote may be unfit for a header field of ours. */
    return message_id_fits(reference->message_id) ? g_strdup(reference->message_id) : NULL;
}

/* The ticket's root that its alerts have too, what the recipient had or wrote before, and the mail
 * that an automatic response answers. NULL-terminated. */
static char **references(const char *desk_id, const CopySource *source)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_ptr_array_add(list, compose_ticket_id(desk_id, source->copy->ticket));
    for (guint i = 0; i < source->earlier->len; i++) {
        char *id = reference_id(desk_id, &g_array_index(source->earlier, MessageReference, i));
        if (id != NULL)
            g_ptr_array_add(list, id);
    }
    const char *answered = source->message->in_reply_to;
    if (!source->message->incoming && answered != NULL && message_id_fits(answered) &&
        strcmp(answered, list->pdata[list->len - 1]) != 0)
        g_ptr_array_add(list, g_strdup(answered));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

/* `key` signs the link to the ticket, which employees get none of. */
static bool render(const CopySource *source, const SigningKey *key, ComposedText *text,
                   GError **error)
{
    json_auto_t *facts = json_loads(source->facts, 0, NULL);
    if (facts == NULL) {
        error_set(error, TD_ERROR_CORRUPT, "The facts of event %" G_GINT64_FORMAT " cannot be read",
                  source->message->event);
        return false;
    }
    json_t *words = json_object();
    g_autofree char *kept = facts_text_within(source->message->text, LIMIT_MESSAGE_BYTES);
    json_set_text(words, "text", kept);
    json_set_text(words, "left_out", source->left_out->str);
    json_object_set_new(facts, "message", words);
    facts_to_merge_fields(facts, source->copy->recipient_name, source->copy->recipient,
                          source->copy->language);
    if (!source->copy->to_employee)
        web_link_to_merge_field(facts, key, source->copy->ticket, source->copy->recipient_key);
    if (!words_render(source->words, facts, text, NULL, error))
        return false;
    /* The author's own HTML stands for itself: no template goes around it. */
    if (source->message->html != NULL && !source->copy->to_employee) {
        g_free(text->html);
        text->html = g_strdup(source->message->html);
    }
    return true;
}

/* Nobody's program shall answer what a program wrote; a person may be answered by any. */
static MessageAutomatic automatic_of(const CopySource *source)
{
    if (source->message->kind == MESSAGE_AUTO_RESPONSE)
        return MESSAGE_AUTO_REPLIED;
    return source->copy->to_employee || source->message->author.kind == ACTOR_SYSTEM
               ? MESSAGE_AUTO_GENERATED
               : MESSAGE_BY_PERSON;
}

static MessageAttachment *list_attachments(const CopySource *source)
{
    MessageAttachment *list = g_new0(MessageAttachment, source->attachments->len + 1);
    for (guint i = 0; i < source->attachments->len; i++) {
        const Attachment *attachment = source->attachments->pdata[i];
        list[i] = (MessageAttachment){.name = attachment->name,
                                      .content_type = attachment->content_type,
                                      .content = attachment->content};
    }
    return list;
}

static GBytes *build(Composer *composer, const CopySource *source, const SenderIdentity *identity,
                     const ComposedText *text, int64_t dated_at, GError **error)
{
    const MessageCopy *copy = source->copy;
    const char *desk_id = composer_desk_id(composer);
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    g_autofree char *message_id = compose_copy_id(desk_id, copy->id);
    g_autofree char *reply_to = NULL;
    g_autofree char *hop = NULL;
    if (!sender_reply_to(identity, keys, NULL, copy->ticket, copy->recipient_key, &reply_to,
                         error) ||
        !sender_hop(identity, keys, source->message->hops + 1, message_id, &hop, error))
        return NULL;
    g_auto(GStrv) refs = references(desk_id, source);
    g_autofree MessageAttachment *attachments = list_attachments(source);
    MessageParts parts = {
        .from_name = *identity->from_name != '\0' ? identity->from_name : NULL,
        .from_address = identity->from_address,
        .to_name = copy->recipient_name,
        .to_address = copy->recipient,
        .reply_to = reply_to,
        .subject = text->subject,
        .date_us = dated_at,
        .message_id = message_id,
        .in_reply_to = refs[g_strv_length(refs) - 1],
        .references = (const char *const *)refs,
        .language = copy->language,
        .automatic = automatic_of(source),
        .hop = hop,
        .text = text->text,
        .html = text->html,
        .attachments = attachments,
        .n_attachments = source->attachments->len,
    };
    return message_build(&parts, error);
}

GBytes *compose_copy(Composer *composer, const CopySource *source, const char *sender,
                     int64_t dated_at, GError **error)
{
    if (source->problem != NULL) {
        g_propagate_error(error, g_error_copy(source->problem));
        return NULL;
    }
    g_autoptr(SenderIdentity) identity = composer_sender(composer, sender, error);
    g_auto(ComposedText) text = {0};
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    if (identity == NULL || !render(source, signing_keys_find(keys, identity->key), &text, error))
        return NULL;
    return build(composer, source, identity, &text, dated_at, error);
}

/* ---- as kinds of mail ---- */

/* One that can never be composed must not hold up the others: its problem is kept. */
static CopySource *load_one(DbTx *tx, Composer *composer, int64_t id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(CopySource) source = g_new0(CopySource, 1);
    source->copy = message_copy_load(tx, id, &failure);
    if (source->copy != NULL && fill(tx, composer, source, &failure))
        return g_steal_pointer(&source);
    if (error_try_again(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    source->problem = g_steal_pointer(&failure);
    return g_steal_pointer(&source);
}

static bool kind_load(DbTx *tx, Composer *composer, const int64_t *refs, size_t n, void **sources,
                      GError **error)
{
    for (size_t i = 0; i < n; i++) {
        sources[i] = load_one(tx, composer, refs[i], error);
        if (sources[i] == NULL)
            return false;
    }
    return true;
}

static GBytes *kind_compose(Composer *composer, const void *source, const char *sender,
                            int64_t dated_at, GError **error)
{
    return compose_copy(composer, source, sender, dated_at, error);
}

static void kind_free(void *source)
{
    copy_source_free(source);
}

const MailKind mail_kind_message = {.kind = OUTBOX_KIND_MESSAGE,
                                    .load = kind_load,
                                    .compose = kind_compose,
                                    .free_source = kind_free,
                                    .at_once = 2};

const MailKind mail_kind_auto_response = {.kind = OUTBOX_KIND_AUTO_RESPONSE,
                                          .load = kind_load,
                                          .compose = kind_compose,
                                          .free_source = kind_free,
                                          .null_sender = true,
                                          .at_once = 2};
