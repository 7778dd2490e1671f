/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a certificate, and that a bad one is seen at all. */
#include "base/clock.h"
#include "base/error.h"
#include "mail/certificate.h"
#include "tests/mail/certificates.h"
#include "tests/mail/fault_server.h"

#include <string.h>

#define NOW_US (INT64_C(1795545128) * US_PER_SECOND)

static const struct {
    int64_t days; /* until it ends */
    GTlsCertificateFlags flags;
    CertificateVerdict verdict;
    const char *words;
} rows[] = {
    {90, 0, CERTIFICATE_GOOD, "good for 90 more days, by R3"},
    {21, 0, CERTIFICATE_GOOD, "good for 21 more days"},
    {20, 0, CERTIFICATE_ENDS_SOON, "good for 20 more days"},
    {1, 0, CERTIFICATE_ENDS_SOON, "good for 1 more day,"},
    {-3, 0, CERTIFICATE_BAD, "ended 3 days ago"},
    {-3, G_TLS_CERTIFICATE_EXPIRED, CERTIFICATE_BAD, "ended 3 days ago"},
    {90, G_TLS_CERTIFICATE_UNKNOWN_CA, CERTIFICATE_BAD, "no authority that is trusted here"},
    {90, G_TLS_CERTIFICATE_BAD_IDENTITY, CERTIFICATE_BAD, "for a.example, not for mx.example"},
    {90, G_TLS_CERTIFICATE_NOT_ACTIVATED, CERTIFICATE_BAD, "not valid yet"},
    {90, G_TLS_CERTIFICATE_INSECURE, CERTIFICATE_BAD, "not secure"},
};

static void test_judge(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Certificate certificate = {.issuer = (char *)"R3",
                                         .names = (char *)"a.example",
                                         .until_us = NOW_US + rows[i].days * US_PER_DAY,
                                         .flags = rows[i].flags};
        g_autofree char *words = NULL;
        g_assert_cmpint(certificate_judge(&certificate, "mx.example", NOW_US, &words), ==,
                        rows[i].verdict);
        g_test_message("%s", words);
        g_assert_nonnull(strstr(words, rows[i].words));
    }
}

static Certificates *certificates;

static void check_server(GTlsCertificate *leaf, bool implicit, CertificateVerdict verdict,
                         const char *words)
{
    const FaultServerPlan plan = {.certificate = leaf, .implicit_tls = implicit};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    CertificateTarget target = {"localhost", fault_server_port(server),
                                implicit ? CERTIFICATE_TLS : CERTIFICATE_SMTP,
                                certificates->ca_file, 20000};
    g_auto(Certificate) seen = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;
    g_assert_true(certificate_fetch(&target, NULL, &seen, &error));
    g_assert_no_error(error);
    g_assert_cmpint(certificate_judge(&seen, "localhost", clock_wall_us(clock_system()), &said), ==,
                    verdict);
    g_test_message("%s", said);
    g_assert_nonnull(strstr(said, words));
}

static void test_fetch(void)
{
    if (certificates == NULL) {
        g_test_skip("there is no openssl command");
        return;
    }
    check_server(certificates->good, false, CERTIFICATE_GOOD, "by ca");
    check_server(certificates->good, true, CERTIFICATE_GOOD, "by ca");
    check_server(certificates->expired, false, CERTIFICATE_BAD, "days ago");
    check_server(certificates->wrong_name, true, CERTIFICATE_BAD, "for other.example, not for");
    check_server(certificates->self_signed, false, CERTIFICATE_BAD, "no authority");
}

static void test_no_tls(void)
{
    const FaultServerPlan plan = {0};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    CertificateTarget target = {"127.0.0.1", fault_server_port(server), CERTIFICATE_SMTP, NULL,
                                20000};
    g_auto(Certificate) seen = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(certificate_fetch(&target, NULL, &seen, &error));
    g_assert_true(error_is(error, TD_ERROR_DENIED));
    g_assert_nonnull(strstr(error->message, "offers no TLS"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    certificates = certificates_make();
    g_test_add_func("/certificate/judge", test_judge);
    g_test_add_func("/certificate/fetch", test_fetch);
    g_test_add_func("/certificate/no-tls", test_no_tls);
    int failed = g_test_run();
    if (certificates != NULL)
        certificates_free(certificates);
    return failed;
}
