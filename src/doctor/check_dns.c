/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether those who receive mail of this desk will believe it: what the DNS says of the sender's
 * domain, and what follows for SPF, DMARC, bounces and answers. What DKIM adds is the relay's
 * doing and cannot be seen from here.
 */
#include "doctor/private.h"
#include "mail/address.h"
#include "mail/dmarc.h"
#include "mail/spf_check.h"

#include <string.h>

#define RELAY_ADDRESSES_MAX 4 /* of each relay */

typedef enum { COVERED_UNKNOWN, COVERED_YES, COVERED_NO } Covered;

typedef struct {
    const Doctor *doctor;
    Findings *findings;
    DnsSource source;
    const char *from;     /* the domain of From, */
    const char *envelope; /* of the envelope sender, */
    const char *reply;    /* and where answers go */
    bool spf;             /* there is a record, and it can be used */
    bool unknown;         /* something could not be looked up */
    Covered covered;      /* the relay's addresses */
    bool aligned;
    bool has_policy;
    DmarcPolicy policy;
} Look;

/* ---- who takes mail for a domain ---- */

static void unanswered(Look *look, const char *part, const char *what, const char *why)
{
    look->unknown = true;
    finding_add(look->findings, DOCTOR_WARN, part,
                "Look whether the DNS server of this machine answers (resolv.conf), then try again",
                "%s cannot be looked up: %s", what, why != NULL ? why : "no answer");
}

static bool is_null_mx(const GPtrArray *records)
{
    return records->len == 1 && g_str_has_suffix(records->pdata[0], " ");
}

static void check_address_alone(Look *look, const char *part, const char *domain)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *why = NULL;
    DnsAnswer v4 = dns_ask(&look->source, domain, DNS_A, records, &why);
    DnsAnswer v6 = v4 == DNS_FOUND ? v4 : dns_ask(&look->source, domain, DNS_AAAA, records, &why);
    if (records->len > 0)
        finding_add(look->findings, DOCTOR_WARN, part,
                    "Publish an MX record that names the mail server",
                    "%s has no MX record; mail for it goes to %s itself", domain,
                    (const char *)records->pdata[0]);
    else if (v4 == DNS_FAILED || v6 == DNS_FAILED)
        unanswered(look, part, domain, why);
    else
        finding_add(look->findings, DOCTOR_FAIL, part,
                    "Look at the spelling of the address in the options, and publish an MX record",
                    "%s takes no mail: it has neither an MX record nor an address; many servers"
                    " refuse mail from such a domain",
                    domain);
}

static void check_mx(Look *look, const char *part, const char *domain)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *why = NULL;
    DnsAnswer answer = dns_ask(&look->source, domain, DNS_MX, records, &why);
    if (answer == DNS_FAILED)
        unanswered(look, part, domain, why);
    else if (answer != DNS_FOUND)
        check_address_alone(look, part, domain);
    else if (is_null_mx(records))
        finding_add(look->findings, DOCTOR_FAIL, part,
                    "Use an address whose domain takes mail, or remove the null MX",
                    "%s says that it takes no mail (null MX, RFC 7505): neither answers nor bounces"
                    " can come, and many servers refuse mail from it",
                    domain);
    else
        finding_add(look->findings, DOCTOR_OK, part, NULL, "mail for %s goes to %s%s", domain,
                    strchr(records->pdata[0], ' ') + 1, records->len > 1 ? " and others" : "");
}

/* ---- SPF ---- */

static void judge_spf(Look *look, const SpfReport *report)
{
    const char *domain = look->envelope;
    if (report->result == SPF_TEMPERROR && report->record == NULL) {
        look->unknown = true;
        finding_add(look->findings, DOCTOR_WARN, "spf",
                    "Look whether the DNS server of this machine answers (resolv.conf), then try"
                    " again",
                    "%s", report->problem != NULL ? report->problem : "no answer");
    } else if (report->problem != NULL) {
        finding_add(look->findings, DOCTOR_FAIL, "spf",
                    "Correct the TXT record; while it is so, those who receive mail take it for an"
                    " error and not for leave to send",
                    "%s: %s", domain, report->problem);
    } else if (report->record == NULL) {
        g_autofree char *advice = g_strdup_printf(
            "Publish a TXT record at %s such as \"v=spf1 mx include:RELAY ~all\"; who runs the"
            " relay knows what to include",
            domain);
        finding_add(look->findings, DOCTOR_FAIL, "spf", advice, "%s has no SPF record", domain);
    } else if (report->all == '+') {
        finding_add(look->findings, DOCTOR_FAIL, "spf", "End it with ~all or -all",
                    "%s lets everybody send in its name (+all): it proves nothing", domain);
    } else {
        bool open = report->all == 0 || report->all == '?';
        look->spf = true;
        finding_add(look->findings, open || report->ptr ? DOCTOR_WARN : DOCTOR_OK, "spf",
                    open          ? "End it with ~all, later with -all"
                    : report->ptr ? "Name the addresses instead of \"ptr\", which nobody is to use"
                                    " (RFC 7208 §5.5)"
                                  : NULL,
                    "%s: \"%s\", %d of %d look-ups%s", domain, report->record, report->lookups,
                    SPF_LOOKUPS_MAX,
                    open             ? "; it does not say what becomes of others"
                    : report->macros ? "; a part depends on the single mail"
                                     : "");
    }
}

static void check_spf(Look *look)
{
    g_auto(SpfReport) report = {0};
    spf_check(look->envelope, NULL, &look->source, &report);
    judge_spf(look, &report);
}

static bool is_private(GInetAddress *address)
{
    return g_inet_address_get_is_loopback(address) || g_inet_address_get_is_link_local(address) ||
           g_inet_address_get_is_site_local(address);
}

static void check_covered(Look *look, const char *part, const char *host, GInetAddress *address)
{
    g_auto(SpfReport) report = {0};
    g_autofree char *text = g_inet_address_to_string(address);
    if (is_private(address)) {
        finding_add(look->findings, DOCTOR_SKIP, part, NULL,
                    "%s is %s: by which address its mail reaches the world cannot be seen here",
                    host, text);
        return;
    }
    spf_check(look->envelope, address, &look->source, &report);
    bool covered = report.result == SPF_PASS;
    look->covered = covered && look->covered != COVERED_NO ? COVERED_YES : COVERED_NO;
    g_autofree char *advice = g_strdup_printf(
        "If %s itself sends to the world, add ip%d:%s; if it sends by other addresses, ask who runs"
        " it which include: covers them",
        host, g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6 ? 6 : 4, text);
    finding_add(look->findings, covered ? DOCTOR_OK : DOCTOR_WARN, part, covered ? NULL : advice,
                covered ? "SPF of %s covers %s (%s)" : "SPF of %s does not cover %s (%s)",
                look->envelope, host, text);
}

/* The relay's own addresses: right where it sends directly, a hint where it does not. */
static void check_relay_host(Look *look, const char *part, const char *host)
{
    g_autoptr(GInetAddress) literal = g_inet_address_new_from_string(host);
    if (literal != NULL) {
        check_covered(look, part, host, literal);
        return;
    }
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    dns_ask(&look->source, host, DNS_A, records, NULL);
    dns_ask(&look->source, host, DNS_AAAA, records, NULL);
    if (records->len == 0)
        finding_add(look->findings, DOCTOR_SKIP, part, NULL,
                    "the DNS knows no address of %s: it is known on this machine alone, or not at"
                    " all",
                    host);
    for (guint i = 0; i < records->len && i < RELAY_ADDRESSES_MAX; i++) {
        g_autoptr(GInetAddress) address = g_inet_address_new_from_string(records->pdata[i]);
        if (address != NULL)
            check_covered(look, part, host, address);
    }
}

static void check_relays(Look *look)
{
    const DeliverySettings *delivery = &look->doctor->delivery;
    for (guint i = 0; i < delivery->routes->len; i++) {
        const TransportSettings *relay = &delivery_settings_route(delivery, i)->transport;
        g_autofree char *part = g_strdup_printf("spf-relay-%u", i + 1);
        if (strcmp(relay->kind, "smtp") == 0 && relay->host != NULL)
            check_relay_host(look, part, relay->host);
    }
}

/* ---- DMARC ---- */

static void judge_dmarc(Look *look, const DmarcFound *found, const DmarcRecord *record)
{
    bool own = g_ascii_strcasecmp(found->domain, look->from) == 0;
    look->has_policy = true;
    look->policy = own ? record->policy : record->subdomain_policy;
    look->aligned = dmarc_aligned(look->from, look->envelope, found->domain, record->strict_spf);
    finding_add(look->findings, DOCTOR_OK, "dmarc", NULL,
                "%s: policy %s%s%s, alignment of SPF %s%s", found->domain,
                dmarc_policy_name(look->policy), own ? "" : " for what is below it",
                record->percent < 100 ? " for a part of the mail" : "",
                record->strict_spf ? "strict" : "relaxed",
                record->reports ? "" : "; nobody gets its reports (rua=)");
}

static void check_dmarc(Look *look)
{
    g_auto(DmarcFound) found = {0};
    g_autoptr(GError) failure = NULL;
    DmarcRecord record;
    dmarc_find(look->from, &look->source, &found);
    look->aligned = dmarc_aligned(look->from, look->envelope, NULL, false);
    if (found.answer == DNS_FAILED) {
        unanswered(look, "dmarc", look->from, found.why);
    } else if (found.answer != DNS_FOUND) {
        g_autofree char *advice = g_strdup_printf(
            "Publish a TXT record at _dmarc.%s: \"v=DMARC1; p=none; rua=mailto:dmarc@%s\"; large"
            " providers ask for one",
            look->from, look->from);
        finding_add(look->findings, DOCTOR_WARN, "dmarc", advice, "%s has no DMARC record",
                    look->from);
    } else if (found.count > 1) {
        finding_add(look->findings, DOCTOR_FAIL, "dmarc", "Leave one of them",
                    "_dmarc.%s has %d DMARC records: none of them counts", found.domain,
                    found.count);
    } else if (!dmarc_parse(found.text, &record, &failure)) {
        finding_add(look->findings, DOCTOR_FAIL, "dmarc", "Correct the TXT record",
                    "the DMARC record of %s cannot be read: %s", found.domain, failure->message);
    } else {
        judge_dmarc(look, &found, &record);
    }
}

static void check_alignment(Look *look)
{
    if (look->aligned) {
        finding_add(look->findings, DOCTOR_OK, "alignment", NULL,
                    "bounces go to %s, which is aligned with From (%s): SPF counts for DMARC",
                    look->envelope, look->from);
        return;
    }
    g_autofree char *advice = g_strdup_printf(
        "Use a bounce_address in %s, or make sure that the relay signs with DKIM for %s",
        look->from, look->from);
    finding_add(look->findings, DOCTOR_WARN, "alignment", advice,
                "bounces go to %s, which is not aligned with From (%s): SPF says nothing for DMARC",
                look->envelope, look->from);
}

/* ---- what follows ---- */

static void conclude(Look *look)
{
    static const char *const fate[] = {"delivered as if there were no policy", "put with the spam",
                                       "refused"};
    bool well = look->spf && look->aligned && look->covered != COVERED_NO;
    if (look->unknown)
        finding_add(look->findings, DOCTOR_SKIP, "verdict", NULL,
                    "nothing can be said while the DNS does not answer");
    else if (well && look->covered == COVERED_YES)
        finding_add(look->findings, DOCTOR_OK, "verdict", NULL,
                    "mail of this desk passes SPF and DMARC where the relay sends it itself");
    else if (well)
        finding_add(look->findings, DOCTOR_OK, "verdict", NULL,
                    "mail of this desk passes SPF and DMARC if SPF names the addresses that the"
                    " relay sends by");
    else
        finding_add(look->findings,
                    look->has_policy && look->policy != DMARC_NONE ? DOCTOR_FAIL : DOCTOR_WARN,
                    "verdict",
                    "Correct what is said above, or make sure that the relay signs with DKIM for"
                    " the domain of From: a test mail to a large provider shows it in"
                    " Authentication-Results",
                    "unless the relay signs it with DKIM, mail of this desk does not pass%s%s",
                    look->has_policy ? " DMARC, and is to be " : " SPF",
                    look->has_policy ? fate[look->policy] : "");
}

static void look_around(Look *look)
{
    check_mx(look, "mx", look->from);
    if (g_ascii_strcasecmp(look->envelope, look->from) != 0)
        check_mx(look, "bounce-mx", look->envelope);
    if (*look->reply != '\0' && g_ascii_strcasecmp(look->reply, look->from) != 0)
        check_mx(look, "reply-mx", look->reply);
    check_spf(look);
    if (look->spf)
        check_relays(look);
    check_dmarc(look);
    check_alignment(look);
    conclude(look);
}

void doctor_check_dns(const Doctor *doctor, Findings *findings)
{
    const AlertsServerSettings *server = &doctor->settings->alerts_server;
    const char *bounce =
        *server->bounce_address != '\0' ? server->bounce_address : server->from_address;
    g_autofree char *address = NULL;
    DnsResolver resolver = {.cancellable = doctor->cancellable};
    if (doctor->setup->config->dns_server != NULL &&
        config_read_dns_server(doctor->setup->config->dns_server, &address, &resolver.port))
        resolver.server = address;
    Look look = {
        .doctor = doctor,
        .findings = findings,
        .source = dns_source(&resolver),
        .from = address_domain(server->from_address),
        .envelope = address_domain(bounce),
        .reply = address_domain(server->reply_to),
    };
    if (*look.from == '\0')
        finding_add(findings, server->active ? DOCTOR_FAIL : DOCTOR_WARN, NULL,
                    "tidings options set alerts-server from_address=support@example.com",
                    "there is no sender address yet");
    else if (strchr(look.from, '.') == NULL)
        finding_add(findings, DOCTOR_WARN, NULL,
                    "tidings options set alerts-server from_address=support@example.com",
                    "%s is no domain that the world knows: mail from it stays on this machine",
                    look.from);
    else
        look_around(&look);
}
