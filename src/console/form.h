/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms that are written as tables: what the API takes, field by field, with the words beside it.
 *
 * A field's name is its place in the API's object, with dots: "brake.customers". In a list the
 * caller gives what stands before it: "fallback_relays.0.". So the name in the form, the value in
 * the object and the place that an error names ("/fallback_relays/0/host") are one.
 */
#pragma once

#include "console/page.h"

typedef enum {
    FIELD_LINE,
    FIELD_ADDRESS, /* an email address, or nothing */
    FIELD_BLOCK,   /* several lines */
    FIELD_NUMBER,
    FIELD_BOX,
    FIELD_CHOICE,
    FIELD_RECORD, /* the id of another record, or null; choices by form_offer() */
    FIELD_SECRET, /* never shown: empty keeps it, a box takes it away */
} FieldKind;

typedef struct {
    const char *value, *label;
} FieldChoice;

/* The languages that the templates come in. */
extern const FieldChoice form_languages[];

/* Of outgoing mail: the ways it may leave, and how a mail server is spoken to. */
extern const FieldChoice form_transports[], form_securities[];

typedef struct {
    const char *name;
    FieldKind kind;
    const char *label;
    const char *help;           /* NULL: none */
    int max;                    /* characters; of a number the greatest */
    const FieldChoice *choices; /* ended with a NULL value */
    const char *when;           /* shown for this choice only: "auth=xoauth2"; NULL: always */
    bool wide;                  /* over both columns */
} FormField;

/* Fields that stand together. The last of a list has neither title nor fields. */
typedef struct {
    const char *title;
    const char *intro;       /* NULL: none */
    const FormField *fields; /* ended with a NULL name */
    const char *when;
} FormGroup;

/* What was sent, into `body`: a field that the form does not have stays absent. `prefix` stands in
 * the form before the names, not in `body`. */
void form_read(const Page *page, const FormField *fields, const char *prefix, json_t *body);
void form_read_groups(const Page *page, const FormGroup *groups, json_t *body);

/* For the view _fields, a new reference: with the values of `values`, or where `typed` with what
 * was typed. */
json_t *form_show(const Page *page, const FormField *fields, const char *prefix,
                  const json_t *values, bool typed);

/* For the view _groups: [{"title","intro","fields"}]. */
json_t *form_show_groups(const Page *page, const FormGroup *groups, const json_t *values,
                         bool typed);

/* What people may choose from, for a FIELD_RECORD in one of form_show()'s lists (or in a list of
 * groups): objects with these two fields. `none` is the first choice. */
void form_offer(json_t *shown, const char *name, const json_t *items, const char *value,
                const char *label, const char *none);

/* As page_refused(); the field that is to blame is marked, with the reason, when form_show() is
 * called after it. */
bool form_refused(Page *page, const GError *error);
