/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AUTH XOAUTH2 with real peers on the loopback: a token server over HTTP or TLS, and a mail server
 * that takes tokens.
 */
#include "base/error.h"
#include "base/secret.h"
#include "mail/oauth.h"
#include "mail/transport.h"
#include "tests/mail/certificates.h"
#include "tests/mail/fault_server.h"
#include "tests/mail/token_server.h"

#include <string.h>

static Certificates *certificates; /* NULL without openssl */

#define TOKEN(name)    "{\"access_token\":\"" name "\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
#define LONG_TOKEN_LEN 1800
#define CHALLENGE                                                                                  \
    "{\"status\":\"401\",\"schemes\":\"bearer mac\",\"scope\":\"https://mail.google.com/\"}"

static OAuthSource *source_of(const TokenServer *server, const char *host, const char *ca_file,
                              int timeout_ms)
{
    g_autofree char *url = token_server_url(server, host);
    OAuthSetup setup = {
        .token_url = url,
        .client_id = "client",
        .client_secret = "keep-me-secret",
        .scope = "mail",
        .ca_file = ca_file,
        .timeout_ms = timeout_ms,
        .clock = clock_system(),
    };
    return oauth_source_new(&setup);
}

/* ---- the token server ---- */

typedef struct {
    const char *name;
    TokenAnswer answer;
    const char *want; /* the token; NULL: none */
    const char *words;
} ServerCase;

static const ServerCase server_cases[] = {
    {"good", {.body = TOKEN("t1")}, "t1", NULL},
    {"invalid_client",
     {.status = 400,
      .body = "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid\"}"},
     NULL,
     "127.0.0.1 gave no access token: it refused (HTTP 400): invalid_client: AADSTS7000215: "
     "Invalid"},
    {"500", {.status = 500, .body = "oops"}, NULL, "it answered HTTP 500"},
    {"redirect", {.status = 307, .body = "-"}, NULL, "a redirection; token_url must name"},
    {"no json", {.body = "<html>welcome</html>"}, NULL, "its answer is not a JSON object"},
    {"garbage", {.kind = TOKEN_GARBAGE}, NULL, "the request failed: "},
    {"huge", {.kind = TOKEN_HUGE, .body = TOKEN("t1")}, NULL, "larger than 64 KiB"},
    {"huge headers", {.kind = TOKEN_HUGE_HEADERS, .body = TOKEN("t1")}, NULL, "larger than 64 KiB"},
    {"half", {.kind = TOKEN_HALF, .body = TOKEN("t1")}, NULL, "the request failed: "},
    {"slow", {.kind = TOKEN_SILENCE}, NULL, "no whole answer within"},
    {"closed", {.kind = TOKEN_CLOSE}, NULL, "the request failed: "},
};

static void check_token(OAuthSource *source, const char *want, const char *words)
{
    g_autoptr(GError) error = NULL;
    char *token = oauth_token(source, NULL, NULL, &error);
    if (error != NULL)
        g_test_message("%s", error->message);
    g_assert_cmpstr(token, ==, want);
    if (want == NULL) {
        g_assert_nonnull(strstr(error->message, words));
        g_assert_null(strstr(error->message, "keep-me-secret"));
    }
    secret_free(token);
}

static void test_server(gconstpointer data)
{
    const ServerCase *c = data;
    TokenAnswer answers[] = {c->answer, {0}};
    g_autoptr(TokenServer) server = token_server_start(answers, NULL);
    bool slow = c->answer.kind == TOKEN_SILENCE;
    g_autoptr(OAuthSource) source = source_of(server, "127.0.0.1", NULL, slow ? 300 : 60000);
    check_token(source, c->want, c->words);
    g_autofree char *text = token_server_text(server);
    g_assert_true(g_str_has_prefix(text, "POST /token HTTP/1.1\r\n"));
    g_assert_nonnull(strstr(text, "Content-Type: application/x-www-form-urlencoded\r\n"));
    g_assert_nonnull(strstr(text, "grant_type=client_credentials&client_id=client"
                                  "&client_secret=keep-me-secret&scope=mail"));
}

static void test_nobody_there(void)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/token", fault_server_unused_port());
    OAuthSetup setup = {.token_url = url, .client_id = "c", .clock = clock_system()};
    g_autoptr(OAuthSource) source = oauth_source_new(&setup);
    check_token(source, NULL, "the request failed: ");
}

static gpointer cancel_at_request(gpointer data)
{
    void **both = data;
    for (;;) {
        g_autofree char *text = token_server_text(both[0]);
        if (*text != '\0')
            break;
        g_usleep(2000);
    }
    g_cancellable_cancel(both[1]);
    return NULL;
}

static void test_stopped(void)
{
    static const TokenAnswer answers[] = {{.kind = TOKEN_SILENCE}, {0}};
    g_autoptr(TokenServer) server = token_server_start(answers, NULL);
    g_autoptr(OAuthSource) source = source_of(server, "127.0.0.1", NULL, 600000);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    void *both[] = {server, cancellable};
    GThread *thread = g_thread_new("canceller", cancel_at_request, both);
    g_assert_null(oauth_token(source, NULL, cancellable, &error));
    g_assert_nonnull(strstr(error->message, "stopped on this side"));
    g_thread_join(thread);
}

/* ---- its certificate ---- */

static void test_certificates(void)
{
    if (certificates == NULL) {
        g_test_skip("needs openssl");
        return;
    }
    const struct {
        GTlsCertificate *leaf;
        const char *ca_file;
        const char *words;
    } cases[] = {
        {certificates->good, certificates->ca_file, NULL},
        {certificates->good, NULL, "certificate was not accepted"},
        {certificates->good, certificates->other_ca_file, "certificate was not accepted"},
        {certificates->good, "/no-such.pem", "/no-such.pem cannot be used"},
        {certificates->wrong_name, certificates->ca_file, "certificate was not accepted"},
        {certificates->expired, certificates->ca_file, "certificate was not accepted"},
        {certificates->self_signed, certificates->ca_file, "certificate was not accepted"},
    };
    static const TokenAnswer answers[] = {{.body = TOKEN("t1")}, {0}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TokenServer) server = token_server_start(answers, cases[i].leaf);
        g_autoptr(OAuthSource) source = source_of(server, "localhost", cases[i].ca_file, 60000);
        check_token(source, cases[i].words == NULL ? "t1" : NULL, cases[i].words);
        g_autofree char *text = token_server_text(server);
        g_assert_cmpint(*text != '\0', ==, cases[i].words == NULL); /* no secret left before */
    }
}

/* ---- the mail server ---- */

static TransportLink *link_to(uint16_t port, OAuthSource *source, const char *username)
{
    TransportSettings settings = {
        .kind = (char *)"smtp",
        .host = (char *)"127.0.0.1",
        .port = port,
        .helo_name = (char *)"desk.example",
        .username = (char *)username,
        .oauth = source,
        .timeout_cap_ms = 60000,
    };
    return transport_link_new(&settings, clock_system(), NULL);
}

static void send_one(TransportLink *link, DeliveryOutcome *outcome)
{
    g_autoptr(GBytes) message = g_bytes_new_static("Subject: x\r\n\r\nbody\r\n", 20);
    Envelope envelope = {"b@example.org", "a@example.com", message, 0};
    transport_send(link, &envelope, NULL, outcome);
    g_test_message("%s", outcome->reply);
}

static void on_trace(const char *step, const char *sent, const char *reply, void *data)
{
    g_string_append_printf(data, "%s|%s|%s\n", step, sent, reply);
}

typedef struct {
    const char *name;
    const char
        *accepted; /* the token that the mail server takes; the token server gives t1, t2... */
    const char *challenge;
    bool closes; /* after a refusal */
    const char *offers;
    const char *username;
    DeliveryOutcomeKind kind;
    const char *stage;
    const char *words; /* of the outcome's reply */
    unsigned requests; /* at the token server */
    int code;
    Fault fault;
} MailCase;

#define OFFER "AUTH LOGIN PLAIN XOAUTH2 OAUTHBEARER"
#define DOWN  DELIVERY_RELAY_DOWN

static const MailCase mail_cases[] = {
    {"taken", "t1", CHALLENGE, false, OFFER, "desk", DELIVERY_SENT, "dot", "", 1, 250, {0}},
    {"refused then a new one",
     "t2",
     CHALLENGE,
     false,
     OFFER,
     "desk",
     DELIVERY_SENT,
     "dot",
     "",
     2,
     250,
     {0}},
    {"refused without a reason then a new one",
     "t2",
     NULL,
     false,
     OFFER,
     "desk",
     DELIVERY_SENT,
     "dot",
     "",
     2,
     250,
     {0}},
    {"refused twice",
     "t9",
     CHALLENGE,
     false,
     OFFER,
     "desk",
     DOWN,
     "auth",
     "535 5.7.8 Username and token not accepted (status 401, schemes bearer mac, scope "
     "https://mail.google.com/)",
     2,
     535,
     {0}},
    {"refused twice without a reason",
     "t9",
     NULL,
     false,
     OFFER,
     "desk",
     DOWN,
     "auth",
     "535 5.7.8 Username and token not accepted",
     2,
     535,
     {0}},
    {"a reason that is none",
     "t9",
     "not json",
     false,
     OFFER,
     "desk",
     DOWN,
     "auth",
     "535 5.7.8 Username and token not accepted",
     2,
     535,
     {0}},
    {"a reason with line ends",
     "t9",
     "{\"status\":400,\"scope\":\"a\\r\\nb\"}",
     false,
     OFFER,
     "desk",
     DOWN,
     "auth",
     "(status 400, scope a  b)",
     2,
     535,
     {0}},
    {"refused and closed",
     "t2",
     CHALLENGE,
     true,
     OFFER,
     "desk",
     DOWN,
     "auth",
     "535 5.7.8 Username and token not accepted",
     2,
     535,
     {0}},
    {"another user", "t1", CHALLENGE, false, OFFER, "nobody", DOWN, "auth", "535", 2, 535, {0}},
    {"not offered",
     "t1",
     NULL,
     false,
     "AUTH PLAIN LOGIN",
     "desk",
     DOWN,
     "auth",
     "does not offer AUTH XOAUTH2",
     1,
     0,
     {0}},
    {"later",
     "t1",
     NULL,
     false,
     OFFER,
     "desk",
     DOWN,
     "auth",
     "454 4.7.0 later",
     1,
     454,
     {.stage = "auth", .kind = FAULT_REPLY, .reply = "454 4.7.0 later"}},
    {"silent close",
     "t1",
     NULL,
     false,
     OFFER,
     "desk",
     DOWN,
     "auth",
     "closed",
     1,
     0,
     {.stage = "auth", .kind = FAULT_CLOSE}},
};

static const TokenAnswer numbered[] = {
    {.body = TOKEN("t1")}, {.body = TOKEN("t2")}, {.body = TOKEN("t3")}, {0}};

static void check_no_secret(const char *text)
{
    static const char *const secrets[] = {"t1", "t2", "t3"};
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        g_autofree char *plain = g_strdup_printf("desk\1auth=Bearer %s", secrets[i]);
        g_autofree char *whole = g_strdup_printf("user=desk\1auth=Bearer %s\1\1", secrets[i]);
        g_autofree char *base64 = g_base64_encode((const guchar *)whole, strlen(whole));
        g_assert_null(strstr(text, plain));
        g_assert_null(strstr(text, base64));
    }
    g_assert_null(strstr(text, "keep-me-secret"));
}

static void test_mail(gconstpointer data)
{
    const MailCase *c = data;
    FaultServerPlan plan = {.offers = c->offers,
                            .access_token = c->accepted,
                            .challenge = c->challenge,
                            .close_on_refusal = c->closes,
                            .fault = c->fault};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TokenServer) tokens = token_server_start(numbered, NULL);
    g_autoptr(OAuthSource) source = source_of(tokens, "127.0.0.1", NULL, 60000);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), source, c->username);
    g_autoptr(GString) trace = g_string_new(NULL);
    transport_link_set_trace(link, on_trace, trace);
    DeliveryOutcome outcome;
    send_one(link, &outcome);
    g_assert_cmpint(outcome.kind, ==, c->kind);
    g_assert_cmpstr(outcome.stage, ==, c->stage);
    g_assert_cmpint(outcome.reply_code, ==, c->code);
    g_assert_nonnull(strstr(outcome.reply, c->words));
    delivery_outcome_clear(&outcome);
    g_assert_cmpuint(token_server_requests(tokens), ==, c->requests);
    g_assert_nonnull(strstr(trace->str, "token|127.0.0.1|an access token is at hand\n"));
    check_no_secret(trace->str);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, 1));
    g_assert_cmpuint(fault_server_accepted(server), ==, c->kind == DELIVERY_SENT ? 1 : 0);
}

/* Where the server hangs up on a refused token, the next connection comes with the new one. */
static void test_next_connection_has_the_new_one(void)
{
    FaultServerPlan plan = {.offers = OFFER, .access_token = "t2", .close_on_refusal = true};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TokenServer) tokens = token_server_start(numbered, NULL);
    g_autoptr(OAuthSource) source = source_of(tokens, "127.0.0.1", NULL, 60000);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), source, "desk");
    static const DeliveryOutcomeKind kinds[] = {DELIVERY_RELAY_DOWN, DELIVERY_SENT};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        DeliveryOutcome outcome;
        send_one(link, &outcome);
        g_assert_cmpint(outcome.kind, ==, kinds[i]);
        delivery_outcome_clear(&outcome);
    }
    g_assert_cmpuint(token_server_requests(tokens), ==, 2);
}

/* A token too long for a command line goes when the server asks for it; two links share it. */
static void test_long_token(void)
{
    g_autofree char *token = g_strnfill(LONG_TOKEN_LEN, 'x');
    g_autofree char *body =
        g_strdup_printf("{\"access_token\":\"%s\",\"expires_in\":60000}", token);
    TokenAnswer answers[] = {{.body = body}, {0}};
    FaultServerPlan plan = {.offers = OFFER, .access_token = token};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TokenServer) tokens = token_server_start(answers, NULL);
    g_autoptr(OAuthSource) source = source_of(tokens, "127.0.0.1", NULL, 60000);
    for (int i = 0; i < 2; i++) {
        g_autoptr(TransportLink) link = link_to(fault_server_port(server), source, "desk");
        DeliveryOutcome outcome;
        send_one(link, &outcome);
        g_assert_cmpint(outcome.kind, ==, DELIVERY_SENT);
        delivery_outcome_clear(&outcome);
    }
    g_assert_true(fault_server_wait_ended(server, 2));
    g_autofree char *commands = fault_server_commands(server);
    g_assert_nonnull(strstr(commands, "AUTH XOAUTH2\n"));
    g_assert_cmpuint(token_server_requests(tokens), ==, 1);
}

/* No token: no connection to the mail server at all. */
static void test_no_token(void)
{
    static const TokenAnswer answers[] = {
        {.status = 401, .body = "{\"error\":\"invalid_client\",\"error_description\":\"Expired\"}"},
        {0}};
    FaultServerPlan plan = {.offers = OFFER, .access_token = "t1"};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TokenServer) tokens = token_server_start(answers, NULL);
    g_autoptr(OAuthSource) source = source_of(tokens, "127.0.0.1", NULL, 60000);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), source, "desk");
    DeliveryOutcome outcome;
    send_one(link, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_RELAY_DOWN);
    g_assert_cmpstr(outcome.stage, ==, "token");
    g_assert_nonnull(strstr(outcome.reply, "invalid_client: Expired"));
    delivery_outcome_clear(&outcome);
    g_assert_cmpuint(fault_server_connections(server), ==, 0);
}

/* The new token that a refusal asks for cannot be had: that is the news. */
static void test_no_second_token(void)
{
    static const TokenAnswer answers[] = {{.body = TOKEN("t1")}, {.status = 503, .body = "-"}, {0}};
    FaultServerPlan plan = {.offers = OFFER, .access_token = "t2", .challenge = CHALLENGE};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TokenServer) tokens = token_server_start(answers, NULL);
    g_autoptr(OAuthSource) source = source_of(tokens, "127.0.0.1", NULL, 60000);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), source, "desk");
    DeliveryOutcome outcome;
    send_one(link, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_RELAY_DOWN);
    g_assert_cmpstr(outcome.stage, ==, "token");
    g_assert_nonnull(strstr(outcome.reply, "HTTP 503"));
    delivery_outcome_clear(&outcome);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    certificates = certificates_make();
    for (size_t i = 0; i < G_N_ELEMENTS(server_cases); i++) {
        g_autofree char *path = g_strconcat("/mail/xoauth2/server/", server_cases[i].name, NULL);
        g_test_add_data_func(path, &server_cases[i], test_server);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(mail_cases); i++) {
        g_autofree char *path = g_strconcat("/mail/xoauth2/mail/", mail_cases[i].name, NULL);
        g_test_add_data_func(path, &mail_cases[i], test_mail);
    }
    g_test_add_func("/mail/xoauth2/nobody-there", test_nobody_there);
    g_test_add_func("/mail/xoauth2/stopped", test_stopped);
    g_test_add_func("/mail/xoauth2/certificates", test_certificates);
    g_test_add_func("/mail/xoauth2/next-connection", test_next_connection_has_the_new_one);
    g_test_add_func("/mail/xoauth2/long-token", test_long_token);
    g_test_add_func("/mail/xoauth2/no-token", test_no_token);
    g_test_add_func("/mail/xoauth2/no-second-token", test_no_second_token);
    int result = g_test_run();
    g_clear_pointer(&certificates, certificates_free);
    return result;
}
