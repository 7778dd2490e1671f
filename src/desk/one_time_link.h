/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that work once, for 15 minutes: a customer signs in to the Web Interface, an employee
 * chooses a new password. A link has 256 random bits in it, of which the hash is kept.
 *
 * Whoever asks for one learns nothing about the address: one that is known and one that is not are
 * asked the same questions of the database, write the same rows, and get the same answer. A page
 * says "if we know this address, a mail is on its way" after true, and error->message otherwise,
 * which is the same for every address too.
 *
 * The mail's link opens a page that must change nothing by itself (mail scanners follow links): it
 * shows a button, which posts what the link had in it to one_time_link_use().
 */
#pragma once

#include "desk/desk.h"
#include "records/one_time_link.h"

/* Where a mail's link leads: the public URL of options/web-interface, this, and 52 letters a-z and
 * digits 2-7. */
#define ONE_TIME_LINK_PATH_SIGN_IN  "/portal/sign-in/"
#define ONE_TIME_LINK_PATH_PASSWORD "/password/"

#define ONE_TIME_LINK_MINUTES 15
#define ONE_TIME_LINK_LETTERS 52

/* Runs inside desk_write(). `typed` is what somebody has typed, of any kind: a customer's address;
 * for a new password an employee's address or login name. Errors: INVALID (problem "bad-address";
 * "too-long"), BUSY ("too-many-links": LIMIT_LINKS_PER_PERSON, LIMIT_LINKS), CONFLICT
 * ("web-interface-off": customers have no pages, "public-url-missing": links would lead nowhere,
 * "alerts-server-inactive": no mail leaves). */
bool one_time_link_request(DeskTx *tx, LinkPurpose purpose, const char *typed, GError **error);

/* Whether this can be used, for the page with the button. `secret` may be anything. */
bool one_time_link_is_good(DbTx *tx, LinkPurpose purpose, const char *secret, int64_t now_us,
                           bool *good, GError **error);

/* Runs inside desk_write(). Uses it, which also takes its address off the suppression list where a
 * refusal or a bounce had put it there. Whose it is (link->employee, or link->email_key of a
 * customer, who may have been made inactive meanwhile: load them as ever). Errors: DENIED (problem
 * "link-not-good": used, ended, or never given out). Caller owns. */
OneTimeLink *one_time_link_use(DeskTx *tx, LinkPurpose purpose, const char *secret, GError **error);
