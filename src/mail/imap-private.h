/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a session, shared by imap_open.c (libcurl), imap_talk.c (one command) and imap.c.
 */
#pragma once

#include "mail/imap.h"
#include "mail/imap_reply.h"

#include <curl/curl.h>

struct ImapSession {
    CURLM *multi;
    CURL *curl;
    curl_socket_t socket;
    int timeout_ms;
    ImapReader *reader;
    unsigned tag;
    char *capabilities; /* "" before they are known */
    char *code;         /* of the last refusal; NULL: none */
    bool broken;
    size_t in_at, in_bytes; /* what was received and not read yet */
    char in[16 * 1024];
};

/* What a command's untagged responses are handed to. False is an error that breaks the session. */
typedef bool (*ImapUntagged)(const ImapResponse *response, void *data, GError **error);

/* Sends a command (without its tag) and reads up to its end. `verb` names it in errors. `take` may
 * be NULL. */
bool imap_command(ImapSession *session, const char *verb, const char *text, ImapUntagged take,
                  void *data, GCancellable *cancellable, GError **error);

/* Writes what fits without waiting, and forgets about it. */
void imap_farewell(ImapSession *session);
