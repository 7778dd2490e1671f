/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate that a server shows, good or not: looked at, and judged. Nothing is sent that
 * is not needed to see it; no password, no mail. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

/* What stands before TLS. */
typedef enum { CERTIFICATE_TLS, CERTIFICATE_SMTP, CERTIFICATE_IMAP } CertificateWay;

typedef struct {
    const char *host; /* a name or an address, which the certificate must name */
    uint16_t port;
    CertificateWay way;
    const char *ca_file; /* PEM; NULL or "": the system's authorities */
    int timeout_ms;      /* for each step */
} CertificateTarget;

typedef struct {
    char *issuer;               /* its common name where it has one; never NULL */
    char *names;                /* the names it is for, at most five; never NULL */
    int64_t from_us;            /* valid from, */
    int64_t until_us;           /* until; 0: not said */
    GTlsCertificateFlags flags; /* why it is not good; 0: it is */
} Certificate;

void certificate_clear(Certificate *certificate);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Certificate, certificate_clear)

/* Connects, asks for TLS and takes whatever certificate comes. Errors: UNAVAILABLE, TIMEOUT, DENIED
 * (no TLS is offered, or an old one). */
bool certificate_fetch(const CertificateTarget *target, GCancellable *cancellable,
                       Certificate *certificate, GError **error);

typedef enum { CERTIFICATE_GOOD, CERTIFICATE_ENDS_SOON, CERTIFICATE_BAD } CertificateVerdict;

#define CERTIFICATE_SOON_DAYS 21

/* Pure. *words: what is to be said of it, in a sentence's part; free it. */
CertificateVerdict certificate_judge(const Certificate *certificate, const char *host,
                                     int64_t now_us, char **words);
