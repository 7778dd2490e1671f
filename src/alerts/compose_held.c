/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/compose_held.h"

#include "alerts/mail_kind.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "outbox/outbox.h"
#include "records/held_notice.h"
#include "records/settings.h"

#define ADMINS_MAX 100 /* told at once; the others at the next round */

/* ---- telling ---- */

static char *facts_of(const Settings *settings, int64_t count, int64_t since)
{
    json_auto_t *facts = json_object();
    json_set_text(facts, "desk", settings->desk.name);
    json_set_text(facts, "url", settings->web_interface.public_url);
    json_set_int(facts, "count", count);
    json_set_time(facts, "since", since);
    return json_text(facts);
}

static bool queue_one(DbTx *tx, HeldNotice *notice, int64_t now_us, int *queued, GError **error)
{
    if (!held_notice_insert(tx, notice, error))
        return false;
    if (notice->id == 0)
        return true;
    OutboxMessage message = {
        .kind = (char *)OUTBOX_KIND_HELD,
        .ref = notice->id,
        .recipient = notice->email,
        .urgent = true,
        .order_key = (char *)"",
        .state = OUTBOX_QUEUED,
        .due_at = now_us,
        .queued_at = now_us,
    };
    (*queued)++;
    return outbox_insert(tx, &message, error);
}

bool held_tell_admins(DbTx *tx, int64_t now_us, int *queued, GError **error)
{
    int64_t count, since;
    *queued = 0;
    if (!outbox_held_long(tx, now_us - HELD_LONG_US, HELD_COUNT_MOST, &count, &since, error))
        return false;
    if (count == 0)
        return held_notice_end(tx, now_us, error);
    g_autoptr(GPtrArray) untold = held_notice_list_untold(tx, ADMINS_MAX, error);
    g_autoptr(Settings) settings =
        untold != NULL && untold->len > 0 ? settings_load(tx, error) : NULL;
    if (settings == NULL)
        return untold != NULL && untold->len == 0;
    if (!settings->alerts_server.active)
        return true;
    g_autofree char *facts = facts_of(settings, count, since);
    for (guint i = 0; i < untold->len; i++) {
        HeldNotice *notice = untold->pdata[i];
        notice->facts = g_strdup(facts);
        notice->at = now_us;
        if (!queue_one(tx, notice, now_us, queued, error))
            return false;
    }
    return true;
}

/* ---- the mail ---- */

typedef struct {
    HeldNotice *notice; /* NULL: see problem */
    GError *problem;
} Source;

static void kind_free(void *data)
{
    Source *source = data;
    held_notice_free(source->notice);
    g_clear_error(&source->problem);
    g_free(source);
}

/* One that can never be composed must not hold up the others: its problem is kept. */
static bool kind_load(DbTx *tx, Composer *composer, const int64_t *refs, size_t n, void **sources,
                      GError **error)
{
    for (size_t i = 0; i < n; i++) {
        GError *failure = NULL;
        HeldNotice *notice = held_notice_load(tx, refs[i], &failure);
        if (failure != NULL && error_try_again(failure)) {
            g_propagate_error(error, failure);
            return false;
        }
        Source *source = g_new0(Source, 1);
        source->notice = notice;
        source->problem = failure;
        sources[i] = source;
    }
    return true;
}

static char *count_words(const json_t *facts)
{
    int64_t count = json_get_int(facts, "count");
    return count == 1 ? g_strdup("1 mail is held")
                      : g_strdup_printf("%" G_GINT64_FORMAT "%s mails are held", count,
                                        count >= HELD_COUNT_MOST ? " or more" : "");
}

static char *write_text(const json_t *facts, const char *count)
{
    const char *url = json_get_text(facts, "url");
    g_autofree char *where = *url != '\0'
                                 ? g_strdup_printf("%s/alerts-server#held", url)
                                 : g_strdup("The page \"Alerts Server\" of the console, or:"
                                            " tidings alerts list --state held");
    return g_strdup_printf(
        "%s, the oldest since %s, and nobody gets them until a person at the\n"
        "desk has looked.\n\n"
        "Mails are held by the brake, when one person or program was about to tell\n"
        "unusually many customers at once, and when the Alerts Server is\n"
        "deactivated while they wait. Release them, and they leave; cancel them, and\n"
        "they never do. Until then later mails about the same tickets wait, too.\n\n"
        "%s\n\n"
        "This is said once, until nothing is held any more.\n",
        count, json_get_text(facts, "since"), where);
}

static GBytes *build(Composer *composer, const HeldNotice *notice, const SenderIdentity *identity,
                     int64_t dated_at, GError **error)
{
    json_auto_t *facts = json_loads(notice->facts, 0, NULL);
    if (facts == NULL) {
        error_set(error, TD_ERROR_CORRUPT, "The facts of a notice cannot be read");
        return NULL;
    }
    g_autofree char *count = count_words(facts);
    const char *desk = json_get_text(facts, "desk");
    g_autofree char *subject =
        g_strdup_printf("%s%s%s and wait for you", desk, *desk != '\0' ? ": " : "", count);
    g_autofree char *text = write_text(facts, count);
    g_autofree char *message_id = g_strdup_printf("held.%" G_GINT64_FORMAT "@%s.tidings",
                                                  notice->id, composer_desk_id(composer));
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    g_autofree char *hop = NULL;
    if (!sender_hop(identity, keys, 1, message_id, &hop, error))
        return NULL;
    MessageParts parts = {
        .from_name = *identity->from_name != '\0' ? identity->from_name : NULL,
        .from_address = identity->from_address,
        .to_name = notice->name,
        .to_address = notice->email,
        .subject = subject,
        .date_us = dated_at,
        .message_id = message_id,
        .language = "en",
        .automatic = MESSAGE_AUTO_GENERATED,
        .hop = hop,
        .text = text,
    };
    return message_build(&parts, error);
}

static GBytes *kind_compose(Composer *composer, const void *data, const char *sender,
                            int64_t dated_at, GError **error)
{
    const Source *source = data;
    if (source->problem != NULL) {
        g_propagate_error(error, g_error_copy(source->problem));
        return NULL;
    }
    g_autoptr(SenderIdentity) identity = composer_sender(composer, sender, error);
    return identity != NULL ? build(composer, source->notice, identity, dated_at, error) : NULL;
}

const MailKind mail_kind_held = {
    .kind = OUTBOX_KIND_HELD, .load = kind_load, .compose = kind_compose, .free_source = kind_free};
