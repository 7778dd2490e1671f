/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/canary.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/hop.h"
#include "outbox/outbox.h"
#include "records/canary.h"
#include "records/mailbox_settings.h"
#include "records/settings.h"

#include <string.h>

#define FORGET_US US_PER_HOUR
#define LOOKED_AT 20 /* of the newest ones: one of them has had its time */
#define PREFIX    "canary."

/* ---- the schedule ---- */

static bool same_address(const char *a, const char *b)
{
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    return address_parse(a, NULL, NULL, &first, NULL) &&
           address_parse(b, NULL, NULL, &second, NULL) && strcmp(first, second) == 0;
}

/* Whether the Email Connector gets what is sent there. */
static bool comes_back(const Settings *settings)
{
    const EmailConnectorSettings *connector = &settings->email_connector;
    const char *to = settings->alerts_server.canary.to;
    bool read = same_address(to, connector->address);
    for (guint i = 0; i < connector->mailboxes->len && !read; i++)
        read = same_address(to, ((MailboxSettings *)connector->mailboxes->pdata[i])->username);
    return connector->enabled && read;
}

static bool put_in_outbox(DbTx *tx, int64_t id, const char *to, int64_t now_us, GError **error)
{
    OutboxMessage message = {
        .kind = (char *)OUTBOX_KIND_CANARY,
        .ref = id,
        .recipient = (char *)to,
        .urgent = true,
        .order_key = (char *)"",
        .state = OUTBOX_QUEUED,
        .due_at = now_us,
        .queued_at = now_us,
    };
    return outbox_insert(tx, &message, error);
}

bool canary_tick(DbTx *tx, int64_t now_us, GError **error)
{
    g_autoptr(Settings) settings = settings_load(tx, error);
    if (settings == NULL)
        return false;
    const CanarySettings *canary = &settings->alerts_server.canary;
    if (!canary->enabled || !settings->alerts_server.active)
        return true;
    int64_t every_us = canary->every_seconds * US_PER_SECOND;
    int64_t id;
    return canary_insert(tx, canary->to, comes_back(settings), now_us - now_us % every_us, now_us,
                         &id, error) &&
           (id == 0 || put_in_outbox(tx, id, canary->to, now_us, error));
}

bool canary_tidy(DbTx *tx, int64_t now_us, GError **error)
{
    g_autoptr(GArray) waiting = canary_list_waiting(tx, now_us - CANARY_LIFE_US, error);
    if (waiting == NULL)
        return false;
    for (guint i = 0; i < waiting->len; i++) {
        g_autoptr(GError) failure = NULL;
        /* A conflict: somebody has begun to send it at this moment. */
        if (!outbox_cancel(tx, g_array_index(waiting, int64_t, i), "canary_over", now_us,
                           &failure) &&
            !error_is(failure, TD_ERROR_CONFLICT)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        }
    }
    return canary_forget(tx, now_us - FORGET_US, error);
}

/* ---- how it stands ---- */

void canary_condition_clear(CanaryCondition *condition)
{
    g_clear_pointer(&condition->text, g_free);
}

/* What is known of a relay that could not be used since; NULL: nothing. */
static bool relay_trouble(DbTx *tx, int64_t since_us, char **reason, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT reason FROM relay WHERE state <> 'up' AND (retry_at IS NULL OR"
                            " retry_at >= $1) ORDER BY since DESC LIMIT 1",
                            "i", since_us);
    if (rows == NULL)
        return false;
    if (db_rows_next(rows))
        *reason = db_rows_dup(rows, 0);
    return db_rows_end(rows, error);
}

static bool explain(DbTx *tx, const Canary *canary, int64_t now_us, char **text, GError **error)
{
    g_autofree char *reason = NULL;
    g_autofree char *at = text_from_time(canary->at / US_PER_SECOND * US_PER_SECOND);
    int64_t seconds = (now_us - canary->accepted_at) / US_PER_SECOND;
    if (!relay_trouble(tx, canary->at, &reason, error))
        return false;
    if (canary->accepted_at != 0)
        *text = g_strdup_printf("The canary of %s was accepted by the mail server and is not back"
                                " in %s after %" G_GINT64_FORMAT " %s; see `tidings inbox"
                                " mailboxes`",
                                at, canary->recipient, seconds < 120 ? seconds : seconds / 60,
                                seconds < 120 ? "seconds" : "minutes");
    else if (reason != NULL)
        *text =
            g_strdup_printf("The canary of %s was not accepted, the relay is down: %s", at, reason);
    else if (canary->reply != NULL)
        *text = g_strdup_printf("The canary of %s was not accepted by the mail server: %s", at,
                                canary->reply);
    else if (strcmp(canary->state, "sending") == 0)
        *text = g_strdup_printf("The canary of %s is still being sent", at);
    else
        *text = g_strdup_printf("The canary of %s was not claimed by a process that sends", at);
    return true;
}

static bool has_passed(const Canary *canary)
{
    return canary->received_at != 0 || (canary->accepted_at != 0 && !canary->comes_back);
}

static void note_success(const Canary *canary, CanaryCondition *condition)
{
    condition->came_back = canary->received_at != 0;
    condition->last_success = condition->came_back ? canary->received_at : canary->accepted_at;
    condition->round_trip_us = MAX(condition->last_success - canary->at, 0);
}

/* The newest one decides that has passed or has had its time; those before it only tell when it
 * worked last. */
static bool judge(DbTx *tx, const GPtrArray *list, int64_t since_us, int64_t now_us,
                  CanaryCondition *condition, GError **error)
{
    bool decided = false;
    condition->ok = true;
    for (guint i = 0; i < list->len && condition->last_success == 0; i++) {
        const Canary *canary = list->pdata[i];
        bool late = canary->at >= since_us && now_us - canary->at > CANARY_LATE_US;
        if (has_passed(canary))
            note_success(canary, condition);
        if (decided || (!has_passed(canary) && !late))
            continue;
        decided = true;
        condition->ok = has_passed(canary);
        if (!condition->ok && !explain(tx, canary, now_us, &condition->text, error))
            return false;
    }
    return true;
}

bool canary_condition(DbTx *tx, int64_t now_us, CanaryCondition *condition, GError **error)
{
    g_auto(CanaryCondition) found = {.ok = true};
    g_autoptr(Settings) settings = settings_load(tx, error);
    if (settings == NULL)
        return false;
    const CanarySettings *canary = &settings->alerts_server.canary;
    found.enabled = canary->enabled && settings->alerts_server.active;
    g_autoptr(GPtrArray) list = found.enabled ? canary_list(tx, LOOKED_AT, error) : NULL;
    if (found.enabled && (list == NULL || !judge(tx, list, canary->since, now_us, &found, error)))
        return false;
    const Canary *newest = list != NULL && list->len > 0 ? list->pdata[0] : NULL;
    int64_t last_us = MAX(newest != NULL ? newest->at : 0, canary->since);
    if (found.enabled &&
        now_us - last_us > canary->every_seconds * US_PER_SECOND + CANARY_LATE_US) {
        g_autofree char *at = text_from_time(last_us / US_PER_SECOND * US_PER_SECOND);
        g_free(found.text);
        found.ok = false;
        found.text =
            g_strdup_printf("No canary was made since %s: no process of this desk sends", at);
    }
    canary_condition_clear(condition);
    *condition = found;
    found.text = NULL;
    return true;
}

/* ---- known again ---- */

bool canary_recognize(const SigningKeys *keys, const char *desk_id, const char *message_id,
                      const char *hop, int64_t *id)
{
    if (message_id == NULL || !g_str_has_prefix(message_id, PREFIX))
        return false;
    const char *at = strchr(message_id, '@');
    g_autofree char *domain = g_strconcat("@", desk_id, ".tidings", NULL);
    if (at == NULL || strcmp(at, domain) != 0)
        return false;
    size_t n = strlen(PREFIX);
    g_autofree char *digits = g_strndup(message_id + n, (size_t)(at - message_id) - n);
    int64_t number;
    Hop mark = hop_read(keys, hop, message_id);
    if (!text_to_int(digits, 1, INT64_MAX, &number) || !mark.own || mark.count != 1)
        return false;
    *id = number;
    return true;
}

/* ---- the mail ---- */

static void kind_free(void *source)
{
    canary_free(source);
}

static bool kind_load(DbTx *tx, Composer *composer, const int64_t *refs, size_t n, void **sources,
                      GError **error)
{
    for (size_t i = 0; i < n; i++) {
        GError *failure = NULL;
        sources[i] = canary_find(tx, refs[i], &failure);
        if (failure != NULL) {
            g_propagate_error(error, failure);
            return false;
        }
    }
    return true;
}

static GBytes *build(Composer *composer, const Canary *canary, const SenderIdentity *identity,
                     int64_t dated_at, GError **error)
{
    g_autofree char *message_id = g_strdup_printf(PREFIX "%" G_GINT64_FORMAT "@%s.tidings",
                                                  canary->id, composer_desk_id(composer));
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    g_autofree char *hop = NULL;
    if (!sender_hop(identity, keys, 1, message_id, &hop, error))
        return NULL;
    MessageParts parts = {
        .from_name = *identity->from_name != '\0' ? identity->from_name : NULL,
        .from_address = identity->from_address,
        .to_address = canary->recipient,
        .subject = "Canary: this desk's mail to itself",
        .date_us = dated_at,
        .message_id = message_id,
        .language = "en",
        .automatic = MESSAGE_AUTO_GENERATED,
        .hop = hop,
        .text = "The ticket desk sends itself this mail on a schedule, to see that mail leaves\n"
                "and comes in. Nobody has to read it, and it can be deleted.\n",
    };
    return message_build(&parts, error);
}

static GBytes *kind_compose(Composer *composer, const void *source, const char *sender,
                            int64_t dated_at, GError **error)
{
    g_autoptr(SenderIdentity) identity = composer_sender(composer, sender, error);
    return identity != NULL ? build(composer, source, identity, dated_at, error) : NULL;
}

const MailKind mail_kind_canary = {.kind = OUTBOX_KIND_CANARY,
                                   .load = kind_load,
                                   .compose = kind_compose,
                                   .free_source = kind_free,
                                   .null_sender = true};
