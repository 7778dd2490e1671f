/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One queue, in the order in which each came into the state that it is in, so whoever has been in
 * it the longest is at the head: a connection without a request, one whose headers or body do not
 * come, or one whose answer is not read. That no kind is spared is on purpose: it would be what
 * somebody fills the house with. Who has a connection shut that had no request opens another one,
 * as RFC 9112 §9.3.1 has every client expect.
 *
 * shutdown() and not close(): the descriptor is libmicrohttpd's, which reads the end and closes it.
 */
#include "http/guests.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

struct HttpGuests {
    size_t crowd;
    size_t here;  /* without those that were shut */
    GQueue queue; /* of HttpGuest */
};

struct HttpGuest {
    GList link; /* in the queue */
    HttpGuests *guests;
    int fd;
    bool queues; /* false: a worker has it, or it was shut */
    bool shut;
};

HttpGuests *http_guests_new(size_t crowd)
{
    HttpGuests *guests = g_new0(HttpGuests, 1);
    guests->crowd = crowd;
    g_queue_init(&guests->queue);
    return guests;
}

void http_guests_free(HttpGuests *guests)
{
    g_free(guests);
}

static void leave_queue(HttpGuest *guest)
{
    if (guest->queues)
        g_queue_unlink(&guest->guests->queue, &guest->link);
    guest->queues = false;
}

static void shut(HttpGuest *guest)
{
    leave_queue(guest);
    guest->shut = true;
    guest->guests->here--;
    shutdown(guest->fd, SHUT_RDWR);
}

HttpGuest *http_guest_came(HttpGuests *guests, int fd)
{
    HttpGuest *guest = g_new0(HttpGuest, 1);
    guest->link.data = guest;
    guest->guests = guests;
    guest->fd = fd;
    guests->here++;
    while (guests->here > guests->crowd && !g_queue_is_empty(&guests->queue))
        shut(g_queue_peek_head(&guests->queue));
    http_guest_waits(guest);
    return guest;
}

void http_guest_left(HttpGuest *guest)
{
    if (!guest->shut)
        guest->guests->here--;
    leave_queue(guest);
    g_free(guest);
}

void http_guest_waits(HttpGuest *guest)
{
    leave_queue(guest);
    if (guest->shut)
        return;
    g_queue_push_tail_link(&guest->guests->queue, &guest->link);
    guest->queues = true;
}

void http_guest_works(HttpGuest *guest)
{
    leave_queue(guest);
}
