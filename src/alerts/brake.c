/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brake keeps no counter: a row that every event of an actor updates would make all of them
 * wait for each other. It counts what the ledger says, newest events first, and stops as soon as
 * the answer is certain.
 *
 * One query over the actor's few newest events answers nearly always: there are no older ones in
 * the window, or all addresses were told already, or the limit is passed. Only for an actor with
 * more events than that does it look farther back; what lies beyond LAST_LOOK is not looked at.
 * Then the brake goes on holding if it held anything of what was seen, and else lets go: who has
 * told fewer customers than the limit in thousands of events is not telling unusually many.
 *
 * Where more than the limit were told all the same (the limit was lowered, or the brake switched on
 * just now), an address that was told long before may be held: that is the safe side.
 *
 * Transactions that run at the same moment (PostgreSQL) do not see each other: one actor's parallel
 * events can pass the limit by what they tell together.
 */
#include "alerts/brake.h"

#include "base/clock.h"

/* Events. */
#define FIRST_LOOK  16
#define SECOND_LOOK 400
#define LAST_LOOK   5000 /* or twice the limit, where that is more */

/* Times are exclusive: what was told exactly a window ago does not count. The one row whose address
 * is NULL says how many events were looked at; the address "" stands for all that the brake held.
 * An actor without an id needs a text of its own, because both engines use the index for "=" and
 * for IS NULL, and PostgreSQL does not for anything that means both. */
#define TOLD(IS_ACTOR)                                                                             \
    "WITH recent AS (SELECT id FROM event WHERE actor_kind = $1 AND actor_id " IS_ACTOR            \
    " AND at > $3 ORDER BY at DESC LIMIT $4),"                                                     \
    " told AS (SELECT DISTINCT CASE WHEN a.decision = 'send' THEN a.recipient_key ELSE '' END"     \
    " AS address FROM recent r JOIN alert a ON a.event = r.id"                                     \
    " WHERE a.decision = 'send' OR a.reason = 'brake')"                                            \
    " SELECT NULL, COUNT(*) FROM recent UNION ALL SELECT address, 0 FROM told"

typedef struct {
    int64_t events; /* looked at */
    guint told;     /* distinct addresses */
    guint known;    /* of them, those that are about to be told again */
    bool held;      /* the brake has held something */
} Seen;

static DbRows *query(DbTx *tx, const Event *event, int64_t since, int64_t events, GError **error)
{
    const char *kind = actor_kind_name(event->actor.kind);
    return event->actor.id != 0
               ? db_query(tx, error, TOLD("= $2"), "siii", kind, event->actor.id, since, events)
               : db_query(tx, error, TOLD("IS NULL AND $2 = 0"), "siii", kind, (int64_t)0, since,
                          events);
}

static bool look(DbTx *tx, const Event *event, GHashTable *addresses, const BrakeSettings *settings,
                 int64_t events, Seen *seen, GError **error)
{
    *seen = (Seen){0};
    int64_t since = event->at - settings->minutes * US_PER_MINUTE;
    DbRows *rows = query(tx, event, since, events, error);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        const char *address = db_rows_text(rows, 0);
        if (address == NULL) {
            seen->events = db_rows_int(rows, 1);
        } else if (*address == '\0') {
            seen->held = true;
        } else {
            seen->told++;
            seen->known += g_hash_table_contains(addresses, address);
        }
    }
    return db_rows_end(rows, error);
}

bool brake_holds(DbTx *tx, const Event *event, GHashTable *addresses, const BrakeSettings *settings,
                 bool *held, GError **error)
{
    const int64_t looks[] = {FIRST_LOOK, SECOND_LOOK,
                             MAX(LAST_LOOK, 2 * (int64_t)settings->customers)};
    guint limit = (guint)settings->customers;
    guint size = g_hash_table_size(addresses);
    Seen seen = {0};
    if (!settings->enabled || size == 0) {
        *held = false;
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(looks); i++) {
        if (!look(tx, event, addresses, settings, looks[i], &seen, error))
            return false;
        bool all_known = seen.known == size;
        bool too_many = seen.told + size - seen.known > limit;
        if (all_known || too_many || seen.events < looks[i]) {
            *held = too_many && !all_known;
            return true;
        }
    }
    *held = seen.held;
    return true;
}
