/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name of plain letters stands as it is; any other, and a long one, in the pieces of RFC 2231,
 * each on a line of its own, so that no line grows with the name.
 */
#include "mail/attachment.h"

#include <string.h>

#define LINE_BYTES       57 /* that make 76 characters of base64 */
#define PLAIN_NAME_BYTES 50
#define PIECE_CHARS      60

static bool is_plain(const char *name)
{
    for (const char *p = name; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr(" !#+,-._=@~()", *p) == NULL)
            return false;
    return strlen(name) <= PLAIN_NAME_BYTES;
}

/* RFC 2231 §7, attribute-char. */
static bool is_attribute_char(char c)
{
    return g_ascii_isalnum(c) || strchr("!#$&+-.^_`{|}~", c) != NULL;
}

static void append_pieces(GString *out, const char *name)
{
    int piece = 0;
    size_t column = 0;
    g_string_append(out, ";\r\n filename*0*=utf-8''");
    for (const char *p = name; *p != '\0'; p++) {
        if (column >= PIECE_CHARS) {
            g_string_append_printf(out, ";\r\n filename*%d*=", ++piece);
            column = 0;
        }
        if (is_attribute_char(*p)) {
            g_string_append_c(out, *p);
            column++;
        } else {
            g_string_append_printf(out, "%%%02X", (unsigned char)*p);
            column += 3;
        }
    }
}

static void append_base64(GString *out, GBytes *content)
{
    gsize bytes;
    const guchar *data = g_bytes_get_data(content, &bytes);
    for (gsize i = 0; i < bytes; i += LINE_BYTES) {
        char line[LINE_BYTES / 3 * 4 + 8];
        gint state = 0;
        gint save = 0;
        gsize n =
            g_base64_encode_step(data + i, MIN(LINE_BYTES, bytes - i), FALSE, line, &state, &save);
        n += g_base64_encode_close(FALSE, line + n, &state, &save);
        g_string_append_len(out, line, (gssize)n);
        g_string_append_len(out, "\r\n", 2);
    }
}

void attachment_append(GString *out, const MessageAttachment *attachment)
{
    g_string_append_printf(out,
                           "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n"
                           "Content-Disposition: attachment",
                           attachment->content_type);
    if (is_plain(attachment->name))
        g_string_append_printf(out, ";\r\n filename=\"%s\"", attachment->name);
    else
        append_pieces(out, attachment->name);
    g_string_append(out, "\r\n\r\n");
    append_base64(out, attachment->content);
}
