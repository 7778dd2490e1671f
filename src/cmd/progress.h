/* SPDX-License-Identifier: Apache-2.0 */
/* A sign of life on standard error every two seconds, while something takes longer than that. */
#pragma once

typedef struct Progress Progress;

/* `what` is a constant: "Simulating". */
Progress *progress_start(const char *what);

/* Takes it. */
void progress_stop(Progress *progress);
