/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket's correspondence on the command line. */
#pragma once

#include "cmd/job.h"

extern const Option answer_options[], copy_options[];

bool ticket_answer_run(Job *job, GError **error);
bool ticket_messages_run(Job *job, GError **error);
bool ticket_copy_run(Job *job, GError **error);
