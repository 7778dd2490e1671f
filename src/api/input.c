/* SPDX-License-Identifier: Apache-2.0 */
#include "api/input.h"

#include "base/error.h"
#include "base/text.h"
#include "base/zone.h"
#include "mail/address.h"

#include <string.h>

/* Longer than any address may be, so that address_parse() says what is wrong with a long one. */
#define TYPED_ADDRESS_CHARS 1024

static void take(char **slot, char *value)
{
    g_free(*slot);
    *slot = value;
}

/* Fails the reader: "<pointer> <why>". */
static void fail_field(JsonReader *reader, const char *problem, const char *name, const char *why)
{
    g_autofree char *path = json_reader_path(reader, name);
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, problem, path, "%s %s", path, why);
    json_reader_fail(reader, failure);
}

bool input_name(JsonReader *reader, const char *name, size_t max_chars, char **out)
{
    g_autofree char *text = NULL;
    if (!json_read_line(reader, name, max_chars, &text))
        return false;
    if (*text == '\0') {
        fail_field(reader, "empty", name, "must not be empty");
        return false;
    }
    take(out, g_steal_pointer(&text));
    return true;
}

bool input_line(JsonReader *reader, const char *name, size_t max_chars, char **out)
{
    char *text = NULL;
    if (!json_read_optional_line(reader, name, max_chars, &text))
        return false;
    take(out, text);
    return true;
}

static bool parse_address(JsonReader *reader, const char *name, const char *text, char **address,
                          char **key)
{
    g_autofree char *path = json_reader_path(reader, name);
    g_autofree char *parsed = NULL;
    g_autofree char *parsed_key = NULL;
    GError *failure = NULL;
    if (!address_parse(text, path, &parsed, &parsed_key, &failure)) {
        json_reader_fail(reader, failure);
        return false;
    }
    take(address, g_steal_pointer(&parsed));
    take(key, g_steal_pointer(&parsed_key));
    return true;
}

bool input_address(JsonReader *reader, const char *name, char **address, char **key)
{
    g_autofree char *text = NULL;
    return json_read_line(reader, name, TYPED_ADDRESS_CHARS, &text) &&
           parse_address(reader, name, text, address, key);
}

bool input_optional_address(JsonReader *reader, const char *name, char **address, char **key)
{
    g_autofree char *text = NULL;
    if (!json_read_optional_line(reader, name, TYPED_ADDRESS_CHARS, &text))
        return false;
    if (text != NULL)
        return parse_address(reader, name, text, address, key);
    take(address, NULL);
    take(key, NULL);
    return true;
}

bool input_html(JsonReader *reader, const char *name, size_t max_bytes, char **html)
{
    if (!json_read_block(reader, name, max_bytes, html))
        return false;
    if (**html == '\0')
        g_clear_pointer(html, g_free);
    return true;
}

bool input_choice(JsonReader *reader, const char *name, const char *const *choices, char **out)
{
    g_autofree char *text = NULL;
    if (!json_read_line(reader, name, LIMIT_NAME_CHARS, &text))
        return false;
    if (!g_strv_contains(choices, text)) {
        g_autofree char *list = g_strjoinv(", ", (char **)choices);
        g_autofree char *why = g_strdup_printf("must be one of: %s", list);
        fail_field(reader, "invalid", name, why);
        return false;
    }
    take(out, g_steal_pointer(&text));
    return true;
}

/* The shape of a tag, not whether somebody speaks it: letters and digits in parts of 1 to 8. */
bool input_is_language(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "-", -1);
    for (char **part = parts; *part != NULL; part++) {
        size_t length = strlen(*part);
        if (length < (part == parts ? 2 : 1) || length > 8 ||
            strspn(*part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") !=
                length)
            return false;
    }
    return true;
}

bool input_language(JsonReader *reader, const char *name, char **out)
{
    g_autofree char *text = NULL;
    if (!json_read_optional_line(reader, name, 35, &text))
        return false;
    if (text != NULL && !input_is_language(text)) {
        fail_field(reader, "invalid", name, "must be a language tag such as \"de\" or \"en-GB\"");
        return false;
    }
    take(out, g_steal_pointer(&text));
    return true;
}

bool input_time_zone(JsonReader *reader, const char *name, char **out)
{
    g_autofree char *text = NULL;
    if (!json_read_optional_line(reader, name, 64, &text))
        return false;
    if (text != NULL && zone_find(text) == NULL) {
        fail_field(reader, "invalid", name,
                   "is no time zone known here; write it as Europe/Berlin");
        return false;
    }
    take(out, g_steal_pointer(&text));
    return true;
}

bool input_check_address(const char *text, const char *path, char **out, GError **error)
{
    return address_parse(text, path, out, NULL, error);
}

bool input_check_domain(const char *text, const char *path, char **out, GError **error)
{
    /* A domain is whatever an address could have behind its "@". */
    g_autofree char *typed = g_strconcat("x@", text, NULL);
    g_autofree char *address = NULL;
    if (!address_parse(typed, path, &address, NULL, NULL)) {
        error_set_problem(error, TD_ERROR_INVALID, "bad-domain", path,
                          "%s: \"%s\" is no mail domain; write it as example.com", path, text);
        return false;
    }
    *out = g_strdup(address_domain(address));
    return true;
}

static bool read_text(json_t *value, const char *path, InputCheck check, char **out, GError **error)
{
    if (!json_is_string(value)) {
        error_set_problem(error, TD_ERROR_INVALID, "wrong-type", path, "%s must be a text", path);
        return false;
    }
    g_autofree char *line = NULL;
    return text_one_line(json_string_value(value), json_string_length(value), TYPED_ADDRESS_CHARS,
                         path, &line, error) &&
           check(line, path, out, error);
}

bool input_texts(JsonReader *reader, const char *name, size_t max_items, InputCheck check,
                 char **out)
{
    json_t *list;
    if (!json_read_array(reader, name, max_items, &list))
        return false;
    json_auto_t *checked = json_array();
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        g_autofree char *path = json_reader_path_at(reader, name, i);
        g_autofree char *text = NULL;
        GError *failure = NULL;
        if (!read_text(value, path, check, &text, &failure)) {
            json_reader_fail(reader, failure);
            return false;
        }
        json_array_append_new(checked, json_string(text));
    }
    take(out, json_text(checked));
    return true;
}

/* Which of two hundred addresses is meant must be plain from the words alone. */
static void name_position(GError *failure, size_t position)
{
    if (position == 0)
        return;
    g_autofree char *words = g_strdup_printf("Recipient %zu: %s", position, failure->message);
    g_free(failure->message);
    failure->message = g_steal_pointer(&words);
}

RecipientDraft *input_recipient(json_t *value, const char *path, size_t position, GError **error)
{
    RecipientDraft *draft = g_new0(RecipientDraft, 1);
    JsonReader reader;
    json_reader_init(&reader, value, path);
    json_require(&reader, "email");
    input_address(&reader, "email", &draft->email, &draft->email_key);
    input_line(&reader, "name", LIMIT_NAME_CHARS, &draft->name);
    GError *failure = NULL;
    if (json_reader_end(&reader, &failure))
        return draft;
    recipient_draft_free(draft);
    name_position(failure, position);
    g_propagate_error(error, failure);
    return NULL;
}

GPtrArray *input_recipients(json_t *list, const char *path, GError **error)
{
    if (!json_is_array(list) || json_array_size(list) > LIMIT_RECIPIENTS_PER_TICKET) {
        bool many = json_is_array(list);
        error_set_problem(error, TD_ERROR_INVALID, many ? "too-many" : "wrong-type", path,
                          many ? "A ticket can have at most %d external recipients"
                               : "The recipients must be a list of at most %d",
                          LIMIT_RECIPIENTS_PER_TICKET);
        return NULL;
    }
    g_autoptr(GPtrArray) drafts =
        g_ptr_array_new_with_free_func((GDestroyNotify)recipient_draft_free);
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        g_autofree char *entry = g_strdup_printf("%s/%zu", path, i);
        RecipientDraft *draft = input_recipient(value, entry, i + 1, error);
        if (draft == NULL)
            return NULL;
        g_ptr_array_add(drafts, draft);
    }
    return g_steal_pointer(&drafts);
}

json_t *input_whole_list(json_t *body, const char *name, char **path, GError **error)
{
    if (json_is_array(body)) {
        *path = g_strdup("");
        return body;
    }
    const char *field = json_object_get(body, name) != NULL ? name : "items";
    json_t *list = NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, field);
    json_read_any(&reader, field, &list);
    if (!json_reader_end(&reader, error))
        return NULL;
    *path = json_reader_path(&reader, field);
    return list;
}
