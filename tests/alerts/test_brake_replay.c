/* SPDX-License-Identifier: Apache-2.0 */
/* The brake over replayed events, against the rule read word for word over a plain list; long
 * enough that what no window reaches is forgotten many times. */
#include "alerts/brake_replay.h"

#define EVENTS   30000
#define DAY_MIN  1440
#define N_ACTORS 2

typedef struct {
    int64_t at;
    int address;
} Sent;

typedef struct {
    GArray *sent; /* Sent */
    int64_t held_at;
} PlainTrack;

static BrakeSeen look(const PlainTrack *track, int64_t since, const int *addresses, guint n,
                      int64_t looked)
{
    BrakeSeen seen = {0};
    g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
    for (guint i = track->sent->len; i-- > 0 && seen.sent < looked;) {
        const Sent *sent = &g_array_index(track->sent, Sent, i);
        if (sent->at <= since)
            break;
        seen.sent++;
        g_hash_table_add(told, GINT_TO_POINTER(sent->address));
    }
    seen.told = g_hash_table_size(told);
    for (guint i = 0; i < n; i++)
        seen.known += g_hash_table_contains(told, GINT_TO_POINTER(addresses[i]));
    return seen;
}

static bool plain_holds(const PlainTrack *track, int64_t now, const int *addresses, guint n,
                        const BrakeSettings *settings)
{
    int64_t since = now - settings->minutes * US_PER_MINUTE;
    for (int i = 0; i < BRAKE_N_LOOKS; i++) {
        int64_t looked = brake_look(i, settings);
        BrakeSeen seen = look(track, since, addresses, n, looked);
        bool held;
        if (brake_is_certain(settings, n, &seen, looked, &held))
            return held;
    }
    return track->held_at > since;
}

typedef struct {
    const char *name;
    BrakeSettings settings;
    int addresses;    /* that there are */
    int64_t pause_us; /* between two events, at most */
} ReplayCase;

static const ReplayCase cases[] = {
    {"minutes", {.enabled = true, .customers = 20, .minutes = 5}, 60, 20 * US_PER_SECOND},
    {"a whole day",
     {.enabled = true, .customers = 300, .minutes = DAY_MIN},
     400,
     2 * US_PER_MINUTE},
    {"one day after the other", {.enabled = true, .customers = 3, .minutes = 60}, 10, US_PER_HOUR},
    {"at the same moment", {.enabled = true, .customers = 50, .minutes = 1}, 80, 1},
};

typedef struct {
    GRand *rand;
    const ReplayCase *c;
    PlainTrack plain[N_ACTORS];
    BrakeReplay *replay;
    int held, sent;
} Story;

static int some_addresses(Story *story, int addresses[4])
{
    int n = g_rand_int_range(story->rand, 1, 5);
    int first = g_rand_int_range(story->rand, 0, story->c->addresses);
    for (int i = 0; i < n; i++)
        addresses[i] = (first + i * 7) % story->c->addresses + 1;
    return MIN(n, story->c->addresses / 7);
}

static void one_event(Story *story, int64_t now)
{
    int actor = g_rand_int_range(story->rand, 0, N_ACTORS);
    int addresses[4];
    int n = some_addresses(story, addresses);
    PlainTrack *plain = &story->plain[actor];
    BrakeTrack *track = brake_replay_event(story->replay, ACTOR_API, actor, now);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < n; i++)
        g_ptr_array_add(keys, g_strdup_printf("%d", addresses[i]));
    bool held = plain_holds(plain, now, addresses, (guint)n, &story->c->settings);
    g_assert_cmpint(brake_track_holds(track, keys, &story->c->settings), ==, held);
    if (held) {
        brake_track_held(track);
        plain->held_at = now;
        story->held++;
        return;
    }
    for (int i = 0; i < n; i++) {
        Sent sent = {now, addresses[i]};
        g_array_append_val(plain->sent, sent);
        brake_track_told(track, keys->pdata[i]);
    }
    story->sent++;
}

static void test_case(gconstpointer data)
{
    Story story = {.rand = g_rand_new_with_seed(7), .c = data, .replay = brake_replay_new()};
    int64_t now = US_PER_DAY;
    for (int i = 0; i < N_ACTORS; i++)
        story.plain[i].sent = g_array_new(FALSE, FALSE, sizeof(Sent));
    for (int i = 0; i < EVENTS; i++) {
        now += (int64_t)(g_rand_double(story.rand) * (double)story.c->pause_us);
        one_event(&story, now);
    }
    g_test_message("%d sent, %d held", story.sent, story.held);
    g_assert_cmpint(story.sent, >, 0);
    g_assert_cmpint(story.held, >, 0);
    for (int i = 0; i < N_ACTORS; i++)
        g_array_unref(story.plain[i].sent);
    brake_replay_free(story.replay);
    g_rand_free(story.rand);
}

/* What differed counts for as long as the window reaches, its end not included. */
static void test_is_real(void)
{
    const BrakeSettings settings = {.enabled = true, .customers = 1, .minutes = 5};
    g_autoptr(BrakeReplay) replay = brake_replay_new();
    BrakeTrack *track = brake_replay_event(replay, ACTOR_API, 1, US_PER_DAY);
    g_assert_true(brake_track_is_real(track, &settings));
    brake_track_differs(track);
    g_assert_false(brake_track_is_real(track, &settings));
    track = brake_replay_event(replay, ACTOR_API, 1, US_PER_DAY + 5 * US_PER_MINUTE - 1);
    g_assert_false(brake_track_is_real(track, &settings));
    track = brake_replay_event(replay, ACTOR_API, 1, US_PER_DAY + 5 * US_PER_MINUTE);
    g_assert_true(brake_track_is_real(track, &settings));
    /* Another actor has a past of its own. */
    BrakeTrack *other = brake_replay_event(replay, ACTOR_EMPLOYEE, 1, US_PER_DAY);
    g_assert_true(brake_track_is_real(other, &settings));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/brake-replay/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/alerts/brake-replay/is real", test_is_real);
    return g_test_run();
}
