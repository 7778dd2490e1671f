/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libxml2 gets to see of a stranger's HTML.
 *
 * Its parser compares each attribute with all that the tag has already, so a tag of a million
 * attributes takes hours, and there is no limit to set. Here each tag is written anew with the few
 * attributes that matter to a text; comments and scripts, in which tags could hide, are left out on
 * the way. What is left is short, and libxml2 does what it is good at: closing what was not closed,
 * and the entities.
 */
#include "mail/html_simplify.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define NAME_BYTES  16
#define VALUE_BYTES 2000

static const char *const kept[] = {"href", "alt", "style", "hidden", "start"};
#define N_KEPT G_N_ELEMENTS(kept)

/* Elements whose content is no markup and no text that a reader sees. */
static const char *const raw_elements[] = {"script", "style",  "title",   "textarea",
                                           "xmp",    "iframe", "noembed", "noframes"};

typedef struct {
    const char *p;
    const char *end;
    GString *out;
} Scan;

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Skips to behind the next ">" (of a comment: "-->"), or to the end. */
static void skip_behind(Scan *scan, bool comment)
{
    const char *from = scan->p;
    const char *close;
    while ((close = memchr(scan->p, '>', (size_t)(scan->end - scan->p))) != NULL) {
        scan->p = close + 1;
        if (!comment || (close - from >= 2 && close[-1] == '-' && close[-2] == '-'))
            return;
    }
    scan->p = scan->end;
}

/* Lower-case; longer names are cut, as none that matters is so long. */
static void read_name(Scan *scan, const char *stops, char *name)
{
    size_t n = 0;
    for (; scan->p < scan->end && !is_space(*scan->p) && strchr(stops, *scan->p) == NULL; scan->p++)
        if (n < NAME_BYTES - 1)
            name[n++] = g_ascii_tolower(*scan->p);
    name[n] = '\0';
}

static void skip_spaces(Scan *scan)
{
    while (scan->p < scan->end && is_space(*scan->p))
        scan->p++;
}

/* The value behind "=", borrowed. */
static const char *read_value(Scan *scan, size_t *bytes)
{
    skip_spaces(scan);
    char quote = '\0';
    if (scan->p < scan->end)
        quote = *scan->p;
    const char *start = scan->p;
    if (quote == '"' || quote == '\'') {
        start = ++scan->p;
        const char *close = memchr(start, quote, (size_t)(scan->end - start));
        const char *stop = close != NULL ? close : scan->end;
        *bytes = (size_t)(stop - start);
        scan->p = close != NULL ? close + 1 : scan->end;
        return start;
    }
    while (scan->p < scan->end && !is_space(*scan->p) && *scan->p != '>')
        scan->p++;
    *bytes = (size_t)(scan->p - start);
    return start;
}

static void write_attribute(GString *out, const char *name, const char *value, size_t bytes)
{
    if (bytes > VALUE_BYTES)
        bytes = 0;
    g_string_append_printf(out, " %s=\"", name);
    for (size_t i = 0; i < bytes; i++) {
        if (value[i] == '"')
            g_string_append(out, "&quot;");
        else
            g_string_append_c(out, value[i]);
    }
    g_string_append_c(out, '"');
}

/* Attributes up to the ">" (HTML §13.2.5.32 to 13.2.5.39). */
static void read_attributes(Scan *scan)
{
    bool seen[N_KEPT] = {false};
    while (scan->p < scan->end) {
        while (scan->p < scan->end && (is_space(*scan->p) || *scan->p == '/'))
            scan->p++;
        if (scan->p == scan->end || *scan->p == '>')
            return;
        char name[NAME_BYTES];
        const char *start = scan->p;
        if (*scan->p == '=') /* begins a name: it is no sign of a value yet */
            scan->p++;
        read_name(scan, "/>=", name);
        if (scan->p == start)
            scan->p++;
        skip_spaces(scan);
        const char *value = "";
        size_t bytes = 0;
        if (scan->p < scan->end && *scan->p == '=') {
            scan->p++;
            value = read_value(scan, &bytes);
        }
        for (size_t i = 0; i < N_KEPT; i++)
            if (!seen[i] && strcmp(kept[i], name) == 0) {
                seen[i] = true;
                write_attribute(scan->out, name, value, bytes);
            }
    }
}

/* The content of a raw element up to its end tag, which is left. */
static void skip_raw(Scan *scan, const char *name)
{
    size_t n = strlen(name);
    for (; scan->p < scan->end; scan->p++) {
        scan->p = memchr(scan->p, '<', (size_t)(scan->end - scan->p));
        if (scan->p == NULL) {
            scan->p = scan->end;
            return;
        }
        if ((size_t)(scan->end - scan->p) > n + 2 && scan->p[1] == '/' &&
            g_ascii_strncasecmp(scan->p + 2, name, n) == 0 && !g_ascii_isalnum(scan->p[n + 2]))
            return;
    }
}

static void read_start_tag(Scan *scan)
{
    char name[NAME_BYTES];
    gsize undo = scan->out->len;
    scan->p++;
    read_name(scan, "/>", name);
    bool plain = true;
    for (const char *c = name; *c != '\0'; c++)
        plain = plain && (g_ascii_isalnum(*c) || *c == '-');
    g_string_append_printf(scan->out, "<%s", plain ? name : "span");
    read_attributes(scan);
    g_string_append_c(scan->out, '>');
    if (scan->p < scan->end)
        scan->p++;
    for (size_t i = 0; i < G_N_ELEMENTS(raw_elements); i++)
        if (strcmp(raw_elements[i], name) == 0) {
            g_string_truncate(scan->out, undo);
            skip_raw(scan, name);
        }
}

/* The end tag of what was left out is left out by libxml2, which finds nothing to close. */
static void read_end_tag(Scan *scan)
{
    char name[NAME_BYTES];
    scan->p += 2;
    read_name(scan, "/>", name);
    bool plain = true;
    for (const char *c = name; *c != '\0'; c++)
        plain = plain && (g_ascii_isalnum(*c) || *c == '-');
    for (size_t i = 0; i < G_N_ELEMENTS(raw_elements); i++)
        plain = plain && strcmp(raw_elements[i], name) != 0;
    g_autoptr(GString) unused = g_string_new(NULL);
    Scan rest = {.p = scan->p, .end = scan->end, .out = unused};
    read_attributes(&rest);
    scan->p = rest.p < rest.end ? rest.p + 1 : rest.end;
    if (plain)
        g_string_append_printf(scan->out, "</%s>", name);
}

static void read_markup(Scan *scan)
{
    size_t left = (size_t)(scan->end - scan->p);
    const char *p = scan->p;
    if (left >= 2 && g_ascii_isalpha(p[1])) {
        read_start_tag(scan);
    } else if (left >= 3 && p[1] == '/' && g_ascii_isalpha(p[2])) {
        read_end_tag(scan);
    } else if (left >= 4 && memcmp(p, "<!--", 4) == 0) {
        scan->p += 2; /* "<!-->" is a whole comment */
        skip_behind(scan, true);
    } else if (left >= 2 && (p[1] == '!' || p[1] == '?' || p[1] == '/')) {
        skip_behind(scan, false);
    } else {
        g_string_append(scan->out, "&lt;");
        scan->p++;
    }
}

char *html_simplify(const char *html, size_t bytes)
{
    Scan scan = {.p = html, .end = html + bytes, .out = g_string_sized_new(bytes / 2)};
    while (scan.p < scan.end) {
        const char *open = memchr(scan.p, '<', (size_t)(scan.end - scan.p));
        const char *stop = open != NULL ? open : scan.end;
        g_string_append_len(scan.out, scan.p, stop - scan.p);
        scan.p = stop;
        if (open != NULL)
            read_markup(&scan);
    }
    return g_string_free(scan.out, FALSE);
}
