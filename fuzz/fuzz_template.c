/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a template; it renders with a fixed context that has every kind of value, in text
 * and in HTML, with partials one of which is the input itself.
 *
 * Invariants: an error of parsing has a position inside the text; a result is never longer than its
 * maximum, is valid UTF-8, and is the same the second time; a smaller maximum refuses exactly what
 * does not fit.
 */
#include "fuzz.h"

#include "base/error.h"
#include "template/template.h"

#include <string.h>

#define MAX_BYTES 20000

static const char context_text[] = "{\"a\":\"text\",\"b\":{\"c\":{\"d\":\"deep\"},\"a\":\"inner\"},"
                                   "\"l\":[1,2.5,\"three\",null,{\"a\":\"4\"}],"
                                   "\"e\":[],\"o\":{},\"t\":true,\"f\":false,\"n\":null,\"z\":0,"
                                   "\"s\":\"\",\"m\":\"{{a}}<b>&\\\"'\","
                                   "\"r\":1.1,\"i\":-7,\"x\":\"one\\ntwo\\r\\nthree\",\"\u00fc\":"
                                   "\"\U0001f525\",\"nul\":\"a\\u0000b\","
                                   "\"k\":[[1,[2,[3]]],[\"q\"]]}";

typedef struct {
    Template *itself;
    Template *lines;
} Partials;

static const Template *find_partial(const char *name, void *data)
{
    const Partials *partials = data;
    if (strcmp(name, "p") == 0)
        return partials->lines;
    return strcmp(name, "self") == 0 ? partials->itself : NULL;
}

static void check_error(const GError *error, const uint8_t *data, size_t size)
{
    FUZZ_CHECK(error_is(error, TD_ERROR_INVALID));
    if (strcmp(error_problem(error), "too-long") == 0)
        return;
    FUZZ_CHECK(strcmp(error_problem(error), "template-syntax") == 0);
    int line = 0, column = 0;
    FUZZ_CHECK(template_error_position(error, &line, &column));
    int lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    FUZZ_CHECK(line >= 1 && line <= lines);
    FUZZ_CHECK(column >= 1 && (size_t)column <= size + 1);
}

static bool visit(char kind, const char *name, int line, int column, void *data, GError **error)
{
    int *last = data;
    FUZZ_CHECK(strchr("v&#^>", kind) != NULL && *name != '\0');
    FUZZ_CHECK(line > last[0] || (line == last[0] && column > last[1]));
    last[0] = line;
    last[1] = column;
    return true;
}

static void check_render(Partials *partials, const json_t *context, TemplateEscape escape)
{
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    g_autofree char *third = NULL;
    g_autoptr(GError) error = NULL;
    bool ok = template_render(partials->itself, context, escape, find_partial, partials, MAX_BYTES,
                              &first, &error);
    FUZZ_CHECK(ok == (first != NULL) && ok == (error == NULL));
    if (!ok) {
        FUZZ_CHECK(error_is(error, TD_ERROR_INVALID));
        return;
    }
    size_t bytes = strlen(first);
    FUZZ_CHECK(bytes <= MAX_BYTES);
    FUZZ_CHECK(g_utf8_validate_len(first, bytes, NULL));
    FUZZ_CHECK(template_render(partials->itself, context, escape, find_partial, partials, bytes,
                               &second, NULL));
    FUZZ_CHECK(strcmp(first, second) == 0);
    if (bytes > 0)
        FUZZ_CHECK(!template_render(partials->itself, context, escape, find_partial, partials,
                                    bytes - 1, &third, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char lines[] = "one {{a}}\n\n{{#l}}\n  {{.}}\n{{/l}}{{^t}}\n{{/t}}end";
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) tmpl = template_parse((const char *)data, size, &error);
    FUZZ_CHECK((tmpl == NULL) == (error != NULL));
    if (tmpl == NULL) {
        check_error(error, data, size);
        return 0;
    }
    int last[2] = {0, 0};
    FUZZ_CHECK(template_check(tmpl, visit, last, NULL));
    g_autoptr(Template) lines_template = template_parse(lines, strlen(lines), NULL);
    json_auto_t *context = json_loads(context_text, JSON_ALLOW_NUL, NULL);
    FUZZ_CHECK(lines_template != NULL && context != NULL);
    Partials partials = {tmpl, lines_template};
    check_render(&partials, context, template_escape_html);
    check_render(&partials, context, template_escape_none);
    return 0;
}
