/* SPDX-License-Identifier: Apache-2.0 */
/* A throwaway PostgreSQL cluster in a temporary folder: made with initdb, listening on a Unix
 * socket in that folder only, without a password. It goes away with this process, however that
 * ends. Runs as user "postgres" when we are root. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct PgCluster PgCluster;

/* NULL with *error when PostgreSQL's programs are not installed or do not start. */
PgCluster *pg_cluster_start(GError **error);

/* Stops the server and removes its folder. NULL is allowed. */
void pg_cluster_stop(PgCluster *cluster);

/* The folder with the socket .s.PGSQL.5432. */
const char *pg_cluster_folder(const PgCluster *cluster);

/* postgresql://..., for a database of this cluster. Free with g_free(). */
char *pg_cluster_url(const PgCluster *cluster, const char *database);

/* Runs SQL outside of a transaction as the cluster's superuser, in `database`; fails the test when
 * it fails. */
void pg_cluster_run(const PgCluster *cluster, const char *database, const char *sql);

/* The one cluster that all tests of this process share: started at the first call, stopped at exit.
 * Fails the test when it does not start. */
PgCluster *pg_cluster_shared(void);
