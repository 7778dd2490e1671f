/* SPDX-License-Identifier: Apache-2.0 */
#include "records/signing_key.h"

#include "base/error.h"
#include "base/secret.h"

SigningKeys *signing_keys_load(DbTx *tx, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT id, secret, retired_at FROM signing_key ORDER BY id", "");
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(SigningKey));
    int64_t unreadable = 0;
    while (db_rows_next(rows)) {
        SigningKey key = {.id = db_rows_int(rows, 0), .retired_at = db_rows_int(rows, 2)};
        if (!signing_secret_read(db_rows_text(rows, 1), key.secret))
            unreadable = key.id;
        g_array_append_val(list, key);
    }
    if (!db_rows_end(rows, error))
        return NULL;
    if (unreadable != 0) {
        error_set(error, TD_ERROR_CORRUPT,
                  "Signing key %" G_GINT64_FORMAT " in the database cannot be read. Restore table"
                  " signing_key from a backup; no mail is lost, it waits",
                  unreadable);
        return NULL;
    }
    return signing_keys_new((const SigningKey *)(void *)list->data, list->len);
}

bool signing_key_current(DbTx *tx, int64_t *id, GError **error)
{
    bool found;
    int64_t current = 0;
    if (!db_query_int(tx, &found, &current, error,
                      "SELECT id FROM signing_key WHERE retired_at IS NULL"
                      " ORDER BY id DESC LIMIT 1",
                      ""))
        return false;
    *id = found ? current : 0;
    return true;
}

bool signing_key_ensure(DbTx *tx, Random *random, int64_t now_us, GError **error)
{
    int64_t current;
    if (!signing_key_current(tx, &current, error))
        return false;
    if (current != 0)
        return true;
    char *secret = signing_secret_new(random);
    /* Two processes at once: the first one's is the key. */
    bool ok = db_exec(tx, NULL, error,
                      "INSERT INTO signing_key (id, secret, created_at)"
                      " SELECT COALESCE(MAX(id), 0) + 1, $1, $2 FROM signing_key WHERE 1 = 1"
                      " ON CONFLICT DO NOTHING",
                      "si", secret, now_us);
    secret_free(secret);
    return ok;
}
