/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a dialogue (TransportTrace), for whoever does not speak SMTP. Pure. */
#pragma once

#include <stdbool.h>

/* What happened in this step, and where it went wrong what to look at: "The server refuses the user
 * name or the password: ...". A reply code says which; `failed` says it of a reply without one. A
 * literal. */
const char *step_words(const char *step, const char *reply, bool failed);
