/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first start, in four steps: the desk, outgoing mail with its live test, the first account,
 * and the alerts. Each can be skipped; what is done is found out from the desk itself, so nothing
 * has to be remembered, and what was done elsewhere counts.
 */
#include "console/setup.h"

#include "base/error.h"
#include "base/text.h"
#include "console/form.h"
#include "console/pages.h"
#include "console/test_mail.h"

#include <string.h>

enum { STEP_DESK, STEP_MAIL, STEP_ACCOUNT, STEP_ALERTS, N_STEPS };

static const struct {
    const char *name, *title;
} steps[N_STEPS] = {
    [STEP_DESK] = {"desk", "Your desk"},
    [STEP_MAIL] = {"mail", "Outgoing mail"},
    [STEP_ACCOUNT] = {"account", "The first account"},
    [STEP_ALERTS] = {"alerts", "The first alerts"},
};

/* ---- what is done ---- */

static bool was_ever_active(Page *page, bool *ever, GError **error)
{
    json_auto_t *answer = page_get(page, error, "/options/alerts-server/changes?limit=200");
    size_t i;
    json_t *change;
    *ever = false;
    json_array_foreach(json_object_get(answer, "items"), i, change)
    {
        *ever = *ever || json_get_bool(json_object_get(change, "after"), "active", false);
    }
    return answer != NULL;
}

static bool has_account(Page *page, bool *has, GError **error)
{
    json_auto_t *answer = page_get(page, error, "/accounts?limit=1");
    *has = json_array_size(json_object_get(answer, "items")) > 0;
    return answer != NULL;
}

static bool find_done(Page *page, bool done[N_STEPS], GError **error)
{
    const Settings *settings = page_settings(page, error);
    if (settings == NULL)
        return false;
    done[STEP_DESK] = *settings->desk.name != '\0';
    done[STEP_MAIL] = settings->alerts_server.active;
    done[STEP_ALERTS] =
        settings->alerts.new_ticket.enabled || settings->alerts.ticket_closed.enabled;
    return (done[STEP_MAIL] || was_ever_active(page, &done[STEP_MAIL], error)) &&
           has_account(page, &done[STEP_ACCOUNT], error);
}

static int count_done(const bool done[N_STEPS])
{
    int n = 0;
    for (int i = 0; i < N_STEPS; i++)
        n += done[i] ? 1 : 0;
    return n;
}

bool setup_add_banner(Page *page, GError **error)
{
    bool done[N_STEPS];
    if (strcmp(page->employee->role, "admin") != 0)
        return true;
    if (!find_done(page, done, error))
        return false;
    if (done[STEP_DESK] && done[STEP_MAIL] && done[STEP_ACCOUNT])
        return true;
    json_t *setup = json_object();
    g_autofree char *words = g_strdup_printf("%d of %d", count_done(done), N_STEPS);
    json_set_text(setup, "done", words);
    json_object_set_new(page->data, "setup", setup);
    return true;
}

/* ---- the forms ---- */

static const FormField desk_fields[] = {
    {"name", FIELD_LINE, "Name of your desk", .help = "As customers read it in their mails.",
     .max = 255, .wide = true},
    {"language", FIELD_CHOICE, "Language", .max = 35, .choices = form_languages},
    {"time_zone", FIELD_LINE, "Time zone",
     .help = "For example Europe/London, America/New_York, UTC.", .max = 64},
    {"phone", FIELD_LINE, "Phone", .max = 64},
    {"hours", FIELD_LINE, "Hours", .help = "For example: Monday to Friday, 8:00 to 18:00",
     .max = 255},
    {.name = NULL},
};

#define SMTP "transport=smtp"
static const FormField mail_fields[] = {
    {"transport", FIELD_CHOICE, "Mails leave", .choices = form_transports, .wide = true},
    {"host", FIELD_LINE, "Host", .help = "For example smtp.example.com", .max = 253, .when = SMTP},
    {"port", FIELD_NUMBER, "Port", .max = 65535, .when = SMTP},
    {"security", FIELD_CHOICE, "Encryption", .choices = form_securities, .when = SMTP},
    {"username", FIELD_LINE, "User name", .help = "Empty: the server asks for none.", .max = 255,
     .when = SMTP},
    {"password", FIELD_SECRET, "Password", .max = 255, .when = SMTP},
    {"from_name", FIELD_LINE, "Sender's name", .max = 255},
    {"from_address", FIELD_ADDRESS, "Sender's address", .max = 254},
    {.name = NULL},
};

static const FormField account_fields[] = {
    {"name", FIELD_LINE, "Name of the customer", .max = 255},
    {"email", FIELD_ADDRESS, "Address of the customer", .help = "Of the company, not of a person.",
     .max = 254},
    {.name = NULL},
};
static const FormField contact_fields[] = {
    {"name", FIELD_LINE, "Name", .max = 255},
    {"email", FIELD_ADDRESS, "Email address", .max = 254},
    {.name = NULL},
};
#define CONTACT "contact."

static const FormField alert_fields[] = {
    {"new_ticket.enabled", FIELD_BOX, "Tell customers when a ticket is opened", .wide = true},
    {"ticket_closed.enabled", FIELD_BOX, "Tell customers when a ticket is closed", .wide = true},
    {.name = NULL},
};

/* ---- the page ---- */

static int step_from_name(const char *name)
{
    for (int i = 0; i < N_STEPS; i++)
        if (strcmp(steps[i].name, name) == 0)
            return i;
    return -1;
}

static void add_steps(Page *page, const bool done[N_STEPS], int current)
{
    json_t *list = json_array();
    for (int i = 0; i < N_STEPS; i++) {
        json_t *step = json_object();
        json_set_int(step, "number", i + 1);
        json_set_text(step, "name", steps[i].name);
        json_set_text(step, "title", steps[i].title);
        json_set_bool(step, "done", done[i]);
        json_set_bool(step, "current", i == current);
        json_array_append_new(list, step);
    }
    json_object_set_new(page->data, "steps_of_setup", list);
    json_t *at = json_object();
    if (current >= 0 && current < N_STEPS)
        json_set_bool(at, steps[current].name, true);
    json_object_set_new(page->data, "at", at);
    json_set_text(page->data, "skip",
                  current >= 0 && current + 1 < N_STEPS ? steps[current + 1].name : NULL);
    json_set_bool(page->data, "finished", count_done(done) == N_STEPS);
}

static bool add_section_form(Page *page, const char *section, const FormField *fields, bool typed,
                             GError **error)
{
    json_auto_t *values = page_get(page, error, "/options/%s", section);
    if (values == NULL)
        return false;
    json_object_set_new(page->data, "fields", form_show(page, fields, "", values, typed));
    return true;
}

static bool add_mail_form(Page *page, bool typed, GError **error)
{
    json_auto_t *values = page_get(page, error, "/options/alerts-server");
    if (values == NULL || !test_mail_add_state(page, error))
        return false;
    /* Who sets a desk up wants a mail server, whatever it came with. */
    if (*json_get_text(values, "from_address") == '\0') {
        json_set_text(values, "transport", "smtp");
        json_set_int(values, "port", 587);
    }
    json_object_set_new(page->data, "fields", form_show(page, mail_fields, "", values, typed));
    json_set_bool(page->data, "active", json_get_bool(values, "active", false));
    return true;
}

/* Two lists of fields in one form: each in an object of its own, where the view's partial looks. */
static void add_part(Page *page, const char *name, json_t *fields)
{
    json_t *part = json_object();
    json_object_set_new(part, "fields", fields);
    json_object_set_new(page->data, name, part);
}

static bool add_account_form(Page *page, bool typed)
{
    json_auto_t *nothing = json_object();
    add_part(page, "account_form", form_show(page, account_fields, "", nothing, typed));
    add_part(page, "contact_form", form_show(page, contact_fields, CONTACT, nothing, typed));
    return true;
}

static bool add_alerts_form(Page *page, bool typed, GError **error)
{
    const Settings *settings = page_settings(page, error);
    if (settings == NULL)
        return false;
    json_auto_t *both =
        json_pack("{s:{s:b}, s:{s:b}}", "new_ticket", "enabled", 1, "ticket_closed", "enabled", 1);
    json_object_set_new(page->data, "fields", form_show(page, alert_fields, "", both, typed));
    json_set_bool(page->data, "active", settings->alerts_server.active);
    return true;
}

static bool add_form(Page *page, int step, bool typed, GError **error)
{
    switch (step) {
    case STEP_DESK:
        return add_section_form(page, "desk", desk_fields, typed, error);
    case STEP_MAIL:
        return add_mail_form(page, typed, error);
    case STEP_ACCOUNT:
        return add_account_form(page, typed);
    default:
        return add_alerts_form(page, typed, error);
    }
}

static HttpResponse *show(Page *page, int status, int step, bool typed, GError **error)
{
    bool done[N_STEPS];
    if (!find_done(page, done, error))
        return NULL;
    for (int i = 0; step < 0 && i < N_STEPS; i++)
        if (!done[i])
            step = i;
    add_steps(page, done, step);
    return step < 0 || add_form(page, step, typed, error)
               ? page_view(page, status, "setup", "Set up your desk", error)
               : NULL;
}

HttpResponse *setup_show(Page *page, GError **error)
{
    return show(page, 200, step_from_name(page_query(page, "step")), false, error);
}

/* ---- saving ---- */

/* Where a step ends: the next one that is not done, or the same form with what was refused. */
static HttpResponse *finish(Page *page, int step, bool saved, const char *done, GError *failure,
                            GError **error)
{
    g_autoptr(GError) owned = failure;
    if (saved)
        return page_redirect(page, done, "/setup");
    if (form_refused(page, owned))
        return show(page, page_status(owned), step, true, error);
    g_propagate_error(error, g_steal_pointer(&owned));
    return NULL;
}

static bool put(Page *page, const char *section, json_t *body, GError **error)
{
    json_auto_t *saved = page_send(page, "PUT", body, error, "/options/%s", section);
    return saved != NULL;
}

HttpResponse *setup_desk_post(Page *page, GError **error)
{
    GError *failure = NULL;
    json_t *body = json_object();
    form_read(page, desk_fields, "", body);
    bool saved = put(page, "desk", body, &failure);
    return finish(page, STEP_DESK, saved, "saved", failure, error);
}

/* Saves and sends a test mail in one: its dialogue is the answer. */
HttpResponse *setup_mail_post(Page *page, GError **error)
{
    GError *failure = NULL;
    json_t *body = json_object();
    form_read(page, mail_fields, "", body);
    if (!put(page, "alerts-server", body, &failure))
        return finish(page, STEP_MAIL, false, NULL, failure, error);
    int status = test_mail_send(page, error);
    return status != 0 ? show(page, status, STEP_MAIL, true, error) : NULL;
}

HttpResponse *setup_activate_post(Page *page, GError **error)
{
    GError *failure = NULL;
    json_t *body = json_object();
    json_set_bool(body, "active", true);
    bool saved = put(page, "alerts-server", body, &failure);
    return finish(page, STEP_MAIL, saved, "activated", failure, error);
}

/* The number of the account, which an earlier try may have made already; 0 with an error. */
static int64_t make_account(Page *page, GError **error)
{
    int64_t number;
    if (text_to_int(page_field(page, "account"), 1, INT64_MAX, &number))
        return number;
    json_t *body = json_object();
    form_read(page, account_fields, "", body);
    json_auto_t *account = page_send(page, "POST", body, error, "/accounts");
    return account != NULL ? json_get_int(account, "number") : 0;
}

static bool make_contact(Page *page, int64_t account, GError **error)
{
    json_t *body = json_object();
    form_read(page, contact_fields, CONTACT, body);
    json_set_int(body, "account", account);
    g_autoptr(GError) failure = NULL;
    json_auto_t *contact = page_send(page, "POST", body, &failure, "/contacts");
    if (contact != NULL)
        return true;
    /* "/email" of a contact is another field of this form. */
    g_autofree char *field =
        error_field(failure) != NULL ? g_strconcat("/contact", error_field(failure), NULL) : NULL;
    error_set_problem(error, error_code(failure), g_intern_string(error_problem(failure)), field,
                      "%s", failure->message);
    return false;
}

HttpResponse *setup_account_post(Page *page, GError **error)
{
    GError *failure = NULL;
    bool person =
        *page_field(page, CONTACT "name") != '\0' || *page_field(page, CONTACT "email") != '\0';
    int64_t account = make_account(page, &failure);
    bool saved = account != 0 && (!person || make_contact(page, account, &failure));
    if (account != 0)
        json_set_int(page->data, "account", account);
    return finish(page, STEP_ACCOUNT, saved, "saved", failure, error);
}

HttpResponse *setup_alerts_post(Page *page, GError **error)
{
    GError *failure = NULL;
    json_t *body = json_object();
    form_read(page, alert_fields, "", body);
    bool saved = put(page, "alerts-to-customers", body, &failure);
    return finish(page, STEP_ALERTS, saved, "saved", failure, error);
}
