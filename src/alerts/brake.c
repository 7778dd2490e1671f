/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brake keeps no counter: a row that every event of an actor updates would make all of them
 * wait for each other. It counts what the ledger says, newest events first, and stops as soon as
 * the answer is certain.
 *
 * One query over the actor's newest events answers nearly always: the limit is passed, or all
 * addresses were told already, or there are no older events in the window. Only an actor with more
 * events than that is counted again, over many more; what lies beyond even those is not looked at.
 * Then the brake goes on holding if it held anything of what was seen, and else lets go: who has
 * told fewer customers than the limit in thousands of events is not telling unusually many.
 *
 * Transactions that run at the same moment (PostgreSQL) do not see each other: one actor's parallel
 * events can pass the limit by what they tell together.
 */
#include "alerts/brake.h"

#include "base/clock.h"

#define FIRST_LOOK 200 /* events */
#define LAST_LOOK  5000

/* Times are exclusive: what was told exactly a window ago does not count. The one row whose address
 * is NULL says how many events were looked at; the address "" stands for all that the brake held.
 * An actor without an id needs a text of its own, because both engines use the index for "=" and
 * for IS NULL, and PostgreSQL does not for anything that means both. */
#define TOLD(IS_ACTOR)                                                                             \
    "WITH recent AS (SELECT id FROM event WHERE actor_kind = $1 AND actor_id " IS_ACTOR            \
    " AND at > $3 ORDER BY at DESC LIMIT $4),"                                                     \
    " told AS (SELECT DISTINCT CASE WHEN a.decision = 'send' THEN a.recipient_key ELSE '' END"     \
    " AS address FROM recent r JOIN alert a ON a.event = r.id"                                     \
    " WHERE a.decision = 'send' OR a.reason = 'brake' LIMIT $5)"                                   \
    " SELECT NULL, COUNT(*) FROM recent UNION ALL SELECT address, 0 FROM told"

typedef struct {
    int64_t events; /* looked at */
    guint told;     /* distinct addresses, at most the limit and one */
    guint known;    /* of them, those that are about to be told again */
    bool held;      /* the brake has held something */
} Seen;

static DbRows *query(DbTx *tx, const Event *event, int64_t since, int64_t events, int64_t rows,
                     GError **error)
{
    const char *kind = actor_kind_name(event->actor.kind);
    return event->actor.id != 0 ? db_query(tx, error, TOLD("= $2"), "siiii", kind, event->actor.id,
                                           since, events, rows)
                                : db_query(tx, error, TOLD("IS NULL AND $2 = 0"), "siiii", kind,
                                           (int64_t)0, since, events, rows);
}

static bool look(DbTx *tx, const Event *event, GHashTable *addresses, const BrakeSettings *settings,
                 int64_t events, Seen *seen, GError **error)
{
    *seen = (Seen){0};
    int64_t since = event->at - settings->minutes * US_PER_MINUTE;
    /* One more than the limit, and one for what was held. */
    DbRows *rows = query(tx, event, since, events, (int64_t)settings->customers + 2, error);
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
    static const int64_t looks[] = {FIRST_LOOK, LAST_LOOK};
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
