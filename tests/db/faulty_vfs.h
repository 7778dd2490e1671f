/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's file layer with a switch: the n-th write or sync from now on fails. Thread-safe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum { FAULT_WRITE, FAULT_SYNC, FAULT_READ, FAULT_N_KINDS } FaultKind;

/* Makes the faulty layer the default for all connections opened from now on. */
void faulty_vfs_install(void);

/* Operations of `kind`, on the write-ahead log alone or on every file, fail with `code` (such as
 * SQLITE_FULL): the `first` next one (1: the very next) and the `count` - 1 after it. */
void faulty_vfs_arm(FaultKind kind, bool log_only, int code, int64_t first, int64_t count);
void faulty_vfs_disarm(void);

/* Whether a fault was met since faulty_vfs_arm(). */
bool faulty_vfs_struck(void);

/* How many syncs of the write-ahead log there were so far. */
int64_t faulty_vfs_log_syncs(void);
