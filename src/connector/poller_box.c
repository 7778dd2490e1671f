/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox's thread: connect, look, write down how it went, wait.
 *
 * After a failure it waits longer each time, up to five minutes, and a minute at least where the
 * sign-in was refused: providers lock accounts that try too often. A session that was kept from the
 * last round may have been closed by the server meanwhile: that is no failure, it connects anew.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "connector/poller-private.h"

#define WAIT_MAX_S   300
#define DENIED_MIN_S 60
#define HELD_US      (2 * US_PER_MINUTE) /* how long a mailbox is this process's without a word */

typedef struct {
    const Box *box;
    const char *text;
    int64_t retry_at;
    int64_t waiting;
    int64_t now_us;
    bool taken;
} Access;

static bool take(DbTx *tx, void *data, GError **error)
{
    Access *access = data;
    return mailbox_take(tx, access->box->options->name, access->box->holder, access->now_us,
                        access->now_us + HELD_US, &access->taken, error);
}

static bool store_up(DbTx *tx, void *data, GError **error)
{
    const Access *access = data;
    return mailbox_store_up(tx, access->box->options->name, access->text, access->waiting,
                            access->now_us, error);
}

static bool store_down(DbTx *tx, void *data, GError **error)
{
    const Access *access = data;
    return mailbox_store_down(tx, access->box->options->name, access->text, access->retry_at,
                              access->now_us, error);
}

static bool release(DbTx *tx, void *data, GError **error)
{
    const Access *access = data;
    return mailbox_release(tx, access->box->options->name, access->box->holder, error);
}

static Access access_now(const Box *box)
{
    return (Access){.box = box, .now_us = clock_wall_us(box->setup->clock)};
}

/* ---- one look ---- */

static bool connect(Box *box, GError **error)
{
    const PollerMailbox *options = box->options;
    ImapTarget target = {
        .host = options->host,
        .port = options->port,
        .security = options->security,
        .username = options->username,
        .password = options->password,
        .oauth = options->oauth,
        .ca_file = options->ca_file,
        .timeout_ms = box->setup->timeout_ms,
    };
    box->session = imap_open(&target, box->cancel, error);
    return box->session != NULL;
}

static void disconnect(Box *box)
{
    g_clear_pointer(&box->session, imap_close);
}

static void round_clear(Round *round)
{
    g_free(round->note);
    *round = (Round){0};
}

static bool look(Box *box, Round *round, GError **error)
{
    g_autoptr(GError) failure = NULL;
    bool kept = box->session != NULL;
    if (kept && box_round(box, round, &failure))
        return true;
    bool gone = kept && imap_is_broken(box->session) && error_is(failure, TD_ERROR_UNAVAILABLE) &&
                !g_cancellable_is_cancelled(box->cancel);
    if (!kept || gone) {
        disconnect(box);
        round_clear(round);
        g_clear_error(&failure);
        if (connect(box, &failure) && box_round(box, round, &failure))
            return true;
    }
    if (box->session != NULL && imap_is_broken(box->session))
        disconnect(box);
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

/* ---- telling ---- */

static int64_t wait_s(const Box *box, const GError *failure)
{
    int64_t base = MAX(box->options->poll_seconds, 1);
    if (failure == NULL)
        return base;
    if (error_is(failure, TD_ERROR_DENIED))
        base = MAX(base, DENIED_MIN_S);
    int64_t doubled = base << MIN(box->failures - 1, 10);
    return MAX(MIN(doubled, WAIT_MAX_S), base);
}

static void keep_reason(Box *box, const char *reason)
{
    g_free(box->last_reason);
    box->last_reason = g_strdup(reason);
}

/* Says each reason once, and when it is over. */
static void say(Box *box, const char *reason, bool down)
{
    if (g_strcmp0(reason, box->last_reason) == 0)
        return;
    if (reason == NULL)
        log_info("The mailbox %s is read again", box->options->name);
    else if (down)
        log_warning("The mailbox %s cannot be read: %s. Its mails stay there; it is tried again",
                    box->options->name, reason);
    else
        log_warning("The mailbox %s: %s", box->options->name, reason);
    keep_reason(box, reason);
}

static void tell(Box *box, const Round *round, const GError *failure, int64_t wait)
{
    Access access = access_now(box);
    g_autoptr(GError) error = NULL;
    access.text = failure != NULL ? failure->message : round->note;
    access.waiting = round->waiting;
    access.retry_at = access.now_us + wait * US_PER_SECOND;
    db_write(box->setup->db, failure != NULL ? store_down : store_up, &access, &error);
    say(box, access.text, failure != NULL);
}

/* ---- the thread ---- */

static bool is_stopping(Box *box)
{
    monitor_lock(&box->monitor);
    bool stopping = box->stopping;
    monitor_unlock(&box->monitor);
    return stopping;
}

static void wait_for(Box *box, int64_t seconds)
{
    int64_t until_us = g_get_monotonic_time() + seconds * US_PER_SECOND;
    monitor_lock(&box->monitor);
    while (!box->stopping && !box->woken && monitor_wait_until(&box->monitor, until_us))
        ;
    box->woken = false;
    monitor_unlock(&box->monitor);
}

/* One turn; gives how long to wait for the next one. */
static int64_t turn(Box *box)
{
    Access access = access_now(box);
    Round round = {0};
    g_autoptr(GError) failure = NULL;
    if (db_write(box->setup->db, take, &access, &failure) && !access.taken) {
        disconnect(box); /* another process reads it */
        return box->options->poll_seconds;
    }
    bool well = failure == NULL && look(box, &round, &failure);
    box->failures = well ? 0 : box->failures + 1;
    int64_t wait = wait_s(box, failure);
    if (!is_stopping(box))
        tell(box, &round, failure, wait);
    if (well && round.more)
        wait = 0;
    round_clear(&round);
    return wait;
}

gpointer box_run(gpointer data)
{
    Box *box = data;
    log_set(LOG_MAILBOX, box->options->name);
    while (!is_stopping(box))
        wait_for(box, turn(box));
    Access access = access_now(box);
    db_write(box->setup->db, release, &access, NULL);
    disconnect(box);
    return NULL;
}
