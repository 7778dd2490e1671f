/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof at save: a template that is stored can be sent. Each of its texts is parsed, every tag
 * must name a field of the catalogue, and it is rendered and built into a mail for every awkward
 * ticket (alerts/sample.h). Pure; takes some tens of milliseconds.
 */
#pragma once

#include "records/ticket_template.h"

/* Errors, all INVALID, with the place in the template as a JSON Pointer ("/text",
 * "/translations/de/html"): those of words_parse() and merge_fields_check() with line and column;
 * "too-long" (also of the result), "empty" (neither text nor HTML), "template-proof" (with an
 * awkward ticket the subject or the text is empty, raw tags are left, or it is no mail; the message
 * names the ticket). */
bool template_prove(const TicketTemplate *record, GError **error);
