/* SPDX-License-Identifier: Apache-2.0 */
/* tidings.conf: `key = value` lines, # comments. Unknown keys are refused by name, so that a typing
 * mistake shows. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *database;    /* postgresql://... or NULL for the SQLite file in the desk's folder */
    char *listen;      /* address:port, or NULL for the default */
    char *dns_server;  /* address[:port] that `tidings doctor` asks; NULL: the system's */
    int lease_seconds; /* how long what a dead server was sending waits; 0: the default */
} Config;

/* A missing file is an empty configuration. Errors: INVALID (bad line or unknown key), UNAVAILABLE
 * (not readable). */
Config *config_load(const char *path, GError **error);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* "192.0.2.53" (port 53) or "127.0.0.1:5353"; false for anything else. Free *address. */
bool config_read_dns_server(const char *text, char **address, int *port);
