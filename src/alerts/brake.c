/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brake keeps no counter: a row that every event of an actor updates would make all of them
 * wait for each other. It reads what the ledger says the actor has sent, newest first, from an
 * index that has nothing else in it, and stops as soon as the answer is certain.
 *
 * The only address of an event is asked for by itself, as most events tell one that was told
 * lately. Else a first look at a few nearly always is enough: there are no more in the window, or
 * all addresses were told already, or the limit is passed. If not, it counts whether so many were
 * sent at all that the limit could be passed; only then does it look whom they told, and never at
 * more than LAST_LOOK: who has told fewer customers than the limit in thousands of mails is not
 * telling unusually many. Then the brake goes on holding if it held anything in the window, and
 * else lets go. What was held is never read past: a stream that is held costs the same however long
 * it lasts.
 *
 * Where more than the limit were told all the same (the limit was lowered, or the brake switched on
 * just now), an address that was told long before may be held: that is the safe side.
 *
 * Transactions that run at the same moment (PostgreSQL) do not see each other: one actor's parallel
 * events can pass the limit by what they tell together.
 */
#include "alerts/brake.h"

#include "base/clock.h"

/* Alerts that were sent. */
#define FIRST_LOOK  8
#define SECOND_LOOK 400
#define LAST_LOOK   5000 /* or twice the limit, where that is more */

/* Times are exclusive: what was told exactly a window ago does not count. */
#define IN_WINDOW(which)                                                                           \
    " FROM alert WHERE " which " AND actor_kind = $1 AND actor_id = $2 AND decided_at > $3"

int64_t brake_look(int look, const BrakeSettings *settings)
{
    const int64_t looks[BRAKE_N_LOOKS] = {FIRST_LOOK, SECOND_LOOK,
                                          MAX(LAST_LOOK, 2 * (int64_t)settings->customers)};
    return looks[look];
}

bool brake_is_certain(const BrakeSettings *settings, guint size, const BrakeSeen *seen,
                      int64_t looked, bool *held)
{
    bool all_known = seen->known == size;
    bool too_many = (int64_t)seen->told + size - seen->known > settings->customers;
    if (!all_known && !too_many && seen->sent >= looked)
        return false;
    *held = too_many && !all_known;
    return true;
}

/* ---- asking the ledger ---- */

typedef struct {
    const Actor *actor;
    int64_t since;
    const BrakeSettings *settings;
    GHashTable *addresses; /* about to be told */
} Asked;

static bool look(DbTx *tx, const Asked *asked, int64_t sent, BrakeSeen *seen, GError **error)
{
    *seen = (BrakeSeen){0};
    DbRows *rows =
        db_query(tx, error,
                 "SELECT recipient_key" IN_WINDOW(
                     "decision = 'send'") " ORDER BY decided_at DESC, recipient_key DESC LIMIT $4",
                 "siii", actor_kind_name(asked->actor->kind), asked->actor->id, asked->since, sent);
    if (rows == NULL)
        return false;
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while (seen->known < g_hash_table_size(asked->addresses) && db_rows_next(rows)) {
        const char *address = db_rows_text(rows, 0);
        seen->sent++;
        if (g_hash_table_contains(told, address))
            continue;
        seen->known += g_hash_table_contains(asked->addresses, address);
        g_hash_table_add(told, g_strdup(address));
    }
    seen->told = g_hash_table_size(told);
    return db_rows_end(rows, error);
}

/* Whether more than `n` were sent in the window, whomever they told. */
static bool sent_more_than(DbTx *tx, const Asked *asked, int64_t n, bool *more, GError **error)
{
    int64_t one;
    return db_query_int(
        tx, more, &one, error,
        "SELECT 1" IN_WINDOW("decision = 'send'") " ORDER BY decided_at DESC LIMIT 1 OFFSET $4",
        "siii", actor_kind_name(asked->actor->kind), asked->actor->id, asked->since, n);
}

static bool has_held(DbTx *tx, const Asked *asked, bool *held, GError **error)
{
    int64_t one;
    return db_query_int(tx, held, &one, error, "SELECT 1" IN_WINDOW("reason = 'brake'") " LIMIT 1",
                        "sii", actor_kind_name(asked->actor->kind), asked->actor->id, asked->since);
}

/* When the first look was not enough. */
static bool look_back(DbTx *tx, const Asked *asked, bool *held, GError **error)
{
    guint size = g_hash_table_size(asked->addresses);
    int64_t room = asked->settings->customers - (int64_t)size;
    bool more;
    if (!sent_more_than(tx, asked, MAX(room, 0), &more, error))
        return false;
    if (!more && room >= 0) {
        *held = false;
        return true;
    }
    for (int i = 1; i < BRAKE_N_LOOKS; i++) {
        BrakeSeen seen;
        int64_t looked = brake_look(i, asked->settings);
        if (!look(tx, asked, looked, &seen, error))
            return false;
        if (brake_is_certain(asked->settings, size, &seen, looked, held))
            return true;
    }
    return has_held(tx, asked, held, error);
}

/* One address among the newest of the second look makes that say that nothing is to be held. The
 * database reads no further than to the address, so this is asked before any look; but the first
 * one must not be able to say otherwise. */
static bool was_told_lately(DbTx *tx, const Asked *asked, bool *told, GError **error)
{
    GHashTableIter iter;
    void *address = NULL;
    g_hash_table_iter_init(&iter, asked->addresses);
    g_hash_table_iter_next(&iter, &address, NULL);
    *told = false;
    if (g_hash_table_size(asked->addresses) != 1 || asked->settings->customers <= FIRST_LOOK)
        return true;
    int64_t one;
    return db_query_int(
        tx, told, &one, error,
        "SELECT 1 FROM (SELECT recipient_key = $5 AS same" IN_WINDOW(
            "decision = 'send'") " ORDER BY decided_at DESC, recipient_key DESC LIMIT $4) AS newest"
                                 " WHERE same LIMIT 1",
        "siiis", actor_kind_name(asked->actor->kind), asked->actor->id, asked->since,
        (int64_t)SECOND_LOOK, address);
}

bool brake_holds(DbTx *tx, const Event *event, GHashTable *addresses, const BrakeSettings *settings,
                 bool *held, GError **error)
{
    if (!settings->enabled || g_hash_table_size(addresses) == 0) {
        *held = false;
        return true;
    }
    Asked asked = {.actor = &event->actor,
                   .since = event->at - settings->minutes * US_PER_MINUTE,
                   .settings = settings,
                   .addresses = addresses};
    BrakeSeen seen;
    bool told;
    if (!was_told_lately(tx, &asked, &told, error))
        return false;
    if (told) {
        *held = false;
        return true;
    }
    return look(tx, &asked, FIRST_LOOK, &seen, error) &&
           (brake_is_certain(settings, g_hash_table_size(addresses), &seen, FIRST_LOOK, held) ||
            look_back(tx, &asked, held, error));
}
