/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in to the console, and what a session may do afterwards.
 *
 * A wrong login and a wrong password look and take the same: the password is always checked, for an
 * unknown login against a hash that fits none. Attempts are throttled by login and by where they
 * come from; what is counted is failures only, so nobody who knows the password is kept out by
 * their own work. A sign-in always makes a new session: one that somebody has planted in a browser
 * is worth nothing.
 */
#pragma once

#include "desk/desk.h"
#include "records/employee.h"
#include "records/session.h"

/* Failed attempts within this time count. */
#define SIGN_IN_WINDOW_US        (15 * 60 * (int64_t)1000000)
#define SIGN_IN_FAILURES_OF_BOTH 10 /* of one login from one place */
#define SIGN_IN_FAILURES_OF_NAME 100
#define SIGN_IN_FAILURES_OF_PEER 50

/* An employee's session ends after this long without a request, and this long in any case. */
#define SESSION_IDLE_US (12 * 60 * 60 * (int64_t)1000000)
#define SESSION_LIFE_US (7 * 24 * 60 * 60 * (int64_t)1000000)

/* Borrows all. `peer` is where the attempt comes from, `agent` the browser's name (NULL: unknown).
 */
typedef struct {
    const char *login;
    const char *password;
    const char *peer;
    const char *agent;
} SignIn;

/* Gives the secret of a new session; secret_free() it. Takes a tenth of a second by intention.
 * Errors: UNAUTHENTICATED (problem "wrong-password": login, password, or no longer active: it does
 * not say which), DENIED (problem "too-many-attempts"), and those of desk_write(). */
char *sign_in(Desk *desk, const SignIn *attempt, GError **error);

/* Makes a session for somebody whose identity is known by other means (a link that was mailed), in
 * the caller's transaction. `email` is NULL for an employee. The secret is the result. */
char *session_open(DeskTx *tx, const char *kind, int64_t person, const char *email,
                   const char *peer, const char *agent, int64_t life_us, GError **error);

/* Whose session it is. Notes now and then that it was seen. Errors: UNAUTHENTICATED, and those of
 * db_read(). */
bool session_of_employee(Desk *desk, const char *secret, Session **session, Employee **employee,
                         GError **error);

/* Changes the actor's own password and ends their other sessions; `session` stays. `hash` is of
 * secret_hash_password(). */
bool password_change(DeskTx *tx, int64_t employee, const char *hash, int64_t session,
                     GError **error);

/* Sets the password of whom a mailed link (desk/one_time_link.h) belongs to, ends all their
 * sessions and forgives the attempts that failed; the link is used by that. Runs inside
 * desk_write(). Errors: DENIED (problem "link-not-good", also for who is no longer active). */
bool password_reset(DeskTx *tx, const char *link_secret, const char *hash, GError **error);
