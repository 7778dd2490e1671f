/* SPDX-License-Identifier: Apache-2.0 */
/* A desk that mail comes in to, for the tests of this folder: the desk of support/test_desk.h with
 * the Email Connector enabled at support@desk.example, and a technician. Everything fails the test
 * when it cannot be done. */
#pragma once

#include "connector/connector.h"
#include "support/test_desk.h"

#define AUTH_PASS(domain)                                                                          \
    "Authentication-Results: mx.desk.example; dmarc=pass header.from=" domain "\n"

/* Alerts on, the automatic response on, `mx.desk.example` trusted. */
TestDesk *mail_desk_new(const char *engine);

/* Files a mail whose header and body are as printed; gives what became of it. */
Filed mail_desk_file(TestDesk *desk, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same of bytes. */
Filed mail_desk_file_bytes(TestDesk *desk, GBytes *raw);

/* Fails the test unless it is in this state for this reason. Clears it; gives its ticket. */
int64_t assert_filed(Filed filed, const char *state, const char *reason);

void assert_rows(TestDesk *desk, const char *sql, int columns, const char *want);

/* The signed reply address of a ticket for this recipient (compared form), and the signed envelope
 * sender of an outbox row. Free with g_free(). */
char *reply_address(TestDesk *desk, int64_t ticket, const char *recipient_key);
char *bounce_address(TestDesk *desk, int64_t outbox);
