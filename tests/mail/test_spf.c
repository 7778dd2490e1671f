/* SPDX-License-Identifier: Apache-2.0 */
/* SPF records: what is well-formed, and what follows from them, with a DNS of this file's own. */
#include "base/error.h"
#include "mail/spf.h"
#include "mail/spf_check.h"

#include <string.h>

/* ---- reading ---- */

static const struct {
    const char *text;
    const char *wrong; /* in the message; NULL: it is well-formed */
} records[] = {
    {"v=spf1", NULL},
    {"v=spf1 -all", NULL},
    {"V=SPF1  MX  ~ALL ", NULL},
    {"v=spf1 +a ?mx -ip4:192.0.2.1 ~ip6:2001:db8::1 all", NULL},
    {"v=spf1 a/24 a//64 a/24//64 mx:example.com/28 -all", NULL},
    {"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", NULL},
    {"v=spf1 exists:%{i}._spf.%{d2} -all", NULL},
    {"v=spf1 include:_spf.example.com. ~all", NULL},
    {"v=spf1 redirect=_spf.example.com", NULL},
    {"v=spf1 exp=explain.example.com -all", NULL},
    {"v=spf1 later=anything:at/all -all", NULL},
    {"v=spf2 -all", "does not begin"},
    {"v=spf10 -all", "does not begin"},
    {"v=spf1 include -all", "needs a value"},
    {"v=spf1 include: -all", "names no domain"},
    {"v=spf1 all:example.com", "takes no value"},
    {"v=spf1 include:localhost -all", "names no domain"},
    {"v=spf1 include:example.123 -all", "names no domain"},
    {"v=spf1 ip4:192.0.2 -all", "no IPv4 network"},
    {"v=spf1 ip4:192.0.2.1/33 -all", "no IPv4 network"},
    {"v=spf1 ip4:192.0.2.1/ -all", "no IPv4 network"},
    {"v=spf1 ip4:2001:db8::1 -all", "no IPv4 network"},
    {"v=spf1 ip6:192.0.2.1 -all", "no IPv6 network"},
    {"v=spf1 ip6:2001:db8::/129 -all", "no IPv6 network"},
    {"v=spf1 a/33 -all", "length of network"},
    {"v=spf1 a/-1 -all", "length of network"},
    {"v=spf1 exists/24 -all", "needs a value"},
    {"v=spf1 ptr/24 -all", "no length of a network"},
    {"v=spf1 inlcude:example.com -all", "not known"},
    {"v=spf1 \"mx\" -all", "not known"},
    {"v=spf1 192.0.2.1 -all", "not known"},
    {"v=spf1 - all", "not known"},
    {"v=spf1 exists:%{q}.example.com -all", "names no domain"},
    {"v=spf1 exists:%i.example.com -all", "names no domain"},
    {"v=spf1 redirect=a.example redirect=b.example", "twice"},
    {"v=spf1 redirect= -all", "names no domain"},
};

static void test_parse(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SpfRecord) record = spf_parse(records[i].text, &error);
        g_test_message("%s: %s", records[i].text, error != NULL ? error->message : "well");
        g_assert_true((record != NULL) == (records[i].wrong == NULL));
        if (record == NULL) {
            g_assert_true(error_is(error, TD_ERROR_INVALID));
            g_assert_nonnull(strstr(error->message, records[i].wrong));
        }
    }
}

static void test_networks(void)
{
    g_autoptr(SpfRecord) record =
        spf_parse("v=spf1 ip4:192.0.2.0/25 ~a:x.example/24//64 mx//48 -all", NULL);
    g_assert_cmpuint(record->terms->len, ==, 4);
    const SpfTerm *ip4 = record->terms->pdata[0], *a = record->terms->pdata[1];
    const SpfTerm *mx = record->terms->pdata[2], *all = record->terms->pdata[3];
    g_assert_cmpint(ip4->bits4, ==, 25);
    g_assert_cmpint(ip4->address[0], ==, 192);
    g_assert_cmpint(a->qualifier, ==, '~');
    g_assert_cmpint(a->bits4, ==, 24);
    g_assert_cmpint(a->bits6, ==, 64);
    g_assert_cmpstr(a->domain, ==, "x.example");
    g_assert_cmpint(mx->bits4, ==, 32);
    g_assert_cmpint(mx->bits6, ==, 48);
    g_assert_null(mx->domain);
    g_assert_cmpint(all->qualifier, ==, '-');
}

/* ---- what follows ---- */

static const struct {
    const char *name;
    DnsType type;
    const char *record; /* NULL: the server gives no answer */
} zone[] = {
    {"plain.example", DNS_TXT, "v=spf1 ip4:192.0.2.0/24 -all"},
    {"plain.example", DNS_TXT, "something-else=1"},
    {"soft.example", DNS_TXT, "v=spf1 mx ~all"},
    {"soft.example", DNS_MX, "10 mail.soft.example"},
    {"mail.soft.example", DNS_A, "192.0.2.9"},
    {"mail.soft.example", DNS_AAAA, "2001:db8::9"},
    {"a.example", DNS_TXT, "v=spf1 a/24 ?all"},
    {"a.example", DNS_A, "198.51.100.1"},
    {"two.example", DNS_TXT, "v=spf1 -all"},
    {"two.example", DNS_TXT, "v=spf1 mx -all"},
    {"words.example", DNS_TXT, "no record of that kind"},
    {"included.example", DNS_TXT, "v=spf1 include:plain.example ~all"},
    {"denied.example", DNS_TXT, "v=spf1 -include:plain.example +ip4:192.0.2.1 -all"},
    {"dangling.example", DNS_TXT, "v=spf1 include:gone.example -all"},
    {"typo.example", DNS_TXT, "v=spf1 ipv4:192.0.2.1 -all"},
    {"behind.example", DNS_TXT, "v=spf1 include:typo.example -all"},
    {"redirected.example", DNS_TXT, "v=spf1 redirect=plain.example"},
    {"redirected-away.example", DNS_TXT, "v=spf1 redirect=gone.example"},
    {"loop.example", DNS_TXT, "v=spf1 include:loop.example -all"},
    {"many.example", DNS_TXT, "v=spf1 include:five.example include:five.example -all"},
    {"five.example", DNS_TXT,
     "v=spf1 a:m.example a:m.example a:m.example a:m.example a:m.example -all"},
    {"ten.example", DNS_TXT,
     "v=spf1 include:five.example a:m.example a:m.example a:m.example"
     " a:m.example -all"},
    {"m.example", DNS_A, "203.0.113.1"},
    {"voids.example", DNS_TXT, "v=spf1 a:n1.example a:n2.example a:n3.example -all"},
    {"everybody.example", DNS_TXT, "v=spf1 mx +all"},
    {"everybody.example", DNS_MX, "10 mail.soft.example"},
    {"nothing.example", DNS_TXT, "v=spf1 a:m.example"},
    {"macro.example", DNS_TXT, "v=spf1 exists:%{i}.x.example -all"},
    {"ptr.example", DNS_TXT, "v=spf1 ptr -all"},
    {"silent.example", DNS_TXT, NULL},
    {"half.example", DNS_TXT, "v=spf1 include:silent.example -all"},
    {"all-first.example", DNS_TXT, "v=spf1 -all ip4:192.0.2.1"},
};

static DnsAnswer answer(const char *name, DnsType type, GPtrArray *found, char **why, void *data)
{
    DnsAnswer result = DNS_NO_NAME;
    for (size_t i = 0; i < G_N_ELEMENTS(zone); i++) {
        if (strcmp(zone[i].name, name) != 0)
            continue;
        if (zone[i].record == NULL)
            return DNS_FAILED;
        if (zone[i].type != type) {
            result = result == DNS_FOUND ? DNS_FOUND : DNS_NOTHING;
            continue;
        }
        g_ptr_array_add(found, g_strdup(zone[i].record));
        result = DNS_FOUND;
    }
    return result;
}

static const struct {
    const char *domain;
    const char *address;
    SpfResult result;
    char all;
    int lookups;
    const char *problem; /* NULL: none */
} checks[] = {
    {"plain.example", "192.0.2.200", SPF_PASS, '-', 0, NULL},
    {"plain.example", "192.0.3.1", SPF_FAIL, '-', 0, NULL},
    {"plain.example", "2001:db8::1", SPF_FAIL, '-', 0, NULL},
    {"plain.example", NULL, SPF_FAIL, '-', 0, NULL},
    {"soft.example", "192.0.2.9", SPF_PASS, '~', 1, NULL},
    {"soft.example", "2001:db8::9", SPF_PASS, '~', 1, NULL},
    {"soft.example", "192.0.2.8", SPF_SOFTFAIL, '~', 1, NULL},
    {"a.example", "198.51.100.77", SPF_PASS, '?', 1, NULL},
    {"a.example", "198.51.101.77", SPF_NEUTRAL, '?', 1, NULL},
    {"two.example", "192.0.2.1", SPF_PERMERROR, 0, 0, "more than one SPF record"},
    {"words.example", "192.0.2.1", SPF_NONE, 0, 0, NULL},
    {"gone.example", "192.0.2.1", SPF_NONE, 0, 0, NULL},
    {"included.example", "192.0.2.1", SPF_PASS, '~', 1, NULL},
    {"included.example", "192.0.3.1", SPF_SOFTFAIL, '~', 1, NULL},
    {"denied.example", "192.0.2.1", SPF_FAIL, '-', 1, NULL},
    {"dangling.example", "192.0.2.1", SPF_PERMERROR, '-', 1, "gone.example, which has no SPF"},
    {"typo.example", "192.0.2.1", SPF_PERMERROR, 0, 0, "\"ipv4:192.0.2.1\" is not known"},
    {"behind.example", "192.0.2.1", SPF_PERMERROR, '-', 1, "record of typo.example"},
    {"redirected.example", "192.0.2.1", SPF_PASS, '-', 1, NULL},
    {"redirected-away.example", "192.0.2.1", SPF_PERMERROR, 0, 1, "redirects to gone.example"},
    {"loop.example", "192.0.2.1", SPF_PERMERROR, '-', 41, "more than 40 look-ups"},
    {"ten.example", "203.0.113.1", SPF_PASS, '-', 10, NULL},
    {"many.example", "192.0.2.1", SPF_FAIL, '-', 12, "needs 12 look-ups"},
    {"voids.example", "192.0.2.1", SPF_FAIL, '-', 3, "3 of its look-ups find nothing"},
    {"everybody.example", "192.0.2.1", SPF_PASS, '+', 1, NULL},
    {"nothing.example", "192.0.2.1", SPF_NEUTRAL, 0, 1, NULL},
    {"macro.example", "192.0.2.1", SPF_FAIL, '-', 1, NULL},
    {"ptr.example", "192.0.2.1", SPF_FAIL, '-', 1, NULL},
    {"silent.example", "192.0.2.1", SPF_TEMPERROR, 0, 0, "cannot be looked up"},
    {"half.example", "192.0.2.1", SPF_TEMPERROR, '-', 1, "silent.example cannot be looked up"},
    {"all-first.example", "192.0.2.1", SPF_FAIL, '-', 0, NULL},
};

static void test_check(void)
{
    const DnsSource source = {answer, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        g_autoptr(GInetAddress) address =
            checks[i].address != NULL ? g_inet_address_new_from_string(checks[i].address) : NULL;
        g_auto(SpfReport) report = {0};
        spf_check(checks[i].domain, address, &source, &report);
        g_test_message("%s %s: %d, %d look-ups, %s", checks[i].domain, checks[i].address,
                       (int)report.result, report.lookups, report.problem);
        g_assert_cmpint(report.result, ==, checks[i].result);
        g_assert_cmpint(report.all, ==, checks[i].all);
        g_assert_cmpint(report.lookups, ==, checks[i].lookups);
        g_assert_true((report.problem != NULL) == (checks[i].problem != NULL));
        if (report.problem != NULL)
            g_assert_nonnull(strstr(report.problem, checks[i].problem));
        g_assert_true(report.macros == (strcmp(checks[i].domain, "macro.example") == 0));
        g_assert_true(report.ptr == (strcmp(checks[i].domain, "ptr.example") == 0));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/spf/parse", test_parse);
    g_test_add_func("/spf/networks", test_networks);
    g_test_add_func("/spf/check", test_check);
    return g_test_run();
}
