/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/customer.h"

#include "alerts/web_link.h"
#include "base/error.h"
#include "desk/customer-private.h"
#include "records/recipient.h"
#include "records/signing_key.h"
#include "records/ticket_people.h"

#include <string.h>

void visitor_free(Visitor *visitor)
{
    if (visitor == NULL)
        return;
    customer_free(visitor->customer);
    g_free(visitor->email);
    g_free(visitor->email_key);
    g_free(visitor->name);
    g_free(visitor->language);
    g_free(visitor->time_zone);
    actor_clear(&visitor->actor);
    g_free(visitor);
}

/* ---- who that is ---- */

static void fail(GError **error, const char *problem, const char *why)
{
    error_set_problem(error, TD_ERROR_DENIED, problem, NULL, "%s", why);
}

/* `language` and `time_zone` may be NULL. */
static Visitor *make_visitor(const Settings *settings, const char *email, const char *email_key,
                             const char *name, int64_t contact, const char *language,
                             const char *time_zone)
{
    Visitor *visitor = g_new0(Visitor, 1);
    visitor->email = g_strdup(email);
    visitor->email_key = g_strdup(email_key);
    visitor->name = g_strdup(name);
    visitor->language = g_strdup(language != NULL ? language : settings->desk.language);
    visitor->time_zone = g_strdup(time_zone != NULL ? time_zone : settings->desk.time_zone);
    visitor->actor =
        (Actor){ACTOR_CUSTOMER, contact, g_strdup(name != NULL ? name : email), CHANNEL_WEB};
    return visitor;
}

static Visitor *load_customer(DbTx *tx, const Settings *settings, const char *email_key,
                              GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(Customer) customer =
        customer_load(tx, email_key, settings->web_interface.see_own, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (customer == NULL) {
        fail(error, "not-a-customer", "This address is not known here any more");
        return NULL;
    }
    const CustomerPlace *place = customer->places->pdata[0];
    Visitor *visitor = make_visitor(settings, customer->email, email_key, customer->name,
                                    place->contact, customer->language, customer->time_zone);
    visitor->customer = g_steal_pointer(&customer);
    return visitor;
}

/* On the ticket's list, where the link was given to them; NULL: not there. */
static const Recipient *find_recipient(const SigningKeys *keys, const WebLink *link,
                                       const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const Recipient *recipient = list->pdata[i];
        if (web_link_is_for(keys, link, recipient->email_key))
            return recipient;
    }
    return NULL;
}

static Visitor *make_link_visitor(DbTx *tx, const Settings *settings, const WebLink *link,
                                  const Recipient *recipient, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_load(tx, link->ticket, error);
    g_autoptr(TicketPeople) people =
        ticket != NULL
            ? ticket_people_load(tx, ticket->account, ticket->contact, ticket->manager, error)
            : NULL;
    if (people == NULL)
        return NULL;
    const TicketAccount *account = &people->account;
    const char *language = recipient->language != NULL ? recipient->language : account->language;
    Visitor *visitor =
        make_visitor(settings, recipient->email, recipient->email_key, recipient->name,
                     recipient->contact, language, account->time_zone);
    visitor->ticket = link->ticket;
    return visitor;
}

static Visitor *load_by_link(DbTx *tx, const Settings *settings, const char *letters,
                             GError **error)
{
    WebLink link;
    g_autoptr(SigningKeys) keys = signing_keys_load(tx, error);
    if (keys == NULL)
        return NULL;
    bool signed_by_us = web_link_read(keys, letters, &link);
    g_autoptr(GPtrArray) list = signed_by_us ? recipient_list(tx, link.ticket, error) : NULL;
    if (signed_by_us && list == NULL)
        return NULL;
    const Recipient *recipient = list != NULL ? find_recipient(keys, &link, list) : NULL;
    if (recipient == NULL) {
        fail(error, "link-not-good",
             "This link does not work: it is not complete, or its address is not on the ticket's"
             " list any more");
        return NULL;
    }
    if (settings->web_interface.require_sign_in) {
        fail(error, "sign-in-needed", "Please sign in to see this ticket");
        return NULL;
    }
    return make_link_visitor(tx, settings, &link, recipient, error);
}

Visitor *visitor_load(DbTx *tx, const Settings *settings, const CustomerCaller *caller,
                      GError **error)
{
    if (!settings->web_interface.enabled) {
        error_set_problem(error, TD_ERROR_CONFLICT, "web-interface-off", NULL,
                          "The Web Interface is switched off");
        return NULL;
    }
    if (caller->link != NULL)
        return load_by_link(tx, settings, caller->link, error);
    if (caller->email_key != NULL)
        return load_customer(tx, settings, caller->email_key, error);
    fail(error, "sign-in-needed", "Please sign in");
    return NULL;
}

/* ---- what they may see ---- */

bool customer_check(DbTx *tx, const Visitor *visitor, int64_t number, GError **error)
{
    bool sees = visitor->ticket == number && visitor->ticket != 0;
    if (visitor->customer != NULL &&
        !customer_sees_ticket(tx, visitor->customer, number, &sees, error))
        return false;
    if (!sees)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-ticket", NULL,
                          "There is no ticket #%" G_GINT64_FORMAT, number);
    return sees;
}

bool customer_has_address(const Visitor *visitor, const char *email_key, int64_t contact)
{
    if (strcmp(visitor->email_key, email_key) == 0)
        return true;
    for (guint i = 0; visitor->customer != NULL && i < visitor->customer->places->len; i++) {
        const CustomerPlace *place = visitor->customer->places->pdata[i];
        if (contact != 0 && place->contact == contact)
            return true;
    }
    return false;
}

/* ---- reading ---- */

GPtrArray *customer_tickets(DbTx *tx, const Visitor *visitor, const CustomerFilter *filter,
                            GError **error)
{
    if (visitor->customer != NULL)
        return customer_ticket_list(tx, visitor->customer, filter, error);
    g_autoptr(GPtrArray) one = g_ptr_array_new_with_free_func((GDestroyNotify)ticket_free);
    Ticket *ticket = ticket_load(tx, visitor->ticket, error);
    if (ticket == NULL)
        return NULL;
    g_ptr_array_add(one, ticket);
    return g_steal_pointer(&one);
}

static void customer_message_free(CustomerMessage *message)
{
    ticket_message_free(message->message);
    g_clear_pointer(&message->attachments, g_ptr_array_unref);
    g_free(message);
}

void customer_ticket_free(CustomerTicket *shown)
{
    if (shown == NULL)
        return;
    ticket_free(shown->ticket);
    g_free(shown->account_name);
    g_free(shown->manager_name);
    g_clear_pointer(&shown->messages, g_ptr_array_unref);
    g_free(shown);
}

static bool load_people(DbTx *tx, CustomerTicket *shown, GError **error)
{
    const Ticket *ticket = shown->ticket;
    g_autoptr(TicketPeople) people =
        ticket_people_load(tx, ticket->account, ticket->contact, ticket->manager, error);
    if (people == NULL)
        return false;
    shown->account_name = g_strdup(people->account.name);
    shown->manager_name = ticket->manager != 0 ? g_strdup(people->manager_name) : NULL;
    return true;
}

static bool load_on_list(DbTx *tx, const Visitor *visitor, CustomerTicket *shown, GError **error)
{
    g_autoptr(GPtrArray) list = recipient_list(tx, shown->ticket->number, error);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const Recipient *recipient = list->pdata[i];
        if (!customer_has_address(visitor, recipient->email_key, recipient->contact))
            continue;
        if (recipient->left_at == 0)
            shown->on_list = CUSTOMER_ON_LIST;
        else if (shown->on_list == CUSTOMER_NOT_ON_LIST)
            shown->on_list = CUSTOMER_LEFT;
    }
    return list != NULL;
}

static bool add_message(DbTx *tx, CustomerTicket *shown, TicketMessage *message, GError **error)
{
    CustomerMessage *made = g_new0(CustomerMessage, 1);
    made->message = message;
    g_ptr_array_add(shown->messages, made);
    made->attachments = attachment_list(tx, message->id, false, error);
    return made->attachments != NULL;
}

/* What a customer opened a ticket with is its description and its first message. */
static bool is_description(const Ticket *ticket, const TicketMessage *message)
{
    return message->author.kind == ACTOR_CUSTOMER && ticket->opener.kind == ACTOR_CUSTOMER &&
           message->at == ticket->opened_at;
}

static bool load_messages(DbTx *tx, CustomerTicket *shown, int64_t before, GError **error)
{
    g_autoptr(GPtrArray) list =
        ticket_message_list_public(tx, shown->ticket->number, before, CUSTOMER_MESSAGES + 1, error);
    if (list == NULL)
        return false;
    shown->messages = g_ptr_array_new_with_free_func((GDestroyNotify)customer_message_free);
    guint first = list->len > CUSTOMER_MESSAGES ? 1 : 0;
    if (first == 1)
        shown->older = ((const TicketMessage *)list->pdata[1])->id;
    else if (list->len > 0)
        shown->first_is_description = is_description(shown->ticket, list->pdata[0]);
    for (guint i = first; i < list->len; i++)
        if (!add_message(tx, shown, g_steal_pointer(&list->pdata[i]), error))
            return false;
    return true;
}

CustomerTicket *customer_ticket(DbTx *tx, const Visitor *visitor, int64_t number, int64_t before,
                                GError **error)
{
    if (!customer_check(tx, visitor, number, error))
        return NULL;
    g_autoptr(CustomerTicket) shown = g_new0(CustomerTicket, 1);
    shown->ticket = ticket_load(tx, number, error);
    return shown->ticket != NULL && load_people(tx, shown, error) &&
                   load_on_list(tx, visitor, shown, error) &&
                   load_messages(tx, shown, before, error)
               ? g_steal_pointer(&shown)
               : NULL;
}

Attachment *customer_attachment(DbTx *tx, const Visitor *visitor, int64_t number, int64_t id,
                                GError **error)
{
    if (!customer_check(tx, visitor, number, error))
        return NULL;
    g_autoptr(Attachment) attachment = attachment_load(tx, number, id, error);
    g_autoptr(TicketMessage) message =
        attachment != NULL ? ticket_message_load(tx, number, attachment->message, error) : NULL;
    if (message == NULL)
        return NULL;
    if (message->visibility == MESSAGE_PUBLIC && message->kind == MESSAGE_ANSWER &&
        message->sender != MESSAGE_SENDER_NOT_VERIFIED)
        return g_steal_pointer(&attachment);
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-attachment", NULL,
                      "Ticket #%" G_GINT64_FORMAT " has no attachment %" G_GINT64_FORMAT, number,
                      id);
    return NULL;
}
