/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a command reaches its desk: as a client of the API. While somebody serves, over the desk's
 * socket; else it opens the desk itself, under the lock, and runs the same request in this process.
 * So a command knows one way only.
 */
#pragma once

#include "cmd/command.h"
#include "http/response.h"

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

/* GET, where a server answers. *served false, and NULL without an error: nobody serves. Errors as
 * client_call(). */
json_t *client_ask_server(Client *client, const char *target, bool *served, GError **error);

/* POSTs one body that is not JSON. Errors as client_call(). */
json_t *client_send(Client *client, const char *target, const char *type, const void *body,
                    size_t bytes, GError **error);

/* GET; the whole answer, for what is not JSON. */
HttpResponse *client_fetch(Client *client, const char *target, GError **error);

/* True where no server answered the calls so far and none can exist elsewhere: mail waits until one
 * is started. */
bool client_nobody_serves(const Client *client);
