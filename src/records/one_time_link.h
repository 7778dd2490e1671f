/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that work once: to sign in to the Web Interface, to choose a new password. What the link
 * has in it is kept as a hash alone, but for the facts of its mail, which are erased when that has
 * left or the link has ended. All functions here run inside the caller's transaction.
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum { LINK_CUSTOMER_SIGN_IN, LINK_PASSWORD_RESET, LINK_N_PURPOSES } LinkPurpose;

/* "customer_sign_in", "password_reset" */
const char *link_purpose_name(LinkPurpose purpose);

typedef struct {
    int64_t id;
    LinkPurpose purpose;
    char *hash;      /* secret_hash() of what the link has in it */
    char *typed_key; /* who was asked for: an address's compared form, a login */
    /* Who that is; all three 0: nobody, and there is no mail. */
    int64_t employee;
    int64_t account;
    int64_t contact;         /* 0 with an account: its own address */
    char *email, *email_key; /* where the mail goes */
    char *name;              /* NULL: none */
    int64_t template_id, template_version;
    char *language;
    char *facts; /* JSON; NULL: erased */
    int64_t created_at, expires_at;
    int64_t used_at; /* 0: not yet */
} OneTimeLink;

void one_time_link_free(OneTimeLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OneTimeLink, one_time_link_free)

/* Sets link->id. */
bool one_time_link_insert(DbTx *tx, OneTimeLink *link, GError **error);

/* How many were asked for since then: for this person, for all. */
bool one_time_link_count(DbTx *tx, LinkPurpose purpose, const char *typed_key, int64_t since_us,
                         int64_t *by_typed, int64_t *total, GError **error);

/* Errors: NOT_FOUND. */
OneTimeLink *one_time_link_load(DbTx *tx, int64_t id, GError **error);

/* That which can be used at this time; NULL without an error where there is none. */
OneTimeLink *one_time_link_find(DbTx *tx, LinkPurpose purpose, const char *hash, int64_t now_us,
                                GError **error);

/* The same, and uses it: of two at once, one gets it. Every other link of the same purpose and
 * person ends with it. */
OneTimeLink *one_time_link_take(DbTx *tx, LinkPurpose purpose, const char *hash, int64_t now_us,
                                GError **error);

/* Ends all that can still be used, and erases what their mails are made from. */
bool one_time_link_end_all(DbTx *tx, int64_t now_us, GError **error);

/* Erases what its mail is made from. */
bool one_time_link_erase(DbTx *tx, int64_t id, GError **error);

/* The ids (int64_t) of at most `limit` that have ended and still have the facts of their mail. */
GArray *one_time_link_list_unsent(DbTx *tx, int64_t now_us, int limit, GError **error);

/* Deletes at most `limit` from before that time whose facts are erased. */
bool one_time_link_forget(DbTx *tx, int64_t before_us, int limit, GError **error);
