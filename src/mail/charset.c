/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Charsets as mail has them: misnamed more often than not. A name stands for the superset that its
 * users really write (as browsers do it): iso-8859-1 is windows-1252, gb2312 is gb18030, and so on.
 * Only names of this table reach iconv, whose rarer converters are no place for strangers' bytes.
 */
#include "mail/charset.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define UTF8        "UTF-8"
#define LATIN       "WINDOWS-1252"

typedef struct {
    const char *name; /* letters and digits only, lower-case */
    const char *iconv;
} Alias;

static const Alias aliases[] = {
    {"utf8", UTF8},
    {"unicode11utf8", UTF8},
    {"usascii", LATIN},
    {"ascii", LATIN},
    {"ansix341968", LATIN},
    {"iso646us", LATIN},
    {"iso88591", LATIN},
    {"iso88591windows30latin1", LATIN},
    {"latin1", LATIN},
    {"windows1252", LATIN},
    {"cp1252", LATIN},
    {"latin2", "ISO-8859-2"},
    {"iso88599", "WINDOWS-1254"},
    {"latin5", "WINDOWS-1254"},
    {"iso885911", "CP874"},
    {"tis620", "CP874"},
    {"windows874", "CP874"},
    {"iso88598i", "ISO-8859-8"},
    {"iso88598e", "ISO-8859-8"},
    {"latin9", "ISO-8859-15"},
    {"koi8r", "KOI8-R"},
    {"koi8", "KOI8-R"},
    {"koi8u", "KOI8-U"},
    {"koi8ru", "KOI8-U"},
    {"gb2312", "GB18030"},
    {"gb231280", "GB18030"},
    {"gbk", "GB18030"},
    {"xgbk", "GB18030"},
    {"cp936", "GB18030"},
    {"windows936", "GB18030"},
    {"euccn", "GB18030"},
    {"gb18030", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5hkscs", "BIG5-HKSCS"},
    {"cnbig5", "BIG5-HKSCS"},
    {"cp950", "CP950"},
    {"euctw", "EUC-TW"},
    {"iso2022jp", "ISO-2022-JP-3"},
    {"iso2022jp1", "ISO-2022-JP-2"},
    {"iso2022jp2", "ISO-2022-JP-2"},
    {"iso2022jp3", "ISO-2022-JP-3"},
    {"csiso2022jp", "ISO-2022-JP-3"},
    {"shiftjis", "CP932"},
    {"sjis", "CP932"},
    {"xsjis", "CP932"},
    {"mskanji", "CP932"},
    {"windows31j", "CP932"},
    {"cp932", "CP932"},
    {"eucjp", "EUC-JP-MS"},
    {"xeucjp", "EUC-JP-MS"},
    {"euckr", "CP949"},
    {"ksc5601", "CP949"},
    {"ksc56011987", "CP949"},
    {"ksc56011989", "CP949"},
    {"korean", "CP949"},
    {"windows949", "CP949"},
    {"cp949", "CP949"},
    {"uhc", "CP949"},
    {"johab", "JOHAB"},
    {"iso2022kr", "ISO-2022-KR"},
    {"utf7", "UTF-7"},
    {"unicode11utf7", "UTF-7"},
    {"utf16", "UTF-16"},
    {"utf16le", "UTF-16LE"},
    {"utf16be", "UTF-16BE"},
    {"unicode", "UTF-16"},
    {"ucs2", "UTF-16"},
    {"utf32", "UTF-32"},
    {"utf32le", "UTF-32LE"},
    {"utf32be", "UTF-32BE"},
    {"macintosh", "MACINTOSH"},
    {"macroman", "MACINTOSH"},
    {"xmacroman", "MACINTOSH"},
    {"xmaccyrillic", "MAC-CYRILLIC"},
    {"viscii", "VISCII"},
    {"tcvn", "TCVN5712-1"},
    {"georgianps", "GEORGIAN-PS"},
    {"armscii8", "ARMSCII-8"},
    {"ptcp154", "PT154"},
};

/* What stands behind a prefix is a number of the list. */
static const struct {
    const char *prefix;
    const char *iconv;
    const char *numbers; /* between spaces */
} families[] = {
    {"iso8859", "ISO-8859-", " 2 3 4 5 6 7 8 10 13 14 15 16 "},
    {"windows", "CP", " 1250 1251 1253 1254 1255 1256 1257 1258 "},
    {"cp", "CP",
     " 437 737 775 850 852 855 857 858 860 861 862 863 864 865 866 869 874 1250 1251 1253 1254 1255"
     " 1256 1257 1258 "},
    {"ibm", "CP", " 437 737 775 850 852 855 857 858 860 861 862 863 864 865 866 869 "},
    {"dos", "CP", " 437 850 852 866 "},
};

/* windows-1252 between 0x80 and 0x9f; what it leaves free becomes U+FFFD. */
static const gunichar latin_high[32] = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};

/* iconv's name, to be freed, or NULL where the charset is not known. */
static char *charset_find(const char *charset)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    for (const char *p = charset; *p != '\0' && plain->len < 40; p++)
        if (g_ascii_isalnum(*p))
            g_string_append_c(plain, g_ascii_tolower(*p));
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (strcmp(aliases[i].name, plain->str) == 0)
            return g_strdup(aliases[i].iconv);
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (!g_str_has_prefix(plain->str, families[i].prefix))
            continue;
        const char *number = plain->str + strlen(families[i].prefix);
        g_autofree char *between = g_strdup_printf(" %s ", number);
        if (*number != '\0' && strstr(families[i].numbers, between) != NULL)
            return g_strconcat(families[i].iconv, number, NULL);
    }
    return NULL;
}

static char *from_latin(const char *data, size_t bytes)
{
    GString *out = g_string_sized_new(bytes + bytes / 8);
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)data[i];
        if (c >= 0x80)
            g_string_append_unichar(out, c < 0xa0 ? latin_high[c - 0x80] : c);
        else if (c != 0)
            g_string_append_c(out, (char)c);
    }
    return g_string_free(out, FALSE);
}

static char *without_nul(const char *data, size_t bytes)
{
    GString *out = g_string_sized_new(bytes);
    while (bytes > 0) {
        const char *nul = memchr(data, '\0', bytes);
        size_t n = nul != NULL ? (size_t)(nul - data) : bytes;
        g_string_append_len(out, data, (gssize)n);
        data += n;
        bytes -= n;
        if (bytes > 0) {
            data++;
            bytes--;
        }
    }
    return g_string_free(out, FALSE);
}

/* Whether it is UTF-8 as far as NULs let it be, and where it first is not. */
static bool is_utf8(const char *data, size_t bytes, const char **end)
{
    const char *stop = data;
    while (bytes > 0 && !g_utf8_validate_len(data, bytes, &stop)) {
        if (*stop != '\0')
            break;
        bytes -= (size_t)(stop - data) + 1;
        data = stop + 1;
        stop = data;
    }
    if (end != NULL)
        *end = stop;
    return bytes == 0 || g_utf8_validate_len(data, bytes, NULL);
}

static bool has_high(const char *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)data[i] >= 0x80)
            return true;
    return false;
}

/* UTF-8 with mistakes: bad bytes replaced where there is good UTF-8 around them (a text cut inside
 * of a character), else it is no UTF-8 at all. */
static char *from_bad_utf8(const char *data, size_t bytes)
{
    size_t good = 0;
    size_t bad = 0;
    GString *out = g_string_sized_new(bytes);
    for (const char *p = data, *end = data + bytes; p < end;) {
        gunichar c = g_utf8_get_char_validated(p, end - p);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            bad++;
            g_string_append(out, REPLACEMENT);
            p++;
            continue;
        }
        const char *next = *p != '\0' ? g_utf8_next_char(p) : p + 1;
        if (*p != '\0')
            g_string_append_len(out, p, next - p);
        good += c >= 0x80 ? 1 : 0;
        p = next;
    }
    if (bad <= good)
        return g_string_free(out, FALSE);
    g_string_free(out, TRUE);
    return from_latin(data, bytes);
}

/* Converts with U+FFFD for what cannot be; *errors counts these. NULL where iconv lacks it. */
static char *from_iconv(const char *data, size_t bytes, const char *name, size_t *errors)
{
    GIConv converter = g_iconv_open(UTF8, name);
    if (converter == (GIConv)-1) // NOLINT(performance-no-int-to-ptr)
        return NULL;
    g_autoptr(GString) out = g_string_sized_new(bytes * 2);
    char buffer[4096];
    char *in = (char *)data;
    size_t left = bytes;
    bool flushed = false;
    while (!flushed) {
        char *to = buffer;
        size_t room = sizeof buffer;
        flushed = left == 0;
        size_t result = left > 0 ? g_iconv(converter, &in, &left, &to, &room)
                                 : g_iconv(converter, NULL, NULL, &to, &room);
        int problem = errno;
        g_string_append_len(out, buffer, to - buffer);
        if (result != (size_t)-1 || problem == E2BIG)
            continue;
        if (left > 0) { /* a byte that does not belong here, or the end of a cut character */
            (*errors)++;
            g_string_append(out, REPLACEMENT);
            in++;
            left--;
        }
    }
    g_iconv_close(converter);
    return without_nul(out->str, out->len);
}

static bool is_iso_2022_jp(const char *data, size_t bytes)
{
    return memmem(data, bytes, "\x1b$B", 3) != NULL || memmem(data, bytes, "\x1b$@", 3) != NULL;
}

/* Latin and UTF-8 are taken for each other so often that the bytes decide. */
static char *from_bytes(const char *data, size_t bytes, const char *name, bool *wrong)
{
    bool utf8 = is_utf8(data, bytes, NULL);
    bool high = has_high(data, bytes);
    *wrong = *wrong || (high && utf8 != g_str_equal(name, UTF8));
    if (utf8)
        return without_nul(data, bytes);
    return g_str_equal(name, UTF8) ? from_bad_utf8(data, bytes) : from_latin(data, bytes);
}

char *charset_to_utf8(const char *data, size_t bytes, const char *charset, bool *wrong)
{
    bool unused = false;
    wrong = wrong != NULL ? wrong : &unused;
    bool said = charset != NULL && *charset != '\0';
    g_autofree char *name = said ? charset_find(charset) : NULL;
    if ((name == NULL || g_str_equal(name, LATIN)) && is_iso_2022_jp(data, bytes)) {
        g_free(name);
        name = g_strdup("ISO-2022-JP-3");
    }
    if (name == NULL) {
        *wrong = *wrong || said || !is_utf8(data, bytes, NULL);
        return is_utf8(data, bytes, NULL) ? without_nul(data, bytes) : from_latin(data, bytes);
    }
    if (g_str_equal(name, UTF8) || g_str_equal(name, LATIN))
        return from_bytes(data, bytes, name, wrong);
    size_t errors = 0;
    g_autofree char *text = from_iconv(data, bytes, name, &errors);
    if (text != NULL && errors == 0)
        return g_steal_pointer(&text);
    *wrong = true;
    if (is_utf8(data, bytes, NULL))
        return without_nul(data, bytes);
    return text != NULL && errors <= bytes / 20 + 1 ? g_steal_pointer(&text)
                                                    : from_latin(data, bytes);
}
