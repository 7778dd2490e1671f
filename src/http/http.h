/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: the only folder that includes libmicrohttpd. Knows no ticket.
 *
 * Requests can also be run without any server, with http_router_run(): the command line does so
 * when nobody serves. When somebody does, it calls over the desk's socket (http/client.h).
 */
#pragma once

#include "http/cookie.h"
#include "http/form.h"
#include "http/request.h"
#include "http/response.h"
#include "http/router.h"
#include "http/server.h"
