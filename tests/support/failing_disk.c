/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that a test breaks under a running program, which does not know of it: loaded with
 * LD_PRELOAD, it lets every write, truncation and sync of a file below FAILING_DISK_FOLDER fail
 * with the error number that stands in the file FAILING_DISK_FILE (four bytes, in this machine's
 * byte order), as long as that is not 0. A real disk with errors is made read-only in the same way
 * while its files are open, which no test can ask the kernel for.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static const int32_t whole;
static const int32_t *reason = &whole;
static const char *folder = "";

__attribute__((constructor)) static void find_reason(void)
{
    const char *name = getenv("FAILING_DISK_FILE");
    if (name == NULL)
        return;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    void *map = fd >= 0 ? mmap(NULL, sizeof *reason, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED || getenv("FAILING_DISK_FOLDER") == NULL) {
        perror(name);
        _exit(127);
    }
    reason = map;
    folder = getenv("FAILING_DISK_FOLDER");
}

/* Sets errno where it fails. */
static int fails(int fd)
{
    int32_t why = __atomic_load_n(reason, __ATOMIC_SEQ_CST);
    if (why == 0)
        return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(link, path, sizeof path - 1);
    path[bytes > 0 ? bytes : 0] = '\0';
    size_t length = strlen(folder);
    if (strncmp(path, folder, length) != 0 || path[length] != '/')
        return 0;
    errno = why;
    return 1;
}

/* With Meson's 64-bit offsets pwrite and ftruncate are pwrite64 and ftruncate64, as SQLite calls
 * them. */
/* NOLINTBEGIN(bugprone-macro-parentheses): types and parameter lists */
#define BREAK(type, name, parameters, arguments)                                                   \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (real == NULL)                                                                          \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                             \
        return fails(fd) ? (type)-1 : real arguments;                                              \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

BREAK(ssize_t, write, (int fd, const void *data, size_t bytes), (fd, data, bytes))
BREAK(ssize_t, pwrite, (int fd, const void *data, size_t bytes, off_t at), (fd, data, bytes, at))
BREAK(int, ftruncate, (int fd, off_t bytes), (fd, bytes))
BREAK(int, fsync, (int fd), (fd))
BREAK(int, fdatasync, (int fd), (fd))
