/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a command: a folder's name, and a set of mails. */
#include "mail/imap_reply.h"

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* The bits of characters that are not ASCII, on their way into base64. */
typedef struct {
    GString *out;
    uint32_t bits;
    int n_bits;
    bool open;
} Shift;

static void put_unit(Shift *shift, uint16_t unit)
{
    if (!shift->open)
        g_string_append_c(shift->out, '&');
    shift->open = true;
    shift->bits = shift->bits << 16 | unit;
    shift->n_bits += 16;
    while (shift->n_bits >= 6) {
        shift->n_bits -= 6;
        g_string_append_c(shift->out, base64[shift->bits >> shift->n_bits & 63]);
    }
}

static void close_shift(Shift *shift)
{
    if (!shift->open)
        return;
    if (shift->n_bits > 0)
        g_string_append_c(shift->out, base64[shift->bits << (6 - shift->n_bits) & 63]);
    g_string_append_c(shift->out, '-');
    *shift = (Shift){.out = shift->out};
}

static void put_plain(Shift *shift, char c)
{
    close_shift(shift);
    if (c == '"' || c == '\\')
        g_string_append_c(shift->out, '\\');
    g_string_append_c(shift->out, c);
    if (c == '&')
        g_string_append_c(shift->out, '-');
}

char *imap_quote_folder(const char *utf8)
{
    Shift shift = {.out = g_string_new("\"")};
    g_autofree char *valid = g_utf8_make_valid(utf8, -1);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c >= 0x20 && c < 0x7f) {
            put_plain(&shift, (char)c);
        } else if (c < 0x10000) {
            put_unit(&shift, (uint16_t)c);
        } else {
            put_unit(&shift, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
            put_unit(&shift, (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff)));
        }
    }
    close_shift(&shift);
    g_string_append_c(shift.out, '"');
    return g_string_free(shift.out, FALSE);
}

char *imap_write_set(const uint32_t *uids, size_t n)
{
    GString *set = g_string_new(NULL);
    for (size_t i = 0; i < n;) {
        size_t last = i;
        while (last + 1 < n && uids[last + 1] == uids[last] + 1)
            last++;
        g_string_append_printf(set, "%s%" G_GUINT32_FORMAT, i > 0 ? "," : "", uids[i]);
        if (last > i)
            g_string_append_printf(set, ":%" G_GUINT32_FORMAT, uids[last]);
        i = last + 1;
    }
    return g_string_free(set, FALSE);
}
