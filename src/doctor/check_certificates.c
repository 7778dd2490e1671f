/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates that relays, mailboxes and the customers' pages show. */
#include "connector/poller.h"
#include "doctor/private.h"
#include "mail/certificate.h"

#include <string.h>

static void check_one(const Doctor *doctor, const CertificateTarget *target, const char *part,
                      Findings *findings)
{
    g_autoptr(GError) failure = NULL;
    g_auto(Certificate) certificate = {0};
    g_autofree char *words = NULL;
    if (g_cancellable_is_cancelled(doctor->cancellable)) {
        finding_add(findings, DOCTOR_WARN, part, "tidings doctor --only certificates",
                    "not looked at: there was no time left");
        return;
    }
    if (!certificate_fetch(target, doctor->cancellable, &certificate, &failure)) {
        finding_add(findings, DOCTOR_FAIL, part,
                    "Look whether the server runs and offers TLS on this port", "%s:%u: %s",
                    target->host, target->port, failure->message);
        return;
    }
    switch (certificate_judge(&certificate, target->host, doctor->now_us, &words)) {
    case CERTIFICATE_GOOD:
        finding_add(findings, DOCTOR_OK, part, NULL, "%s:%u: %s", target->host, target->port,
                    words);
        return;
    case CERTIFICATE_ENDS_SOON:
        finding_add(findings, DOCTOR_WARN, part,
                    "Renew it, and look why that did not happen by itself", "%s:%u: %s",
                    target->host, target->port, words);
        return;
    case CERTIFICATE_BAD:
        finding_add(findings, DOCTOR_FAIL, part,
                    "Have it renewed or corrected, use the name that it is for as host, or name"
                    " your own authority by ca_file",
                    "%s:%u: %s", target->host, target->port, words);
    }
}

static guint check_relays(const Doctor *doctor, Findings *findings)
{
    guint n = 0;
    for (guint i = 0; i < doctor->delivery.routes->len; i++) {
        const TransportSettings *relay = &delivery_settings_route(&doctor->delivery, i)->transport;
        if (strcmp(relay->kind, "smtp") != 0 || relay->host == NULL ||
            relay->security == SMTP_SECURITY_NONE)
            continue;
        g_autofree char *part = g_strdup_printf("relay-%u", i + 1);
        CertificateTarget target = {
            .host = relay->host,
            .port = relay->port,
            .way = relay->security == SMTP_SECURITY_TLS ? CERTIFICATE_TLS : CERTIFICATE_SMTP,
            .ca_file = relay->ca_file,
            .timeout_ms = DOCTOR_STEP_MS,
        };
        check_one(doctor, &target, part, findings);
        n++;
    }
    return n;
}

static guint check_mailboxes(const Doctor *doctor, Findings *findings)
{
    guint n = 0;
    for (guint i = 0; i < doctor->mailboxes->len; i++) {
        const PollerMailbox *mailbox = doctor->mailboxes->pdata[i];
        if (strcmp(mailbox->security, "none") == 0)
            continue;
        g_autofree char *part = g_strdup_printf("mailbox-%u", i + 1);
        CertificateTarget target = {
            .host = mailbox->host,
            .port = (uint16_t)mailbox->port,
            .way = strcmp(mailbox->security, "tls") == 0 ? CERTIFICATE_TLS : CERTIFICATE_IMAP,
            .ca_file = mailbox->ca_file,
            .timeout_ms = DOCTOR_STEP_MS,
        };
        check_one(doctor, &target, part, findings);
        n++;
    }
    return n;
}

static guint check_public_url(const Doctor *doctor, Findings *findings)
{
    const char *url = doctor->settings->web_interface.public_url;
    g_autofree char *host = NULL;
    int port;
    if (!g_str_has_prefix(url, "https://") ||
        !g_uri_split_network(url, G_URI_FLAGS_NONE, NULL, &host, &port, NULL))
        return 0;
    CertificateTarget target = {
        .host = host,
        .port = (uint16_t)(port > 0 ? port : 443),
        .way = CERTIFICATE_TLS,
        .timeout_ms = DOCTOR_STEP_MS,
    };
    check_one(doctor, &target, "public-url", findings);
    return 1;
}

void doctor_check_certificates(const Doctor *doctor, Findings *findings)
{
    guint n = check_relays(doctor, findings);
    n += check_mailboxes(doctor, findings);
    n += check_public_url(doctor, findings);
    if (n == 0)
        finding_add(findings, DOCTOR_OK, NULL, NULL, "nothing that the desk uses shows one");
}
