/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/templates.h"

#include "alerts/builtin.h"
#include "alerts/proof.h"
#include "base/error.h"
#include "records/settings.h"

#include <stdlib.h>
#include <string.h>

void template_change_clear(TemplateChange *change)
{
    g_free(change->name);
    g_free(change->kind);
    g_free(change->language);
    g_free(change->subject);
    g_free(change->text);
    g_free(change->html);
    g_clear_pointer(&change->translations, g_ptr_array_unref);
}

void template_plan_free(TemplatePlan *plan)
{
    if (plan == NULL)
        return;
    ticket_template_free(plan->record);
    g_free(plan);
}

/* ---- reading ---- */

typedef struct {
    int64_t id, version; /* the version: 0 is the newest */
    TicketTemplate *now, *then;
    char *language; /* the desk's */
} Reading;

static void reading_clear(Reading *reading)
{
    g_clear_pointer(&reading->now, ticket_template_free);
    g_clear_pointer(&reading->then, ticket_template_free);
    g_clear_pointer(&reading->language, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static bool read_template(DbTx *tx, void *data, GError **error)
{
    Reading *reading = data;
    reading_clear(reading);
    reading->now = ticket_template_load(tx, reading->id, 0, error);
    if (reading->now == NULL || reading->version == 0)
        return reading->now != NULL;
    reading->then = ticket_template_load(tx, reading->id, reading->version, error);
    return reading->then != NULL;
}

static bool read_language(DbTx *tx, void *data, GError **error)
{
    Reading *reading = data;
    reading_clear(reading);
    g_autoptr(Settings) settings = settings_load(tx, error);
    if (settings != NULL)
        reading->language = g_strdup(settings->desk.language);
    return settings != NULL;
}

/* ---- putting together ---- */

static void set_text(char **field, const char *value)
{
    if (value == NULL)
        return;
    g_free(*field);
    *field = g_strdup(value);
}

static void remove_language(TicketTemplate *record, const char *language)
{
    for (guint i = 1; i < record->texts->len; i++) {
        const TemplateText *text = record->texts->pdata[i];
        if (g_ascii_strcasecmp(text->language, language) == 0) {
            g_ptr_array_remove_index(record->texts, i);
            return;
        }
    }
}

static bool refuse_language(const TemplateText *own, GError **error)
{
    error_set_problem(error, TD_ERROR_INVALID, "language-twice", "/translations",
                      "\"%s\" is the template's own language; its words are \"subject\", \"text\""
                      " and \"html\". Nothing was saved",
                      own->language);
    return false;
}

static gint by_language(gconstpointer a, gconstpointer b)
{
    const TemplateText *const *left = a, *const *right = b;
    return strcmp((*left)->language, (*right)->language);
}

/* All but the first. */
static void sort_translations(TicketTemplate *record)
{
    GPtrArray *texts = record->texts;
    if (texts->len > 2)
        qsort(texts->pdata + 1, texts->len - 1, sizeof(gpointer), by_language);
}

static bool put_translations(TicketTemplate *record, GPtrArray *translations, GError **error)
{
    TemplateText *own = record->texts->pdata[0];
    for (guint i = 0; translations != NULL && i < translations->len; i++) {
        const TemplateText *text = translations->pdata[i];
        if (text->subject != NULL && g_ascii_strcasecmp(text->language, own->language) == 0)
            return refuse_language(own, error);
        remove_language(record, text->language);
        if (text->subject != NULL)
            g_ptr_array_add(record->texts, template_text_new(text->language, text->subject,
                                                             text->text, text->html));
    }
    for (guint i = 1; i < record->texts->len; i++) {
        const TemplateText *text = record->texts->pdata[i];
        if (g_ascii_strcasecmp(text->language, own->language) == 0)
            return refuse_language(own, error);
    }
    sort_translations(record);
    return true;
}

static bool apply(TicketTemplate *record, const TemplateChange *change, GError **error)
{
    TemplateText *own = record->texts->pdata[0];
    set_text(&record->name, change->name);
    set_text(&own->language, change->language);
    set_text(&own->subject, change->subject);
    set_text(&own->text, change->text);
    if (change->set_html) {
        g_clear_pointer(&own->html, g_free);
        own->html = g_strdup(change->html);
    }
    return put_translations(record, change->translations, error);
}

static bool has_builtin_words(const TicketTemplate *record)
{
    g_autoptr(TicketTemplate) builtin =
        record->builtin != NULL ? builtin_template(record->builtin) : NULL;
    return builtin != NULL && ticket_template_same_texts(record, builtin);
}

/* Takes `record`. */
static TemplatePlan *prove(TicketTemplate *record, GError **error)
{
    g_autoptr(TemplatePlan) plan = g_new0(TemplatePlan, 1);
    plan->record = record;
    plan->built_in = has_builtin_words(record);
    return template_prove(record, error) ? g_steal_pointer(&plan) : NULL;
}

static void take_texts(TicketTemplate *to, const TicketTemplate *from)
{
    g_ptr_array_set_size(to->texts, 0);
    for (guint i = 0; i < from->texts->len; i++) {
        const TemplateText *text = from->texts->pdata[i];
        g_ptr_array_add(to->texts,
                        template_text_new(text->language, text->subject, text->text, text->html));
    }
}

static TicketTemplate *copy_of(const TicketTemplate *record)
{
    TicketTemplate *copy = ticket_template_new();
    copy->id = record->id;
    copy->name = g_strdup(record->name);
    copy->kind = g_strdup(record->kind);
    copy->builtin = g_strdup(record->builtin);
    copy->version = record->version;
    take_texts(copy, record);
    return copy;
}

/* ---- plans ---- */

TemplatePlan *template_plan_new(Desk *desk, const TemplateChange *change, GError **error)
{
    g_auto(Reading) reading = {0};
    if (!db_read(desk_db(desk), read_language, &reading, error))
        return NULL;
    g_autoptr(TicketTemplate) record = ticket_template_new();
    record->kind = g_strdup(change->kind != NULL ? change->kind : "ticket");
    g_ptr_array_add(record->texts, template_text_new(reading.language, "", "", NULL));
    return apply(record, change, error) ? prove(g_steal_pointer(&record), error) : NULL;
}

static void set_changed(const TicketTemplate *record, int64_t version, GError **error)
{
    error_set_problem(error, TD_ERROR_CONFLICT, "template-changed", "/version",
                      "Version %" G_GINT64_FORMAT " of template %" G_GINT64_FORMAT
                      " is not the newest any more, which is %" G_GINT64_FORMAT
                      ": somebody else has changed it. Nothing was changed; look at the newest"
                      " version and change that",
                      version, record->id, record->version);
}

TemplatePlan *template_plan_change(Desk *desk, int64_t id, const TemplateChange *change,
                                   GError **error)
{
    g_auto(Reading) reading = {.id = id};
    if (!db_read(desk_db(desk), read_template, &reading, error))
        return NULL;
    const TicketTemplate *now = reading.now;
    if (change->version != 0 && change->version != now->version) {
        set_changed(now, change->version, error);
        return NULL;
    }
    g_autoptr(TicketTemplate) record = copy_of(now);
    if (!apply(record, change, error))
        return NULL;
    TemplatePlan *plan = prove(g_steal_pointer(&record), error);
    if (plan != NULL)
        plan->same = strcmp(plan->record->name, now->name) == 0 &&
                     ticket_template_same_texts(plan->record, now);
    return plan;
}

static bool take_builtin(TicketTemplate *record, GError **error)
{
    g_autoptr(TicketTemplate) builtin =
        record->builtin != NULL ? builtin_template(record->builtin) : NULL;
    if (builtin != NULL) {
        take_texts(record, builtin);
        return true;
    }
    error_set_problem(error, TD_ERROR_INVALID, "not-built-in", NULL,
                      "Template %" G_GINT64_FORMAT " is none of the built-in ones: it has no words"
                      " of the program's own. Name the version to restore. Nothing was changed",
                      record->id);
    return false;
}

TemplatePlan *template_plan_restore(Desk *desk, int64_t id, int64_t version, GError **error)
{
    g_auto(Reading) reading = {.id = id, .version = version};
    if (!db_read(desk_db(desk), read_template, &reading, error))
        return NULL;
    g_autoptr(TicketTemplate) record = copy_of(reading.now);
    if (reading.then != NULL)
        take_texts(record, reading.then);
    else if (!take_builtin(record, error))
        return NULL;
    TemplatePlan *plan = prove(g_steal_pointer(&record), error);
    if (plan != NULL)
        plan->restored_from = version;
    return plan;
}

TemplatePlan *template_plan_copy(Desk *desk, int64_t id, const char *name, GError **error)
{
    g_auto(Reading) reading = {.id = id};
    if (!db_read(desk_db(desk), read_template, &reading, error))
        return NULL;
    g_autoptr(TicketTemplate) record = copy_of(reading.now);
    record->id = 0;
    g_clear_pointer(&record->builtin, g_free);
    set_text(&record->name, name);
    return prove(g_steal_pointer(&record), error);
}

/* ---- writing ---- */

TicketTemplate *template_write(DeskTx *tx, const TemplatePlan *plan, GError **error)
{
    const TemplateSave save = {.author = tx->actor,
                               .at = tx->now_us,
                               .restored_from = plan->restored_from,
                               .built_in = plan->built_in};
    g_autoptr(TicketTemplate) record = copy_of(plan->record);
    bool ok = plan->same        ? true
              : record->id != 0 ? ticket_template_save(tx->db, record, &save, error)
                                : ticket_template_insert(tx->db, record, &save, error);
    return ok ? g_steal_pointer(&record) : NULL;
}

static const char *where_used(const AlertsToCustomersSettings *alerts, int64_t id)
{
    if (alerts->new_ticket.template_id == id)
        return "the New Ticket alert (alerts-to-customers, new_ticket.template)";
    if (alerts->ticket_closed.template_id == id)
        return "the Ticket Closed alert (alerts-to-customers, ticket_closed.template)";
    return NULL;
}

bool template_remove(DeskTx *tx, int64_t id, GError **error)
{
    g_autoptr(TicketTemplate) record = ticket_template_load(tx->db, id, 0, error);
    g_autoptr(Settings) settings = record != NULL ? settings_load(tx->db, error) : NULL;
    if (settings == NULL)
        return false;
    const char *used = where_used(&settings->alerts, id);
    if (record->builtin != NULL) {
        error_set_problem(error, TD_ERROR_CONFLICT, "template-built-in", NULL,
                          "\"%s\" is built in: it is what alerts fall back to, and cannot be"
                          " deleted. Its own words can be restored at any time",
                          record->name);
        return false;
    }
    if (used != NULL) {
        error_set_problem(error, TD_ERROR_CONFLICT, "template-in-use", NULL,
                          "\"%s\" is used by %s; choose another template there first. Nothing was"
                          " deleted",
                          record->name, used);
        return false;
    }
    return ticket_template_delete(tx->db, id, tx->now_us, error);
}
