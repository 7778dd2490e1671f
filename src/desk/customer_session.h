/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of customers in the Web Interface (records/session.h): made by a link that was mailed,
 * for the address that the mail went to. What somebody may do with it is asked anew at each request
 * (desk/customer.h).
 */
#pragma once

#include "desk/one_time_link.h"
#include "records/session.h"

/* A customer's session ends after this long without a request, and this long in any case. */
#define CUSTOMER_SESSION_IDLE_US (7 * 24 * 60 * 60 * (int64_t)1000000)
#define CUSTOMER_SESSION_LIFE_US (30 * 24 * 60 * 60 * (int64_t)1000000)

/* Inside desk_write(): uses the link and makes a session, always a new one. The result is its
 * secret; secret_free() it. Errors: those of one_time_link_use(). */
char *customer_sign_in(DeskTx *tx, const char *link_secret, const char *peer, const char *agent,
                       GError **error);

/* Whose session it is: session->email is the compared form of their address. Notes now and then
 * that it was seen. Errors: UNAUTHENTICATED, and those of db_read(). */
Session *customer_session_find(Desk *desk, const char *secret, GError **error);

/* Inside desk_write(). */
bool customer_sign_out(DeskTx *tx, const Session *session, GError **error);
