/* SPDX-License-Identifier: Apache-2.0 */
/* Text of format=flowed (RFC 3676). Pure. */
#pragma once

#include <stdbool.h>

/* Joins the lines that a mail program has broken: those that end in a space, of the same quoting
 * depth. Space-stuffing is undone, "-- " stays. `delete_space` is the parameter DelSp. `text` has
 * LF lines. One pass. Free with g_free(). */
char *flowed_join(const char *text, bool delete_space);
