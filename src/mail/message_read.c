/* SPDX-License-Identifier: Apache-2.0 */
/* Showing a message to a person: the adapter to GMime. Reading foreign mail belongs here too. */
#include "mail/message.h"

#include "mail/gmime-extra.h"

#include <string.h>

static GMimeMessage *message_parse(GBytes *bytes)
{
    gmime_ready();
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);
    g_autoptr(GMimeStream) stream = g_mime_stream_mem_new_with_buffer(data, n);
    g_autoptr(GMimeParser) parser = g_mime_parser_new_with_stream(stream);
    return g_mime_parser_construct_message(parser, NULL);
}

/* The first text/plain, else the first text part. */
static GMimeTextPart *find_text(GMimeObject *object)
{
    if (GMIME_IS_TEXT_PART(object))
        return GMIME_TEXT_PART(object);
    if (!GMIME_IS_MULTIPART(object))
        return NULL;
    GMimeTextPart *found = NULL;
    GMimeMultipart *multipart = GMIME_MULTIPART(object);
    for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
        GMimeTextPart *text = find_text(g_mime_multipart_get_part(multipart, i));
        if (text == NULL)
            continue;
        GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(text));
        if (g_mime_content_type_is_type(type, "text", "plain"))
            return text;
        if (found == NULL)
            found = text;
    }
    return found;
}

/* Appends with LF for CRLF. (g_string_replace() would move the whole rest for every line.) */
static void append_unix_lines(GString *out, const char *text)
{
    const char *end;
    for (size_t left = strlen(text); (end = memchr(text, '\r', left)) != NULL;) {
        size_t bytes = (size_t)(end - text);
        g_string_append_len(out, text, (gssize)bytes);
        if (end[1] != '\n')
            g_string_append_c(out, '\r');
        text = end + 1;
        left -= bytes + 1;
    }
    g_string_append(out, text);
}

char *message_to_readable(GBytes *message)
{
    g_autoptr(GMimeMessage) parsed = message_parse(message);
    if (parsed == NULL)
        return NULL;
    GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(parsed));
    int n_headers = g_mime_header_list_get_count(headers);
    if (n_headers == 0)
        return NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    for (int i = 0; i < n_headers; i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
        const char *value = g_mime_header_get_value(header);
        g_string_append_printf(out, "%s: %s\n", g_mime_header_get_name(header),
                               value != NULL ? value : "");
    }
    g_string_append_c(out, '\n');
    GMimeObject *body = g_mime_message_get_mime_part(parsed);
    GMimeTextPart *part = body != NULL ? find_text(body) : NULL;
    g_autofree char *text = part != NULL ? g_mime_text_part_get_text(part) : NULL;
    if (text != NULL)
        append_unix_lines(out, text);
    return g_string_free(g_steal_pointer(&out), FALSE);
}
