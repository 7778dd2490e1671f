/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/words.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define ACCEPTED_MAX 32 /* languages of a header that are looked at */

const char *const words_languages[WORDS_N_LANGUAGES] = {"en", "de", "es", "fr", "ja"};

struct PortalWords {
    json_t *tables[WORDS_N_LANGUAGES];
};

void portal_words_free(PortalWords *words)
{
    if (words == NULL)
        return;
    for (int i = 0; i < WORDS_N_LANGUAGES; i++)
        json_decref(words->tables[i]);
    g_free(words);
}

static json_t *load_table(GResource *resource, const char *language, GError **error)
{
    g_autofree char *path = g_strdup_printf("/tidings/portal/words/%s.json", language);
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    gsize size = 0;
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &size) : "";
    json_t *table = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    if (table == NULL)
        error_set(error, TD_ERROR_INTERNAL, "The words of %s cannot be read", path);
    return table;
}

PortalWords *portal_words_load(GResource *resource, GError **error)
{
    g_autoptr(PortalWords) words = g_new0(PortalWords, 1);
    for (int i = 0; i < WORDS_N_LANGUAGES; i++) {
        words->tables[i] = load_table(resource, words_languages[i], error);
        if (words->tables[i] == NULL)
            return NULL;
    }
    return g_steal_pointer(&words);
}

json_t *portal_words_of(const PortalWords *words, const char *language)
{
    for (int i = 0; i < WORDS_N_LANGUAGES; i++)
        if (strcmp(words_languages[i], language) == 0)
            return words->tables[i];
    return words->tables[0];
}

const char *words_language_find(const char *tag)
{
    size_t bytes = tag != NULL ? strcspn(tag, "-_") : 0;
    for (int i = 0; i < WORDS_N_LANGUAGES; i++)
        if (strlen(words_languages[i]) == bytes &&
            g_ascii_strncasecmp(words_languages[i], tag, bytes) == 0)
            return words_languages[i];
    return NULL;
}

/* "de;q=0.8": its weight, 1 where it has none, and cuts it off. */
static double take_weight(char *item)
{
    char *semicolon = strchr(item, ';');
    if (semicolon == NULL)
        return 1;
    *semicolon = '\0';
    const char *q = strstr(semicolon + 1, "q=");
    return q != NULL ? CLAMP(g_ascii_strtod(q + 2, NULL), 0, 1) : 1;
}

const char *words_language_accepted(const char *header)
{
    g_auto(GStrv) items = g_strsplit(header != NULL ? header : "", ",", ACCEPTED_MAX);
    const char *best = NULL;
    double weight = 0;
    for (char **item = items; *item != NULL; item++) {
        double own = take_weight(*item);
        const char *found = words_language_find(g_strstrip(*item));
        if (found != NULL && own > weight) {
            best = found;
            weight = own;
        }
    }
    return best;
}

/* The value of the name that stands at `text`, up to a "}"; NULL: there is none of this name. */
static const char *find_value(const char *text, size_t bytes, va_list args)
{
    const char *found = NULL;
    va_list pairs;
    va_copy(pairs, args);
    for (const char *name = va_arg(pairs, const char *); name != NULL && found == NULL;
         name = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        if (strlen(name) == bytes && strncmp(name, text, bytes) == 0)
            found = value;
    }
    va_end(pairs);
    return found;
}

char *words_format(const json_t *table, const char *key, ...)
{
    GString *result = g_string_new(NULL);
    va_list args;
    va_start(args, key);
    for (const char *text = json_get_text(table, key); *text != '\0';) {
        size_t bytes = *text == '{' ? strcspn(text + 1, "}") : 0;
        const char *value = bytes > 0 ? find_value(text + 1, bytes, args) : NULL;
        if (value != NULL)
            g_string_append(result, value);
        else
            g_string_append_c(result, *text);
        text += value != NULL ? bytes + 2 : 1;
    }
    va_end(args);
    return g_string_free(result, FALSE);
}
