/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/desk.h"

#include "desk/counts.h"

/* Not an error of ours: what it stands for never leaves this file. */
static GQuark undone_quark(void)
{
    return g_quark_from_static_string("tidings-undone");
}

struct Desk {
    Db *db;
    const Clock *clock;
    Random *random;
    DeskCommitted committed;
    void *committed_data;
    Metrics *metrics;
    DeskCounts counts;
};

typedef struct {
    Desk *desk;
    const Actor *actor;
    DeskFn fn;
    void *data;
    bool trial;
    AlertsMade made;
} Write;

Desk *desk_new(Db *db, const Clock *clock, Random *random)
{
    Desk *desk = g_new0(Desk, 1);
    desk->db = db;
    desk->clock = clock;
    desk->random = random;
    return desk;
}

void desk_free(Desk *desk)
{
    g_free(desk);
}

Db *desk_db(const Desk *desk)
{
    return desk->db;
}

int64_t desk_now_us(const Desk *desk)
{
    return clock_wall_us(desk->clock);
}

void desk_set_committed(Desk *desk, DeskCommitted committed, void *data)
{
    desk->committed = committed;
    desk->committed_data = data;
}

void desk_set_metrics(Desk *desk, Metrics *metrics)
{
    desk->metrics = metrics;
    desk_counts_init(&desk->counts, metrics);
}

Metrics *desk_metrics(const Desk *desk)
{
    return desk->metrics;
}

const Settings *desk_settings(DeskTx *tx, GError **error)
{
    if (tx->settings == NULL)
        tx->settings = settings_load(tx->db, error);
    return tx->settings;
}

static bool run(DbTx *db, void *data, GError **error)
{
    Write *write = data;
    DeskTx tx = {
        .db = db,
        .actor = write->actor,
        .now_us = clock_wall_us(write->desk->clock),
        .random = write->desk->random,
        .trial = write->trial,
    };
    bool ok = write->fn(&tx, write->data, error);
    settings_free(tx.settings);
    write->made = tx.made;
    return ok;
}

bool desk_write(Desk *desk, const Actor *actor, DeskFn fn, void *data, GError **error)
{
    Write write = {.desk = desk, .actor = actor, .fn = fn, .data = data};
    if (!db_write(desk->db, run, &write, error))
        return false;
    desk_counts_add(&desk->counts, &write.made);
    if (write.made.queued && desk->committed != NULL)
        desk->committed(desk->committed_data);
    return true;
}

/* Succeeds by failing: that is what makes the database undo it. */
static bool run_and_undo(DbTx *db, void *data, GError **error)
{
    if (run(db, data, error))
        g_set_error_literal(error, undone_quark(), 0, "Undone, as was asked for");
    return false;
}

bool desk_try(Desk *desk, const Actor *actor, DeskFn fn, void *data, GError **error)
{
    Write write = {.desk = desk, .actor = actor, .fn = fn, .data = data, .trial = true};
    g_autoptr(GError) failure = NULL;
    db_write(desk->db, run_and_undo, &write, &failure);
    if (g_error_matches(failure, undone_quark(), 0))
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}
