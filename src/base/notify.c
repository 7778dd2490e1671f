/* SPDX-License-Identifier: Apache-2.0 */
#include "base/notify.h"

#include "base/error.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct Notify {
    struct sockaddr_un address;
    socklen_t bytes; /* of the address; 0: nobody asks */
    int64_t ping_us;
};

/* A path, or after '@' an abstract name, whose first byte is NUL and which has no last one. */
static void take_address(Notify *notify, const char *name)
{
    size_t length = name != NULL ? strlen(name) : 0;
    if (length < 2 || (name[0] != '/' && name[0] != '@') ||
        length >= sizeof notify->address.sun_path)
        return;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, name, length);
    bool abstract = name[0] == '@';
    if (abstract)
        notify->address.sun_path[0] = '\0';
    notify->bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (abstract ? 0 : 1));
}

/* Without a process id it is ours. */
static void take_watchdog(Notify *notify, const char *interval, const char *process)
{
    guint64 usec, pid;
    if (interval == NULL || !g_ascii_string_to_unsigned(interval, 10, 2, G_MAXINT64, &usec, NULL))
        return;
    if (process != NULL && (!g_ascii_string_to_unsigned(process, 10, 1, G_MAXINT, &pid, NULL) ||
                            (pid_t)pid != getpid()))
        return;
    notify->ping_us = (int64_t)usec / 2;
}

Notify *notify_new(void)
{
    Notify *notify = g_new0(Notify, 1);
    take_address(notify, g_getenv("NOTIFY_SOCKET"));
    if (notify->bytes > 0)
        take_watchdog(notify, g_getenv("WATCHDOG_USEC"), g_getenv("WATCHDOG_PID"));
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
    return notify;
}

void notify_free(Notify *notify)
{
    g_free(notify);
}

bool notify_wanted(const Notify *notify)
{
    return notify->bytes > 0;
}

int64_t notify_ping_us(const Notify *notify)
{
    return notify->ping_us;
}

bool notify_send(const Notify *notify, const char *lines, GError **error)
{
    if (notify->bytes == 0)
        return true;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    size_t length = strlen(lines);
    bool sent = fd >= 0 &&
                sendto(fd, lines, length, MSG_NOSIGNAL, (const struct sockaddr *)&notify->address,
                       notify->bytes) == (ssize_t)length;
    if (!sent)
        error_set(error, TD_ERROR_UNAVAILABLE, "The service manager cannot be told \"%s\": %s",
                  lines, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return sent;
}

bool notify_reloading(const Notify *notify, GError **error)
{
    g_autofree char *lines =
        g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    return notify_send(notify, lines, error);
}
