/* SPDX-License-Identifier: Apache-2.0 */
/* An OAuth token server on the loopback that answers what it is told to, and remembers what it was
 * asked. */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

typedef enum {
    TOKEN_ANSWER,       /* `status` and `body` */
    TOKEN_GARBAGE,      /* no HTTP */
    TOKEN_HUGE,         /* a good answer behind 64 KiB of spaces */
    TOKEN_HUGE_HEADERS, /* the same in its headers */
    TOKEN_HALF,         /* half of what Content-Length says, and then closes */
    TOKEN_SILENCE,      /* never answers */
    TOKEN_CLOSE,
} TokenKind;

typedef struct {
    TokenKind kind;
    int status; /* 0: 200 */
    const char *body;
} TokenAnswer;

typedef struct TokenServer TokenServer;

/* Gives the answers in their order, the last of them again and again. `answers` ends with a NULL
 * body of kind TOKEN_ANSWER; it is borrowed. `certificate` NULL: plain HTTP. */
TokenServer *token_server_start(const TokenAnswer *answers, GTlsCertificate *certificate);
void token_server_stop(TokenServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TokenServer, token_server_stop)

/* "https://HOST:PORT/token". Free with g_free(). */
char *token_server_url(const TokenServer *server, const char *host);

/* How many requests came in; all of them, heads and forms. Free with g_free(). */
unsigned token_server_requests(TokenServer *server);
char *token_server_text(TokenServer *server);
