/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/compose_sign_in.h"

#include "alerts/facts.h"
#include "alerts/mail_kind.h"
#include "base/clock.h"
#include "base/error.h"
#include "records/one_time_link.h"

/* The outbox's state_reason of a mail that did not leave in time. */
#define LINK_ENDED "link_ended"

typedef struct {
    OneTimeLink *link;
    Words *words;
    GError *problem; /* why no mail can be made of it; NULL: none is known */
} SignInSource;

static void source_free(SignInSource *source)
{
    one_time_link_free(source->link);
    words_unref(source->words);
    g_clear_error(&source->problem);
    g_free(source);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SignInSource, source_free)

char *compose_sign_in_id(const char *desk_id, int64_t link)
{
    return g_strdup_printf("sign_in.%" G_GINT64_FORMAT "@%s.tidings", link, desk_id);
}

/* ---- reading ---- */

static bool fill(DbTx *tx, Composer *composer, SignInSource *source, GError **error)
{
    const OneTimeLink *link = source->link;
    if (link->facts == NULL) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-message", NULL,
                          "What this mail is made from was erased: its link has ended");
        return false;
    }
    source->words =
        composer_find_words(composer, link->template_id, link->template_version, link->language);
    if (source->words != NULL)
        return true;
    g_autoptr(TicketTemplate) record = ticket_template_load_text(
        tx, link->template_id, link->template_version, link->language, error);
    source->words = record != NULL ? composer_words(composer, record, error) : NULL;
    return source->words != NULL;
}

/* One that can never be composed must not hold up the others: its problem is kept. */
static SignInSource *load_one(DbTx *tx, Composer *composer, int64_t id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(SignInSource) source = g_new0(SignInSource, 1);
    source->link = one_time_link_load(tx, id, &failure);
    if (source->link != NULL && fill(tx, composer, source, &failure))
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

static void kind_free(void *source)
{
    source_free(source);
}

/* ---- writing ---- */

static bool render(const SignInSource *source, ComposedText *text, GError **error)
{
    const OneTimeLink *link = source->link;
    json_auto_t *facts = json_loads(link->facts, 0, NULL);
    if (facts == NULL) {
        error_set(error, TD_ERROR_CORRUPT, "The facts of a one-time link cannot be read");
        return false;
    }
    facts_to_merge_fields(facts, link->name, link->email, link->language);
    return words_render(source->words, facts, text, NULL, error);
}

static GBytes *build(Composer *composer, const OneTimeLink *link, const SenderIdentity *identity,
                     const ComposedText *text, int64_t dated_at, GError **error)
{
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    g_autofree char *message_id = compose_sign_in_id(composer_desk_id(composer), link->id);
    g_autofree char *hop = NULL;
    if (!sender_hop(identity, keys, 1, message_id, &hop, error))
        return NULL;
    MessageParts parts = {
        .from_name = *identity->from_name != '\0' ? identity->from_name : NULL,
        .from_address = identity->from_address,
        .to_name = link->name,
        .to_address = link->email,
        .reply_to = *identity->reply_to != '\0' ? identity->reply_to : NULL,
        .subject = text->subject,
        .date_us = dated_at,
        .message_id = message_id,
        .language = link->language,
        .automatic = MESSAGE_AUTO_GENERATED,
        .hop = hop,
        .text = text->text,
        .html = text->html,
    };
    return message_build(&parts, error);
}

static GBytes *kind_compose(Composer *composer, const void *data, const char *sender,
                            int64_t dated_at, GError **error)
{
    const SignInSource *source = data;
    if (source->problem != NULL) {
        g_propagate_error(error, g_error_copy(source->problem));
        return NULL;
    }
    g_autoptr(SenderIdentity) identity = composer_sender(composer, sender, error);
    g_auto(ComposedText) text = {0};
    if (identity == NULL || !render(source, &text, error))
        return NULL;
    return build(composer, source->link, identity, &text, dated_at, error);
}

/* ---- forgetting ---- */

/* Whatever is being sent at this moment is looked at again later. */
static bool end_one(DbTx *tx, int64_t id, int64_t now_us, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(OutboxMessage) mail = outbox_find(tx, OUTBOX_KIND_SIGN_IN, id, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    if (mail != NULL && mail->state == OUTBOX_SENDING)
        return true;
    if (mail != NULL && !outbox_state_is_final(mail->state) &&
        !outbox_cancel(tx, mail->id, LINK_ENDED, now_us, error))
        return false;
    return one_time_link_erase(tx, id, error);
}

bool sign_in_forget(DbTx *tx, int64_t now_us, int limit, GError **error)
{
    g_autoptr(GArray) ended = one_time_link_list_unsent(tx, now_us, limit, error);
    for (guint i = 0; ended != NULL && i < ended->len; i++)
        if (!end_one(tx, g_array_index(ended, int64_t, i), now_us, error))
            return false;
    return ended != NULL && one_time_link_forget(tx, now_us - US_PER_DAY, limit, error);
}

const MailKind mail_kind_sign_in = {.kind = OUTBOX_KIND_SIGN_IN,
                                    .load = kind_load,
                                    .compose = kind_compose,
                                    .free_source = kind_free,
                                    .settled = one_time_link_erase};
