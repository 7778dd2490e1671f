/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The customers' pages (the Web Interface), below /portal/. A door: what a customer may see and do
 * is asked of desk/customer.h at every request, in the transaction that does it.
 *
 * Pages are in the customer's language, work without JavaScript (they have none), and set three
 * cookies at most: the session, that of forms before there is one (web/guard.h), and the language
 * of who has not signed in.
 */
#pragma once

#include "desk/desk.h"
#include "http/router.h"
#include "web/assets.h"

typedef struct Portal Portal;

/* Borrows all. Errors: INTERNAL (a page of the program cannot be read). Thread-safe once its routes
 * are added. */
Portal *portal_new(Desk *desk, const WebAssets *assets, GError **error);

/* After the router's last request. NULL is allowed. */
void portal_free(Portal *portal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Portal, portal_free)

void portal_add_routes(Portal *portal, HttpRouter *router);

/* Paths whose requests have files in them: their bodies may be large. NULL-terminated. */
extern const char *const portal_large_paths[];

/* Who may see a page, for the check of all routes. */
typedef enum {
    PORTAL_PUBLIC,   /* nobody need have signed in */
    PORTAL_CUSTOMER, /* who has signed in */
    PORTAL_LINK,     /* who has the link of a mail, which is in the path */
    PORTAL_EITHER,   /* the one or the other, by the form */
} PortalRole;

typedef struct {
    const char *method;
    const char *pattern;
    PortalRole role;
} PortalRouteInfo;

/* All routes, in the order of the table. */
size_t portal_n_routes(void);
PortalRouteInfo portal_route(size_t index);
