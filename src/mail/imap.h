/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox on an IMAP server (RFC 3501): one session, one folder.
 *
 * libcurl connects, verifies, and signs in; the dialogue after that is ours, on libcurl's
 * connection (docs/decisions). Reading never sets \Seen. Calls block until their deadline; a
 * session belongs to one thread at a time.
 *
 * Errors of every call: UNAVAILABLE (no connection, or it ended; the server said BYE), TIMEOUT,
 * DENIED (the certificate or the sign-in was refused), MALFORMED (what came is no IMAP), LIMIT
 * (more came than is read), INVALID (the server refused this command, in its words; the session
 * goes on). They are in words, with no secret in them. After any but INVALID the session is broken:
 * close it.
 */
#pragma once

#include "mail/oauth.h"

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#define IMAP_TIMEOUT_MS    60000 /* for each answer, and for connecting with all that goes with it */
#define IMAP_HEADERS_BYTES (1024 * 1024) /* of a mail whose headers alone are fetched */
#define IMAP_SET_UIDS      500           /* that one command may name */

typedef struct {
    const char *host; /* a name or an address */
    int port;
    const char *security; /* "none", "starttls" or "tls". With "none" only to this machine itself */
    const char *username;
    const char *password; /* NULL with `oauth` */
    OAuthSource *oauth;   /* NULL: `password`. Otherwise XOAUTH2 with its tokens */
    const char *ca_file;  /* PEM, in place of the system's; NULL or "": the system's */
    int timeout_ms;       /* 0: IMAP_TIMEOUT_MS */
} ImapTarget;

typedef struct ImapSession ImapSession;

/* Connects and signs in. A token that is refused is replaced by a new one once. */
ImapSession *imap_open(const ImapTarget *target, GCancellable *cancellable, GError **error);

/* Says LOGOUT without waiting, and closes. NULL is allowed. */
void imap_close(ImapSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImapSession, imap_close)

/* After an error: whether the connection is of no use any more. */
bool imap_is_broken(const ImapSession *session);

typedef struct {
    uint32_t uidvalidity; /* never 0 */
    uint32_t uidnext;     /* 0: the server did not say */
    uint32_t exists;      /* how many mails there are */
} ImapFolder;

/* Looks at a folder, also again at the same one. `folder` is UTF-8. */
bool imap_select(ImapSession *session, const char *folder, ImapFolder *selected,
                 GCancellable *cancellable, GError **error);

/* As imap_select(), and nothing in the folder can change by it (RFC 3501 §6.3.2). */
bool imap_examine(ImapSession *session, const char *folder, ImapFolder *selected,
                  GCancellable *cancellable, GError **error);

/* The UIDs from `first` on, ascending, each once. `since_us` > 0: of those below `old_below` only
 * what may have arrived at that time or later (the server looks at days; one day is added for its
 * time zone). Of uint32_t; g_array_unref() it. */
GArray *imap_search(ImapSession *session, uint32_t first, uint32_t old_below, int64_t since_us,
                    GCancellable *cancellable, GError **error);

typedef struct {
    uint32_t uid;
    int64_t bytes;
    int64_t arrived_us; /* INTERNALDATE; 0: the server did not say */
} ImapMail;

/* Size and arrival of at most IMAP_SET_UIDS mails (ascending). What is not there any more is left
 * out. Of ImapMail, ascending; g_array_unref() it. */
GArray *imap_list(ImapSession *session, const uint32_t *uids, size_t n, GCancellable *cancellable,
                  GError **error);

/* A whole mail, of at most `bytes_max`. LIMIT: it is larger (whatever the server said of its size):
 * fetch its headers. INVALID: also where the server gives nothing; whether it is still there says
 * imap_list(). */
bool imap_fetch(ImapSession *session, uint32_t uid, size_t bytes_max, GBytes **raw,
                GCancellable *cancellable, GError **error);

/* Its headers alone, cut off at IMAP_HEADERS_BYTES. */
bool imap_fetch_headers(ImapSession *session, uint32_t uid, GBytes **raw, GCancellable *cancellable,
                        GError **error);

/* Sets \Flagged on these mails (at most IMAP_SET_UIDS, ascending); those that are not there any
 * more are passed over. */
bool imap_flag(ImapSession *session, const uint32_t *uids, size_t n, GCancellable *cancellable,
               GError **error);

/* Deletes them; where the server cannot expunge single mails (RFC 4315), they stay, marked as
 * deleted. */
bool imap_delete(ImapSession *session, const uint32_t *uids, size_t n, GCancellable *cancellable,
                 GError **error);

/* Moves them to another folder (UTF-8), which is made where it is missing: by MOVE (RFC 6851), or
 * by copying and deleting; where the server cannot expunge single mails (RFC 4315), they stay,
 * marked as deleted. */
bool imap_move(ImapSession *session, const uint32_t *uids, size_t n, const char *folder,
               GCancellable *cancellable, GError **error);
