/* SPDX-License-Identifier: Apache-2.0 */
/* All that is read of a mail, as JSON for people to compare: what is absent or empty is left out.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

json_t *mail_to_json(GBytes *raw);
