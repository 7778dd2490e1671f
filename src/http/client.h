/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a serving desk over its Unix socket: what the command line does when a server runs. */
#pragma once

#include "http/request.h"
#include "http/response.h"

#define HTTP_CLIENT_ANSWER_BYTES_MAX (64 * 1024 * 1024)

/* Sends the request and returns the whole answer, whatever its status. Blocks. Errors: UNAVAILABLE
 * (problem "not-serving": nobody answers at the socket; or the connection broke and nothing can
 * have been changed), BUSY (its queue of connections is full), DENIED (the socket is another
 * user's), UNCERTAIN (it broke after the request was sent, and that was not a GET or HEAD), LIMIT
 * (the answer is larger than HTTP_CLIENT_ANSWER_BYTES_MAX). */
HttpResponse *http_client_call(const char *socket_path, const HttpRequest *request, GError **error);
