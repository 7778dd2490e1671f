/* SPDX-License-Identifier: Apache-2.0 */
/* The two default templates, embedded in the program, in five languages. */
#pragma once

#include "alerts/policy.h"
#include "records/ticket_template.h"

/* A record that has not been written yet; its `builtin` is the kind's name. */
TicketTemplate *builtin_template(AlertKind kind);
