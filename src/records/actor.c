/* SPDX-License-Identifier: Apache-2.0 */
#include "records/actor.h"

#include <string.h>

static const char *const kind_names[ACTOR_N_KINDS] = {
    [ACTOR_EMPLOYEE] = "employee",
    [ACTOR_API] = "api",
    [ACTOR_CUSTOMER] = "customer",
    [ACTOR_SYSTEM] = "system",
};

static const char *const channel_names[CHANNEL_N] = {
    [CHANNEL_CONSOLE] = "console", [CHANNEL_API] = "api",
    [CHANNEL_CLI] = "cli",         [CHANNEL_EMAIL] = "email",
    [CHANNEL_WEB] = "web",         [CHANNEL_AUTOMATED_EMAIL] = "automated_email",
    [CHANNEL_IMPORT] = "import",
};

static bool find(const char *const *names, int n, const char *name, int *index)
{
    for (int i = 0; i < n; i++)
        if (g_strcmp0(names[i], name) == 0) {
            *index = i;
            return true;
        }
    return false;
}

void actor_clear(Actor *actor)
{
    g_clear_pointer(&actor->name, g_free);
}

void actor_copy(const Actor *from, Actor *to)
{
    *to = *from;
    to->name = g_strdup(from->name);
}

const char *actor_kind_name(ActorKind kind)
{
    return kind_names[kind];
}

bool actor_kind_from_name(const char *name, ActorKind *kind)
{
    int index;
    if (!find(kind_names, ACTOR_N_KINDS, name, &index))
        return false;
    *kind = (ActorKind)index;
    return true;
}

const char *channel_name(Channel channel)
{
    return channel_names[channel];
}

bool channel_from_name(const char *name, Channel *channel)
{
    int index;
    if (!find(channel_names, CHANNEL_N, name, &index))
        return false;
    *channel = (Channel)index;
    return true;
}
