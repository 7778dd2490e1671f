/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling people from machines.
 *
 * Two questions with two answers. What a mail is decides where it goes, so a doubtful sign must not
 * make a customer's mail a bounce. Whether it may be answered by a machine is decided the other way
 * around: any sign stops the answer, because a loop is worse than an answer too few.
 */
#include "mail/automatic.h"

#include <string.h>

/* Within a local part without its punctuation. */
static const char *const no_reply_parts[] = {
    "noreply",     "donotreply",     "dontreply",    "noresponse", "nepasrepondre", "noresponder",
    "norespondas", "nichtantworten", "keineantwort", "neanswer",   "donotrespond",  NULL,
};

/* Local parts without an extension. */
static const char *const daemons[] = {
    "mailer-daemon", "mailer_daemon", "mailerdaemon", "mdaemon",  "postmaster", "daemon",
    "bounce",        "bounces",       "listserv",     "listproc", "majordomo",  "mailman",
    "root",          "nobody",        "www-data",     "cron",     "system",     NULL,
};
static const char *const daemon_prefixes[] = {"bounce-",  "bounces-", "bounce.",
                                              "bounces.", "owner-",   NULL};
static const char *const daemon_suffixes[] = {"-request", "-owner", "-bounces", "-bounce", NULL};

/* Who sends bounces, and nothing else ever: postmaster may be a person. */
static const char *const bouncers[] = {"mailer-daemon", "mailer_daemon", "mailerdaemon", "mdaemon",
                                       NULL};

/* How programs begin the subject of an answer that nobody wrote; a colon follows. */
static const char *const reply_subjects[] = {
    "automatic reply",
    "auto reply",
    "autoreply",
    "auto-reply",
    "auto response",
    "autoresponse",
    "out of office",
    "out of office reply",
    "out-of-office",
    "out of office autoreply",
    "automatische antwort",
    "abwesenheitsnotiz",
    "abwesenheit",
    "abwesend",
    "réponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "自動応答",
    "自動返信",
    "不在通知",
    NULL,
};

/* The local part, lower-case; without an extension ("+x") where wanted. */
static char *local_part(const char *address, bool whole)
{
    const char *at = strrchr(address, '@');
    g_autofree char *local =
        g_strndup(address, at != NULL ? (gsize)(at - address) : strlen(address));
    char *plus = whole ? NULL : strchr(local, '+');
    if (plus != NULL && plus > local)
        *plus = '\0';
    return g_ascii_strdown(local, -1);
}

bool automatic_is_no_reply(const char *address)
{
    g_autofree char *local = local_part(address, true);
    g_autoptr(GString) plain = g_string_new(NULL);
    for (const char *p = local; *p != '\0'; p++)
        if (strchr("-_.", *p) == NULL)
            g_string_append_c(plain, *p);
    for (const char *const *part = no_reply_parts; *part != NULL; part++)
        if (strstr(plain->str, *part) != NULL)
            return true;
    return false;
}

bool automatic_is_daemon(const char *address)
{
    g_autofree char *local = local_part(address, false);
    if (g_strv_contains(daemons, local))
        return true;
    for (const char *const *prefix = daemon_prefixes; *prefix != NULL; prefix++)
        if (g_str_has_prefix(local, *prefix))
            return true;
    for (const char *const *suffix = daemon_suffixes; *suffix != NULL; suffix++)
        if (g_str_has_suffix(local, *suffix))
            return true;
    return false;
}

static bool any_from(const InboundMail *mail, bool (*test)(const char *address))
{
    for (guint i = 0; i < mail->from->len; i++) {
        const InboundAddress *address = g_ptr_array_index(mail->from, i);
        if (test(address->key))
            return true;
    }
    return false;
}

static bool is_bouncer(const char *address)
{
    g_autofree char *local = local_part(address, false);
    return g_strv_contains(bouncers, local);
}

/* The first word of a value: "auto-replied (vacation); x=y" is "auto-replied". */
static bool word_is(const char *value, const char *word)
{
    size_t n = value != NULL ? strcspn(value, " \t;(") : 0;
    return n == strlen(word) && g_ascii_strncasecmp(value, word, n) == 0;
}

static bool is_said(const char *value, const char *silent)
{
    return value != NULL && *value != '\0' && !word_is(value, silent);
}

static bool is_reply_subject(const char *subject)
{
    g_autofree char *lower = g_utf8_strdown(subject, -1);
    for (const char *const *words = reply_subjects; *words != NULL; words++)
        if (g_str_has_prefix(lower, *words)) {
            const char *rest = lower + strlen(*words);
            rest += strspn(rest, " ");
            if (*rest == ':' || g_str_has_prefix(rest, "：") || g_str_has_prefix(rest, "\xc2\xa0:"))
                return true;
        }
    return false;
}

static bool is_delivery_report(const InboundMail *mail)
{
    return mail->delivery_status != NULL || mail->feedback_report != NULL ||
           g_strcmp0(mail->report_type, "delivery-status") == 0 ||
           g_strcmp0(mail->report_type, "feedback-report") == 0 ||
           mail->x_failed_recipients != NULL;
}

/* The tables of RFC 3834 §2 and of what programs really write; the first sign wins. */
InboundNature inbound_nature(const InboundMail *mail)
{
    const struct {
        bool shown;
        InboundNatureKind kind;
        const char *sign;
    } signs[] = {
        {is_delivery_report(mail), NATURE_BOUNCE, "report"},
        {any_from(mail, is_bouncer), NATURE_BOUNCE, "daemon_sender"},
        {g_strcmp0(mail->report_type, "disposition-notification") == 0, NATURE_AUTO_REPLY,
         "report"},
        {word_is(mail->auto_submitted, "auto-replied"), NATURE_AUTO_REPLY, "auto_submitted"},
        {is_said(mail->x_autoreply, "no"), NATURE_AUTO_REPLY, "auto_reply_header"},
        {word_is(mail->precedence, "auto_reply"), NATURE_AUTO_REPLY, "precedence"},
        {is_reply_subject(mail->subject), NATURE_AUTO_REPLY, "auto_reply_subject"},
        {is_said(mail->auto_submitted, "no"), NATURE_MACHINE, "auto_submitted"},
        {mail->hop != NULL, NATURE_MACHINE, "hop_mark"},
        {mail->null_return_path, NATURE_BOUNCE, "null_return_path"},
        {mail->list_id != NULL, NATURE_LIST, "list_header"},
        {word_is(mail->precedence, "list"), NATURE_LIST, "precedence"},
        {word_is(mail->precedence, "bulk"), NATURE_BULK, "precedence"},
        {word_is(mail->precedence, "junk"), NATURE_BULK, "precedence"},
        {is_said(mail->x_auto_response_suppress, "none"), NATURE_MACHINE, "response_suppressed"},
        {any_from(mail, automatic_is_no_reply), NATURE_MACHINE, "no_reply_sender"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
        if (signs[i].shown)
            return (InboundNature){.kind = signs[i].kind, .sign = signs[i].sign};
    return (InboundNature){.kind = NATURE_PERSON};
}

const char *inbound_nature_name(InboundNatureKind kind)
{
    static const char *const names[] = {
        [NATURE_PERSON] = "person", [NATURE_AUTO_REPLY] = "auto_reply",
        [NATURE_BOUNCE] = "bounce", [NATURE_LIST] = "list",
        [NATURE_BULK] = "bulk",     [NATURE_MACHINE] = "machine",
    };
    return names[kind];
}

static bool any_own(const GPtrArray *list, AutomaticOwnFn is_own, void *data)
{
    for (guint i = 0; i < list->len; i++) {
        const InboundAddress *address = g_ptr_array_index(list, i);
        if (is_own(address->key, data))
            return true;
    }
    return false;
}

static bool is_from_own(const InboundMail *mail, AutomaticOwnFn is_own, void *data)
{
    return is_own != NULL &&
           (any_own(mail->from, is_own, data) || any_own(mail->sender, is_own, data) ||
            any_own(mail->reply_to, is_own, data) ||
            (mail->return_path != NULL && *mail->return_path != '\0' &&
             is_own(mail->return_path, data)));
}

/* A return path that a mail system has, as those of lists: a person's mail has the person's. */
static bool is_from_daemon(const InboundMail *mail)
{
    return any_from(mail, automatic_is_daemon) ||
           (mail->return_path != NULL && automatic_is_daemon(mail->return_path));
}

static const char *why_not(const InboundMail *mail, AutomaticOwnFn is_own, void *data)
{
    InboundNature nature = inbound_nature(mail);
    if (nature.kind != NATURE_PERSON)
        return nature.sign;
    if (mail->from->len == 0)
        return "no_sender";
    if (inbound_author(mail) == NULL)
        return "many_senders";
    if (is_from_daemon(mail))
        return "daemon_sender";
    if (mail->x_loop != NULL)
        return "loop_header";
    return is_from_own(mail, is_own, data) ? "own_address" : NULL;
}

bool automatic_may_respond(const InboundMail *mail, AutomaticOwnFn is_own, void *data,
                           const char **reason)
{
    *reason = why_not(mail, is_own, data);
    return *reason == NULL;
}
