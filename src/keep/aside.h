/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indexes, and on PostgreSQL foreign keys, put aside while tables are filled and made again
 * afterwards, as the catalogue had them: rows come in in any order then, and an index that is built
 * over all rows at once costs a part of one that grows with each.
 */
#pragma once

#include "db/db.h"

typedef struct KeepAside KeepAside;

/* Drops them. NULL on error. */
KeepAside *keep_aside_new(Db *db, GError **error);
void keep_aside_free(KeepAside *aside);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeepAside, keep_aside_free)

/* Makes them again. Errors: CONFLICT (the rows do not satisfy them), those of db_write(). */
bool keep_aside_put_back(KeepAside *aside, Db *db, GError **error);
