/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GLib's structured log carries the lines, because what GLib itself has to say goes the same way.
 * A line for the journal goes by its native protocol, with fields; where that fails, standard error
 * gets it as text.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/log_line.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_DOMAIN "tidings"

static LogOptions chosen = {.format = LOG_TEXT, .level = LOG_INFO};

static _Thread_local char set_fields[LOG_N_FIELDS][LOG_VALUE_BYTES];

static const char *const format_names[] = {"auto", "text", "json", "journal"};
static const char *const level_names[] = {"debug", "info", "warning", "error"};

bool log_format_from_name(const char *name, LogFormat *format)
{
    for (size_t i = 0; i < G_N_ELEMENTS(format_names); i++)
        if (strcmp(format_names[i], name) == 0) {
            *format = (LogFormat)i;
            return true;
        }
    return false;
}

bool log_level_from_name(const char *name, LogLevel *level)
{
    for (size_t i = 0; i < G_N_ELEMENTS(level_names); i++)
        if (strcmp(level_names[i], name) == 0) {
            *level = (LogLevel)i;
            return true;
        }
    return false;
}

void log_set(LogField field, const char *value)
{
    g_strlcpy(set_fields[field], value != NULL ? value : "", LOG_VALUE_BYTES);
}

void log_set_id(LogField field, int64_t id)
{
    set_fields[field][0] = '\0';
    if (id != 0)
        g_snprintf(set_fields[field], LOG_VALUE_BYTES, "%" G_GINT64_FORMAT, id);
}

void log_clear(void)
{
    for (size_t i = 0; i < LOG_N_FIELDS; i++)
        set_fields[i][0] = '\0';
}

const char *log_get(LogField field)
{
    return set_fields[field];
}

bool log_wants(LogLevel level)
{
    return level >= chosen.level;
}

/* ---- writing ---- */

static LogLevel level_of(GLogLevelFlags level)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_MESSAGE))
        return LOG_ERROR;
    if (level & G_LOG_LEVEL_WARNING)
        return LOG_WARNING;
    return level & G_LOG_LEVEL_DEBUG ? LOG_DEBUG : LOG_INFO;
}

static bool write_journal(GLogLevelFlags level, const LogLine *line)
{
    GLogField fields[LOG_JOURNAL_FIELDS];
    gsize n = log_line_journal(line, fields);
    return g_log_writer_journald(level, fields, n, NULL) == G_LOG_WRITER_HANDLED;
}

static void write_out(GLogLevelFlags level, const LogLine *line)
{
    if (chosen.format == LOG_JOURNAL && write_journal(level, line))
        return;
    g_autofree char *text = chosen.format == LOG_JSON ? log_line_json(line) : log_line_text(line);
    fputs(text, stderr);
}

static GLogWriterOutput write_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                   gpointer data)
{
    LogLine line = {
        .at_us = clock_wall_us(clock_system()), .level = level_of(level), .message = ""};
    if (!log_wants(line.level))
        return G_LOG_WRITER_HANDLED;
    for (gsize i = 0; i < n_fields; i++)
        if (g_strcmp0(fields[i].key, "MESSAGE") == 0)
            line.message = fields[i].value;
    bool hide = !chosen.addresses && line.level > LOG_DEBUG;
    g_autofree char *message = hide ? log_redact(line.message) : g_strdup(line.message);
    char *kept[LOG_N_FIELDS];
    line.message = message;
    for (size_t i = 0; i < LOG_N_FIELDS; i++)
        line.fields[i] = kept[i] = hide ? log_redact(set_fields[i]) : g_strdup(set_fields[i]);
    write_out(level, &line);
    for (size_t i = 0; i < LOG_N_FIELDS; i++)
        g_free(kept[i]);
    return G_LOG_WRITER_HANDLED;
}

void log_setup(void)
{
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_log_set_writer_func(write_line, NULL, NULL);
}

void log_configure(const LogOptions *options)
{
    chosen = *options;
    if (chosen.format == LOG_AUTO)
        chosen.format = g_log_writer_is_journald(fileno(stderr)) ? LOG_JOURNAL : LOG_TEXT;
}

G_GNUC_PRINTF(2, 0)
static void log_at(GLogLevelFlags level, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_log_structured(LOG_DOMAIN, level, "MESSAGE", "%s", text);
}

void log_debug(const char *format, ...)
{
    if (!log_wants(LOG_DEBUG))
        return;
    va_list args;
    va_start(args, format);
    log_at(G_LOG_LEVEL_DEBUG, format, args);
    va_end(args);
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
