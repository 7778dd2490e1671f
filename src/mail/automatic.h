/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine sent, and who gets no automatic response (RFC 3834 §2). Pure, by tables. */
#pragma once

#include "mail/inbound.h"

typedef enum {
    NATURE_PERSON,     /* nothing says otherwise */
    NATURE_AUTO_REPLY, /* an answer that nobody wrote: out of office, another desk's receipt */
    NATURE_BOUNCE,     /* a report about a mail, or made like one (report.h says what it reports) */
    NATURE_LIST,       /* sent through a mailing list */
    NATURE_BULK,       /* newsletters and the like: Precedence bulk or junk */
    NATURE_MACHINE,    /* a message that a program made: monitoring, a ticket system */
} InboundNatureKind;

typedef struct {
    InboundNatureKind kind;
    /* What says so, for people and records: "auto_submitted", "null_return_path", "daemon_sender",
     * "no_reply_sender", "precedence", "list_header", "response_suppressed", "auto_reply_header",
     * "auto_reply_subject", "report", "hop_mark". NULL with NATURE_PERSON. A string literal. */
    const char *sign;
} InboundNature;

/* The first sign wins. A report is a bounce, and so is a mail from mailer-daemon, or one with an
 * empty return path that nothing says anything else of; an automatic reply is one even with an
 * empty return path. */
InboundNature inbound_nature(const InboundMail *mail);

/* "person", "auto_reply", "bounce", "list", "bulk", "machine". */
const char *inbound_nature_name(InboundNatureKind kind);

/* Whether an address key belongs to the desk (support mailboxes, senders, signed addresses). */
typedef bool (*AutomaticOwnFn)(const char *key, void *data);

/* Whether an automatic response may go to the author of this mail, as far as the mail itself says
 * (windows and options are the caller's). False with *reason, a string literal: one of the signs
 * above, or "no_sender", "many_senders", "loop_header", "own_address". On true *reason is NULL. The
 * response goes to the From address and nowhere else; a Reply-To or Return-Path that is the desk's
 * own stops it too. `is_own` may be NULL. */
bool automatic_may_respond(const InboundMail *mail, AutomaticOwnFn is_own, void *data,
                           const char **reason);

/* Whether a local part is one that nobody reads or that belongs to a mail system: "noreply",
 * "no-reply+x", "mailer-daemon", "postmaster", "bounce-...". Case does not matter. */
bool automatic_is_daemon(const char *address);   /* mailer-daemon, postmaster, bounces, ... */
bool automatic_is_no_reply(const char *address); /* noreply, donotreply, ... */
