/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small reading of HTML: the states of WHATWG HTML §13.2.5 that well-formed mail needs, one
 * character after the other. What a browser would repair by guessing is refused instead, because a
 * guess of ours that differs from the browser's is how a value becomes markup.
 */
#include "template/html-private.h"

#include <glib.h>
#include <string.h>

static void append(char *name, size_t size, char c)
{
    size_t length = strlen(name);
    if (length + 1 < size) {
        name[length] = g_ascii_tolower(c);
        name[length + 1] = '\0';
    }
}

static bool is_one_of(const char *name, const char *const *list)
{
    return g_strv_contains(list, name);
}

/* Mail programs take these out, or take the mail for an attack. */
static const char *element_trouble(const char *name)
{
    static const char *const active[] = {"applet", "audio",  "base",     "button",   "embed",
                                         "form",   "frame",  "frameset", "iframe",   "input",
                                         "link",   "math",   "noscript", "object",   "plaintext",
                                         "script", "select", "svg",      "template", "textarea",
                                         "video",  "xmp",    "noembed",  "noframes", NULL};
    return is_one_of(name, active) ? "This element has no place in a mail: it runs, loads or asks "
                                     "for something. Take it out; it stands"
                                   : NULL;
}

static AttributeKind attribute_kind(const char *name)
{
    static const char *const links[] = {"href", "cite", "longdesc", "action", "formaction", NULL};
    static const char *const sources[] = {"src", "background", "poster", NULL};
    static const char *const closed[] = {"style",  "srcset",     "class",   "id",
                                         "name",   "type",       "media",   "rel",
                                         "target", "http-equiv", "content", NULL};
    if (is_one_of(name, links))
        return ATTRIBUTE_LINK;
    if (is_one_of(name, sources))
        return ATTRIBUTE_SOURCE;
    return is_one_of(name, closed) ? ATTRIBUTE_CLOSED : ATTRIBUTE_PLAIN;
}

static const char *attribute_trouble(const char *name)
{
    if (g_str_has_prefix(name, "on") && name[2] != '\0')
        return "An attribute that runs a script has no place in a mail; it ends";
    if (strcmp(name, "srcdoc") == 0 || strcmp(name, "formaction") == 0 ||
        strcmp(name, "action") == 0 || strcmp(name, "ping") == 0)
        return "This attribute has no place in a mail; it ends";
    return NULL;
}

static bool starts(const char *text, const char *prefix)
{
    return g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Of a whole attribute, when its quote closes. */
static const char *value_trouble(const Html *html)
{
    const char *value = html->start;
    bool from_web = starts(value, "https://") || starts(value, "http://");
    if (html->kind == ATTRIBUTE_SOURCE && !from_web && !(html->has_field && *value == '\0'))
        return "An image must be a link that begins with https://; the attribute ends";
    if (html->kind == ATTRIBUTE_LINK && !from_web && !starts(value, "mailto:") &&
        !starts(value, "tel:") && *value != '#' && !(html->has_field && *value == '\0'))
        return "A link must begin with https://, http://, mailto: or tel:, because a mail has no "
               "address of its own; the attribute ends";
    if (strcmp(html->attribute, "http-equiv") == 0 && starts(value, "refresh"))
        return "A mail cannot lead its reader away by itself; the attribute ends";
    return NULL;
}

/* ---- one character ---- */

static void begin_attribute(Html *html, char c)
{
    html->place = IN_ATTRIBUTE_NAME;
    html->attribute[0] = '\0';
    append(html->attribute, sizeof html->attribute, c);
}

static void end_tag(Html *html)
{
    bool style = !html->end_tag && strcmp(html->element, "style") == 0;
    html->place = style ? IN_STYLE : IN_TEXT;
    html->recent[0] = '\0';
    if (strcmp(html->element, "title") == 0)
        html->in_title = !html->end_tag;
}

/* Keeps the last characters, in lower case. */
static void remember(Html *html, char c)
{
    size_t length = strlen(html->recent);
    if (length + 1 == sizeof html->recent)
        memmove(html->recent, html->recent + 1, length--);
    html->recent[length] = g_ascii_tolower(c);
    html->recent[length + 1] = '\0';
}

static const char title_trouble[] =
    "The title holds words alone; write a \"<\" of theirs as &lt;. What is none stands";

static const char *read_tag_open(Html *html, char c)
{
    html->end_tag = false;
    html->element[0] = '\0';
    html->recent[0] = '\0';
    if (g_ascii_isalpha(c)) {
        html->place = IN_TAG_NAME;
        append(html->element, sizeof html->element, c);
    } else if (c == '/') {
        html->place = IN_TAG_NAME;
        html->end_tag = true;
    } else if (c == '!' && html->in_title) {
        return title_trouble;
    } else if (c == '!') {
        html->place = IN_DECLARATION;
    } else {
        return "A \"<\" that opens no element must be written &lt;; it stands before what is";
    }
    return NULL;
}

static const char *read_tag_name(Html *html, char c)
{
    bool first = *html->element == '\0';
    if (g_ascii_isalpha(c) || (!first && (g_ascii_isdigit(c) || c == '-' || c == ':'))) {
        append(html->element, sizeof html->element, c);
        return NULL;
    }
    const char *trouble = element_trouble(html->element);
    if (trouble != NULL)
        return trouble;
    if (first)
        return "An element has no name; it ends";
    if (html->in_title && !(html->end_tag && strcmp(html->element, "title") == 0))
        return title_trouble;
    if (c == '>')
        end_tag(html);
    else if (g_ascii_isspace(c) || c == '/')
        html->place = IN_TAG;
    else
        return "An element's name has a character that none can have,";
    return NULL;
}

static const char *read_in_tag(Html *html, char c)
{
    if (c == '>')
        end_tag(html);
    else if (c == '"' || c == '\'' || c == '<' || c == '=')
        return "A quote, \"<\" or \"=\" stands where an attribute's name should; look whether a "
               "quote before it is missing, which is";
    else if (!g_ascii_isspace(c) && c != '/')
        begin_attribute(html, c);
    return NULL;
}

static const char *begin_value(Html *html)
{
    html->place = BEFORE_VALUE;
    html->kind = attribute_kind(html->attribute);
    html->start[0] = '\0';
    html->has_field = false;
    return NULL;
}

static const char *read_attribute_name(Html *html, char c)
{
    if (!g_ascii_isspace(c) && strchr("=>/\"'<", c) == NULL) {
        append(html->attribute, sizeof html->attribute, c);
        return NULL;
    }
    const char *trouble = attribute_trouble(html->attribute);
    if (trouble != NULL)
        return trouble;
    if (c == '=')
        return begin_value(html);
    if (g_ascii_isspace(c)) {
        html->place = AFTER_ATTRIBUTE_NAME;
        return NULL;
    }
    html->place = IN_TAG;
    return read_in_tag(html, c);
}

static const char *read_after_attribute_name(Html *html, char c)
{
    if (g_ascii_isspace(c))
        return NULL;
    if (c == '=')
        return begin_value(html);
    html->place = IN_TAG;
    return read_in_tag(html, c);
}

static const char *read_before_value(Html *html, char c)
{
    if (c == '"' || c == '\'') {
        html->place = IN_VALUE;
        html->quote = c;
    } else if (c == '>') {
        return "An attribute has no value; it ends";
    } else if (!g_ascii_isspace(c)) {
        html->place = IN_BARE_VALUE;
        append(html->start, sizeof html->start, c);
    }
    return NULL;
}

static const char *read_value(Html *html, char c)
{
    if (c != html->quote) {
        append(html->start, sizeof html->start, c);
        return NULL;
    }
    html->place = IN_TAG;
    return value_trouble(html);
}

static const char *read_bare_value(Html *html, char c)
{
    if (!g_ascii_isspace(c) && c != '>') {
        append(html->start, sizeof html->start, c);
        return NULL;
    }
    html->place = IN_TAG;
    const char *trouble = value_trouble(html);
    return trouble != NULL ? trouble : read_in_tag(html, c);
}

static const char *read_declaration(Html *html, char c)
{
    remember(html, c);
    if (strcmp(html->recent, "--") == 0) {
        html->place = IN_COMMENT;
        html->recent[0] = '\0';
    } else if (c == '>') {
        html->place = IN_TEXT;
    }
    return NULL;
}

/* A browser also ends a comment at its very start and at "--!>", which nobody means. */
static const char *read_comment(Html *html, char c)
{
    remember(html, c);
    if (strcmp(html->recent, ">") == 0 || strcmp(html->recent, "->") == 0 ||
        g_str_has_suffix(html->recent, "--!>"))
        return "A comment ends with -->, behind its words; one that does not ends";
    if (g_str_has_suffix(html->recent, "-->"))
        html->place = IN_TEXT;
    return NULL;
}

static const char *read_style(Html *html, char c)
{
    remember(html, c);
    if (g_str_has_suffix(html->recent, "</style")) {
        html->place = IN_TAG_NAME;
        html->end_tag = true;
        g_strlcpy(html->element, "style", sizeof html->element);
    }
    return NULL;
}

const char *html_read(Html *html, char c)
{
    switch (html->place) {
    case IN_TAG_OPEN:
        return read_tag_open(html, c);
    case IN_TAG_NAME:
        return read_tag_name(html, c);
    case IN_TAG:
        return read_in_tag(html, c);
    case IN_ATTRIBUTE_NAME:
        return read_attribute_name(html, c);
    case AFTER_ATTRIBUTE_NAME:
        return read_after_attribute_name(html, c);
    case BEFORE_VALUE:
        return read_before_value(html, c);
    case IN_VALUE:
        return read_value(html, c);
    case IN_BARE_VALUE:
        return read_bare_value(html, c);
    case IN_COMMENT:
        return read_comment(html, c);
    case IN_DECLARATION:
        return read_declaration(html, c);
    case IN_STYLE:
        return read_style(html, c);
    case IN_TEXT:
    default:
        if (c == '<')
            html->place = IN_TAG_OPEN;
        return NULL;
    }
}
