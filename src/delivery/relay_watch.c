/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch of outcomes says of the relays: which are in trouble, which are back, and which one
 * the breaker stops. */
#include "base/log.h"
#include "delivery/batch.h"
#include "mail/address.h"
#include "records/suppression.h"

/* Puts the job into `list` in the place of another of its line. */
static void put_for_line(GPtrArray *list, const Job *job)
{
    for (guint i = 0; i < list->len; i++)
        if (((const Job *)list->pdata[i])->line == job->line) {
            list->pdata[i] = (gpointer)job;
            return;
        }
    g_ptr_array_add(list, (gpointer)job);
}

static bool has_line(const GPtrArray *list, const Line *line)
{
    for (guint i = 0; i < list->len; i++)
        if (((const Job *)list->pdata[i])->line == line)
            return true;
    return false;
}

/* The caller holds the monitor. */
static void feed_breaker(Batch *batch, Job *job)
{
    Line *line = job->line;
    if (!job->tried || !job->composed || job->message == NULL)
        return;
    if (breaker_see(&line->breaker, &job->outcome, job->message->recipient, batch->now_us)) {
        line->stopped_at = batch->now_us;
        g_ptr_array_add(batch->stops, job);
    }
    line->blocked = line->blocked || line->stopped_at != 0;
    job->in_doubt = line->stopped_at != 0;
}

static void sort_outcomes(Batch *batch)
{
    for (guint i = 0; i < batch->jobs->len; i++) {
        Job *job = batch->jobs->pdata[i];
        feed_breaker(batch, job);
        if (job_is_relay_trouble(job))
            put_for_line(batch->troubles, job);
    }
    for (guint i = 0; i < batch->jobs->len; i++) {
        const Job *job = batch->jobs->pdata[i];
        if (job->tried && job->composed && !job->pushed_back &&
            !has_line(batch->troubles, job->line))
            put_for_line(batch->answers, job);
    }
}

static void say_trouble(const Job *job)
{
    log_set(LOG_RELAY, job->route->name);
    log_warning("The relay %s cannot be used: %s. Nothing is lost: alerts wait, or leave through"
                " another relay, and it is tried again every few minutes",
                job->route->name, job->outcome.reply != NULL ? job->outcome.reply : "no answer");
    log_clear();
}

static void say_stop(const Job *job)
{
    log_set(LOG_RELAY, job->route->name);
    log_error("The relay %s was stopped: it refused %d recipients in a row for the same reason"
              " (%d %s). The alerts behind them wait, and none of these addresses went on the"
              " suppression list. When the reason is mended: `tidings alerts resume`, then"
              " `tidings alerts retry --state rejected`",
              job->route->name, BREAKER_RECIPIENTS, job->outcome.reply_code,
              job->outcome.enhanced_status);
    log_clear();
}

void relay_watch_look(Batch *batch)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    g_autoptr(GPtrArray) back = g_ptr_array_new();
    monitor_lock(&batch->delivery->monitor);
    batch->ask = batch->delivery->ask;
    sort_outcomes(batch);
    for (guint i = 0; i < batch->troubles->len; i++) {
        Job *job = batch->troubles->pdata[i];
        if (job->line->failures == 0)
            g_ptr_array_add(gone, job);
        line_failed(job->line, batch->now_us);
    }
    for (guint i = 0; i < batch->answers->len; i++) {
        Job *job = batch->answers->pdata[i];
        if (job->line->failures > 0)
            g_ptr_array_add(back, job);
        line_answered(job->line);
    }
    monitor_unlock(&batch->delivery->monitor);
    g_ptr_array_foreach(gone, (GFunc)(void (*)(void))say_trouble, NULL);
    for (guint i = 0; i < back->len; i++)
        log_info("The relay %s can be used again", ((const Job *)back->pdata[i])->route->name);
    for (guint i = 0; i < batch->stops->len; i++)
        say_stop(batch->stops->pdata[i]);
}

/* The run's first refusals were taken for what they said. */
static bool clear_suppressions(DbTx *tx, const Breaker *breaker, GError **error)
{
    for (guint i = 0; i < breaker->refused->len; i++) {
        g_autofree char *key = NULL;
        if (address_parse(breaker->refused->pdata[i], NULL, NULL, &key, NULL) &&
            !suppression_forget_refusal(tx, key, breaker->began_at, error))
            return false;
    }
    return true;
}

static bool store_stop(DbTx *tx, const Job *job, int64_t now_us, GError **error)
{
    g_autofree char *reason =
        g_strdup_printf("%d recipients in a row were refused for the same reason: %s",
                        BREAKER_RECIPIENTS, job->outcome.reply);
    return relay_store_trouble(tx, job->route->fingerprint, RELAY_STOPPED, reason, 0, now_us,
                               error) &&
           clear_suppressions(tx, &job->line->breaker, error);
}

bool relay_watch_store(DbTx *tx, const Batch *batch, GError **error)
{
    for (guint i = 0; i < batch->stops->len; i++)
        if (!store_stop(tx, batch->stops->pdata[i], batch->now_us, error))
            return false;
    for (guint i = 0; i < batch->troubles->len; i++) {
        const Job *job = batch->troubles->pdata[i];
        if (!relay_store_trouble(tx, job->route->fingerprint,
                                 job->outcome.relay_misconfigured ? "misconfigured" : "down",
                                 job->outcome.reply, job->line->retry_at, batch->now_us, error))
            return false;
    }
    for (guint i = 0; i < batch->answers->len; i++) {
        const Job *job = batch->answers->pdata[i];
        if (!relay_store_up(tx, job->route->fingerprint, batch->now_us, error))
            return false;
    }
    return true;
}
