/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a refusal mean that there is no such mailbox? Whoever is wrong here with "yes" keeps a
 * customer from being told anything more, so "no" is the answer to all that is not clear: the next
 * alert is then refused once more, which costs little.
 *
 * The enhanced status decides where it says something. Texts are only asked where it does not, as
 * Exim and qmail leave it out. They are compared without the addresses and links in them: the
 * mailbox "spam-policy@" may be unknown as well as any other.
 */
#include "mail/verdict.h"

#include <string.h>

/* RFC 3463 §3.2, and 5.1.10 (RFC 7505). */
static const char *const no_mailbox[] = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", NULL};

/* "Other or undefined": the text says more than they do. */
static const char *const undefined[] = {"", "5.0.0", "5.1.0", "5.5.0", NULL};

static const char *const texts[] = {
    "user unknown",
    "unknown user",
    "no such user",
    "no such mailbox",
    "no such recipient",
    "no such address",
    "no mailbox here by that name", /* qmail */
    "no such local user",
    "recipient unknown",
    "unknown recipient",
    "unknown local part",  /* Exim */
    "unrouteable address", /* Exim's word for it, misspelt so */
    "unrouteable mail domain",
    "recipient not found",
    "recipientnotfound", /* Exchange: RESOLVER.ADR.RecipientNotFound */
    "user not found",
    "mailbox not found",
    "address not found",
    "user does not exist",
    "mailbox does not exist",
    "address does not exist",
    "account does not exist",
    "recipient does not exist",
    "that you tried to reach does not exist", /* Gmail */
    "user doesn't exist",
    "mailbox doesn't exist",
    "account that does not exist",
    "doesn't have a yahoo", /* "This user doesn't have a yahoo.com account" */
    "not a valid mailbox",
    "not a known user",
    "invalid mailbox",
    NULL,
};

/* What may come with a status or text of the list and means something else: another address (the
 * sender's), or something that passes. */
static const char *const contrary[] = {
    "sender address rejected",
    "sender rejected",
    "sender verif", /* Exim's callout, which quotes what the sender's server says */
    "verification failed",
    "callout",
    "callback",
    "relay access denied",
    "relaying denied",
    "relay denied",
    "relay not permitted",
    "relaying not allowed",
    "unable to relay",
    "mailbox full",
    "mailbox is full",
    "quota",
    "exceeded storage",
    "spam",
    "blacklist",
    "blocklist",
    "blocked",
    "policy",
    "greylist",
    "try again later",
    "temporar",
    NULL,
};

static bool has_any(const char *text, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        if (strstr(text, *parts) != NULL)
            return true;
    return false;
}

/* Lower case, one space between words, without the words that hold an address or a link. */
static char *plain_words(const char *text)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    g_auto(GStrv) words = g_strsplit_set(lower, " \t\r\n", -1);
    GString *kept = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0' && strchr(*word, '@') == NULL && strstr(*word, "://") == NULL)
            g_string_append_printf(kept, "%s%s", kept->len > 0 ? " " : "", *word);
    return g_string_free(kept, FALSE);
}

bool reply_says_no_mailbox(int code, const char *enhanced, const char *text)
{
    if (code / 100 != 5)
        return false;
    g_autofree char *words = plain_words(text != NULL ? text : "");
    if (has_any(words, contrary))
        return false;
    if (g_strv_contains(no_mailbox, enhanced))
        return true;
    /* 552 is a mailbox that is full (RFC 5321 §4.2.3). */
    return g_strv_contains(undefined, enhanced) && code != 552 && has_any(words, texts);
}

bool outcome_says_no_mailbox(const DeliveryOutcome *outcome)
{
    static const char *const stages[] = {"rcpt", "data", "dot", NULL};
    return outcome->kind == DELIVERY_REJECTED && outcome->stage != NULL &&
           g_strv_contains(stages, outcome->stage) &&
           reply_says_no_mailbox(outcome->reply_code, outcome->enhanced_status, outcome->reply);
}
