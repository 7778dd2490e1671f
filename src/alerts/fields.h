/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of merge fields: everything that a template may name, and nothing else. What is not
 * in it cannot reach a customer, whatever the facts of an event hold. docs/merge-fields.md is made
 * from it.
 */
#pragma once

#include "template/template.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    FIELD_LINE,    /* one line of text */
    FIELD_BLOCK,   /* text of several lines */
    FIELD_TIME,    /* for people, in the account's time zone and the mail's language */
    FIELD_ADDRESS, /* an email address */
    FIELD_LINK,    /* a URL */
    FIELD_LIST,    /* only a section's name: written once for each of its entries */
} MergeFieldKind;

typedef struct {
    const char *name;
    MergeFieldKind kind;
    bool always; /* never empty; else {{#name}}...{{/name}} is written only where it is set */
    const char *description;
    const char *example;
} MergeField;

extern const MergeField merge_fields[];
extern const size_t merge_fields_n;

/* "line", "text", "time", "address", "link", "list" */
const char *merge_field_kind_name(MergeFieldKind kind);

/* How values of this kind are escaped in the HTML part, in words. In the subject and the text they
 * stand as they are. */
const char *merge_field_in_html(MergeFieldKind kind);

/* NULL where there is none of this name. */
const MergeField *merge_field_find(const char *name);

/* Whether a template of this kind ("ticket", "sign_in", ...) has the field: a sign-in mail is about
 * no ticket and alone has a link to sign in with, only a reply carries a message, and only an alert
 * tells what was written before. */
bool merge_field_fits(const MergeField *field, const char *template_kind);

/* The field of such templates that looks most like what was typed. Never NULL. */
const char *merge_field_nearest(const char *typed, const char *template_kind);

/* Every tag names a field of the catalogue, a list only as a section, and no partial. Errors:
 * INVALID (problem "unknown-merge-field", with the nearest one; "merge-field-list";
 * "template-partial"), with the position. */
bool merge_fields_check(const Template *tmpl, const char *template_kind, GError **error);
