/* SPDX-License-Identifier: Apache-2.0 */
/* The sender identity that mails are made with (stored with each of them): who they are from, and
 * where answers and bounces go. Nearly all mails have the same, so the last one is kept parsed. */
#pragma once

#include "base/monitor.h"
#include "records/settings.h"

typedef struct {
    int users;
    char *json; /* as it is stored */
    char *from_name;
    char *from_address; /* bounces come back to it */
    char *reply_to;     /* "": none */
} SenderIdentity;

void sender_identity_unref(SenderIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SenderIdentity, sender_identity_unref)

/* {"from_name","from_address","reply_to"} as they are now. Free with g_free(). */
char *sender_identity(const DeskSettings *desk, const AlertsServerSettings *server);

typedef struct {
    Monitor lock;
    SenderIdentity *last;
} SenderCache;

void sender_cache_init(SenderCache *cache);
void sender_cache_clear(SenderCache *cache);

/* Reads the JSON of sender_identity(). A reference of the caller's own. Errors: CORRUPT. Any
 * thread.
 */
SenderIdentity *sender_cache_read(SenderCache *cache, const char *json, GError **error);
