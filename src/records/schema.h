/* SPDX-License-Identifier: Apache-2.0 */
/* The desk's whole schema as one numbered list: records, decisions and the outbox change together.
 */
#pragma once

#include "db/db.h"

extern const DbMigration schema_steps[];
extern const size_t schema_n_steps;
