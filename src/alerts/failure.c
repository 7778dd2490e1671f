/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/failure.h"

#include "alerts/alert.h"
#include "base/secret.h"
#include "outbox/outbox.h"

#include <string.h>

#define WORDS_MAX    160 /* bytes */
#define CODES        2   /* words that may be "550" and "5.1.1" */
#define WORD_LETTERS 30  /* longer ones are ids */
#define CAUSE_DIGITS 16

/* ---- words ---- */

static bool is_code(const char *word)
{
    return strspn(word, "0123456789.-") == strlen(word);
}

/* Of one recipient, or of one try, alone. */
static bool differs(const char *word)
{
    return strchr(word, '@') != NULL || strcspn(word, "0123456789") < strlen(word) ||
           strlen(word) > WORD_LETTERS;
}

char *failure_words(const char *reply)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit_set(reply != NULL ? reply : "", " \t\r\n", -1);
    int seen = 0;
    for (char **word = words; *word != NULL; word++) {
        if (**word == '\0')
            continue;
        bool code = seen++ < CODES && is_code(*word);
        if (!code && differs(*word))
            continue;
        if (text->len + strlen(*word) + 1 > WORDS_MAX)
            break;
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", *word);
    }
    return g_strdup(text->str);
}

static char *cause_of(const char *state, const char *words)
{
    g_autofree char *all = g_strdup_printf("%s\n%s", state, words);
    g_autofree char *hash = secret_hash(all, strlen(all));
    return g_strndup(hash, CAUSE_DIGITS);
}

char *failure_cause(const char *state, const char *reply)
{
    g_autofree char *words = failure_words(reply);
    return cause_of(state, words);
}

/* ---- groups ---- */

void failure_free(Failure *failure)
{
    if (failure == NULL)
        return;
    g_free(failure->cause);
    g_free(failure->state);
    g_free(failure->words);
    g_ptr_array_unref(failure->domains);
    g_free(failure);
}

static Failure *group_of(GHashTable *groups, const char *state, const char *reply)
{
    g_autofree char *words = failure_words(reply);
    g_autofree char *cause = cause_of(state, words);
    Failure *group = g_hash_table_lookup(groups, cause);
    if (group != NULL)
        return group;
    group = g_new0(Failure, 1);
    group->cause = g_steal_pointer(&cause);
    group->state = g_strdup(state);
    group->words = g_steal_pointer(&words);
    group->domains = g_ptr_array_new_with_free_func(g_free);
    g_hash_table_insert(groups, group->cause, group);
    return group;
}

static void add_domain(Failure *group, const char *recipient)
{
    const char *at = strrchr(recipient, '@');
    if (at == NULL || group->domains->len == FAILURE_DOMAINS ||
        g_ptr_array_find_with_equal_func(group->domains, at + 1, g_str_equal, NULL))
        return;
    g_ptr_array_add(group->domains, g_strdup(at + 1));
}

static void add_row(GHashTable *groups, const char *state, const DbRows *rows)
{
    Failure *group = group_of(groups, state, db_rows_text(rows, 1));
    int64_t at_us = db_rows_int(rows, 3);
    group->count++;
    add_domain(group, db_rows_text(rows, 2));
    if (at_us >= group->latest_at) {
        group->latest_at = at_us;
        group->alert = db_rows_int(rows, 0);
    }
}

static bool add_state(DbTx *tx, GHashTable *groups, const char *state, int64_t since_us, bool *all,
                      GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT ref, COALESCE(last_reply, state_reason), recipient, updated_at"
                            " FROM outbox WHERE state " OUTBOX_LISTED " AND state = $1"
                            " AND kind = '" OUTBOX_KIND_ALERT "' ORDER BY id DESC LIMIT $2",
                            "si", state, (int64_t)FAILURE_LOOK);
    if (rows == NULL)
        return false;
    int looked = 0;
    for (; db_rows_next(rows); looked++)
        if (db_rows_int(rows, 3) >= since_us)
            add_row(groups, state, rows);
    *all = *all && looked < FAILURE_LOOK;
    return db_rows_end(rows, error);
}

static gint most_first(gconstpointer a, gconstpointer b)
{
    const Failure *first = *(const Failure *const *)a;
    const Failure *second = *(const Failure *const *)b;
    if (first->count != second->count)
        return first->count > second->count ? -1 : 1;
    return strcmp(first->cause, second->cause);
}

static GPtrArray *sorted(GHashTable *groups)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)failure_free);
    GHashTableIter iter;
    gpointer group;
    g_hash_table_iter_init(&iter, groups);
    while (g_hash_table_iter_next(&iter, NULL, &group)) {
        g_hash_table_iter_steal(&iter);
        g_ptr_array_add(list, group);
    }
    g_ptr_array_sort(list, most_first);
    if (list->len > FAILURE_CAUSES)
        g_ptr_array_set_size(list, FAILURE_CAUSES);
    return list;
}

GPtrArray *failure_list(DbTx *tx, int64_t since_us, bool *all, GError **error)
{
    static const char *const states[] = {"rejected", "expired", "bounced", "deferred"};
    g_autoptr(GHashTable) groups =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)failure_free);
    bool complete = true;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (!add_state(tx, groups, states[i], since_us, &complete, error))
            return NULL;
    *all = complete;
    return sorted(groups);
}
