/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens: made, shown once, revoked. */
#include "base/error.h"
#include "base/text.h"
#include "console/options.h"
#include "console/pages.h"
#include "desk/people.h"

#include <string.h>

static const struct {
    const char *scope, *words;
} scope_words[] = {
    {"tickets:read", "Read tickets, accounts and contacts"},
    {"tickets:write", "Open and change tickets, accounts and contacts"},
    {"alerts", "Look at alerts; retry, release and cancel them"},
    {"options", "Read and change the options"},
    {"templates", "Read and change the templates"},
    {"admin", "Everything, employees and tokens included"},
};

static bool was_ticked(const Page *page, const char *scope)
{
    g_autoptr(GPtrArray) ticked =
        page->form != NULL ? http_form_all(page->form, "scope") : g_ptr_array_new();
    for (guint i = 0; i < ticked->len; i++)
        if (strcmp(ticked->pdata[i], scope) == 0)
            return true;
    return false;
}

static void add_scopes(Page *page)
{
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(scope_words); i++) {
        json_t *scope = json_object();
        g_autofree char *id = g_strdelimit(g_strdup(scope_words[i].scope), ":", '-');
        json_set_text(scope, "id", id);
        json_set_text(scope, "scope", scope_words[i].scope);
        json_set_text(scope, "words", scope_words[i].words);
        json_set_bool(scope, "ticked", was_ticked(page, scope_words[i].scope));
        json_array_append_new(list, scope);
    }
    json_object_set_new(page->data, "scopes", list);
}

static bool add_tokens(Page *page, GError **error)
{
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *answer = page_get(page, error, "/tokens?limit=200&cursor=%s", cursor);
    if (answer == NULL)
        return false;
    json_t *items = json_object_get(answer, "items");
    size_t i;
    json_t *token;
    json_array_foreach(items, i, token) page_add_time(page, token, "created");
    json_object_set(page->data, "tokens", items);
    json_set_bool(page->data, "none", json_array_size(items) == 0);
    json_set_text(page->data, "next", json_string_value(json_object_get(answer, "next_cursor")));
    return true;
}

static HttpResponse *show(Page *page, int status, GError **error)
{
    add_scopes(page);
    return add_tokens(page, error)
               ? options_page(page, status, "tokens", "tokens", "API tokens", error)
               : NULL;
}

HttpResponse *tokens_show(Page *page, GError **error)
{
    return show(page, 200, error);
}

/* The answer itself shows the token: nothing keeps it for a next page. */
HttpResponse *tokens_create(Page *page, GError **error)
{
    json_t *body = json_object();
    json_t *scopes = json_array();
    page_take_text(page, body, "name");
    for (size_t i = 0; i < G_N_ELEMENTS(scope_words); i++)
        if (was_ticked(page, scope_words[i].scope))
            json_array_append_new(scopes, json_string(scope_words[i].scope));
    json_object_set_new(body, "scopes", scopes);
    g_autoptr(GError) failure = NULL;
    json_auto_t *token = page_send(page, "POST", body, &failure, "/tokens");
    if (token != NULL) {
        json_set_text(page->data, "fresh_name", json_get_text(token, "name"));
        json_set_text(page->data, "fresh", json_string_value(json_object_get(token, "token")));
        return show(page, 200, error);
    }
    if (page_refused(page, failure))
        return show(page, page_status(failure), error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

HttpResponse *tokens_revoke(Page *page, GError **error)
{
    int64_t id;
    if (!text_to_int(page_param(page, "id"), 1, INT64_MAX, &id))
        id = 0;
    json_auto_t *gone = page_send(page, "DELETE", NULL, error, "/tokens/%" G_GINT64_FORMAT, id);
    return gone != NULL ? page_redirect(page, "revoked", "/options/tokens") : NULL;
}
