/* SPDX-License-Identifier: Apache-2.0 */
/* An IMAP server on the loopback with one folder, that fails where it is told to. One thread a
 * connection. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    IMAP_FAULT_NONE,
    IMAP_FAULT_GARBAGE,   /* something that is no IMAP */
    IMAP_FAULT_LONG_LINE, /* 10 MiB and no line end */
    IMAP_FAULT_ENDLESS,   /* untagged lines, again and again */
    IMAP_FAULT_HALF,      /* half of the answer, and closes then */
    IMAP_FAULT_HALF_SILENT,
    IMAP_FAULT_SILENCE,
    IMAP_FAULT_CLOSE,
    IMAP_FAULT_BYE,
    IMAP_FAULT_NO, /* a refusal: `words` */
} ImapFaultKind;

typedef struct {
    const char *stage; /* "greeting", "capability", "login", "select", "search", "list", "body",
                          "header", "store", "move", "copy", "create", "expunge" */
    ImapFaultKind kind;
    const char *words;
    unsigned times; /* so often; 0: always */
} ImapFault;

typedef struct {
    const char *capabilities; /* NULL: IMAP4rev1 UIDPLUS MOVE */
    const char *password;     /* NULL: "secret" */
    const char *access_token; /* AUTHENTICATE XOAUTH2 takes this one alone; NULL: not offered */
    GTlsCertificate *certificate;
    bool implicit_tls;
    bool folder_missing; /* the folder to move to */
    bool no_uidnext;
    bool lies; /* tells a size of 10 bytes for every mail */
    ImapFault fault;
} ImapServerPlan;

typedef struct ImapServer ImapServer;

ImapServer *imap_server_start(const ImapServerPlan *plan);
void imap_server_stop(ImapServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImapServer, imap_server_stop)

uint16_t imap_server_port(const ImapServer *server);

/* Puts a mail into the folder; `text` is copied. `arrived`: an INTERNALDATE; NULL: now. */
void imap_server_add(ImapServer *server, uint32_t uid, const char *text, const char *arrived);
void imap_server_remove(ImapServer *server, uint32_t uid);

/* From now on; the UIDs of what is there stay. */
void imap_server_set_uidvalidity(ImapServer *server, uint32_t uidvalidity);
void imap_server_set_fault(ImapServer *server, const ImapFault *fault);

/* Closes every connection without a word. */
void imap_server_drop(ImapServer *server);

/* All commands so far, without tags, without secrets. "1,2" of flagged, of \Seen and of moved
 * mails. Free with g_free(). */
char *imap_server_commands(ImapServer *server);
char *imap_server_flagged(ImapServer *server);
char *imap_server_moved(ImapServer *server);
bool imap_server_was_seen(ImapServer *server);
unsigned imap_server_connections(ImapServer *server);
