/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/facts.h"

#include "alerts/locale.h"
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
    return facts;
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

static void copy_texts(const json_t *from, json_t *to, const char *const *names)
{
    for (; *names != NULL; names++) {
        json_t *text = json_object_get(from, *names);
        if (json_is_string(text))
            json_object_set(to, *names, text); /* shared, not copied */
        else
            json_set_text(to, *names, "");
    }
}

static json_t *copy_group(const json_t *facts, const char *group, const char *const *names)
{
    json_t *value = json_object();
    copy_texts(json_object_get(facts, group), value, names);
    return value;
}

static json_t *ticket_fields(const json_t *facts, const char *language)
{
    static const char *const texts[] = {"title", "description", "type", "resolution", "link", NULL};
    static const char *const times[] = {"opened", "closed", "due"};
    const json_t *from = json_object_get(facts, "ticket");
    json_t *ticket = copy_group(facts, "ticket", texts);
    char number[24] = "";
    if (from != NULL)
        g_snprintf(number, sizeof number, "%" G_GINT64_FORMAT, json_get_int(from, "number"));
    json_set_text(ticket, "number", number);
    g_autofree char *status = locale_status(json_get_text(from, "status"), language);
    g_autofree char *priority = locale_priority(json_get_text(from, "priority"), language);
    json_set_text(ticket, "status", status);
    json_set_text(ticket, "priority", priority);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *text =
            locale_time(json_get_text(from, times[i]), json_get_text(facts, "time_zone"), language);
        json_set_text(ticket, times[i], text);
    }
    return ticket;
}

json_t *facts_merge_fields(const json_t *facts, const char *recipient_name,
                           const char *recipient_email, const char *language)
{
    static const char *const name_only[] = {"name", NULL};
    static const char *const message_texts[] = {"text", "left_out", NULL};
    static const char *const desk_texts[] = {"name", "phone", "hours", "address", NULL};
    json_t *fields = json_object();
    json_object_set_new(fields, "ticket", ticket_fields(facts, language));
    json_object_set_new(fields, "message", copy_group(facts, "message", message_texts));
    json_object_set_new(fields, "account", copy_group(facts, "account", name_only));
    json_object_set_new(fields, "contact", copy_group(facts, "contact", name_only));
    json_object_set_new(fields, "manager", copy_group(facts, "manager", name_only));
    json_object_set_new(fields, "actor", copy_group(facts, "actor", name_only));
    json_object_set_new(fields, "desk", copy_group(facts, "desk", desk_texts));
    json_t *recipient = named(recipient_name != NULL ? recipient_name : "");
    json_set_text(recipient, "email", recipient_email);
    json_object_set_new(fields, "recipient", recipient);
    return fields;
}
