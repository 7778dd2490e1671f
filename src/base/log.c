/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>

#define LOG_DOMAIN "tidings"

static GLogWriterOutput write_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                   gpointer data)
{
    const char *message = "";
    for (gsize i = 0; i < n_fields; i++)
        if (g_strcmp0(fields[i].key, "MESSAGE") == 0)
            message = fields[i].value;
    const char *name = level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_MESSAGE)
                           ? "error"
                       : level & G_LOG_LEVEL_WARNING ? "warning"
                                                     : "info";
    g_autofree char *now = text_from_time(clock_wall_us(clock_system()));
    /* A line break from outside must not forge a second log line. */
    g_autofree char *one_line = g_strdup(message);
    g_strdelimit(one_line, "\r\n", ' ');
    fprintf(stderr, "%s %-7s %s\n", now, name, one_line);
    return G_LOG_WRITER_HANDLED;
}

void log_setup(void)
{
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_log_set_writer_func(write_line, NULL, NULL);
}

G_GNUC_PRINTF(2, 0)
static void log_at(GLogLevelFlags level, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_log_structured(LOG_DOMAIN, level, "MESSAGE", "%s", text);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_at(G_LOG_LEVEL_INFO, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_at(G_LOG_LEVEL_WARNING, format, args);
    va_end(args);
}

/* Not G_LOG_LEVEL_ERROR, which GLib takes for "abort". */
void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_at(G_LOG_LEVEL_MESSAGE, format, args);
    va_end(args);
}
