/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of building is the order in which things depend on each other; taking down goes the
 * other way round:
 *
 *   database -> desk, composer, API, pages, routes -> Alerts Server -> wake-ups -> Email Connector
 *     -> HTTP server
 *
 * The HTTP server stops first, so that nothing comes in any more, and the wake-ups then, so that
 * the last of what came in has woken others; the Alerts Server next, so that what it has sent is
 * recorded; the database last.
 *
 * On PostgreSQL every process that writes wakes the others, also where it has an Alerts Server
 * itself: any number of them share the work.
 */
#include "app/app.h"

#include "api/api.h"
#include "app/private.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/monitor.h"
#include "connector/forward.h"
#include "connector/mailboxes.h"
#include "console/console.h"
#include "db/db.h"
#include "db/wake.h"
#include "delivery/delivery.h"
#include "portal/portal.h"
#include "records/identity.h"
#include "records/schema.h"
#include "web/assets.h"

#define HTTP_GRACE_MS     1500
#define DELIVERY_GRACE_MS 1500

struct App {
    DeskFolder *folder; /* borrowed */
    Db *db;
    Desk *desk;
    Composer *composer;
    DeliveryTokens *tokens;
    Api *api;
    WebAssets *assets;
    Console *console;
    Portal *portal;
    HttpRouter *router;
    AppRoles roles;
    Monitor lock; /* guards `delivery`, which a reload replaces */
    Delivery *delivery;
    MailboxDoor door;
    Poller *poller; /* NULL: this process reads no mailboxes */
    DbWake *wake;   /* NULL on SQLite, and where nothing was started */
    bool unsaid;    /* atomic: others are to be woken when this process ends */
    char **large;   /* paths of requests that may be large */
    HttpServer *server;
};

static Db *open_database(DeskFolder *folder, GError **error)
{
    g_autoptr(Db) db = db_open(folder->database, NULL, error);
    if (db == NULL ||
        !db_migrate(db, schema_steps, schema_n_steps, clock_wall_us(clock_system()), error))
        return NULL;
    return g_steal_pointer(&db);
}

static bool load_identity(DbTx *tx, void *data, GError **error)
{
    char **desk_id = data;
    g_clear_pointer(desk_id, g_free);
    return identity_load(tx, desk_id, error);
}

static DeliverySetup delivery_setup(const App *app)
{
    return (DeliverySetup){
        .db = app->db,
        .clock = clock_system(),
        .random = random_system(),
        .composer = app->composer,
        .maildir = app->folder->maildir,
        .tokens = app->tokens,
        .lease_us = app->folder->config->lease_seconds * US_PER_SECOND,
    };
}

static void wake_delivery(void *data)
{
    App *app = data;
    monitor_lock(&app->lock);
    if (app->delivery != NULL)
        delivery_wake(app->delivery);
    monitor_unlock(&app->lock);
}

/* The desk's writer calls this after a commit that put something into the outbox. A command that
 * nobody serves has no thread that could send: it does so at its end. */
static void wake_all(void *data)
{
    App *app = data;
    wake_delivery(app);
    if (app->wake != NULL)
        db_wake_send(app->wake);
    else
        __atomic_store_n(&app->unsaid, true, __ATOMIC_RELAXED);
}

static json_t *test_send(const char *to, int relay, void *data, GError **error)
{
    DeliverySetup setup = delivery_setup(data);
    return delivery_test_send(&setup, to, relay, error);
}

static json_t *test_template(const ComposeSource *source, const char *to, void *data,
                             GError **error)
{
    DeliverySetup setup = delivery_setup(data);
    return delivery_test_template(&setup, source, to, error);
}

static json_t *alerts_server(void *data, GError **error)
{
    DeliverySetup setup = delivery_setup(data);
    return delivery_status(&setup, error);
}

static bool resume(int64_t *resumed, void *data, GError **error)
{
    DeliverySetup setup = delivery_setup(data);
    if (!delivery_resume(&setup, resumed, error))
        return false;
    wake_all(data);
    return true;
}

static json_t *doctor(const char *only, const gint *stop, void *data, GError **error)
{
    App *app = data;
    DoctorSetup setup = app_doctor_setup(app->folder);
    setup.desk = app->desk;
    setup.tokens = app->tokens;
    setup.stop = stop;
    return doctor_run(&setup, only, error);
}

static void append_metrics(GString *text, void *data)
{
    const App *app = data;
    if (app->wake == NULL)
        return;
    DbWakeCounts counts = db_wake_counts(app->wake);
    g_string_append_printf(
        text,
        "# HELP tidings_wakeups_sent_total Wake-ups sent to the desk's other processes.\n"
        "# TYPE tidings_wakeups_sent_total counter\n"
        "tidings_wakeups_sent_total %" G_GINT64_FORMAT "\n"
        "# HELP tidings_wakeups_heard_total Wake-ups heard from the desk's other processes.\n"
        "# TYPE tidings_wakeups_heard_total counter\n"
        "tidings_wakeups_heard_total %" G_GINT64_FORMAT "\n",
        counts.sent, counts.heard);
}

static bool find_lacks(DbTx *tx, void *data, GError **error)
{
    return desk_lacks(tx, data, error);
}

static bool complete(DeskTx *tx, void *data, GError **error)
{
    return desk_complete(tx, error);
}

/* A desk of an earlier program. */
static bool complete_desk(App *app, GError **error)
{
    bool lacks;
    Actor actor = {ACTOR_SYSTEM, 0, (char *)"Tidings", CHANNEL_CLI};
    return db_read(app->db, find_lacks, &lacks, error) &&
           (!lacks || desk_write(app->desk, &actor, complete, NULL, error));
}

/* The doors with pages. */
static bool add_pages(App *app, GError **error)
{
    app->assets = web_assets_load(web_assets_get_resource(), "/tidings/assets/", error);
    if (app->assets == NULL)
        return false;
    web_assets_add_routes(app->assets, app->router);
    app->console = console_new(app->desk, app->api, app->assets, error);
    if (app->console == NULL)
        return false;
    console_add_routes(app->console, app->router);
    app->portal = portal_new(app->desk, app->assets, error);
    if (app->portal == NULL)
        return false;
    portal_add_routes(app->portal, app->router);
    return true;
}

App *app_open(DeskFolder *folder, GError **error)
{
    g_autoptr(App) app = g_new0(App, 1);
    monitor_init(&app->lock);
    app->folder = folder;
    app->db = open_database(folder, error);
    g_autofree char *desk_id = NULL;
    if (app->db == NULL || !db_read(app->db, load_identity, &desk_id, error))
        return NULL;
    if (desk_id == NULL) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-desk", NULL,
                          "The database of %s has no desk in it; `tidings init` makes one",
                          folder->path);
        return NULL;
    }
    app->desk = desk_new(app->db, clock_system(), random_system());
    if (!complete_desk(app, error))
        return NULL;
    desk_set_committed(app->desk, wake_all, app);
    app->composer = composer_new(desk_id);
    composer_register(app->composer, &mail_kind_forward);
    app->tokens = delivery_tokens_new();
    app->api = api_new(app->desk, app->composer);
    api_set_test_send(app->api, test_send, app);
    api_set_test_template(app->api, test_template, app);
    api_set_alerts_server(app->api, alerts_server, app);
    api_set_resume(app->api, resume, app);
    api_set_doctor(app->api, doctor, app);
    api_set_metrics(app->api, append_metrics, app);
    app->router = http_router_new();
    api_add_routes(app->api, app->router);
    return add_pages(app, error) ? g_steal_pointer(&app) : NULL;
}

void app_close(App *app)
{
    if (app == NULL)
        return;
    app_stop(app);
    if (app->unsaid)
        db_wake_once(app->db);
    http_router_free(app->router);
    g_strfreev(app->large);
    portal_free(app->portal);
    console_free(app->console);
    web_assets_free(app->assets);
    api_free(app->api);
    delivery_tokens_free(app->tokens);
    composer_free(app->composer);
    desk_free(app->desk);
    db_close(app->db);
    monitor_clear(&app->lock);
    g_free(app);
}

HttpResponse *app_call(App *app, HttpRequest *request)
{
    http_request_set_local(request, true);
    return http_router_run(app->router, request);
}

static bool start_delivery(App *app, GError **error)
{
    DeliverySetup setup = delivery_setup(app);
    Delivery *delivery = delivery_start(&setup, error);
    if (delivery == NULL)
        return false;
    monitor_lock(&app->lock);
    app->delivery = delivery;
    monitor_unlock(&app->lock);
    return true;
}

static void stop_delivery(App *app)
{
    monitor_lock(&app->lock);
    Delivery *delivery = g_steal_pointer(&app->delivery);
    monitor_unlock(&app->lock);
    delivery_stop(delivery, DELIVERY_GRACE_MS);
}

static bool start_wake(App *app, GError **error)
{
    g_autoptr(GError) failure = NULL;
    app->wake = db_wake_start(app->db, app->roles.alerts ? wake_delivery : NULL, app, &failure);
    if (failure == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

/* A process without the API has no /metrics: so it says it here. */
static void stop_wake(App *app)
{
    DbWakeCounts counts = db_wake_counts(app->wake);
    if (counts.heard > 0)
        log_info("Woken %" G_GINT64_FORMAT " times by the desk's other processes", counts.heard);
    db_wake_stop(g_steal_pointer(&app->wake));
}

static bool start_server(App *app, GError **error)
{
    static const char *const probes[] = {"/healthz", "/readyz", NULL};
    static const char *const mails[] = {"/api/v1/inbox", "/api/v1/options/email-connector/dry-run",
                                        NULL};
    g_autoptr(GStrvBuilder) large = g_strv_builder_new();
    g_strv_builder_addv(large, (const char **)mails);
    g_strv_builder_addv(large, (const char **)console_large_paths);
    g_strv_builder_addv(large, (const char **)portal_large_paths);
    g_strfreev(app->large);
    app->large = g_strv_builder_end(large);
    HttpServerOptions options = {.listen = app->roles.listen,
                                 .socket_path = app->folder->socket,
                                 .probes = probes,
                                 .large = (const char *const *)app->large,
                                 .large_body_bytes = LIMIT_INBOUND_MAIL_BYTES};
    app->server = http_server_start(app->router, &options, error);
    return app->server != NULL;
}

static bool start_poller(App *app, GError **error)
{
    app->door = (MailboxDoor){app->desk, clock_system()};
    PollerSetup setup = {
        .db = app->db,
        .clock = clock_system(),
        .random = random_system(),
        .mailboxes = mailbox_door_list,
        .mailboxes_data = &app->door,
        .file = mailbox_door_file,
        .file_data = &app->door,
    };
    app->poller = poller_start(&setup, error);
    return app->poller != NULL;
}

bool app_start(App *app, const AppRoles *roles, GError **error)
{
    app->roles = *roles;
    if ((!roles->alerts || start_delivery(app, error)) && start_wake(app, error) &&
        (!roles->connector || start_poller(app, error)) &&
        (!roles->web || start_server(app, error)))
        return true;
    app_stop(app);
    return false;
}

const char *app_url(const App *app)
{
    return app->server != NULL ? http_server_url(app->server) : NULL;
}

bool app_reload(App *app, GError **error)
{
    if (!app->roles.alerts)
        return true;
    stop_delivery(app);
    return start_delivery(app, error);
}

void app_stop(App *app)
{
    if (app->api != NULL)
        api_stop(app->api);
    http_server_stop(g_steal_pointer(&app->server), HTTP_GRACE_MS);
    poller_stop(g_steal_pointer(&app->poller));
    stop_wake(app);
    stop_delivery(app);
}

/* ---- a new desk ---- */

typedef struct {
    const DeskPlan *plan;
    char *secret;
} Creating;

static bool create(DeskTx *tx, void *data, GError **error)
{
    Creating *creating = data;
    return desk_create(tx, creating->plan, &creating->secret, error);
}

bool app_create(DeskFolder *folder, const DeskPlan *plan, char **secret, GError **error)
{
    g_autoptr(Db) db = open_database(folder, error);
    if (db == NULL)
        return false;
    g_autoptr(Desk) desk = desk_new(db, clock_system(), random_system());
    Actor actor = {ACTOR_SYSTEM, 0, (char *)"tidings init", CHANNEL_CLI};
    Creating creating = {.plan = plan};
    if (!desk_write(desk, &actor, create, &creating, error))
        return false;
    *secret = creating.secret;
    return true;
}
