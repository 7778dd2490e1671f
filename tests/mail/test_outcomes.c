/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outcome table of product.md section 3, row by row: at every stage of the dialogue the server
 * refuses, talks nonsense, falls silent or leaves, with and without pipelining. Rows run in
 * parallel, as many of them wait for a time-out.
 */
#include "mail/transport.h"
#include "tests/mail/certificates.h"
#include "tests/mail/fault_server.h"

#include <string.h>

/* Only the rows that wait for a time-out have a short one: no other can be too slow. */
#define SHORT_MS 2000
#define LONG_MS  60000

typedef struct {
    const char *stage;
    FaultKind kind;
    const char *reply;
    DeliveryOutcomeKind outcome;
    const char *outcome_stage; /* NULL: the stage */
    int code;
    const char *enhanced;
    bool misconfigured;
} Row;

#define DOWN      DELIVERY_RELAY_DOWN
#define DEFERRED  DELIVERY_DEFERRED
#define REJECTED  DELIVERY_REJECTED
#define UNCERTAIN DELIVERY_UNCERTAIN
#define SENT      DELIVERY_SENT

/* What is no reply is the relay's trouble before the dot. */
#define BROKEN_ROWS(stage, outcome)                                                                \
    {stage, FAULT_GARBAGE, NULL, outcome, NULL, 0, "", false},                                     \
        {stage, FAULT_LONG_LINE, NULL, outcome, NULL, 0, "", false},                               \
        {stage, FAULT_HALF_LINE, NULL, outcome, NULL, 0, "", false},                               \
        {stage, FAULT_SILENCE, NULL, outcome, NULL, 0, "", false},                                 \
        {stage, FAULT_CLOSE, NULL, outcome, NULL, 0, "", false},                                   \
    {                                                                                              \
        stage, FAULT_REPLY, "250-mixed\r\n550 codes", outcome, NULL, 0, "", false                  \
    }

static const Row rows[] = {
    {"none", FAULT_NONE, NULL, SENT, "dot", 250, "2.0.0", false},

    {"banner", FAULT_REPLY, "421 4.3.2 too busy", DOWN, NULL, 421, "4.3.2", false},
    {"banner", FAULT_REPLY, "554 5.7.1 go away", DOWN, NULL, 554, "5.7.1", false},
    {"banner", FAULT_REPLY, "250 not a banner", DOWN, NULL, 250, "", false},
    BROKEN_ROWS("banner", DOWN),

    {"ehlo", FAULT_REPLY, "451 4.3.0 later", DOWN, NULL, 451, "4.3.0", false},
    {"ehlo", FAULT_REPLY, "550 5.7.1 no", DOWN, NULL, 550, "5.7.1", false},
    {"ehlo", FAULT_REPLY, "421 bye", DOWN, NULL, 421, "", false},
    BROKEN_ROWS("ehlo", DOWN),

    {"starttls", FAULT_REPLY, "454 4.7.0 no TLS now", DOWN, NULL, 454, "4.7.0", false},
    {"starttls", FAULT_REPLY, "501 5.5.4 no", DOWN, NULL, 501, "5.5.4", false},
    {"starttls", FAULT_REPLY, "250 what", DOWN, NULL, 250, "", false},
    BROKEN_ROWS("starttls", DOWN),

    {"auth", FAULT_REPLY, "454 4.7.0 later", DOWN, NULL, 454, "4.7.0", false},
    {"auth", FAULT_REPLY, "535 5.7.8 wrong", DOWN, NULL, 535, "5.7.8", false},
    {"auth", FAULT_REPLY, "250 what", DOWN, NULL, 250, "", false},
    BROKEN_ROWS("auth", DOWN),

    {"mail", FAULT_REPLY, "451 4.3.0 later", DEFERRED, NULL, 451, "4.3.0", false},
    {"mail", FAULT_REPLY, "421 4.3.2 closing", DOWN, NULL, 421, "4.3.2", false},
    {"mail", FAULT_CLOSE_AFTER, "421 4.3.2 closing", DOWN, NULL, 421, "4.3.2", false},
    {"mail", FAULT_REPLY, "550 5.7.1 not your sender", DEFERRED, NULL, 550, "5.7.1", true},
    {"mail", FAULT_REPLY, "354 what", DOWN, NULL, 0, "", false},
    BROKEN_ROWS("mail", DOWN),

    {"rcpt", FAULT_REPLY, "450 4.2.0 greylisted", DEFERRED, NULL, 450, "4.2.0", false},
    {"rcpt", FAULT_REPLY, "421 4.3.2 closing", DEFERRED, NULL, 421, "4.3.2", false},
    {"rcpt", FAULT_REPLY, "550-5.1.1 no\r\n550 5.1.1 such user", REJECTED, NULL, 550, "5.1.1",
     false},
    {"rcpt", FAULT_CLOSE_AFTER, "550 5.1.1 no", REJECTED, NULL, 550, "5.1.1", false},
    {"rcpt", FAULT_REPLY, "354 what", DOWN, NULL, 0, "", false},
    BROKEN_ROWS("rcpt", DOWN),

    {"data", FAULT_REPLY, "451 4.3.0 later", DEFERRED, NULL, 451, "4.3.0", false},
    {"data", FAULT_REPLY, "554 5.7.1 no", REJECTED, NULL, 554, "5.7.1", false},
    {"data", FAULT_REPLY, "250 what", DOWN, NULL, 0, "", false},
    {"data", FAULT_REPLY, "354 go\r\n250 I am ahead of you", DOWN, NULL, 0, "", false},
    BROKEN_ROWS("data", DOWN),

    {"dot", FAULT_REPLY, "250 fine", SENT, NULL, 250, "", false},
    {"dot", FAULT_CLOSE_AFTER, "250 fine", SENT, NULL, 250, "", false},
    {"dot", FAULT_REPLY, "451 4.3.0 later", DEFERRED, NULL, 451, "4.3.0", false},
    {"dot", FAULT_REPLY, "421 4.3.0 later", DEFERRED, NULL, 421, "4.3.0", false},
    {"dot", FAULT_REPLY, "554 5.7.1 spam", REJECTED, NULL, 554, "5.7.1", false},
    {"dot", FAULT_REPLY, "354 what", UNCERTAIN, NULL, 354, "", false},
    BROKEN_ROWS("dot", UNCERTAIN),

    {"quit", FAULT_REPLY, "500 never", SENT, "dot", 250, "2.0.0", false},
    {"quit", FAULT_GARBAGE, NULL, SENT, "dot", 250, "2.0.0", false},
    {"quit", FAULT_SILENCE, NULL, SENT, "dot", 250, "2.0.0", false},
    {"quit", FAULT_CLOSE, NULL, SENT, "dot", 250, "2.0.0", false},
};

static Certificates *certificates;

typedef struct {
    const Row *row;
    bool pipelining;
    DeliveryOutcome outcome;
    unsigned accepted;
    char *clear_text;
} Run;

static bool needs_tls(const Row *row)
{
    return strcmp(row->stage, "starttls") == 0;
}

static gpointer run_row(gpointer data)
{
    Run *run = data;
    const Row *row = run->row;
    bool waits = row->kind == FAULT_SILENCE || row->kind == FAULT_HALF_LINE;
    FaultServerPlan plan = {
        .no_pipelining = !run->pipelining,
        .certificate = needs_tls(row) ? certificates->good : NULL,
        .password = "word",
        .offers = "AUTH PLAIN LOGIN\nDSN\nSIZE 100000",
        .fault = {.stage = row->stage, .kind = row->kind, .reply = row->reply},
    };
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    TransportSettings settings = {
        .kind = (char *)"smtp",
        .host = (char *)"127.0.0.1",
        .port = fault_server_port(server),
        .security = needs_tls(row) ? SMTP_SECURITY_STARTTLS : SMTP_SECURITY_NONE,
        .ca_file = needs_tls(row) ? certificates->ca_file : NULL,
        .username = (char *)"desk",
        .password = (char *)"word",
        .timeout_cap_ms = waits ? SHORT_MS : LONG_MS,
    };
    g_autoptr(TransportLink) link = transport_link_new(&settings, clock_system(), NULL);
    g_autoptr(GBytes) message = g_bytes_new_static("Subject: x\r\n\r\nbody\r\n", 20);
    Envelope envelope = {"bounce@example.org", "ann@example.com", message, 0};
    transport_send(link, &envelope, NULL, &run->outcome);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, fault_server_connections(server)));
    run->accepted = fault_server_accepted(server);
    run->clear_text = fault_server_clear_text(server);
    return NULL;
}

static void check_run(Run *run)
{
    const Row *row = run->row;
    const DeliveryOutcome *outcome = &run->outcome;
    g_assert_cmpint(outcome->kind, ==, row->outcome);
    g_assert_cmpstr(outcome->stage, ==,
                    row->outcome_stage != NULL ? row->outcome_stage : row->stage);
    g_assert_cmpint(outcome->reply_code, ==, row->code);
    g_assert_cmpstr(outcome->enhanced_status, ==, row->enhanced);
    g_assert_cmpint(outcome->relay_misconfigured, ==, row->misconfigured);
    g_assert_nonnull(outcome->reply);
    g_assert_cmpuint(strlen(outcome->reply), <=, 512);
    if (row->outcome == SENT && row->kind == FAULT_NONE) {
        g_assert_cmpuint(run->accepted, ==, 1);
        g_assert_cmpstr(outcome->remote_queue_id, ==, "Q1234567");
    }
    /* what is not uncertain was not accepted behind our back */
    if (row->outcome != SENT)
        g_assert_cmpuint(run->accepted, ==, 0);
    if (needs_tls(row))
        g_assert_null(strstr(run->clear_text, "MAIL"));
    delivery_outcome_clear(&run->outcome);
    g_free(run->clear_text);
}

/* All rows of one stage at once. */
static void test_stage(gconstpointer data)
{
    const char *stage = data;
    if (strcmp(stage, "starttls") == 0 && certificates == NULL) {
        g_test_skip("needs openssl");
        return;
    }
    Run runs[2 * G_N_ELEMENTS(rows)] = {0};
    GThread *threads[2 * G_N_ELEMENTS(rows)];
    size_t n = 0;
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i / 2].stage, stage) != 0)
            continue;
        runs[n] = (Run){.row = &rows[i / 2], .pipelining = i % 2 == 1};
        threads[n] = g_thread_new("row", run_row, &runs[n]);
        n++;
    }
    for (size_t i = 0; i < n; i++)
        g_thread_join(threads[i]);
    for (size_t i = 0; i < n; i++) {
        g_test_message("%s, kind %d, reply %s, %s: %s", stage, runs[i].row->kind,
                       runs[i].row->reply != NULL ? runs[i].row->reply : "-",
                       runs[i].pipelining ? "pipelining" : "one by one", runs[i].outcome.reply);
        check_run(&runs[i]);
    }
}

static void test_connect_refused(void)
{
    TransportSettings settings = {
        .kind = (char *)"smtp",
        .host = (char *)"127.0.0.1",
        .port = fault_server_unused_port(),
    };
    g_autoptr(TransportLink) link = transport_link_new(&settings, clock_system(), NULL);
    g_autoptr(GBytes) message = g_bytes_new_static("Subject: x\r\n\r\nbody\r\n", 20);
    Envelope envelope = {"bounce@example.org", "ann@example.com", message, 0};
    DeliveryOutcome outcome;
    transport_send(link, &envelope, NULL, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_RELAY_DOWN);
    g_assert_cmpstr(outcome.stage, ==, "connect");
    delivery_outcome_clear(&outcome);
}

int main(int argc, char **argv)
{
    static const char *const stages[] = {"none", "banner", "ehlo", "starttls", "auth",
                                         "mail", "rcpt",   "data", "dot",      "quit"};
    g_test_init(&argc, &argv, NULL);
    certificates = certificates_make();
    g_test_add_func("/mail/outcomes/connect-refused", test_connect_refused);
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++) {
        g_autofree char *path = g_strconcat("/mail/outcomes/", stages[i], NULL);
        g_test_add_data_func(path, stages[i], test_stage);
    }
    int result = g_test_run();
    g_clear_pointer(&certificates, certificates_free);
    return result;
}
