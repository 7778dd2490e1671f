/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one address the way a person types it.
 *
 * What is accepted is what can be written into an SMTP command and a header without quoting: a
 * dot-atom (RFC 5322 §3.2.3, with RFC 6531's letters of any script) and a domain name. Everything
 * that could be read in two ways is refused: quoted local parts, comments, address literals,
 * control and invisible characters (which could make two addresses look alike).
 *
 * GLib maps domains by IDNA 2003, which takes sharp s for "ss" and final sigma for sigma: domains
 * that can belong to somebody else. Labels with one of these two are encoded by IDNA 2008 (RFC 5891
 * §4, RFC 5894 §7.2), as browsers do.
 */
#include "mail/address.h"

#include "base/error.h"
#include "base/limits.h"
#include "mail/punycode.h"

#include <gio/gio.h>
#include <string.h>

#define LOCAL_PART_BYTES 64 /* RFC 5321 §4.5.3.1.1 */
#define LABEL_BYTES      63 /* RFC 1035 §2.3.4 */
#define SHOWN_CHARS      80 /* of a bad address in an error */

/* The address as an error can show it: valid UTF-8, no control characters, not too long. */
static char *address_shown(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) shown = g_string_new(NULL);
    size_t chars = 0;
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        if (chars++ == SHOWN_CHARS) {
            g_string_append(shown, "...");
            break;
        }
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isprint(c))
            g_string_append_unichar(shown, c);
        else
            g_string_append_c(shown, '?');
    }
    return g_strdup(shown->str);
}

static bool refuse(const char *text, const char *field, const char *why, GError **error)
{
    g_autofree char *shown = address_shown(text);
    error_set_problem(error, TD_ERROR_INVALID, "bad-address", field,
                      "\"%s\" is not an email address: %s", shown, why);
    return false;
}

/* RFC 5322 §3.2.3 atext, widened to UTF-8 by RFC 6531 §3.3. Characters that nobody sees are left
 * out: format characters (not "graph"), private use, and the Hangul fillers. */
static bool is_local_char(gunichar c)
{
    if (c < 0x80)
        return g_ascii_isalnum((char)c) || strchr("!#$%&'*+-/=?^_`{|}~", (int)c) != NULL;
    return (g_unichar_isgraph(c) || g_unichar_ismark(c)) &&
           g_unichar_type(c) != G_UNICODE_PRIVATE_USE && c != 0x115f && c != 0x1160 &&
           c != 0x3164 && c != 0xffa0;
}

/* NULL where the local part is well, else what is wrong with it. */
static const char *local_part_problem(const char *local)
{
    size_t bytes = strlen(local);
    if (bytes == 0)
        return "there is nothing in front of the @";
    if (bytes > LOCAL_PART_BYTES)
        return "the part in front of the @ is longer than 64 bytes";
    if (local[0] == '.' || local[bytes - 1] == '.' || strstr(local, "..") != NULL)
        return "the part in front of the @ begins or ends with a dot, or has two in a row";
    for (const char *p = local; *p != '\0'; p = g_utf8_next_char(p))
        if (*p != '.' && !is_local_char(g_utf8_get_char(p)))
            return "the part in front of the @ has a character that cannot stand there";
    return NULL;
}

static const char *label_problem(const char *label)
{
    size_t bytes = strlen(label);
    if (bytes == 0)
        return "the domain begins or ends with a dot, or has two in a row";
    if (bytes > LABEL_BYTES)
        return "a part of the domain is longer than 63 characters";
    if (label[0] == '-' || label[bytes - 1] == '-')
        return "a part of the domain begins or ends with a hyphen";
    for (size_t i = 0; i < bytes; i++)
        if (!g_ascii_isalnum(label[i]) && label[i] != '-')
            return "the domain has a character that cannot stand there";
    return NULL;
}

/* `domain` is ASCII and lower-case. */
static const char *domain_problem(const char *domain)
{
    g_auto(GStrv) labels = g_strsplit(domain, ".", -1);
    guint n_labels = g_strv_length(labels);
    for (guint i = 0; i < n_labels; i++) {
        const char *problem = label_problem(labels[i]);
        if (problem != NULL)
            return problem;
    }
    if (n_labels < 2 && strcmp(domain, "localhost") != 0)
        return "the domain has no dot";
    const char *top = labels[n_labels - 1];
    if (strspn(top, "0123456789") == strlen(top))
        return "the domain ends in a number";
    if (strstr(domain, "xn--") == NULL)
        return NULL;
    g_autofree char *decoded = g_hostname_to_unicode(domain);
    return decoded != NULL ? NULL : "the domain has an xn-- part that cannot be decoded";
}

static bool is_deviation(gunichar c)
{
    return c == 0xdf || c == 0x1e9e || c == 0x3c2;
}

/* A label with a deviation character, by IDNA 2008: letters, digits, marks and hyphens. NULL where
 * it is none. */
static char *deviating_label(const char *label)
{
    g_autofree char *composed = g_utf8_normalize(label, -1, G_NORMALIZE_NFC);
    g_autoptr(GString) lower = g_string_new(NULL);
    for (const char *p = composed; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (!g_unichar_isalnum(c) && !g_unichar_ismark(c) && c != '-')
            return NULL;
        g_string_append_unichar(lower, g_unichar_tolower(c));
    }
    return punycode_label(lower->str);
}

static char *label_to_ascii(const char *label)
{
    bool deviates = false;
    for (const char *p = label; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_type(c) == G_UNICODE_FORMAT)
            return NULL; /* IDNA 2003 would drop it silently, joiners among them */
        deviates = deviates || is_deviation(c);
    }
    return deviates ? deviating_label(label) : g_hostname_to_ascii(label);
}

/* By label, so that each is encoded in its own way; the dots of East Asian keyboards separate too
 * (RFC 3490 §3.1). */
static char *labels_to_ascii(const char *domain)
{
    g_autoptr(GString) dotted = g_string_new(NULL);
    for (const char *p = domain; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        bool dot = c == 0x3002 || c == 0xff0e || c == 0xff61;
        g_string_append_unichar(dotted, dot ? '.' : c);
    }
    g_auto(GStrv) labels = g_strsplit(dotted->str, ".", -1);
    for (size_t i = 0; labels[i] != NULL; i++) {
        char *ascii = labels[i][0] != '\0' ? label_to_ascii(labels[i]) : g_strdup("");
        if (ascii == NULL)
            return NULL;
        g_free(labels[i]);
        labels[i] = ascii;
    }
    return g_strjoinv(".", labels);
}

/* Letters, digits, hyphens and dots, in labels that IDNA leaves as they are: nearly every domain.
 */
static bool is_plain_domain(const char *domain)
{
    size_t label = 0;
    for (const char *p = domain; *p != '\0'; p++) {
        if (!g_ascii_isalnum(*p) && *p != '-' && *p != '.')
            return false;
        label = *p == '.' ? 0 : label + 1;
        if (label > LABEL_BYTES)
            return false;
    }
    return true;
}

/* The domain's lower-case A-label form, or NULL with *problem set. */
static char *domain_to_ascii(const char *domain, const char **problem)
{
    if (domain[0] == '[') {
        *problem = "address literals in brackets are not accepted";
        return NULL;
    }
    g_autofree char *ascii = is_plain_domain(domain) ? g_strdup(domain) : labels_to_ascii(domain);
    if (ascii == NULL) {
        *problem = "the domain cannot be written in ASCII (IDNA)";
        return NULL;
    }
    g_autofree char *lower = g_ascii_strdown(ascii, -1);
    const char *wrong = domain_problem(lower);
    if (wrong != NULL) {
        *problem = wrong;
        return NULL;
    }
    return g_steal_pointer(&lower);
}

/* Canonical caseless form (Unicode §3.13, D145), composed at the end. */
static char *key_of(const char *local, const char *domain)
{
    g_autofree char *decomposed = g_utf8_normalize(local, -1, G_NORMALIZE_NFD);
    g_autofree char *folded = g_utf8_casefold(decomposed, -1);
    g_autofree char *composed = g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
    return g_strconcat(composed, "@", domain, NULL);
}

bool address_parse(const char *text, const char *field, char **address, char **key, GError **error)
{
    if (!g_utf8_validate(text, -1, NULL))
        return refuse(text, field, "it is not valid UTF-8", error);
    while (*text == ' ' || *text == '\t')
        text++;
    size_t bytes = strlen(text);
    while (bytes > 0 && (text[bytes - 1] == ' ' || text[bytes - 1] == '\t'))
        bytes--;
    g_autofree char *trimmed = g_strndup(text, bytes);
    if (bytes > LIMIT_ADDRESS_BYTES)
        return refuse(trimmed, field, "it is longer than 254 bytes", error);
    char *at = strrchr(trimmed, '@');
    if (at == NULL)
        return refuse(trimmed, field, "there is no @ in it", error);

    g_autofree char *local = g_strndup(trimmed, (gsize)(at - trimmed));
    const char *problem = local_part_problem(local);
    if (problem != NULL)
        return refuse(trimmed, field, problem, error);
    g_autofree char *domain = domain_to_ascii(at + 1, &problem);
    if (domain == NULL)
        return refuse(trimmed, field, problem, error);
    if (strlen(local) + 1 + strlen(domain) > LIMIT_ADDRESS_BYTES)
        return refuse(trimmed, field, "it is longer than 254 bytes", error);

    if (address != NULL)
        *address = g_strconcat(local, "@", domain, NULL);
    if (key != NULL)
        *key = key_of(local, domain);
    return true;
}

bool address_needs_smtputf8(const char *address)
{
    const char *at = strrchr(address, '@');
    const char *end = at != NULL ? at : address + strlen(address);
    for (const char *p = address; p < end; p++)
        if ((unsigned char)*p >= 0x80)
            return true;
    return false;
}

const char *address_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    return at != NULL ? at + 1 : "";
}
