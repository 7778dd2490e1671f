/* SPDX-License-Identifier: Apache-2.0 */
/* One line an event on standard error: time, level, text. Library code returns errors and does not
 * log; the worker or the request that handles the error logs it once. Secrets never come here.
 * Thread-safe. */
#pragma once

#include <glib.h>

/* Installs the line format and makes GLib criticals fatal. Call once, first thing in main(). */
void log_setup(void);

void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
