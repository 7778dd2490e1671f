/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/term.h"

#include "base/log.h"
#include "outbox/lease.h"

#include <unistd.h>

#define TOKEN_CHARACTERS 26

/* Renewed three times in its life, and not used in its last quarter: between a look at the clock
 * and the dot on the wire this process may be stopped for a while. */
#define RENEWALS 3
#define MARGIN   4

Term *term_ref(Term *term)
{
    g_atomic_int_inc(&term->users);
    return term;
}

void term_unref(Term *term)
{
    if (term == NULL || !g_atomic_int_dec_and_test(&term->users))
        return;
    g_free(term->token);
    g_free(term);
}

void term_keeper_init(TermKeeper *keeper, Db *db, const Clock *clock, Random *random,
                      int64_t lease_us)
{
    *keeper = (TermKeeper){
        .db = db,
        .clock = clock,
        .random = random,
        .lease_us = lease_us > 0 ? MAX(lease_us, LEASE_MIN_US) : LEASE_DEFAULT_US,
    };
    monitor_init(&keeper->lock);
}

void term_keeper_clear(TermKeeper *keeper)
{
    g_clear_pointer(&keeper->term, term_unref);
    monitor_clear(&keeper->lock);
}

typedef struct {
    const TermKeeper *keeper;
    const char *token;
    int64_t until_us;
    bool held;
} Renewal;

static bool renew(DbTx *tx, void *data, GError **error)
{
    Renewal *renewal = data;
    int64_t now_us = clock_wall_us(renewal->keeper->clock);
    renewal->until_us = now_us + renewal->keeper->lease_us;
    return lease_renew(tx, renewal->token, now_us, renewal->until_us, &renewal->held, error);
}

static bool take(DbTx *tx, void *data, GError **error)
{
    Renewal *renewal = data;
    int64_t now_us = clock_wall_us(renewal->keeper->clock);
    g_autofree char *name = g_strdup_printf("%s, process %d", g_get_host_name(), (int)getpid());
    renewal->until_us = now_us + renewal->keeper->lease_us;
    return lease_take(tx, renewal->token, name, now_us, renewal->until_us, error);
}

static void note_end(TermKeeper *keeper, int64_t began_at, int64_t until_us)
{
    keeper->until_us = until_us;
    int64_t usable_us = keeper->lease_us - keeper->lease_us / MARGIN;
    __atomic_store_n(&keeper->term->ends_at, began_at + usable_us, __ATOMIC_RELEASE);
    keeper->renew_at = began_at + keeper->lease_us / RENEWALS;
}

/* Counted from before the write, so that a slow commit shortens the term and never lengthens it. */
static bool begin_term(TermKeeper *keeper, GError **error)
{
    int64_t began_at = clock_boot_us(keeper->clock);
    g_autofree char *token = random_base32(keeper->random, TOKEN_CHARACTERS);
    Renewal renewal = {.keeper = keeper, .token = token};
    if (!db_write(keeper->db, take, &renewal, error))
        return false;
    g_clear_pointer(&keeper->term, term_unref);
    keeper->term = g_new0(Term, 1);
    keeper->term->users = 1;
    keeper->term->token = g_steal_pointer(&token);
    note_end(keeper, began_at, renewal.until_us);
    return true;
}

static bool renew_term(TermKeeper *keeper, GError **error)
{
    int64_t began_at = clock_boot_us(keeper->clock);
    Renewal renewal = {.keeper = keeper, .token = keeper->term->token};
    if (!db_write(keeper->db, renew, &renewal, error))
        return false;
    if (renewal.held) {
        note_end(keeper, began_at, renewal.until_us);
        return true;
    }
    __atomic_store_n(&keeper->term->ends_at, 0, __ATOMIC_RELEASE);
    log_info("This process was stopped, or cut off from its database, for longer than its lease; it"
             " takes a new one");
    return begin_term(keeper, error);
}

static bool is_due(const TermKeeper *keeper)
{
    return clock_boot_us(keeper->clock) >= keeper->renew_at ||
           clock_wall_us(keeper->clock) >= keeper->until_us;
}

Term *term_keep(TermKeeper *keeper, GError **error)
{
    Term *term = NULL;
    monitor_lock(&keeper->lock);
    bool well = keeper->term == NULL                               ? begin_term(keeper, error)
                : clock_boot_us(keeper->clock) >= keeper->renew_at ? renew_term(keeper, error)
                                                                   : true;
    if (well)
        term = term_ref(keeper->term);
    monitor_unlock(&keeper->lock);
    return term;
}

int64_t term_keeper_wait_us(const TermKeeper *keeper)
{
    return keeper->lease_us / RENEWALS / 2;
}

static bool end(DbTx *tx, void *data, GError **error)
{
    return lease_end(tx, data, error);
}

bool term_end(TermKeeper *keeper, GError **error)
{
    return keeper->term == NULL || db_write(keeper->db, end, keeper->term->token, error);
}
