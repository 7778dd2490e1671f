/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each file of ours carries a file of the real layer behind it and passes everything on, after a
 * look at the switch. A failing write writes nothing, as on a full disk.
 */
#include "faulty_vfs.h"

#include <glib.h>
#include <pthread.h>
#include <sqlite3.h>

typedef struct {
    sqlite3_file base;
    bool is_log;
} FaultyFile; /* the real file follows */

typedef struct {
    FaultKind kind;
    bool log_only;
    int code; /* 0: not armed */
    int64_t first, count;
    int64_t seen;
    bool struck;
    int64_t log_syncs;
} Switch;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Switch the_switch;
static sqlite3_vfs *real_vfs;

static sqlite3_file *real_file(sqlite3_file *file)
{
    return (sqlite3_file *)((FaultyFile *)file + 1);
}

static int check(sqlite3_file *file, FaultKind kind)
{
    const FaultyFile *faulty = (FaultyFile *)file;
    int code = SQLITE_OK;
    pthread_mutex_lock(&lock);
    if (kind == FAULT_SYNC && faulty->is_log)
        the_switch.log_syncs++;
    if (the_switch.code != 0 && the_switch.kind == kind &&
        (faulty->is_log || !the_switch.log_only)) {
        the_switch.seen++;
        if (the_switch.seen >= the_switch.first &&
            the_switch.seen < the_switch.first + the_switch.count) {
            code = the_switch.code;
            the_switch.struck = true;
        }
    }
    pthread_mutex_unlock(&lock);
    return code;
}

static int faulty_close(sqlite3_file *file)
{
    return real_file(file)->pMethods->xClose(real_file(file));
}

static int faulty_read(sqlite3_file *file, void *to, int bytes, sqlite3_int64 offset)
{
    int code = check(file, FAULT_READ);
    return code != SQLITE_OK ? code
                             : real_file(file)->pMethods->xRead(real_file(file), to, bytes, offset);
}

static int faulty_write(sqlite3_file *file, const void *from, int bytes, sqlite3_int64 offset)
{
    int code = check(file, FAULT_WRITE);
    return code != SQLITE_OK
               ? code
               : real_file(file)->pMethods->xWrite(real_file(file), from, bytes, offset);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 bytes)
{
    return real_file(file)->pMethods->xTruncate(real_file(file), bytes);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    int code = check(file, FAULT_SYNC);
    return code != SQLITE_OK ? code : real_file(file)->pMethods->xSync(real_file(file), flags);
}

static int faulty_file_size(sqlite3_file *file, sqlite3_int64 *bytes)
{
    return real_file(file)->pMethods->xFileSize(real_file(file), bytes);
}

static int faulty_lock(sqlite3_file *file, int level)
{
    return real_file(file)->pMethods->xLock(real_file(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level)
{
    return real_file(file)->pMethods->xUnlock(real_file(file), level);
}

static int faulty_check_reserved(sqlite3_file *file, int *reserved)
{
    return real_file(file)->pMethods->xCheckReservedLock(real_file(file), reserved);
}

static int faulty_control(sqlite3_file *file, int op, void *data)
{
    return real_file(file)->pMethods->xFileControl(real_file(file), op, data);
}

static int faulty_sector_size(sqlite3_file *file)
{
    return real_file(file)->pMethods->xSectorSize(real_file(file));
}

static int faulty_characteristics(sqlite3_file *file)
{
    return real_file(file)->pMethods->xDeviceCharacteristics(real_file(file));
}

static int faulty_shm_map(sqlite3_file *file, int page, int bytes, int extend,
                          void volatile **memory)
{
    return real_file(file)->pMethods->xShmMap(real_file(file), page, bytes, extend, memory);
}

static int faulty_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_file(file)->pMethods->xShmLock(real_file(file), offset, n, flags);
}

static void faulty_shm_barrier(sqlite3_file *file)
{
    real_file(file)->pMethods->xShmBarrier(real_file(file));
}

static int faulty_shm_unmap(sqlite3_file *file, int remove)
{
    return real_file(file)->pMethods->xShmUnmap(real_file(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = faulty_close,
    .xRead = faulty_read,
    .xWrite = faulty_write,
    .xTruncate = faulty_truncate,
    .xSync = faulty_sync,
    .xFileSize = faulty_file_size,
    .xLock = faulty_lock,
    .xUnlock = faulty_unlock,
    .xCheckReservedLock = faulty_check_reserved,
    .xFileControl = faulty_control,
    .xSectorSize = faulty_sector_size,
    .xDeviceCharacteristics = faulty_characteristics,
    .xShmMap = faulty_shm_map,
    .xShmLock = faulty_shm_lock,
    .xShmBarrier = faulty_shm_barrier,
    .xShmUnmap = faulty_shm_unmap,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *out_flags)
{
    FaultyFile *faulty = (FaultyFile *)file;
    faulty->base.pMethods = NULL;
    faulty->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    int code = real_vfs->xOpen(real_vfs, name, real_file(file), flags, out_flags);
    if (code == SQLITE_OK)
        faulty->base.pMethods = &methods;
    return code;
}

void faulty_vfs_install(void)
{
    static sqlite3_vfs vfs;
    sqlite3_initialize();
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs; /* all but xOpen is the real layer's own */
    vfs.pNext = NULL;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(FaultyFile) + real_vfs->szOsFile;
    vfs.xOpen = faulty_open;
    g_assert_cmpint(sqlite3_vfs_register(&vfs, 1), ==, SQLITE_OK);
}

void faulty_vfs_arm(FaultKind kind, bool log_only, int code, int64_t first, int64_t count)
{
    pthread_mutex_lock(&lock);
    the_switch = (Switch){.kind = kind,
                          .log_only = log_only,
                          .code = code,
                          .first = first,
                          .count = count,
                          .log_syncs = the_switch.log_syncs};
    pthread_mutex_unlock(&lock);
}

void faulty_vfs_disarm(void)
{
    pthread_mutex_lock(&lock);
    the_switch.code = 0;
    pthread_mutex_unlock(&lock);
}

bool faulty_vfs_struck(void)
{
    pthread_mutex_lock(&lock);
    bool struck = the_switch.struck;
    pthread_mutex_unlock(&lock);
    return struck;
}

int64_t faulty_vfs_log_syncs(void)
{
    pthread_mutex_lock(&lock);
    int64_t syncs = the_switch.log_syncs;
    pthread_mutex_unlock(&lock);
    return syncs;
}
