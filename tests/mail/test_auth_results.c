/* SPDX-License-Identifier: Apache-2.0 */
/* Whose From address is true: fields as mail servers write them, and as attackers do. */
#include "mail/auth_results.h"

#include <string.h>

#define ANNA "From: Anna <anna@desk.example>\n"
#define AR   "Authentication-Results: "
#define HOP  "Received: from a by b; Mon, 23 Nov 2026 18:32:00 +0000\n"

typedef struct {
    const char *name;
    const char *header;
    AuthResultsVerdict verdict;
    const char *reason;
} Row;

#define PASS AUTH_RESULTS_PASS
#define FAIL AUTH_RESULTS_FAIL
#define NONE AUTH_RESULTS_NONE

static const Row rows[] = {
    /* As servers write them. */
    {"opendmarc",
     AR "mx.desk.example; dmarc=pass (p=none dis=none) header.from=desk.example\n" ANNA, PASS,
     "dmarc_pass"},
    {"gmail",
     AR "mx.desk.example;\n"
        "       dkim=pass header.i=@desk.example header.s=sel header.b=AbC/=+;\n"
        "       spf=pass (mx.desk.example: domain of x@desk.example designates 192.0.2.1 as\n"
        " permitted sender) smtp.mailfrom=x@desk.example;\n"
        "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=desk.example\n" ANNA,
     PASS, "dmarc_pass"},
    {"rspamd",
     AR "mx.desk.example;\n\tdkim=pass header.d=desk.example header.s=m header.b=x;\n"
        "\tspf=pass (mx.desk.example: domain of x@desk.example designates 192.0.2.1 as permitted "
        "sender)"
        " smtp.mailfrom=x@desk.example;\n\tdmarc=pass (policy=quarantine) "
        "header.from=desk.example\n" ANNA,
     PASS, "dmarc_pass"},
    {"version and case", AR "MX.desk.EXAMPLE 1; DMARC=Pass HEADER.FROM=Desk.Example\n" ANNA, PASS,
     "dmarc_pass"},
    {"method version", AR "mx.desk.example; dkim/1=pass header.d=desk.example\n" ANNA, PASS,
     "dkim_aligned"},
    {"quoted id and value", AR "\"mx.desk.example\"; dkim=pass header.d=\"desk.example\"\n" ANNA,
     PASS, "dkim_aligned"},
    {"comments everywhere",
     AR "(a) mx.desk.example (b (c \\) ) ) 1 (d); (e) dkim (f) = (g) pass (h) header.d (i) = (j)"
        " desk.example (k)\n" ANNA,
     PASS, "dkim_aligned"},
    {"reason",
     AR "mx.desk.example; dkim=pass reason=\"good; signature\" header.d=desk.example\n" ANNA, PASS,
     "dkim_aligned"},
    {"spf", AR "mx.desk.example; spf=pass smtp.mailfrom=bounce@desk.example\n" ANNA, PASS,
     "spf_aligned"},
    {"spf with domain alone", AR "mx.desk.example; spf=pass smtp.mailfrom=desk.example\n" ANNA,
     PASS, "spf_aligned"},
    {"three fields in a block",
     HOP AR "mx.desk.example; dmarc=none header.from=desk.example\n" AR
            "mx.desk.example; dkim=fail header.d=desk.example\n" AR
            "mx.desk.example; spf=pass smtp.mailfrom=a@desk.example\n" HOP ANNA,
     PASS, "spf_aligned"},
    {"below our own hops", HOP HOP AR "mx.desk.example; dkim=pass header.d=desk.example\n" HOP ANNA,
     PASS, "dkim_aligned"},
    {"subdomain signs", AR "mx.desk.example; dkim=pass header.d=mail.desk.example\n" ANNA, PASS,
     "dkim_aligned"},
    {"parent signs",
     AR "mx.desk.example; dkim=pass header.d=desk.example\nFrom: anna@it.desk.example\n", PASS,
     "dkim_aligned"},
    {"two signatures, one ours",
     AR
     "mx.desk.example; dkim=pass header.d=sendgrid.example; dkim=pass header.d=desk.example\n" ANNA,
     PASS, "dkim_aligned"},
    {"idn",
     AR "mx.desk.example; dkim=pass header.d=b\u00fccher.example\nFrom: a@xn--bcher-kva.example\n",
     PASS, "dkim_aligned"},

    /* Failures that are said. */
    {"dmarc fail", AR "mx.desk.example; dmarc=fail (p=none) header.from=desk.example\n" ANNA, FAIL,
     "dmarc_fail"},
    {"dmarc fail with aligned dkim",
     AR
     "mx.desk.example; dkim=pass header.d=desk.example; dmarc=fail header.from=desk.example\n" ANNA,
     FAIL, "dmarc_fail"},
    {"dmarc pass and fail",
     AR "mx.desk.example; dmarc=pass header.from=desk.example; dmarc=fail "
        "header.from=desk.example\n" ANNA,
     FAIL, "dmarc_fail"},
    {"nothing passed",
     AR "mx.desk.example; dkim=none; spf=softfail smtp.mailfrom=a@desk.example\n" ANNA, FAIL,
     "not_passed"},
    {"others signed", AR "mx.desk.example; dkim=pass header.d=evil.example\n" ANNA, FAIL,
     "not_aligned"},
    {"a name that ends alike", AR "mx.desk.example; dkim=pass header.d=evildesk.example\n" ANNA,
     FAIL, "not_aligned"},
    {"top level signs", AR "mx.desk.example; dkim=pass header.d=example\n" ANNA, FAIL,
     "not_aligned"},
    {"dmarc of another domain", AR "mx.desk.example; dmarc=pass header.from=evil.example\n" ANNA,
     FAIL, "not_aligned"},
    {"dmarc of a subdomain", AR "mx.desk.example; dmarc=pass header.from=x.desk.example\n" ANNA,
     FAIL, "not_aligned"},
    {"dmarc without domain", AR "mx.desk.example; dmarc=pass\n" ANNA, FAIL, "not_aligned"},
    {"spf of helo", AR "mx.desk.example; spf=pass smtp.helo=desk.example\n" ANNA, FAIL,
     "not_aligned"},
    {"spf of the null sender", AR "mx.desk.example; spf=pass smtp.mailfrom=<>\n" ANNA, FAIL,
     "not_aligned"},
    {"passes by a longer word", AR "mx.desk.example; dkim=passed header.d=desk.example\n" ANNA,
     FAIL, "not_passed"},
    {"d before i",
     AR "mx.desk.example; dkim=pass header.d=evil.example header.i=@desk.example\n" ANNA, FAIL,
     "not_aligned"},
    {"contradiction",
     AR "mx.desk.example; dkim=none; spf=fail smtp.mailfrom=a@desk.example; dmarc=pass"
        " header.from=desk.example\n" ANNA,
     FAIL, "contradiction"},
    {"no from", AR "mx.desk.example; dkim=pass header.d=desk.example\nSubject: x\n", FAIL,
     "no_from"},
    {"two from",
     AR "mx.desk.example; dkim=pass header.d=desk.example\nFrom: a@desk.example, b@desk.example\n",
     FAIL, "many_from"},
    {"two from fields", AR "mx.desk.example; dkim=pass header.d=desk.example\n" ANNA ANNA, FAIL,
     "many_from"},

    /* Forgeries. */
    {"another id", AR "evil.example; dmarc=pass header.from=desk.example\n" ANNA, NONE,
     "no_results"},
    {"an id that begins alike",
     AR "mx.desk.example.evil.example; dkim=pass header.d=desk.example\n" ANNA, NONE, "no_results"},
    {"an id in a comment",
     AR "evil.example (mx.desk.example); dkim=pass header.d=desk.example\n" ANNA, NONE,
     "no_results"},
    {"result in a comment",
     AR "mx.desk.example; dkim=none (; dkim=pass header.d=desk.example)\n" ANNA, FAIL,
     "not_passed"},
    {"result in an address",
     AR "mx.desk.example; spf=pass smtp.mailfrom=\"a;dkim=pass "
        "header.d=desk.example\"@evil.example\n" ANNA,
     FAIL, "not_aligned"},
    {"comment that does not end",
     AR "mx.desk.example; dkim=none (x; dkim=pass header.d=desk.example\n" ANNA, NONE,
     "unreadable"},
    {"below a foreign hop",
     HOP AR "mx.desk.example; dkim=none\n" HOP AR
            "mx.desk.example; dkim=pass header.d=desk.example\n" ANNA,
     FAIL, "not_passed"},
    {"another method below a foreign hop",
     HOP AR "mx.desk.example; dkim=none\n" HOP AR
            "mx.desk.example; dmarc=pass header.from=desk.example\n" ANNA,
     FAIL, "not_passed"},
    {"same method again below",
     AR "mx.desk.example; dkim=none\n" AR "mx.desk.example; dkim=pass header.d=desk.example\n" ANNA,
     FAIL, "not_passed"},
    {"foreign above, ours below",
     AR "evil.example; dmarc=pass header.from=desk.example\n" AR
        "mx.desk.example; dmarc=fail header.from=desk.example\n" ANNA,
     FAIL, "dmarc_fail"},
    {"forged dmarc below real results",
     AR "mx.desk.example; dkim=fail header.d=desk.example; spf=softfail "
        "smtp.mailfrom=a@desk.example\n" AR
        "mx.desk.example; dmarc=pass header.from=desk.example\n" ANNA,
     FAIL, "contradiction"},
    {"property given twice: the first",
     AR "mx.desk.example; dkim=pass header.d=evil.example header.d=desk.example\n" ANNA, FAIL,
     "not_aligned"},
    {"arc is something else",
     "ARC-Authentication-Results: i=1; mx.desk.example; dmarc=pass header.from=desk.example\n" ANNA,
     NONE, "no_results"},

    {"a failure behind what cannot be read",
     AR "mx.desk.example; dkim=pass header.d=desk.example; ??; dmarc=fail "
        "header.from=desk.example\n" ANNA,
     NONE, "unreadable"},
    {"a forgery below what cannot be read",
     AR "mx.desk.example; spf=pass (\n" AR
        "mx.desk.example; dmarc=pass header.from=desk.example\n" ANNA,
     NONE, "unreadable"},

    /* Nothing. */
    {"no field", ANNA, NONE, "no_results"},
    {"none", AR "mx.desk.example; none\n" ANNA, NONE, "no_results"},
    {"empty", AR "\n" ANNA, NONE, "no_results"},
    {"id alone", AR "mx.desk.example\n" ANNA, NONE, "no_results"},
    {"garbage", AR "mx.desk.example; ===;;;\"\n" ANNA, NONE, "unreadable"},
    {"no id named",
     AR "dkim=pass header.d=desk.example; dmarc=pass header.from=desk.example\n" ANNA, NONE,
     "no_results"},
};

static AuthResults check(const char *header, const char *authserv_id)
{
    g_autofree char *text = g_strconcat(header, "\nText.\n", NULL);
    g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
    g_autoptr(GError) error = NULL;
    g_autoptr(InboundMail) mail = inbound_read(raw, &error);
    g_assert_no_error(error);
    return auth_results_check(mail, authserv_id);
}

static void test_row(gconstpointer data)
{
    const Row *row = data;
    AuthResults results = check(row->header, "mx.desk.example");
    g_assert_cmpstr(results.reason, ==, row->reason);
    g_assert_cmpint(results.verdict, ==, row->verdict);
    g_assert_true((results.method != NULL) == (row->verdict == PASS));
    if (results.method != NULL)
        g_assert_true(g_str_has_prefix(results.reason, results.method));
}

/* Microsoft 365 names no id, which must be asked for. */
static void test_unnamed(void)
{
    static const char field[] = AR
        "spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=desk.example; dkim=pass (signature was"
        " verified)\n header.d=desk.example;dmarc=pass action=none\n"
        " header.from=desk.example;compauth=pass reason=100\n" ANNA;
    g_assert_cmpstr(check(field, "-").reason, ==, "dmarc_pass");
    g_assert_cmpstr(check(field, "mx.desk.example").reason, ==, "no_results");
    g_assert_cmpstr(check(AR "mx.desk.example; dkim=pass header.d=desk.example\n" ANNA, "-").reason,
                    ==, "no_results");
}

static void test_not_configured(void)
{
    static const char field[] = AR "mx.desk.example; dkim=pass header.d=desk.example\n" ANNA;
    g_assert_cmpstr(check(field, NULL).reason, ==, "no_authserv_id");
    g_assert_cmpstr(check(field, "").reason, ==, "no_authserv_id");
    g_assert_cmpint(check(field, "").verdict, ==, NONE);
}

static void test_aligned(void)
{
    static const struct {
        const char *domain;
        const char *from;
        bool aligned;
    } cases[] = {
        {"example.org", "example.org", true},
        {"EXAMPLE.org", "example.ORG", true},
        {"a.example.org", "example.org", true},
        {"example.org", "a.b.example.org", true},
        {"a.example.org", "b.example.org", false},
        {"xample.org", "example.org", false},
        {"aexample.org", "example.org", false},
        {"org", "example.org", false},
        {"example.org", "org", false},
        {"org", "org", false},
        {"", "example.org", false},
        {"a.co.uk", "b.co.uk", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s", cases[i].domain, cases[i].from);
        g_assert_true(auth_results_aligned(cases[i].domain, cases[i].from) == cases[i].aligned);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/mail/auth-results/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/mail/auth-results/unnamed", test_unnamed);
    g_test_add_func("/mail/auth-results/not configured", test_not_configured);
    g_test_add_func("/mail/auth-results/aligned", test_aligned);
    return g_test_run();
}
