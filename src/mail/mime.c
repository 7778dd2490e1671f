/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the parts of a stranger's mail.
 *
 * GMime reads values (types, parameters, encodings, words, addresses, dates), and every mail that a
 * person sends could be left to its parser as well. Mails that are made to hurt cannot: it opens
 * attached mails to a depth of 500 and more, looks at every line that begins with "--" once for
 * each open boundary (40 seconds for 8 MB), reads all addresses again with each further To, and
 * parses groups in groups by recursion until the stack ends. So the structure is found here: in one
 * pass for each level of at most INBOUND_DEPTH, with nothing opened but multiparts.
 *
 * A child lies between two delimiter lines of its parent, whatever its own boundaries say, so that
 * a lost end boundary costs nothing.
 */
#include "mail/mime.h"

#include "base/error.h"
#include "mail/inbound.h"

#include <string.h>

#define PART_FIELDS    200 /* of a part's header; the mail's own may have INBOUND_HEADERS */
#define BOUNDARY_BYTES 500 /* RFC 2046 allows 70 */

typedef struct {
    MimeDefects *defects;
    unsigned parts;
    GError **error;
} Reader;

static bool unreadable(GError **error, const char *why)
{
    error_set_problem(error, TD_ERROR_INVALID, "unreadable-mail", NULL,
                      "The mail cannot be read: %s. It is kept as it came; look at the raw mail",
                      why);
    return false;
}

/* Where the line that begins at p ends (its LF, or `end`). */
static const char *line_end(const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    return lf != NULL ? lf : end;
}

static bool is_blank(const char *p, const char *lf)
{
    return p == lf || (lf - p == 1 && *p == '\r');
}

/* The colon of a line that is a field (RFC 5322 §3.6.8, with spaces before the colon), or NULL. */
static const char *field_colon(const char *p, const char *lf, const char **name_end)
{
    const char *q = p;
    while (q<lf && * q> 32 && *q < 127 && *q != ':')
        q++;
    *name_end = q;
    while (q < lf && (*q == ' ' || *q == '\t'))
        q++;
    return q < lf && *q == ':' && *name_end > p ? q : NULL;
}

/* Whether the line is the blank one or can belong to a header. */
static bool is_header_line(const char *p, const char *end)
{
    const char *lf = line_end(p, end);
    const char *name_end;
    return p < end && (is_blank(p, lf) || field_colon(p, lf, &name_end) != NULL);
}

/* Reads fields up to the blank line; returns where the body begins. A line that is no field is
 * skipped when the header goes on behind it, else the body begins there. */
static const char *read_fields(const char *p, const char *end, guint max, GArray *fields, bool *bad)
{
    bool open = false; /* a field that may be continued */
    while (p < end) {
        const char *lf = line_end(p, end);
        const char *next = lf < end ? lf + 1 : end;
        const char *name_end;
        if (is_blank(p, lf))
            return next;
        const char *colon = field_colon(p, lf, &name_end);
        if (*p == ' ' || *p == '\t') {
            if (open) {
                MimeField *last = &g_array_index(fields, MimeField, fields->len - 1);
                last->value_bytes = (size_t)(lf - last->value);
            }
        } else if (colon != NULL) {
            open = fields->len < max;
            MimeField field = {.name = p,
                               .name_bytes = (size_t)(name_end - p),
                               .value = colon + 1,
                               .value_bytes = (size_t)(lf - colon - 1)};
            if (open)
                g_array_append_val(fields, field);
            else
                *bad = true;
        } else {
            *bad = true;
            if (!is_header_line(next, end))
                return p;
            open = false;
        }
        p = next;
    }
    return end;
}

bool mime_field_is(const MimeField *field, const char *name)
{
    return strlen(name) == field->name_bytes &&
           g_ascii_strncasecmp(field->name, name, field->name_bytes) == 0;
}

const MimeField *mime_find(const MimePart *part, const char *name)
{
    for (guint i = 0; i < part->fields->len; i++) {
        const MimeField *field = &g_array_index(part->fields, MimeField, i);
        if (mime_field_is(field, name))
            return field;
    }
    return NULL;
}

static MimePart *part_new(const char *start, const char *end)
{
    MimePart *part = g_new0(MimePart, 1);
    part->fields = g_array_new(FALSE, FALSE, sizeof(MimeField));
    part->entity = start;
    part->entity_bytes = (size_t)(end - start);
    return part;
}

void mime_part_free(MimePart *part)
{
    if (part == NULL)
        return;
    g_array_unref(part->fields);
    g_clear_object(&part->type);
    g_free(part->type_name);
    g_clear_pointer(&part->parts, g_ptr_array_unref);
    g_free(part);
}

static void part_set_type(MimePart *part, MimeDefects *defects)
{
    const MimeField *field = mime_find(part, "Content-Type");
    g_autofree char *value = field != NULL ? mime_field_value(field, defects) : NULL;
    bool given = value != NULL && strchr(value, '/') != NULL;
    part->type = g_mime_content_type_parse(NULL, given ? value : "text/plain");
    g_autofree char *name = g_mime_content_type_get_mime_type(part->type);
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    part->type_name = g_ascii_strdown(valid, -1);
}

/* One delimiter line (RFC 2046 §5.1.1). */
typedef struct {
    const char *line;  /* where it begins */
    const char *after; /* behind its line end */
    bool last;
} Delimiter;

static bool is_delimiter(const char *p, const char *lf, const char *boundary, size_t n, bool *last)
{
    if ((size_t)(lf - p) < n + 2 || memcmp(p + 2, boundary, n) != 0)
        return false;
    p += n + 2;
    *last = lf - p >= 2 && p[0] == '-' && p[1] == '-';
    p += *last ? 2 : 0;
    while (p < lf && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p == lf;
}

/* The next line that begins with two dashes, at or behind p, which begins a line. */
static const char *next_dashes(const char *p, const char *end)
{
    while (end - p >= 2) {
        if (p[0] == '-' && p[1] == '-')
            return p;
        const char *lf = line_end(p, end);
        p = lf < end ? lf + 1 : end;
    }
    return NULL;
}

/* The next delimiter at or behind p, which begins a line. */
static bool next_delimiter(const char *p, const char *end, const char *boundary, Delimiter *found)
{
    size_t n = strlen(boundary);
    while ((p = next_dashes(p, end)) != NULL) {
        const char *lf = line_end(p, end);
        if (is_delimiter(p, lf, boundary, n, &found->last)) {
            found->line = p;
            found->after = lf < end ? lf + 1 : end;
            return true;
        }
        if (lf == end)
            return false;
        p = lf + 1;
    }
    return false;
}

/* A multipart that names no boundary: what its first line of two dashes says. */
static char *guess_boundary(const char *p, const char *end)
{
    while ((p = next_dashes(p, end)) != NULL) {
        const char *lf = line_end(p, end);
        const char *stop = lf > p && lf[-1] == '\r' ? lf - 1 : lf;
        const char *next = lf < end ? lf + 1 : end;
        if (stop - p > 2 && stop - p < 80 && p[2] != ' ' && is_header_line(next, end))
            return g_strndup(p + 2, (gsize)(stop - p - 2));
        p = next;
    }
    return NULL;
}

static MimePart *read_part(Reader *reader, const char *start, const char *end, int depth);

static bool add_child(Reader *reader, MimePart *part, const char *start, const char *end, int depth)
{
    MimePart *child = read_part(reader, start, end, depth);
    if (child != NULL)
        g_ptr_array_add(part->parts, child);
    return child != NULL;
}

/* The whole body as one text: better than nothing, where no boundary is found. */
static bool read_unbounded(Reader *reader, MimePart *part)
{
    reader->defects->no_boundary = true;
    reader->parts++;
    MimePart *child = part_new(part->body, part->body + part->body_bytes);
    child->body = part->body;
    child->body_bytes = part->body_bytes;
    part_set_type(child, reader->defects);
    g_ptr_array_add(part->parts, child);
    return true;
}

static bool read_children(Reader *reader, MimePart *part, int depth)
{
    const char *end = part->body + part->body_bytes;
    part->parts = g_ptr_array_new_with_free_func((GDestroyNotify)mime_part_free);
    const char *given = g_mime_content_type_get_parameter(part->type, "boundary");
    g_autofree char *guess = NULL;
    if (given == NULL || *given == '\0') {
        reader->defects->no_boundary = true;
        guess = guess_boundary(part->body, end);
        given = guess;
    }
    Delimiter here;
    if (given == NULL || strlen(given) > BOUNDARY_BYTES ||
        !next_delimiter(part->body, end, given, &here))
        return read_unbounded(reader, part);
    while (!here.last) {
        Delimiter next = {.line = end, .after = end, .last = true};
        bool more = next_delimiter(here.after, end, given, &next);
        const char *stop = next.line; /* the line end before a delimiter belongs to it */
        if (more && stop > here.after && stop[-1] == '\n')
            stop--;
        if (more && stop > here.after && stop[-1] == '\r')
            stop--;
        if ((more || here.after < end) && !add_child(reader, part, here.after, stop, depth + 1))
            return false;
        here = next;
    }
    return true;
}

static MimePart *read_part(Reader *reader, const char *start, const char *end, int depth)
{
    if (++reader->parts > INBOUND_PARTS || depth > INBOUND_DEPTH) {
        unreadable(reader->error, depth > INBOUND_DEPTH
                                      ? "its parts are nested deeper than 30 levels"
                                      : "it has more than 1,000 parts");
        return NULL;
    }
    g_autoptr(MimePart) part = part_new(start, end);
    part->body = read_fields(start, end, PART_FIELDS, part->fields, &reader->defects->bad_header);
    part->body_bytes = (size_t)(end - part->body);
    part_set_type(part, reader->defects);
    if (g_str_has_prefix(part->type_name, "multipart/") && !read_children(reader, part, depth))
        return NULL;
    return g_steal_pointer(&part);
}

/* Skips what may stand in front of the first field: a byte order mark, blank lines, an mbox line.
 */
static const char *skip_front(const char *p, const char *end, bool *bad)
{
    if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3;
    while (p < end && (*p == '\n' || *p == '\r')) {
        *bad = true;
        p++;
    }
    bool mbox = (end - p >= 5 && memcmp(p, "From ", 5) == 0) ||
                (end - p >= 6 && memcmp(p, ">From ", 6) == 0);
    if (!mbox)
        return p;
    const char *lf = line_end(p, end);
    return lf < end ? lf + 1 : end;
}

MimePart *mime_read(const char *mail, size_t bytes, MimeDefects *defects, unsigned *parts,
                    GError **error)
{
    gmime_ready();
    Reader reader = {.defects = defects, .parts = 1, .error = error};
    const char *end = mail + bytes;
    const char *start = skip_front(mail, end, &defects->bad_header);
    g_autoptr(MimePart) part = part_new(start, end);
    part->body = read_fields(start, end, INBOUND_HEADERS + 1, part->fields, &defects->bad_header);
    part->body_bytes = (size_t)(end - part->body);
    if (part->fields->len == 0)
        unreadable(error, "it has no header");
    else if (part->fields->len > INBOUND_HEADERS)
        unreadable(error, "its header has more than 2,000 fields");
    else if (part->body - start > INBOUND_HEADER_BYTES)
        unreadable(error, "its header is larger than 1 MiB");
    if (part->fields->len == 0 || part->fields->len > INBOUND_HEADERS ||
        part->body - start > INBOUND_HEADER_BYTES)
        return NULL;
    part_set_type(part, defects);
    if (g_str_has_prefix(part->type_name, "multipart/") && !read_children(&reader, part, 0))
        return NULL;
    *parts = reader.parts;
    return g_steal_pointer(&part);
}

MimePart *mime_read_header(const char *header, size_t bytes)
{
    gmime_ready();
    bool bad = false;
    const char *end = header + bytes;
    const char *start = skip_front(header, end, &bad);
    MimePart *part = part_new(start, end);
    part->body = read_fields(start, end, PART_FIELDS, part->fields, &bad);
    part->body_bytes = (size_t)(end - part->body);
    MimeDefects defects = {0};
    part_set_type(part, &defects);
    return part;
}
