/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SPF and DMARC records, from anybody's DNS: each line of the input is one text, and every name has
 * all of them. What must hold: whatever they say, looking at them ends within its limits, and what
 * is well-formed has its parts.
 */
#include "fuzz.h"

#include "mail/dmarc.h"
#include "mail/spf.h"
#include "mail/spf_check.h"

#include <string.h>

static DnsAnswer answer(const char *name, DnsType type, GPtrArray *found, char **why, void *data)
{
    int *asked = data;
    if (++*asked % 7 == 0)
        return *asked % 2 == 0 ? DNS_FAILED : DNS_NO_NAME;
    if (type != DNS_TXT) {
        g_ptr_array_add(found, g_strdup(type == DNS_MX  ? "10 mx.example"
                                        : type == DNS_A ? "192.0.2.1"
                                                        : "2001:db8::1"));
        return DNS_FOUND;
    }
    return DNS_NOTHING;
}

/* The first line is everybody's record: so it may include itself. */
static const char *shared;

static DnsAnswer answer_shared(const char *name, DnsType type, GPtrArray *found, char **why,
                               void *data)
{
    if (type != DNS_TXT)
        return answer(name, type, found, why, data);
    ++*(int *)data;
    g_ptr_array_add(found, g_strdup(shared));
    return DNS_FOUND;
}

static void check_text(const char *text)
{
    g_autoptr(SpfRecord) record = spf_parse(text, NULL);
    DmarcRecord dmarc;
    if (record != NULL) {
        FUZZ_CHECK(spf_is_record(text) && record->terms->len <= SPF_TERMS_MAX);
        for (guint i = 0; i < record->terms->len; i++) {
            const SpfTerm *term = record->terms->pdata[i];
            FUZZ_CHECK(strchr("+-~?", term->qualifier) != NULL);
            FUZZ_CHECK(term->bits4 >= 0 && term->bits4 <= 128);
            FUZZ_CHECK(term->bits6 >= 0 && term->bits6 <= 128);
            FUZZ_CHECK(term->domain == NULL || *term->domain != '\0');
        }
    }
    if (dmarc_parse(text, &dmarc, NULL))
        FUZZ_CHECK(dmarc.percent >= 0 && dmarc.percent <= 100 && strstr(text, "p") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8000)
        return 0;
    g_autofree char *input = g_strndup(data != NULL ? (const char *)data : "", size);
    g_auto(GStrv) lines = g_strsplit(input, "\n", 50);
    for (char **line = lines; *line != NULL; line++)
        check_text(*line);
    int asked = 0;
    const DnsSource source = {answer_shared, &asked};
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string("2001:db8::1");
    g_auto(SpfReport) report = {0};
    shared = lines[0] != NULL ? lines[0] : "";
    spf_check("a.example", address, &source, &report);
    FUZZ_CHECK(report.lookups <= 50 * 41 && asked < 50 * SPF_TERMS_MAX);
    FUZZ_CHECK(report.lookups <= SPF_LOOKUPS_MAX || report.problem != NULL);
    g_auto(DmarcFound) found = {0};
    dmarc_find("a.b.example", &source, &found);
    return 0;
}
