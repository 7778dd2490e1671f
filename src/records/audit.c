/* SPDX-License-Identifier: Apache-2.0 */
#include "records/audit.h"

#include <string.h>

void audit_free(Audit *audit)
{
    if (audit == NULL)
        return;
    actor_clear(&audit->actor);
    g_free(audit->action);
    g_free(audit->target);
    g_free(audit->request);
    g_free(audit);
}

bool audit_insert(DbTx *tx, const Actor *actor, int64_t now_us, const char *action,
                  const char *target, const char *request, GError **error)
{
    bool kept = request != NULL && strlen(request) <= AUDIT_REQUEST_BYTES;
    return db_exec(tx, NULL, error,
                   "INSERT INTO audit (at, actor_kind, actor_id, actor_name, channel, action,"
                   " target, request) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                   "isisssss", now_us, actor_kind_name(actor->kind), actor->id, actor->name,
                   channel_name(actor->channel), action, target, kept ? request : NULL);
}

static Audit *from_row(const DbRows *rows)
{
    Audit *audit = g_new0(Audit, 1);
    audit->id = db_rows_int(rows, 0);
    audit->at = db_rows_int(rows, 1);
    actor_kind_from_name(db_rows_text(rows, 2), &audit->actor.kind);
    audit->actor.id = db_rows_int(rows, 3);
    audit->actor.name = db_rows_dup(rows, 4);
    channel_from_name(db_rows_text(rows, 5), &audit->actor.channel);
    audit->action = db_rows_dup(rows, 6);
    audit->target = db_rows_dup(rows, 7);
    audit->request = db_rows_dup(rows, 8);
    return audit;
}

GPtrArray *audit_list(DbTx *tx, int64_t before, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT id, at, actor_kind, actor_id, actor_name, channel, action,"
                            " target, request FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2",
                            "ii", before != 0 ? before : INT64_MAX, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)audit_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
