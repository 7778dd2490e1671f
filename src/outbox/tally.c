/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox/tally.h"

#include <math.h>

#define BINS_A_DECADE 8
#define KEEP_MINUTES  (2 * 24 * TALLY_HOUR_US)
#define KEEP_HOURS    (40 * 24 * TALLY_HOUR_US)

void tally_accepted(Tally *tally, int64_t after_us)
{
    double ms = (double)MAX(after_us, 0) / 1000;
    int bin = (int)(BINS_A_DECADE * log10(ms + 1));
    tally->n[MIN(bin, TALLY_TIMES - 1)]++;
}

int64_t tally_sum(const Tally *tally)
{
    int64_t sum = 0;
    for (int i = 0; i < TALLY_TIMES; i++)
        sum += tally->n[i];
    return sum;
}

double tally_share_ms(const Tally *tally, double share)
{
    double wanted = share * (double)tally_sum(tally);
    double seen = 0;
    int bin = 0;
    for (; bin < TALLY_TIMES - 1; bin++) {
        seen += (double)tally->n[bin];
        if (seen >= wanted && tally->n[bin] > 0)
            break;
    }
    return pow(10, (bin + 0.5) / BINS_A_DECADE) - 1;
}

static bool add(DbTx *tx, int64_t width_us, int64_t now_us, int bin, const char *sender, int64_t n,
                GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO outbox_tally (width, from_at, bin, sender, n)"
                   " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (width, from_at, bin, sender)"
                   " DO UPDATE SET n = outbox_tally.n + excluded.n",
                   "iiisi", width_us, now_us - now_us % width_us, (int64_t)bin, sender, n);
}

bool tally_store(DbTx *tx, const Tally *tally, int64_t now_us, const char *sender, GError **error)
{
    for (int i = 0; i < TALLY_BINS; i++)
        if (tally->n[i] != 0 && (!add(tx, TALLY_MINUTE_US, now_us, i, sender, tally->n[i], error) ||
                                 !add(tx, TALLY_HOUR_US, now_us, i, sender, tally->n[i], error)))
            return false;
    return true;
}

static bool forget(DbTx *tx, int64_t width_us, int64_t before_us, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM outbox_tally WHERE width = $1 AND from_at < $2",
                   "ii", width_us, before_us);
}

bool tally_forget(DbTx *tx, int64_t now_us, GError **error)
{
    return forget(tx, TALLY_MINUTE_US, now_us - KEEP_MINUTES, error) &&
           forget(tx, TALLY_HOUR_US, now_us - KEEP_HOURS, error);
}

bool tally_load(DbTx *tx, int64_t width_us, int64_t from_us, int64_t step_us, size_t n,
                Tally *tallies, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT from_at, bin, n FROM outbox_tally WHERE width = $1"
                            " AND from_at >= $2 AND from_at < $3",
                            "iii", width_us, from_us, from_us + (int64_t)n * step_us);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        int64_t step = (db_rows_int(rows, 0) - from_us) / step_us;
        int64_t bin = db_rows_int(rows, 1);
        if (bin >= 0 && bin < TALLY_BINS)
            tallies[step].n[bin] += db_rows_int(rows, 2);
    }
    return db_rows_end(rows, error);
}
