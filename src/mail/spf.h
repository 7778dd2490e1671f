/* SPDX-License-Identifier: Apache-2.0 */
/* A domain's SPF record (RFC 7208 §4.6, §12): read strictly, as those who receive mail read it.
 * Pure. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SPF_TERMS_MAX 200

typedef enum { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS } SpfKind;

typedef struct {
    char qualifier; /* '+', '-', '~' or '?' */
    SpfKind kind;
    char *domain;        /* NULL: the record's own. May have macros in it, see spf_has_macro() */
    uint8_t address[16]; /* of ip4 (the first four bytes) and ip6 */
    int bits4, bits6;    /* how much of an address must be the same */
} SpfTerm;

typedef struct {
    GPtrArray *terms; /* of SpfTerm * */
    char *redirect;   /* NULL: none */
} SpfRecord;

void spf_record_free(SpfRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpfRecord, spf_record_free)

/* Whether a TXT record is one of SPF, well-formed or not (§4.5). */
bool spf_is_record(const char *text);

/* Errors: INVALID, which names the term that is wrong: for who receives mail that is a
 * "permerror". */
SpfRecord *spf_parse(const char *text, GError **error);

bool spf_has_macro(const char *domain);
