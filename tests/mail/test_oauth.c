/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens without a network: what a token server's answer means, how long a token is used,
 * who asks for the next, and what becomes of a refresh token that is replaced.
 */
#include "base/error.h"
#include "base/monitor.h"
#include "base/secret.h"
#include "mail/oauth.h"

#include <string.h>

/* ---- the answer ---- */

typedef struct {
    const char *name;
    int status;
    const char *body;
    const char *want; /* "access refresh seconds", or a part of the error */
} AnswerCase;

#define ERROR(code) "{\"error\":\"" code "\",\"error_description\":\"Because.\\r\\nTrace: 1\"}"

static const AnswerCase answers[] = {
    {"whole", 200,
     "{\"access_token\":\"a.b\",\"token_type\":\"Bearer\",\"expires_in\":3599,"
     "\"refresh_token\":\"r\",\"scope\":\"x\"}",
     "a.b r 3599"},
    {"least", 200, "{\"access_token\":\"a\"}", "a - 600"},
    {"type in lower case", 200, "{\"access_token\":\"a\",\"token_type\":\"bearer\"}", "a - 600"},
    {"expiry as text", 200, "{\"access_token\":\"a\",\"expires_in\":\"3600\"}", "a - 3600"},
    {"expiry as real", 200, "{\"access_token\":\"a\",\"expires_in\":3.6e3}", "a - 3600"},
    {"expiry below zero", 200, "{\"access_token\":\"a\",\"expires_in\":-1}", "a - 0"},
    {"expiry without end", 200, "{\"access_token\":\"a\",\"expires_in\":1e300}", "a - 600"},
    {"expiry too late", 200, "{\"access_token\":\"a\",\"expires_in\":9223372036854775807}",
     "a - 86400"},
    {"no refresh token", 200, "{\"access_token\":\"a\",\"refresh_token\":null}", "a - 600"},
    {"another type", 200, "{\"access_token\":\"a\",\"token_type\":\"mac\"}", "token_type"},
    {"type that is no text", 200, "{\"access_token\":\"a\",\"token_type\":1}", "token_type"},
    {"no token", 200, "{\"expires_in\":3600}", "no access_token"},
    {"empty token", 200, "{\"access_token\":\"\"}", "cannot be used"},
    {"token with a control character", 200, "{\"access_token\":\"a\\u0001b\"}", "cannot be used"},
    {"token with a line end", 200, "{\"access_token\":\"a\\r\\nMAIL FROM\"}", "cannot be used"},
    {"token with a space", 200, "{\"access_token\":\"a b\"}", "cannot be used"},
    {"token that is no text", 200, "{\"access_token\":[]}", "cannot be used"},
    {"refresh token that is no text", 200, "{\"access_token\":\"a\",\"refresh_token\":1}",
     "refresh_token"},
    {"refresh token with a space", 200, "{\"access_token\":\"a\",\"refresh_token\":\"a b\"}",
     "refresh_token"},
    {"list", 200, "[]", "not a JSON object"},
    {"nothing", 200, "", "not a JSON object"},
    {"a page", 200, "<html>", "not a JSON object"},
    {"twice the same field", 200, "{\"access_token\":\"a\",\"access_token\":\"b\"}",
     "not a JSON object"},
    {"refused with 200", 200, ERROR("invalid_scope"), "invalid_scope: Because.  Trace: 1"},
    {"client refused", 401, ERROR("invalid_client"),
     "(HTTP 401): invalid_client: Because.  Trace: 1"},
    {"grant refused", 400, "{\"error\":\"invalid_grant\"}", "(HTTP 400): invalid_grant"},
    {"refused in a page", 403, "<html>", "HTTP 403"},
    {"out of order", 500, "oops", "HTTP 500"},
    {"out of order in JSON", 503, ERROR("temporarily_unavailable"), "temporarily_unavailable"},
    {"moved", 302, "", "token_url"},
    {"a token with another status", 201, "{\"access_token\":\"a\"}", "HTTP 201"},
};

static void test_answer(gconstpointer data)
{
    const AnswerCase *c = data;
    g_auto(OAuthAnswer) answer = {0};
    g_autoptr(GError) error = NULL;
    if (!oauth_answer_read(c->status, c->body, strlen(c->body), &answer, &error)) {
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, c->want));
        g_assert_cmpint(answer.grant_refused, ==, strstr(c->want, "invalid_grant") != NULL);
        g_assert_null(answer.access_token);
        return;
    }
    g_autofree char *got = g_strdup_printf(
        "%s %s %" G_GINT64_FORMAT, answer.access_token,
        answer.refresh_token != NULL ? answer.refresh_token : "-", answer.expires_in_s);
    g_assert_cmpstr(got, ==, c->want);
}

static void test_answer_lengths(void)
{
    static const struct {
        size_t access, refresh;
        bool well;
    } cases[] = {{OAUTH_ACCESS_TOKEN_MAX, OAUTH_REFRESH_TOKEN_MAX, true},
                 {OAUTH_ACCESS_TOKEN_MAX + 1, 1, false},
                 {1, OAUTH_REFRESH_TOKEN_MAX + 1, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *access = g_strnfill(cases[i].access, 'a');
        g_autofree char *refresh = g_strnfill(cases[i].refresh, 'r');
        g_autofree char *body =
            g_strdup_printf("{\"access_token\":\"%s\",\"refresh_token\":\"%s\"}", access, refresh);
        g_auto(OAuthAnswer) answer = {0};
        g_assert_cmpint(oauth_answer_read(200, body, strlen(body), &answer, NULL), ==,
                        cases[i].well);
    }
}

/* ---- where ---- */

static void test_url(void)
{
    static const char *const good[] = {
        "https://login.example.com/tenant/oauth2/v2.0/token",
        "https://login.example.com:8443/",
        "HTTPS://login.example.com/?a=b",
        "http://localhost:1/token",
        "http://127.0.0.1:8080/token",
        "http://[::1]/token",
    };
    static const char *const bad[] = {
        "",
        "login.example.com/token",
        "http://login.example.com/token",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@login.example.com/",
        "http://login.example.com#@127.0.0.1/",
        "http://127.0.0.1\\@login.example.com/",
        "https://user:secret@login.example.com/",
        "https://login.example.com/#here",
        "https://",
        "https://login.example.com/a b",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_test_message("%s", good[i]);
        g_assert_true(oauth_check_url(good[i], "/token_url", NULL));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", bad[i]);
        g_assert_false(oauth_check_url(bad[i], "/token_url", &error));
        g_assert_cmpstr(error_field(error), ==, "/token_url");
    }
}

/* ---- a world of one client ---- */

/* A token server and a database in memory. The server gives "a1", "a2" and so on. */
typedef struct {
    ManualClock clock;
    Monitor lock; /* guards what follows */
    unsigned requests;
    GString *forms;    /* each with a line end */
    int expires_in_s;  /* 0: not said */
    bool rotates;      /* each use gives "r1", "r2" ..., and only the last one is good */
    const char *fails; /* an error code that it answers instead */
    bool echoes;       /* repeats the form in its error */
    bool waits;        /* does not answer before `released` */
    bool released;
    char *good; /* the refresh token that it takes; NULL: any */
    char *kept; /* what the keeper has */
    bool cannot_load;
    bool cannot_store;
    unsigned stores;
    OAuthSource *source;
} World;

static bool world_fetch(const OAuthRequest *request, int *status, GString *body,
                        GCancellable *cancellable, void *data, GError **error)
{
    World *world = data;
    monitor_lock(&world->lock);
    unsigned n = ++world->requests;
    g_string_append_printf(world->forms, "%s\n", request->form);
    monitor_broadcast(&world->lock);
    while (world->waits && !world->released)
        monitor_wait(&world->lock);
    const char *sent = strstr(request->form, "refresh_token=");
    g_autofree char *given = g_strdup(sent != NULL ? sent + strlen("refresh_token=") : "");
    given[strcspn(given, "&")] = '\0';
    bool refused = world->good != NULL && strcmp(given, world->good) != 0;
    *status = refused || world->fails != NULL ? 400 : 200;
    if (refused || world->fails != NULL)
        g_string_append_printf(body, "{\"error\":\"%s\",\"error_description\":\"%s\"}",
                               refused ? "invalid_grant" : world->fails,
                               world->echoes ? request->form : "no");
    else
        g_string_append_printf(body, "{\"access_token\":\"a%u\"", n);
    if (*status == 200 && world->expires_in_s != 0)
        g_string_append_printf(body, ",\"expires_in\":%d", world->expires_in_s);
    if (*status == 200 && world->rotates) {
        g_free(world->good);
        world->good = g_strdup_printf("r%u", n);
        g_string_append_printf(body, ",\"refresh_token\":\"%s\"", world->good);
    }
    if (*status == 200)
        g_string_append(body, "}");
    monitor_unlock(&world->lock);
    return true;
}

static bool world_load(void *data, char **refresh_token, GError **error)
{
    World *world = data;
    if (world->cannot_load)
        error_set(error, TD_ERROR_UNAVAILABLE, "the database is away");
    else
        *refresh_token = g_strdup(world->kept);
    return !world->cannot_load;
}

static bool world_store(void *data, const char *former, const char *refresh_token, GError **error)
{
    World *world = data;
    world->stores++;
    if (world->cannot_store) {
        error_set(error, TD_ERROR_UNAVAILABLE, "the database is away");
        return false;
    }
    if (g_strcmp0(world->kept, former) == 0) {
        g_free(world->kept);
        world->kept = g_strdup(refresh_token);
    }
    return true;
}

static World *world_new(const char *refresh_token)
{
    World *world = g_new0(World, 1);
    manual_clock_init(&world->clock, INT64_C(1700000000) * US_PER_SECOND);
    monitor_init(&world->lock);
    world->forms = g_string_new(NULL);
    world->expires_in_s = 3600;
    world->kept = g_strdup(refresh_token);
    OAuthSetup setup = {
        .token_url = "https://login.example.com/token",
        .client_id = "the client",
        .client_secret = "s&cret",
        .scope = "mail.send offline",
        .clock = &world->clock.clock,
        .keeper = {.load = world_load, .store = world_store, .data = world},
        .fetch = world_fetch,
        .fetch_data = world,
    };
    world->source = oauth_source_new(&setup);
    return world;
}

static void world_free(World *world)
{
    oauth_source_unref(world->source);
    g_string_free(world->forms, TRUE);
    monitor_clear(&world->lock);
    g_free(world->good);
    g_free(world->kept);
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* Takes a token and wants it to be this one; NULL: wants an error with these words. */
static void take(World *world, const char *refused, const char *want, const char *words)
{
    g_autoptr(GError) error = NULL;
    char *token = oauth_token(world->source, refused, NULL, &error);
    if (error != NULL)
        g_test_message("%s", error->message);
    g_assert_cmpstr(token, ==, want);
    g_assert_true((token == NULL) == (error != NULL));
    if (want == NULL)
        g_assert_nonnull(strstr(error->message, words));
    secret_free(token);
}

/* ---- asking ---- */

static void test_client_credentials(void)
{
    g_autoptr(World) world = world_new(NULL);
    take(world, NULL, "a1", NULL);
    g_assert_cmpstr(world->forms->str, ==,
                    "grant_type=client_credentials&client_id=the%20client"
                    "&client_secret=s%26cret&scope=mail.send%20offline\n");
}

static void test_refresh_token(void)
{
    g_autoptr(World) world = world_new("r+0");
    take(world, NULL, "a1", NULL);
    g_assert_cmpstr(world->forms->str, ==,
                    "grant_type=refresh_token&client_id=the%20client&client_secret=s%26cret"
                    "&refresh_token=r%2B0&scope=mail.send%20offline\n");
    g_assert_cmpuint(world->stores, ==, 0);
}

static void test_used_until_its_last_minute(void)
{
    g_autoptr(World) world = world_new(NULL);
    take(world, NULL, "a1", NULL);
    manual_clock_advance(&world->clock, (3600 - OAUTH_EARLY_S) * US_PER_SECOND - 1);
    take(world, NULL, "a1", NULL);
    manual_clock_advance(&world->clock, 1);
    take(world, NULL, "a2", NULL);
    world->expires_in_s = OAUTH_EARLY_S; /* good for this once */
    manual_clock_advance(&world->clock, US_PER_HOUR);
    take(world, NULL, "a3", NULL);
    take(world, NULL, "a4", NULL);
}

static void test_a_refused_one_is_replaced_once(void)
{
    g_autoptr(World) world = world_new(NULL);
    take(world, NULL, "a1", NULL);
    take(world, "a1", "a2", NULL);
    take(world, "a1", "a2", NULL); /* another connection that had the old one */
    take(world, NULL, "a2", NULL);
    g_assert_cmpuint(world->requests, ==, 2);
}

static void test_an_error_says_it_without_secrets(void)
{
    g_autoptr(World) world = world_new("refresh-me");
    world->fails = "invalid_client";
    take(world, NULL, NULL,
         "login.example.com gave no access token: it refused (HTTP 400): invalid_client: no");
    world->echoes = true;
    g_autoptr(GError) error = NULL;
    g_assert_null(oauth_token(world->source, NULL, NULL, &error));
    g_assert_null(strstr(error->message, "refresh-me"));
    world->fails = NULL;
    take(world, NULL, "a3", NULL);
}

/* ---- a refresh token that is replaced ---- */

static void test_rotation(void)
{
    g_autoptr(World) world = world_new("r0");
    world->rotates = true;
    for (int i = 1; i <= 3; i++) {
        g_autofree char *token = g_strdup_printf("a%d", i);
        g_autofree char *kept = g_strdup_printf("r%d", i);
        take(world, NULL, token, NULL);
        g_assert_cmpstr(world->kept, ==, kept);
        manual_clock_advance(&world->clock, US_PER_HOUR);
    }
}

static void test_rotation_that_cannot_be_stored(void)
{
    g_autoptr(World) world = world_new("r0");
    world->rotates = world->cannot_store = true;
    take(world, NULL, "a1", NULL);
    g_assert_cmpstr(world->kept, ==, "r0");
    /* not at every mail, but again */
    take(world, NULL, "a1", NULL);
    g_assert_cmpuint(world->stores, ==, 1);
    manual_clock_advance(&world->clock, 10 * US_PER_SECOND);
    take(world, NULL, "a1", NULL);
    g_assert_cmpuint(world->stores, ==, 2);
    /* the next request goes with the one in memory, though the database is away altogether */
    world->cannot_load = true;
    manual_clock_advance(&world->clock, US_PER_HOUR);
    take(world, NULL, "a2", NULL);
    g_assert_nonnull(strstr(world->forms->str, "refresh_token=r1"));
    world->cannot_load = world->cannot_store = false;
    manual_clock_advance(&world->clock, 10 * US_PER_SECOND);
    take(world, NULL, "a2", NULL);
    g_assert_cmpstr(world->kept, ==, "r2");
    g_assert_cmpuint(world->requests, ==, 2);
}

static void test_the_last_reference_stores_it(void)
{
    g_autoptr(World) world = world_new("r0");
    world->rotates = world->cannot_store = true;
    take(world, NULL, "a1", NULL);
    world->cannot_store = false;
    g_clear_pointer(&world->source, oauth_source_unref);
    g_assert_cmpstr(world->kept, ==, "r1");
}

/* The server never gave effect to the new one: the old one still is the good one. */
static void test_the_former_one_is_tried_too(void)
{
    g_autoptr(World) world = world_new("r0");
    world->rotates = world->cannot_store = true;
    take(world, NULL, "a1", NULL);
    world->rotates = world->cannot_store = false;
    g_free(world->good);
    world->good = g_strdup("r0");
    manual_clock_advance(&world->clock, US_PER_SECOND);
    take(world, "a1", "a3", NULL);
    g_assert_nonnull(strstr(world->forms->str, "refresh_token=r1"));
    g_assert_cmpstr(world->kept, ==, "r0");
    manual_clock_advance(&world->clock, US_PER_MINUTE);
    take(world, NULL, "a3", NULL);
    g_assert_cmpstr(world->kept, ==, "r0"); /* the refused one is forgotten */
}

/* A person puts in another one: it counts, whatever was in memory. */
static void test_another_one_is_put_in(void)
{
    g_autoptr(World) world = world_new("r0");
    world->rotates = world->cannot_store = true;
    take(world, NULL, "a1", NULL);
    g_free(world->kept);
    world->kept = g_strdup("by-hand");
    g_free(world->good);
    world->good = g_strdup("by-hand");
    world->cannot_store = false;
    take(world, "a1", "a2", NULL);
    g_assert_cmpstr(world->kept, ==, "r2");
}

/* Another process has used the one that we read, and stored its successor. */
static World *rival;
static bool rival_fetch(const OAuthRequest *request, int *status, GString *body,
                        GCancellable *cancellable, void *data, GError **error)
{
    World *world = data;
    if (rival != NULL) {
        g_free(world->kept);
        world->kept = g_strdup("r9");
        g_free(world->good);
        world->good = g_strdup("r9");
        rival = NULL;
    }
    return world_fetch(request, status, body, cancellable, data, error);
}

static void test_another_process_was_first(void)
{
    g_autoptr(World) world = world_new("r0");
    oauth_source_unref(world->source);
    OAuthSetup setup = {
        .token_url = "https://login.example.com/token",
        .clock = &world->clock.clock,
        .keeper = {.load = world_load, .store = world_store, .data = world},
        .fetch = rival_fetch,
        .fetch_data = world,
    };
    world->source = oauth_source_new(&setup);
    world->rotates = true;
    rival = world;
    take(world, NULL, "a2", NULL);
    g_assert_nonnull(strstr(world->forms->str, "refresh_token=r0"));
    g_assert_nonnull(strstr(world->forms->str, "refresh_token=r9"));
    g_assert_cmpstr(world->kept, ==, "r2");
}

static void test_a_refused_refresh_token(void)
{
    g_autoptr(World) world = world_new("r0");
    world->good = g_strdup("other");
    take(world, NULL, NULL, "invalid_grant");
    g_assert_cmpuint(world->requests, ==, 1);
    world->cannot_load = true;
    take(world, NULL, NULL, "refresh token cannot be read: the database is away");
}

/* ---- many threads ---- */

#define THREADS 8

static gpointer take_one(gpointer data)
{
    World *world = data;
    return oauth_token(world->source, NULL, NULL, NULL);
}

/* All come before the first answer; one request serves them. */
static void run_together(World *world, const char *want)
{
    GThread *threads[THREADS];
    world->waits = true;
    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("taker", take_one, world);
    monitor_lock(&world->lock);
    while (world->requests == 0)
        monitor_wait(&world->lock);
    world->released = true;
    monitor_broadcast(&world->lock);
    monitor_unlock(&world->lock);
    for (int i = 0; i < THREADS; i++) {
        char *token = g_thread_join(threads[i]);
        g_assert_cmpstr(token, ==, want);
        secret_free(token);
    }
}

static void test_one_request_for_many(void)
{
    g_autoptr(World) world = world_new(NULL);
    run_together(world, "a1");
    g_assert_cmpuint(world->requests, ==, 1);
}

static gpointer take_cancelled(gpointer data)
{
    World *world = data;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    return oauth_token(world->source, NULL, cancellable, NULL);
}

/* Who waits for another's request can be stopped. */
static void test_a_waiter_is_stopped(void)
{
    g_autoptr(World) world = world_new(NULL);
    world->waits = true;
    GThread *first = g_thread_new("taker", take_one, world);
    monitor_lock(&world->lock);
    while (world->requests == 0)
        monitor_wait(&world->lock);
    monitor_unlock(&world->lock);
    GThread *second = g_thread_new("taker", take_cancelled, world);
    g_assert_null(g_thread_join(second));
    monitor_lock(&world->lock);
    world->released = true;
    monitor_broadcast(&world->lock);
    monitor_unlock(&world->lock);
    secret_free(g_thread_join(first));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autofree char *path = g_strconcat("/mail/oauth/answer/", answers[i].name, NULL);
        g_test_add_data_func(path, &answers[i], test_answer);
    }
    g_test_add_func("/mail/oauth/answer lengths", test_answer_lengths);
    g_test_add_func("/mail/oauth/url", test_url);
    g_test_add_func("/mail/oauth/client-credentials", test_client_credentials);
    g_test_add_func("/mail/oauth/refresh-token", test_refresh_token);
    g_test_add_func("/mail/oauth/used-until-its-last-minute", test_used_until_its_last_minute);
    g_test_add_func("/mail/oauth/refused-once", test_a_refused_one_is_replaced_once);
    g_test_add_func("/mail/oauth/error", test_an_error_says_it_without_secrets);
    g_test_add_func("/mail/oauth/rotation", test_rotation);
    g_test_add_func("/mail/oauth/rotation/not-stored", test_rotation_that_cannot_be_stored);
    g_test_add_func("/mail/oauth/rotation/last-reference", test_the_last_reference_stores_it);
    g_test_add_func("/mail/oauth/rotation/former", test_the_former_one_is_tried_too);
    g_test_add_func("/mail/oauth/rotation/by-hand", test_another_one_is_put_in);
    g_test_add_func("/mail/oauth/rotation/another-process", test_another_process_was_first);
    g_test_add_func("/mail/oauth/rotation/refused", test_a_refused_refresh_token);
    g_test_add_func("/mail/oauth/one-request-for-many", test_one_request_for_many);
    g_test_add_func("/mail/oauth/waiter-is-stopped", test_a_waiter_is_stopped);
    return g_test_run();
}
