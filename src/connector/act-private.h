/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that acting is done in. */
#pragma once

#include "connector/act.h"

/* act_report.c: settles the message that a report is about. */
bool act_on_report(DeskTx *tx, MailCase *one, GError **error);
bool act_suppress(DeskTx *tx, const MailCase *one, GError **error);

/* respond.c: the automatic response to a mail that has opened a ticket, or the reason why not. */
bool mail_respond(DeskTx *tx, MailCase *one, GError **error);
