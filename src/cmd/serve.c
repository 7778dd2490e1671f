/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tidings serve`: in the foreground, one ready line, SIGTERM and SIGINT stop it, SIGHUP reloads.
 *
 * A service manager that asks is told when it is ready, reloads and stops. The watchdog's ping
 * comes from the main loop and means that this turns: signals are answered, so that stopping and
 * reloading work. It does not mean that mail leaves or that the database answers; a restart would
 * mend neither, and /readyz tells of both.
 */
#include "app/app.h"
#include "base/error.h"
#include "base/log.h"
#include "base/notify.h"
#include "cmd/command.h"
#include "cmd/commands.h"

#include <glib-unix.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define DEFAULT_LISTEN "127.0.0.1:8080"
#define LOCK_WAIT_MS   5000
#define DESCRIPTORS    8192

typedef struct {
    GMainLoop *loop;
    App *app;
    const Notify *notify;
} Serving;

/* Who does not hear us will do something about it; we go on. */
static void tell(const Notify *notify, const char *lines)
{
    g_autoptr(GError) error = NULL;
    if (!notify_send(notify, lines, &error))
        log_warning("%s", error->message);
}

static void tell_serving(const Notify *notify, const App *app)
{
    const char *url = app_url(app);
    g_autofree char *lines = g_strdup_printf("READY=1\nSTATUS=Serving%s%s", url != NULL ? " " : "",
                                             url != NULL ? url : "");
    tell(notify, lines);
}

static gboolean on_ping(gpointer data)
{
    const Serving *serving = data;
    tell(serving->notify, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

/* NULL: there is no watchdog. */
static GSource *start_pings(Serving *serving)
{
    int64_t ping_us = notify_ping_us(serving->notify);
    if (ping_us == 0)
        return NULL;
    GSource *source = g_timeout_source_new((guint)CLAMP(ping_us / 1000, 1, G_MAXINT));
    g_source_set_callback(source, on_ping, serving, NULL);
    g_source_attach(source, NULL);
    return source;
}

static void stop_pings(GSource *source)
{
    if (source == NULL)
        return;
    g_source_destroy(source);
    g_source_unref(source);
}

static gboolean on_stop(gpointer data)
{
    Serving *serving = data;
    g_main_loop_quit(serving->loop);
    return G_SOURCE_REMOVE;
}

static gboolean on_reload(gpointer data)
{
    Serving *serving = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) unheard = NULL;
    if (!notify_reloading(serving->notify, &unheard))
        log_warning("%s", unheard->message);
    if (app_reload(serving->app, &error))
        log_info("Reloaded");
    else
        log_error("Reloading failed: %s. Alerts wait in the outbox; mend this and reload again",
                  error->message);
    tell_serving(serving->notify, serving->app);
    return G_SOURCE_CONTINUE;
}

static bool read_roles(const char *text, AppRoles *roles, GError **error)
{
    g_auto(GStrv) names = g_strsplit(text != NULL ? text : "web,alerts,connector", ",", -1);
    for (char **name = names; *name != NULL; name++) {
        if (strcmp(*name, "web") == 0) {
            roles->web = true;
        } else if (strcmp(*name, "alerts") == 0) {
            roles->alerts = true;
        } else if (strcmp(*name, "connector") == 0) {
            roles->connector = true;
        } else {
            error_set(error, TD_ERROR_INVALID,
                      "There is no role \"%s\"; the roles are: web, alerts, connector", *name);
            return false;
        }
    }
    return true;
}

static bool choose_log(const DeskFolder *folder, const char *format, GError **error)
{
    LogOptions options = folder->config->log;
    if (format != NULL && !log_format_from_name(format, &options.format)) {
        error_set(error, TD_ERROR_INVALID,
                  "There is no log format \"%s\"; there are: auto, text, json, journal", format);
        return false;
    }
    log_configure(&options);
    return true;
}

static bool check_roles(const DeskFolder *folder, const AppRoles *roles, GError **error)
{
    if (!folder->sqlite || (roles->web && roles->alerts))
        return true;
    error_set(
        error, TD_ERROR_INVALID,
        "Roles can be split over several processes only on PostgreSQL: the SQLite file of this desk"
        " is written by one process. Serve without --roles, or move the desk to PostgreSQL");
    return false;
}

static bool take_lock(DeskFolder *folder, GError **error)
{
    bool taken;
    if (!desk_folder_lock(folder, LOCK_WAIT_MS, &taken, error))
        return false;
    if (!taken)
        error_set(error, TD_ERROR_CONFLICT,
                  "The desk %s is being served already; stop that server first (systemctl stop "
                  "tidings, or"
                  " look for `tidings serve`)",
                  folder->path);
    return taken;
}

/* One line, for people and for what starts us. */
static void say_ready(const DeskFolder *folder, const App *app)
{
    const char *url = app_url(app);
    printf("tidings: ready%s%s, desk %s\n", url != NULL ? " at " : "", url != NULL ? url : "",
           folder->path);
    fflush(stdout);
}

static bool serve(DeskFolder *folder, const AppRoles *roles, const Notify *notify, GError **error)
{
    if (!check_roles(folder, roles, error) || !take_lock(folder, error))
        return false;
    tell(notify, "STATUS=Opening the database");
    g_autoptr(App) app = app_open(folder, error);
    if (app == NULL || !app_start(app, roles, error))
        return false;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Serving serving = {loop, app, notify};
    guint sources[] = {
        g_unix_signal_add(SIGTERM, on_stop, &serving),
        g_unix_signal_add(SIGINT, on_stop, &serving),
        g_unix_signal_add(SIGHUP, on_reload, &serving),
    };
    GSource *pings = start_pings(&serving);
    say_ready(folder, app);
    tell_serving(notify, app);
    g_main_loop_run(loop);
    tell(notify, "STOPPING=1\nSTATUS=Finishing what is under way");
    stop_pings(pings);
    g_source_remove(sources[2]);
    app_stop(app);
    log_info("Stopped; what was not sent yet waits in the outbox");
    return true;
}

/* By default there may be eight heaps a processor, each with its own half-empty pages. With one a
 * processor, senders wait for each other's allocations: a tenth of the processor time of a drain
 * (docs/performance.md). */
#define HEAPS_PER_PROCESSOR 4

static void share_heaps(void)
{
    mallopt(M_ARENA_MAX, HEAPS_PER_PROCESSOR * MAX(2, (int)g_get_num_processors()));
}

/* Mostly 1,024 are given where many more may be had, and nothing here uses select(). */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = MIN(limit.rlim_max, DESCRIPTORS);
    setrlimit(RLIMIT_NOFILE, &limit);
}

int command_serve(int argc, char **argv)
{
    share_heaps();
    g_autoptr(Notify) notify = notify_new();
    raise_descriptors();
    g_autofree char *listen = NULL;
    g_autofree char *role_names = NULL;
    g_autofree char *log = NULL;
    const GOptionEntry entries[] = {
        {"listen", 0, 0, G_OPTION_ARG_STRING, &listen,
         "Where to serve (default " DEFAULT_LISTEN ")", "ADDRESS:PORT"},
        {"log", 0, 0, G_OPTION_ARG_STRING, &log,
         "How to log: auto, text, json or journal (default: tidings.conf's, else auto)", "FORMAT"},
        {"roles", 0, 0, G_OPTION_ARG_STRING, &role_names,
         "What this process does (default: all, web,alerts,connector)", "ROLES"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(CommonOptions) options = {0};
    const Usage usage = {
        .title = "serve",
        .summary = "Serve a desk in the foreground: the API, the Alerts Server that sends the mail,"
                   " and the Email Connector that reads mailboxes.",
        .more =
            "Several processes can share the roles of one desk on PostgreSQL only.\n\n"
            "SIGTERM and SIGINT stop it within five seconds; nothing is lost. SIGHUP starts the\n"
            "Alerts Server anew.\n",
    };
    int exit_code;
    if (!command_parse(&options, &usage, entries, &argc, &argv, &exit_code))
        return exit_code;
    g_autoptr(GError) error = NULL;
    AppRoles roles = {0};
    g_autoptr(DeskFolder) folder = command_folder(&options, &error);
    if (folder == NULL || !read_roles(role_names, &roles, &error) ||
        !choose_log(folder, log, &error))
        return command_fail("serve", error);
    roles.listen = listen != NULL                   ? listen
                   : folder->config->listen != NULL ? folder->config->listen
                                                    : DEFAULT_LISTEN;
    return serve(folder, &roles, notify, &error) ? EXIT_SUCCESS : command_fail("serve", error);
}
