/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names come from outside, and GLib takes any: it opens paths, and a file in the zones' folder that
 * is no zone (tzdata.zi) is a GLib critical, which ends the process. So a name must look like one,
 * and its file like a zone (RFC 9636), before GLib sees it.
 */
#include "base/zone.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ZONES_FOLDER   "/usr/share/zoneinfo"
#define NAME_BYTES_MAX 64
#define HEADER_BYTES   44

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *zones; /* name -> GTimeZone *; there are about 600 names */

/* No dots: neither ".." nor one of the folder's tables. */
static bool is_name(const char *name)
{
    size_t bytes = strlen(name);
    if (bytes > NAME_BYTES_MAX || !g_ascii_isalpha(*name))
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (!g_ascii_isalnum(name[i]) && strchr("_+-/", name[i]) == NULL)
            return false;
    return true;
}

static bool has_file(const char *name)
{
    const char *folder = g_getenv("TZDIR");
    g_autofree char *path =
        g_build_filename(folder != NULL ? folder : ZONES_FOLDER, name, (char *)NULL);
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    char header[HEADER_BYTES];
    bool good = fread(header, 1, sizeof header, file) == sizeof header &&
                memcmp(header, "TZif", strlen("TZif")) == 0;
    fclose(file);
    return good;
}

static GTimeZone *zone_new(const char *name)
{
    if (strcmp(name, "UTC") == 0)
        return g_time_zone_new_utc();
    return is_name(name) && has_file(name) ? g_time_zone_new_identifier(name) : NULL;
}

GTimeZone *zone_find(const char *name)
{
    pthread_mutex_lock(&lock);
    if (zones == NULL)
        zones = g_hash_table_new(g_str_hash, g_str_equal);
    GTimeZone *zone = g_hash_table_lookup(zones, name);
    if (zone == NULL && (zone = zone_new(name)) != NULL)
        g_hash_table_insert(zones, g_strdup(name), zone);
    pthread_mutex_unlock(&lock);
    return zone;
}
