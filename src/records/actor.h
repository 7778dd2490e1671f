/* SPDX-License-Identifier: Apache-2.0 */
/* Who does something, and through which door. The rules look at both, never at the door alone. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    ACTOR_EMPLOYEE,
    ACTOR_API, /* a program with a token; its id is the token's */
    ACTOR_CUSTOMER,
    ACTOR_SYSTEM, /* Tidings itself */
    ACTOR_N_KINDS,
} ActorKind;

typedef enum {
    CHANNEL_CONSOLE,
    CHANNEL_API,
    CHANNEL_CLI,
    CHANNEL_EMAIL,
    CHANNEL_AUTOMATED_EMAIL,
    CHANNEL_WEB,
    CHANNEL_IMPORT,
    CHANNEL_N,
} Channel;

typedef struct {
    ActorKind kind;
    int64_t id; /* employee, token or contact; 0: none */
    char *name;
    Channel channel;
} Actor;

void actor_clear(Actor *actor);
void actor_copy(const Actor *from, Actor *to);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Actor, actor_clear)

/* The stored names: "employee", "automated_email", ... Reading an unknown one gives false. */
const char *actor_kind_name(ActorKind kind);
bool actor_kind_from_name(const char *name, ActorKind *kind);
const char *channel_name(Channel channel);
bool channel_from_name(const char *name, Channel *channel);
