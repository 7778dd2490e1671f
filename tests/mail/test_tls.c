/* SPDX-License-Identifier: Apache-2.0 */
/* Never in clear once TLS was asked for, and only to whom the certificate names. */
#include "mail/transport.h"
#include "tests/mail/certificates.h"
#include "tests/mail/fault_server.h"

#include <string.h>

static Certificates *certificates;

typedef enum { GOOD, WRONG_NAME, EXPIRED, SELF_SIGNED } Leaf;
typedef enum { CA, OTHER_CA, NO_SUCH_FILE, SYSTEM_CA } Trust;

typedef struct {
    const char *name;
    SmtpSecurity security;
    Leaf leaf;
    Trust trust;
    const char *host;
    bool no_starttls;
    const char *injected;
    const char *username;
    DeliveryOutcomeKind kind;
    const char *stage;
    const char *words; /* must stand in the outcome */
} Case;

#define STARTTLS SMTP_SECURITY_STARTTLS
#define TLS      SMTP_SECURITY_TLS

static const Case cases[] = {
    {"starttls-good", STARTTLS, GOOD, CA, "localhost", false, NULL, NULL, DELIVERY_SENT, "dot",
     "250"},
    {"starttls-good-by-address", STARTTLS, GOOD, CA, "127.0.0.1", false, NULL, NULL, DELIVERY_SENT,
     "dot", "250"},
    {"tls-good", TLS, GOOD, CA, "localhost", false, NULL, NULL, DELIVERY_SENT, "dot", "250"},
    {"starttls-auth", STARTTLS, GOOD, CA, "localhost", false, NULL, "desk", DELIVERY_SENT, "dot",
     "250"},
    {"tls-auth-wrong", TLS, GOOD, CA, "localhost", false, NULL, "nobody", DELIVERY_RELAY_DOWN,
     "auth", "535"},
    {"starttls-wrong-name", STARTTLS, WRONG_NAME, CA, "localhost", false, NULL, NULL,
     DELIVERY_RELAY_DOWN, "tls", "another host name"},
    {"tls-wrong-name", TLS, WRONG_NAME, CA, "127.0.0.1", false, NULL, NULL, DELIVERY_RELAY_DOWN,
     "tls", "another host name"},
    {"starttls-expired", STARTTLS, EXPIRED, CA, "localhost", false, NULL, NULL, DELIVERY_RELAY_DOWN,
     "tls", "expired"},
    {"tls-expired", TLS, EXPIRED, CA, "localhost", false, NULL, NULL, DELIVERY_RELAY_DOWN, "tls",
     "expired"},
    {"starttls-self-signed", STARTTLS, SELF_SIGNED, CA, "localhost", false, NULL, NULL,
     DELIVERY_RELAY_DOWN, "tls", "not signed by an authority"},
    {"starttls-other-authority", STARTTLS, GOOD, OTHER_CA, "localhost", false, NULL, NULL,
     DELIVERY_RELAY_DOWN, "tls", "not signed by an authority"},
    {"tls-other-authority", TLS, GOOD, OTHER_CA, "localhost", false, NULL, NULL,
     DELIVERY_RELAY_DOWN, "tls", "not signed by an authority"},
    {"tls-system-authorities", TLS, GOOD, SYSTEM_CA, "localhost", false, NULL, NULL,
     DELIVERY_RELAY_DOWN, "tls", "not signed by an authority"},
    {"starttls-no-authority-file", STARTTLS, GOOD, NO_SUCH_FILE, "localhost", false, NULL, NULL,
     DELIVERY_RELAY_DOWN, "tls", "no-such.pem"},
    {"starttls-stripped", STARTTLS, GOOD, CA, "localhost", true, NULL, "desk", DELIVERY_RELAY_DOWN,
     "starttls", "does not offer STARTTLS"},
    {"starttls-injected-reply", STARTTLS, GOOD, CA, "localhost", false, "250 injected\r\n", NULL,
     DELIVERY_RELAY_DOWN, "starttls", "attack"},
    {"starttls-injected-byte", STARTTLS, GOOD, CA, "localhost", false, "x", NULL,
     DELIVERY_RELAY_DOWN, "starttls", "attack"},
    {"tls-to-plain-server", TLS, GOOD, CA, "localhost", true, NULL, NULL, DELIVERY_RELAY_DOWN,
     "tls", ""},
};

static GTlsCertificate *leaf_of(Leaf leaf)
{
    return leaf == WRONG_NAME    ? certificates->wrong_name
           : leaf == EXPIRED     ? certificates->expired
           : leaf == SELF_SIGNED ? certificates->self_signed
                                 : certificates->good;
}

static char *file_of(Trust trust)
{
    return trust == CA          ? certificates->ca_file
           : trust == OTHER_CA  ? certificates->other_ca_file
           : trust == SYSTEM_CA ? NULL
                                : (char *)"/no-such.pem";
}

static TransportLink *link_of(const Case *c, uint16_t port)
{
    TransportSettings settings = {
        .kind = (char *)"smtp",
        .host = (char *)c->host,
        .port = port,
        .security = c->security,
        .ca_file = file_of(c->trust),
        .username = (char *)c->username,
        .password = (char *)"pass word",
        .timeout_cap_ms = 60000,
    };
    return transport_link_new(&settings, clock_system(), NULL);
}

static void send_one(TransportLink *link, DeliveryOutcome *outcome)
{
    g_autoptr(GBytes) message = g_bytes_new_static("Subject: x\r\n\r\nthe secret body\r\n", 31);
    Envelope envelope = {"b@example.org", "a@example.com", message, 0};
    transport_send(link, &envelope, NULL, outcome);
}

static void test_case(gconstpointer data)
{
    const Case *c = data;
    if (certificates == NULL) {
        g_test_skip("needs openssl");
        return;
    }
    FaultServerPlan plan = {
        .certificate = c->no_starttls ? NULL : leaf_of(c->leaf),
        .implicit_tls = c->security == TLS && !c->no_starttls,
        .injected = c->injected,
        .password = "pass word",
        .offers = "AUTH PLAIN",
    };
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    g_autoptr(TransportLink) link = link_of(c, fault_server_port(server));
    DeliveryOutcome outcome;
    send_one(link, &outcome);
    g_test_message("%s", outcome.reply);
    g_assert_cmpint(outcome.kind, ==, c->kind);
    g_assert_cmpstr(outcome.stage, ==, c->stage);
    g_assert_nonnull(strstr(outcome.reply, c->words));
    delivery_outcome_clear(&outcome);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, 1));
    g_autofree char *clear = fault_server_clear_text(server);
    g_assert_null(strstr(clear, "AUTH"));
    g_assert_null(strstr(clear, "MAIL"));
    g_assert_null(strstr(clear, "secret"));
    if (c->kind != DELIVERY_SENT)
        g_assert_cmpuint(fault_server_accepted(server), ==, 0);
    else
        g_assert_true(((FaultMail *)fault_server_mails(server)->pdata[0])->under_tls);
}

/* Reuse under TLS, where session tickets arrive unasked-for, and a session that the server ended
 * meanwhile. */
static void test_reuse(void)
{
    if (certificates == NULL) {
        g_test_skip("needs openssl");
        return;
    }
    FaultServerPlan plan = {
        .certificate = certificates->good, .implicit_tls = true, .close_after_messages = 3};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    Case c = {.security = TLS, .trust = CA, .host = "localhost"};
    g_autoptr(TransportLink) link = link_of(&c, fault_server_port(server));
    for (int i = 0; i < 7; i++) {
        DeliveryOutcome outcome;
        send_one(link, &outcome);
        g_assert_cmpint(outcome.kind, ==, DELIVERY_SENT);
        delivery_outcome_clear(&outcome);
    }
    g_assert_cmpuint(fault_server_connections(server), ==, 3);
}

/* 8 MiB through TLS records to a server that reads late. */
static void test_large(void)
{
    if (certificates == NULL) {
        g_test_skip("needs openssl");
        return;
    }
    FaultServerPlan plan = {.certificate = certificates->good, .reads_slowly = true};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    Case c = {.security = STARTTLS, .trust = CA, .host = "localhost"};
    g_autoptr(TransportLink) link = link_of(&c, fault_server_port(server));
    g_autoptr(GString) text = g_string_new("Subject: large\r\n\r\n");
    while (text->len < 8 * 1024 * 1024)
        g_string_append(text,
                        "0123456789012345678901234567890123456789012345678901234567890123\r\n");
    g_autoptr(GBytes) message = g_bytes_new(text->str, text->len);
    Envelope envelope = {"b@example.org", "a@example.com", message, 0};
    DeliveryOutcome outcome;
    transport_send(link, &envelope, NULL, &outcome);
    g_assert_cmpint(outcome.kind, ==, DELIVERY_SENT);
    delivery_outcome_clear(&outcome);
    g_clear_pointer(&link, transport_link_free);
    g_assert_true(fault_server_wait_ended(server, 1));
    const FaultMail *mail = fault_server_mails(server)->pdata[0];
    g_assert_true(strcmp(mail->body->str, text->str) == 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    certificates = certificates_make();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/mail/tls/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/mail/tls/reuse", test_reuse);
    g_test_add_func("/mail/tls/large", test_large);
    int result = g_test_run();
    g_clear_pointer(&certificates, certificates_free);
    return result;
}
