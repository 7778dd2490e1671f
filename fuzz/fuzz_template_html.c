/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is an HTML template. Where it is accepted, it renders twice: with values that are
 * harmless and with values that try to become markup.
 *
 * Invariants: an error has a position inside the text; no value adds or takes away a sign that HTML
 * is made of, so both renderings have the same <, >, " and ' in the same order; a result is valid
 * UTF-8, within its maximum, and is the same the second time.
 */
#include "fuzz.h"

#include "base/error.h"
#include "template/template.h"

#include <string.h>

#define MAX_BYTES 100000

/* The same shape twice: the same sections open, lists are as long. No value has a sign of HTML in
 * the first one. */
static const char harmless_text[] =
    "{\"a\":\"word\",\"u\":\"https://desk.example/x\",\"j\":\"word\",\"s\":\" \",\"e\":\"\","
    "\"l\":[\"one\",{\"a\":\"two\"}],\"o\":{\"a\":\"deep\"},\"t\":true,\"f\":false,\"n\":null,"
    "\"i\":7}";
static const char nasty_text[] =
    "{\"a\":\"</a></style></title>--><script>x</script>\\\"' onload='y' &lt;\","
    "\"u\":\"https://desk.example/\\\"'><img src=x>&amp; "
    "\\n{{a}}\",\"j\":\"javascript:alert('x')\","
    "\"s\":\"\\\" "
    "x='\",\"e\":\"\",\"l\":[\"<b\",{\"a\":\"'>\"}],\"o\":{\"a\":\"\\\"/>\"},\"t\":true,"
    "\"f\":false,\"n\":null,\"i\":7}";

static void check_error(const GError *error, const uint8_t *data, size_t size)
{
    FUZZ_CHECK(error_is(error, TD_ERROR_INVALID));
    if (strcmp(error_problem(error), "too-long") == 0)
        return;
    int line = 0, column = 0;
    FUZZ_CHECK(template_error_position(error, &line, &column));
    int lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    FUZZ_CHECK(line >= 1 && line <= lines);
    FUZZ_CHECK(column >= 1 && (size_t)column <= size + 1);
}

/* NULL: it does not fit. */
static char *render(const Template *tmpl, const json_t *context)
{
    char *out = NULL;
    g_autofree char *again = NULL;
    g_autoptr(GError) error = NULL;
    if (!template_render(tmpl, context, template_escape_html, NULL, NULL, MAX_BYTES, &out,
                         &error)) {
        FUZZ_CHECK(error_is(error, TD_ERROR_INVALID));
        return NULL;
    }
    FUZZ_CHECK(strlen(out) <= MAX_BYTES && g_utf8_validate(out, -1, NULL));
    FUZZ_CHECK(
        template_render(tmpl, context, template_escape_html, NULL, NULL, MAX_BYTES, &again, NULL));
    FUZZ_CHECK(strcmp(out, again) == 0);
    return out;
}

/* The signs of HTML in a text, in their order. */
static char *signs_of(const char *html)
{
    GString *signs = g_string_new(NULL);
    for (; *html != '\0'; html++)
        if (strchr("<>\"'", *html) != NULL)
            g_string_append_c(signs, *html);
    return g_string_free(signs, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) tmpl = template_parse((const char *)data, size, &error);
    if (tmpl == NULL || !template_prepare_html(tmpl, &error)) {
        FUZZ_CHECK(error != NULL);
        check_error(error, data, size);
        return 0;
    }
    FUZZ_CHECK(error == NULL);
    json_auto_t *harmless = json_loads(harmless_text, 0, NULL);
    json_auto_t *nasty = json_loads(nasty_text, 0, NULL);
    FUZZ_CHECK(harmless != NULL && nasty != NULL);
    g_autofree char *calm = render(tmpl, harmless);
    g_autofree char *attacked = render(tmpl, nasty);
    if (calm == NULL || attacked == NULL)
        return 0;
    g_autofree char *expected = signs_of(calm);
    g_autofree char *signs = signs_of(attacked);
    FUZZ_CHECK(strcmp(expected, signs) == 0);
    return 0;
}
