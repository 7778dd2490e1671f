/* SPDX-License-Identifier: Apache-2.0 */
#include "api/render.h"

#include "alerts/compose.h"
#include "base/json.h"
#include "records/status.h"

/* Stored JSON that cannot be read shows as null rather than spoil the whole answer. */
static json_t *stored_json(const char *text)
{
    json_t *value = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return value != NULL ? value : json_null();
}

json_t *render_actor(const Actor *actor)
{
    json_t *value = json_object();
    json_set_text(value, "kind", actor_kind_name(actor->kind));
    json_set_id(value, "id", actor->id);
    json_set_text(value, "name", actor->name);
    return value;
}

json_t *render_ticket(const Ticket *ticket, const json_t *labels)
{
    json_t *value = json_object();
    json_set_int(value, "number", ticket->number);
    json_set_int(value, "account", ticket->account);
    json_set_id(value, "contact", ticket->contact);
    json_set_text(value, "title", ticket->title);
    json_set_text(value, "description", ticket->description);
    json_set_text(value, "type", ticket->type);
    json_set_text(value, "priority", ticket->priority);
    json_set_int(value, "status", ticket->status);
    json_set_text(value, "status_label", status_label(ticket->status, labels));
    json_set_id(value, "manager", ticket->manager);
    json_set_time(value, "due", ticket->due_at);
    json_set_text(value, "resolution", ticket->resolution);
    json_object_set_new(value, "opened_by", render_actor(&ticket->opener));
    json_set_text(value, "channel", channel_name(ticket->opener.channel));
    json_set_time(value, "opened", ticket->opened_at);
    json_set_time(value, "closed", ticket->closed_at);
    json_set_time(value, "updated", ticket->updated_at);
    json_set_bool(value, "customers_not_told", ticket->not_told_at != 0);
    json_set_time(value, "customers_not_told_since", ticket->not_told_at);
    json_set_id(value, "merged_into", ticket->merged_into);
    json_set_text(value, "reference", ticket->reference);
    return value;
}

/* {"number","name"}, or null. */
static json_t *render_named(const char *key, int64_t id, const char *name)
{
    if (id == 0)
        return json_null();
    json_t *value = json_object();
    json_set_int(value, key, id);
    json_set_text(value, "name", name);
    return value;
}

json_t *render_ticket_row(const TicketRow *row, const json_t *labels)
{
    json_t *value = json_object();
    json_set_int(value, "number", row->number);
    json_set_text(value, "title", row->title);
    json_object_set_new(value, "account", render_named("number", row->account, row->account_name));
    json_object_set_new(value, "contact", render_named("id", row->contact, row->contact_name));
    json_object_set_new(value, "manager", render_named("id", row->manager, row->manager_name));
    json_set_text(value, "type", row->type);
    json_set_text(value, "priority", row->priority);
    json_set_int(value, "status", row->status);
    json_set_text(value, "status_label", status_label(row->status, labels));
    json_set_time(value, "due", row->due_at);
    json_set_time(value, "opened", row->opened_at);
    json_set_time(value, "closed", row->closed_at);
    json_set_time(value, "updated", row->updated_at);
    json_set_int(value, "recipients", row->recipients);
    json_set_bool(value, "customers_not_told", row->not_told_at != 0);
    return value;
}

json_t *render_recipient(const Recipient *recipient)
{
    json_t *value = json_object();
    json_set_int(value, "id", recipient->id);
    json_set_text(value, "email", recipient->email);
    json_set_text(value, "name", recipient->name);
    json_set_id(value, "contact", recipient->contact);
    json_set_bool(value, "muted", recipient->muted);
    json_set_time(value, "left_at", recipient->left_at);
    json_set_time(value, "added_at", recipient->added_at);
    return value;
}

json_t *render_employee_recipient(const EmployeeRecipient *recipient)
{
    json_t *value = json_object();
    json_set_id(value, "employee", recipient->employee);
    json_set_text(value, "email", recipient->email);
    return value;
}

/* An opening or closing carries the ticket as it was; every other event only what it changed. */
static void add_facts(json_t *value, const Event *event)
{
    json_auto_t *facts = stored_json(event->facts);
    json_t *changes = json_object_get(facts, "changes");
    bool snapshot = json_object_get(facts, "ticket") != NULL;
    if (changes == NULL && !snapshot)
        changes = facts;
    json_object_set(value, "changes", changes != NULL ? changes : json_null());
    if (snapshot) {
        json_object_del(facts, "changes");
        json_object_set(value, "facts", facts);
    } else {
        json_object_set_new(value, "facts", json_null());
    }
}

json_t *render_event(const Event *event)
{
    json_t *value = json_object();
    json_set_int(value, "id", event->id);
    json_set_int(value, "ticket", event->ticket);
    json_set_int(value, "version", event->version);
    json_set_text(value, "kind", event_kind_name(event->kind));
    json_object_set_new(value, "actor", render_actor(&event->actor));
    json_set_text(value, "channel", channel_name(event->actor.channel));
    json_set_time(value, "at", event->at);
    json_set_bool(value, "notify", event->notify);
    add_facts(value, event);
    json_set_time(value, "removed_at", event->removed_at);
    json_set_text(value, "removed_why", event->removed_why);
    return value;
}

json_t *render_account(const Account *account)
{
    json_t *value = json_object();
    json_set_int(value, "number", account->number);
    json_set_text(value, "name", account->name);
    json_set_text(value, "email", account->email);
    json_set_text(value, "email2", account->email2);
    json_object_set_new(value, "domains", stored_json(account->domains));
    json_set_text(value, "language", account->language);
    json_set_text(value, "time_zone", account->time_zone);
    json_set_id(value, "manager", account->manager);
    json_set_text(value, "reference", account->reference);
    json_set_bool(value, "active", account->active);
    json_set_time(value, "created", account->created_at);
    return value;
}

json_t *render_contact(const Contact *contact)
{
    json_t *value = json_object();
    json_set_int(value, "id", contact->id);
    json_set_int(value, "account", contact->account);
    json_set_text(value, "name", contact->name);
    json_set_text(value, "email", contact->email);
    json_object_set_new(value, "emails", stored_json(contact->emails));
    json_set_bool(value, "on_every_ticket", contact->on_every_ticket);
    json_set_text(value, "language", contact->language);
    json_set_text(value, "sees", contact->sees);
    json_set_bool(value, "active", contact->active);
    json_set_time(value, "created", contact->created_at);
    return value;
}

json_t *render_employee(const Employee *employee)
{
    json_t *value = json_object();
    json_set_int(value, "id", employee->id);
    json_set_text(value, "name", employee->name);
    json_set_text(value, "login", employee->login);
    json_set_text(value, "email", employee->email);
    json_set_text(value, "email2", employee->email2);
    json_set_text(value, "role", employee->role);
    json_set_text(value, "language", employee->language);
    json_set_bool(value, "active", employee->active);
    json_set_bool(value, "has_password", employee->password_hash != NULL);
    json_set_time(value, "created", employee->created_at);
    return value;
}

json_t *render_token(const Token *token)
{
    json_t *value = json_object();
    json_t *scopes = json_array();
    g_auto(GStrv) list = g_strsplit(token->scopes, " ", -1);
    for (char **scope = list; *scope != NULL; scope++)
        json_array_append_new(scopes, json_string(*scope));
    json_set_int(value, "id", token->id);
    json_set_text(value, "name", token->name);
    json_object_set_new(value, "scopes", scopes);
    json_set_text(value, "created_by", token->created_by);
    json_set_time(value, "created", token->created_at);
    return value;
}

json_t *render_suppression(const Suppression *suppression)
{
    static const char *const texts[] = {"reply", "by", "note"};
    json_auto_t *stored = stored_json(suppression->evidence);
    json_t *evidence = json_object();
    json_set_id(evidence, "alert", json_get_int(stored, "alert"));
    json_set_id(evidence, "copy", json_get_int(stored, "copy"));
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        json_set_text(evidence, texts[i], json_string_value(json_object_get(stored, texts[i])));
    json_t *value = json_object();
    json_set_text(value, "email", suppression->email);
    json_set_text(value, "reason", suppression->reason);
    json_object_set_new(value, "evidence", evidence);
    json_set_time(value, "since", suppression->since);
    return value;
}

static void render_text(json_t *value, const TemplateText *text)
{
    json_set_text(value, "subject", text->subject);
    json_set_text(value, "text", text->text);
    json_set_text(value, "html", text->html);
}

json_t *render_template(const TicketTemplate *record)
{
    const TemplateText *own = record->texts->pdata[0];
    json_t *value = json_object();
    json_set_int(value, "id", record->id);
    json_set_text(value, "name", record->name);
    json_set_text(value, "kind", record->kind);
    json_set_text(value, "builtin", record->builtin);
    render_text(value, own);
    json_set_text(value, "language", own->language);
    json_t *translations = json_object();
    for (guint i = 1; i < record->texts->len; i++) {
        const TemplateText *text = record->texts->pdata[i];
        json_t *translation = json_object();
        render_text(translation, text);
        json_object_set_new(translations, text->language, translation);
    }
    json_object_set_new(value, "translations", translations);
    json_set_int(value, "version", record->version);
    return value;
}

json_t *render_template_version(const TemplateVersion *version)
{
    json_t *value = json_object();
    json_set_int(value, "version", version->version);
    json_set_time(value, "at", version->at);
    json_object_set_new(value, "author", render_actor(&version->author));
    json_set_id(value, "restored_from", version->restored_from);
    json_set_bool(value, "built_in", version->built_in);
    return value;
}

json_t *render_option_change(const OptionChange *change)
{
    json_t *value = json_object();
    json_set_int(value, "id", change->id);
    json_set_text(value, "section", change->section);
    json_set_time(value, "at", change->at);
    json_object_set_new(value, "actor", render_actor(&change->actor));
    json_set_text(value, "channel", channel_name(change->actor.channel));
    json_object_set_new(value, "before", stored_json(change->before));
    json_object_set_new(value, "after", stored_json(change->after));
    return value;
}

static json_t *render_attempts(GPtrArray *attempts)
{
    json_t *list = json_array();
    for (guint i = 0; attempts != NULL && i < attempts->len; i++) {
        const OutboxAttempt *attempt = attempts->pdata[i];
        json_t *value = json_object();
        json_set_time(value, "at", attempt->at);
        json_set_text(value, "outcome", attempt->outcome);
        json_set_text(value, "stage", attempt->stage);
        json_set_id(value, "reply_code", attempt->reply_code);
        json_set_text(value, "enhanced_status", attempt->enhanced_status);
        json_set_text(value, "reply", attempt->reply);
        json_array_append_new(list, value);
    }
    return list;
}

int64_t render_next_try(const OutboxMessage *message)
{
    bool waits = message->state == OUTBOX_QUEUED || message->state == OUTBOX_DEFERRED ||
                 message->state == OUTBOX_UNCERTAIN;
    return waits && message->due_at != OUTBOX_NEVER ? message->due_at : 0;
}

json_t *render_alert(const AlertStory *story, const char *desk_id, bool log)
{
    static const OutboxMessage none = {0};
    const Alert *alert = story->alert;
    bool sent = story->message != NULL;
    const OutboxMessage *message = sent ? story->message : &none;
    g_autofree char *message_id =
        alert->decision != DECISION_SUPPRESS ? compose_message_id(desk_id, alert->id) : NULL;
    g_autofree char *explanation = explain_alert(story);
    json_t *value = json_object();
    json_set_int(value, "id", alert->id);
    json_set_int(value, "ticket", alert->ticket);
    json_set_int(value, "event", alert->event);
    json_set_text(value, "kind", alert_kind_name(alert->kind));
    json_set_text(value, "recipient", alert->recipient);
    json_set_text(value, "recipient_name", alert->recipient_name);
    json_set_text(value, "decision", alert_decision_name(alert->decision));
    json_set_text(value, "reason", alert_reason_name(alert->reason));
    json_set_time(value, "decided_at", alert->decided_at);
    json_set_text(value, "state", sent ? outbox_state_name(message->state) : NULL);
    json_set_text(value, "state_reason", message->state_reason);
    json_set_int(value, "attempts", message->attempts);
    json_set_bool(value, "uncertain", message->uncertain);
    json_set_text(value, "message_id", message_id);
    json_set_text(value, "last_reply", message->last_reply);
    json_set_time(value, "queued_at", message->queued_at);
    json_set_time(value, "due_at", render_next_try(message));
    json_set_time(value, "accepted_at", message->accepted_at);
    json_set_text(value, "explanation", explanation);
    if (log)
        json_object_set_new(value, "attempts_log", render_attempts(story->attempts));
    return value;
}

json_t *render_all(GPtrArray *records, RenderOne render)
{
    json_t *items = json_array();
    for (guint i = 0; i < records->len; i++)
        json_array_append_new(items, render(records->pdata[i]));
    return render_page(items, 0);
}

json_t *render_page(json_t *items, int64_t next)
{
    json_t *value = json_object();
    g_autofree char *cursor = next != 0 ? g_strdup_printf("%" G_GINT64_FORMAT, next) : NULL;
    json_object_set_new(value, "items", items);
    json_set_text(value, "next_cursor", cursor);
    return value;
}
