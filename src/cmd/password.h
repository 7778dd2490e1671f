/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords come from a prompt or from standard input, never from the command line, where every
 * process of the machine could read them. */
#pragma once

#include "cmd/job.h"

/* "--password-stdin". Without it where a password is needed, or with --ask-password, a prompt. */
extern const Option password_options[];

/* *password: the first line of standard input, or what is typed without echo; NULL where neither
 * was asked for and `needed` is false. secret_free() it. Errors: UNAVAILABLE (no terminal to ask
 * at), INVALID (nothing typed, two typings differ). */
bool password_read(const Job *job, bool needed, char **password, GError **error);
