/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication-Results, each line of the input one field below the other; a line "hop" is a
 * Received. What must hold: nobody passes unless our server's name, a pass and the From domain are
 * written there, a field of nobody's cannot pass, and a failure of DMARC on top is final.
 */
#include "fuzz_mail.h"

#include "mail/auth_results.h"

#define OURS "mx.desk.example"

static AuthResults check(const char *header, const char *from, const char *authserv_id)
{
    g_autofree char *text = g_strconcat(header, from, "\nText.\n", NULL);
    g_autoptr(InboundMail) mail = fuzz_mail((const uint8_t *)text, strlen(text));
    FUZZ_CHECK(mail != NULL);
    AuthResults results = auth_results_check(mail, authserv_id);
    FUZZ_CHECK(results.reason != NULL);
    FUZZ_CHECK((results.method != NULL) == (results.verdict == AUTH_RESULTS_PASS));
    return results;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 16000)
        return 0;
    g_autofree char *input = g_strndup(data != NULL ? (const char *)data : "", size);
    g_auto(GStrv) lines = g_strsplit_set(input, "\r\n", 100);
    g_autoptr(GString) header = g_string_new(NULL);
    for (char **line = lines; *line != NULL; line++)
        g_string_append_printf(header, "%s %s\n",
                               strcmp(*line, "hop") == 0 ? "Received:" : "Authentication-Results:",
                               g_strdelimit(*line, "\r\n", ' '));
    static const char anna[] = "From: anna@desk.example\n";
    AuthResults results = check(header->str, anna, OURS);
    if (results.verdict == AUTH_RESULTS_PASS) {
        g_autofree char *lower = g_ascii_strdown(header->str, -1);
        FUZZ_CHECK(strstr(lower, "pass") != NULL && strstr(lower, "desk.example") != NULL);
    }
    FUZZ_CHECK(check(header->str, anna, "").verdict == AUTH_RESULTS_NONE);
    FUZZ_CHECK(check(header->str, "From: a@desk.example, b@desk.example\n", OURS).verdict !=
               AUTH_RESULTS_PASS);
    g_autofree char *failed =
        g_strconcat("Authentication-Results: " OURS "; dmarc=fail header.from=desk.example\n",
                    header->str, NULL);
    FUZZ_CHECK(check(failed, anna, OURS).verdict != AUTH_RESULTS_PASS);
    return 0;
}
