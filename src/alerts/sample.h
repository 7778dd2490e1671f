/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up tickets: one that looks like any other, for a preview; and awkward ones, which a template
 * must stand before it is saved. Pure. */
#pragma once

#include "records/settings.h"

#include <jansson.h>
#include <stddef.h>

/* Facts as facts_snapshot() makes them, of ticket #1042, with the desk's own data (NULL: a made-up
 * desk). New reference. */
json_t *sample_facts(const DeskSettings *desk);
#define SAMPLE_RECIPIENT_NAME "Anna Field"
#define SAMPLE_RECIPIENT      "anna.field@bluebird-dental.example"

/* An awkward ticket. */
typedef enum {
    SAMPLE_COMPLETE,
    SAMPLE_BARE, /* only what a ticket cannot be without */
    SAMPLE_NO_CONTACT,
    SAMPLE_NO_TITLE,
    SAMPLE_LONG,
    SAMPLE_RIGHT_TO_LEFT,
    SAMPLE_EMOJI,
    SAMPLE_TAGS,   /* {{ in the data */
    SAMPLE_MARKUP, /* HTML in the data */
    SAMPLE_PLAIN,  /* as the two before, with a harmless word: what they are compared with */
    SAMPLE_N,
} SampleCase;

/* "a ticket without a contact" */
const char *sample_case_words(SampleCase which);

/* Its facts; new reference. *recipient_name is who gets the mail, "" for nobody's name. */
json_t *sample_case(SampleCase which, const char **recipient_name);

/* What stands in every text of SAMPLE_TAGS and of SAMPLE_PLAIN. */
#define SAMPLE_TAGS_TEXT                                                                           \
    "{{ticket.number}} {{#open}} {{/close}} {{^not}} {{> part}} {{&raw}} {{! note}} {{=<% %>=}}"   \
    " {{{three}}} {{{"
#define SAMPLE_PLAIN_TEXT "\xee\x80\x80" /* a private-use character: no template has it */
