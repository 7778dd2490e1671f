/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes, and what keeps a repeated POST from making a second one.
 *
 * An Idempotency-Key is claimed by the first statement of the transaction that does the work and
 * gets its answer by the last, so key and change are committed together or not at all: a request
 * that fails leaves no key, and of two requests at once the second waits for the first one's commit
 * and then finds its answer.
 *
 * The test mail is the exception, because it talks to another server and cannot run inside a
 * transaction: its key is committed before, marked as running, and gets the answer afterwards. A
 * program that dies in between leaves the mark for as long as keys are kept: nobody can say whether
 * that mail left.
 */
#include "api/call.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "records/token.h"

#include <string.h>

#define STATUS_RUNNING 102 /* never an answer: the work has begun */
#define FORGET_ONE_IN  64  /* so many claims, one of them forgets old keys */
#define FORGET_MAX     100

typedef struct {
    ApiCall *call;
    int status;
    ApiWriteFn fn;  /* or */
    ApiWorkFn work; /* and */
    ApiShowFn show;
    void *data;
    IdempotencyKey key; /* key.key NULL: none was sent */
    char *request_hash;
    json_t *result;
    char *kept; /* the answer of an earlier call with this key, and its status */
    int kept_status;
} Write;

static void write_clear(Write *write)
{
    g_clear_pointer(&write->request_hash, g_free);
    g_clear_pointer(&write->result, json_decref);
    g_clear_pointer(&write->kept, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Write, write_clear)

static bool check_key(const char *key, GError **error)
{
    size_t length = strlen(key);
    bool ok = length >= 1 && length <= LIMIT_IDEMPOTENCY_KEY_CHARS;
    for (size_t i = 0; ok && i < length; i++)
        ok = g_ascii_isprint(key[i]);
    if (!ok)
        error_set_problem(error, TD_ERROR_INVALID, "bad-idempotency-key", NULL,
                          "An Idempotency-Key must be 1 to %d printable ASCII characters."
                          " Nothing was changed.",
                          LIMIT_IDEMPOTENCY_KEY_CHARS);
    return ok;
}

static char *hash_request(const ApiCall *call)
{
    size_t bytes;
    const char *body = http_request_body(call->request, &bytes);
    if (call->fingerprint != NULL) {
        body = call->fingerprint;
        bytes = strlen(body);
    }
    g_autoptr(GString) all = g_string_sized_new(bytes + 128);
    g_string_append_printf(all, "%s\n%s\n", http_request_method(call->request),
                           http_request_path(call->request));
    g_string_append_len(all, body, (gssize)bytes);
    return secret_hash(all->str, all->len);
}

/* Fills in the key where the request has one. */
static bool read_key(Write *write, GError **error)
{
    const ApiCall *call = write->call;
    const char *key = http_request_header(call->request, "Idempotency-Key");
    if (key == NULL || strcmp(http_request_method(call->request), "POST") != 0)
        return true;
    if (!check_key(key, error))
        return false;
    write->request_hash = hash_request(call);
    write->key = (IdempotencyKey){call->token, key, write->request_hash};
    return true;
}

/* What is kept for a repetition: all but what is shown only once. */
static bool keep_answer(DeskTx *tx, const Write *write, int status, GError **error)
{
    json_auto_t *kept = json_copy(write->result);
    if (json_object_get(kept, API_SECRET_FIELD) != NULL)
        json_object_set_new(kept, API_SECRET_FIELD, json_null());
    g_autofree char *text = json_text(kept);
    return idempotency_answer(tx->db, &write->key, status, text, error);
}

/* Afterwards write->kept_status is 0 where this call is the first with its key. */
static bool claim_key(DeskTx *tx, Write *write, GError **error)
{
    g_clear_pointer(&write->kept, g_free);
    write->kept_status = 0;
    if (!idempotency_claim(tx->db, &write->key, tx->now_us, tx->now_us - IDEMPOTENCY_KEEP_US,
                           &write->kept_status, &write->kept, error))
        return false;
    return random_below(tx->random, FORGET_ONE_IN) != 0 ||
           idempotency_forget(tx->db, tx->now_us - IDEMPOTENCY_KEEP_US, FORGET_MAX, error);
}

/* Makes the answer, too, except where it can be made later. */
static bool do_work(DeskTx *tx, Write *write, GError **error)
{
    if (write->work == NULL) {
        write->result = write->fn(write->call, tx, write->data, error);
        return write->result != NULL;
    }
    if (!write->work(write->call, tx, write->data, error))
        return false;
    if (write->key.key != NULL)
        write->result = write->show(write->data);
    return true;
}

static bool run_write(DeskTx *tx, void *data, GError **error)
{
    Write *write = data;
    g_clear_pointer(&write->result, json_decref);
    if (!api_check_token(write->call, tx->db, error))
        return false;
    if (write->key.key != NULL) {
        if (!claim_key(tx, write, error))
            return false;
        if (write->kept_status != 0)
            return true;
    }
    return do_work(tx, write, error) && api_note(write->call, tx, error) &&
           (write->key.key == NULL || keep_answer(tx, write, write->status, error));
}

static HttpResponse *replayed(Write *write)
{
    size_t bytes = strlen(write->kept);
    HttpResponse *response = http_response_new(write->kept_status, "application/json",
                                               g_steal_pointer(&write->kept), bytes);
    http_response_set_header(response, "Idempotency-Replayed", "true");
    return response;
}

static HttpResponse *write_and_answer(Write *write, GError **error)
{
    ApiCall *call = write->call;
    if (!read_key(write, error) ||
        !desk_write(call->api->desk, &call->actor, run_write, write, error))
        return NULL;
    call->noted = true;
    if (write->kept_status != 0)
        return replayed(write);
    if (write->status == 204)
        return http_response_new(204, NULL, NULL, 0);
    if (write->result == NULL)
        write->result = write->show(write->data);
    return http_response_json(write->status, g_steal_pointer(&write->result));
}

HttpResponse *api_write(ApiCall *call, int status, ApiWriteFn fn, void *data, GError **error)
{
    g_auto(Write) write = {.call = call, .status = status, .fn = fn, .data = data};
    return write_and_answer(&write, error);
}

HttpResponse *api_write_and_show(ApiCall *call, int status, ApiWorkFn work, ApiShowFn show,
                                 void *data, GError **error)
{
    g_auto(Write)
        write = {.call = call, .status = status, .work = work, .show = show, .data = data};
    return write_and_answer(&write, error);
}

static bool run_try(DeskTx *tx, void *data, GError **error)
{
    Write *write = data;
    g_clear_pointer(&write->result, json_decref);
    write->result = write->fn(write->call, tx, write->data, error);
    return write->result != NULL;
}

HttpResponse *api_try(ApiCall *call, ApiWriteFn fn, void *data, GError **error)
{
    g_auto(Write) write = {.call = call, .fn = fn, .data = data};
    return desk_try(call->api->desk, &call->actor, run_try, &write, error)
               ? http_response_json(200, g_steal_pointer(&write.result))
               : NULL;
}

/* ---- work outside of a transaction ---- */

static bool begin_work(DeskTx *tx, void *data, GError **error)
{
    Write *write = data;
    if (!claim_key(tx, write, error))
        return false;
    if (write->kept_status == STATUS_RUNNING) {
        error_set_problem(error, TD_ERROR_CONFLICT, "still-running", NULL,
                          "A request with this Idempotency-Key has begun and has not ended; wait"
                          " for its answer, or use a new key to begin another");
        return false;
    }
    return write->kept_status != 0 ||
           idempotency_answer(tx->db, &write->key, STATUS_RUNNING, "", error);
}

static bool end_work(DeskTx *tx, void *data, GError **error)
{
    const Write *write = data;
    return write->result != NULL ? keep_answer(tx, write, write->status, error)
                                 : idempotency_release(tx->db, &write->key, error);
}

HttpResponse *api_work(ApiCall *call, ApiTalkFn fn, void *data, GError **error)
{
    g_auto(Write) write = {.call = call, .status = 200, .data = data};
    Desk *desk = call->api->desk;
    if (!read_key(&write, error) ||
        (write.key.key != NULL && !desk_write(desk, &call->actor, begin_work, &write, error)))
        return NULL;
    if (write.kept_status != 0)
        return replayed(&write);
    write.result = fn(call, data, error);
    /* The work is done: that its answer could not be kept must not hide it. */
    if (write.key.key != NULL)
        desk_write(desk, &call->actor, end_work, &write, NULL);
    return write.result != NULL ? http_response_json(200, g_steal_pointer(&write.result)) : NULL;
}
