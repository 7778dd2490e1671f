/* SPDX-License-Identifier: Apache-2.0 */
/* The first start: what a new desk needs before it can tell anybody anything. */
#pragma once

#include "console/page.h"

/* For an admin adds "setup" ({"done","of"}), while the desk has no name, no account, or an Alerts
 * Server that never was active; else nothing. */
bool setup_add_banner(Page *page, GError **error);
