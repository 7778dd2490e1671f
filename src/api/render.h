/* SPDX-License-Identifier: Apache-2.0 */
/* Records as the API shows them. Each gives a new reference. Optional fields are null, never left
 * out. */
#pragma once

#include "alerts/explain.h"
#include "records/account.h"
#include "records/contact.h"
#include "records/employee.h"
#include "records/event.h"
#include "records/option.h"
#include "records/recipient.h"
#include "records/suppression.h"
#include "records/ticket.h"
#include "records/ticket_list.h"
#include "records/ticket_template.h"
#include "records/token.h"

#include <jansson.h>

/* {"kind","id","name"} */
json_t *render_actor(const Actor *actor);

/* `labels` is TicketSettings.status_labels. */
json_t *render_ticket(const Ticket *ticket, const json_t *labels);
json_t *render_ticket_row(const TicketRow *row, const json_t *labels);
json_t *render_recipient(const Recipient *recipient);
json_t *render_employee_recipient(const EmployeeRecipient *recipient);
json_t *render_event(const Event *event);
json_t *render_account(const Account *account);
json_t *render_contact(const Contact *contact);
json_t *render_employee(const Employee *employee);
json_t *render_token(const Token *token);
/* evidence: {"alert","copy","reply","by","note"}, null what it has not. */
json_t *render_suppression(const Suppression *suppression);
json_t *render_template(const TicketTemplate *record);
json_t *render_template_version(const TemplateVersion *version);
json_t *render_option_change(const OptionChange *change);

/* `desk_id` makes the Message-ID. With story->attempts, "attempts_log" is added where `log` says
 * so. */
json_t *render_alert(const AlertStory *story, const char *desk_id, bool log);

/* When a message of the outbox is tried again; 0: it waits for nothing, or for a person. */
int64_t render_next_try(const OutboxMessage *message);

/* A collection that has all its items: {"items":[...],"next_cursor":null}. `render` is one of the
 * functions above with one parameter. */
typedef json_t *(*RenderOne)(const void *record);
json_t *render_all(GPtrArray *records, RenderOne render);

/* A page of one: `items` (taken) and the id that the next page begins behind, 0 where there is no
 * next page. */
json_t *render_page(json_t *items, int64_t next);
