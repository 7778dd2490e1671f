/* SPDX-License-Identifier: Apache-2.0 */
/* What people type into a search box, as a pattern for LIKE ... ESCAPE '!'. */
#pragma once

/* "50%" gives "%50!%%": every sign stands for itself. NULL or "" matches everything. Lower case. */
char *search_pattern(const char *typed);

/* The same, but letters keep their case: for a comparison that heeds none. */
char *search_pattern_as_typed(const char *typed);
