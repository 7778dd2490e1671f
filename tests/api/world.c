/* SPDX-License-Identifier: Apache-2.0 */
#include "api/world.h"

#include "api/recorder.h"
#include "base/secret.h"
#include "desk/create.h"
#include "records/identity.h"
#include "records/schema.h"

#include <string.h>

/* ---- database ---- */

typedef struct {
    const char *sql;
    int64_t value;
    char *text;
} Sql;

static bool run_sql(DbTx *tx, void *data, GError **error)
{
    Sql *sql = data;
    return db_exec(tx, NULL, error, sql->sql, "");
}

void world_sql(World *world, const char *text)
{
    g_autoptr(GError) error = NULL;
    Sql sql = {.sql = text};
    db_write(test_db_handle(world->db), run_sql, &sql, &error);
    g_assert_no_error(error);
}

static bool run_sql_int(DbTx *tx, void *data, GError **error)
{
    Sql *sql = data;
    bool found;
    return db_query_int(tx, &found, &sql->value, error, sql->sql, "");
}

int64_t world_sql_int(World *world, const char *text)
{
    g_autoptr(GError) error = NULL;
    Sql sql = {.sql = text};
    db_read(test_db_handle(world->db), run_sql_int, &sql, &error);
    g_assert_no_error(error);
    return sql.value;
}

/* The tables are read out of the schema, so that a new one is not forgotten here. */
static bool count_rows(DbTx *tx, void *data, GError **error)
{
    Sql *sql = data;
    g_autoptr(GString) rows = g_string_new(NULL);
    for (size_t i = 0; i < schema_n_steps; i++) {
        const char *at = schema_steps[i].sql;
        while ((at = strstr(at, "CREATE TABLE ")) != NULL) {
            at += strlen("CREATE TABLE ");
            g_autofree char *table = g_strndup(at, strcspn(at, " ("));
            g_autofree char *count = g_strdup_printf("SELECT COUNT(*) FROM %s", table);
            bool found;
            int64_t n;
            if (!db_query_int(tx, &found, &n, error, count, ""))
                return false;
            g_string_append_printf(rows, "%s=%" G_GINT64_FORMAT " ", table, n);
        }
    }
    bool found;
    int64_t versions;
    if (!db_query_int(tx, &found, &versions, error,
                      "SELECT CAST(SUM(version) AS BIGINT) FROM ticket", ""))
        return false;
    g_string_append_printf(rows, "versions=%" G_GINT64_FORMAT, versions);
    g_free(sql->text);
    sql->text = g_strdup(rows->str);
    return true;
}

char *world_rows(World *world)
{
    g_autoptr(GError) error = NULL;
    Sql sql = {0};
    db_read(test_db_handle(world->db), count_rows, &sql, &error);
    g_assert_no_error(error);
    return sql.text;
}

/* ---- the desk ---- */

static bool create(DeskTx *tx, void *data, GError **error)
{
    static const DeskPlan plan = {
        .admin_login = "erika",
        .admin_name = "Erika Muster",
        .admin_email = "erika@harbour-it.example",
    };
    return desk_create(tx, &plan, data, error);
}

static bool load_desk_id(DbTx *tx, void *data, GError **error)
{
    char **desk_id = data;
    g_clear_pointer(desk_id, g_free);
    return identity_load(tx, desk_id, error);
}

World *world_new(const char *engine)
{
    g_autoptr(GError) error = NULL;
    World *world = g_new0(World, 1);
    world->db = test_db_new(engine);
    Db *db = test_db_handle(world->db);
    manual_clock_init(&world->clock, WORLD_START_US);
    db_migrate(db, schema_steps, schema_n_steps, WORLD_START_US, &error);
    g_assert_no_error(error);
    world->desk = desk_new(db, &world->clock.clock, random_system());
    world->metrics = metrics_new();
    db_set_metrics(db, world->metrics);
    desk_set_metrics(world->desk, world->metrics);
    static const Actor system = {ACTOR_SYSTEM, 0, (char *)"Tidings", CHANNEL_CLI};
    desk_write(world->desk, &system, create, &world->token, &error);
    g_assert_no_error(error);
    g_autofree char *desk_id = NULL;
    db_read(db, load_desk_id, &desk_id, &error);
    g_assert_no_error(error);
    world->composer = composer_new(desk_id);
    world->api = api_new(world->desk, world->composer);
    world->router = http_router_new();
    api_add_routes(world->api, world->router);
    api_set_metrics(world->api, world->metrics, NULL, NULL);
    world->admin = 1;
    json_auto_t *account =
        world_ok(world, "POST", "/api/v1/accounts",
                 "{\"name\":\"Bluebird\",\"email\":\"office@bluebird.example\"}", 201);
    world->account = int_at(account, "/number");
    g_autofree char *body = g_strdup_printf(
        "{\"account\":%" G_GINT64_FORMAT ",\"name\":\"Anna\",\"email\":\"anna@bluebird.example\"}",
        world->account);
    json_auto_t *contact = world_ok(world, "POST", "/api/v1/contacts", body, 201);
    world->contact = int_at(contact, "/id");
    return world;
}

void world_free(World *world)
{
    if (world == NULL)
        return;
    http_router_free(world->router);
    api_free(world->api);
    composer_free(world->composer);
    desk_free(world->desk);
    secret_free(world->token);
    test_db_free(world->db);
    metrics_free(world->metrics);
    g_free(world);
}

/* ---- calls ---- */

static void add_headers(World *world, HttpRequest *request, const char *body,
                        const CallOptions *options)
{
    const char *token = options->token != NULL ? options->token
                        : options->local       ? ""
                                               : world->token;
    if (*token != '\0') {
        g_autofree char *header = g_strconcat("Bearer ", token, NULL);
        http_request_set_header(request, "Authorization", header);
    }
    if (options->employee != NULL)
        http_request_set_header(request, "Tidings-Employee", options->employee);
    if (options->key != NULL)
        http_request_set_header(request, "Idempotency-Key", options->key);
    if (body != NULL)
        http_request_set_header(request, "Content-Type",
                                options->content_type != NULL ? options->content_type
                                                              : "application/json");
    http_request_set_local(request, options->local);
}

Answer *world_call_with(World *world, const char *method, const char *target, const char *body,
                        const CallOptions *options)
{
    static const CallOptions plain = {0};
    if (options == NULL)
        options = &plain;
    size_t bytes = body == NULL ? 0 : options->bytes != 0 ? options->bytes : strlen(body);
    g_autoptr(HttpRequest) request = http_request_new(method, target, body, bytes);
    add_headers(world, request, body, options);
    Answer *answer = g_new0(Answer, 1);
    answer->response = http_router_run(world->router, request);
    answer->status = http_response_status(answer->response);
    size_t length;
    const char *text = http_response_body(answer->response, &length);
    answer->json = json_loadb(text, length, 0, NULL);
    recorder_keep(method, target, http_request_header(request, "Content-Type"), body, bytes,
                  answer->response);
    return answer;
}

Answer *world_call(World *world, const char *method, const char *target, const char *body)
{
    return world_call_with(world, method, target, body, NULL);
}

void answer_free(Answer *answer)
{
    if (answer == NULL)
        return;
    http_response_free(answer->response);
    json_decref(answer->json);
    g_free(answer);
}

json_t *world_ok(World *world, const char *method, const char *target, const char *body, int status)
{
    g_autoptr(Answer) answer = world_call(world, method, target, body);
    if (answer->status != status)
        g_test_message("%s %s: %s", method, target, http_response_body(answer->response, NULL));
    g_assert_cmpint(answer->status, ==, status);
    return g_steal_pointer(&answer->json);
}

void assert_problem(const Answer *answer, int status, const char *problem)
{
    g_autofree char *type = g_strconcat("/problems/", problem, NULL);
    if (answer->status != status || g_strcmp0(text_at(answer->json, "/type"), type) != 0)
        g_test_message("%s", http_response_body(answer->response, NULL));
    g_assert_cmpint(answer->status, ==, status);
    g_assert_cmpstr(http_response_header(answer->response, "Content-Type"), ==,
                    "application/problem+json");
    g_assert_cmpstr(text_at(answer->json, "/type"), ==, type);
    g_assert_cmpint(int_at(answer->json, "/status"), ==, status);
    g_assert_cmpuint(strlen(text_at(answer->json, "/title")), >, 0);
    g_assert_cmpuint(strlen(text_at(answer->json, "/detail")), >, 0);
}

int64_t world_open_ticket(World *world, const char *more)
{
    g_autofree char *body =
        g_strdup_printf("{\"account\":%" G_GINT64_FORMAT ",\"title\":\"Printer offline\"%s%s}",
                        world->account, *more != '\0' ? "," : "", more);
    json_auto_t *ticket = world_ok(world, "POST", "/api/v1/tickets", body, 201);
    return int_at(ticket, "/number");
}

static json_t *accept_test(const char *to, int relay, void *data, GError **error)
{
    return json_pack("{s:b, s:[]}", "ok", 1, "steps");
}

void world_activate(World *world, const char *settings)
{
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-server", settings, 200));
    api_set_test_send(world->api, accept_test, NULL);
    json_decref(world_ok(world, "POST", "/api/v1/options/alerts-server/test",
                         "{\"to\":\"erika@harbour-it.example\"}", 200));
    api_set_test_send(world->api, NULL, NULL);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-server", "{\"active\":true}", 200));
}

void world_set_alerts(World *world, bool server, bool new_ticket, bool ticket_closed)
{
    /* An alert can be switched on only while the server is active. */
    world_activate(world, "{\"transport\":\"maildir\",\"from_name\":\"Harbour IT\","
                          "\"from_address\":\"support@harbour-it.example\"}");
    g_autofree char *alerts =
        g_strdup_printf("{\"new_ticket\":{\"enabled\":%s},\"ticket_closed\":{\"enabled\":%s}}",
                        new_ticket ? "true" : "false", ticket_closed ? "true" : "false");
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers", alerts, 200));
    if (!server)
        json_decref(
            world_ok(world, "PUT", "/api/v1/options/alerts-server", "{\"active\":false}", 200));
}

/* ---- answers ---- */

json_t *json_at(json_t *value, const char *pointer)
{
    g_auto(GStrv) parts = g_strsplit(pointer, "/", -1);
    for (size_t i = 1; *pointer != '\0' && parts[i] != NULL && value != NULL; i++)
        value = json_is_array(value)
                    ? json_array_get(value, (size_t)g_ascii_strtoull(parts[i], NULL, 10))
                    : json_object_get(value, parts[i]);
    return value;
}

const char *text_at(json_t *value, const char *pointer)
{
    const char *text = json_string_value(json_at(value, pointer));
    return text != NULL ? text : "";
}

int64_t int_at(json_t *value, const char *pointer)
{
    return json_integer_value(json_at(value, pointer));
}
