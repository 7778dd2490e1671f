/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/words.h"

#include "alerts/html_text.h"
#include "base/limits.h"

#include <string.h>

struct Words {
    int users;
    Template *parts[PART_N]; /* NULL: no HTML, or a text that is derived from it */
};

const char *words_part_name(WordsPart part)
{
    static const char *const names[PART_N] = {"subject", "text", "html"};
    return names[part];
}

Words *words_ref(Words *words)
{
    g_atomic_int_inc(&words->users);
    return words;
}

void words_unref(Words *words)
{
    if (words == NULL || !g_atomic_int_dec_and_test(&words->users))
        return;
    for (int part = 0; part < PART_N; part++)
        template_free(words->parts[part]);
    g_free(words);
}

static bool fail(WordsPart part, WordsPart *bad)
{
    if (bad != NULL)
        *bad = part;
    return false;
}

static bool parse_part(Words *words, WordsPart part, const char *source, GError **error)
{
    if (source == NULL)
        return true;
    words->parts[part] = template_parse(source, strlen(source), error);
    return words->parts[part] != NULL &&
           (part != PART_HTML || template_prepare_html(words->parts[part], error));
}

Words *words_parse(const char *subject, const char *text, const char *html, WordsPart *bad,
                   GError **error)
{
    bool derived = html != NULL && *text == '\0';
    const char *sources[PART_N] = {subject, derived ? NULL : text, html};
    g_autoptr(Words) words = g_new0(Words, 1);
    words->users = 1;
    for (int part = 0; part < PART_N; part++) {
        if (!parse_part(words, (WordsPart)part, sources[part], error)) {
            fail((WordsPart)part, bad);
            return NULL;
        }
    }
    return g_steal_pointer(&words);
}

bool words_check(const Words *words, WordsCheck check, const char *kind, WordsPart *bad,
                 GError **error)
{
    for (int part = 0; part < PART_N; part++)
        if (words->parts[part] != NULL && !check(words->parts[part], kind, error))
            return fail((WordsPart)part, bad);
    return true;
}

void composed_text_clear(ComposedText *text)
{
    g_clear_pointer(&text->subject, g_free);
    g_clear_pointer(&text->text, g_free);
    g_clear_pointer(&text->html, g_free);
    g_clear_pointer(&text->sender_name, g_free);
    g_clear_pointer(&text->reply_to, g_free);
}

/* A subject is one line, whatever the template gives. */
static char *one_line(const char *text)
{
    g_autofree char *flat = g_strdup(text);
    g_strdelimit(flat, "\r\n\t", ' ');
    return g_strdup(g_strstrip(flat));
}

bool words_render(const Words *words, const json_t *fields, ComposedText *out, WordsPart *bad,
                  GError **error)
{
    char *results[PART_N] = {NULL};
    bool ok = true;
    for (int part = 0; ok && part < PART_N; part++) {
        TemplateEscape escape = part == PART_HTML ? template_escape_html : template_escape_none;
        ok = words->parts[part] == NULL ||
             template_render(words->parts[part], fields, escape, NULL, NULL, LIMIT_RENDERED_BYTES,
                             &results[part], error) ||
             fail((WordsPart)part, bad);
    }
    g_autofree char *subject = results[PART_SUBJECT];
    g_autofree char *text = results[PART_TEXT];
    g_autofree char *html = results[PART_HTML];
    if (!ok)
        return false;
    out->subject = one_line(subject);
    out->text = text != NULL ? g_steal_pointer(&text) : html_as_text(html);
    out->html = g_steal_pointer(&html);
    return true;
}
