/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the DNS by the system's resolver. Who has only rules about answers (spf_check.h,
 * dmarc.h) takes a DnsSource, so that a test can answer in its place. Any thread; blocks.
 */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

typedef enum { DNS_A = 1, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 } DnsType;

typedef enum {
    DNS_FOUND,
    DNS_NOTHING, /* the name is there, and has no record of this type */
    DNS_NO_NAME, /* NXDOMAIN */
    DNS_FAILED,  /* no answer, or a server that could not give one: nothing is known */
} DnsAnswer;

typedef struct {
    /* Adds each record to `records` as a text: an address; "10 mail.example" for MX ("0 " is the
     * null MX of RFC 7505); the joined strings of a TXT. *why (may be NULL) says in words what
     * happened with DNS_FAILED; free it. */
    DnsAnswer (*ask)(const char *name, DnsType type, GPtrArray *records, char **why, void *data);
    void *data;
} DnsSource;

static inline DnsAnswer dns_ask(const DnsSource *source, const char *name, DnsType type,
                                GPtrArray *records, char **why)
{
    return source->ask(name, type, records, why, source->data);
}

/* At most this many records of one answer are looked at. */
#define DNS_RECORDS_MAX 100

/* Each question takes about five seconds at most. */
typedef struct {
    const char *server;        /* IPv4 address; NULL: what the system is set up with */
    int port;                  /* of `server` */
    GCancellable *cancellable; /* once it is cancelled, nothing more is asked; may be NULL */
} DnsResolver;

/* A source that asks the DNS; borrows `resolver`. */
DnsSource dns_source(const DnsResolver *resolver);
