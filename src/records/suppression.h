/* SPDX-License-Identifier: Apache-2.0 */
/* The suppression list: addresses that bounced or complained, with the evidence. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

bool suppression_has(DbTx *tx, const char *email_key, bool *has, GError **error);
