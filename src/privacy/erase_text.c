/* SPDX-License-Identifier: Apache-2.0 */
#include "privacy/erase_text.h"

#include "base/json.h"
#include "mail/address.h"

#include <string.h>

typedef struct {
    char *needle;
    const char *by;  /* borrowed from the words */
    bool whole_only; /* a name of one word is no name in the midst of a text */
} Needle;

struct ErasedWords {
    json_t *person;      /* a copy: owns the texts */
    GArray *addresses;   /* of Needle */
    GArray *names;       /* of Needle */
    GPtrArray *patterns; /* of char * */
};

static void clear_needle(gpointer data)
{
    g_free(((Needle *)data)->needle);
}

static void add_needle(GArray *list, const char *text, const char *by, bool whole_only)
{
    for (guint i = 0; i < list->len; i++)
        if (g_ascii_strcasecmp(g_array_index(list, Needle, i).needle, text) == 0)
            return;
    const Needle needle = {g_strdup(text), by, whole_only};
    g_array_append_val(list, needle);
}

/* What is in front of the "@", and what is behind it. */
static char *other_form(const char *address, const char *between, const char *domain)
{
    const char *at = strrchr(address, '@');
    return g_strdup_printf("%.*s%s%s", (int)(at - address), address, between, domain);
}

/* The longest run of ASCII: what lower() makes of the rest differs between engines. */
static void append_run(GString *pattern, const char *text, gsize length)
{
    gsize best = 0, best_length = 0, begin = 0;
    for (gsize i = 0; i <= length; i++) {
        if (i < length && (guchar)text[i] < 0x80)
            continue;
        if (i - begin > best_length) {
            best = begin;
            best_length = i - begin;
        }
        begin = i + 1;
    }
    for (gsize i = best; i < best + best_length; i++) {
        if (strchr("%_!", text[i]) != NULL)
            g_string_append_c(pattern, '!');
        g_string_append_c(pattern, g_ascii_tolower(text[i]));
    }
}

static void add_pattern(ErasedWords *words, const char *address)
{
    const char *at = strrchr(address, '@');
    g_autoptr(GString) pattern = g_string_new("%");
    append_run(pattern, address, at - address);
    g_string_append_c(pattern, '%');
    append_run(pattern, at + 1, strlen(at + 1));
    g_string_append_c(pattern, '%');
    if (!g_ptr_array_find_with_equal_func(words->patterns, pattern->str, g_str_equal, NULL))
        g_ptr_array_add(words->patterns, g_strdup(pattern->str));
}

static void add_address(ErasedWords *words, const char *address, const char *by)
{
    const char *domain = address_domain(address);
    if (*domain == '\0')
        return;
    g_autofree char *encoded = other_form(address, "%40", domain);
    g_autofree char *unicode = g_hostname_to_unicode(domain);
    add_needle(words->addresses, address, by, false);
    add_needle(words->addresses, encoded, by, false);
    add_pattern(words, address);
    if (unicode == NULL || strcmp(unicode, domain) == 0)
        return;
    g_autofree char *readable = other_form(address, "@", unicode);
    add_needle(words->addresses, readable, by, false);
    add_pattern(words, readable);
}

ErasedWords *erased_words_new(const json_t *person)
{
    ErasedWords *words = g_new0(ErasedWords, 1);
    words->person = json_deep_copy(person);
    words->addresses = g_array_new(FALSE, FALSE, sizeof(Needle));
    words->names = g_array_new(FALSE, FALSE, sizeof(Needle));
    g_array_set_clear_func(words->addresses, clear_needle);
    g_array_set_clear_func(words->names, clear_needle);
    words->patterns = g_ptr_array_new_with_free_func(g_free);
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(words->person, "addresses"), i, one)
    {
        add_address(words, json_get_text(one, "address"), json_get_text(one, "pseudonym"));
        add_address(words, json_get_text(one, "key"), json_get_text(one, "pseudonym"));
    }
    json_array_foreach(json_object_get(words->person, "names"), i, one)
    {
        const char *name = json_string_value(one);
        add_needle(words->names, name, json_get_text(words->person, "name"),
                   strchr(name, ' ') == NULL);
    }
    return words;
}

void erased_words_free(ErasedWords *words)
{
    if (words == NULL)
        return;
    json_decref(words->person);
    g_array_unref(words->addresses);
    g_array_unref(words->names);
    g_ptr_array_unref(words->patterns);
    g_free(words);
}

static const Needle *find_whole(const GArray *list, const char *text)
{
    for (guint i = 0; text != NULL && i < list->len; i++)
        if (g_ascii_strcasecmp(g_array_index(list, Needle, i).needle, text) == 0)
            return &g_array_index(list, Needle, i);
    return NULL;
}

const char *erased_address(const ErasedWords *words, const char *text)
{
    const Needle *found = find_whole(words->addresses, text);
    return found != NULL ? found->by : NULL;
}

bool erased_is_name(const ErasedWords *words, const char *text)
{
    return find_whole(words->names, text) != NULL;
}

const char *erased_name(const ErasedWords *words)
{
    return json_get_text(words->person, "name");
}

/* ---- inside of texts ---- */

static bool is_word(char c)
{
    return g_ascii_isalnum(c) || (guchar)c >= 0x80;
}

/* Not the end of "joanna@...", not the beginning of "...@x.example.org". */
static bool stands_free(const char *text, const char *at, gsize length, bool address)
{
    char before = (char)(at > text ? at[-1] : ' ');
    const char *behind = at + length;
    if (is_word(before) || is_word(*behind))
        return false;
    if (!address)
        return true;
    return strchr("._+-", before) == NULL && *behind != '-' &&
           !(*behind == '.' && is_word(behind[1]));
}

static bool fits(const char *text, const char *at, const Needle *needle, bool address)
{
    gsize length = strlen(needle->needle);
    return !needle->whole_only && g_ascii_strncasecmp(at, needle->needle, length) == 0 &&
           stands_free(text, at, length, address);
}

static const Needle *find_at(const GArray *list, const char *text, const char *at, bool address)
{
    for (guint i = 0; i < list->len; i++)
        if (fits(text, at, &g_array_index(list, Needle, i), address))
            return &g_array_index(list, Needle, i);
    return NULL;
}

char *erased_text(const ErasedWords *words, const char *text)
{
    if (text == NULL)
        return NULL;
    GString *result = NULL;
    const char *copied = text;
    for (const char *at = text; *at != '\0';) {
        const Needle *needle = find_at(words->addresses, text, at, true);
        if (needle == NULL)
            needle = find_at(words->names, text, at, false);
        if (needle == NULL) {
            at++;
            continue;
        }
        if (result == NULL)
            result = g_string_new(NULL);
        g_string_append_len(result, copied, at - copied);
        g_string_append(result, needle->by);
        at += strlen(needle->needle);
        copied = at;
    }
    if (result == NULL)
        return NULL;
    g_string_append(result, copied);
    return g_string_free(result, FALSE);
}

/* A text by itself may be a name of one word. New reference; NULL where nothing changed. */
static json_t *replace_value(const ErasedWords *words, json_t *value)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        g_autofree char *other =
            erased_is_name(words, text) ? g_strdup(erased_name(words)) : erased_text(words, text);
        return other != NULL ? json_string(other) : NULL;
    }
    bool changed = false;
    size_t i;
    const char *key;
    json_t *child;
    json_array_foreach(value, i, child)
    {
        json_t *other = replace_value(words, child);
        changed = changed || other != NULL;
        if (other != NULL)
            json_array_set_new(value, i, other);
    }
    json_object_foreach(value, key, child)
    {
        json_t *other = replace_value(words, child);
        changed = changed || other != NULL;
        if (other != NULL)
            json_object_set_new(value, key, other);
    }
    return changed ? json_incref(value) : NULL;
}

char *erased_json(const ErasedWords *words, const char *text)
{
    json_auto_t *value = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    if (value == NULL)
        return erased_text(words, text);
    json_auto_t *other = replace_value(words, value);
    return other != NULL ? json_text(other) : NULL;
}

guint erased_n_patterns(const ErasedWords *words)
{
    return words->patterns->len;
}

const char *erased_pattern(const ErasedWords *words, guint index)
{
    return words->patterns->pdata[index];
}
