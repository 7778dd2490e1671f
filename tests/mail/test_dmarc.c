/* SPDX-License-Identifier: Apache-2.0 */
/* DMARC records: what they say, where they are found, which domains are aligned. */
#include "base/error.h"
#include "mail/dmarc.h"

#include <string.h>

static const struct {
    const char *text;
    const char *wrong; /* NULL: well-formed, and */
    DmarcPolicy policy, below;
    bool strict;
    int percent;
} records[] = {
    {"v=DMARC1; p=none", NULL, DMARC_NONE, DMARC_NONE, false, 100},
    {"v=DMARC1;p=reject;aspf=s;", NULL, DMARC_REJECT, DMARC_REJECT, true, 100},
    {"v=DMARC1 ; p = quarantine ; sp=none; pct=20", NULL, DMARC_QUARANTINE, DMARC_NONE, false, 20},
    {"v=DMARC1; rua=mailto:a@b.example; p=Reject; adkim=r; aspf=R", NULL, DMARC_REJECT,
     DMARC_REJECT, false, 100},
    {"v=DMARC1; p=none; later=1", NULL, DMARC_NONE, DMARC_NONE, false, 100},
    {"v=DMARC1", "no policy", DMARC_NONE, DMARC_NONE, false, 0},
    {"v=DMARC1; sp=none", "no policy", DMARC_NONE, DMARC_NONE, false, 0},
    {"v=DMARC1; p=no", "p=no", DMARC_NONE, DMARC_NONE, false, 0},
    {"v=DMARC1; p=none; sp=all", "sp=all", DMARC_NONE, DMARC_NONE, false, 0},
    {"v=DMARC1; p=none; pct=101", "pct=101", DMARC_NONE, DMARC_NONE, false, 0},
    {"v=DMARC1; p=none; aspf=x", "aspf=x", DMARC_NONE, DMARC_NONE, false, 0},
    {"v=DMARC1; reject", "no tag", DMARC_NONE, DMARC_NONE, false, 0},
    {"v=DMARC12; p=none", "does not begin", DMARC_NONE, DMARC_NONE, false, 0},
    {"p=none; v=DMARC1", "does not begin", DMARC_NONE, DMARC_NONE, false, 0},
};

static void test_parse(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++) {
        g_autoptr(GError) error = NULL;
        DmarcRecord record;
        bool well = dmarc_parse(records[i].text, &record, &error);
        g_test_message("%s", records[i].text);
        g_assert_true(well == (records[i].wrong == NULL));
        if (!well) {
            g_assert_nonnull(strstr(error->message, records[i].wrong));
            continue;
        }
        g_assert_cmpint(record.policy, ==, records[i].policy);
        g_assert_cmpint(record.subdomain_policy, ==, records[i].below);
        g_assert_true(record.strict_spf == records[i].strict);
        g_assert_cmpint(record.percent, ==, records[i].percent);
    }
}

static const struct {
    const char *from, *other, *organization;
    bool strict, aligned;
} pairs[] = {
    {"desk.example", "desk.example", NULL, true, true},
    {"Desk.Example", "desk.example", NULL, true, true},
    {"desk.example", "bounce.desk.example", "desk.example", false, true},
    {"desk.example", "bounce.desk.example", "desk.example", true, false},
    {"a.desk.example", "b.desk.example", "desk.example", false, true},
    {"a.desk.example", "b.desk.example", NULL, false, false},
    {"a.desk.example", "b.desk.example", "a.desk.example", false, false},
    {"desk.example", "otherdesk.example", "desk.example", false, false},
    {"desk.example", "relay.net", "desk.example", false, false},
};

static void test_aligned(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_test_message("%s %s", pairs[i].from, pairs[i].other);
        g_assert_true(dmarc_aligned(pairs[i].from, pairs[i].other, pairs[i].organization,
                                    pairs[i].strict) == pairs[i].aligned);
    }
}

static DnsAnswer answer(const char *name, DnsType type, GPtrArray *found, char **why, void *data)
{
    static const char *const zone[][2] = {
        {"_dmarc.desk.example", "v=DMARC1; p=reject"},
        {"_dmarc.twice.example", "v=DMARC1; p=reject"},
        {"_dmarc.twice.example", "v=DMARC1; p=none"},
        {"_dmarc.wild.example", "v=spf1 -all"},
        {"_dmarc.silent.example", NULL},
    };
    DnsAnswer result = DNS_NO_NAME;
    g_assert_true(strcmp(name, "_dmarc.example") != 0); /* not asked at the top */
    for (size_t i = 0; i < G_N_ELEMENTS(zone); i++) {
        if (type != DNS_TXT || strcmp(zone[i][0], name) != 0)
            continue;
        if (zone[i][1] == NULL)
            return DNS_FAILED;
        g_ptr_array_add(found, g_strdup(zone[i][1]));
        result = DNS_FOUND;
    }
    return result;
}

static void test_find(void)
{
    static const struct {
        const char *domain;
        DnsAnswer answer;
        const char *at;
        int count;
    } cases[] = {
        {"desk.example", DNS_FOUND, "desk.example", 1},
        {"a.b.desk.example", DNS_FOUND, "desk.example", 1},
        {"twice.example", DNS_FOUND, "twice.example", 2},
        {"wild.example", DNS_NOTHING, NULL, 0},
        {"none.example", DNS_NOTHING, NULL, 0},
        {"x.silent.example", DNS_FAILED, NULL, 0},
    };
    const DnsSource source = {answer, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(DmarcFound) found = {0};
        dmarc_find(cases[i].domain, &source, &found);
        g_test_message("%s", cases[i].domain);
        g_assert_cmpint(found.answer, ==, cases[i].answer);
        g_assert_cmpstr(found.domain, ==, cases[i].at);
        g_assert_cmpint(found.count, ==, cases[i].count);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dmarc/parse", test_parse);
    g_test_add_func("/dmarc/aligned", test_aligned);
    g_test_add_func("/dmarc/find", test_find);
    return g_test_run();
}
