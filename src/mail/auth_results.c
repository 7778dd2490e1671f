/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading Authentication-Results (RFC 8601 §2.2), and what follows from them.
 *
 * Whoever fools this reader speaks as an employee of the desk. So it takes few forms, and gives up
 * where it meets another: a field that could not be read to its end might go on to say "fail".
 * Comments are skipped wherever they may stand, and nothing in them counts.
 */
#include "mail/auth_results.h"

#include "mail/address.h"

#include <string.h>

#define RESULTS       60 /* of one field; more are not read */
#define COMMENT_DEPTH 20

typedef enum { METHOD_DMARC, METHOD_DKIM, METHOD_SPF, N_METHODS } Method;

typedef struct {
    Method method;
    char *result;      /* "pass", lower-case */
    char *header_from; /* domains, lower-case; NULL where not given */
    char *header_d;
    char *header_i;
    char *mailfrom;
} Result;

static void result_clear(gpointer data)
{
    Result *result = data;
    g_free(result->result);
    g_free(result->header_from);
    g_free(result->header_d);
    g_free(result->header_i);
    g_free(result->mailfrom);
}

/* Skips spaces and comments (RFC 5322 §3.2.2); NULL where a comment does not end. */
static const char *skip_cfws(const char *p)
{
    for (;;) {
        p += strspn(p, " \t");
        if (*p != '(')
            return p;
        int depth = 0;
        do {
            if (*p == '\0' || depth > COMMENT_DEPTH)
                return NULL;
            if (*p == '\\' && p[1] != '\0')
                p++;
            else if (*p == '(')
                depth++;
            else if (*p == ')')
                depth--;
            p++;
        } while (depth > 0);
    }
}

/* A word or quoted string at *p, which moves behind it; NULL where there is none. */
static char *take_word(const char **p, const char *stops)
{
    if (**p != '"') {
        size_t n = strcspn(*p, stops);
        char *word = n > 0 ? g_strndup(*p, n) : NULL;
        *p += n;
        return word;
    }
    g_autoptr(GString) word = g_string_new(NULL);
    const char *q = *p + 1;
    for (; *q != '\0' && *q != '"'; q++) {
        q += *q == '\\' && q[1] != '\0' ? 1 : 0;
        g_string_append_c(word, *q);
    }
    if (*q != '"')
        return NULL;
    q++;
    size_t n = *q == '@' ? strcspn(q, stops) : 0; /* the domain behind a quoted local part */
    g_string_append_len(word, q, (gssize)n);
    *p = q + n;
    return g_strdup(word->str);
}

/* The domain of an address or the domain itself, in its ASCII form, lower-case; NULL for none. */
static char *domain_of(const char *value)
{
    const char *at = strrchr(value, '@');
    g_autofree char *bare = g_strdup(at != NULL ? at + 1 : value);
    size_t n = strlen(bare);
    while (n > 0 && (bare[n - 1] == '.' || bare[n - 1] == '>'))
        bare[--n] = '\0';
    g_autofree char *ascii = n > 0 && n <= LIMIT_ADDRESS_BYTES ? g_hostname_to_ascii(bare) : NULL;
    return ascii != NULL && strchr(ascii, '.') != NULL ? g_ascii_strdown(ascii, -1) : NULL;
}

static void set_property(Result *result, const char *name, const char *value)
{
    const struct {
        const char *name;
        char **place;
    } properties[] = {
        {"header.from", &result->header_from}, {"header.d", &result->header_d},
        {"header.i", &result->header_i},       {"smtp.mailfrom", &result->mailfrom},
        {"smtp.mail", &result->mailfrom}, /* before RFC 7001 */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
        if (g_ascii_strcasecmp(properties[i].name, name) == 0 && *properties[i].place == NULL)
            *properties[i].place = domain_of(value);
}

static bool method_of(const char *name, Method *method)
{
    static const char *const names[] = {"dmarc", "dkim", "spf"};
    size_t n = strcspn(name, "/"); /* "dkim/1": the method's version */
    for (size_t i = 0; i < N_METHODS; i++)
        if (strlen(names[i]) == n && g_ascii_strncasecmp(names[i], name, n) == 0) {
            *method = (Method)i;
            return true;
        }
    return false;
}

/* "name=value" with CFWS around the "="; false where there is none. */
static bool take_pair(const char **p, char **name, char **value)
{
    g_autofree char *left = take_word(p, " \t;=()\"");
    const char *q = left != NULL ? skip_cfws(*p) : NULL;
    if (q == NULL || *q != '=')
        return false;
    q = skip_cfws(q + 1);
    g_autofree char *right = q != NULL ? take_word(&q, " \t;()\"") : NULL;
    if (right == NULL)
        return false;
    *name = g_steal_pointer(&left);
    *value = g_steal_pointer(&right);
    *p = q;
    return true;
}

/* The word "none" and nothing behind it (RFC 8601 §2.2, no-result). */
static bool take_none(const char **p)
{
    const char *end = g_str_has_prefix(*p, "none") ? skip_cfws(*p + 4) : NULL;
    if (end == NULL || *end != '\0')
        return false;
    *p = end;
    return true;
}

/* One "; method=result properties"; *p stands behind the semicolon and moves to the next one or the
 * end. False where it cannot be read. */
static bool take_result(const char **p, GArray *results)
{
    Result result = {0};
    bool known = false;
    for (int i = 0;; i++) {
        const char *q = skip_cfws(*p);
        if (q == NULL) {
            result_clear(&result);
            return false;
        }
        *p = q;
        if (*q == ';' || *q == '\0')
            break;
        g_autofree char *name = NULL;
        g_autofree char *value = NULL;
        if (!take_pair(p, &name, &value)) {
            result_clear(&result);
            *p = q;
            return i == 0 && take_none(p);
        }
        if (i == 0) {
            known = method_of(name, &result.method);
            result.result = g_ascii_strdown(value, -1);
        } else {
            set_property(&result, name, value);
        }
    }
    if (known && result.result != NULL)
        g_array_append_val(results, result);
    else
        result_clear(&result);
    return true;
}

/* Whether the field is of this authserv-id; *rest is where its results begin. */
static bool is_of(const char *value, const char *authserv_id, const char **rest)
{
    const char *p = skip_cfws(value);
    if (p == NULL)
        return false;
    const char *q = p;
    g_autofree char *id = take_word(&q, " \t;()=\"");
    const char *behind = id != NULL ? skip_cfws(q) : NULL;
    if (behind == NULL)
        return false;
    if (*behind == '=') { /* the first result stands where the id should: none is named */
        *rest = p;
        return strcmp(authserv_id, "-") == 0;
    }
    const char *version = behind + strspn(behind, "0123456789");
    behind = skip_cfws(version);
    if (behind == NULL || (*behind != ';' && *behind != '\0'))
        return false;
    *rest = *behind == ';' ? behind + 1 : behind;
    return g_ascii_strcasecmp(id, authserv_id) == 0;
}

/* NULL where the field cannot be read to its end. */
static GArray *read_results(const char *p)
{
    g_autoptr(GArray) results = g_array_new(FALSE, FALSE, sizeof(Result));
    g_array_set_clear_func(results, result_clear);
    while (results->len < RESULTS) {
        if (!take_result(&p, results))
            return NULL;
        if (*p == '\0')
            return g_steal_pointer(&results);
        p++;
    }
    return NULL;
}

/* Adds those methods that no field above has named. */
static void merge(GArray *all, GArray *field, bool seen[N_METHODS])
{
    bool new_here[N_METHODS] = {false};
    for (guint i = 0; i < field->len; i++) {
        Result *result = &g_array_index(field, Result, i);
        if (!seen[result->method] || new_here[result->method]) {
            seen[result->method] = new_here[result->method] = true;
            g_array_append_val(all, *result);
            *result = (Result){.method = result->method};
        }
    }
}

/* The results that count. None where a field of ours in the block cannot be read: *unreadable. */
static GArray *trusted_results(const InboundMail *mail, const char *authserv_id, bool *unreadable)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Result));
    g_array_set_clear_func(all, result_clear);
    bool found = false;
    unsigned block = 0;
    bool seen[N_METHODS] = {false};
    for (guint i = 0; i < mail->authentication_results->len; i++) {
        const InboundAuthResult *field = g_ptr_array_index(mail->authentication_results, i);
        const char *rest = NULL;
        if ((found && field->received_above != block) || !is_of(field->value, authserv_id, &rest))
            continue;
        found = true;
        block = field->received_above;
        g_autoptr(GArray) results = read_results(rest);
        if (results == NULL) {
            *unreadable = true;
            g_array_set_size(all, 0);
            return all;
        }
        merge(all, results, seen);
    }
    return all;
}

static bool is_below(const char *domain, const char *parent)
{
    size_t n = strlen(domain);
    size_t m = strlen(parent);
    return n > m && domain[n - m - 1] == '.' && g_ascii_strcasecmp(domain + n - m, parent) == 0;
}

bool auth_results_aligned(const char *domain, const char *from_domain)
{
    if (strchr(domain, '.') == NULL || strchr(from_domain, '.') == NULL)
        return false;
    return g_ascii_strcasecmp(domain, from_domain) == 0 || is_below(domain, from_domain) ||
           is_below(from_domain, domain);
}

typedef struct {
    bool any;     /* there is a result of this method */
    bool passed;  /* one of them is "pass" */
    bool failed;  /* one of them is "fail" */
    bool aligned; /* one of them is "pass" for the From domain */
} Summary;

static bool shows_from(const Result *result, const char *from_domain)
{
    if (result->method == METHOD_DMARC)
        return result->header_from != NULL && strcmp(result->header_from, from_domain) == 0;
    const char *domain = result->method == METHOD_SPF ? result->mailfrom
                         : result->header_d != NULL   ? result->header_d
                                                      : result->header_i;
    return domain != NULL && auth_results_aligned(domain, from_domain);
}

static void summarize(const GArray *results, const char *from_domain, Summary summaries[N_METHODS])
{
    for (guint i = 0; i < results->len; i++) {
        const Result *result = &g_array_index(results, Result, i);
        Summary *summary = &summaries[result->method];
        bool pass = strcmp(result->result, "pass") == 0;
        summary->any = true;
        summary->passed = summary->passed || pass;
        summary->failed = summary->failed || strcmp(result->result, "fail") == 0;
        summary->aligned = summary->aligned || (pass && shows_from(result, from_domain));
    }
}

static AuthResults failed(const char *reason)
{
    return (AuthResults){.verdict = AUTH_RESULTS_FAIL, .reason = reason};
}

static AuthResults pass(const char *method, const char *reason)
{
    return (AuthResults){.verdict = AUTH_RESULTS_PASS, .method = method, .reason = reason};
}

static AuthResults judge(const Summary *dmarc, const Summary *dkim, const Summary *spf)
{
    if (dmarc->failed)
        return failed("dmarc_fail");
    if (dmarc->aligned && dkim->any && spf->any && !dkim->passed && !spf->passed)
        return failed("contradiction"); /* DMARC passes by one of them */
    if (dmarc->aligned)
        return pass("dmarc", "dmarc_pass");
    if (dkim->aligned)
        return pass("dkim", "dkim_aligned");
    if (spf->aligned)
        return pass("spf", "spf_aligned");
    return failed(dmarc->passed || dkim->passed || spf->passed ? "not_aligned" : "not_passed");
}

AuthResults auth_results_check(const InboundMail *mail, const char *authserv_id)
{
    if (authserv_id == NULL || *authserv_id == '\0')
        return (AuthResults){.verdict = AUTH_RESULTS_NONE, .reason = "no_authserv_id"};
    bool unreadable = false;
    g_autoptr(GArray) results = trusted_results(mail, authserv_id, &unreadable);
    if (results->len == 0)
        return (AuthResults){.verdict = AUTH_RESULTS_NONE,
                             .reason = unreadable ? "unreadable" : "no_results"};
    if (mail->from->len == 0)
        return failed("no_from");
    const InboundAddress *author = inbound_author(mail);
    if (author == NULL)
        return failed("many_from");
    Summary summaries[N_METHODS] = {0};
    summarize(results, address_domain(author->key), summaries);
    return judge(&summaries[METHOD_DMARC], &summaries[METHOD_DKIM], &summaries[METHOD_SPF]);
}
