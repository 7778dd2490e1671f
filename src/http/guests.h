/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of one door, and which of them must go when there are too many. A client that
 * sends or reads a byte now and then is never idle to libmicrohttpd; here what counts is how long
 * ago it came, its last request ended, its body or its answer began, and that others want in.
 *
 * All of it is for the door's thread alone, and is looked at when somebody comes: as long as nobody
 * does, those who are there do no harm.
 */
#pragma once

#include <stddef.h>

typedef struct HttpGuests HttpGuests;
typedef struct HttpGuest HttpGuest;

/* `crowd`: beyond so many connections those go that have waited the longest. */
HttpGuests *http_guests_new(size_t crowd);

/* Every guest must have left. NULL is allowed. */
void http_guests_free(HttpGuests *guests);

/* Somebody connected. It waits: for its client to send a request's headers. May shut the
 * connections of others, whose end libmicrohttpd then sees and tells. */
HttpGuest *http_guest_came(HttpGuests *guests, int fd);

/* Before its descriptor is closed. Frees it. */
void http_guest_left(HttpGuest *guest);

void http_guest_waits(
    HttpGuest *guest); /* anew: headers are there, an answer goes, a request is over */
void http_guest_works(HttpGuest *guest); /* a worker has it: it is never shut */
