/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/pages.h"

/* Files come to these, which have no number in their paths: the server knows large requests by
 * their whole path. */
#define NEW     "/portal/tickets/new"
#define COMMENT "/portal/comment"
const char *const portal_large_paths[] = {NEW, COMMENT, NULL};

#define TICKET "/portal/tickets/{number}"
#define LINK   "/portal/t/{link}"

static const PortalRoute routes[] = {
    {"GET", "/portal", PORTAL_PUBLIC, portal_home},
    {"GET", "/portal/", PORTAL_PUBLIC, portal_home},
    {"GET", "/portal/{page}", PORTAL_PUBLIC, portal_nowhere},
    {"GET", "/portal/sign-in", PORTAL_PUBLIC, portal_sign_in_show},
    {"POST", "/portal/sign-in", PORTAL_PUBLIC, portal_sign_in_post},
    {"GET", "/portal/sign-in/{secret}", PORTAL_PUBLIC, portal_link_show},
    {"POST", "/portal/sign-in/{secret}", PORTAL_PUBLIC, portal_link_post},
    {"POST", "/portal/language", PORTAL_PUBLIC, portal_language},
    {"POST", "/portal/sign-out", PORTAL_CUSTOMER, portal_sign_out},
    {"GET", "/portal/tickets", PORTAL_CUSTOMER, portal_tickets},
    {"GET", NEW, PORTAL_CUSTOMER, portal_new_show},
    {"POST", NEW, PORTAL_CUSTOMER, portal_new_post},
    {"GET", TICKET, PORTAL_CUSTOMER, portal_ticket},
    {"GET", TICKET "/attachments/{id}", PORTAL_CUSTOMER, portal_attachment},
    {"POST", TICKET "/leave", PORTAL_CUSTOMER, portal_leave},
    {"GET", "/portal/mails", PORTAL_CUSTOMER, portal_mails},
    {"POST", COMMENT, PORTAL_EITHER, portal_comment},
    {"GET", LINK, PORTAL_LINK, portal_ticket_by_link},
    {"GET", LINK "/attachments/{id}", PORTAL_LINK, portal_attachment},
    {"POST", LINK "/leave", PORTAL_LINK, portal_leave},
};

size_t portal_n_routes(void)
{
    return G_N_ELEMENTS(routes);
}

const PortalRoute *portal_page_route(size_t index)
{
    return &routes[index];
}

PortalRouteInfo portal_route(size_t index)
{
    return (PortalRouteInfo){routes[index].method, routes[index].pattern, routes[index].role};
}
