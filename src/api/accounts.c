/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts. A change is read into the record inside the transaction, so that what the request does
 * not name keeps the value that it has at that moment. */
#include "api/people.h"

#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "desk/people.h"

typedef struct {
    int64_t number;
    json_t *body; /* borrowed */
    ApiPage page;
    const char *q;
} Work;

bool account_read(json_t *body, Account *account, bool is_new, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, body, "");
    if (is_new) {
        json_require(&reader, "name");
        json_require(&reader, "email");
    }
    input_name(&reader, "name", LIMIT_NAME_CHARS, &account->name);
    input_address(&reader, "email", &account->email, &account->email_key);
    input_optional_address(&reader, "email2", &account->email2, &account->email2_key);
    input_texts(&reader, "domains", LIMIT_ACCOUNT_DOMAINS, input_check_domain, &account->domains);
    input_language(&reader, "language", &account->language);
    input_time_zone(&reader, "time_zone", &account->time_zone);
    json_read_id(&reader, "manager", &account->manager);
    json_read_bool(&reader, "active", &account->active);
    input_line(&reader, "reference", LIMIT_REFERENCE_CHARS, &account->reference);
    return json_reader_end(&reader, error);
}

Account *account_read_new(json_t *body, GError **error)
{
    g_autoptr(Account) account = g_new0(Account, 1);
    account->domains = g_strdup("[]");
    account->active = true;
    return account_read(body, account, true, error) ? g_steal_pointer(&account) : NULL;
}

static json_t *create(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Account) account = account_read_new(work->body, error);
    return account != NULL && account_create(tx, account, error) ? render_account(account) : NULL;
}

HttpResponse *accounts_post(ApiCall *call, GError **error)
{
    Work work = {.body = api_body(call, error)};
    if (work.body == NULL)
        return NULL;
    /* A request that cannot be read is refused before the writer's time is taken. */
    g_autoptr(Account) checked = account_read_new(work.body, error);
    return checked != NULL ? api_write(call, 201, create, &work, error) : NULL;
}

static json_t *change(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Account) account = account_lock(tx->db, work->number, error);
    return account != NULL && account_read(work->body, account, false, error) &&
                   account_change(tx, account, error)
               ? render_account(account)
               : NULL;
}

HttpResponse *accounts_patch(ApiCall *call, GError **error)
{
    Work work = {.body = api_body(call, error)};
    return work.body != NULL && api_param_id(call, "number", "unknown-account", &work.number, error)
               ? api_write(call, 200, change, &work, error)
               : NULL;
}

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Account) account = account_load(tx, work->number, error);
    return account != NULL ? render_account(account) : NULL;
}

HttpResponse *accounts_get(ApiCall *call, GError **error)
{
    Work work = {0};
    return api_param_id(call, "number", "unknown-account", &work.number, error)
               ? api_read(call, get_one, &work, error)
               : NULL;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(GPtrArray) accounts =
        account_list(tx, work->page.cursor, work->q, work->page.limit + 1, error);
    if (accounts == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < accounts->len && i < (guint)work->page.limit; i++) {
        const Account *account = accounts->pdata[i];
        json_array_append_new(items, render_account(account));
        last = account->number;
    }
    return render_page(items, accounts->len > (guint)work->page.limit ? last : 0);
}

HttpResponse *accounts_list(ApiCall *call, GError **error)
{
    Work work = {.q = http_request_query(call->request, "q")};
    return api_page(call, &work.page, error) ? api_read(call, list, &work, error) : NULL;
}
