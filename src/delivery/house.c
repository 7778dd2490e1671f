/* SPDX-License-Identifier: Apache-2.0 */
/* Housekeeping: what dead senders held is taken back, what has waited for days is given up, what
 * nobody can ask for any more is forgotten. In bounded pieces, each a transaction. */
#include "alerts/canary.h"
#include "alerts/closing.h"
#include "alerts/compose_held.h"
#include "alerts/compose_sign_in.h"
#include "base/log.h"
#include "delivery/private.h"
#include "delivery/retry.h"
#include "outbox/bounce.h"
#include "outbox/tally.h"
#include "records/inbox.h"
#include "records/token.h"

#define RECOVERED_DELAY_US (30 * US_PER_SECOND)
#define CHUNK              500

typedef struct {
    Delivery *delivery;
    bool everything;
    int64_t due_at;
    int64_t moved;
    int told; /* admins, of what is held */
} Housework;

static bool take_back(DbTx *tx, void *data, GError **error)
{
    Housework *work = data;
    return outbox_recover(tx, work->everything, clock_wall_us(work->delivery->setup.clock),
                          work->due_at, CHUNK, &work->moved, error);
}

static int by_number(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return first < second ? -1 : first > second;
}

/* "Customers not told": a closing whose last mail was given up or came back has reached nobody. In
 * the order of the tickets' numbers, as the settler's. */
static bool review_closings(DbTx *tx, const GPtrArray *ended, int64_t now_us, GError **error)
{
    g_autoptr(GArray) tickets = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < ended->len; i++) {
        const OutboxMessage *message = ended->pdata[i];
        int64_t ticket = 0;
        if (g_strcmp0(message->kind, OUTBOX_KIND_ALERT) == 0 &&
            !closing_of_alert(tx, message->ref, &ticket, error))
            return false;
        if (ticket != 0)
            g_array_append_val(tickets, ticket);
    }
    g_array_sort(tickets, by_number);
    for (guint i = 0; i < tickets->len; i++)
        if (!closing_review(tx, g_array_index(tickets, int64_t, i), now_us, NULL, error))
            return false;
    return true;
}

static bool tidy(DbTx *tx, void *data, GError **error)
{
    Housework *work = data;
    int64_t now_us = clock_wall_us(work->delivery->setup.clock);
    g_autoptr(GPtrArray) expired =
        outbox_expire(tx, now_us - RETRY_GIVE_UP_US, "gave_up", CHUNK, now_us, error);
    if (expired == NULL || !review_closings(tx, expired, now_us, error))
        return false;
    const Tally tally = {.n = {[TALLY_FAILED] = expired->len}};
    if (!tally_store(tx, &tally, now_us, "", error) || !tally_forget(tx, now_us, error))
        return false;
    g_autoptr(GPtrArray) bounced = outbox_apply_early(tx, CHUNK, now_us, error);
    return bounced != NULL && review_closings(tx, bounced, now_us, error) &&
           idempotency_forget(tx, now_us - US_PER_DAY, CHUNK, error) &&
           inbox_forget_keys(tx, now_us, CHUNK, error) &&
           sign_in_forget(tx, now_us, CHUNK, error) &&
           held_tell_admins(tx, now_us, &work->told, error) && canary_tidy(tx, now_us, error);
}

bool delivery_take_back(Delivery *delivery, bool everything, int64_t delay_us, GError **error)
{
    Housework work = {.delivery = delivery, .everything = everything};
    monitor_lock(&delivery->monitor);
    bool ask = delivery->ask;
    monitor_unlock(&delivery->monitor);
    work.due_at = ask ? OUTBOX_NEVER : clock_wall_us(delivery->setup.clock) + delay_us;
    int64_t total = 0;
    do {
        if (!db_write(delivery->setup.db, take_back, &work, error))
            return false;
        total += work.moved;
    } while (work.moved == CHUNK);
    if (total > 0)
        log_warning("%" G_GINT64_FORMAT
                    " alerts were being sent when their sender stopped: they are marked uncertain"
                    " and %s",
                    total,
                    ask ? "wait for a person (tidings alerts list --state uncertain)"
                        : "sent again with the same Message-ID");
    return true;
}

bool delivery_keep_house(Delivery *delivery, GError **error)
{
    Housework work = {.delivery = delivery};
    /* On SQLite nobody else sends: what is being sent is in this process's own hands, even when its
     * clock has jumped past its lease. */
    if (db_engine(delivery->setup.db) != DB_SQLITE &&
        !delivery_take_back(delivery, false, RECOVERED_DELAY_US, error))
        return false;
    if (!db_write(delivery->setup.db, tidy, &work, error))
        return false;
    if (work.told > 0)
        log_warning("Mails have been held for 15 minutes or more and wait for a person (tidings"
                    " alerts list --state held): %d admins are told by mail",
                    work.told);
    return true;
}
