/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenAPI document says what the program does: the same routes, the scopes they really ask for,
 * references that lead somewhere, and every problem that the sources can name. */
#include "api/world.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"

#include <string.h>

static const char *source_root;

static json_t *load_document(World *world)
{
    return world_ok(world, "GET", "/api/v1/openapi.json", NULL, 200);
}

/* ---- routes ---- */

static GPtrArray *document_routes(json_t *document)
{
    GPtrArray *routes = g_ptr_array_new_with_free_func(g_free);
    const char *path, *method;
    json_t *operations, *operation;
    json_object_foreach(json_object_get(document, "paths"), path, operations)
    {
        json_object_foreach(operations, method, operation)
        {
            g_autofree char *upper = g_ascii_strup(method, -1);
            g_ptr_array_add(routes, g_strdup_printf("%s %s", upper, path));
        }
    }
    return routes;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *joined(GPtrArray *texts)
{
    g_ptr_array_sort(texts, by_text);
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < texts->len; i++)
        g_string_append_printf(all, "%s\n", (const char *)texts->pdata[i]);
    return g_strdup(all->str);
}

static void test_routes(void)
{
    g_autoptr(World) world = world_new("sqlite");
    json_auto_t *document = load_document(world);
    g_autoptr(GPtrArray) served = http_router_list(world->router);
    g_autoptr(GPtrArray) written = document_routes(document);
    g_autofree char *served_text = joined(served);
    g_autofree char *written_text = joined(written);
    g_assert_cmpstr(served_text, ==, written_text);
    g_assert_cmpuint(served->len, >, 50);
}

/* A token with the one scope that never fits is told which scope is missing. */
static void check_scope(World *world, const char *method, const char *path, const char *scope,
                        const char *token)
{
    g_autoptr(GString) target = g_string_new(path);
    g_string_replace(target, "{number}", "1", 0);
    g_string_replace(target, "{id}", "1", 0);
    g_string_replace(target, "{version}", "1", 0);
    g_string_replace(target, "{section}", "desk", 0);
    g_string_replace(target, "{email}", "a@b.example", 0);
    g_autofree char *upper = g_ascii_strup(method, -1);
    CallOptions as = {.token = token};
    g_autoptr(Answer) answer = world_call_with(world, upper, target->str, NULL, &as);
    assert_problem(answer, 403, "missing-scope");
    g_autofree char *words = g_strdup_printf("the scope \"%s\"", scope);
    g_test_message("%s %s", upper, target->str);
    g_assert_nonnull(strstr(text_at(answer->json, "/detail"), words));
}

static void test_scopes(void)
{
    g_autoptr(World) world = world_new("sqlite");
    json_auto_t *document = load_document(world);
    json_auto_t *alerts =
        world_ok(world, "POST", "/api/v1/tokens", "{\"name\":\"a\",\"scopes\":[\"alerts\"]}", 201);
    json_auto_t *options =
        world_ok(world, "POST", "/api/v1/tokens", "{\"name\":\"o\",\"scopes\":[\"options\"]}", 201);
    const char *path, *method;
    json_t *operations, *operation;
    json_object_foreach(json_object_get(document, "paths"), path, operations)
    {
        json_object_foreach(operations, method, operation)
        {
            const char *scope = text_at(operation, "/x-scope");
            json_t *other = strcmp(scope, "alerts") == 0 ? options : alerts;
            if (*scope != '\0')
                check_scope(world, method, path, scope, text_at(other, "/token"));
        }
    }
}

/* ---- what every operation refuses ---- */

/* Answers with an operation's example as the body, `path` with what is not there in it. */
typedef struct {
    World *world;
    const char *method;
    json_t *operation;
    char *target;
    char *body; /* NULL: it takes none */
    const char *type;
} Attempt;

static void attempt_clear(Attempt *attempt)
{
    g_free(attempt->target);
    g_free(attempt->body);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Attempt, attempt_clear)

static void attempt_init(Attempt *attempt, World *world, const char *method, const char *path,
                         json_t *operation)
{
    static const char *const missing[][2] = {
        {"{number}", "999999"}, {"{id}", "999999"},          {"{version}", "999999"},
        {"{section}", "none"},  {"{email}", "no@b.example"},
    };
    g_autoptr(GString) target = g_string_new(path);
    for (size_t i = 0; i < G_N_ELEMENTS(missing); i++)
        g_string_replace(target, missing[i][0], missing[i][1], 0);
    *attempt = (Attempt){.world = world, .method = method, .operation = operation};
    attempt->target = g_strdup(target->str);
    json_t *content = json_at(operation, "/requestBody/content");
    void *first = json_object_iter(content);
    if (first == NULL)
        return;
    json_t *example = json_object_get(json_object_iter_value(first), "example");
    attempt->type = json_object_iter_key(first);
    attempt->body = json_is_string(example) ? g_strdup(json_string_value(example))
                    : example != NULL       ? json_text(example)
                                            : g_strdup("{}");
}

/* The document names the status, and that is what comes. `query` is put behind the target. */
static void expect(const Attempt *attempt, const char *query, const char *body, size_t bytes,
                   const char *token, int status)
{
    g_autofree char *target = g_strconcat(attempt->target, query, NULL);
    g_autofree char *name = g_strdup_printf("%d", status);
    CallOptions as = {.token = token, .bytes = bytes, .content_type = attempt->type};
    g_autoptr(Answer) answer = world_call_with(attempt->world, attempt->method, target, body, &as);
    if (answer->status != status)
        g_test_message("%s %s: %d %s", attempt->method, target, answer->status,
                       http_response_body(answer->response, NULL));
    g_assert_cmpint(answer->status, ==, status);
    g_test_message("%s %s: %d", attempt->method, target, status);
    g_assert_nonnull(json_object_get(json_object_get(attempt->operation, "responses"), name));
}

static bool takes_json(const Attempt *attempt)
{
    return g_strcmp0(attempt->type, "application/json") == 0;
}

/* `long_body` is longer than any that is taken. */
static void check_refusals(const Attempt *attempt, const char *long_body)
{
    if (*text_at(attempt->operation, "/x-scope") != '\0')
        expect(attempt, "", attempt->body, 0, "", 401);
    expect(attempt, "?a=%zz", attempt->body, 0, NULL, 400);
    expect(attempt, "?no_such_parameter=1", attempt->body, 0, NULL, 422);
    if (takes_json(attempt)) {
        expect(attempt, "", "{", 0, NULL, 400);
        expect(attempt, "", long_body, LIMIT_REQUEST_BODY_BYTES + 1, NULL, 413);
    }
    if (g_strcmp0(attempt->type, "message/rfc822") == 0)
        expect(attempt, "", long_body, LIMIT_INBOUND_MAIL_BYTES + 1, NULL, 413);
    if (json_at(attempt->operation, "/responses/404") != NULL)
        expect(attempt, "", attempt->body, 0, NULL, 404);
}

/* Some look for the thing first: so there is one. */
static void check_unknown_field(const Attempt *attempt)
{
    g_autoptr(GString) target = g_string_new(attempt->target);
    g_string_replace(target, "999999", "1", 0);
    Attempt there = *attempt;
    there.target = target->str;
    if (takes_json(attempt))
        expect(&there, "", "{\"no_such_field\":1}", 0, NULL, 422);
}

static json_t *send_nothing(const ComposeSource *source, const char *to, void *data, GError **error)
{
    return json_object();
}

static void test_refusals(void)
{
    g_autoptr(World) world = world_new("sqlite");
    api_set_test_template(world->api, send_nothing, NULL);
    json_auto_t *document = load_document(world);
    world_open_ticket(world, "\"manager\":1"); /* some examples name it */
    g_autofree char *long_body = g_strnfill(LIMIT_INBOUND_MAIL_BYTES + 1, ' ');
    const char *path, *method;
    json_t *operations, *operation;
    json_object_foreach(json_object_get(document, "paths"), path, operations)
    {
        json_object_foreach(operations, method, operation)
        {
            g_autofree char *upper = g_ascii_strup(method, -1);
            g_auto(Attempt) attempt;
            attempt_init(&attempt, world, upper, path, operation);
            check_refusals(&attempt, long_body);
            check_unknown_field(&attempt);
        }
    }
}

/* ---- references ---- */

static int check_references(json_t *document, json_t *value)
{
    int found = 0;
    const char *name;
    size_t i;
    json_t *inner;
    const char *target = json_string_value(json_object_get(value, "$ref"));
    if (target != NULL) {
        g_test_message("%s", target);
        g_assert_true(g_str_has_prefix(target, "#/"));
        g_assert_nonnull(json_at(document, target + 1));
        return 1;
    }
    json_object_foreach(value, name, inner) found += check_references(document, inner);
    json_array_foreach(value, i, inner) found += check_references(document, inner);
    return found;
}

/* Every field of an answer stands in its schema, and the other way round. */
static void check_shape(json_t *document, const char *schema, json_t *answer)
{
    g_autofree char *pointer = g_strdup_printf("/components/schemas/%s/properties", schema);
    json_t *properties = json_at(document, pointer);
    const char *name;
    json_t *value;
    g_assert_nonnull(properties);
    json_object_foreach(answer, name, value)
    {
        g_test_message("%s.%s", schema, name);
        g_assert_nonnull(json_object_get(properties, name));
    }
    json_object_foreach(properties, name, value)
    {
        g_test_message("%s.%s", schema, name);
        g_assert_nonnull(json_object_get(answer, name));
    }
}

static void test_shapes(void)
{
    static const char *const shapes[][2] = {
        {"Ticket", "/api/v1/tickets/1"},
        {"Explanation", "/api/v1/tickets/1/explain"},
        {"Account", "/api/v1/accounts/1"},
        {"Contact", "/api/v1/contacts/1"},
        {"Employee", "/api/v1/employees/1"},
        {"Template", "/api/v1/templates/1"},
        {"Suppression", "/api/v1/suppressions/gone@x.example"},
        {"OptionsDesk", "/api/v1/options/desk"},
        {"OptionsAlertsServer", "/api/v1/options/alerts-server"},
        {"AlertsServerTest", "/api/v1/options/alerts-server/test"},
        {"OptionsAlertsToCustomers", "/api/v1/options/alerts-to-customers"},
        {"OptionsTickets", "/api/v1/options/tickets"},
        {"OptionsEmailConnector", "/api/v1/options/email-connector"},
        {"OptionsWebInterface", "/api/v1/options/web-interface"},
        {"Health", "/healthz"},
        {"Readiness", "/readyz"},
    };
    static const char *const lists[][2] = {
        {"Ticket", "/api/v1/tickets"},
        {"Recipient", "/api/v1/tickets/1/recipients"},
        {"EmployeeRecipient", "/api/v1/tickets/1/employee-recipients"},
        {"Event", "/api/v1/tickets/1/events"},
        {"Alert", "/api/v1/tickets/1/alerts"},
        {"Alert", "/api/v1/alerts"},
        {"Token", "/api/v1/tokens"},
        {"Suppression", "/api/v1/suppressions"},
        {"OptionChange", "/api/v1/options/alerts-server/changes"},
    };
    g_autoptr(World) world = world_new("sqlite");
    json_auto_t *document = load_document(world);
    g_assert_cmpstr(text_at(document, "/openapi"), ==, "3.1.0");
    g_assert_cmpint(check_references(document, document), >, 300);
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "\"manager\":1");
    json_decref(
        world_ok(world, "POST", "/api/v1/suppressions", "{\"email\":\"gone@x.example\"}", 201));
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        json_auto_t *answer = world_ok(world, "GET", shapes[i][1], NULL, 200);
        check_shape(document, shapes[i][0], answer);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        json_auto_t *answer = world_ok(world, "GET", lists[i][1], NULL, 200);
        check_shape(document, lists[i][0], json_at(answer, "/items/0"));
    }
}

/* ---- problems ---- */

/* The calls that name a problem; between their bracket and the message stand literals that are
 * problems, and field names, which begin with a slash. */
static const char call_pattern[] =
    "\\b(?:error_set_problem|template_error_set|http_response_problem_new|fail_field|"
    "fail)\\s*\\(([^;{]*)";

static void add_problems(const char *arguments, GHashTable *problems)
{
    g_autoptr(GRegex) literal = g_regex_new("\"((?:[^\"\\\\]|\\\\.)*)\"", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(literal, arguments, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *text = g_match_info_fetch(match, 1);
        if (strpbrk(text, " %") != NULL)
            return; /* the message */
        if (*text != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0')
            g_hash_table_add(problems, g_strdup(text));
    }
}

static void scan_file(const char *path, GHashTable *problems)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GRegex) calls = g_regex_new(call_pattern, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(calls, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *arguments = g_match_info_fetch(match, 1);
        add_problems(arguments, problems);
    }
}

static void scan_folder(const char *folder, GHashTable *problems)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    g_assert_no_error(error);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            scan_folder(path, problems);
        else if (g_str_has_suffix(name, ".c"))
            scan_file(path, problems);
    }
}

/* The names that a literal next to a "?" or in a table gives are few; they stand in the document
 * all the same, and are looked for as texts. */
static void test_problems(void)
{
    g_autoptr(World) world = world_new("sqlite");
    json_auto_t *document = load_document(world);
    json_t *web = json_object_get(document, "x-problems");
    json_t *command_line = json_object_get(document, "x-command-line-problems");
    json_t *pages = json_object_get(document, "x-page-problems");
    g_autoptr(GHashTable) named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *sources = g_build_filename(source_root, "src", NULL);
    scan_folder(sources, named);
    for (int code = 0; code < TD_ERROR_N_CODES; code++)
        g_hash_table_add(named, g_strdup(error_info((TdErrorCode)code)->problem));
    g_assert_cmpuint(g_hash_table_size(named), >, 60);
    GHashTableIter iter;
    void *key;
    g_hash_table_iter_init(&iter, named);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_test_message("used: %s", (const char *)key);
        g_assert_true(json_object_get(web, key) != NULL || json_object_get(pages, key) != NULL ||
                      json_object_get(command_line, key) != NULL);
    }
    const char *name;
    json_t *value;
    json_object_foreach(web, name, value)
    {
        g_test_message("documented: %s", name);
        g_assert_true(g_hash_table_contains(named, name));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    source_root = argv[1];
    g_test_add_func("/api/document/routes", test_routes);
    g_test_add_func("/api/document/scopes", test_scopes);
    g_test_add_func("/api/document/refusals", test_refusals);
    g_test_add_func("/api/document/shapes", test_shapes);
    g_test_add_func("/api/document/problems", test_problems);
    return g_test_run();
}
