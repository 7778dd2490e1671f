/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line an event on standard error, or one entry in the journal: time, level, text, and what the
 * thread works on at this moment (a request, a mail, a ticket). Library code returns errors and
 * does not log; the worker or the request that handles the error logs it once. Secrets never come
 * here. Thread-safe.
 *
 * Above the level debug, addresses and tokens are taken out of every text (log_redact()), whatever
 * other servers' replies have put there, unless log_addresses is set.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    LOG_AUTO, /* the journal where standard error is the journal's, otherwise text */
    LOG_TEXT,
    LOG_JSON,
    LOG_JOURNAL,
} LogFormat;

typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR } LogLevel;

typedef struct {
    LogFormat format;
    LogLevel level; /* what is below is dropped */
    bool addresses; /* leave them in */
} LogOptions;

/* "auto", "text", "json", "journal"; "debug", "info", "warning", "error". */
bool log_format_from_name(const char *name, LogFormat *format);
bool log_level_from_name(const char *name, LogLevel *level);

/* Text from the level info on, and makes GLib criticals fatal. Call once, first thing in main(). */
void log_setup(void);

/* From here on as the options say; before the first other thread. */
void log_configure(const LogOptions *options);

/* What a thread works on. Every line it logs says so. */
typedef enum {
    LOG_REQUEST, /* an HTTP request's id */
    LOG_TICKET,
    LOG_ALERT,   /* an alert's id */
    LOG_MESSAGE, /* a row of the outbox */
    LOG_RELAY,
    LOG_MAILBOX,
    LOG_MAIL, /* a mail that came in */
    LOG_N_FIELDS,
} LogField;

#define LOG_VALUE_BYTES 96 /* of a field, its end included; what is longer is cut */

/* NULL or 0 takes it away again. */
void log_set(LogField field, const char *value);
void log_set_id(LogField field, int64_t id);
void log_clear(void);

/* What is set, "" for nothing; the thread's. */
const char *log_get(LogField field);

/* Whether lines of this level are written: where making one costs something. */
bool log_wants(LogLevel level);

void log_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
