/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/proof.h"

#include "alerts/facts.h"
#include "alerts/fields.h"
#include "alerts/html_text.h"
#include "alerts/sample.h"
#include "alerts/words.h"
#include "base/error.h"
#include "base/json.h"
#include "mail/message.h"

#include <string.h>

typedef struct {
    const TicketTemplate *record;
    const TemplateText *text;
    bool own; /* the text in the template's own language */
    Words *words;
    GError **error;
} Proof;

/* ---- saying no ---- */

static char *place(const Proof *proof, WordsPart part)
{
    const char *name = words_part_name(part);
    return proof->own ? g_strconcat("/", name, NULL)
                      : g_strdup_printf("/translations/%s/%s", proof->text->language, name);
}

static char *place_words(const Proof *proof, WordsPart part)
{
    static const char *const words[PART_N] = {"The subject", "The text", "The HTML part"};
    return proof->own ? g_strdup(words[part])
                      : g_strdup_printf("%s in \"%s\"", words[part], proof->text->language);
}

/* Takes `failure`. */
static bool refuse(const Proof *proof, WordsPart part, GError *failure)
{
    g_autofree char *field = place(proof, part);
    g_autofree char *words = place_words(proof, part);
    error_set_problem(proof->error, TD_ERROR_INVALID, error_problem(failure), field,
                      "%s was refused, and nothing was saved. %s", words, failure->message);
    g_error_free(failure);
    return false;
}

static bool refuse_case(const Proof *proof, WordsPart part, SampleCase which, const char *why)
{
    g_autofree char *field = place(proof, part);
    g_autofree char *words = place_words(proof, part);
    error_set_problem(proof->error, TD_ERROR_INVALID, "template-proof", field,
                      "%s was refused, and nothing was saved: with %s, %s", words,
                      sample_case_words(which), why);
    return false;
}

/* ---- the text as such ---- */

static bool parse(Proof *proof)
{
    const TemplateText *text = proof->text;
    GError *failure = NULL;
    WordsPart bad = PART_TEXT;
    if (*text->text == '\0' && text->html == NULL) {
        error_set_problem(&failure, TD_ERROR_INVALID, "empty", NULL,
                          "A mail needs a text or an HTML part");
        return refuse(proof, PART_TEXT, failure);
    }
    proof->words = words_parse(text->subject, text->text, text->html, &bad, &failure);
    if (proof->words == NULL ||
        !words_check(proof->words, merge_fields_check, proof->record->kind, &bad, &failure))
        return refuse(proof, bad, failure);
    return true;
}

/* ---- what comes of it ---- */

/* "{{" and "}}", and a field's name between single braces. */
static bool has_raw_tags(const char *text)
{
    if (strstr(text, "{{") != NULL || strstr(text, "}}") != NULL)
        return true;
    for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{')) {
        size_t bytes = strcspn(open + 1, "}");
        g_autofree char *name = g_strndup(open + 1, MIN(bytes, 64));
        if (merge_field_find(g_strstrip(name)) != NULL)
            return true;
    }
    return false;
}

static bool check_tags(const Proof *proof, SampleCase which, const ComposedText *mail)
{
    static const char why[] = "raw tags are left in the mail; look for {{, }} or a field's name in "
                              "single braces";
    g_autofree char *shown = mail->html != NULL ? html_as_text(mail->html) : NULL;
    if (has_raw_tags(mail->subject))
        return refuse_case(proof, PART_SUBJECT, which, why);
    if (shown != NULL && (has_raw_tags(shown) || strstr(mail->html, "{{") != NULL))
        return refuse_case(proof, PART_HTML, which, why);
    if (has_raw_tags(mail->text))
        return refuse_case(proof, PART_TEXT, which, why);
    return true;
}

static bool is_blank(const char *text)
{
    while (g_ascii_isspace(*text))
        text++;
    return *text == '\0';
}

static bool check_empty(const Proof *proof, SampleCase which, const ComposedText *mail)
{
    if (is_blank(mail->subject))
        return refuse_case(proof, PART_SUBJECT, which, "it is empty");
    if (is_blank(mail->text))
        return refuse_case(proof, PART_TEXT, which, "it is empty");
    return true;
}

static bool build(const Proof *proof, SampleCase which, const ComposedText *mail)
{
    g_autoptr(GError) failure = NULL;
    MessageParts parts = {
        .from_address = "desk@example.com",
        .to_address = SAMPLE_RECIPIENT,
        .subject = mail->subject,
        .message_id = "proof@example.com",
        .language = proof->text->language,
        .text = mail->text,
        .html = mail->html,
    };
    g_autoptr(GBytes) message = message_build(&parts, &failure);
    return message != NULL || refuse_case(proof, PART_TEXT, which, failure->message);
}

static bool render(const Proof *proof, SampleCase which, ComposedText *mail)
{
    const char *recipient;
    json_auto_t *facts = sample_case(which, &recipient);
    facts_to_merge_fields(facts, recipient, SAMPLE_RECIPIENT, proof->text->language);
    WordsPart bad = PART_TEXT;
    g_autoptr(GError) failure = NULL;
    return words_render(proof->words, facts, mail, &bad, &failure) ||
           refuse_case(proof, bad, which, failure->message);
}

static bool check_case(const Proof *proof, SampleCase which)
{
    g_auto(ComposedText) mail = {0};
    return render(proof, which, &mail) && check_empty(proof, which, &mail) &&
           (which == SAMPLE_TAGS || check_tags(proof, which, &mail)) && build(proof, which, &mail);
}

/* ---- data stays data ---- */

static char *replaced(const char *text, const char *what, const char *with)
{
    GString *result = g_string_new(text);
    g_string_replace(result, what, with, 0);
    return g_string_free(result, FALSE);
}

static size_t count(const char *text, char what)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == what;
    return n;
}

/* Tags in the data come out as they went in; markup in the data adds none to the HTML. */
static bool check_data(const Proof *proof)
{
    g_auto(ComposedText) plain = {0};
    g_auto(ComposedText) tags = {0};
    g_auto(ComposedText) markup = {0};
    if (!render(proof, SAMPLE_PLAIN, &plain) || !render(proof, SAMPLE_TAGS, &tags) ||
        !render(proof, SAMPLE_MARKUP, &markup))
        return false;
    g_autofree char *subject = replaced(plain.subject, SAMPLE_PLAIN_TEXT, SAMPLE_TAGS_TEXT);
    if (strcmp(subject, tags.subject) != 0)
        return refuse_case(proof, PART_SUBJECT, SAMPLE_TAGS, "they were not left as they are");
    static const char signs[] = "<>\"'";
    for (size_t i = 0; plain.html != NULL && i < strlen(signs); i++)
        if (count(plain.html, signs[i]) != count(markup.html, signs[i]))
            return refuse_case(proof, PART_HTML, SAMPLE_MARKUP, "they become part of the HTML");
    return true;
}

static bool prove_text(Proof *proof)
{
    if (!parse(proof))
        return false;
    for (int which = 0; which < SAMPLE_N; which++)
        if (!check_case(proof, (SampleCase)which))
            return false;
    return check_data(proof);
}

bool template_prove(const TicketTemplate *record, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < record->texts->len; i++) {
        Proof proof = {
            .record = record, .text = record->texts->pdata[i], .own = i == 0, .error = error};
        ok = prove_text(&proof);
        words_unref(proof.words);
    }
    return ok;
}
