/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "alerts/explain.h"

/* "23 November 2026 at 18:32 UTC". Free with g_free(). */
char *explain_time(int64_t time_us);
