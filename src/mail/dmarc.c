/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/dmarc.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define VERSION  "v=DMARC1"
#define WALK_MAX 8 /* names that are asked at most */

static const char *const policies[] = {"none", "quarantine", "reject"};

const char *dmarc_policy_name(DmarcPolicy policy)
{
    return policies[policy];
}

bool dmarc_is_record(const char *text)
{
    size_t n = strlen(VERSION);
    if (strncmp(text, VERSION, n) != 0)
        return false;
    text += n;
    text += strspn(text, " \t");
    return *text == '\0' || *text == ';';
}

static bool refuse(GError **error, const char *tag, const char *value)
{
    g_autofree char *shown = g_strndup(value, 60);
    error_set(error, TD_ERROR_INVALID, "\"%s=%s\" means nothing", tag, shown);
    return false;
}

static bool read_policy(const char *value, DmarcPolicy *policy)
{
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++)
        if (g_ascii_strcasecmp(value, policies[i]) == 0) {
            *policy = (DmarcPolicy)i;
            return true;
        }
    return false;
}

static bool read_mode(const char *value, bool *strict)
{
    *strict = g_ascii_strcasecmp(value, "s") == 0;
    return *strict || g_ascii_strcasecmp(value, "r") == 0;
}

typedef struct {
    DmarcRecord record;
    bool has_policy;
    bool has_subdomain;
} Reading;

/* Tags that nobody knows are passed over (§6.3). */
static bool read_tag(Reading *reading, const char *tag, const char *value)
{
    DmarcRecord *record = &reading->record;
    int64_t percent = 100;
    if (strcmp(tag, "p") == 0)
        return reading->has_policy = read_policy(value, &record->policy);
    if (strcmp(tag, "sp") == 0)
        return reading->has_subdomain = read_policy(value, &record->subdomain_policy);
    if (strcmp(tag, "aspf") == 0)
        return read_mode(value, &record->strict_spf);
    if (strcmp(tag, "adkim") == 0)
        return read_mode(value, &record->strict_dkim);
    if (strcmp(tag, "rua") == 0)
        record->reports = *value != '\0';
    if (strcmp(tag, "pct") != 0)
        return true;
    bool well = text_to_int(value, 0, 100, &percent);
    record->percent = (int)percent;
    return well;
}

bool dmarc_parse(const char *text, DmarcRecord *record, GError **error)
{
    Reading reading = {.record = {.percent = 100}};
    if (!dmarc_is_record(text)) {
        error_set(error, TD_ERROR_INVALID, "it does not begin with \"" VERSION "\"");
        return false;
    }
    g_auto(GStrv) parts = g_strsplit(text + strlen(VERSION), ";", -1);
    for (size_t i = 0; parts[i] != NULL; i++) {
        char *tag = g_strstrip(parts[i]);
        char *equals = strchr(tag, '=');
        if (*tag == '\0')
            continue;
        if (equals == NULL) {
            error_set(error, TD_ERROR_INVALID, "\"%.60s\" is no tag with a value", tag);
            return false;
        }
        *equals = '\0';
        g_strchomp(tag);
        const char *value = g_strchug(equals + 1);
        if (!read_tag(&reading, tag, value))
            return refuse(error, tag, value);
    }
    if (!reading.has_policy) {
        error_set(error, TD_ERROR_INVALID, "it has no policy (\"p=\")");
        return false;
    }
    if (!reading.has_subdomain)
        reading.record.subdomain_policy = reading.record.policy;
    *record = reading.record;
    return true;
}

/* ---- where it is ---- */

void dmarc_found_clear(DmarcFound *found)
{
    g_clear_pointer(&found->text, g_free);
    g_clear_pointer(&found->domain, g_free);
    g_clear_pointer(&found->why, g_free);
}

static void ask_at(const char *domain, const DnsSource *source, DmarcFound *found)
{
    g_autofree char *name = g_strconcat("_dmarc.", domain, NULL);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    found->answer = dns_ask(source, name, DNS_TXT, texts, &found->why);
    if (found->answer != DNS_FAILED)
        found->answer = DNS_NOTHING;
    for (guint i = 0; i < texts->len; i++) {
        if (!dmarc_is_record(texts->pdata[i]))
            continue;
        found->answer = DNS_FOUND;
        if (found->count++ == 0)
            found->text = g_strdup(texts->pdata[i]);
    }
    if (found->answer == DNS_FOUND)
        found->domain = g_strdup(domain);
}

void dmarc_find(const char *domain, const DnsSource *source, DmarcFound *found)
{
    *found = (DmarcFound){.answer = DNS_NOTHING};
    for (int i = 0; i < WALK_MAX && found->answer == DNS_NOTHING; i++) {
        ask_at(domain, source, found);
        const char *dot = strchr(domain, '.');
        if (dot == NULL || strchr(dot + 1, '.') == NULL)
            return;
        domain = dot + 1;
    }
}

/* Whether `name` is `domain` or below it. */
static bool is_within(const char *name, const char *domain)
{
    size_t n = strlen(name), m = strlen(domain);
    return n >= m && g_ascii_strcasecmp(name + n - m, domain) == 0 &&
           (n == m || name[n - m - 1] == '.');
}

bool dmarc_aligned(const char *from_domain, const char *other, const char *organization,
                   bool strict)
{
    if (g_ascii_strcasecmp(from_domain, other) == 0)
        return true;
    if (strict)
        return false;
    return is_within(from_domain, other) || is_within(other, from_domain) ||
           (organization != NULL && is_within(from_domain, organization) &&
            is_within(other, organization));
}
