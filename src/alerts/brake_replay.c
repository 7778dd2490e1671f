/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each actor has a track: the times of the alerts that were sent, and for each address the last
 * one that it got. How many distinct addresses the newest n alerts told is then how many addresses
 * have their last alert among these n; a Fenwick tree over the alerts answers that in a few steps,
 * so that an actor with 100,000 alerts in one window costs no more than one with a hundred.
 *
 * What no window can reach any more is forgotten as soon as it is most of what is kept, so a track
 * is never larger than twice its busiest day, however long a time is replayed.
 */
#include "alerts/brake_replay.h"

#define FORGET_LEAST 1024 /* alerts; fewer are not worth it */

struct BrakeTrack {
    int64_t now;         /* of the event at hand */
    GArray *times;       /* int64_t, of each alert that was sent */
    GArray *tree;        /* int64_t: how many addresses have their last alert there (from 1) */
    GHashTable *last;    /* address -> its last alert, from 1 */
    int64_t held_at;     /* the last event that the brake held; 0: none */
    int64_t differed_at; /* the last event that is not as it really was; 0: none */
};

struct BrakeReplay {
    GHashTable *tracks; /* "kind:id" -> BrakeTrack * */
};

static void track_free(BrakeTrack *track)
{
    g_array_unref(track->times);
    g_array_unref(track->tree);
    g_hash_table_unref(track->last);
    g_free(track);
}

BrakeReplay *brake_replay_new(void)
{
    BrakeReplay *replay = g_new0(BrakeReplay, 1);
    replay->tracks =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)track_free);
    return replay;
}

void brake_replay_free(BrakeReplay *replay)
{
    if (replay == NULL)
        return;
    g_hash_table_unref(replay->tracks);
    g_free(replay);
}

/* ---- the tree ---- */

static guint lowest_bit(guint i)
{
    return i & (~i + 1);
}

static int64_t *node(const BrakeTrack *track, guint i)
{
    return &g_array_index(track->tree, int64_t, i);
}

/* The place of one alert more, with nothing at it yet. */
static void tree_grow(BrakeTrack *track)
{
    guint i = track->tree->len;
    int64_t sum = 0;
    for (guint j = i - 1; j > i - lowest_bit(i); j -= lowest_bit(j))
        sum += *node(track, j);
    g_array_append_val(track->tree, sum);
}

static void tree_add(BrakeTrack *track, guint i, int64_t n)
{
    for (; i < track->tree->len; i += lowest_bit(i))
        *node(track, i) += n;
}

/* Of the alerts 1 to i. */
static int64_t tree_sum(const BrakeTrack *track, guint i)
{
    int64_t sum = 0;
    for (; i > 0; i -= lowest_bit(i))
        sum += *node(track, i);
    return sum;
}

/* How many alerts were sent at this time or before. */
static guint sent_until(const BrakeTrack *track, int64_t at_us)
{
    guint low = 0;
    guint high = track->times->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(track->times, int64_t, middle) <= at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- events ---- */

static BrakeTrack *track_new(void)
{
    static const int64_t unused = 0;
    BrakeTrack *track = g_new0(BrakeTrack, 1);
    track->times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    track->tree = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(track->tree, unused); /* alerts count from 1 */
    track->last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return track;
}

/* Keeps what each address got last, where that is kept at all. */
static void forget_first(BrakeTrack *track, guint n)
{
    g_array_remove_range(track->times, 0, n);
    g_array_set_size(track->tree, 1);
    for (guint i = 0; i < track->times->len; i++)
        tree_grow(track);
    GHashTableIter iter;
    gpointer place;
    g_hash_table_iter_init(&iter, track->last);
    while (g_hash_table_iter_next(&iter, NULL, &place)) {
        guint last = GPOINTER_TO_UINT(place);
        if (last <= n) {
            g_hash_table_iter_remove(&iter);
            continue;
        }
        g_hash_table_iter_replace(&iter, GUINT_TO_POINTER(last - n));
        tree_add(track, last - n, 1);
    }
}

static void forget(BrakeTrack *track)
{
    guint gone = sent_until(track, track->now - BRAKE_WINDOW_MAX_US);
    if (gone >= FORGET_LEAST && gone > track->times->len / 2)
        forget_first(track, gone);
}

BrakeTrack *brake_replay_event(BrakeReplay *replay, ActorKind kind, int64_t actor, int64_t at_us)
{
    char key[48];
    g_snprintf(key, sizeof key, "%d:%" G_GINT64_FORMAT, (int)kind, actor);
    BrakeTrack *track = g_hash_table_lookup(replay->tracks, key);
    if (track == NULL) {
        track = track_new();
        g_hash_table_insert(replay->tracks, g_strdup(key), track);
    }
    track->now = at_us;
    forget(track);
    return track;
}

void brake_track_told(BrakeTrack *track, const char *key)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(track->last, key));
    g_array_append_val(track->times, track->now);
    guint this = track->times->len;
    tree_grow(track);
    if (before != 0)
        tree_add(track, before, -1);
    tree_add(track, this, 1);
    g_hash_table_insert(track->last, g_strdup(key), GUINT_TO_POINTER(this));
}

void brake_track_held(BrakeTrack *track)
{
    track->held_at = track->now;
}

void brake_track_differs(BrakeTrack *track)
{
    track->differed_at = track->now;
}

static int64_t window_start(const BrakeTrack *track, const BrakeSettings *settings)
{
    return track->now - settings->minutes * US_PER_MINUTE;
}

bool brake_track_is_real(const BrakeTrack *track, const BrakeSettings *settings)
{
    return track->differed_at == 0 || track->differed_at <= window_start(track, settings);
}

/* ---- the rule ---- */

/* What the newest `looked` alerts say, but for the first `outside`, which are not in the window. */
static BrakeSeen look(const BrakeTrack *track, const GPtrArray *keys, guint outside, int64_t looked)
{
    guint all = track->times->len;
    guint first = (int64_t)(all - outside) > looked ? all - (guint)looked : outside;
    BrakeSeen seen = {
        .sent = all - first,
        .told = (guint)(tree_sum(track, all) - tree_sum(track, first)),
    };
    for (guint i = 0; i < keys->len; i++)
        seen.known += GPOINTER_TO_UINT(g_hash_table_lookup(track->last, keys->pdata[i])) > first;
    return seen;
}

bool brake_track_holds(const BrakeTrack *track, const GPtrArray *keys,
                       const BrakeSettings *settings)
{
    int64_t since = window_start(track, settings);
    guint outside = sent_until(track, since);
    if (!settings->enabled || keys->len == 0)
        return false;
    for (int i = 0; i < BRAKE_N_LOOKS; i++) {
        int64_t looked = brake_look(i, settings);
        BrakeSeen seen = look(track, keys, outside, looked);
        bool held;
        if (brake_is_certain(settings, keys->len, &seen, looked, &held))
            return held;
    }
    return track->held_at > since;
}
