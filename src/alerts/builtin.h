/* SPDX-License-Identifier: Apache-2.0 */
/* The default templates, embedded in the program, in five languages. */
#pragma once

#include "records/ticket_template.h"

/* Those of the two alerts are named as alert_kind_name() says. */
extern const char *const builtin_names[];
extern const size_t builtin_names_n;

/* A record that has not been written yet; its `builtin` is the name. NULL where there is none of
 * this name. */
TicketTemplate *builtin_template(const char *name);
