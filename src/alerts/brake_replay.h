/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brake over events that are replayed in memory, in the order of their times: the same rule and
 * the same answers as brake_holds() gives while they happen one after another.
 *
 * What has really happened is taken as it was for as long as nothing in the actor's window is
 * different: parallel events (PostgreSQL) do not see each other, and a replay in order would hold
 * what they passed.
 */
#pragma once

#include "alerts/brake.h"
#include "records/actor.h"

typedef struct BrakeReplay BrakeReplay;
BrakeReplay *brake_replay_new(void);
void brake_replay_free(BrakeReplay *replay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BrakeReplay, brake_replay_free)

/* The past of one actor. */
typedef struct BrakeTrack BrakeTrack;

/* The actor's next event; `at_us` is never less than that of the event before. Borrowed until the
 * replay is freed. */
BrakeTrack *brake_replay_event(BrakeReplay *replay, ActorKind kind, int64_t actor, int64_t at_us);

/* Whether an event that is about to tell `keys` (char *, each once) has to be held. */
bool brake_track_holds(const BrakeTrack *track, const GPtrArray *keys,
                       const BrakeSettings *settings);

/* What became of the event: an address was told, the brake held something, and whether anything of
 * it is different from what has really happened. */
void brake_track_told(BrakeTrack *track, const char *key);
void brake_track_held(BrakeTrack *track);
void brake_track_differs(BrakeTrack *track);

/* Whether everything within the window is as it really was. */
bool brake_track_is_real(const BrakeTrack *track, const BrakeSettings *settings);
