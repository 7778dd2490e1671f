/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ticket_input.h"

#include "api/input.h"
#include "base/error.h"
#include "records/settings.h"
#include "records/status.h"

#define TYPE_CHARS  64
#define SHOWN_CHARS 80 /* of what is no status, in its error */

static const char *const priorities[] = {"low", "normal", "high", "urgent", NULL};

json_t *ticket_labels(DbTx *tx, GError **error)
{
    g_autoptr(Settings) settings = settings_load(tx, error);
    return settings != NULL ? json_incref(settings->tickets.status_labels) : NULL;
}

/* ---- status ---- */

static void refuse_status(const json_t *value, const char *path, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (int i = 0; i < STATUS_N; i++)
        g_string_append_printf(names, "%s%s (%d)", i > 0 ? ", " : "", status_name(status_codes[i]),
                               (int)status_codes[i]);
    g_autofree char *shown = json_text(value);
    bool is_long = g_utf8_strlen(shown, -1) > SHOWN_CHARS;
    g_autofree char *start = is_long ? g_utf8_substring(shown, 0, SHOWN_CHARS) : g_strdup(shown);
    error_set_problem(error, TD_ERROR_INVALID, "unknown-status", path,
                      "%s%s is no ticket status; known are: %s", start, is_long ? "..." : "",
                      names->str);
}

bool ticket_status_read(DbTx *tx, const json_t *value, const char *path, int *code, GError **error)
{
    if (status_read(value, NULL, code))
        return true;
    json_auto_t *labels = ticket_labels(tx, error);
    if (labels == NULL)
        return false;
    if (status_read(value, labels, code))
        return true;
    refuse_status(value, path, error);
    return false;
}

/* A status that could be one; what it is comes later. */
static void take_status(JsonReader *reader, json_t **out)
{
    json_t *value;
    if (!json_read_any(reader, "status", &value))
        return;
    if (json_is_integer(value) || json_is_string(value)) {
        *out = value;
        return;
    }
    GError *failure = NULL;
    g_autofree char *path = json_reader_path(reader, "status");
    error_set_problem(&failure, TD_ERROR_INVALID, "wrong-type", path,
                      "%s must be a code or a name, such as 100 or \"New\"", path);
    json_reader_fail(reader, failure);
}

/* ---- opening ---- */

static void take_account(JsonReader *reader, int64_t *account)
{
    int64_t number = 0;
    if (!json_read_id(reader, "account", &number))
        return;
    if (number != 0) {
        *account = number;
        return;
    }
    GError *failure = NULL;
    g_autofree char *path = json_reader_path(reader, "account");
    error_set_problem(&failure, TD_ERROR_INVALID, "unknown-account", path,
                      "Every ticket belongs to an account; %s cannot be null", path);
    json_reader_fail(reader, failure);
}

static void take_recipients(JsonReader *reader, TicketDraft *draft)
{
    json_t *list;
    if (!json_read_any(reader, "recipients", &list))
        return;
    GError *failure = NULL;
    draft->recipients = input_recipients(list, "/recipients", &failure);
    if (draft->recipients == NULL)
        json_reader_fail(reader, failure);
}

void ticket_opening_clear(TicketOpening *opening)
{
    ticket_draft_clear(&opening->draft);
}

bool ticket_opening_read(json_t *body, TicketOpening *opening, GError **error)
{
    TicketDraft *draft = &opening->draft;
    draft->notify = true;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "account");
    json_require(&reader, "title");
    take_account(&reader, &draft->account);
    json_read_id(&reader, "contact", &draft->contact);
    json_read_id(&reader, "manager", &draft->manager);
    input_name(&reader, "title", LIMIT_TITLE_CHARS, &draft->title);
    json_read_block(&reader, "description", LIMIT_DESCRIPTION_BYTES, &draft->description);
    input_line(&reader, "type", TYPE_CHARS, &draft->type);
    input_choice(&reader, "priority", priorities, &draft->priority);
    take_status(&reader, &opening->status);
    json_read_time(&reader, "due", &draft->due_at);
    json_read_block(&reader, "resolution", LIMIT_RESOLUTION_BYTES, &draft->resolution);
    take_recipients(&reader, draft);
    json_read_bool(&reader, "notify", &draft->notify);
    return json_reader_end(&reader, error);
}

bool ticket_opening_settle(DbTx *tx, TicketOpening *opening, GError **error)
{
    return opening->status == NULL ||
           ticket_status_read(tx, opening->status, "/status", &opening->draft.status, error);
}

/* ---- changing ---- */

void ticket_changing_clear(TicketChanging *changing)
{
    ticket_change_clear(&changing->change);
    g_clear_pointer(&changing->path, g_free);
}

bool ticket_changing_read(json_t *body, const char *path, TicketChanging *changing, GError **error)
{
    TicketChange *change = &changing->change;
    change->notify = true;
    JsonReader reader;
    json_reader_init(&reader, body, path);
    changing->path = g_strconcat(path, "/status", NULL);
    take_status(&reader, &changing->status);
    unsigned fields = changing->status != NULL ? TICKET_SET_STATUS : 0;
    if (input_name(&reader, "title", LIMIT_TITLE_CHARS, &change->title))
        fields |= TICKET_SET_TITLE;
    if (json_read_block(&reader, "description", LIMIT_DESCRIPTION_BYTES, &change->description))
        fields |= TICKET_SET_DESCRIPTION;
    if (input_choice(&reader, "priority", priorities, &change->priority))
        fields |= TICKET_SET_PRIORITY;
    if (input_line(&reader, "type", TYPE_CHARS, &change->type))
        fields |= TICKET_SET_TYPE;
    if (json_read_time(&reader, "due", &change->due_at))
        fields |= TICKET_SET_DUE;
    if (json_read_block(&reader, "resolution", LIMIT_RESOLUTION_BYTES, &change->resolution))
        fields |= TICKET_SET_RESOLUTION;
    if (json_read_id(&reader, "manager", &change->manager))
        fields |= TICKET_SET_MANAGER;
    if (json_read_id(&reader, "contact", &change->contact))
        fields |= TICKET_SET_CONTACT;
    take_account(&reader, &change->account);
    if (change->account != 0)
        fields |= TICKET_SET_ACCOUNT;
    json_read_bool(&reader, "notify", &change->notify);
    change->fields = fields;
    return json_reader_end(&reader, error);
}

bool ticket_changing_settle(DbTx *tx, TicketChanging *changing, GError **error)
{
    return changing->status == NULL || ticket_status_read(tx, changing->status, changing->path,
                                                          &changing->change.status, error);
}
