/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart/form-data (RFC 7578) as browsers write it: a boundary of at most 70 letters, and of a
 * part's header the two fields that matter. What is outside of parts is ignored; a part without its
 * end, or without a name, refuses the form. One pass; nothing is copied but what is kept.
 */
#include "http/form-private.h"

#include <string.h>

#define BOUNDARY_MAX    70 /* RFC 2046 §5.1.1 */
#define PART_HEADER_MAX 4096

typedef struct {
    char *name, *file_name; /* NULL: not said */
    char *content_type;
} PartHead;

static void part_head_clear(PartHead *head)
{
    g_free(head->name);
    g_free(head->file_name);
    g_free(head->content_type);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PartHead, part_head_clear)

/* A quoted string or a token. Browsers write a quote in a file's name as %22, old ones as \". */
static char *read_value(const char **at)
{
    GString *value = g_string_new(NULL);
    const char *c = *at;
    if (*c != '"') {
        size_t bytes = strcspn(c, "; \t");
        g_string_append_len(value, c, (gssize)bytes);
        *at = c + bytes;
        return g_string_free(value, FALSE);
    }
    for (c++; *c != '\0' && *c != '"'; c++) {
        if (*c == '\\' && (c[1] == '"' || c[1] == '\\'))
            c++;
        g_string_append_c(value, *c);
    }
    *at = *c == '"' ? c + 1 : c;
    return g_string_free(value, FALSE);
}

/* The parameter of a header's value; NULL: it has none of this name. */
static char *read_param(const char *value, const char *name)
{
    const char *at = value + strcspn(value, ";");
    while (*at == ';') {
        at += 1 + strspn(at + 1, " \t");
        size_t bytes = strcspn(at, "=;");
        bool ours = bytes == strlen(name) && g_ascii_strncasecmp(at, name, bytes) == 0;
        at += bytes;
        if (*at != '=')
            continue;
        at++;
        g_autofree char *found = read_value(&at);
        if (ours)
            return g_steal_pointer(&found);
        at += strcspn(at, ";");
    }
    return NULL;
}

static void read_line(PartHead *head, const char *line)
{
    static const char disposition[] = "Content-Disposition:";
    static const char type[] = "Content-Type:";
    if (g_ascii_strncasecmp(line, disposition, strlen(disposition)) == 0 && head->name == NULL) {
        head->name = read_param(line, "name");
        head->file_name = read_param(line, "filename");
    } else if (g_ascii_strncasecmp(line, type, strlen(type)) == 0 && head->content_type == NULL) {
        head->content_type = g_strstrip(g_strdup(line + strlen(type)));
    }
}

static bool read_head(const char *text, size_t bytes, PartHead *head, GError **error)
{
    if (bytes > PART_HEADER_MAX || memchr(text, '\0', bytes) != NULL)
        return form_refuse(error, "A part of the form has a header that cannot be read");
    g_autofree char *copy = g_strndup(text, bytes);
    g_auto(GStrv) lines = g_strsplit(copy, "\r\n", -1);
    for (char **line = lines; *line != NULL; line++)
        read_line(head, *line);
    return head->name != NULL || form_refuse(error, "A part of the form has no name");
}

static bool read_part(HttpForm *form, const char *part, size_t bytes, GError **error)
{
    const char *blank = memmem(part, bytes, "\r\n\r\n", 4);
    if (blank == NULL)
        return form_refuse(error, "A part of the form has no end of its header");
    g_auto(PartHead) head = {0};
    if (!read_head(part, (size_t)(blank - part), &head, error))
        return false;
    const char *content = blank + 4;
    size_t content_bytes = bytes - (size_t)(content - part);
    if (head.file_name == NULL)
        return form_add_text(form, head.name, content, content_bytes, error);
    return form_add_file(form, head.name, head.file_name,
                         head.content_type != NULL ? head.content_type : "", content, content_bytes,
                         error);
}

bool multipart_read(HttpForm *form, const char *content_type, const char *body, size_t bytes,
                    GError **error)
{
    g_autofree char *boundary = read_param(content_type, "boundary");
    if (boundary == NULL || *boundary == '\0' || strlen(boundary) > BOUNDARY_MAX)
        return form_refuse(error, "The form does not say where its parts begin");
    /* The first one begins the body, where no line end stands before it. */
    g_autofree char *first = g_strconcat("--", boundary, NULL);
    g_autofree char *next = g_strconcat("\r\n--", boundary, NULL);
    const char *end = body + bytes;
    const char *at = memmem(body, bytes, first, strlen(first));
    if (at == NULL)
        return form_refuse(error, "The form has no parts");
    at += strlen(first);
    while (end - at >= 2 && memcmp(at, "--", 2) != 0) {
        if (memcmp(at, "\r\n", 2) != 0)
            return form_refuse(error, "The form's parts cannot be told apart");
        at += 2;
        const char *stop = memmem(at, (size_t)(end - at), next, strlen(next));
        if (stop == NULL)
            return form_refuse(error, "The form is cut off");
        if (!read_part(form, at, (size_t)(stop - at), error))
            return false;
        at = stop + strlen(next);
    }
    return end - at >= 2 || form_refuse(error, "The form is cut off");
}
