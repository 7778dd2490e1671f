/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/spf_check.h"

#include "mail/spf.h"

#include <string.h>

#define STOP_AT 40 /* look-ups; far beyond what anybody accepts */
#define MX_MAX  10 /* §4.6.4: names of one "mx" */

typedef struct {
    const DnsSource *source;
    GInetAddress *address;
    SpfReport *report;
} Walk;

/* Whether a mechanism names the address. */
typedef enum { MATCH_NO, MATCH_YES, MATCH_TEMPERROR, MATCH_PERMERROR } Match;

void spf_report_clear(SpfReport *report)
{
    g_clear_pointer(&report->record, g_free);
    g_clear_pointer(&report->problem, g_free);
}

G_GNUC_PRINTF(2, 3)
static void note(Walk *walk, const char *format, ...)
{
    if (walk->report->problem != NULL)
        return;
    va_list args;
    va_start(args, format);
    walk->report->problem = g_strdup_vprintf(format, args);
    va_end(args);
}

static DnsAnswer ask(Walk *walk, const char *name, DnsType type, GPtrArray *records)
{
    g_autofree char *why = NULL;
    DnsAnswer answer = dns_ask(walk->source, name, type, records, &why);
    if (answer == DNS_FAILED)
        note(walk, "%s cannot be looked up: %s", name, why != NULL ? why : "no answer");
    if (answer == DNS_NO_NAME || answer == DNS_NOTHING)
        walk->report->voids++;
    return answer;
}

static bool count_lookup(Walk *walk)
{
    return ++walk->report->lookups <= STOP_AT;
}

/* ---- addresses ---- */

static bool same_network(GInetAddress *address, const uint8_t *network, GSocketFamily family,
                         int bits)
{
    if (address == NULL || g_inet_address_get_family(address) != family)
        return false;
    const uint8_t *bytes = g_inet_address_to_bytes(address);
    int whole = bits / 8;
    int mask = 0xff00 >> (bits % 8) & 0xff;
    return memcmp(bytes, network, (size_t)whole) == 0 &&
           (mask == 0 || (bytes[whole] & mask) == (network[whole] & mask));
}

/* Whether the name has the address, or one of its network. */
static Match host_matches(Walk *walk, const char *host, const SpfTerm *term, bool counts_void)
{
    if (walk->address == NULL && !counts_void)
        return MATCH_NO;
    bool v6 =
        walk->address != NULL && g_inet_address_get_family(walk->address) == G_SOCKET_FAMILY_IPV6;
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    int voids = walk->report->voids;
    DnsAnswer answer = ask(walk, host, v6 ? DNS_AAAA : DNS_A, records);
    if (!counts_void)
        walk->report->voids = voids;
    if (answer == DNS_FAILED)
        return MATCH_TEMPERROR;
    for (guint i = 0; i < records->len; i++) {
        g_autoptr(GInetAddress) one = g_inet_address_new_from_string(records->pdata[i]);
        if (one != NULL && same_network(walk->address, g_inet_address_to_bytes(one),
                                        v6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4,
                                        v6 ? term->bits6 : term->bits4))
            return MATCH_YES;
    }
    return MATCH_NO;
}

static Match mx_matches(Walk *walk, const char *domain, const SpfTerm *term)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    if (ask(walk, domain, DNS_MX, records) == DNS_FAILED)
        return MATCH_TEMPERROR;
    if (records->len > MX_MAX) {
        note(walk, "%s has %u mail servers, and \"mx\" may look at %d", domain, records->len,
             MX_MAX);
        return MATCH_PERMERROR;
    }
    Match match = MATCH_NO;
    for (guint i = 0; i < records->len && match == MATCH_NO; i++) {
        const char *host = strchr(records->pdata[i], ' ') + 1;
        if (*host != '\0')
            match = host_matches(walk, host, term, false);
    }
    return match;
}

/* ---- records ---- */

static SpfResult evaluate(Walk *walk, const char *domain, bool top, char *all);

static Match include_matches(Walk *walk, const char *domain)
{
    char ignored = 0;
    switch (evaluate(walk, domain, false, &ignored)) {
    case SPF_PASS:
        return MATCH_YES;
    case SPF_NONE:
        note(walk, "it includes %s, which has no SPF record", domain);
        return MATCH_PERMERROR;
    case SPF_PERMERROR:
        return MATCH_PERMERROR;
    case SPF_TEMPERROR:
        return MATCH_TEMPERROR;
    default:
        return MATCH_NO;
    }
}

static Match look_up(Walk *walk, const SpfTerm *term, const char *domain)
{
    if (!count_lookup(walk)) {
        note(walk, "it needs more than %d look-ups", STOP_AT);
        return MATCH_PERMERROR;
    }
    if (term->domain != NULL && spf_has_macro(term->domain)) {
        walk->report->macros = true;
        return MATCH_NO;
    }
    switch (term->kind) {
    case SPF_INCLUDE:
        return include_matches(walk, domain);
    case SPF_A:
        return host_matches(walk, domain, term, true);
    case SPF_MX:
        return mx_matches(walk, domain, term);
    case SPF_EXISTS: {
        const SpfTerm any = {.bits4 = 0, .bits6 = 0};
        return host_matches(walk, domain, &any, true);
    }
    default: /* ptr: nobody should rely on it, and nobody has to look */
        walk->report->ptr = true;
        return MATCH_NO;
    }
}

static Match term_matches(Walk *walk, const SpfTerm *term, const char *domain)
{
    switch (term->kind) {
    case SPF_ALL:
        return MATCH_YES;
    case SPF_IP4:
        return same_network(walk->address, term->address, G_SOCKET_FAMILY_IPV4, term->bits4)
                   ? MATCH_YES
                   : MATCH_NO;
    case SPF_IP6:
        return same_network(walk->address, term->address, G_SOCKET_FAMILY_IPV6, term->bits6)
                   ? MATCH_YES
                   : MATCH_NO;
    default:
        return look_up(walk, term, term->domain != NULL ? term->domain : domain);
    }
}

static SpfResult by_qualifier(char qualifier)
{
    return qualifier == '-'   ? SPF_FAIL
           : qualifier == '~' ? SPF_SOFTFAIL
           : qualifier == '?' ? SPF_NEUTRAL
                              : SPF_PASS;
}

/* The one record among a domain's texts. */
static SpfResult find_record(Walk *walk, const char *domain, char **record)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    int voids = walk->report->voids;
    DnsAnswer answer = ask(walk, domain, DNS_TXT, texts);
    if (walk->report->lookups == 0)
        walk->report->voids = voids; /* the first question is no look-up of a term */
    for (guint i = 0; i < texts->len; i++) {
        if (!spf_is_record(texts->pdata[i]))
            continue;
        if (*record != NULL) {
            note(walk, "%s has more than one SPF record", domain);
            return SPF_PERMERROR;
        }
        *record = g_strdup(texts->pdata[i]);
    }
    return answer == DNS_FAILED ? SPF_TEMPERROR : *record == NULL ? SPF_NONE : SPF_NEUTRAL;
}

static SpfResult follow_redirect(Walk *walk, const char *domain, char *all)
{
    if (spf_has_macro(domain)) {
        walk->report->macros = true;
        return SPF_NEUTRAL;
    }
    if (!count_lookup(walk))
        return SPF_PERMERROR;
    SpfResult result = evaluate(walk, domain, false, all);
    if (result == SPF_NONE)
        note(walk, "it redirects to %s, which has no SPF record", domain);
    return result == SPF_NONE ? SPF_PERMERROR : result;
}

static SpfResult evaluate_terms(Walk *walk, const SpfRecord *record, const char *domain, char *all)
{
    bool decided = false;
    SpfResult result = SPF_NEUTRAL;
    *all = 0;
    for (guint i = 0; i < record->terms->len && *all == 0; i++) {
        const SpfTerm *term = record->terms->pdata[i];
        Match match = term_matches(walk, term, domain);
        if (term->kind == SPF_ALL)
            *all = term->qualifier;
        if (decided || match == MATCH_NO)
            continue;
        decided = true;
        result = match == MATCH_YES         ? by_qualifier(term->qualifier)
                 : match == MATCH_TEMPERROR ? SPF_TEMPERROR
                                            : SPF_PERMERROR;
    }
    if (record->redirect == NULL || *all != 0)
        return result;
    SpfResult redirected = follow_redirect(walk, record->redirect, all);
    return decided ? result : redirected;
}

static SpfResult evaluate(Walk *walk, const char *domain, bool top, char *all)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    SpfResult found = find_record(walk, domain, &text);
    if (top)
        walk->report->record = g_strdup(text);
    if (found != SPF_NEUTRAL)
        return found;
    g_autoptr(SpfRecord) record = spf_parse(text, &error);
    if (record == NULL) {
        note(walk, "the record of %s cannot be read: %s", domain, error->message);
        return SPF_PERMERROR;
    }
    return evaluate_terms(walk, record, domain, all);
}

void spf_check(const char *domain, GInetAddress *address, const DnsSource *source,
               SpfReport *report)
{
    *report = (SpfReport){0};
    Walk walk = {source, address, report};
    report->result = evaluate(&walk, domain, true, &report->all);
    if (report->lookups > SPF_LOOKUPS_MAX)
        note(&walk, "it needs %d look-ups, and only %d are allowed (RFC 7208 §4.6.4)",
             report->lookups, SPF_LOOKUPS_MAX);
    if (report->voids > SPF_VOID_LOOKUPS_MAX)
        note(&walk, "%d of its look-ups find nothing, and only %d may (RFC 7208 §4.6.4)",
             report->voids, SPF_VOID_LOOKUPS_MAX);
}
