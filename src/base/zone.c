/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *zones; /* name -> GTimeZone *; there are about 600 names */

GTimeZone *zone_find(const char *name)
{
    pthread_mutex_lock(&lock);
    if (zones == NULL)
        zones = g_hash_table_new(g_str_hash, g_str_equal);
    GTimeZone *zone = g_hash_table_lookup(zones, name);
    if (zone == NULL && (zone = g_time_zone_new_identifier(name)) != NULL)
        g_hash_table_insert(zones, g_strdup(name), zone);
    pthread_mutex_unlock(&lock);
    return zone;
}
