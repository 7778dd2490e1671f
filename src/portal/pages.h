/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of all pages. */
#pragma once

#include "portal/page.h"

/* sign_in.c */
HttpResponse *portal_home(PortalPage *page, GError **error);
HttpResponse *portal_nowhere(PortalPage *page, GError **error);
HttpResponse *portal_sign_in_show(PortalPage *page, GError **error);
HttpResponse *portal_sign_in_post(PortalPage *page, GError **error);
HttpResponse *portal_link_show(PortalPage *page, GError **error);
HttpResponse *portal_link_post(PortalPage *page, GError **error);
HttpResponse *portal_sign_out(PortalPage *page, GError **error);
HttpResponse *portal_language(PortalPage *page, GError **error);

/* tickets.c */
HttpResponse *portal_tickets(PortalPage *page, GError **error);
HttpResponse *portal_new_show(PortalPage *page, GError **error);
HttpResponse *portal_new_post(PortalPage *page, GError **error);

/* ticket.c */
HttpResponse *portal_ticket(PortalPage *page, GError **error);
HttpResponse *portal_ticket_by_link(PortalPage *page, GError **error);
HttpResponse *portal_attachment(PortalPage *page, GError **error);
HttpResponse *portal_comment(PortalPage *page, GError **error);
HttpResponse *portal_leave(PortalPage *page, GError **error);

/* mails.c */
HttpResponse *portal_mails(PortalPage *page, GError **error);

/* [{"kind","state","tone","to","at","number","title","path"}]: a list of CustomerMail. */
json_t *portal_mail_items(const PortalPage *page, const GPtrArray *mails);
