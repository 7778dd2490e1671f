/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time that a test moves, for a program that does not know of it: loaded with LD_PRELOAD, it adds
 * what stands in a file (eight bytes, microseconds, in this machine's byte order) to the two clocks
 * of base/clock.h: the wall's and the one that runs since boot. The monotonic clock, by which
 * threads and sockets wait, stays as it is, so that a waiting thread wakes as it would.
 *
 * Not libfaketime (tried: 0.9.10): it rewrites timed waits on conditions, too, under which a server
 * whose threads wait by the monotonic clock does not even start unless a repair of its own is
 * switched off; and what it leaves in /dev/shm when a server is killed stops a later one.
 *
 * The file is MOVED_CLOCK_FILE; without it nothing is moved.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define US_PER_SECOND 1000000
#define NS_PER_SECOND 1000000000

static const int64_t standing_still;
static const int64_t *offset_us = &standing_still;

__attribute__((constructor)) static void find_offset(void)
{
    const char *name = getenv("MOVED_CLOCK_FILE");
    if (name == NULL)
        return;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    void *map = fd >= 0 ? mmap(NULL, sizeof *offset_us, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED) {
        perror(name);
        _exit(127);
    }
    offset_us = map;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, id, now);
    if (result != 0 || (id != CLOCK_REALTIME && id != CLOCK_BOOTTIME))
        return result;
    int64_t add_us = __atomic_load_n(offset_us, __ATOMIC_SEQ_CST);
    int64_t ns = now->tv_nsec + add_us % US_PER_SECOND * 1000;
    now->tv_sec += (time_t)(add_us / US_PER_SECOND + ns / NS_PER_SECOND);
    now->tv_nsec = (long)(ns % NS_PER_SECOND);
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    int result = clock_gettime(CLOCK_REALTIME, &exact);
    if (result == 0)
        *now = (struct timeval){.tv_sec = exact.tv_sec, .tv_usec = exact.tv_nsec / 1000};
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
