/* SPDX-License-Identifier: Apache-2.0 */
/* What a log line looks like. Pure. */
#pragma once

#include "base/log.h"

typedef struct {
    int64_t at_us;
    LogLevel level;
    const char *message;
    const char *fields[LOG_N_FIELDS]; /* NULL or "": not set */
} LogLine;

/* As one line ends with it: "2026-11-30T12:00:00Z warning text [request=ab12 alert=7]\n", or one
 * JSON object a line. Control characters become spaces, or escapes in JSON; what is not UTF-8 is
 * replaced. Free with g_free(). */
char *log_line_text(const LogLine *line);
char *log_line_json(const LogLine *line);

/* The fields of a journal entry (systemd.journal-fields(7)), which borrow from `line`; their number
 * is returned. `fields` has room for LOG_JOURNAL_FIELDS. */
#define LOG_JOURNAL_FIELDS (LOG_N_FIELDS + 3)
gsize log_line_journal(const LogLine *line, GLogField *fields);

/* Without the local part of anything that may be an address ("...@example.com"; the domain stays,
 * it says which server is meant), without what stands before the @ of a URL, and without tokens.
 * Free with g_free(). */
char *log_redact(const char *text);
