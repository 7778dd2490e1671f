/* SPDX-License-Identifier: Apache-2.0 */
/* Stands between libpq and a PostgreSQL server on Unix sockets and cuts a connection at a chosen
 * moment, or lets it hang. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct PgProxy PgProxy;

typedef enum {
    CUT_NEVER,
    CUT_BEFORE, /* the message is not passed on */
    CUT_AFTER,  /* it is passed on, and the server's answer is swallowed */
} CutMoment;

/* `server_folder` holds the server's socket. */
PgProxy *pg_proxy_start(const char *server_folder);
void pg_proxy_stop(PgProxy *proxy);

/* postgresql://... through the proxy. Free with g_free(). */
char *pg_proxy_url(const PgProxy *proxy, const char *database);

/* Cuts a connection when a message with this text passes: the next `times` times. */
void pg_proxy_cut(PgProxy *proxy, const char *text, CutMoment moment, int times);

/* Cuts all connections now. */
void pg_proxy_cut_all(PgProxy *proxy);

/* While true, new connections are closed at once: the server is away. */
void pg_proxy_refuse(PgProxy *proxy, bool refuse);

/* While true, nothing passes, and nobody is told so: the server hangs. */
void pg_proxy_freeze(PgProxy *proxy, bool freeze);

/* How many connections have been cut by pg_proxy_cut(), and how many were opened at all. */
int pg_proxy_cuts(const PgProxy *proxy);
int pg_proxy_connections(const PgProxy *proxy);
