/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What those who receive mail of a domain make of its SPF records (RFC 7208 §4): for the whole of
 * them, and for one address that sends.
 *
 * Differs from a receiver in one thing: it does not stop at the first match, so that the look-ups
 * and the mistakes behind it are seen as well.
 */
#pragma once

#include "mail/dns.h"

#include <stdbool.h>

#define SPF_LOOKUPS_MAX      10 /* §4.6.4 */
#define SPF_VOID_LOOKUPS_MAX 2

typedef enum {
    SPF_NONE, /* there is no record */
    SPF_NEUTRAL,
    SPF_PASS,
    SPF_FAIL,
    SPF_SOFTFAIL,
    SPF_TEMPERROR, /* the DNS gave no answer */
    SPF_PERMERROR, /* the records are broken */
} SpfResult;

typedef struct {
    SpfResult result; /* for the address; without one, of what no mechanism names */
    char *record;     /* the domain's own; NULL: none */
    char all;         /* the qualifier of "all" at the end, redirects followed; 0: there is none */
    int lookups, voids;
    char *problem; /* the first thing that is wrong, in words; NULL: nothing is */
    bool macros;   /* some of it depends on the single mail, and was not followed */
    bool ptr;      /* uses "ptr", which §5.5 says not to */
} SpfReport;

void spf_report_clear(SpfReport *report);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SpfReport, spf_report_clear)

/* `address` NULL: for no address in particular. */
void spf_check(const char *domain, GInetAddress *address, const DnsSource *source,
               SpfReport *report);
