/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An SMTP server on the loopback that fails where it is told to. It runs in threads of its own, one
 * a connection, and remembers what it was told.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    FAULT_NONE,
    FAULT_REPLY,     /* answers `reply` (all its lines, without the last CRLF) */
    FAULT_GARBAGE,   /* answers something that is no SMTP */
    FAULT_LONG_LINE, /* answers with 10 MiB and no line end */
    FAULT_HALF_LINE, /* answers half a line, and is silent then */
    FAULT_SILENCE,
    FAULT_CLOSE,
    FAULT_CLOSE_AFTER, /* answers `reply` and closes */
} FaultKind;

typedef struct {
    const char *stage; /* "banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body",
                          "dot", "rset", "quit" */
    FaultKind kind;
    const char *reply;
    unsigned message;    /* only at this message of a connection, from 1; 0: at every one */
    unsigned connection; /* only in this connection, from 1; 0: in every one */
    unsigned until;      /* only in connections up to this one; 0: in every one */
} Fault;

typedef struct {
    bool no_pipelining;
    bool no_ehlo;             /* knows only HELO */
    bool dribble;             /* sends its replies byte by byte */
    bool always_354;          /* says 354 to DATA though no recipient was accepted */
    bool reads_slowly;        /* a small receive buffer, and a pause before the body is read */
    const char *offers;       /* further EHLO lines, separated by "\n": "SIZE 1000\nSMTPUTF8" */
    const char *injected;     /* sent in clear right behind the 220 to STARTTLS */
    const char *access_token; /* AUTH XOAUTH2 takes this token, for the user "desk" */
    const char *challenge; /* the JSON behind a 334 where a token is refused; NULL: 535 at once */
    bool close_on_refusal; /* closes behind the 535 for a token */
    const char *password;  /* AUTH is offered, with this password for the user "desk" */
    GTlsCertificate *certificate; /* STARTTLS is offered, or used from the start */
    bool implicit_tls;
    unsigned close_after_messages; /* closes without a word after so many messages of a connection;
                                      0: never */
    unsigned max_open; /* says 421 to a connection beyond so many open ones; 0: no limit */
    Fault fault;
} FaultServerPlan;

typedef struct {
    char *from; /* the whole command line, parameters included */
    char *to;
    GString *body; /* as it was on the wire: dots stuffed, without the final dot */
    bool under_tls;
} FaultMail;

typedef struct FaultServer FaultServer;

/* `plan` is copied; its strings are borrowed. */
FaultServer *fault_server_start(const FaultServerPlan *plan);
void fault_server_stop(FaultServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FaultServer, fault_server_stop)

uint16_t fault_server_port(const FaultServer *server);

/* How many connections came in so far; how many messages were accepted with 250. */
unsigned fault_server_connections(FaultServer *server);
unsigned fault_server_accepted(FaultServer *server);

/* What it does from now on; the strings are borrowed. */
void fault_server_set_fault(FaultServer *server, const Fault *fault);

/* Waits, with a limit, until so many connections have ended. */
bool fault_server_wait_ended(FaultServer *server, unsigned connections);

/* The mails accepted, oldest first. Owned by the server; look only while no client is connected. */
const GPtrArray *fault_server_mails(FaultServer *server);

/* All that arrived in clear, and all the commands (in clear or not). Free with g_free(). */
char *fault_server_clear_text(FaultServer *server);
char *fault_server_commands(FaultServer *server);

/* A port of the loopback that nobody listens on. */
uint16_t fault_server_unused_port(void);
