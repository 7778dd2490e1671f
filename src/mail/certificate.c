/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/certificate.h"

#include "base/clock.h"
#include "base/error.h"
#include "mail/channel.h"

#include <string.h>

#define LINES_BYTES_MAX 16384 /* of what a server says before TLS */
#define NAMES_SHOWN     5

void certificate_clear(Certificate *certificate)
{
    g_clear_pointer(&certificate->issuer, g_free);
    g_clear_pointer(&certificate->names, g_free);
}

/* ---- what stands before TLS ---- */

static bool is_refusal(const char *got)
{
    static const char *const lines[] = {"\n4", "\n5", "\n* BYE", "\na NO", "\na BAD"};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        if (strstr(got, lines[i]) != NULL)
            return true;
    return false;
}

static bool refuse(GError **error)
{
    error_set(error, TD_ERROR_DENIED, "the server offers no TLS");
    return false;
}

/* Reads until a line begins with `last`, or says no; `offer` (NULL: none) must stand in it. */
static bool read_until(Channel *channel, const char *last, const char *offer, int timeout_ms,
                       GCancellable *cancellable, GError **error)
{
    int64_t deadline_us = g_get_monotonic_time() + timeout_ms * US_PER_MS;
    g_autoptr(GString) got = g_string_new("\n");
    g_autofree char *end = g_strconcat("\n", last, NULL);
    while (got->len < LINES_BYTES_MAX && !is_refusal(got->str)) {
        char buffer[1024];
        size_t n;
        if (!channel_read(channel, buffer, sizeof(buffer), deadline_us, &n, cancellable, error))
            return false;
        g_string_append_len(got, buffer, (gssize)n);
        const char *found = strstr(got->str, end);
        if (found != NULL && strchr(found + 1, '\n') != NULL)
            return offer == NULL || strcasestr(got->str, offer) != NULL || refuse(error);
    }
    return refuse(error);
}

static bool say(Channel *channel, const char *line, int timeout_ms, GCancellable *cancellable,
                GError **error)
{
    int64_t deadline_us = g_get_monotonic_time() + timeout_ms * US_PER_MS;
    size_t left = strlen(line);
    while (left > 0) {
        size_t n;
        if (!channel_write(channel, line, left, deadline_us, &n, cancellable, error))
            return false;
        line += n;
        left -= n;
    }
    return true;
}

static bool ask_smtp(Channel *channel, int timeout_ms, GCancellable *cancellable, GError **error)
{
    g_autofree char *literal = channel_local_literal(channel);
    g_autofree char *ehlo = g_strdup_printf("EHLO %s\r\n", literal);
    return read_until(channel, "220 ", NULL, timeout_ms, cancellable, error) &&
           say(channel, ehlo, timeout_ms, cancellable, error) &&
           read_until(channel, "250 ", "STARTTLS", timeout_ms, cancellable, error) &&
           say(channel, "STARTTLS\r\n", timeout_ms, cancellable, error) &&
           read_until(channel, "220 ", NULL, timeout_ms, cancellable, error);
}

static bool ask_imap(Channel *channel, int timeout_ms, GCancellable *cancellable, GError **error)
{
    return read_until(channel, "* OK", NULL, timeout_ms, cancellable, error) &&
           say(channel, "a STARTTLS\r\n", timeout_ms, cancellable, error) &&
           read_until(channel, "a OK", NULL, timeout_ms, cancellable, error);
}

/* ---- what it says ---- */

/* "CN=R3,O=Let's Encrypt,C=US": the part that people know it by. */
static char *common_name(const char *whole)
{
    g_auto(GStrv) parts = g_strsplit(whole != NULL ? whole : "", ",", -1);
    for (size_t i = 0; parts[i] != NULL; i++) {
        const char *part = g_strstrip(parts[i]);
        if (g_ascii_strncasecmp(part, "CN=", 3) == 0)
            return g_strdup(part + 3);
    }
    return g_strdup(whole != NULL && *whole != '\0' ? whole : "an issuer without a name");
}

static char *names_of(GTlsCertificate *certificate)
{
    g_autoptr(GPtrArray) names = g_tls_certificate_get_dns_names(certificate);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        gsize bytes;
        const char *name = g_bytes_get_data(names->pdata[i], &bytes);
        g_autofree char *printable = g_strndup(name, MIN(bytes, 253));
        g_strcanon(printable, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*",
                   '?');
        if (i < NAMES_SHOWN)
            g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", printable);
    }
    if (names != NULL && names->len > NAMES_SHOWN)
        g_string_append_printf(text, " and %u more", names->len - NAMES_SHOWN);
    if (text->len > 0)
        return g_strdup(text->str);
    g_autofree char *subject = g_tls_certificate_get_subject_name(certificate);
    return common_name(subject);
}

static int64_t take_time(GDateTime *time)
{
    if (time == NULL)
        return 0;
    int64_t us = g_date_time_to_unix(time) * US_PER_SECOND;
    g_date_time_unref(time);
    return us;
}

bool certificate_fetch(const CertificateTarget *target, GCancellable *cancellable,
                       Certificate *certificate, GError **error)
{
    ChannelTarget peer = {target->host, target->port, target->timeout_ms};
    g_autoptr(Channel) channel = channel_connect(&peer, cancellable, error);
    if (channel == NULL ||
        (target->way == CERTIFICATE_SMTP &&
         !ask_smtp(channel, target->timeout_ms, cancellable, error)) ||
        (target->way == CERTIFICATE_IMAP &&
         !ask_imap(channel, target->timeout_ms, cancellable, error)))
        return false;
    g_autoptr(GTlsCertificate) seen = NULL;
    GTlsCertificateFlags flags = G_TLS_CERTIFICATE_NO_FLAGS;
    if (!channel_see_certificate(channel, target->host, target->ca_file, target->timeout_ms,
                                 cancellable, &seen, &flags, error))
        return false;
    g_autofree char *issuer = g_tls_certificate_get_issuer_name(seen);
    *certificate = (Certificate){
        .issuer = common_name(issuer),
        .names = names_of(seen),
        .from_us = take_time(g_tls_certificate_get_not_valid_before(seen)),
        .until_us = take_time(g_tls_certificate_get_not_valid_after(seen)),
        .flags = flags,
    };
    return true;
}

/* ---- what is to be said of it ---- */

CertificateVerdict certificate_judge(const Certificate *certificate, const char *host,
                                     int64_t now_us, char **words)
{
    int64_t left_us = certificate->until_us - now_us;
    int64_t days = left_us / US_PER_DAY;
    GTlsCertificateFlags flags = certificate->flags;
    bool expired = certificate->until_us != 0 && left_us <= 0;
    if (flags & G_TLS_CERTIFICATE_BAD_IDENTITY)
        *words = g_strdup_printf("it is for %s, not for %s", certificate->names, host);
    else if (expired || flags & G_TLS_CERTIFICATE_EXPIRED)
        *words = g_strdup_printf("it ended %" G_GINT64_FORMAT " days ago (%s)", -days,
                                 certificate->issuer);
    else if (flags & G_TLS_CERTIFICATE_NOT_ACTIVATED)
        *words = g_strdup("it is not valid yet");
    else if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA)
        *words = g_strdup_printf("it is by %s, which is no authority that is trusted here",
                                 certificate->issuer);
    else if (flags != 0)
        *words = g_strdup("it was revoked, or is not secure");
    else
        *words = g_strdup_printf("good for %" G_GINT64_FORMAT " more day%s, by %s", days,
                                 days == 1 ? "" : "s", certificate->issuer);
    if (expired || flags != 0)
        return CERTIFICATE_BAD;
    return certificate->until_us != 0 && days < CERTIFICATE_SOON_DAYS ? CERTIFICATE_ENDS_SOON
                                                                      : CERTIFICATE_GOOD;
}
