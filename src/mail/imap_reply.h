/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an IMAP server says (RFC 3501 §7), from bytes that may be anything. Pure; nothing grows
 * beyond its limit. Errors: MALFORMED (it is no IMAP), LIMIT.
 *
 * A reader cuts the stream into responses: lines, with the literals in them. A literal stands in
 * the text as a NUL, which a server may not send otherwise.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAP_TEXT_BYTES_MAX (4 * 1024 * 1024) /* of a response without its literals */
#define IMAP_LITERALS_MAX   16                /* in one response */
#define IMAP_LITERAL_BYTES  (64 * 1024)       /* of one literal, where no mail is asked for */
#define IMAP_UIDS_MAX       1000000           /* that are taken from one search */

typedef enum {
    IMAP_GO_ON,  /* "+": the server waits for more of a command */
    IMAP_TAGGED, /* the end of a command */
    IMAP_STATUS, /* "* OK", NO, BAD, BYE, PREAUTH */
    IMAP_DATA,   /* any other "*" */
} ImapKind;

typedef struct {
    ImapKind kind;
    char *tag;
    char *word;      /* OK, NO, BAD, BYE, PREAUTH; or the data's name: FETCH, SEARCH; upper case */
    uint32_t number; /* in front of the word; 0: none */
    char *code;      /* what stands in brackets behind a status, such as "UIDNEXT 5"; or NULL */
    GString *text;   /* what is behind all that */
    GPtrArray *literals; /* of GBytes *: one for each NUL in the text */
} ImapResponse;

void imap_response_free(ImapResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImapResponse, imap_response_free)

typedef struct ImapReader ImapReader;

ImapReader *imap_reader_new(void);
void imap_reader_free(ImapReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImapReader, imap_reader_free)

/* How large a literal may be from now on. */
void imap_reader_set_limit(ImapReader *reader, size_t literal_bytes);

/* Takes bytes up to the end of a response; *used says how many. *response is the whole response, or
 * NULL where more is needed. After an error the reader is of no use any more. */
bool imap_reader_feed(ImapReader *reader, const char *data, size_t bytes, size_t *used,
                      ImapResponse **response, GError **error);

/* Adds the numbers of a SEARCH from `first` on to `uids` (of uint32_t). */
bool imap_read_search(const ImapResponse *response, uint32_t first, GArray *uids, GError **error);

/* What a FETCH says; what it does not say is 0, -1 or NULL. */
typedef struct {
    uint32_t uid;
    int64_t bytes;      /* RFC822.SIZE */
    int64_t arrived_us; /* INTERNALDATE */
    GBytes *body;       /* BODY[...], whatever section it is */
} ImapFetched;

void imap_fetched_clear(ImapFetched *fetched);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImapFetched, imap_fetched_clear)

bool imap_read_fetch(const ImapResponse *response, ImapFetched *fetched, GError **error);

/* Whether `word` stands in the list, whatever its case: capabilities, for example. */
bool imap_has_word(const char *list, const char *word);

/* The number behind `name` in a response code: "UIDNEXT 5". False where it is another code. */
bool imap_code_number(const char *code, const char *name, uint32_t *number);

/* "17-Jul-1996 02:44:25 -0700" (RFC 3501 §9, date-time). 0 where it is none. */
int64_t imap_read_time(const char *text);

/* "17-Jul-1996", the day of that time in UTC. Free with g_free(). */
char *imap_write_day(int64_t time_us);

/* A folder's name as the server knows it (RFC 3501 §5.1.3), quoted: every byte of it is printable
 * ASCII. Free with g_free(). */
char *imap_quote_folder(const char *utf8);

/* "2,5:9" of ascending numbers. Free with g_free(). */
char *imap_write_set(const uint32_t *uids, size_t n);
