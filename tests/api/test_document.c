/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenAPI document says what the program does: the same routes, the scopes they really ask for,
 * references that lead somewhere, and every problem that the sources can name. */
#include "api/world.h"

#include "base/error.h"

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
    g_test_add_func("/api/document/shapes", test_shapes);
    g_test_add_func("/api/document/problems", test_problems);
    return g_test_run();
}
