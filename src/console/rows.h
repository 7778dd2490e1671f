/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists inside of a form: relays, mailboxes. Buttons of the form add a row and take one away; the
 * form comes back changed, and nothing is saved before somebody saves it.
 */
#pragma once

#include "console/form.h"

typedef struct {
    const char *name;        /* in the form and in the API: "fallback_relays" */
    const char *title;       /* of a row: "Further server" */
    const FormField *fields; /* of a row */
    const char *fresh;       /* a new row, as JSON */
    size_t max;
} FormRows;

/* What was sent, as the API takes it. New reference. */
json_t *rows_read(const Page *page, const FormRows *rows);

/* Whether a button of the list was pressed; `list` (of rows_read()) is then as it says. */
bool rows_act(const Page *page, const FormRows *rows, json_t *list);

/* Adds to page->data what the view _rows shows. After a form that was refused `list` is what was
 * sent. */
void rows_show(Page *page, const FormRows *rows, const json_t *list);
