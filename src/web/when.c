/* SPDX-License-Identifier: Apache-2.0 */
#include "web/when.h"

#include "base/text.h"
#include "base/zone.h"

/* NULL for what is no time. */
static GDateTime *read_time(const char *rfc3339, const char *zone_name)
{
    int64_t time_us;
    if (rfc3339 == NULL || !text_to_time(rfc3339, NULL, &time_us, NULL))
        return NULL;
    GTimeZone *zone = zone_find(zone_name);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);
    return utc != NULL && zone != NULL ? g_date_time_to_timezone(utc, zone) : g_steal_pointer(&utc);
}

char *web_when(const char *rfc3339, const char *zone, int64_t now_us)
{
    g_autoptr(GDateTime) time = read_time(rfc3339, zone);
    if (time == NULL)
        return g_strdup("");
    g_autofree char *now_text = text_from_time(now_us);
    g_autoptr(GDateTime) now = read_time(now_text, zone);
    if (g_date_time_get_year(time) != g_date_time_get_year(now))
        return g_date_time_format(time, "%-d %b %Y");
    if (g_date_time_get_day_of_year(time) != g_date_time_get_day_of_year(now))
        return g_date_time_format(time, "%-d %b %H:%M");
    return g_date_time_format(time, "%H:%M");
}

char *web_when_full(const char *rfc3339, const char *zone)
{
    g_autoptr(GDateTime) time = read_time(rfc3339, zone);
    return time != NULL ? g_date_time_format(time, "%-d %B %Y, %H:%M %Z") : g_strdup("");
}
