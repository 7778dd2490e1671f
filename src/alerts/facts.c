/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/facts.h"

#include "alerts/locale.h"
#include "alerts/web_link.h"
#include "base/json.h"
#include "records/status.h"

#include <string.h>

char *facts_text_within(const char *text, size_t max_bytes)
{
    size_t bytes = strlen(text);
    if (bytes <= max_bytes)
        return g_strdup(text);
    const char *end = g_utf8_find_prev_char(text, text + max_bytes + 1);
    return g_strdup_printf("%.*s\n[... shortened]", (int)(end - text), text);
}

char *facts_text(const char *text)
{
    return facts_text_within(text, FACTS_TEXT_BYTES);
}

static json_t *ticket_facts(const Ticket *ticket, const Settings *settings)
{
    json_t *value = json_object();
    g_autofree char *description = facts_text(ticket->description);
    g_autofree char *resolution = facts_text(ticket->resolution);
    json_set_int(value, "number", ticket->number);
    json_set_text(value, "title", ticket->title);
    json_set_text(value, "description", description);
    json_set_int(value, "status_code", ticket->status);
    json_set_text(value, "status", status_label(ticket->status, settings->tickets.status_labels));
    g_autofree char *priority = g_strdup(ticket->priority);
    priority[0] = g_ascii_toupper(priority[0]); /* "normal" is for programs */
    json_set_text(value, "priority", priority);
    json_set_text(value, "type", ticket->type);
    json_set_text(value, "resolution", resolution);
    json_set_time(value, "opened", ticket->opened_at);
    json_set_time(value, "closed", ticket->closed_at);
    json_set_time(value, "due", ticket->due_at);
    return value;
}

static json_t *named(const char *name)
{
    json_t *value = json_object();
    json_set_text(value, "name", name);
    return value;
}

static void add_people(const Ticket *ticket, const TicketPeople *people, const Settings *settings,
                       json_t *facts)
{
    json_t *account = named(people->account.name);
    json_set_int(account, "number", ticket->account);
    json_set_text(account, "language", people->account.language);
    json_object_set_new(facts, "account", account);
    json_set_text(facts, "time_zone",
                  people->account.time_zone != NULL ? people->account.time_zone
                                                    : settings->desk.time_zone);
    if (ticket->contact != 0)
        json_object_set_new(facts, "contact", named(people->contact.name));
    if (ticket->manager != 0)
        json_object_set_new(facts, "manager", named(people->manager_name));
}

json_t *facts_snapshot(const Ticket *ticket, const TicketPeople *people, const Actor *actor,
                       const Settings *settings)
{
    json_t *facts = json_object();
    json_object_set_new(facts, "ticket", ticket_facts(ticket, settings));
    add_people(ticket, people, settings, facts);
    json_object_set_new(facts, "actor", named(actor->name));
    json_t *desk = named(settings->desk.name);
    json_set_text(desk, "phone", settings->desk.phone);
    json_set_text(desk, "hours", settings->desk.hours);
    json_set_text(desk, "address", settings->desk.address);
    json_object_set_new(facts, "desk", desk);
    web_link_note(facts, settings);
    return facts;
}

void facts_set_correspondence(json_t *facts, const GPtrArray *messages)
{
    json_t *list = messages->len > 0 ? json_array() : NULL;
    for (guint i = 0; i < messages->len; i++) {
        const TicketMessage *message = messages->pdata[i];
        g_autofree char *text = facts_text_within(message->text, FACTS_MESSAGE_BYTES);
        json_t *entry = json_object();
        json_set_text(entry, "author", message->author.name);
        json_set_time(entry, "written", message->at);
        json_set_text(entry, "text", text);
        json_t *element = json_object();
        json_object_set_new(element, "entry", entry);
        json_array_append_new(list, element);
    }
    if (list != NULL)
        json_object_set_new(json_object_get(facts, "ticket"), "correspondence", list);
}

void facts_set_sender(json_t *facts, const AlertSettings *alert)
{
    json_auto_t *sender = json_object();
    if (*alert->sender_name != '\0')
        json_set_text(sender, "name", alert->sender_name);
    if (*alert->reply_to != '\0')
        json_set_text(sender, "reply_to", alert->reply_to);
    if (json_object_size(sender) > 0)
        json_object_set(facts, "sender", sender);
    else
        json_object_del(facts, "sender");
}

static void write_time(json_t *object, const char *field, const char *zone, const char *language)
{
    const char *time = json_get_text(object, field);
    g_autofree char *text = *time != '\0' ? locale_time(time, zone, language) : NULL;
    if (text != NULL)
        json_set_text(object, field, text);
}

static void write_ticket(json_t *ticket, const char *zone, const char *language)
{
    static const char *const times[] = {"opened", "closed", "due"};
    char number[24];
    g_snprintf(number, sizeof number, "%" G_GINT64_FORMAT, json_get_int(ticket, "number"));
    json_set_text(ticket, "number", number);
    g_autofree char *status = locale_status(json_get_text(ticket, "status"), language);
    g_autofree char *priority = locale_priority(json_get_text(ticket, "priority"), language);
    json_set_text(ticket, "status", status);
    json_set_text(ticket, "priority", priority);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        write_time(ticket, times[i], zone, language);
    const json_t *list = json_object_get(ticket, "correspondence");
    for (size_t i = 0; i < json_array_size(list); i++)
        write_time(json_object_get(json_array_get(list, i), "entry"), "written", zone, language);
}

void facts_to_merge_fields(json_t *facts, const char *recipient_name, const char *recipient_email,
                           const char *language)
{
    json_t *ticket = json_object_get(facts, "ticket");
    if (ticket != NULL)
        write_ticket(ticket, json_get_text(facts, "time_zone"), language);
    json_t *recipient = named(recipient_name != NULL ? recipient_name : "");
    json_set_text(recipient, "email", recipient_email);
    json_object_set_new(facts, "recipient", recipient);
}
