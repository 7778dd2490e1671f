/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: made, shown once, listed without their text, revoked. */
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "base/secret.h"
#include "desk/people.h"

typedef struct {
    int64_t id;
    ApiPage page;
    char *name;
    char *scopes; /* separated by spaces, each once, in the order of token_scopes */
} Work;

static void work_clear(Work *work)
{
    g_clear_pointer(&work->name, g_free);
    g_clear_pointer(&work->scopes, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static bool check_scope(const char *text, const char *path, char **out, GError **error)
{
    if (token_scope_known(text)) {
        *out = g_strdup(text);
        return true;
    }
    g_autofree char *known = g_strjoinv(", ", (char **)token_scopes);
    error_set_problem(error, TD_ERROR_INVALID, "unknown-scope", path,
                      "%s: \"%s\" is no scope; known are: %s", path, text, known);
    return false;
}

static bool array_has(const json_t *array, const char *text)
{
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value) if (g_strcmp0(json_string_value(value), text) == 0)
    {
        return true;
    }
    return false;
}

static bool read_work(json_t *body, Work *work, GError **error)
{
    g_autofree char *list = NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "name");
    json_require(&reader, "scopes");
    input_name(&reader, "name", LIMIT_NAME_CHARS, &work->name);
    input_texts(&reader, "scopes", LIMIT_JSON_FIELDS, check_scope, &list);
    if (!json_reader_end(&reader, error))
        return false;
    json_auto_t *wanted = json_loads(list, 0, NULL);
    g_autoptr(GString) scopes = g_string_new(NULL);
    for (const char *const *scope = token_scopes; *scope != NULL; scope++)
        if (array_has(wanted, *scope))
            g_string_append_printf(scopes, "%s%s", scopes->len > 0 ? " " : "", *scope);
    if (scopes->len == 0) {
        error_set_problem(error, TD_ERROR_INVALID, "empty", "/scopes",
                          "A token without a scope could do nothing; name at least one");
        return false;
    }
    work->scopes = g_strdup(scopes->str);
    return true;
}

static json_t *create(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    char *secret = NULL;
    g_autoptr(Token) token = token_create(tx, work->name, work->scopes, &secret, error);
    if (token == NULL)
        return NULL;
    json_t *value = render_token(token);
    json_set_text(value, API_SECRET_FIELD, secret);
    secret_free(secret);
    return value;
}

HttpResponse *tokens_post(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    json_t *body = api_body(call, error);
    return body != NULL && read_work(body, &work, error)
               ? api_write(call, 201, create, &work, error)
               : NULL;
}

static json_t *revoke_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    return token_revoke(tx, work->id, error) ? json_true() : NULL;
}

HttpResponse *tokens_delete(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    return api_param_id(call, "id", "unknown-token", &work.id, error) && api_no_body(call, error)
               ? api_write(call, 204, revoke_one, &work, error)
               : NULL;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(GPtrArray) tokens = token_list(tx, work->page.cursor, work->page.limit + 1, error);
    if (tokens == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < tokens->len && i < (guint)work->page.limit; i++) {
        const Token *token = tokens->pdata[i];
        json_array_append_new(items, render_token(token));
        last = token->id;
    }
    return render_page(items, tokens->len > (guint)work->page.limit ? last : 0);
}

HttpResponse *tokens_list(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    return api_page(call, &work.page, error) ? api_read(call, list, &work, error) : NULL;
}
