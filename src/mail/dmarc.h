/* SPDX-License-Identifier: Apache-2.0 */
/* A domain's DMARC record (RFC 7489 §6.3), where it is found, and whether two domains are aligned
 * (§3.1). */
#pragma once

#include "mail/dns.h"

#include <stdbool.h>

typedef enum { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT } DmarcPolicy;

typedef struct {
    DmarcPolicy policy;
    DmarcPolicy subdomain_policy; /* of what is below the domain that has the record */
    bool strict_spf, strict_dkim; /* only the very same domain is aligned */
    int percent;
    bool reports; /* somebody gets the daily reports */
} DmarcRecord;

bool dmarc_is_record(const char *text);

/* Pure. Errors: INVALID, which names the tag that is wrong: for who receives mail there is no
 * record then. */
bool dmarc_parse(const char *text, DmarcRecord *record, GError **error);

const char *dmarc_policy_name(DmarcPolicy policy);

typedef struct {
    DnsAnswer answer; /* DNS_FOUND, DNS_NOTHING or DNS_FAILED */
    char *text;       /* the record */
    char *domain;     /* whose it is: the domain's own, or that of one above it */
    int count;        /* more than one there: none counts */
    char *why;        /* of DNS_FAILED */
} DmarcFound;

void dmarc_found_clear(DmarcFound *found);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DmarcFound, dmarc_found_clear)

/* Asks at "_dmarc." of the domain, then of those above it. There is no list of public suffixes
 * here: the highest name that is asked has two labels, and where a record is found counts as the
 * organization's domain. */
void dmarc_find(const char *domain, const DnsSource *source, DmarcFound *found);

/* Pure. `organization` is where the record was found (NULL: nowhere); `strict` as the record says.
 * Letter case does not matter. */
bool dmarc_aligned(const char *from_domain, const char *other, const char *organization,
                   bool strict);
