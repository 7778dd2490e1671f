/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What staff may do with the words of mails. A change is planned first, outside of any write: what
 * the template would be is put together and proved (alerts/proof.h), which takes too long for a
 * transaction. Then it is written, if the template is still the one that the plan was made from.
 */
#pragma once

#include "desk/desk.h"
#include "records/ticket_template.h"

#include <stdbool.h>

/* What becomes of it: NULL keeps what is there. */
typedef struct {
    char *name;
    char *kind;     /* of a new one alone; NULL: "ticket" */
    char *language; /* of a new one NULL is the desk's */
    char *subject, *text, *html;
    bool set_html;           /* also to none */
    GPtrArray *translations; /* of TemplateText *; subject NULL: it is taken away */
    int64_t version;         /* the one that the change was made on; 0: whichever is the newest */
} TemplateChange;

void template_change_clear(TemplateChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TemplateChange, template_change_clear)

typedef struct {
    TicketTemplate *record; /* as it would be; its version is the one that it was made from */
    int64_t restored_from;
    bool built_in; /* the program's own words */
    bool same;     /* nothing would change */
} TemplatePlan;

void template_plan_free(TemplatePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TemplatePlan, template_plan_free)

/* Errors of all four: those of template_prove(), NOT_FOUND. */
TemplatePlan *template_plan_new(Desk *desk, const TemplateChange *change, GError **error);
/* Errors: also CONFLICT (problem "template-changed": change->version is not the newest). */
TemplatePlan *template_plan_change(Desk *desk, int64_t id, const TemplateChange *change,
                                   GError **error);
/* The texts of an earlier version; 0: the built-in ones. Errors: also INVALID (problem
 * "not-built-in"). */
TemplatePlan *template_plan_restore(Desk *desk, int64_t id, int64_t version, GError **error);
/* A new one with the texts of another. */
TemplatePlan *template_plan_copy(Desk *desk, int64_t id, const char *name, GError **error);

/* Inside desk_write(). Gives the template as it is then. Errors: CONFLICT (problems
 * "template-changed", "name-taken"). */
TicketTemplate *template_write(DeskTx *tx, const TemplatePlan *plan, GError **error);

/* Errors: NOT_FOUND, CONFLICT (problems "template-in-use", which says where, and
 * "template-built-in"). */
bool template_remove(DeskTx *tx, int64_t id, GError **error);
