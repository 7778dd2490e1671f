/* SPDX-License-Identifier: Apache-2.0 */
/* Attachments: stored as they are, never opened, under names that harm nobody. */
#include "mail/inbound-private.h"

#include <string.h>

#define EXTENSION_CHARS 16
#define TYPE_BYTES      100

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeContentDisposition, g_object_unref)

static const struct {
    const char *type;
    const char *name;
} default_names[] = {
    {"image/png", "image.png"},
    {"image/jpeg", "image.jpg"},
    {"image/gif", "image.gif"},
    {"image/svg+xml", "image.svg"},
    {"application/pdf", "document.pdf"},
    {"application/zip", "archive.zip"},
    {"application/pgp-signature", "signature.asc"},
    {"application/pkcs7-signature", "smime.p7s"},
    {"application/pkcs7-mime", "smime.p7m"},
    {"text/calendar", "calendar.ics"},
    {"text/vcard", "contact.vcf"},
    {"text/x-vcard", "contact.vcf"},
    {"text/csv", "table.csv"},
    {"text/plain", "text.txt"},
    {"text/html", "text.html"},
    {"text/rfc822-headers", "headers.txt"},
    {"message/rfc822", "mail.eml"},
    {"message/global", "mail.eml"},
    {"message/delivery-status", "delivery-status.txt"},
    {"message/feedback-report", "feedback-report.txt"},
};

static GMimeContentDisposition *part_disposition(const MimePart *part)
{
    g_autofree char *value = mime_value(part, "Content-Disposition");
    return value != NULL ? g_mime_content_disposition_parse(NULL, value) : NULL;
}

static bool disposition_is(GMimeContentDisposition *disposition, const char *what)
{
    const char *said =
        disposition != NULL ? g_mime_content_disposition_get_disposition(disposition) : NULL;
    return said != NULL && g_ascii_strcasecmp(said, what) == 0;
}

bool inbound_is_attachment(const MimePart *part)
{
    g_autoptr(GMimeContentDisposition) disposition = part_disposition(part);
    return disposition_is(disposition, "attachment");
}

/* Characters that a name may not have: what a file system takes for something else, what turns the
 * direction of writing or is not seen (a name must look like what it is). */
static bool is_bad_in_name(gunichar c)
{
    return c < 0x20 || c == 0x7f || (c < 0x80 && strchr("<>:\"|?*", (int)c) != NULL) ||
           g_unichar_type(c) == G_UNICODE_FORMAT || g_unichar_type(c) == G_UNICODE_PRIVATE_USE ||
           g_unichar_type(c) == G_UNICODE_CONTROL;
}

/* Shortens in the middle, so that the extension stays. */
static char *shorten(const char *name)
{
    glong chars = g_utf8_strlen(name, -1);
    if (chars <= INBOUND_NAME_CHARS)
        return g_strdup(name);
    const char *dot = strrchr(name, '.');
    glong extension = dot != NULL ? g_utf8_strlen(dot, -1) : 0;
    if (extension > EXTENSION_CHARS)
        extension = 0;
    g_autofree char *head = g_utf8_substring(name, 0, INBOUND_NAME_CHARS - extension);
    return g_strconcat(head, extension > 0 ? dot : "", NULL);
}

/* The last component of a path, without what is bad; NULL where nothing is left. */
static char *clean_name(const char *said)
{
    g_autofree char *line = mime_decode_words(said);
    const char *name = line;
    for (const char *p = line; *p != '\0'; p++)
        if (*p == '/' || *p == '\\')
            name = p + 1;
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_type(c) == G_UNICODE_FORMAT)
            continue;
        g_string_append_unichar(out, is_bad_in_name(c) ? '_' : c);
    }
    const char *start = out->str + strspn(out->str, ". ");
    g_autofree char *bare = g_strdup(start);
    size_t n = strlen(bare);
    while (n > 0 && (bare[n - 1] == '.' || bare[n - 1] == ' '))
        bare[--n] = '\0';
    return n > 0 ? shorten(bare) : NULL;
}

char *inbound_part_name(const MimePart *part)
{
    g_autoptr(GMimeContentDisposition) disposition = part_disposition(part);
    const char *said = disposition != NULL
                           ? g_mime_content_disposition_get_parameter(disposition, "filename")
                           : NULL;
    if (said == NULL || *said == '\0')
        said = g_mime_content_type_get_parameter(part->type, "name");
    return said != NULL ? clean_name(said) : NULL;
}

/* An attached mail goes by its subject. */
static char *mail_name(const MimePart *part)
{
    g_autoptr(MimePart) header = mime_read_header(part->body, part->body_bytes);
    g_autofree char *subject = mime_value_decoded(header, "Subject");
    if (subject == NULL || *subject == '\0')
        return NULL;
    for (char *p = subject; *p != '\0'; p++)
        if (*p == '/' || *p == '\\')
            *p = '-';
    g_autofree char *named = g_strconcat(subject, ".eml", NULL);
    return clean_name(named);
}

static char *name_of(const MimePart *part)
{
    char *name = inbound_part_name(part);
    if (name == NULL && g_strcmp0(part->type_name, "message/rfc822") == 0)
        name = mail_name(part);
    for (size_t i = 0; i < G_N_ELEMENTS(default_names) && name == NULL; i++)
        if (strcmp(part->type_name, default_names[i].type) == 0)
            name = g_strdup(default_names[i].name);
    return name != NULL ? name : g_strdup("attachment.bin");
}

/* RFC 6838 §4.2: what can stand in a header of ours again. */
static char *type_of(const MimePart *part)
{
    const char *name = part->type_name;
    bool good = strchr(name, '/') != NULL && strlen(name) <= TYPE_BYTES;
    for (const char *p = name; *p != '\0' && good; p++)
        good = g_ascii_isalnum(*p) || strchr("/!#$&-^_.+", *p) != NULL;
    return g_strdup(good ? name : "application/octet-stream");
}

void inbound_attach(InboundMail *mail, const MimePart *part, bool related, MimeDefects *defects)
{
    if (mail->attachments->len >= INBOUND_ATTACHMENTS) {
        inbound_defect(mail, "too-many-attachments");
        return;
    }
    bool cut = false;
    g_autoptr(GMimeContentDisposition) disposition = part_disposition(part);
    g_autofree char *id = mime_value(part, "Content-ID");
    g_auto(GStrv) ids = inbound_message_ids(mail, id != NULL ? id : "");
    InboundAttachment *attachment = g_new0(InboundAttachment, 1);
    attachment->name = name_of(part);
    attachment->content_type = type_of(part);
    attachment->content_id = g_strdup(ids[0]);
    attachment->bytes = mime_decode(part, LIMIT_INBOUND_MAIL_BYTES, defects, &cut);
    attachment->is_inline =
        disposition_is(disposition, "inline") ||
        (related && ids[0] != NULL && !disposition_is(disposition, "attachment"));
    g_ptr_array_add(mail->attachments, attachment);
}
