/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of people who have signed in, and failed attempts to. Of a session's secret only the
 * hash is kept (secret_hash()). All functions here run inside the caller's transaction.
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* Whose a session is: "employee" (its id), or a customer, "contact" (its id) or "account" (its
 * number: who reads one of the account's own addresses). */
#define SESSION_EMPLOYEE "employee"
#define SESSION_CONTACT  "contact"
#define SESSION_ACCOUNT  "account"

typedef struct {
    int64_t id;
    char *hash;
    char *kind;
    int64_t person;
    char *email;        /* the address that a customer signed in with; NULL: an employee */
    int64_t created_at; /* of the sign-in */
    int64_t seen_at;    /* of the last request, to a few minutes */
    int64_t expires_at; /* whatever happens */
    char *peer, *agent; /* where from, and the browser's name of itself; for people to read */
} Session;

void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* Sets session->id. */
bool session_insert(DbTx *tx, Session *session, GError **error);

/* Errors: UNAUTHENTICATED (there is none, or it has ended: over, or not seen since
 * `seen_after_us`). */
Session *session_find(DbTx *tx, const char *hash, int64_t now_us, int64_t seen_after_us,
                      GError **error);
bool session_touch(DbTx *tx, int64_t id, int64_t now_us, GError **error);

/* Ends one; all of a person's but `except` (0: all of them). */
bool session_end(DbTx *tx, int64_t id, GError **error);
bool session_end_all(DbTx *tx, const char *kind, int64_t person, int64_t except, GError **error);

/* Of all people. */
bool session_end_everybody(DbTx *tx, GError **error);

/* Those of a person that have not ended, the last seen first: Session *. */
GPtrArray *session_list(DbTx *tx, const char *kind, int64_t person, int64_t now_us,
                        int64_t seen_after_us, GError **error);

/* Forgets at most `limit` that have ended. */
bool session_forget(DbTx *tx, int64_t now_us, int limit, GError **error);

/* ---- attempts that failed ---- */

/* `name` is what was typed, cut to a length that the door chose. */
bool sign_in_failure_insert(DbTx *tx, const char *name, const char *peer, int64_t now_us,
                            GError **error);

typedef struct {
    int64_t of_both; /* of this name from this peer */
    int64_t of_name;
    int64_t of_peer;
} SignInFailures;

/* Those since `since_us`. */
bool sign_in_failures_count(DbTx *tx, const char *name, const char *peer, int64_t since_us,
                            SignInFailures *failures, GError **error);
bool sign_in_failures_forget(DbTx *tx, int64_t before_us, int limit, GError **error);

/* Those of one name, wherever they came from. */
bool sign_in_failures_forgive(DbTx *tx, const char *name, GError **error);
