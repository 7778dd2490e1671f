/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication-Results (RFC 8601): did our own mail server find that the From address is true?
 * Pure; a field is read once, in linear time.
 *
 * Trust rests on the mail server: it must remove fields of strangers that carry its authserv-id
 * (RFC 8601 §5). As it may not, only the topmost field with the configured id counts, and those
 * with the same id in its block (no Received between them); of each method only the first of these
 * fields that names it. Anybody else's fields are ignored.
 */
#pragma once

#include "mail/inbound.h"

typedef enum {
    AUTH_RESULTS_NONE, /* no field of the configured authserv-id, or none that can be read */
    AUTH_RESULTS_FAIL, /* there are results, and none of them shows the From address to be true */
    AUTH_RESULTS_PASS,
} AuthResultsVerdict;

typedef struct {
    AuthResultsVerdict verdict;
    const char *method; /* with PASS: "dmarc", "dkim" or "spf"; else NULL. A string literal */
    /* In a word, for records: "dmarc_pass", "dkim_aligned", "spf_aligned"; "no_authserv_id"
     * (none is configured), "no_results", "unreadable", "no_from", "many_from", "dmarc_fail",
     * "not_aligned", "not_passed", "contradiction". A string literal. */
    const char *reason;
} AuthResults;

/* The verdict on the From address of `mail`:
 * - DMARC pass whose header.from is the From domain; else, where DMARC did not fail,
 * - DKIM pass whose header.d, or the domain of header.i, is aligned with the From domain; or
 * - SPF pass whose smtp.mailfrom is aligned with it (an empty envelope sender is not).
 * Aligned means: the same domain, or one is a subdomain of the other and the shorter has at least
 * two labels (auth_results_aligned()). A mail with no or several From addresses never passes.
 * `authserv_id` is compared without regard to case; NULL or "": nothing passes. "-" stands for
 * fields that name no id, as Microsoft 365 writes them. */
AuthResults auth_results_check(const InboundMail *mail, const char *authserv_id);

/* Relaxed alignment (RFC 7489 §3.1) without a list of public suffixes. Two customers of one public
 * suffix of two labels ("a.co.uk", "b.co.uk") are not aligned; whoever signs as "co.uk" itself,
 * which no customer can, would be. Domains in their ASCII form; case does not matter. */
bool auth_results_aligned(const char *domain, const char *from_domain);
