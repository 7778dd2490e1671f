/* SPDX-License-Identifier: Apache-2.0 */
/* What a page says after a form that worked. Pure. */
#pragma once

/* The message of a name, for "?done=NAME"; NULL for a name that is none of ours: so nobody can
 * write words of their own into a link. Borrowed. */
const char *done_message(const char *name);
