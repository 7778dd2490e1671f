/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapter that meets glibc's resolver. res_nquery() takes a name as it is (no search list),
 * repeats over TCP what was cut off, and tells apart "no such name", "no such record" and "no
 * answer": the last must never look like "there is no SPF record".
 */
#include "mail/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdbool.h>
#include <string.h>

#define ANSWER_BYTES  65536
#define TRIES         2
#define TRY_SECONDS   2
#define TXT_BYTES_MAX 4096

static void use_server(struct __res_state *state, const DnsResolver *resolver)
{
    state->retrans = TRY_SECONDS;
    state->retry = TRIES;
    if (resolver->server == NULL)
        return;
    struct sockaddr_in *address = &state->nsaddr_list[0];
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)resolver->port)};
    inet_pton(AF_INET, resolver->server, &address->sin_addr);
    state->nscount = 1;
}

static char *read_address(const ns_rr *record, int family, size_t bytes)
{
    char text[INET6_ADDRSTRLEN];
    if (ns_rr_rdlen(*record) != bytes ||
        inet_ntop(family, ns_rr_rdata(*record), text, sizeof(text)) == NULL)
        return NULL;
    return g_strdup(text);
}

static char *read_mx(ns_msg *message, const ns_rr *record)
{
    char host[NS_MAXDNAME];
    const unsigned char *data = ns_rr_rdata(*record);
    if (ns_rr_rdlen(*record) < 3 ||
        dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + 2, host, sizeof(host)) < 0)
        return NULL;
    return g_strdup_printf("%u %s", ns_get16(data), strcmp(host, ".") == 0 ? "" : host);
}

/* Several strings of a record are one text without anything between them (RFC 7208 §3.3). What is
 * no ASCII becomes "?". */
static char *read_txt(const ns_rr *record)
{
    const unsigned char *data = ns_rr_rdata(*record);
    size_t left = ns_rr_rdlen(*record);
    g_autoptr(GString) text = g_string_new(NULL);
    while (left > 0 && text->len < TXT_BYTES_MAX) {
        size_t n = MIN((size_t)data[0], left - 1);
        for (size_t i = 1; i <= n; i++)
            g_string_append_c(text, data[i] >= ' ' && data[i] < 0x7f ? (char)data[i] : '?');
        data += n + 1;
        left -= n + 1;
    }
    return g_strdup(text->str);
}

static char *read_record(ns_msg *message, const ns_rr *record, DnsType type)
{
    switch (type) {
    case DNS_A:
        return read_address(record, AF_INET, 4);
    case DNS_AAAA:
        return read_address(record, AF_INET6, 16);
    case DNS_MX:
        return read_mx(message, record);
    case DNS_TXT:
        return read_txt(record);
    }
    return NULL;
}

/* Aliases on the way are passed over: the server has followed them. */
static DnsAnswer read_answer(const unsigned char *bytes, int n, DnsType type, GPtrArray *records)
{
    ns_msg message;
    guint before = records->len;
    if (ns_initparse(bytes, n, &message) != 0)
        return DNS_FAILED;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && records->len < DNS_RECORDS_MAX; i++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, i, &record) != 0)
            return DNS_FAILED;
        char *text =
            ns_rr_type(record) == (unsigned)type ? read_record(&message, &record, type) : NULL;
        if (text != NULL)
            g_ptr_array_add(records, text);
    }
    return records->len > before ? DNS_FOUND : DNS_NOTHING;
}

static bool is_name(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] <= ' ' || name[i] >= 0x7f || name[i] == '\\')
            return false;
    return n > 0 && n < 254;
}

static void explain(char **why, const char *words)
{
    if (why != NULL) {
        g_free(*why);
        *why = g_strdup(words);
    }
}

static DnsAnswer ask(const char *name, DnsType type, GPtrArray *records, char **why, void *data)
{
    const DnsResolver *resolver = data;
    if (!is_name(name))
        return DNS_NO_NAME;
    if (g_cancellable_is_cancelled(resolver->cancellable)) {
        explain(why, "there was no time left to ask");
        return DNS_FAILED;
    }
    struct __res_state state = {0};
    if (res_ninit(&state) != 0) {
        explain(why, "the system's resolver is not set up (resolv.conf)");
        return DNS_FAILED;
    }
    use_server(&state, resolver);
    g_autofree unsigned char *answer = g_malloc(ANSWER_BYTES);
    int n = res_nquery(&state, name, ns_c_in, (int)type, answer, ANSWER_BYTES);
    int failure = state.res_h_errno;
    res_nclose(&state);
    DnsAnswer result = n >= 0                      ? read_answer(answer, n, type, records)
                       : failure == HOST_NOT_FOUND ? DNS_NO_NAME
                       : failure == NO_DATA        ? DNS_NOTHING
                                                   : DNS_FAILED;
    if (result == DNS_FAILED)
        explain(why, n >= 0                 ? "the answer cannot be read"
                     : failure == TRY_AGAIN ? "no answer came from the DNS server"
                                            : "the DNS server refused the question");
    return result;
}

DnsSource dns_source(const DnsResolver *resolver)
{
    return (DnsSource){ask, (void *)resolver};
}
