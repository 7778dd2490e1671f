/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the parts of a mail to one readable text.
 *
 * Every part is looked at once. A text part becomes a piece; of the branches of a
 * multipart/alternative the pieces of one are kept (the plain text, unless there is none), and what
 * is no text is an attachment in whichever branch it stands. HTML is turned into text at the end,
 * for the pieces that are left.
 */
#include "mail/inbound-private.h"

#include "mail/charset.h"
#include "mail/flowed.h"
#include "mail/html_to_text.h"

#include <string.h>

#define PIECE_BYTES  (4 * INBOUND_TEXT_BYTES) /* decoded, of one part */
#define PIECES_BYTES (8 * INBOUND_TEXT_BYTES) /* of all */

typedef struct {
    char *text; /* UTF-8 */
    bool html;
} Piece;

typedef struct {
    InboundMail *mail;
    MimeDefects *defects;
    size_t bytes; /* of the pieces so far */
} Body;

static void piece_clear(gpointer data)
{
    g_free(((Piece *)data)->text);
}

static GArray *pieces_new(void)
{
    GArray *pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    g_array_set_clear_func(pieces, piece_clear);
    return pieces;
}

/* CR and CRLF become LF, control characters spaces; form feeds and the like too. */
static char *plain_lines(const char *text)
{
    GString *out = g_string_sized_new(strlen(text));
    if (g_str_has_prefix(text, "\xef\xbb\xbf"))
        text += 3;
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '\r' || c == 0x2028 || c == 0x2029)
            g_string_append(out, c == '\r' && p[1] == '\n' ? "" : "\n");
        else if (c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f) || c >= 0xa0)
            g_string_append_len(out, p, g_utf8_next_char(p) - p);
        else
            g_string_append_c(out, ' ');
    }
    return g_string_free(out, FALSE);
}

static void add_piece(Body *body, const MimePart *part, GArray *pieces)
{
    bool cut = false;
    size_t room = PIECES_BYTES - MIN(body->bytes, PIECES_BYTES);
    g_autoptr(GBytes) bytes = mime_decode(part, MIN(room, PIECE_BYTES), body->defects, &cut);
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);
    g_autofree char *charset = mime_parameter(part, "charset");
    bool wrong = false;
    Piece piece = {.html = strcmp(part->type_name, "text/html") == 0};
    piece.text = charset_to_utf8(n > 0 ? data : "", n, charset, &wrong);
    if (!piece.html) {
        g_autofree char *raw = piece.text;
        piece.text = plain_lines(raw);
        g_autofree char *format = mime_parameter(part, "format");
        g_autofree char *delsp = mime_parameter(part, "delsp");
        if (format != NULL && g_ascii_strcasecmp(format, "flowed") == 0) {
            g_autofree char *lines = piece.text;
            piece.text = flowed_join(lines, delsp != NULL && g_ascii_strcasecmp(delsp, "yes") == 0);
        }
    }
    body->bytes += n;
    if (cut)
        inbound_defect(body->mail, "text-cut");
    if (wrong)
        inbound_defect(body->mail, "bad-charset");
    g_array_append_val(pieces, piece);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\n\r")] == '\0';
}

static bool has_text(const GArray *pieces, bool html)
{
    for (guint i = 0; i < pieces->len; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);
        if (piece->html == html && !is_blank(piece->text))
            return true;
    }
    return false;
}

/* Moves all pieces to the end of another list. */
static void pieces_move(GArray *from, GArray *to)
{
    for (guint i = 0; i < from->len; i++) {
        Piece *piece = &g_array_index(from, Piece, i);
        g_array_append_val(to, *piece);
        piece->text = NULL;
    }
}

static void walk(Body *body, const MimePart *part, bool related, GArray *pieces);

/* One branch: the first with plain text, else the last with any. */
static void walk_alternative(Body *body, const MimePart *part, GArray *pieces)
{
    g_autoptr(GArray) best = NULL;
    bool best_plain = false;
    for (guint i = 0; i < part->parts->len; i++) {
        g_autoptr(GArray) branch = pieces_new();
        walk(body, g_ptr_array_index(part->parts, i), false, branch);
        bool plain = has_text(branch, false);
        if (best_plain || (!plain && !has_text(branch, true)))
            continue;
        g_clear_pointer(&best, g_array_unref);
        best = g_steal_pointer(&branch);
        best_plain = plain;
    }
    if (best != NULL)
        pieces_move(best, pieces);
}

/* Keeps the first part of its kind for report.h. */
static void keep_bytes(Body *body, const MimePart *part, GBytes **kept)
{
    bool cut = false;
    if (*kept == NULL)
        *kept = mime_decode(part, INBOUND_REPORT_BYTES, body->defects, &cut);
}

static void keep_for_report(Body *body, const MimePart *part)
{
    InboundMail *mail = body->mail;
    if (strcmp(part->type_name, "message/delivery-status") == 0 ||
        strcmp(part->type_name, "message/global-delivery-status") == 0)
        keep_bytes(body, part, &mail->delivery_status);
    else if (strcmp(part->type_name, "message/feedback-report") == 0)
        keep_bytes(body, part, &mail->feedback_report);
    else if (strcmp(part->type_name, "message/rfc822") == 0 ||
             strcmp(part->type_name, "message/global") == 0 ||
             strcmp(part->type_name, "message/global-headers") == 0 ||
             strcmp(part->type_name, "text/rfc822-headers") == 0)
        keep_bytes(body, part, &mail->returned);
}

static bool is_text(const MimePart *part)
{
    return strcmp(part->type_name, "text/plain") == 0 || strcmp(part->type_name, "text/html") == 0;
}

/* A text with a name is an attachment, except as the first thing in the mail: some programs name
 * the body too. */
static bool is_piece(const MimePart *part, bool first)
{
    if (!is_text(part) || inbound_is_attachment(part))
        return false;
    g_autofree char *name = inbound_part_name(part);
    return name == NULL || first;
}

static void walk_leaf(Body *body, const MimePart *part, bool related, GArray *pieces)
{
    if (is_piece(part, body->bytes == 0 && !related)) {
        add_piece(body, part, pieces);
        return;
    }
    keep_for_report(body, part);
    if (strcmp(part->type_name, "application/pkcs7-mime") == 0 ||
        strcmp(part->type_name, "application/x-pkcs7-mime") == 0)
        inbound_defect(body->mail, "encrypted");
    inbound_attach(body->mail, part, related, body->defects);
}

static void walk(Body *body, const MimePart *part, bool related, GArray *pieces)
{
    if (part->parts == NULL) {
        walk_leaf(body, part, related, pieces);
        return;
    }
    if (strcmp(part->type_name, "multipart/alternative") == 0) {
        walk_alternative(body, part, pieces);
        return;
    }
    if (strcmp(part->type_name, "multipart/encrypted") == 0)
        inbound_defect(body->mail, "encrypted");
    bool in_related = strcmp(part->type_name, "multipart/related") == 0;
    for (guint i = 0; i < part->parts->len; i++) /* the first part of a related is its root */
        walk(body, g_ptr_array_index(part->parts, i), in_related && i > 0, pieces);
}

/* At most INBOUND_TEXT_BYTES of valid UTF-8; takes `text`. */
static char *cut_text(InboundMail *mail, GString *text)
{
    if (text->len > INBOUND_TEXT_BYTES) {
        const char *end = g_utf8_find_prev_char(text->str, text->str + INBOUND_TEXT_BYTES + 1);
        g_string_truncate(text, (gsize)(end - text->str));
        inbound_defect(mail, "text-cut");
    }
    while (text->len > 0 && strchr(" \t\n", text->str[text->len - 1]) != NULL)
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

static char *join_pieces(InboundMail *mail, const GArray *pieces)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < pieces->len && text->len <= INBOUND_TEXT_BYTES; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);
        if (is_blank(piece->text))
            continue;
        if (text->len > 0)
            g_string_append(text, text->str[text->len - 1] == '\n' ? "\n" : "\n\n");
        if (!piece->html) {
            g_string_append(text, piece->text);
            continue;
        }
        bool cut = false;
        g_autofree char *readable =
            html_to_text(piece->text, strlen(piece->text), INBOUND_TEXT_BYTES, &cut);
        g_string_append(text, readable);
        mail->text_is_html = true;
        if (cut)
            inbound_defect(mail, "text-cut");
    }
    return cut_text(mail, text);
}

void inbound_read_body(InboundMail *mail, const MimePart *root, MimeDefects *defects)
{
    Body body = {.mail = mail, .defects = defects};
    g_autoptr(GArray) pieces = pieces_new();
    mail->content_type = g_strdup(root->type_name);
    g_autofree char *report = mime_parameter(root, "report-type");
    mail->report_type = report != NULL ? g_ascii_strdown(report, -1) : NULL;
    walk(&body, root, false, pieces);
    mail->text = join_pieces(mail, pieces);
}
