/* SPDX-License-Identifier: Apache-2.0 */
/* A record that a request's body names and that is not there is the request's mistake, not a
 * missing page. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Takes `failure`: NOT_FOUND becomes INVALID with the same problem and words, and this field (a
 * JSON Pointer; NULL: none); everything else stays as it is. Always false. */
bool desk_blame_field(GError **error, GError *failure, const char *field);
