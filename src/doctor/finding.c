/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/finding.h"

#include "base/clock.h"
#include "base/json.h"

const char *doctor_level_name(DoctorLevel level)
{
    static const char *const names[] = {"ok", "skip", "warn", "fail"};
    return names[level];
}

void finding_add(Findings *findings, DoctorLevel level, const char *part, const char *advice,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *name = g_strconcat(findings->check, part != NULL ? "." : NULL, part, NULL);
    /* Servers and the DNS have a part in these words. */
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *valid_advice = advice != NULL ? g_utf8_make_valid(advice, -1) : NULL;
    json_t *finding = json_object();
    json_set_text(finding, "check", findings->check);
    json_set_text(finding, "name", name);
    json_set_text(finding, "status", doctor_level_name(level));
    json_set_text(finding, "text", valid);
    json_set_text(finding, "advice", valid_advice);
    json_array_append_new(findings->list, finding);
}

char *finding_number(guint i)
{
    return g_strdup_printf("%u", i + 1);
}

char *finding_age(int64_t us)
{
    static const struct {
        int64_t us;
        const char *one, *many;
    } units[] = {{US_PER_DAY, "day", "days"},
                 {US_PER_HOUR, "hour", "hours"},
                 {US_PER_MINUTE, "minute", "minutes"},
                 {US_PER_SECOND, "second", "seconds"}};
    size_t i = 0;
    while (i + 1 < G_N_ELEMENTS(units) && us < 2 * units[i].us)
        i++;
    int64_t n = MAX(us, 0) / units[i].us;
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", n, n == 1 ? units[i].one : units[i].many);
}
