/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of one mail: a template's subject, text and HTML in one language, parsed once and
 * rendered for each recipient. Used by whatever shows or sends a mail, and by the proof at save, so
 * that what was proved is what is sent.
 */
#pragma once

#include "template/template.h"

#include <jansson.h>

/* The parts of a template in one language, parsed. Never changes; shared by reference count. */
typedef struct Words Words;

typedef enum { PART_SUBJECT, PART_TEXT, PART_HTML, PART_N } WordsPart;

/* "subject", "text", "html" */
const char *words_part_name(WordsPart part);

/* `text` may be empty where there is an HTML part: the text is then derived from what that gives.
 * `html` may be NULL. *bad (may be NULL) is the part that an error is about. Errors: those of
 * template_parse() and template_prepare_html(). */
Words *words_parse(const char *subject, const char *text, const char *html, WordsPart *bad,
                   GError **error);
Words *words_ref(Words *words);
void words_unref(Words *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Words, words_unref)

/* Calls `check` for each part that there is; the first that fails is *bad. */
typedef bool (*WordsCheck)(const Template *tmpl, const char *kind, GError **error);
bool words_check(const Words *words, WordsCheck check, const char *kind, WordsPart *bad,
                 GError **error);

/* The rendered parts, before they become a message. */
typedef struct {
    char *subject; /* one line */
    char *text;
    char *html; /* NULL: none */
    /* Of this alert's own (compose_text()); NULL: the sender identity's. */
    char *sender_name, *reply_to;
} ComposedText;
void composed_text_clear(ComposedText *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ComposedText, composed_text_clear)

/* `fields` are those of facts_to_merge_fields(). Pure: the same fields give the same words. Errors:
 * INVALID ("too-long": over LIMIT_RENDERED_BYTES, "template-work"). */
bool words_render(const Words *words, const json_t *fields, ComposedText *out, WordsPart *bad,
                  GError **error);
