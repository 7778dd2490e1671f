/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/notify.h"

#include <glib/gstdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
    char *folder; /* NULL: an abstract name */
    char *name;   /* what NOTIFY_SOCKET says */
    int fd;
} Manager;

/* A service manager's socket. */
static Manager manager_open(bool abstract)
{
    Manager manager = {.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (abstract) {
        manager.name = g_strdup_printf("@tidings-test-%d", getpid());
    } else {
        manager.folder = g_dir_make_tmp("tidings-notify-XXXXXX", NULL);
        manager.name = g_build_filename(manager.folder, "notify", NULL);
    }
    size_t length = strlen(manager.name);
    g_assert_cmpuint(length, <, sizeof address.sun_path);
    memcpy(address.sun_path, manager.name, length);
    if (abstract)
        address.sun_path[0] = '\0';
    g_assert_cmpint(bind(manager.fd, (struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                    ==, 0);
    return manager;
}

static void manager_close(Manager *manager)
{
    close(manager->fd);
    if (manager->folder != NULL) {
        g_unlink(manager->name);
        g_rmdir(manager->folder);
    }
    g_free(manager->folder);
    g_free(manager->name);
}

/* The next datagram, which has been sent already; NULL: none. */
static char *manager_hear(const Manager *manager)
{
    char text[4096];
    ssize_t n = recv(manager->fd, text, sizeof text, 0);
    return n < 0 ? NULL : g_strndup(text, (size_t)n);
}

static Notify *notify_with(const char *socket, const char *usec, const char *pid)
{
    const char *const variables[][2] = {
        {"NOTIFY_SOCKET", socket}, {"WATCHDOG_USEC", usec}, {"WATCHDOG_PID", pid}};
    for (size_t i = 0; i < G_N_ELEMENTS(variables); i++) {
        if (variables[i][1] != NULL)
            g_setenv(variables[i][0], variables[i][1], TRUE);
        else
            g_unsetenv(variables[i][0]);
    }
    return notify_new();
}

static void test_tells(gconstpointer data)
{
    Manager manager = manager_open(GPOINTER_TO_INT(data));
    g_autoptr(Notify) notify = notify_with(manager.name, NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(notify_wanted(notify));
    g_assert_true(notify_send(notify, "READY=1\nSTATUS=Serving", &error));
    g_assert_no_error(error);
    g_autofree char *heard = manager_hear(&manager);
    g_assert_cmpstr(heard, ==, "READY=1\nSTATUS=Serving");
    g_assert_true(notify_reloading(notify, &error));
    g_autofree char *reloading = manager_hear(&manager);
    g_assert_true(g_str_has_prefix(reloading, "RELOADING=1\nMONOTONIC_USEC="));
    g_assert_null(manager_hear(&manager));
    manager_close(&manager);
}

/* A child must not find them. */
static void test_leaves_no_trace(void)
{
    g_autoptr(Notify) notify = notify_with("@tidings-nobody", "1000000", NULL);
    g_assert_null(g_getenv("NOTIFY_SOCKET"));
    g_assert_null(g_getenv("WATCHDOG_USEC"));
    g_assert_null(g_getenv("WATCHDOG_PID"));
}

static void test_nobody_asks(void)
{
    g_autofree char *too_long = g_strnfill(200, 'x');
    too_long[0] = '/';
    const char *const sockets[] = {NULL, "", "/", "@", "relative/path", "vsock:2:1234", too_long};
    for (size_t i = 0; i < G_N_ELEMENTS(sockets); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Notify) notify = notify_with(sockets[i], "1000000", NULL);
        g_assert_false(notify_wanted(notify));
        g_assert_cmpint(notify_ping_us(notify), ==, 0);
        g_assert_true(notify_send(notify, "READY=1", &error));
        g_assert_no_error(error);
    }
}

static void test_nobody_hears(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Notify) notify = notify_with("/nonexistent/notify", NULL, NULL);
    g_assert_false(notify_send(notify, "READY=1", &error));
    g_assert_true(error_is(error, TD_ERROR_UNAVAILABLE));
    g_assert_nonnull(strstr(error->message, "READY=1"));
}

static void test_watchdog(void)
{
    g_autofree char *own = g_strdup_printf("%d", getpid());
    const struct {
        const char *usec, *pid;
        int64_t expected;
    } cases[] = {
        {"30000000", NULL, 15000000},
        {"30000000", own, 15000000},
        {"30000000", "1", 0},
        {"30000000", "x", 0},
        {NULL, NULL, 0},
        {"0", NULL, 0},
        {"1", NULL, 0},
        {"-5", NULL, 0},
        {"soon", NULL, 0},
        {"2", NULL, 1},
        {"99999999999999999999", NULL, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Notify) notify = notify_with("@tidings-nobody", cases[i].usec, cases[i].pid);
        g_assert_cmpint(notify_ping_us(notify), ==, cases[i].expected);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/base/notify/path", GINT_TO_POINTER(FALSE), test_tells);
    g_test_add_data_func("/base/notify/abstract", GINT_TO_POINTER(TRUE), test_tells);
    g_test_add_func("/base/notify/no-trace", test_leaves_no_trace);
    g_test_add_func("/base/notify/nobody-asks", test_nobody_asks);
    g_test_add_func("/base/notify/nobody-hears", test_nobody_hears);
    g_test_add_func("/base/notify/watchdog", test_watchdog);
    return g_test_run();
}
