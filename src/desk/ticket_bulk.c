/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of many tickets is one action: its size is known before it begins, so the brake is asked
 * once about all whom it would tell, and holds all of them or none. Held piece by piece the first
 * hundred customers would have been told already when it took hold.
 */
#include "desk/ticket_bulk.h"

#include "alerts/brake.h"
#include "alerts/decide.h"
#include "base/error.h"
#include "records/recipient.h"
#include "records/status.h"

#define CHUNK 25 /* tickets in one transaction */

/* ---- its size ---- */

typedef struct {
    const Desk *desk;
    const Actor *actor;
    const GArray *numbers;
    const TicketChange *change;
    BulkSize size;
} Sizing;

static bool add_ticket(DbTx *tx, const Sizing *sizing, int64_t number, const Settings *settings,
                       GHashTable *addresses, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(Ticket) ticket = ticket_load(tx, number, &failure);
    if (ticket == NULL && error_is(failure, TD_ERROR_NOT_FOUND))
        return true;
    if (ticket == NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    if (status_is_closed(ticket->status) || ticket->merged_into != 0)
        return true;
    g_autoptr(GPtrArray) recipients = recipient_list(tx, number, error);
    if (recipients == NULL)
        return false;
    alerts_would_tell(ticket, sizing->actor, ALERT_TICKET_CLOSED, sizing->change->notify,
                      recipients, settings, addresses);
    return true;
}

static bool ask_brake(DbTx *tx, Sizing *sizing, GHashTable *addresses, const Settings *settings,
                      GError **error)
{
    const Event event = {.actor = *sizing->actor, .at = desk_now_us(sizing->desk)};
    bool held;
    if (!brake_holds(tx, &event, addresses, &settings->alerts.brake, &held, error))
        return false;
    sizing->size = (BulkSize){g_hash_table_size(addresses), held};
    return true;
}

static bool find_size(DbTx *tx, void *data, GError **error)
{
    Sizing *sizing = data;
    g_autoptr(Settings) settings = settings_load(tx, error);
    if (settings == NULL)
        return false;
    g_autoptr(GHashTable) addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < sizing->numbers->len; i++)
        if (!add_ticket(tx, sizing, g_array_index(sizing->numbers, int64_t, i), settings, addresses,
                        error))
            return false;
    return ask_brake(tx, sizing, addresses, settings, error);
}

bool tickets_bulk_size(Desk *desk, const Actor *actor, const GArray *numbers,
                       const TicketChange *change, BulkSize *size, GError **error)
{
    Sizing sizing = {.desk = desk, .actor = actor, .numbers = numbers, .change = change};
    bool closes = change->fields & TICKET_SET_STATUS && status_is_closed(change->status);
    if (closes && !db_read(desk_db(desk), find_size, &sizing, error))
        return false;
    *size = sizing.size;
    return true;
}

/* ---- the change ---- */

typedef struct {
    const GArray *numbers;
    guint first, n;
    const TicketChange *change;
    GPtrArray *results; /* of this chunk */
} Chunk;

void bulk_result_free(BulkResult *result)
{
    if (result == NULL)
        return;
    g_clear_error(&result->problem);
    g_free(result);
}

/* What is wrong with this ticket alone, and not with the database. */
static bool is_about_ticket(const GError *failure)
{
    return error_is(failure, TD_ERROR_NOT_FOUND) || error_is(failure, TD_ERROR_INVALID) ||
           error_is(failure, TD_ERROR_CONFLICT);
}

static bool change_chunk(DeskTx *tx, void *data, GError **error)
{
    Chunk *chunk = data;
    g_ptr_array_set_size(chunk->results, 0);
    for (guint i = chunk->first; i < chunk->first + chunk->n; i++) {
        BulkResult *result = g_new0(BulkResult, 1);
        g_ptr_array_add(chunk->results, result);
        result->number = g_array_index(chunk->numbers, int64_t, i);
        g_autoptr(GError) failure = NULL;
        g_autoptr(Ticket) ticket = ticket_change(tx, result->number, chunk->change, &failure);
        if (ticket == NULL && !is_about_ticket(failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        }
        result->problem = g_steal_pointer(&failure);
    }
    return true;
}

bool tickets_bulk_change(Desk *desk, const Actor *actor, const GArray *numbers,
                         const TicketChange *change, const BulkSize *size, GPtrArray *results,
                         GError **error)
{
    TicketChange each = *change; /* borrows its texts */
    each.held_whole = size->held;
    g_autoptr(GPtrArray) done = g_ptr_array_new_with_free_func((GDestroyNotify)bulk_result_free);
    Chunk chunk = {.numbers = numbers, .change = &each, .results = done};
    for (; chunk.first < numbers->len; chunk.first += CHUNK) {
        chunk.n = MIN(CHUNK, numbers->len - chunk.first);
        if (!desk_write(desk, actor, change_chunk, &chunk, error))
            return false;
        for (guint i = 0; i < done->len; i++)
            g_ptr_array_add(results, g_steal_pointer(&done->pdata[i]));
        g_ptr_array_set_size(done, 0);
    }
    return true;
}
