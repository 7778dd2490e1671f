/* SPDX-License-Identifier: Apache-2.0 */
/* Which mails were sent to them. */
#include "portal/pages.h"

static const struct {
    const char *key, *tone;
} states[CUSTOMER_MAIL_N_STATES] = {
    [CUSTOMER_MAIL_ON_ITS_WAY] = {"state_on_its_way", "info"},
    [CUSTOMER_MAIL_SENT] = {"state_sent", "success"},
    [CUSTOMER_MAIL_PERHAPS_SENT] = {"state_perhaps_sent", "warning"},
    [CUSTOMER_MAIL_HELD] = {"state_held", "warning"},
    [CUSTOMER_MAIL_NOT_DELIVERED] = {"state_not_delivered", "danger"},
    [CUSTOMER_MAIL_CANCELLED] = {"state_cancelled", "secondary"},
    [CUSTOMER_MAIL_LEFT] = {"state_left", "secondary"},
    [CUSTOMER_MAIL_SUPPRESSED] = {"state_suppressed", "danger"},
};

static const char *kind_key(CustomerMailKind kind)
{
    switch (kind) {
    case CUSTOMER_MAIL_NEW_TICKET:
        return "mail_new_ticket";
    case CUSTOMER_MAIL_TICKET_CLOSED:
        return "mail_ticket_closed";
    case CUSTOMER_MAIL_AUTO_RESPONSE:
        return "mail_auto_response";
    case CUSTOMER_MAIL_ANSWER:
        break;
    }
    return "mail_answer";
}

json_t *portal_mail_items(const PortalPage *page, const GPtrArray *mails)
{
    json_t *items = json_array();
    for (guint i = 0; i < mails->len; i++) {
        const CustomerMail *mail = mails->pdata[i];
        g_autofree char *to = words_format(page->words, "mail_to", "email", mail->to, NULL);
        g_autofree char *path = portal_ticket_path(page, mail->ticket);
        json_t *item = json_object();
        json_set_int(item, "number", mail->ticket);
        json_set_text(item, "title", mail->title);
        json_set_text(item, "path", path);
        json_set_text(item, "kind", json_get_text(page->words, kind_key(mail->kind)));
        json_set_text(item, "state", json_get_text(page->words, states[mail->state].key));
        json_set_text(item, "tone", states[mail->state].tone);
        json_set_text(item, "to", to);
        portal_set_time(page, item, "at", mail->at);
        json_array_append_new(items, item);
    }
    return items;
}

static bool read_mails(PortalPage *page, DbTx *tx, const Visitor *visitor, GError **error)
{
    int64_t before = portal_number(portal_query(page, "before"));
    int64_t next = 0;
    g_autoptr(GPtrArray) mails = customer_mails(tx, visitor, before, &next, error);
    if (mails == NULL)
        return false;
    json_set_bool(page->data, "none", mails->len == 0);
    json_set_id(page->data, "next", next);
    json_set_bool(page->data, "newer", before != 0);
    json_object_set_new(page->data, "mails", portal_mail_items(page, mails));
    return true;
}

HttpResponse *portal_mails(PortalPage *page, GError **error)
{
    return portal_read(page, read_mails, error) ? portal_view(page, 200, "mails", "mails", error)
                                                : NULL;
}
