/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/compose.h"

#include "alerts/facts.h"
#include "alerts/locale.h"
#include "alerts/mail_kind.h"
#include "alerts/web_link.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "records/event.h"

#include <string.h>

struct ComposeSource {
    Alert *alert;                    /* its id is 0 where it is of no event, for preview and test */
    char *facts;                     /* the event's, as they are stored */
    Words *words;                    /* from the cache; NULL: parse `template_record` */
    TicketTemplate *template_record; /* with the text of one language */
    GArray *earlier;
    GError *problem; /* why no mail can be made of it; NULL: none is known */
    char *test_id;   /* makes the Message-ID of a mail that is of no event; NULL: of an alert */
};

static Alert *copy_alert(const Alert *alert)
{
    Alert *copy = g_new(Alert, 1);
    *copy = *alert;
    copy->recipient = g_strdup(alert->recipient);
    copy->recipient_key =
        g_strdup(alert->recipient_key != NULL ? alert->recipient_key : alert->recipient);
    copy->recipient_name = g_strdup(alert->recipient_name);
    copy->language = g_strdup(alert->language);
    return copy;
}

/* Always false. */
static bool set_no_message(const Alert *alert, GError **error)
{
    error_set_problem(error, TD_ERROR_NOT_FOUND, "no-message", NULL,
                      "There is no mail: this recipient was not told (%s)",
                      alert_reason_name(alert->reason));
    return false;
}

ComposeSource *compose_source_load(DbTx *tx, const Alert *alert, GError **error)
{
    if (alert->decision == DECISION_SUPPRESS) {
        set_no_message(alert, error);
        return NULL;
    }
    g_autoptr(ComposeSource) source = g_new0(ComposeSource, 1);
    g_autoptr(Event) event = event_load(tx, alert->event, error);
    if (event == NULL)
        return NULL;
    source->facts = g_strdup(event->facts);
    source->template_record = ticket_template_load_text(
        tx, alert->template_id, alert->template_version, alert->language, error);
    if (source->template_record == NULL)
        return NULL;
    source->earlier = alert_earlier(tx, alert, error);
    if (source->earlier == NULL)
        return NULL;
    source->alert = copy_alert(alert);
    return g_steal_pointer(&source);
}

void compose_source_free(ComposeSource *source)
{
    if (source == NULL)
        return;
    alert_free(source->alert);
    g_free(source->facts);
    words_unref(source->words);
    g_clear_error(&source->problem);
    ticket_template_free(source->template_record);
    g_clear_pointer(&source->earlier, g_array_unref);
    g_free(source->test_id);
    g_free(source);
}

ComposeSource *compose_source_new(const TicketTemplate *record, const char *language,
                                  const json_t *facts, const char *recipient_name,
                                  const char *recipient, const char *test_id)
{
    const TemplateText *text = ticket_template_text(record, language);
    ComposeSource *source = g_new0(ComposeSource, 1);
    Alert alert = {.recipient = (char *)recipient,
                   .recipient_name = (char *)recipient_name,
                   .template_id = record->id,
                   .template_version = record->version,
                   .language = text->language};
    source->alert = copy_alert(&alert);
    source->facts = json_dumps(facts, JSON_COMPACT);
    source->template_record = ticket_template_new();
    source->template_record->id = record->id;
    source->template_record->version = record->version;
    g_ptr_array_add(source->template_record->texts,
                    template_text_new(text->language, text->subject, text->text, text->html));
    source->earlier = g_array_new(FALSE, FALSE, sizeof(int64_t));
    source->test_id = g_strdup(test_id);
    return source;
}

/* ---- many at once ---- */

static bool add_template(DbTx *tx, Composer *composer, ComposeSource *source, GError **error)
{
    const Alert *alert = source->alert;
    source->words =
        composer_find_words(composer, alert->template_id, alert->template_version, alert->language);
    if (source->words != NULL)
        return true;
    source->template_record = ticket_template_load_text(
        tx, alert->template_id, alert->template_version, alert->language, error);
    return source->template_record != NULL;
}

static bool fill_source(DbTx *tx, Composer *composer, const AlertWithFacts *row,
                        ComposeSource *source, GError **error)
{
    if (source->alert->decision == DECISION_SUPPRESS)
        return set_no_message(source->alert, error);
    if (!add_template(tx, composer, source, error))
        return false;
    /* The ticket's first event has none before it. */
    source->earlier = row->event_version > 1 ? alert_earlier(tx, source->alert, error)
                                             : g_array_new(FALSE, FALSE, sizeof(int64_t));
    return source->earlier != NULL;
}

/* One that can never be composed must not hold up the others: its problem is kept. */
static ComposeSource *make_source(DbTx *tx, Composer *composer, AlertWithFacts *row, GError **error)
{
    g_autoptr(ComposeSource) source = g_new0(ComposeSource, 1);
    source->alert = g_steal_pointer(&row->alert);
    source->facts = g_steal_pointer(&row->facts);
    g_autoptr(GError) failure = NULL;
    if (fill_source(tx, composer, row, source, &failure))
        return g_steal_pointer(&source);
    if (error_try_again(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    source->problem = g_steal_pointer(&failure);
    return g_steal_pointer(&source);
}

bool compose_sources_load(DbTx *tx, Composer *composer, const int64_t *alerts, size_t n,
                          ComposeSource **sources, GError **error)
{
    g_autoptr(GPtrArray) rows = alert_list_with_facts(tx, alerts, n, error);
    if (rows == NULL)
        return false;
    for (guint r = 0; r < rows->len; r++) {
        AlertWithFacts *row = rows->pdata[r];
        size_t i = 0;
        while (i < n && alerts[i] != row->alert->id)
            i++;
        g_return_val_if_fail(i < n && sources[i] == NULL, false);
        sources[i] = make_source(tx, composer, row, error);
        if (sources[i] == NULL)
            return false;
    }
    return true;
}

int64_t compose_source_closing(const ComposeSource *source)
{
    return source->alert->kind == ALERT_TICKET_CLOSED ? source->alert->ticket : 0;
}

/* `identity` is a mail's that is for its recipient: it says which key signs the link. NULL: the
 * link is an example. */
static bool make_text(Composer *composer, const ComposeSource *source,
                      const SenderIdentity *identity, ComposedText *out, GError **error)
{
    if (source->problem != NULL) {
        g_propagate_error(error, g_error_copy(source->problem));
        return false;
    }
    const Alert *alert = source->alert;
    g_autoptr(Words) words = source->words != NULL
                                 ? words_ref(source->words)
                                 : composer_words(composer, source->template_record, error);
    if (words == NULL)
        return false;
    json_auto_t *facts = json_loads(source->facts, 0, NULL);
    if (facts == NULL) {
        error_set(error, TD_ERROR_CORRUPT, "The facts of event %" G_GINT64_FORMAT " cannot be read",
                  alert->event);
        return false;
    }
    facts_to_merge_fields(facts, alert->recipient_name, alert->recipient, alert->language);
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    if (identity == NULL || source->test_id != NULL)
        web_link_example(facts);
    else
        web_link_to_merge_field(facts, signing_keys_find(keys, identity->key), alert->ticket,
                                alert->recipient_key);
    if (!words_render(words, facts, out, NULL, error))
        return false;
    if (source->test_id != NULL) {
        g_autofree char *subject = out->subject;
        out->subject = g_strdup_printf("%s %s", locale_test_mark(alert->language), subject);
    }
    const json_t *sender = json_object_get(facts, "sender");
    out->sender_name = g_strdup(json_string_value(json_object_get(sender, "name")));
    out->reply_to = g_strdup(json_string_value(json_object_get(sender, "reply_to")));
    return true;
}

bool compose_text(Composer *composer, const ComposeSource *source, ComposedText *out,
                  GError **error)
{
    return make_text(composer, source, NULL, out, error);
}

char *compose_ticket_id(const char *desk_id, int64_t ticket)
{
    return g_strdup_printf("ticket.%" G_GINT64_FORMAT "@%s.tidings", ticket, desk_id);
}

char *compose_message_id(const char *desk_id, int64_t alert)
{
    return g_strdup_printf("alert.%" G_GINT64_FORMAT "@%s.tidings", alert, desk_id);
}

static char *message_id_of(const Composer *composer, const ComposeSource *source)
{
    return source->test_id != NULL
               ? g_strdup_printf("test.%s@%s.tidings", source->test_id, composer_desk_id(composer))
               : compose_message_id(composer_desk_id(composer), source->alert->id);
}

/* One root for the ticket, which no mail ever had, then the recipient's earlier alerts: so a mail
 * program shows all mail of one ticket as one thread, whichever of them a person kept. A test
 * stands alone. NULL-terminated. */
static char **references(const Composer *composer, const ComposeSource *source)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    if (source->test_id == NULL)
        g_ptr_array_add(list, compose_ticket_id(composer_desk_id(composer), source->alert->ticket));
    for (guint i = 0; i < source->earlier->len; i++)
        g_ptr_array_add(list, compose_message_id(composer_desk_id(composer),
                                                 g_array_index(source->earlier, int64_t, i)));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

static const char *text_or_null(const char *text)
{
    return *text != '\0' ? text : NULL;
}

GBytes *compose_message(Composer *composer, const ComposeSource *source, const char *sender,
                        int64_t dated_at, GError **error)
{
    g_autoptr(SenderIdentity) identity = composer_sender(composer, sender, error);
    if (identity == NULL)
        return NULL;
    g_auto(ComposedText) text = {0};
    if (!make_text(composer, source, identity, &text, error))
        return NULL;
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    g_autofree char *message_id = message_id_of(composer, source);
    g_autofree char *reply_to = NULL;
    g_autofree char *hop = NULL;
    if (!sender_reply_to(identity, keys, text.reply_to, source->alert->ticket,
                         source->alert->recipient_key, &reply_to, error) ||
        !sender_hop(identity, keys, 1, message_id, &hop, error))
        return NULL;
    g_auto(GStrv) refs = references(composer, source);
    guint n_refs = g_strv_length(refs);
    MessageParts parts = {
        .from_name =
            text.sender_name != NULL ? text.sender_name : text_or_null(identity->from_name),
        .from_address = identity->from_address,
        .reply_to = reply_to,
        .to_name = source->alert->recipient_name,
        .to_address = source->alert->recipient,
        .subject = text.subject,
        .date_us = dated_at,
        .message_id = message_id,
        .in_reply_to = n_refs > 0 ? refs[n_refs - 1] : NULL,
        .references = (const char *const *)refs,
        .language = source->alert->language,
        .automatic = MESSAGE_AUTO_GENERATED,
        .hop = hop,
        .text = text.text,
        .html = text.html,
    };
    return message_build(&parts, error);
}

char *compose_hash(GBytes *message)
{
    gsize bytes;
    const void *data = g_bytes_get_data(message, &bytes);
    return secret_hash(data, bytes);
}

/* ---- as a kind of mail ---- */

static bool kind_load(DbTx *tx, Composer *composer, const int64_t *refs, size_t n, void **sources,
                      GError **error)
{
    return compose_sources_load(tx, composer, refs, n, (ComposeSource **)sources, error);
}

static GBytes *kind_compose(Composer *composer, const void *source, const char *sender,
                            int64_t dated_at, GError **error)
{
    return compose_message(composer, source, sender, dated_at, error);
}

static void kind_free(void *source)
{
    compose_source_free(source);
}

static int64_t kind_closing(const void *source)
{
    return compose_source_closing(source);
}

const MailKind mail_kind_alert = {.kind = OUTBOX_KIND_ALERT,
                                  .load = kind_load,
                                  .compose = kind_compose,
                                  .free_source = kind_free,
                                  .closing = kind_closing};
