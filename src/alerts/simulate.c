/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through the events in the order of their times, beginning one brake's longest window before
 * the first one asked for: what happened there is taken as it was, and only counts for the brake.
 */
#include "alerts/simulate.h"

#include "alerts/brake_replay.h"
#include "alerts/simulate-private.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "mail/address.h"

typedef struct {
    const Simulation *simulation;
    SimulateSink sink;
    void *data;
    GHashTable *options; /* "server version:alerts version" -> OptionsThen * */
    BrakeReplay *brake;
    SimulatedPlace place;
    GArray *rows; /* the chunk */
    GPtrArray *own_keys;
    int64_t events;
} Run;

static void run_clear(Run *run)
{
    g_hash_table_unref(run->options);
    brake_replay_free(run->brake);
    g_ptr_array_unref(run->own_keys);
    g_clear_pointer(&run->rows, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* ---- reading ---- */

static const OptionsThen *find_options(const Run *run, const OptionVersions *versions, char *key,
                                       size_t key_bytes)
{
    g_snprintf(key, key_bytes, "%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, versions->alerts_server,
               versions->alerts_to_customers);
    return g_hash_table_lookup(run->options, key);
}

static const OptionsThen *options_of(const Run *run, const SimulatedRow *row)
{
    char key[48];
    return find_options(run, &row->options, key, sizeof key);
}

static bool need_options(DbTx *tx, Run *run, const SimulatedRow *row, GError **error)
{
    char key[48];
    if (find_options(run, &row->options, key, sizeof key) != NULL)
        return true;
    OptionsThen *then = options_then_load(tx, &row->options, &run->simulation->options, error);
    if (then != NULL)
        g_hash_table_insert(run->options, g_strdup(key), then);
    return then != NULL;
}

/* May run more than once. */
static bool read_chunk(DbTx *tx, void *data, GError **error)
{
    Run *run = data;
    g_clear_pointer(&run->rows, g_array_unref);
    run->rows = simulate_read(tx, &run->place, run->simulation->to_us, error);
    if (run->rows == NULL)
        return false;
    for (guint i = 0; i < run->rows->len; i++)
        if (!need_options(tx, run, &g_array_index(run->rows, SimulatedRow, i), error))
            return false;
    return true;
}

/* ---- deciding ---- */

static AlertEventFacts event_facts(const SimulatedRow *row, const OptionsThen *then)
{
    return (AlertEventFacts){
        .kind = row->kind,
        .by_hand = row->event_kind == EVENT_LATEST_ALERT_SENT,
        .actor = row->actor,
        .channel = row->channel,
        .server_active = then->is_active,
        .alert_enabled = alert_settings(&then->is, row->kind)->enabled,
        .notify = row->notify,
    };
}

/* An address that the changed options make one of the desk's own. */
static bool is_own(const Run *run, const SimulatedRow *row)
{
    return g_ptr_array_find_with_equal_func(run->own_keys, row->recipient_key, g_str_equal, NULL);
}

static AlertVerdict decide(const Run *run, const SimulatedRow *row, bool brake)
{
    AlertEventFacts event = event_facts(row, options_of(run, row));
    if (*row->recipient_key == '\0')
        return alert_decide(&event, NULL);
    AlertRecipientFacts facts = row->facts;
    facts.own_address = facts.own_address || is_own(run, row);
    facts.brake = brake;
    return alert_decide(&event, &facts);
}

/* Whether the table told of it but for the brake. */
static bool was_for_telling(const SimulatedRow *row)
{
    return row->was == REASON_BRAKE || alert_decision_of(row->was) == DECISION_SEND;
}

static bool same_brake(const BrakeSettings *a, const BrakeSettings *b)
{
    return a->enabled == b->enabled && a->customers == b->customers && a->minutes == b->minutes;
}

/* Whether the event is held, as a whole. */
static bool is_held(const Run *run, const BrakeTrack *track, const SimulatedRow *rows, guint n)
{
    const OptionsThen *then = options_of(run, rows);
    g_autoptr(GPtrArray) told = g_ptr_array_new();
    bool real = same_brake(&then->was.brake, &then->is.brake) &&
                brake_track_is_real(track, &then->is.brake);
    bool held = false;
    for (guint i = 0; i < n; i++) {
        bool tells = decide(run, &rows[i], false).decision == DECISION_SEND;
        if (tells)
            g_ptr_array_add(told, rows[i].recipient_key);
        real = real && tells == was_for_telling(&rows[i]);
        held = held || rows[i].was == REASON_BRAKE;
    }
    return real ? held : brake_track_holds(track, told, &then->is.brake);
}

/* To the brake a decision is what it tells; why another tells nothing does not matter. */
static void keep(BrakeTrack *track, const SimulatedRow *row, AlertVerdict was, AlertVerdict is)
{
    if (is.decision == DECISION_SEND)
        brake_track_told(track, row->recipient_key);
    if (is.decision == DECISION_HOLD)
        brake_track_held(track);
    if (is.decision != was.decision)
        brake_track_differs(track);
}

/* `rows` are the n decisions of one event. */
static void replay_event(Run *run, const SimulatedRow *rows, guint n)
{
    BrakeTrack *track = brake_replay_event(run->brake, rows->actor, rows->actor_id, rows->at_us);
    bool asked_for = rows->at_us >= run->simulation->from_us;
    if (rows->alert == 0) /* an event without any decision still has its place */
        n = 0;
    bool held = asked_for && is_held(run, track, rows, n);
    for (guint i = 0; i < n; i++) {
        AlertVerdict was = {alert_decision_of(rows[i].was), rows[i].was};
        AlertVerdict is = asked_for ? decide(run, &rows[i], held) : was;
        keep(track, &rows[i], was, is);
        SimulatedDecision decision = {rows[i].event,
                                      rows[i].alert,
                                      rows[i].ticket,
                                      rows[i].at_us,
                                      rows[i].kind,
                                      rows[i].recipient,
                                      was,
                                      is};
        if (asked_for)
            run->sink(&decision, run->data);
    }
    run->events += asked_for;
}

static void replay_chunk(Run *run)
{
    const SimulatedRow *rows = (const SimulatedRow *)(void *)run->rows->data;
    guint from = 0;
    for (guint i = 1; i <= run->rows->len; i++)
        if (i == run->rows->len || rows[i].event != rows[from].event) {
            replay_event(run, rows + from, i - from);
            from = i;
        }
    const SimulatedRow *last = &rows[run->rows->len - 1];
    run->place = (SimulatedPlace){last->at_us, last->event};
}

/* ---- the whole ---- */

static void add_own_key(GPtrArray *keys, const json_t *options, const char *alert)
{
    const char *address = json_get_text(json_object_get(options, alert), "reply_to");
    char *key = NULL;
    if (*address != '\0' && address_parse(address, NULL, NULL, &key, NULL))
        g_ptr_array_add(keys, key);
}

static bool may_go_on(const Run *run, GError **error)
{
    if (run->events > SIMULATE_EVENTS_MAX) {
        error_set_problem(error, TD_ERROR_LIMIT, "too-many-events", NULL,
                          "There are more than %d events in that time; simulate a shorter one",
                          SIMULATE_EVENTS_MAX);
        return false;
    }
    if (run->simulation->stop != NULL && g_atomic_int_get(run->simulation->stop) != 0) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The server is stopping, so the simulation was not finished. Nothing is lost; ask"
                  " again when it is back");
        return false;
    }
    return true;
}

bool alerts_simulate(Db *db, const Simulation *simulation, SimulateSink sink, void *data,
                     int64_t *events, GError **error)
{
    g_auto(Run) run = {.simulation = simulation, .sink = sink, .data = data};
    run.options =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)options_then_free);
    run.brake = brake_replay_new();
    run.own_keys = g_ptr_array_new_with_free_func(g_free);
    add_own_key(run.own_keys, simulation->options.alerts_to_customers, "new_ticket");
    add_own_key(run.own_keys, simulation->options.alerts_to_customers, "ticket_closed");
    run.place.at_us = simulation->from_us - BRAKE_WINDOW_MAX_US;
    for (;;) {
        if (!db_read(db, read_chunk, &run, error))
            return false;
        if (run.rows->len == 0)
            break;
        replay_chunk(&run);
        if (!may_go_on(&run, error))
            return false;
    }
    *events = run.events;
    return true;
}
