/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a command reaches its desk: as a client of the API. While somebody serves, over the desk's
 * socket; else it opens the desk itself, under the lock, and runs the same request in this process.
 * So a command knows one way only.
 */
#pragma once

#include "cmd/command.h"

#include <jansson.h>

typedef struct Client Client;

/* Errors: those of desk_folder_open(). */
Client *client_new(const CommonOptions *options, GError **error);
void client_free(Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

/* Calls the API; `body` is borrowed, NULL for none. Gives what it answered (an empty object for
 * 204). A refusal becomes an error with the code, the problem and the words of the answer. */
json_t *client_call(Client *client, const char *method, const char *target, const json_t *body,
                    GError **error);

/* As client_call(), the answer's bytes as they are. */
GBytes *client_fetch(Client *client, const char *target, GError **error);

/* Whether a server answered the calls so far: when not, mail waits until one is started. */
bool client_served(const Client *client);

/* "/api/v1/tickets/" and the like with a value from outside put in safely. Free with g_free(). */
char *client_target(const char *prefix, const char *value, const char *suffix);
