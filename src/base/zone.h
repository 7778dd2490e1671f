/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones by their IANA names. */
#pragma once

#include <glib.h>

/* The zone, kept for the life of the process: reading its file costs more than writing a mail. NULL
 * where there is none of this name: offsets ("+01:00"), POSIX rules and paths are no names. Any
 * text may be asked for. Borrowed; thread-safe. */
GTimeZone *zone_find(const char *name);
