/* SPDX-License-Identifier: Apache-2.0 */
#include "privacy/tally.h"

#include "base/clock.h"
#include "base/json.h"

#include <string.h>

/* No word of the ledger has it. */
#define BETWEEN "\t"

struct RemovedCounts {
    GHashTable *decisions; /* "day\tledger\tkind\tdecision\treason\tstate" -> n */
    GHashTable *messages;  /* "kind\tstate" -> n */
    GHashTable *tickets;   /* number (int64_t *) -> json_t *: {"send accepted": 3} */
};

static void unref_json(gpointer value)
{
    json_decref(value);
}

RemovedCounts *removed_counts_new(void)
{
    RemovedCounts *counts = g_new0(RemovedCounts, 1);
    counts->decisions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    counts->messages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    counts->tickets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, unref_json);
    return counts;
}

void removed_counts_free(RemovedCounts *counts)
{
    if (counts == NULL)
        return;
    g_hash_table_unref(counts->decisions);
    g_hash_table_unref(counts->messages);
    g_hash_table_unref(counts->tickets);
    g_free(counts);
}

static void add_one(GHashTable *table, char *key)
{
    gpointer n = g_hash_table_lookup(table, key);
    g_hash_table_replace(table, key, GINT_TO_POINTER(GPOINTER_TO_INT(n) + 1));
}

static void add_to(json_t *counts, const char *name, int64_t n)
{
    json_set_int(counts, name, json_get_int(counts, name) + n);
}

void removed_counts_decision(RemovedCounts *counts, const CountedDecision *decision)
{
    int64_t day = decision->at - decision->at % US_PER_DAY;
    add_one(counts->decisions,
            g_strdup_printf("%" G_GINT64_FORMAT BETWEEN "%s" BETWEEN "%s" BETWEEN "%s" BETWEEN
                            "%s" BETWEEN "%s",
                            day, decision->ledger, decision->kind, decision->decision,
                            decision->reason, decision->state));
    if (decision->ticket == 0)
        return;
    json_t *of_ticket = g_hash_table_lookup(counts->tickets, &decision->ticket);
    if (of_ticket == NULL) {
        of_ticket = json_object();
        g_hash_table_insert(counts->tickets, g_memdup2(&decision->ticket, sizeof decision->ticket),
                            of_ticket);
    }
    g_autofree char *name = g_strdup_printf(
        "%s %s", decision->decision, *decision->state != '\0' ? decision->state : decision->reason);
    add_to(of_ticket, name, 1);
}

void removed_counts_message(RemovedCounts *counts, const char *kind, const char *state)
{
    add_one(counts->messages, g_strconcat(kind, BETWEEN, state, NULL));
}

/* ---- storing ---- */

static bool store_decisions(DbTx *tx, const RemovedCounts *counts, GError **error)
{
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, counts->decisions);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        g_auto(GStrv) parts = g_strsplit(key, BETWEEN, 6);
        if (!db_exec(tx, NULL, error,
                     "INSERT INTO decision_tally (day, ledger, kind, decision, reason, state, n)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7)"
                     " ON CONFLICT (day, ledger, kind, decision, reason, state)"
                     " DO UPDATE SET n = decision_tally.n + excluded.n",
                     "isssssi", g_ascii_strtoll(parts[0], NULL, 10), parts[1], parts[2], parts[3],
                     parts[4], parts[5], (int64_t)GPOINTER_TO_INT(value)))
            return false;
    }
    return true;
}

static bool store_messages(DbTx *tx, const RemovedCounts *counts, GError **error)
{
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, counts->messages);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        g_auto(GStrv) parts = g_strsplit(key, BETWEEN, 2);
        if (!db_exec(tx, NULL, error,
                     "INSERT INTO outbox_removed (kind, state, n) VALUES ($1, $2, $3)"
                     " ON CONFLICT (kind, state) DO UPDATE SET n = outbox_removed.n + excluded.n",
                     "ssi", parts[0], parts[1], (int64_t)GPOINTER_TO_INT(value)))
            return false;
    }
    return true;
}

/* *counts is an object of its own where there is none; *at and *days stay as they are then. */
static bool load_ticket(DbTx *tx, int64_t ticket, json_t **counts, int64_t *at, int64_t *days,
                        GError **error)
{
    DbRows *rows = db_query(
        tx, error, "SELECT counts, at, days FROM ticket_removed WHERE ticket = $1", "i", ticket);
    if (rows == NULL)
        return false;
    json_t *found = NULL;
    if (db_rows_next(rows)) {
        found = json_loads(db_rows_text(rows, 0), 0, NULL);
        *at = db_rows_int(rows, 1);
        *days = db_rows_int(rows, 2);
    }
    if (!db_rows_end(rows, error)) {
        json_decref(found);
        return false;
    }
    *counts = found != NULL ? found : json_object();
    return true;
}

static bool store_ticket(DbTx *tx, int64_t ticket, json_t *more, int64_t now_us, int64_t days,
                         GError **error)
{
    json_auto_t *counts = NULL;
    int64_t at, former;
    if (!load_ticket(tx, ticket, &counts, &at, &former, error))
        return false;
    const char *name;
    json_t *n;
    json_object_foreach(more, name, n) add_to(counts, name, json_integer_value(n));
    g_autofree char *text = json_text(counts);
    return db_exec(tx, NULL, error,
                   "INSERT INTO ticket_removed (ticket, at, days, counts) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (ticket) DO UPDATE SET at = $2, days = $3, counts = $4",
                   "iiis", ticket, now_us, days, text);
}

bool removed_counts_store(DbTx *tx, const RemovedCounts *counts, int64_t now_us, int64_t days,
                          GError **error)
{
    if (!store_decisions(tx, counts, error) || !store_messages(tx, counts, error))
        return false;
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, counts->tickets);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if (!store_ticket(tx, *(const int64_t *)key, value, now_us, days, error))
            return false;
    return true;
}

/* ---- in words ---- */

/* "send accepted" is "told"; what else became of a mail is said by its state. */
static char *words_of(const char *name, int64_t n)
{
    g_auto(GStrv) parts = g_strsplit(name, " ", 2);
    if (parts[0] == NULL || parts[1] == NULL)
        return NULL;
    g_strdelimit(parts[1], "_", ' ');
    if (strcmp(parts[0], "suppress") == 0)
        return g_strdup_printf("%" G_GINT64_FORMAT " suppressed (%s)", n, parts[1]);
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", n,
                           strcmp(parts[1], "accepted") == 0 ? "told" : parts[1]);
}

static char *sentence(const json_t *counts, int64_t at, int64_t days)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at / US_PER_SECOND);
    g_autofree char *day =
        time != NULL ? g_date_time_format(time, "%-d %B %Y") : g_strdup("an unknown day");
    GString *text = g_string_new(NULL);
    g_string_append_printf(
        text, "Decisions older than %" G_GINT64_FORMAT " days were removed on %s; they were:", days,
        day);
    const char *name;
    json_t *n;
    bool first = true;
    json_object_foreach((json_t *)counts, name, n)
    {
        g_autofree char *words = words_of(name, json_integer_value(n));
        if (words != NULL)
            g_string_append_printf(text, "%s %s", first ? "" : ",", words);
        first = false;
    }
    g_string_append_c(text, '.');
    return g_string_free(text, FALSE);
}

bool removed_words(DbTx *tx, int64_t ticket, char **words, GError **error)
{
    json_auto_t *counts = NULL;
    int64_t at = 0, days = 0;
    if (!load_ticket(tx, ticket, &counts, &at, &days, error))
        return false;
    *words = at != 0 ? sentence(counts, at, days) : NULL;
    return true;
}

/* ---- totals ---- */

#define KEPT                                                                                       \
    "SELECT '" LEDGER_ALERT "' AS ledger, a.kind AS kind, a.decision AS decision,"                 \
    " a.reason AS reason, COALESCE(o.state, '') AS state, COUNT(*) AS kept, 0 AS removed"          \
    " FROM alert a LEFT JOIN outbox o ON o.kind = 'alert' AND o.ref = a.id"                        \
    " GROUP BY a.kind, a.decision, a.reason, COALESCE(o.state, '')"                                \
    " UNION ALL SELECT '" LEDGER_COPY "', m.kind, c.decision, c.reason, COALESCE(o.state, ''),"    \
    " COUNT(*), 0 FROM message_copy c JOIN ticket_message m ON m.id = c.message"                   \
    " LEFT JOIN outbox o ON o.kind = CASE WHEN m.kind = 'auto_response' THEN 'auto_response'"      \
    " ELSE 'message' END AND o.ref = c.id"                                                         \
    " GROUP BY m.kind, c.decision, c.reason, COALESCE(o.state, '')"                                \
    " UNION ALL SELECT '" LEDGER_AUTO_RESPONSE "', '', decision, reason, '', COUNT(*), 0"          \
    " FROM auto_response GROUP BY decision, reason"

json_t *decision_totals(DbTx *tx, GError **error)
{
    DbRows *rows = db_query(
        tx, error,
        "SELECT ledger, kind, decision, reason, state, CAST(SUM(kept) AS BIGINT),"
        " CAST(SUM(removed) AS BIGINT) FROM (" KEPT " UNION ALL SELECT ledger, kind, decision,"
        " reason, state, 0, n FROM decision_tally) AS both_of_them"
        " GROUP BY ledger, kind, decision, reason, state"
        " ORDER BY ledger, kind, decision, reason, state",
        "");
    if (rows == NULL)
        return NULL;
    json_t *list = json_array();
    while (db_rows_next(rows)) {
        static const char *const names[] = {"ledger", "kind", "decision", "reason", "state"};
        json_t *one = json_object();
        for (int i = 0; i < 5; i++)
            json_set_text(one, names[i], db_rows_text(rows, i));
        json_set_int(one, "kept", db_rows_int(rows, 5));
        json_set_int(one, "removed", db_rows_int(rows, 6));
        json_array_append_new(list, one);
    }
    if (db_rows_end(rows, error))
        return list;
    json_decref(list);
    return NULL;
}
