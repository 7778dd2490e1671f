/* SPDX-License-Identifier: Apache-2.0 */
/* What a session says and how it is reused, read from the server's side. */
#include "base/clock.h"
#include "mail/smtp.h"
#include "tests/mail/fault_server.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define BODY "Subject: x\r\n\r\nbody\r\n"

static GBytes *bytes_of(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

static TransportLink *link_to(uint16_t port, const char *username, const char *password)
{
    TransportSettings settings = {
        .kind = (char *)"smtp",
        .host = (char *)"127.0.0.1",
        .port = port,
        .helo_name = (char *)"desk.example",
        .username = (char *)username,
        .password = (char *)password,
    };
    return transport_link_new(&settings, clock_system(), NULL);
}

static void send_one(TransportLink *link, const char *from, const char *to, const char *text,
                     DeliveryOutcome *outcome)
{
    g_autoptr(GBytes) message = bytes_of(text);
    Envelope envelope = {from, to, message, 0};
    transport_send(link, &envelope, NULL, outcome);
}

/* Sends, and returns the kind of outcome. */
static DeliveryOutcomeKind send_kind(TransportLink *link, const char *to)
{
    DeliveryOutcome outcome;
    send_one(link, "b@example.org", to, BODY, &outcome);
    DeliveryOutcomeKind kind = outcome.kind;
    g_test_message("%s", outcome.reply);
    delivery_outcome_clear(&outcome);
    return kind;
}

/* Sends n equal messages in one call; the kinds as letters: S D R U, and X for relay down. */
static char *send_batch(TransportLink *link, size_t n)
{
    g_autoptr(GBytes) message = bytes_of(BODY);
    g_autofree Envelope *envelopes = g_new0(Envelope, n);
    g_autofree DeliveryOutcome *outcomes = g_new0(DeliveryOutcome, n);
    g_autoptr(GString) kinds = g_string_new(NULL);
    for (size_t i = 0; i < n; i++)
        envelopes[i] = (Envelope){"b@example.org", "ann@example.com", message, 0};
    transport_send_many(link, envelopes, n, NULL, outcomes);
    for (size_t i = 0; i < n; i++) {
        g_assert_nonnull(outcomes[i].reply);
        g_assert_nonnull(outcomes[i].stage);
        g_string_append_c(kinds, "SDRUX"[outcomes[i].kind]);
        delivery_outcome_clear(&outcomes[i]);
    }
    return g_string_free(g_steal_pointer(&kinds), FALSE);
}

static void test_reuse(gconstpointer data)
{
    FaultServerPlan plan = {.no_pipelining = GPOINTER_TO_INT(data)};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    for (int i = 0; i < SMTP_MESSAGES_PER_SESSION; i++)
        g_assert_cmpint(send_kind(link, "ann@example.com"), ==, DELIVERY_SENT);
    g_assert_cmpuint(fault_server_connections(server), ==, 1);
    g_assert_cmpint(send_kind(link, "ann@example.com"), ==, DELIVERY_SENT);
    g_assert_cmpuint(fault_server_connections(server), ==, 2);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, 2));
    g_autofree char *commands = fault_server_commands(server);
    g_assert_true(g_str_has_suffix(commands, "QUIT\n"));
    g_assert_cmpuint(fault_server_accepted(server), ==, 101);
}

static void test_idle(void)
{
    FaultServerPlan plan = {0};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    TransportSettings settings = {
        .kind = (char *)"smtp", .host = (char *)"127.0.0.1", .port = fault_server_port(server)};
    ManualClock clock;
    manual_clock_init(&clock, INT64_C(1700000000) * US_PER_SECOND);
    g_autoptr(TransportLink) link = transport_link_new(&settings, &clock.clock, NULL);
    g_assert_cmpint(send_kind(link, "a@example.com"), ==, DELIVERY_SENT);
    transport_link_idle(link, 5000);
    g_assert_cmpint(send_kind(link, "a@example.com"), ==, DELIVERY_SENT);
    g_assert_cmpuint(fault_server_connections(server), ==, 1);
    manual_clock_advance(&clock, 5 * US_PER_SECOND);
    transport_link_idle(link, 5000);
    g_assert_true(fault_server_wait_ended(server, 1));
    g_assert_cmpint(send_kind(link, "a@example.com"), ==, DELIVERY_SENT);
    g_assert_cmpuint(fault_server_connections(server), ==, 2);
}

typedef struct {
    const char *name;
    FaultServerPlan plan;
    size_t n; /* messages in one batch; 0: three, one by one */
    const char *kinds;
    unsigned connections;
} Flow;

static const Flow flows[] = {
    {"plain", {0}, 0, "SSS", 1},
    {"batch", {0}, 5, "SSSSS", 1},
    {"batch-over-limit", {0}, 201, NULL, 3},
    {"no-pipelining-batch", {.no_pipelining = true}, 5, "SSSSS", 1},
    {"helo-only", {.no_ehlo = true}, 0, "SSS", 1},
    {"dribble", {.dribble = true}, 3, "SSS", 1},
    {"closes-after-each", {.close_after_messages = 1}, 0, "SSS", 3},
    {"closes-after-two", {.close_after_messages = 2}, 5, "SSSSS", 3},
    {"421-on-reuse",
     {.fault = {"mail", FAULT_CLOSE_AFTER, "421 4.4.2 idle too long", 2, 1}},
     0,
     "SSS",
     2},
    {"421-on-reuse-batch",
     {.fault = {"rcpt", FAULT_REPLY, "421 4.4.2 enough", 2, 1}},
     4,
     "SSSS",
     2},
    {"closed-on-reuse", {.fault = {"data", FAULT_CLOSE, NULL, 2, 1}}, 0, "SSS", 2},
    {"closed-twice", {.fault = {"mail", FAULT_CLOSE, NULL, 0, 0}}, 0, "XXX", 3},
    {"down-in-batch", {.fault = {"mail", FAULT_CLOSE, NULL, 0, 0}}, 3, "XXX", 1},
    {"rcpt-refused", {.fault = {"rcpt", FAULT_REPLY, "550 5.1.1 no", 2, 0}}, 0, "SRS", 1},
    {"rcpt-refused-batch", {.fault = {"rcpt", FAULT_REPLY, "550 5.1.1 no", 2, 0}}, 4, "SRSS", 1},
    {"rcpt-refused-first", {.fault = {"rcpt", FAULT_REPLY, "550 5.1.1 no", 1, 0}}, 4, "RSSS", 1},
    {"rcpt-refused-no-pipelining",
     {.no_pipelining = true, .fault = {"rcpt", FAULT_REPLY, "450 4.2.0 no", 2, 0}},
     4,
     "SDSS",
     1},
    {"354-without-recipient",
     {.always_354 = true, .fault = {"rcpt", FAULT_REPLY, "550 5.1.1 no", 2, 0}},
     4,
     "SRSS",
     1},
    {"mail-refused", {.fault = {"mail", FAULT_REPLY, "451 4.1.8 no", 2, 0}}, 4, "SDSS", 1},
    {"data-refused", {.fault = {"data", FAULT_REPLY, "554 5.7.1 no", 2, 0}}, 4, "SRSS", 1},
    {"dot-refused", {.fault = {"dot", FAULT_REPLY, "554 5.7.1 no", 2, 0}}, 4, "SRSS", 1},
    {"dot-closed", {.fault = {"dot", FAULT_CLOSE, NULL, 2, 1}}, 4, "SUSS", 2},
    {"dot-garbage", {.fault = {"dot", FAULT_GARBAGE, NULL, 2, 1}}, 4, "SUSS", 2},
    {"rset-refused", {.fault = {"rset", FAULT_REPLY, "500 what", 0, 0}}, 3, "SSS", 1},
};

static void test_flow(gconstpointer data)
{
    const Flow *flow = data;
    g_autoptr(FaultServer) server = fault_server_start(&flow->plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    g_autofree char *kinds = NULL;
    if (flow->n > 0) {
        kinds = send_batch(link, flow->n);
    } else {
        g_autofree char *a = send_batch(link, 1);
        g_autofree char *b = send_batch(link, 1);
        g_autofree char *c = send_batch(link, 1);
        kinds = g_strconcat(a, b, c, NULL);
    }
    g_autofree char *expected =
        flow->kinds != NULL ? g_strdup(flow->kinds) : g_strnfill(flow->n, 'S');
    g_assert_cmpstr(kinds, ==, expected);
    g_assert_cmpuint(fault_server_connections(server), ==, flow->connections);
    unsigned sent = 0;
    for (const char *p = expected; *p != '\0'; p++)
        sent += *p == 'S';
    g_assert_cmpuint(fault_server_accepted(server), ==, sent);
}

/* One round trip a message: in a batch the body and the next MAIL arrive together. */
static void test_pipelined_order(void)
{
    FaultServerPlan plan = {.fault = {"rcpt", FAULT_REPLY, "550 5.1.1 no", 2, 0}};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    g_autofree char *kinds = send_batch(link, 3);
    g_assert_cmpstr(kinds, ==, "SRS");
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, 1));
    g_autofree char *commands = fault_server_commands(server);
    g_assert_cmpstr(commands, ==,
                    "EHLO desk.example\n"
                    "MAIL FROM:<b@example.org>\nRCPT TO:<ann@example.com>\nDATA\n"
                    "MAIL FROM:<b@example.org>\nRCPT TO:<ann@example.com>\nDATA\n"
                    "RSET\nMAIL FROM:<b@example.org>\nRCPT TO:<ann@example.com>\nDATA\n"
                    "QUIT\n");
}

typedef struct {
    const char *name;
    const char *in;
    const char *wire;
} BodyCase;

static const BodyCase body_cases[] = {
    {"plain", "A: b\r\n\r\nx\r\n", "A: b\r\n\r\nx\r\n"},
    {"dots", "A: b\r\n\r\n.\r\n..\r\n.x\r\ny.\r\n", "A: b\r\n\r\n..\r\n...\r\n..x\r\ny.\r\n"},
    {"first-byte-dot", ".A: b\r\n\r\n", "..A: b\r\n\r\n"},
    {"bare-lf", "A: b\n\nx\n.\ny\n", "A: b\r\n\r\nx\r\n..\r\ny\r\n"},
    {"bare-cr", "A: b\r\n\r\nx\r.\ry\r\n", "A: b\r\n\r\nx\r\n..\r\ny\r\n"},
    {"smuggling", "A: b\r\n\r\nx\n.\r\nMAIL FROM:<e@example.com>\r\n",
     "A: b\r\n\r\nx\r\n..\r\nMAIL FROM:<e@example.com>\r\n"},
    {"smuggling-cr", "A: b\r\n\r\nx\r.\r\nMAIL FROM:<e@example.com>\r\r\n",
     "A: b\r\n\r\nx\r\n..\r\nMAIL FROM:<e@example.com>\r\n\r\n"},
    {"no-end", "A: b\r\n\r\nx", "A: b\r\n\r\nx\r\n"},
    {"ends-in-cr", "A: b\r\n\r\nx\r", "A: b\r\n\r\nx\r\n"},
    {"empty", "", ""},
};

static void test_wire(gconstpointer data)
{
    const BodyCase *c = data;
    FaultServerPlan plan = {0};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    DeliveryOutcome outcome;
    send_one(link, "b@example.org", "ann@example.com", c->in, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_SENT);
    delivery_outcome_clear(&outcome);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, 1));
    const FaultMail *mail = fault_server_mails(server)->pdata[0];
    g_assert_cmpstr(mail->body->str, ==, c->wire);
}

typedef struct {
    const char *name;
    const char *offers;
    const char *from;
    const char *to;
    const char *text;
    DeliveryOutcomeKind kind;
    const char *mail; /* the command that the server saw */
    const char *rcpt;
} OfferCase;

static const OfferCase offer_cases[] = {
    {"none", NULL, "b@e.org", "a@e.org", BODY, DELIVERY_SENT, "MAIL FROM:<b@e.org>",
     "RCPT TO:<a@e.org>"},
    {"size", "SIZE 1000", "b@e.org", "a@e.org", BODY, DELIVERY_SENT, "MAIL FROM:<b@e.org> SIZE=20",
     "RCPT TO:<a@e.org>"},
    {"size-unlimited", "SIZE 0", "b@e.org", "a@e.org", BODY, DELIVERY_SENT,
     "MAIL FROM:<b@e.org> SIZE=20", "RCPT TO:<a@e.org>"},
    {"size-too-small", "SIZE 19", "b@e.org", "a@e.org", BODY, DELIVERY_REJECTED, NULL, NULL},
    {"dsn", "dsn", "b@e.org", "a@e.org", BODY, DELIVERY_SENT, "MAIL FROM:<b@e.org> RET=HDRS",
     "RCPT TO:<a@e.org> NOTIFY=FAILURE,DELAY"},
    {"dsn-null-sender", "DSN", "", "a@e.org", BODY, DELIVERY_SENT, "MAIL FROM:<> RET=HDRS",
     "RCPT TO:<a@e.org> NOTIFY=NEVER"},
    {"utf8-not-needed", "SMTPUTF8\n8BITMIME", "b@e.org", "a@e.org", BODY, DELIVERY_SENT,
     "MAIL FROM:<b@e.org>", "RCPT TO:<a@e.org>"},
    {"utf8-recipient", "SMTPUTF8\n8BITMIME", "b@e.org", "j\u00fc@e.org", BODY, DELIVERY_SENT,
     "MAIL FROM:<b@e.org> BODY=8BITMIME SMTPUTF8", "RCPT TO:<j\u00fc@e.org>"},
    {"utf8-header", "SMTPUTF8\n8BITMIME", "b@e.org", "a@e.org", "From: <j\u00fc@e.org>\r\n\r\n",
     DELIVERY_SENT, "MAIL FROM:<b@e.org> BODY=8BITMIME SMTPUTF8", "RCPT TO:<a@e.org>"},
    {"utf8-recipient-not-offered", "8BITMIME", "b@e.org", "j\u00fc@e.org", BODY, DELIVERY_REJECTED,
     NULL, NULL},
    {"utf8-sender-not-offered", NULL, "j\u00fc@e.org", "a@e.org", BODY, DELIVERY_DEFERRED, NULL,
     NULL},
    {"utf8-header-not-offered", NULL, "b@e.org", "a@e.org", "From: <j\u00fc@e.org>\r\n\r\n",
     DELIVERY_DEFERRED, NULL, NULL},
    {"unsafe-recipient", NULL, "b@e.org", "a@e.org>\r\nRCPT TO:<e@e.org", BODY, DELIVERY_REJECTED,
     NULL, NULL},
    {"unsafe-sender", NULL, "b@e.org> X=y", "a@e.org", BODY, DELIVERY_DEFERRED, NULL, NULL},
    {"no-recipient", NULL, "b@e.org", "", BODY, DELIVERY_REJECTED, NULL, NULL},
};

static void test_offer(gconstpointer data)
{
    const OfferCase *c = data;
    FaultServerPlan plan = {.offers = c->offers};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    DeliveryOutcome outcome;
    send_one(link, c->from, c->to, c->text, &outcome);
    g_test_message("%s", outcome.reply);
    g_assert_cmpint(outcome.kind, ==, c->kind);
    g_assert_cmpint(outcome.relay_misconfigured, ==, c->kind == DELIVERY_DEFERRED);
    delivery_outcome_clear(&outcome);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, fault_server_connections(server)));
    g_autofree char *commands = fault_server_commands(server);
    if (c->mail == NULL) {
        g_assert_null(strstr(commands, "MAIL"));
        return;
    }
    const FaultMail *mail = fault_server_mails(server)->pdata[0];
    g_assert_cmpstr(mail->from, ==, c->mail);
    g_assert_cmpstr(mail->to, ==, c->rcpt);
}

static void on_trace(const char *step, const char *sent, const char *reply, void *data)
{
    g_string_append_printf(data, "%s|%s|%s\n", step, sent, reply);
}

typedef struct {
    const char *name;
    const char *offers;
    const char *password; /* ours; the server's is "se cret" or a long one */
    bool long_password;
    DeliveryOutcomeKind kind;
} AuthCase;

static const AuthCase auth_cases[] = {
    {"plain", "AUTH PLAIN LOGIN", "se cret", false, DELIVERY_SENT},
    {"plain-old-form", "AUTH=PLAIN", "se cret", false, DELIVERY_SENT},
    {"plain-long", "AUTH PLAIN", NULL, true, DELIVERY_SENT},
    {"login", "AUTH LOGIN CRAM-MD5", "se cret", false, DELIVERY_SENT},
    {"login-long", "auth login", NULL, true, DELIVERY_SENT},
    {"plain-wrong", "AUTH PLAIN", "secret", false, DELIVERY_RELAY_DOWN},
    {"login-wrong", "AUTH LOGIN", "secret", false, DELIVERY_RELAY_DOWN},
    {"no-password", "AUTH LOGIN", NULL, false, DELIVERY_RELAY_DOWN},
    {"not-offered", NULL, "se cret", false, DELIVERY_RELAY_DOWN},
    {"only-others", "AUTH GSSAPI CRAM-MD5 XOAUTH2", "se cret", false, DELIVERY_RELAY_DOWN},
};

static void test_auth(gconstpointer data)
{
    const AuthCase *c = data;
    g_autofree char *long_password = g_strnfill(700, 'p');
    const char *password = c->long_password ? long_password : "se cret";
    FaultServerPlan plan = {.offers = c->offers, .password = password};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link =
        link_to(fault_server_port(server), "desk", c->long_password ? long_password : c->password);
    g_autoptr(GString) trace = g_string_new(NULL);
    transport_link_set_trace(link, on_trace, trace);
    g_assert_cmpint(send_kind(link, "a@example.com"), ==, c->kind);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, 1));
    g_autofree char *commands = fault_server_commands(server);
    g_assert_cmpint(strstr(commands, "MAIL") != NULL, ==, c->kind == DELIVERY_SENT);
    /* the trace names the step and keeps the secret */
    g_assert_nonnull(strstr(trace->str, "auth|"));
    g_autofree char *base64 = g_base64_encode((const guchar *)password, strlen(password));
    g_autofree char *combined = g_base64_encode((const guchar *)"\0desk\0se cret", 13);
    g_assert_null(strstr(trace->str, base64));
    g_assert_null(strstr(trace->str, combined));
    g_assert_null(strstr(trace->str, password));
}

static void test_trace(void)
{
    FaultServerPlan plan = {0};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    g_autoptr(GString) trace = g_string_new(NULL);
    transport_link_set_trace(link, on_trace, trace);
    g_assert_cmpint(send_kind(link, "a@example.com"), ==, DELIVERY_SENT);
    g_autofree char *expected = g_strdup_printf(
        "connect|127.0.0.1, port %u|connected\n"
        "banner||220 fault.example ESMTP\n"
        "ehlo|EHLO desk.example|250 fault.example at your service PIPELINING ENHANCEDSTATUSCODES\n"
        "mail|MAIL FROM:<b@example.org>|250 2.1.0 sender ok\n"
        "rcpt|RCPT TO:<a@example.com>|250 2.1.5 recipient ok\n"
        "data|DATA|354 go on\n"
        "dot|the message and the final dot|250 2.0.0 Ok: queued as Q1234567\n",
        fault_server_port(server));
    g_assert_cmpstr(trace->str, ==, expected);
}

typedef struct {
    FaultServer *server;
    const char *seen; /* cancel when the server has seen this line */
    GCancellable *cancellable;
} Canceller;

static gpointer cancel_when_seen(gpointer data)
{
    Canceller *canceller = data;
    for (;;) {
        g_autofree char *text = fault_server_clear_text(canceller->server);
        if (strstr(text, canceller->seen) != NULL)
            break;
        g_usleep(2000);
    }
    g_cancellable_cancel(canceller->cancellable);
    return NULL;
}

/* Pipelined commands reach the server in one piece, so the cancel may come before the replies to
 * the earlier ones have been read: then the outcome names one of those. */
typedef struct {
    const char *stage; /* where the server falls silent */
    const char *seen;
    DeliveryOutcomeKind kind;
    const char *named[4]; /* the stages that the outcome may name */
} CancelCase;

static const CancelCase cancel_cases[] = {
    {"ehlo", "EHLO", DELIVERY_RELAY_DOWN, {"ehlo"}},
    {"rcpt", "RCPT", DELIVERY_RELAY_DOWN, {"mail", "rcpt"}},
    {"data", "DATA", DELIVERY_RELAY_DOWN, {"mail", "rcpt", "data"}},
    {"dot", "body\n.\n", DELIVERY_UNCERTAIN, {"dot"}},
};

static void test_cancel(gconstpointer data)
{
    const CancelCase *c = data;
    FaultServerPlan plan = {.fault = {c->stage, FAULT_SILENCE, NULL, 0, 0}};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Canceller canceller = {server, c->seen, cancellable};
    GThread *thread = g_thread_new("cancel", cancel_when_seen, &canceller);
    g_autoptr(GBytes) message = bytes_of(BODY);
    Envelope envelopes[2] = {{"b@example.org", "a@example.com", message, 0},
                             {"b@example.org", "b@example.com", message, 0}};
    DeliveryOutcome outcomes[2];
    transport_send_many(link, envelopes, 2, cancellable, outcomes);
    g_thread_join(thread);
    g_assert_cmpint(outcomes[0].kind, ==, c->kind);
    g_assert_true(g_strv_contains(c->named, outcomes[0].stage));
    g_assert_cmpint(outcomes[1].kind, ==, DELIVERY_RELAY_DOWN);
    delivery_outcome_clear(&outcomes[0]);
    delivery_outcome_clear(&outcomes[1]);
    /* nothing is tried with what is cancelled already */
    transport_send(link, &envelopes[0], cancellable, &outcomes[0]);
    g_assert_cmpint(outcomes[0].kind, ==, DELIVERY_RELAY_DOWN);
    g_assert_cmpuint(fault_server_connections(server), ==, 1);
    delivery_outcome_clear(&outcomes[0]);
}

/* The right to send ends before the dot: the body has left at most, and the server accepts nothing.
 */
static void test_lease(gconstpointer data)
{
    size_t bytes = GPOINTER_TO_SIZE(data);
    FaultServerPlan plan = {0};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    TransportSettings settings = {
        .kind = (char *)"smtp", .host = (char *)"127.0.0.1", .port = fault_server_port(server)};
    ManualClock clock;
    manual_clock_init(&clock, 1000);
    g_autoptr(TransportLink) link = transport_link_new(&settings, &clock.clock, NULL);
    g_autofree char *text = g_strnfill(bytes, 'x');
    for (size_t i = 60; i + 1 < bytes; i += 60)
        memcpy(text + i, "\r\n", 2);
    g_autoptr(GBytes) message = bytes_of(text);
    int64_t not_after = 1001;
    Envelope envelope = {"b@example.org", "a@example.com", message, &not_after};
    DeliveryOutcome outcome;
    transport_send(link, &envelope, NULL, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_SENT);
    delivery_outcome_clear(&outcome);
    manual_clock_advance(&clock, 1);
    transport_send(link, &envelope, NULL, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_RELAY_DOWN);
    g_assert_cmpstr(outcome.stage, ==, "lease");
    delivery_outcome_clear(&outcome);
    g_assert_true(fault_server_wait_ended(server, 1));
    g_assert_cmpuint(fault_server_accepted(server), ==, 1);
}

/* Takes the outcome, as its receiver may. */
static void take_outcome(DeliveryOutcome *outcome, void *data)
{
    g_string_append_c(data, "SDRUX"[outcome->kind]);
    delivery_outcome_clear(outcome);
}

/* An outcome that was reported is the receiver's: it is not written again when the relay goes. */
static void test_reported(void)
{
    FaultServerPlan plan = {0};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    g_autoptr(GString) reported = g_string_new(NULL);
    transport_link_set_done(link, take_outcome, reported);
    g_autoptr(GBytes) message = bytes_of(BODY);
    int64_t past = 1;
    Envelope envelopes[3] = {{"b@example.org", "a@example.com", message, NULL},
                             {"b@example.org", "b@example.com", message, &past},
                             {"b@example.org", "c@example.com", message, NULL}};
    DeliveryOutcome outcomes[3];
    transport_send_many(link, envelopes, 3, NULL, outcomes);
    g_assert_cmpstr(reported->str, ==, "S");
    g_assert_null(outcomes[0].reply);
    for (size_t i = 1; i < 3; i++) {
        g_assert_cmpint(outcomes[i].kind, ==, DELIVERY_RELAY_DOWN);
        g_assert_cmpstr(outcomes[i].stage, ==, "lease");
        delivery_outcome_clear(&outcomes[i]);
    }
}

/* More than all buffers hold, to a server that reads late. */
static void test_large(void)
{
    FaultServerPlan plan = {.reads_slowly = true};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    g_autoptr(GString) text = g_string_new("Subject: large\r\n\r\n");
    while (text->len < 8 * 1024 * 1024)
        g_string_append(text,
                        "0123456789012345678901234567890123456789012345678901234567890123\r\n");
    DeliveryOutcome outcome;
    send_one(link, "b@example.org", "a@example.com", text->str, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_SENT);
    delivery_outcome_clear(&outcome);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, 1));
    const FaultMail *mail = fault_server_mails(server)->pdata[0];
    g_assert_cmpuint(mail->body->len, ==, text->len);
    g_assert_true(strcmp(mail->body->str, text->str) == 0);
}

/* A server that leaves in the middle of the body has not got the dot. */
static void test_leaves_in_body(gconstpointer data)
{
    const char *words = data;
    FaultServerPlan plan = {
        .fault = {"body", words != NULL ? FAULT_CLOSE_AFTER : FAULT_CLOSE, words, 0, 0}};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_to(fault_server_port(server), NULL, NULL);
    g_autoptr(GString) text = g_string_new("Subject: large\r\n\r\n");
    while (text->len < 16 * 1024 * 1024)
        g_string_append(text,
                        "0123456789012345678901234567890123456789012345678901234567890123\r\n");
    DeliveryOutcome outcome;
    send_one(link, "b@example.org", "a@example.com", text->str, &outcome);
    g_test_message("%s", outcome.reply);
    /* a reset may overtake the server's last words */
    if (words == NULL || outcome.kind != DELIVERY_REJECTED)
        g_assert_cmpint(outcome.kind, ==, DELIVERY_RELAY_DOWN);
    else
        g_assert_cmpint(outcome.reply_code, ==, 552);
    g_assert_cmpuint(fault_server_accepted(server), ==, 0);
    delivery_outcome_clear(&outcome);
}

/* Postfix's own sink as a peer: what it takes is SMTP. */
static void test_smtp_sink(void)
{
    if (!g_file_test("/usr/sbin/smtp-sink", G_FILE_TEST_IS_EXECUTABLE)) {
        g_test_skip("needs smtp-sink");
        return;
    }
    uint16_t port = fault_server_unused_port();
    g_autofree char *where = g_strdup_printf("127.0.0.1:%u", port);
    const char *argv[] = {"/usr/sbin/smtp-sink", "-u", "nobody", where, "100", NULL};
    if (geteuid() != 0)
        memmove(&argv[1], &argv[3], 3 * sizeof argv[0]);
    GPid pid;
    g_assert_true(g_spawn_async(NULL, (char **)argv, NULL,
                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                                &pid, NULL));
    g_autoptr(TransportLink) link = link_to(port, NULL, NULL);
    DeliveryOutcomeKind kind = DELIVERY_RELAY_DOWN;
    gint64 until = g_get_monotonic_time() + 30 * G_TIME_SPAN_SECOND;
    while (kind == DELIVERY_RELAY_DOWN && g_get_monotonic_time() < until) {
        kind = send_kind(link, "a@example.com");
        if (kind == DELIVERY_RELAY_DOWN)
            g_usleep(20 * 1000);
    }
    g_assert_cmpint(kind, ==, DELIVERY_SENT);
    g_autofree char *kinds = send_batch(link, 250);
    g_autofree char *expected = g_strnfill(250, 'S');
    g_assert_cmpstr(kinds, ==, expected);
    g_clear_pointer(&link, transport_link_free);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

#define ADD_TABLE(prefix, table, function)                                                         \
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {                                             \
        g_autofree char *path = g_strconcat(prefix, (table)[i].name, NULL);                        \
        g_test_add_data_func(path, &(table)[i], function);                                         \
    }

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/mail/session/reuse/pipelining", GINT_TO_POINTER(0), test_reuse);
    g_test_add_data_func("/mail/session/reuse/one-by-one", GINT_TO_POINTER(1), test_reuse);
    g_test_add_func("/mail/session/idle", test_idle);
    g_test_add_func("/mail/session/trace", test_trace);
    g_test_add_func("/mail/session/pipelined-order", test_pipelined_order);
    ADD_TABLE("/mail/session/flow/", flows, test_flow)
    ADD_TABLE("/mail/session/wire/", body_cases, test_wire)
    ADD_TABLE("/mail/session/offer/", offer_cases, test_offer)
    ADD_TABLE("/mail/session/auth/", auth_cases, test_auth)
    for (size_t i = 0; i < G_N_ELEMENTS(cancel_cases); i++) {
        g_autofree char *path = g_strconcat("/mail/session/cancel/", cancel_cases[i].stage, NULL);
        g_test_add_data_func(path, &cancel_cases[i], test_cancel);
    }
    g_test_add_func("/mail/session/reported", test_reported);
    g_test_add_data_func("/mail/session/lease/small", GSIZE_TO_POINTER(1000), test_lease);
    g_test_add_data_func("/mail/session/lease/large", GSIZE_TO_POINTER(2000000), test_lease);
    g_test_add_func("/mail/session/large", test_large);
    g_test_add_data_func("/mail/session/leaves-in-body/silent", NULL, test_leaves_in_body);
    g_test_add_data_func("/mail/session/leaves-in-body/with-words", "552 5.3.4 too large",
                         test_leaves_in_body);
    g_test_add_func("/mail/session/smtp-sink", test_smtp_sink);
    return g_test_run();
}
