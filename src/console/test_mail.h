/* SPDX-License-Identifier: Apache-2.0 */
/* The live test of outgoing mail, for the pages that have it. */
#pragma once

#include "console/page.h"

/* Adds "test" (whether the present settings were tested, and the last test that was accepted) and
 * "to", where the next one goes. */
bool test_mail_add_state(Page *page, GError **error);

/* Sends one to what the form says, and adds "result" with the steps of the dialogue. Gives the
 * page's status: 0 with an error; a test mail that was refused is a result. */
int test_mail_send(Page *page, GError **error);
