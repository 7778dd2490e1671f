/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/customer_session.h"

#include "base/error.h"
#include "base/secret.h"
#include "desk/sign_in.h"

#include <string.h>

#define TOUCH_US (60 * 60 * (int64_t)1000000)

char *customer_sign_in(DeskTx *tx, const char *link_secret, const char *peer, const char *agent,
                       GError **error)
{
    g_autoptr(OneTimeLink) link = one_time_link_use(tx, LINK_CUSTOMER_SIGN_IN, link_secret, error);
    if (link == NULL)
        return NULL;
    bool contact = link->contact != 0;
    return session_open(tx, contact ? SESSION_CONTACT : SESSION_ACCOUNT,
                        contact ? link->contact : link->account, link->email_key, peer, agent,
                        CUSTOMER_SESSION_LIFE_US, error);
}

typedef struct {
    const char *hash;
    int64_t now_us;
    Session *session;
} Finding;

static bool find(DbTx *tx, void *data, GError **error)
{
    Finding *finding = data;
    g_clear_pointer(&finding->session, session_free);
    finding->session = session_find(tx, finding->hash, finding->now_us,
                                    finding->now_us - CUSTOMER_SESSION_IDLE_US, error);
    if (finding->session == NULL)
        return false;
    if (strcmp(finding->session->kind, SESSION_EMPLOYEE) != 0 && finding->session->email != NULL)
        return true;
    error_set(error, TD_ERROR_UNAUTHENTICATED, "This is no customer's session");
    return false;
}

static bool touch(DeskTx *tx, void *data, GError **error)
{
    const Session *session = data;
    return session_touch(tx->db, session->id, tx->now_us, error);
}

Session *customer_session_find(Desk *desk, const char *secret, GError **error)
{
    g_autofree char *hash = secret_hash(secret, strlen(secret));
    Finding finding = {.hash = hash, .now_us = desk_now_us(desk)};
    if (!db_read(desk_db(desk), find, &finding, error)) {
        session_free(finding.session);
        return NULL;
    }
    /* A failure here is not the request's. */
    const Actor nobody = {ACTOR_SYSTEM, 0, (char *)"session", CHANNEL_WEB};
    if (finding.session->seen_at < finding.now_us - TOUCH_US)
        desk_write(desk, &nobody, touch, finding.session, NULL);
    return finding.session;
}

bool customer_sign_out(DeskTx *tx, const Session *session, GError **error)
{
    return session_end(tx->db, session->id, error);
}
