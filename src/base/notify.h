/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service manager is told: sd_notify(3). The protocol is one datagram of "KEY=VALUE" lines
 * to the socket that $NOTIFY_SOCKET names, and systemd promises that it stays so; a library is not
 * needed for it. Without that variable nobody asks, and nothing is sent.
 *
 *   READY=1      it serves
 *   RELOADING=1  it reads its settings anew; READY=1 follows
 *   STOPPING=1   it is about to end
 *   STATUS=...   one line for people, in `systemctl status`
 *   WATCHDOG=1   it lives; without it for WatchdogSec= the manager kills and restarts it
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Notify Notify;

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no program
 * started from here speaks in our name: call it before there are threads. Never NULL. What it
 * cannot use (a socket that is neither a path nor an abstract name, an interval that is no number,
 * another process's watchdog) is as if it were not there. */
Notify *notify_new(void);
void notify_free(Notify *notify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notify, notify_free)

/* Whether somebody wants to know. */
bool notify_wanted(const Notify *notify);

/* How often to send WATCHDOG=1: half of what the manager waits for. 0: no watchdog. */
int64_t notify_ping_us(const Notify *notify);

/* Sends the lines, such as "READY=1\nSTATUS=Serving", in one datagram; does not block. True where
 * nobody asked. Errors: UNAVAILABLE. They are no reason to stop: who asked will notice. */
bool notify_send(const Notify *notify, const char *lines, GError **error);

/* "RELOADING=1" with the moment of it, as Type=notify-reload wants it. */
bool notify_reloading(const Notify *notify, GError **error);
