/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/spf.h"

#include "base/error.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

#define VERSION "v=spf1"
#define SHOWN   60 /* bytes of a term in a message */

static void term_free(void *data)
{
    SpfTerm *term = data;
    g_free(term->domain);
    g_free(term);
}

void spf_record_free(SpfRecord *record)
{
    if (record == NULL)
        return;
    g_ptr_array_unref(record->terms);
    g_free(record->redirect);
    g_free(record);
}

bool spf_is_record(const char *text)
{
    size_t n = strlen(VERSION);
    return g_ascii_strncasecmp(text, VERSION, n) == 0 && (text[n] == '\0' || text[n] == ' ');
}

bool spf_has_macro(const char *domain)
{
    return strchr(domain, '%') != NULL;
}

static bool refuse(GError **error, const char *term, const char *why)
{
    g_autofree char *shown = g_strndup(term, SHOWN);
    error_set(error, TD_ERROR_INVALID, "\"%s\" %s", shown, why);
    return false;
}

/* ---- pieces ---- */

/* One macro behind a "%" (§7.1): "%%", "%_", "%-" or "%{...}". *used: its bytes, the "%" among
 * them. */
static bool is_macro(const char *text, size_t *used)
{
    if (text[1] == '%' || text[1] == '_' || text[1] == '-') {
        *used = 2;
        return true;
    }
    const char *end = text[1] == '{' ? strchr(text, '}') : NULL;
    if (end == NULL || text[2] == '}' || strchr("slodiphcrtv", g_ascii_tolower(text[2])) == NULL)
        return false;
    const char *rest = text + 3;
    while (g_ascii_isdigit(*rest))
        rest++;
    if (*rest == 'r' || *rest == 'R')
        rest++;
    rest += strspn(rest, ".-+,/_=");
    *used = (size_t)(end + 1 - text);
    return rest == end;
}

/* A domain-spec (§7.1): visible characters, macros, and at its end a label that begins with no
 * digit alone, or a macro. */
static bool is_domain_spec(const char *text)
{
    size_t n = strlen(text);
    size_t last = 0; /* where the last label or macro begins */
    bool ends_in_macro = false;
    for (size_t i = 0; i < n;) {
        size_t used = 1;
        if (text[i] <= ' ' || text[i] >= 0x7f || (text[i] == '%' && !is_macro(text + i, &used)))
            return false;
        ends_in_macro = text[i] == '%';
        if (text[i] == '.' && i + 1 < n)
            last = i + 1;
        i += used;
    }
    if (n == 0 || n > 253 || ends_in_macro)
        return ends_in_macro;
    bool digits = true;
    for (size_t i = last; i < n && text[i] != '.'; i++)
        digits = digits && g_ascii_isdigit(text[i]);
    return last > 0 && !digits;
}

/* "/24", "//64" or "/24//64" at the end (§12 dual-cidr-length) is cut off. */
static bool take_bits(char *text, bool dual, int most, int *first, int *second)
{
    char *slash = strchr(text, '/');
    *first = most;
    *second = 128;
    if (slash == NULL)
        return true;
    char *rest = slash + 1;
    char *double_slash = dual ? strstr(slash, "//") : NULL;
    int64_t value;
    *slash = '\0';
    if (double_slash != NULL) {
        *double_slash = '\0';
        if (!g_ascii_isdigit(double_slash[2]) || !text_to_int(double_slash + 2, 0, 128, &value))
            return false;
        *second = (int)value;
        if (double_slash == slash)
            return true;
    }
    if (!g_ascii_isdigit(*rest) || !text_to_int(rest, 0, most, &value))
        return false;
    *first = (int)value;
    return true;
}

/* ---- terms ---- */

static const struct {
    const char *name;
    SpfKind kind;
    bool needs; /* a value behind a colon */
    bool may;
} mechanisms[] = {
    {"all", SPF_ALL, false, false}, {"include", SPF_INCLUDE, true, true},
    {"a", SPF_A, false, true},      {"mx", SPF_MX, false, true},
    {"ptr", SPF_PTR, false, true},  {"ip4", SPF_IP4, true, true},
    {"ip6", SPF_IP6, true, true},   {"exists", SPF_EXISTS, true, true},
};

static bool read_network(SpfTerm *term, char *value, const char *whole, GError **error)
{
    bool v4 = term->kind == SPF_IP4;
    int bits, unused;
    if (!take_bits(value, false, v4 ? 32 : 128, &bits, &unused) ||
        inet_pton(v4 ? AF_INET : AF_INET6, value, term->address) != 1)
        return refuse(error, whole, v4 ? "is no IPv4 network" : "is no IPv6 network");
    term->bits4 = term->bits6 = bits;
    return true;
}

static bool read_value(SpfTerm *term, const char *value, const char *whole, GError **error)
{
    g_autofree char *rest = g_strdup(value);
    bool has_bits = term->kind == SPF_A || term->kind == SPF_MX;
    const char *domain = *rest == ':' ? rest + 1 : rest;
    if (term->kind == SPF_IP4 || term->kind == SPF_IP6)
        return read_network(term, rest + 1, whole, error);
    if (has_bits && !take_bits(rest, true, 32, &term->bits4, &term->bits6))
        return refuse(error, whole, "has a length of network that is none");
    if (*rest == '\0')
        return true;
    if (!is_domain_spec(domain))
        return refuse(error, whole, "names no domain");
    term->domain = g_strdup(domain);
    return true;
}

static bool add_mechanism(SpfRecord *record, const char *whole, GError **error)
{
    bool qualified = strchr("+-~?", whole[0]) != NULL;
    const char *name = whole + (qualified ? 1 : 0);
    size_t n = strcspn(name, ":/");
    for (size_t i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
        if (strlen(mechanisms[i].name) != n ||
            g_ascii_strncasecmp(mechanisms[i].name, name, n) != 0)
            continue;
        if (mechanisms[i].needs != (name[n] == ':') && (mechanisms[i].needs || !mechanisms[i].may))
            return refuse(error, whole,
                          mechanisms[i].needs ? "needs a value behind a colon" : "takes no value");
        if (name[n] == '/' && mechanisms[i].kind != SPF_A && mechanisms[i].kind != SPF_MX)
            return refuse(error, whole, "takes no length of a network");
        SpfTerm *term = g_new0(SpfTerm, 1);
        term->qualifier = '+';
        if (qualified)
            term->qualifier = whole[0];
        term->kind = mechanisms[i].kind;
        term->bits4 = 32;
        term->bits6 = 128;
        g_ptr_array_add(record->terms, term);
        return read_value(term, name + n, whole, error);
    }
    return refuse(error, whole, "is not known to SPF");
}

/* "redirect=", "exp=", and names that a later version may give a meaning (§6). */
static bool add_modifier(SpfRecord *record, const char *whole, size_t name_bytes, GError **error)
{
    const char *value = whole + name_bytes + 1;
    bool redirect = name_bytes == 8 && g_ascii_strncasecmp(whole, "redirect", 8) == 0;
    bool exp = name_bytes == 3 && g_ascii_strncasecmp(whole, "exp", 3) == 0;
    if ((redirect || exp) && !is_domain_spec(value))
        return refuse(error, whole, "names no domain");
    if (redirect && record->redirect != NULL)
        return refuse(error, whole, "stands there twice");
    if (redirect)
        record->redirect = g_strdup(value);
    return true;
}

static size_t modifier_name(const char *term)
{
    size_t n = 0;
    if (!g_ascii_isalpha(term[0]))
        return 0;
    while (g_ascii_isalnum(term[n]) || (term[n] != '\0' && strchr("-_.", term[n]) != NULL))
        n++;
    return term[n] == '=' ? n : 0;
}

SpfRecord *spf_parse(const char *text, GError **error)
{
    if (!spf_is_record(text)) {
        error_set(error, TD_ERROR_INVALID, "it does not begin with \"" VERSION "\"");
        return NULL;
    }
    g_autoptr(SpfRecord) record = g_new0(SpfRecord, 1);
    record->terms = g_ptr_array_new_with_free_func(term_free);
    g_auto(GStrv) terms = g_strsplit(text + strlen(VERSION), " ", -1);
    for (size_t i = 0; terms[i] != NULL; i++) {
        if (terms[i][0] == '\0')
            continue;
        size_t name = modifier_name(terms[i]);
        if (record->terms->len >= SPF_TERMS_MAX) {
            error_set(error, TD_ERROR_INVALID, "it has more than %d terms", SPF_TERMS_MAX);
            return NULL;
        }
        if (name > 0 ? !add_modifier(record, terms[i], name, error)
                     : !add_mechanism(record, terms[i], error))
            return NULL;
    }
    return g_steal_pointer(&record);
}
