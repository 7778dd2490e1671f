/* SPDX-License-Identifier: Apache-2.0 */
#include "console/form.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

const FieldChoice form_transports[] = {
    {"smtp", "By a mail server (SMTP)"},
    {"sendmail", "By this machine's sendmail program"},
    {"maildir", "Nowhere: into the desk's own Maildir, to try things out"},
    {NULL, NULL},
};

const FieldChoice form_securities[] = {
    {"starttls", "STARTTLS (usually port 587)"},
    {"tls", "TLS from the start (usually port 465)"},
    {"none", "None: only to this machine itself"},
    {NULL, NULL},
};

const FieldChoice form_languages[] = {
    {"en", "English"}, {"de", "German"},   {"es", "Spanish"},
    {"fr", "French"},  {"ja", "Japanese"}, {NULL, NULL},
};

/* ---- places ---- */

/* The object that holds the last part of a dotted name, made where `make` and it is missing. */
static json_t *holder(json_t *object, const char *name, bool make, const char **last)
{
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(name, '.')) {
        g_autofree char *part = g_strndup(name, (gsize)(dot - name));
        json_t *next = json_object_get(object, part);
        if (next == NULL && make) {
            next = json_object();
            json_object_set_new(object, part, next);
        }
        object = next;
        name = dot + 1;
    }
    *last = name;
    return object;
}

/* ---- reading ---- */

static void read_secret(const Page *page, const char *name, json_t *object, const char *key)
{
    g_autofree char *remove = g_strconcat(name, ".remove", NULL);
    const char *typed = page_field(page, name);
    if (*typed != '\0')
        json_set_text(object, key, typed);
    else if (page_ticked(page, remove))
        json_object_set_new(object, key, json_null());
}

/* What is no number goes on as it is: the API says so. */
static void read_number(const char *typed, bool nullable, json_t *object, const char *key)
{
    int64_t number;
    g_autofree char *text = g_strstrip(g_strdup(typed));
    if (text_to_int(text, INT64_MIN, INT64_MAX, &number))
        json_set_int(object, key, number);
    else if (*text != '\0')
        json_set_text(object, key, text);
    else if (nullable)
        json_object_set_new(object, key, json_null());
}

static void read_field(const Page *page, const FormField *field, const char *name, json_t *body)
{
    const char *key;
    json_t *object = holder(body, field->name, true, &key);
    const char *typed = page_field(page, name);
    switch (field->kind) {
    case FIELD_BOX:
        json_set_bool(object, key, page_ticked(page, name));
        break;
    case FIELD_SECRET:
        read_secret(page, name, object, key);
        break;
    case FIELD_NUMBER:
    case FIELD_RECORD:
        read_number(typed, field->kind == FIELD_RECORD, object, key);
        break;
    default:
        if (page_ticked(page, name)) /* it was sent */
            json_set_text(object, key, typed);
    }
}

void form_read(const Page *page, const FormField *fields, const char *prefix, json_t *body)
{
    for (const FormField *field = fields; field->name != NULL; field++) {
        g_autofree char *name = g_strconcat(prefix, field->name, NULL);
        read_field(page, field, name, body);
    }
}

void form_read_groups(const Page *page, const FormGroup *groups, json_t *body)
{
    for (const FormGroup *group = groups; group->fields != NULL; group++)
        form_read(page, group->fields, "", body);
}

/* ---- showing ---- */

static const char *const kind_names[] = {
    [FIELD_LINE] = "is_line",     [FIELD_ADDRESS] = "is_line",  [FIELD_BLOCK] = "is_block",
    [FIELD_NUMBER] = "is_number", [FIELD_BOX] = "is_box",       [FIELD_CHOICE] = "is_choice",
    [FIELD_RECORD] = "is_choice", [FIELD_SECRET] = "is_secret",
};

static void add_choice(json_t *list, const char *value, const char *label, bool selected)
{
    json_t *choice = json_object();
    json_set_text(choice, "value", value);
    json_set_text(choice, "label", label);
    json_set_bool(choice, "selected", selected);
    json_array_append_new(list, choice);
}

/* A value that is none of the choices (a program has set it) is one of them: it must not be lost by
 * saving something else. */
static json_t *show_choices(const FieldChoice *choices, const char *value)
{
    json_t *list = json_array();
    bool found = *value == '\0';
    for (const FieldChoice *choice = choices; choice != NULL && choice->value != NULL; choice++) {
        bool selected = strcmp(choice->value, value) == 0;
        add_choice(list, choice->value, choice->label, selected);
        found = found || selected;
    }
    if (!found)
        add_choice(list, value, value, true);
    return list;
}

static char *text_of(const json_t *value)
{
    if (json_is_integer(value))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return g_strdup(json_is_string(value) ? json_string_value(value) : "");
}

static void add_value(const Page *page, const FormField *field, const char *name,
                      const json_t *values, bool typed, json_t *shown)
{
    const char *key;
    json_t *object = holder((json_t *)values, field->name, false, &key);
    json_t *value = json_object_get(object, key);
    g_autofree char *stored = text_of(value);
    const char *text = typed ? page_field(page, name) : stored;
    bool box = field->kind == FIELD_BOX;
    json_set_bool(shown, "checked", box && (typed ? page_ticked(page, name) : json_is_true(value)));
    json_set_text(shown, "value", field->kind == FIELD_SECRET || box ? "" : text);
    if (field->kind == FIELD_CHOICE || field->kind == FIELD_RECORD)
        json_object_set_new(shown, "choices", show_choices(field->choices, text));
}

/* "fallback_relays.0.host" to "/fallback_relays/0/host" */
static bool is_to_blame(const Page *page, const char *name)
{
    const char *blamed = json_get_text(page->data, "error_field");
    g_autofree char *pointer = g_strconcat("/", name, NULL);
    g_strdelimit(pointer, ".", '/');
    return strcmp(blamed, pointer) == 0;
}

/* The ids of what is read out with the field. */
static void add_description(json_t *shown, const FormField *field, const char *id)
{
    bool helped = field->help != NULL || field->kind == FIELD_SECRET;
    bool blamed = json_is_string(json_object_get(shown, "problem"));
    g_autofree char *ids =
        g_strdup_printf("%s%s%s%s%s", blamed ? id : "", blamed ? "-problem" : "",
                        blamed && helped ? " " : "", helped ? id : "", helped ? "-help" : "");
    json_set_text(shown, "described", ids);
}

static json_t *show_field(const Page *page, const FormField *field, const char *prefix,
                          const json_t *values, bool typed)
{
    json_t *shown = json_object();
    g_autofree char *name = g_strconcat(prefix, field->name, NULL);
    g_autofree char *id = g_strdelimit(g_strdup(name), ".", '-');
    g_autofree char *when =
        field->when != NULL ? g_strconcat(prefix, field->when, NULL) : g_strdup("");
    json_set_bool(shown, kind_names[field->kind], true);
    json_set_text(shown, "id", id);
    json_set_text(shown, "name", name);
    json_set_text(shown, "label", field->label);
    json_set_text(shown, "help", field->help);
    json_set_text(shown, "when", when);
    json_set_text(shown, "type", field->kind == FIELD_ADDRESS ? "email" : "text");
    json_set_int(shown, "max", field->max);
    json_set_bool(shown, "wide", field->wide);
    json_set_text(shown, "problem",
                  is_to_blame(page, name) ? json_get_text(page->data, "problem") : NULL);
    add_description(shown, field, id);
    add_value(page, field, name, values, typed, shown);
    return shown;
}

json_t *form_show(const Page *page, const FormField *fields, const char *prefix,
                  const json_t *values, bool typed)
{
    json_t *list = json_array();
    for (const FormField *field = fields; field->name != NULL; field++)
        json_array_append_new(list, show_field(page, field, prefix, values, typed));
    return list;
}

json_t *form_show_groups(const Page *page, const FormGroup *groups, const json_t *values,
                         bool typed)
{
    json_t *list = json_array();
    for (const FormGroup *group = groups; group->fields != NULL; group++) {
        json_t *shown = json_object();
        json_set_text(shown, "title", group->title);
        json_set_text(shown, "intro", group->intro);
        json_set_text(shown, "when", group->when);
        json_object_set_new(shown, "fields", form_show(page, group->fields, "", values, typed));
        json_array_append_new(list, shown);
    }
    return list;
}

static void offer(json_t *field, const json_t *items, const char *value, const char *label,
                  const char *none)
{
    const char *selected = json_get_text(field, "value");
    json_t *choices = page_choices(items, value, label, selected);
    json_t *first = json_object();
    json_set_text(first, "value", "");
    json_set_text(first, "label", none);
    json_array_insert_new(choices, 0, first);
    json_object_set_new(field, "choices", choices);
}

void form_offer(json_t *shown, const char *name, const json_t *items, const char *value,
                const char *label, const char *none)
{
    size_t i;
    json_t *element;
    json_array_foreach(shown, i, element)
    {
        json_t *fields = json_object_get(element, "fields");
        if (fields != NULL)
            form_offer(fields, name, items, value, label, none);
        else if (strcmp(json_get_text(element, "name"), name) == 0)
            offer(element, items, value, label, none);
    }
}

bool form_refused(Page *page, const GError *error)
{
    if (!page_refused(page, error))
        return false;
    json_set_text(page->data, "error_field", error_field(error));
    return true;
}
