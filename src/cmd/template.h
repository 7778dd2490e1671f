/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `tidings template` that show something, for its table. */
#pragma once

#include "cmd/job.h"

#define TEMPLATES "/api/v1/templates"

/* The address of the template that the first argument names, with something behind it. NULL with
 * an error where it is no number. Free with g_free(). */
char *template_target(const Job *job, const char *suffix, GError **error);

bool template_list_run(Job *job, GError **error);
bool template_show_run(Job *job, GError **error);
bool template_versions_run(Job *job, GError **error);
bool template_diff_run(Job *job, GError **error);
bool template_fields_run(Job *job, GError **error);
bool template_preview_run(Job *job, GError **error);
bool template_test_send_run(Job *job, GError **error);
