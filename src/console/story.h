/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a ticket as a page shows it: who was told of which event and why; what happened and
 * what was written. Made of what the API answers. */
#pragma once

#include "console/page.h"

/* Adds to page->data of a ticket's page: "told" (a list of events, each with its decisions in words
 * and with what can be done now), "told_moving" (some mail has not come to its end: worth looking
 * again soon). */
bool story_add_told(Page *page, int64_t number, GError **error);

/* Adds "timeline": events and messages in their order. */
bool story_add_timeline(Page *page, int64_t number, GError **error);

/* One decision, or a copy of a message, for a view: adds to what the API shows "badge", "tone" (a
 * colour's name), "can_retry", "can_cancel", "can_release", "has_mail". */
void story_dress(json_t *alert);
