/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trying a template: a preview, and a test mail to an employee, both made by the composer that
 * makes the alerts; and the catalogue of what it may name.
 *
 * A ticket's merge fields are those that an alert would have if it were decided now. Words that are
 * not saved yet are tried in their place, once they are proved as at save. Nothing is written.
 */
#include "alerts/facts.h"
#include "alerts/fields.h"
#include "alerts/language.h"
#include "alerts/proof.h"
#include "alerts/sample.h"
#include "api/call.h"
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"

#define TEST_ID_LETTERS 26

typedef struct {
    int64_t id;
    int64_t version;             /* 0: the newest */
    int64_t ticket;              /* 0: the made-up one */
    char *language;              /* NULL: that of whom the ticket is for */
    char *to, *to_key;           /* of a test mail; NULL: a preview */
    char *subject, *text, *html; /* not saved yet; NULL: as saved */
    bool set_html;
    char *test_id;
    TicketTemplate *draft; /* with what is not saved yet; NULL: there is nothing such */
    ComposeSource *source;
    char *chosen; /* the language that was found */
    int64_t chosen_version;
} Trial;

static void trial_clear(Trial *trial)
{
    g_free(trial->language);
    g_free(trial->to);
    g_free(trial->to_key);
    g_free(trial->subject);
    g_free(trial->text);
    g_free(trial->html);
    g_free(trial->test_id);
    g_clear_pointer(&trial->draft, ticket_template_free);
    g_free(trial->chosen);
    compose_source_free(trial->source);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Trial, trial_clear)

/* Whom the mail would be for. */
typedef struct {
    json_t *facts;
    Recipient *recipient;
} Subject;

static void subject_clear(Subject *subject)
{
    json_decref(subject->facts);
    recipient_free(subject->recipient);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Subject, subject_clear)

/* ---- what it is tried with ---- */

/* The first on its list, else its contact or account. */
static Recipient *first_recipient(DbTx *tx, const Ticket *ticket, const TicketPeople *people,
                                  GError **error)
{
    g_autoptr(GPtrArray) list = recipient_list(tx, ticket->number, error);
    if (list == NULL)
        return NULL;
    if (list->len > 0)
        return g_ptr_array_steal_index(list, 0);
    Recipient *recipient = g_new0(Recipient, 1);
    bool contact = people->contact.name != NULL;
    recipient->email = g_strdup(contact ? people->contact.email : people->account.email);
    recipient->name = g_strdup(contact ? people->contact.name : people->account.name);
    return recipient;
}

static bool read_ticket(const ApiCall *call, DbTx *tx, int64_t number, const Settings *settings,
                        Subject *subject, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_load(tx, number, error);
    if (ticket == NULL)
        return false;
    g_autoptr(TicketPeople) people =
        ticket_people_load(tx, ticket->account, ticket->contact, ticket->manager, error);
    if (people == NULL)
        return false;
    g_autoptr(GPtrArray) messages =
        ticket_message_list_recent(tx, ticket->number, FACTS_MESSAGES, error);
    if (messages == NULL)
        return false;
    subject->facts = facts_snapshot(ticket, people, &call->actor, settings);
    facts_set_correspondence(subject->facts, messages);
    subject->recipient = first_recipient(tx, ticket, people, error);
    return subject->recipient != NULL;
}

static void make_sample(const Settings *settings, Subject *subject)
{
    subject->facts = sample_facts(*settings->desk.name != '\0' ? &settings->desk : NULL);
    subject->recipient = g_new0(Recipient, 1);
    subject->recipient->email = g_strdup(SAMPLE_RECIPIENT);
    subject->recipient->name = g_strdup(SAMPLE_RECIPIENT_NAME);
}

/* A test goes to the employee, but is written as for the ticket's recipient. */
static void compose_for(Trial *trial, const TicketTemplate *record, const Subject *subject,
                        const char *language)
{
    const char *email = trial->to != NULL ? trial->to : subject->recipient->email;
    trial->source = compose_source_new(record, language, subject->facts, subject->recipient->name,
                                       email, trial->test_id);
    trial->chosen = g_strdup(language);
}

static bool has_words(const Trial *trial)
{
    return trial->subject != NULL || trial->text != NULL || trial->set_html;
}

/* The saved words in this language, if any, with those that are not saved in their place. Without a
 * version, so that nothing keeps it. */
static TicketTemplate *make_draft(const Trial *trial, const TicketTemplate *saved)
{
    const TemplateText *own = saved->texts->pdata[0];
    const char *language = trial->language != NULL ? trial->language : own->language;
    const TemplateText *text = ticket_template_text(saved, language);
    const char *subject = text != NULL ? text->subject : "";
    const char *body = text != NULL ? text->text : "";
    const char *html = text != NULL ? text->html : NULL;
    TicketTemplate *draft = ticket_template_new();
    draft->id = saved->id;
    draft->name = g_strdup(saved->name);
    draft->kind = g_strdup(saved->kind);
    g_ptr_array_add(draft->texts,
                    template_text_new(text != NULL ? text->language : language,
                                      trial->subject != NULL ? trial->subject : subject,
                                      trial->text != NULL ? trial->text : body,
                                      trial->set_html ? trial->html : html));
    return draft;
}

static bool choose_language(const Trial *trial, const TicketTemplate *record,
                            const Subject *subject, const Settings *settings, const char **language,
                            GError **error)
{
    if (trial->language != NULL) {
        const TemplateText *text = ticket_template_text(record, trial->language);
        if (text == NULL)
            error_set_problem(error, TD_ERROR_INVALID, "unknown-language", "/language",
                              "Template %" G_GINT64_FORMAT " has no words in \"%s\"", record->id,
                              trial->language);
        else
            *language = text->language;
        return text != NULL;
    }
    g_autoptr(GPtrArray) available = g_ptr_array_new();
    for (guint i = 0; i < record->texts->len; i++)
        g_ptr_array_add(available, ((TemplateText *)record->texts->pdata[i])->language);
    g_ptr_array_add(available, NULL);
    const char *wanted[] = {
        subject->recipient->language,
        trial->ticket != 0 ? json_get_text(json_object_get(subject->facts, "account"), "language")
                           : NULL,
        settings->desk.language};
    *language =
        language_choose((const char *const *)available->pdata, wanted, G_N_ELEMENTS(wanted));
    return true;
}

static bool check_employee(DbTx *tx, const Trial *trial, GError **error)
{
    bool found;
    int64_t id;
    if (!db_query_int(tx, &found, &id, error,
                      "SELECT id FROM employee WHERE active = 1 AND (email_key = $1 OR"
                      " email2_key = $1)",
                      "s", trial->to_key))
        return false;
    if (!found)
        error_set_problem(error, TD_ERROR_INVALID, "no-employee", "/to",
                          "%s is no active employee's address: a test of a template goes to"
                          " nobody else. Nothing was sent",
                          trial->to);
    return found;
}

static json_t *load(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    Trial *trial = data;
    g_clear_pointer(&trial->source, compose_source_free);
    g_clear_pointer(&trial->chosen, g_free);
    g_clear_pointer(&trial->draft, ticket_template_free);
    g_auto(Subject) subject = {0};
    g_autoptr(Settings) settings = settings_load(tx, error);
    g_autoptr(TicketTemplate) record =
        settings != NULL ? ticket_template_load(tx, trial->id, trial->version, error) : NULL;
    if (record == NULL || (trial->to != NULL && !check_employee(tx, trial, error)))
        return NULL;
    if (trial->ticket == 0)
        make_sample(settings, &subject);
    else if (!read_ticket(call, tx, trial->ticket, settings, &subject, error))
        return NULL;
    if (has_words(trial))
        trial->draft = make_draft(trial, record);
    const TicketTemplate *tried = trial->draft != NULL ? trial->draft : record;
    const char *language = ((TemplateText *)tried->texts->pdata[0])->language;
    if (trial->draft == NULL &&
        !choose_language(trial, record, &subject, settings, &language, error))
        return NULL;
    compose_for(trial, tried, &subject, language);
    trial->chosen_version = record->version;
    return json_true();
}

/* A ticket's words are for who may read tickets. */
static bool read_trial(ApiCall *call, Trial *trial, bool test, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL || !api_param_id(call, "id", "unknown-template", &trial->id, error))
        return false;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    if (test) {
        json_require(&reader, "to");
        input_address(&reader, "to", &trial->to, &trial->to_key);
    }
    json_read_id(&reader, "ticket", &trial->ticket);
    json_read_id(&reader, "version", &trial->version);
    input_language(&reader, "language", &trial->language);
    json_read_block(&reader, "subject", INPUT_SUBJECT_BYTES, &trial->subject);
    json_read_block(&reader, "text", LIMIT_TEMPLATE_BYTES, &trial->text);
    trial->set_html = input_html(&reader, "html", LIMIT_TEMPLATE_BYTES, &trial->html);
    return json_reader_end(&reader, error) &&
           (trial->ticket == 0 || api_require_scope(call, "tickets:read", error));
}

/* ---- the two ---- */

static json_t *render_trial(Api *api, const Trial *trial, GError **error)
{
    g_auto(ComposedText) text = {0};
    if (trial->draft != NULL && !template_prove(trial->draft, error))
        return NULL;
    if (!compose_text(api->composer, trial->source, &text, error))
        return NULL;
    json_t *value = json_object();
    json_set_text(value, "subject", text.subject);
    json_set_text(value, "text", text.text);
    json_set_text(value, "html", text.html);
    json_set_text(value, "language", trial->chosen);
    json_set_int(value, "version", trial->chosen_version);
    return value;
}

HttpResponse *templates_preview(ApiCall *call, GError **error)
{
    g_auto(Trial) trial = {0};
    json_auto_t *loaded =
        read_trial(call, &trial, false, error) ? api_read_json(call, load, &trial, error) : NULL;
    json_t *value = loaded != NULL ? render_trial(call->api, &trial, error) : NULL;
    return value != NULL ? http_response_json(200, value) : NULL;
}

static json_t *send_test(ApiCall *call, void *data, GError **error)
{
    Trial *trial = data;
    trial->test_id = random_base32(random_system(), TEST_ID_LETTERS);
    json_auto_t *loaded = api_read_json(call, load, trial, error);
    json_auto_t *value = loaded != NULL ? render_trial(call->api, trial, error) : NULL;
    json_t *sent = value != NULL ? call->api->test_template(trial->source, trial->to,
                                                            call->api->test_template_data, error)
                                 : NULL;
    if (sent != NULL) {
        json_object_set(sent, "subject", json_object_get(value, "subject"));
        json_object_set(sent, "language", json_object_get(value, "language"));
    }
    return sent;
}

HttpResponse *templates_test_send(ApiCall *call, GError **error)
{
    g_auto(Trial) trial = {0};
    if (!read_trial(call, &trial, true, error))
        return NULL;
    if (call->api->test_template == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "This process does not send mail; ask the one that runs the role \"alerts\"."
                  " Nothing was sent.");
        return NULL;
    }
    return api_work(call, send_test, &trial, error);
}

/* ---- the catalogue ---- */

HttpResponse *merge_fields_list(ApiCall *call, GError **error)
{
    json_t *items = json_array();
    for (size_t i = 0; i < merge_fields_n; i++) {
        const MergeField *field = &merge_fields[i];
        json_t *value = json_object();
        json_set_text(value, "name", field->name);
        json_set_text(value, "kind", merge_field_kind_name(field->kind));
        json_set_bool(value, "always", field->always);
        json_set_text(value, "in_html", merge_field_in_html(field->kind));
        json_set_text(value, "description", field->description);
        json_set_text(value, "example", field->example);
        json_array_append_new(items, value);
    }
    return http_response_json(200, render_page(items, 0));
}
